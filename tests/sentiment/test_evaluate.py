from __future__ import annotations

import pytest

from core.errors import BadPayload
from sentiment.answers import Unsupported
from sentiment.evaluate import evaluate
from sentiment.lexicon import LexiconAnnotator
from tests.sentiment.fake import Fake


def test_an_annotator_is_compared_with_labels() -> None:
    found = evaluate(["great, thanks", "terrible service"], ["positive", "negative"], LexiconAnnotator(), batch=1)
    assert (found.n, found.accuracy, found.unsure) == (2, 1.0, 0.0)


def test_labels_are_names_or_numbers_in_the_order_of_the_classes() -> None:
    fake = Fake({"a": {"intent": "question"}, "b": {"intent": "praise"}, "c": {"intent": "other"}})
    found = evaluate(["a", "b", "c"], ["0", " Praise ", "7"], fake, task="intent")
    assert (found.accuracy, found.calibration_error) == (1.0, None)


def test_when_labels_name_some_classes_the_answer_is_the_likeliest_of_those() -> None:
    fake = Fake({"a": {"sentiment": (0.3, 0.6, 0.1)}, "b": {"sentiment": (0.1, 0.5, 0.4)}})
    found = evaluate(["a", "b"], ["negative", "positive"], fake)
    assert (found.accuracy, set(found.per_class)) == (1.0, {"negative", "positive"})
    assert found.calibration_error == pytest.approx((0.25 + 0.2) / 2)  # 0.3 of 0.4, 0.4 of 0.5


def test_labels_of_one_class_leave_every_answer_open() -> None:
    assert evaluate(["a", "b"], ["positive", "positive"], Fake()).accuracy == 0.0


def test_unsure_counts_by_its_likeliest_class() -> None:
    found = evaluate(["a"] * 2, ["negative", "neutral"], Fake({"a": {"sentiment": (0.4, 0.3, 0.3)}}))
    assert (found.accuracy, found.unsure) == (0.5, 1.0)


def test_probabilities_of_any_task_are_held_against_what_is_right() -> None:
    fake = Fake({"a": {"offensive": "yes", "details": {"offensive": (0.2, 0.8)}}})
    found = evaluate(["a", "a"], ["yes", "no"], fake, task="offensive")
    assert found.calibration_error == pytest.approx(0.3)


def test_languages_are_compared_by_their_codes() -> None:
    texts = ["Wo ist meine Bestellung geblieben?", "荷物が届きません", "Where is my parcel?"]
    found = evaluate(texts, ["de", "ja", "en"], LexiconAnnotator(), task="language")
    assert (found.accuracy, set(found.per_class)) == (1.0, {"de", "en", "ja"})


@pytest.mark.parametrize("task", ["emotion", "offensive"])
def test_what_an_annotator_cannot_tell_is_unsupported(task: str) -> None:
    labels = {"emotion": ["joy", "anger"], "offensive": ["no", "yes"]}[task]
    with pytest.raises(Unsupported, match=f"unsupported: lexicon does not tell {task}"):
        evaluate(["great", "bad"], labels, LexiconAnnotator(), task=task)


@pytest.mark.parametrize(
    ("label", "task", "words"),
    [
        ("mixed", "sentiment", "not mixed"),
        ("3", "sentiment", "0 to 2, not 3"),
        ("", "sentiment", "not an empty line"),
        ("0", "language", "codes such as de, en or ja, not 0"),
        ("x", "mood", "no task 'mood'"),
    ],
)
def test_an_unknown_label_is_named(label: str, task: str, words: str) -> None:
    with pytest.raises(BadPayload, match=words):
        evaluate(["x"], [label], LexiconAnnotator(), task=task)


def test_texts_and_labels_are_as_many() -> None:
    with pytest.raises(BadPayload, match="1 texts and 2 labels"):
        evaluate(["x"], ["0", "1"], LexiconAnnotator())
