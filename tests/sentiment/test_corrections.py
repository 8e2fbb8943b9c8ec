from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.outbox import Item, OutboxRow
from inbox import facts
from inbox.models import Conversation, Message
from sentiment import active, corrections, tasks
from sentiment.models import AnnotationRow
from sentiment.upkeep import Correction
from tests.sentiment.conftest import letter
from tests.sentiment.fake import Fake

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
ALL = {
    "sentiment": "positive",
    "intent": "praise",
    "emotion": "joy",
    "urgency": "low",
    "offensive": "no",
    "language": "de",
}


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """An annotator that finds everything bad."""
    says = {"sentiment": "negative", "intent": "complaint", "emotion": "anger", "urgency": "high", "offensive": "yes"}
    made = Fake({"Great": says})
    monkeypatch.setattr(active, "current", lambda session: active.Active(made, "fake"))
    return made


def annotate(message_id: int, version: int = 1) -> None:
    outcome = tasks.annotate([letter(message_id, version)])
    with db.write() as session:
        assert outcome.write is not None
        outcome.write(session)


def correct(message_id: int, task: str, label: str) -> str:
    with db.write() as session:
        return corrections.correct(session, message_id, task, label, "user:1")


def message(message_id: int) -> Message:
    with db.read() as session:
        found = session.get(Message, message_id)
    assert found is not None
    return found


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(sa.text("1"))))


def announced() -> dict:
    (row,) = [row for row in rows(OutboxRow) if row.subscriber == "listening.tasks.match"]
    return dict(row.payload)


@pytest.fixture
def rated(store) -> int:
    (one,) = store("Great another late train")
    annotate(one)
    return int(one)


@pytest.mark.parametrize("task", ALL)
def test_a_correction_stands_at_once_and_whoever_waits_is_told(rated: int, task: str) -> None:
    assert correct(rated, task, ALL[task]) == ""
    expected = False if task == "offensive" else ALL[task]
    assert getattr(message(rated), task) == expected
    assert (announced()[task], announced()["version"], announced()["message_id"]) == (expected, 1, rated)
    assert {"language", "sentiment", "intent", "urgency", "emotion", "offensive", "labels"} <= set(announced())
    (row,) = rows(Correction)
    assert (row.label, row.author, row.message_version) == (ALL[task], "user:1", 1)
    assert row.was != row.label


def test_the_conversation_shows_it(rated: int) -> None:
    correct(rated, "sentiment", "positive")
    assert rows(Conversation)[0].sentiment == "positive"


def test_it_survives_being_annotated_again(rated: int, fake: Fake) -> None:
    correct(rated, "sentiment", "positive")
    correct(rated, "offensive", "no")
    fake.version = "2"
    annotate(rated)
    assert (message(rated).sentiment, message(rated).offensive, message(rated).intent) == (
        "positive", False, "complaint",
    )  # fmt: skip
    assert announced()["sentiment"] == "positive"
    assert [row.sentiment for row in rows(AnnotationRow)] == ["negative", "negative"]


def test_an_edited_message_is_judged_anew(rated: int) -> None:
    correct(rated, "sentiment", "positive")
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(version=2))
    annotate(rated, 2)
    assert message(rated).sentiment == "negative"
    with db.read() as session:
        assert corrections.over(session, [rated]) == {}


def test_undo_brings_back_what_the_annotator_says_now(rated: int, fake: Fake) -> None:
    correct(rated, "sentiment", "positive")
    fake.says, fake.version = {"Great": {"sentiment": "neutral"}}, "2"
    annotate(rated)
    with db.write() as session:
        assert corrections.undo(session, rated, "sentiment", "user:1")
        assert not corrections.undo(session, rated, "sentiment", "user:1")
    assert (message(rated).sentiment, announced()["sentiment"]) == ("neutral", "neutral")
    assert rows(Correction) == []


def test_undo_of_what_was_never_said_brings_back_nothing(rated: int) -> None:
    with db.write() as session:
        session.execute(sa.delete(db.table(AnnotationRow)))
        facts.set(session, {rated: {"offensive": True}})
    correct(rated, "offensive", "no")
    with db.write() as session:
        corrections.undo(session, rated, "offensive", "user:1")
    assert message(rated).offensive is True


def test_correcting_twice_keeps_the_first_word_of_the_annotator(rated: int) -> None:
    correct(rated, "sentiment", "positive")
    assert correct(rated, "sentiment", "neutral") == "positive"
    (row,) = rows(Correction)
    assert (row.label, row.was) == ("neutral", "negative")


def test_saying_the_same_confirms_it(rated: int) -> None:
    correct(rated, "sentiment", "negative")
    (row,) = rows(Correction)
    assert row.label == row.was == "negative"


def test_only_what_others_wrote_and_what_is_there_is_corrected(store) -> None:
    ours, gone, liked = store("our words", direction="outbound"), store("gone soon"), store("", kind="like")
    with db.write() as session:
        m = db.table(Message)
        session.execute(sa.update(m).where(m.c.id == gone[0]).values(deleted_at=db.now(), text=""))
    for one in (*ours, *gone, *liked, 4711):
        with pytest.raises(Rejected, match="nothing to correct"):
            correct(one, "sentiment", "positive")


@pytest.mark.parametrize(
    ("task", "label", "words"),
    [
        ("sentiment", "unsure", "negative, neutral, positive"),
        ("mood", "good", "sentiment, emotion"),
        ("language", "klingon", "no language code"),
        ("language", "und", "no language code"),
    ],
)
def test_a_label_that_is_none_is_refused(rated: int, task: str, label: str, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        correct(rated, task, label)


def test_an_erased_person_leaves_no_correction(rated: int) -> None:
    correct(rated, "sentiment", "positive")
    outcome = tasks.forget([Item(1, "person.erased", "p", {"message_ids": [rated]})])
    with db.write() as session:
        assert outcome.write is not None
        outcome.write(session)
    assert rows(Correction) == []


def test_speed_is_summed_by_hour(rated: int) -> None:
    from sentiment import speed
    from sentiment.upkeep import AnnotationSpeed

    with db.write() as session:
        speed.note(session, "fake", 9, 0.5)
        session.add(AnnotationSpeed(hour=db.now() - timedelta(days=40), model="old", messages=1, seconds=1))
        session.flush()
        speed.note(session, "fake", 0, 0.0)
        speed.note(session, "fake", 10, 0.5)
    with db.read() as session:
        (found,) = speed.lately(session)
    assert (found.model, found.messages) == ("fake", 20)
    assert found.per_second == pytest.approx(20, rel=0.1)
