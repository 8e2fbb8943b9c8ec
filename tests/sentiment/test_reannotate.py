from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from core import db, outbox
from core.outbox import Item, OutboxRow
from core.topics import SUBSCRIBERS
from inbox.models import Message
from sentiment import active, corrections, passes, reannotate, tasks
from sentiment.models import AnnotationRow, MessageEmbedding
from sentiment.upkeep import AnnotationPass
from tests.sentiment.conftest import START, letter
from tests.sentiment.fake import Fake

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
STEP = SUBSCRIBERS["sentiment.reannotate.step"]


class Chosen:
    """Which annotator is in use."""

    def __init__(self) -> None:
        self.annotator, self.error = Fake(version="1"), ""

    def current(self, session) -> active.Active:
        return active.Active(self.annotator, "embedded", self.error)


@pytest.fixture(autouse=True)
def chosen(monkeypatch: pytest.MonkeyPatch) -> Chosen:
    found = Chosen()
    monkeypatch.setattr(active, "current", found.current)
    return found


@pytest.fixture
def rated(store, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five messages that version 1 found neutral; a slice takes two."""
    monkeypatch.setattr(reannotate, "SLICE", 2)
    ids = store("bad one", "good two", "good three", "bad four", "good five")
    annotate(*ids)
    with db.write() as session:
        session.execute(sa.delete(OutboxRow))
    return ids


def annotate(*ids: int) -> None:
    outcome = tasks.annotate([letter(one) for one in ids])
    with db.write() as session:
        assert outcome.write is not None
        outcome.write(session)


def begin(**values) -> None:
    with db.write() as session:
        passes.begin(session, "user:1", **values)


def work() -> int:
    """Steps until nothing is due."""
    done = 0
    while outbox.step(STEP, reannotate.step):
        done += 1
    return done


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(sa.text("1"))))


def moods() -> dict[str, str]:
    return {one.text: one.sentiment for one in rows(Message)}


def asked(fake: Fake) -> list[str]:
    return [text for batch in fake.asked for text in batch]


def newer(chosen: Chosen) -> Fake:
    chosen.annotator = Fake({"bad": {"sentiment": "negative"}}, version="2")
    return chosen.annotator


def announced() -> set[int]:
    return {row.payload["message_id"] for row in rows(OutboxRow) if row.subscriber == "listening.tasks.match"}


def test_a_pass_annotates_all_that_is_stored_the_newest_first(rated, chosen) -> None:
    fake = newer(chosen)
    begin()
    work()
    number = {one.text: one.id for one in rows(Message)}
    assert [len(batch) for batch in fake.asked] == [2, 2, 1]
    assert [max(number[text] for text in batch) for batch in fake.asked] == [5, 3, 1]
    assert [text for text, mood in moods().items() if mood == "negative"] == [text for text in moods() if "bad" in text]
    (row,) = rows(AnnotationPass)
    assert (row.total, row.done, row.changed) == (5, 5, 2)
    assert row.ended_at is not None


def test_what_the_older_version_said_is_kept(rated, chosen) -> None:
    newer(chosen)
    begin()
    work()
    kept = [(one.message_id, one.model_version) for one in rows(AnnotationRow)]
    assert sorted(kept) == [(one, version) for one in sorted(rated) for version in ("1", "2")]


def test_only_messages_that_changed_are_announced(rated, chosen) -> None:
    newer(chosen)
    begin()
    work()
    assert announced() == {rated[0], rated[3]}


def test_what_this_version_has_seen_already_is_not_asked_again(rated, chosen) -> None:
    before = len(chosen.annotator.asked)
    begin()
    work()
    assert [batch for batch in chosen.annotator.asked[before:] if batch] == []
    (row,) = rows(AnnotationPass)
    assert (row.total, row.done) == (0, 0)


def test_since_leaves_older_messages_alone(rated, chosen) -> None:
    fake = newer(chosen)
    begin(since=START + timedelta(minutes=3))
    work()
    assert sorted(asked(fake)) == ["bad four", "good five"]


def test_corrections_survive_it(rated, chosen) -> None:
    with db.write() as session:
        corrections.correct(session, rated[0], "sentiment", "positive", "user:1")
    newer(chosen)
    begin()
    work()
    assert moods()["bad one"] == "positive"


def test_a_step_that_dies_is_done_again_and_nothing_is_doubled(rated, chosen) -> None:
    newer(chosen)
    begin()
    first = outbox.claim(STEP)
    assert first is not None
    reannotate.step(first.items)  # a worker dies before it settles
    with db.write() as session:
        session.execute(sa.update(OutboxRow).values(due_at=0))
    work()
    (row,) = rows(AnnotationPass)
    assert (row.done, len(rows(AnnotationRow))) == (5, 10)


def test_a_slow_worker_that_lost_its_step_writes_nothing(rated, chosen) -> None:
    newer(chosen)
    begin()
    (item,) = [Item(1, "annotation.stale", "p", {"pass_id": rows(AnnotationPass)[0].id})]
    late = reannotate.step([item])
    work()
    with db.write() as session:
        late.write(session)
    assert (rows(AnnotationPass)[0].done, len(rows(AnnotationRow))) == (5, 10)


def test_new_messages_go_first(rated, chosen) -> None:
    fake = newer(chosen)
    begin()
    with db.write() as session:
        outbox.emit(session, "message.stored", [("message:9", {"message_id": 9, "version": 1})])
    assert outbox.step(STEP, reannotate.step)
    assert fake.asked == []
    (row,) = [one for one in rows(OutboxRow) if one.subscriber == STEP.name]
    assert row.tries == 1


def test_a_busy_hub_gets_on_with_its_history_now_and_then(rated, chosen) -> None:
    fake = newer(chosen)
    begin()
    with db.write() as session:
        outbox.emit(session, "message.stored", [("message:9", {"message_id": 9, "version": 1})])
    number = rows(AnnotationPass)[0].id
    reannotate.step([Item(1, "annotation.stale", "p", {"pass_id": number}, tries=reannotate.PATIENCE - 1)])
    assert len(fake.asked) == 1


def test_a_pass_waits_while_the_lexicon_stands_in(rated, chosen) -> None:
    fake = newer(chosen)
    chosen.error = "The weights are gone."
    begin()
    assert outbox.step(STEP, reannotate.step)
    assert fake.asked == []


def test_a_model_that_breaks_in_a_pass_leaves_history_as_it_is(rated, chosen, monkeypatch) -> None:
    monkeypatch.setattr(active, "_failed", {})
    fake = newer(chosen)
    monkeypatch.setattr(fake, "annotate", lambda texts, languages=None: 1 / 0)
    begin()
    assert outbox.step(STEP, reannotate.step)
    assert {one.model_version for one in rows(AnnotationRow)} == {"1"}
    assert "ZeroDivisionError" in active._failed["embedded"][1]


def test_what_the_lexicon_said_meanwhile_is_looked_at_again(store, chosen, monkeypatch) -> None:
    monkeypatch.setattr(active, "_failed", {})
    (before,) = store("bad before")
    annotate(before)
    broken = newer(chosen)
    monkeypatch.setattr(broken, "annotate", lambda texts, languages=None: 1 / 0)
    during = store("bad one", "bad two")
    annotate(*during)
    assert [one.model for one in rows(AnnotationRow)] == ["fake", "lexicon", "lexicon"]
    with db.write() as session:
        o = db.table(OutboxRow)
        session.execute(sa.delete(o).where(o.c.topic == "message.stored"))
    fake = newer(chosen)
    work()
    assert sorted(asked(fake)) == ["bad one", "bad two"]


def test_a_new_pass_takes_over_the_one_under_way(rated, chosen) -> None:
    newer(chosen)
    begin(since=START + timedelta(minutes=4))
    begin(since=START + timedelta(minutes=3))
    work()
    first, second = rows(AnnotationPass)
    assert (first.done, second.done) == (0, 2)
    assert first.ended_at is not None
    with db.read() as session:
        assert passes.running(session) is None


def test_texts_that_were_read_before_are_judged_by_what_is_known_of_them(rated, chosen, monkeypatch) -> None:
    fake = newer(chosen)
    judged: list[int] = []

    def judge(rows, guesses, texts):
        judged.append(len(rows))
        assert rows.dtype == np.float32
        return fake.annotate(["bad"] * len(rows))

    fake.version = "enc.2"
    monkeypatch.setattr(fake, "judge", judge, raising=False)
    with db.write() as session:
        for number, version, model in ((rated[4], 1, "enc"), (rated[3], 7, "enc"), (rated[2], 1, "other")):
            vector = np.ones(384, "<f2").tobytes()
            session.add(MessageEmbedding(message_id=number, version=version, model_version=model, vector=vector))
    begin()
    work()
    assert judged == [1]
    assert moods()["good five"] == "negative"
    assert moods()["good two"] == "neutral"
