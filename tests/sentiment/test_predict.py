from __future__ import annotations

import json

import pytest

from core.errors import BadPayload
from sentiment import predict
from sentiment.predict import predictions
from tests.sentiment.fake import Fake


def test_every_line_is_answered_in_order_a_blank_one_too() -> None:
    fake = Fake({"good": {"sentiment": "positive"}, "bad": {"sentiment": "negative"}})
    found = list(predictions([b"good day\n", b"\n", b"bad day\r\n", "ä\n".encode(), b"no end"], fake))
    assert [one["sentiment"] for one in found] == ["positive", "neutral", "negative", "neutral", "neutral"]
    assert fake.asked == [["good day", "", "bad day", "ä", "no end"]]


def test_every_field_of_the_annotation_is_there() -> None:
    details = {"offensive": (0.1, 0.9)}
    fake = Fake({"x": {"intent": "spam", "urgency": "low", "emotion": "joy", "offensive": "yes", "details": details}})
    (one,) = predictions([b"x"], fake)
    assert one["probabilities"] == {"negative": 0.1, "neutral": 0.8, "positive": 0.1}
    assert one["details"] == {"offensive": {"no": 0.1, "yes": 0.9}}
    assert [one[name] for name in ("language", "intent", "urgency", "emotion", "offensive", "model", "version")] == [
        "en", "spam", "low", "joy", True, "fake", "1",
    ]  # fmt: skip
    assert json.loads(json.dumps(one)) == one


def test_what_an_annotator_cannot_tell_is_null() -> None:
    (one,) = predictions([b"x"], Fake())
    assert [one[name] for name in ("intent", "urgency", "emotion", "offensive")] == [None] * 4


def test_a_line_may_be_json_with_a_text() -> None:
    fake = Fake()
    lines = [b'{"id": 7, "text": "a\\nb", "language": "de"}\n', b'{"note": "no text"}\n', b"{broken\n"]
    assert [one.get("id") for one in predictions(lines, fake, "en")] == [7, None, None]
    assert fake.asked == [["a\nb", '{"note": "no text"}', "{broken"]]
    assert fake.hints == ["de", "en", "en"]


def test_answers_come_while_the_lines_still_come() -> None:
    read = []

    def lines():
        for number in range(10 * predict.BATCH):
            read.append(number)
            yield b"line\n"

    answers = predictions(lines(), Fake())
    next(answers)
    assert len(read) == predict.BATCH


def test_a_line_that_is_no_text_is_named() -> None:
    answers = predictions([b"fine\n"] * predict.BATCH + [b"\xff\n"], Fake())
    assert len([next(answers) for _ in range(predict.BATCH)]) == predict.BATCH
    with pytest.raises(BadPayload, match=f"Line {predict.BATCH + 1} is not UTF-8"):
        next(answers)
