from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from core import db
from core.errors import BadPayload, NotConfigured
from inbox.models import Message
from sentiment import active, corrections, fitted, passes, retrain
from sentiment.embedded.heads import Head, Heads
from sentiment.models import MessageEmbedding
from sentiment.port import CLASSES
from sentiment.retrain import compare, together

WORDS = ("dull", "bright", "plain", "other")


def encode(texts: list[str]) -> np.ndarray:
    """A text is its first word, with a little of its own."""
    rows = np.zeros((len(texts), 384), np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[WORDS.index(text.split()[0])] = 1
        row[50 + sum(text.encode()) % 300] = 0.3
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def shipped() -> Heads:
    """Finds everything neutral that is not bright."""
    weight = np.zeros((3, 384), np.float32)
    weight[1, [0, 2, 3]] = 3.0
    weight[2, 1] = 3.0
    return Heads({"sentiment": Head("sentiment", CLASSES, weight, np.zeros(3, np.float32), {"": 1.0})})


@pytest.fixture
def correct(store):
    """Correct so many messages that begin with a word."""

    def do(word: str, label: str, n: int) -> list[int]:
        ids = store(*(f"{word} thing number {number} {label}" for number in range(n)))
        with db.write() as session:
            for one in ids:
                corrections.correct(session, one, "sentiment", label, "user:1")
        return list(ids)

    return do


def compared(shipped: Heads) -> retrain.Compared:
    with db.read() as session:
        return compare(session, "sentiment", shipped, "enc", encode)


def test_what_people_said_is_learnt_and_compared_on_what_was_held_back(correct, shipped) -> None:
    correct("dull", "negative", 30)
    correct("bright", "positive", 15)
    found = compared(shipped)
    assert (found.new.n, found.shipped.accuracy) == (45, pytest.approx(1 / 3))
    assert found.new.accuracy > 0.95
    assert found.better
    assert found.as_dict()["new"]["interval"][0] > found.as_dict()["shipped"]["interval"][1]


def test_noise_is_not_learnt(correct, shipped) -> None:
    for label in CLASSES:
        correct("plain", label, 14)
    assert compared(shipped).new.macro_f1 < 0.5


def test_every_correction_is_held_back_once_and_always_in_the_same_fifth() -> None:
    found = [retrain.Example(number, 1, "", "en", "neutral").fold for number in range(200)]
    assert set(found) == set(range(retrain.FOLDS))
    assert found == [retrain.Example(number, 2, "other", "de", "positive").fold for number in range(200)]


def test_too_few_corrections_are_refused_with_their_number(correct, shipped) -> None:
    correct("dull", "negative", 7)
    with pytest.raises(BadPayload, match=f"{retrain.LEAST} corrections of sentiment .* 7 are there"):
        compared(shipped)


def test_corrections_of_one_class_alone_are_refused(correct, shipped) -> None:
    correct("dull", "negative", 30)
    with pytest.raises(BadPayload, match="at least two classes"):
        compared(shipped)


def test_what_the_model_does_not_tell_is_not_fitted(store, shipped) -> None:
    with db.read() as session, pytest.raises(BadPayload, match="unsupported"):
        compare(session, "emotion", shipped, "enc", encode)


def test_edited_deleted_and_unlearnable_messages_teach_nothing(correct, shipped) -> None:
    edited, deleted, _ = correct("dull", "negative", 3)
    with db.write() as session:
        m = db.table(Message)
        session.execute(sa.update(m).where(m.c.id == edited).values(version=2))
        session.execute(sa.update(m).where(m.c.id == deleted).values(deleted_at=db.now()))
    with db.read() as session:
        assert len(retrain.examples(session, "sentiment")) == 1
        assert retrain.counts(session) == {
            "sentiment": 1, "emotion": 0, "intent": 0, "urgency": 0, "offensive": 0,
        }  # fmt: skip


def test_stored_embeddings_are_used_and_other_messages_hold_the_head(correct, store, shipped) -> None:
    ids = [*correct("dull", "negative", 30), *correct("bright", "positive", 5)]
    others = store(*(f"other thing {number}" for number in range(20)))
    with db.write() as session:
        texts = {row.id: row.text for row in session.execute(sa.select(db.table(Message)))}
        for one in (*ids, *others):
            vector = encode([texts[one]])[0].astype("<f2").tobytes()
            session.add(MessageEmbedding(message_id=one, version=1, model_version="enc", vector=vector))
    with db.read() as session:
        found = compare(session, "sentiment", shipped, "enc", lambda texts: pytest.fail("read again"))
    assert (found.others, found.others_changed) == (20, 0.0)


def test_heads_that_did_not_become_better_stay(correct, shipped) -> None:
    correct("dull", "negative", 20)
    correct("bright", "positive", 15)
    found = compared(shipped)
    assert together(shipped, [found]).version != shipped.version
    worse = retrain.Compared("sentiment", found.head, found.new, found.shipped, 0, 0.0)
    assert together(shipped, [worse]).version == shipped.version


def test_fitted_heads_are_kept_chosen_and_left_again(database, shipped, monkeypatch) -> None:
    monkeypatch.setattr(fitted, "encoder", lambda: "enc")
    version = fitted.keep(shipped)
    assert fitted.stored() == [version]
    with db.write() as session:
        fitted.choose(session, version, "cli")
    with db.read() as session:
        assert fitted.chosen(session) == version
        assert passes.running(session) is not None
    monkeypatch.setattr(fitted, "encoder", lambda: "newer")
    with db.read() as session:
        assert fitted.chosen(session) == ""
    with db.write() as session:
        fitted.choose(session, fitted.SHIPPED, "cli")
    monkeypatch.setattr(fitted, "encoder", lambda: "enc")
    with db.read() as session:
        assert fitted.chosen(session) == ""


def test_heads_that_are_not_here_are_not_chosen(database) -> None:
    with db.write() as session, pytest.raises(NotConfigured, match="heads shipped"):
        fitted.choose(session, "abcdef", "cli")


def test_the_annotator_in_use_has_the_chosen_heads(database, shipped, monkeypatch) -> None:
    asked: list[str] = []

    class Made:
        name, version = "embedded", "enc.1"

    monkeypatch.setattr(active, "_loaded", {"lexicon": active._lexicon})
    monkeypatch.setattr(active, "_failed", {})
    monkeypatch.setattr(active, "make", lambda name, threads=1, heads="": asked.append(heads) or Made())
    monkeypatch.setattr(fitted, "encoder", lambda: "enc")
    version = fitted.keep(shipped)
    with db.write() as session:
        active.write_state(session, "embedded", "")
        session.flush()
        active.current(session)
        fitted.choose(session, version, "cli")
        session.flush()
        active.current(session)
        active.current(session)
    assert asked == ["", version]


def test_fitted_heads_that_are_not_on_this_machine_leave_the_work_to_the_shipped_ones(database) -> None:
    assert active._fitted("abcdef") is None
