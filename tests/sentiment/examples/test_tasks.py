"""Labels over stored messages: learnt, measured, put on what is stored, and forgotten."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import BadPayload
from core.outbox import Item, OutboxRow
from core.topics import SUBSCRIBERS
from inbox import erasure
from inbox.models import Identity, Message
from sentiment import labels
from sentiment.examples import store as examples
from sentiment.examples import tasks
from sentiment.examples.marker import marker
from sentiment.examples.models import LabelExample, LabelHead, LabelPass
from tests.sentiment.meaning import encode, read

REFUND = [f"refund money please order{n}" for n in range(12)]
OTHER = [f"{a} {b} number{n}" for n in range(6) for a in ("coffee", "parcel", "staff") for b in ("nice", "late")]


@pytest.fixture
def written(store) -> list[int]:
    texts = [*REFUND, *OTHER]
    ids = store(*texts)
    read(ids, texts)
    return ids


def settle() -> None:
    while outbox.step(SUBSCRIBERS["sentiment.examples.tasks.learn"], tasks.learn):
        pass


def taught(ids: list[int], terms: tuple[str, ...] = ()) -> None:
    with db.write() as session:
        labels.create(session, "refund", terms, by_example=True)
        examples.add(session, labels.get(session, "refund"), ids)
    settle()


def carrying() -> list[int]:
    m = db.table(Message)
    with db.read() as session:
        rows = session.execute(sa.select(m.c.id, m.c.labels).order_by(m.c.id)).all()
    return [row.id for row in rows if row.labels]


def rows(model) -> list:
    with db.read() as session:
        return list(session.scalars(sa.select(model)))


def test_examples_teach_a_label_that_stored_messages_then_carry(written) -> None:
    taught(written[:8])
    assert set(carrying()) >= set(written[:10])
    assert not set(carrying()) & set(written[12:])
    with db.read() as session:
        (found,) = examples.learnt(session).values()
    assert found.measure.examples == 8
    assert (found.problem, found.share) == ("", 1.0)


def test_terms_work_beside_examples(written) -> None:
    taught(written[:8], terms=("parcel",))
    parcels = [one for one, text in zip(written[12:], OTHER, strict=True) if "parcel" in text]
    assert set(parcels) <= set(carrying())


def test_new_messages_are_marked_by_words_and_by_meaning(written) -> None:
    taught(written[:8], terms=("gutschrift",))
    texts = ["refund money please order77", "eine gutschrift bitte", "coffee nice"]
    with db.read() as session:
        found = marker(session)
    assert found.of(texts, encode(texts), "fake-1") == [["refund"], ["refund"], []]
    assert found.of(texts, [None, None, None], "fake-1") == [[], ["refund"], []]
    assert found.of(texts, encode(texts), "fake-2") == [[], ["refund"], []]
    assert found.of(texts) == [[], ["refund"], []]


def test_a_label_switched_off_is_taken_away(written) -> None:
    taught(written[:8])
    with db.write() as session:
        labels.update(session, "refund", enabled=False)
    settle()
    assert carrying() == []


def test_too_few_examples_say_how_many_are_missing(written) -> None:
    taught(written[:3])
    assert rows(LabelHead) == []
    assert rows(LabelPass)[0].problem == tasks.TOO_FEW


def test_examples_without_embeddings_are_tried_again(store) -> None:
    ids = store(*REFUND[:6])
    taught(ids)
    assert rows(LabelPass)[0].problem == tasks.NOT_READ
    others = store(*OTHER)
    read([*ids, *others], [*REFUND[:6], *OTHER])
    with db.write() as session:
        waiting = tasks.due(session)
        tasks.again(session, waiting)
        assert tasks.due(session) == []
    settle()
    assert len(rows(LabelHead)) == 1


def test_an_example_changes_sides_and_is_taken_back(written) -> None:
    taught(written[:8])
    with db.write() as session:
        label = labels.get(session, "refund")
        examples.add(session, label, written[:1], positive=False)
        assert examples.take_back(session, label, written[1])
        assert not examples.take_back(session, label, written[1])
    with db.read() as session:
        assert examples.counts(session) == {1: (6, 1)}


def test_only_what_somebody_wrote_to_us_can_be_an_example(written) -> None:
    with db.write() as session:
        labels.create(session, "refund", ["x"])
        label = labels.get(session, "refund")
        with pytest.raises(BadPayload, match="999"):
            examples.add(session, label, [999])


def test_learning_twice_changes_nothing(written) -> None:
    taught(written[:8])
    before = rows(LabelHead)[0].model_dump()
    outcome = tasks.learn([Item(1, "label.changed", "label:1", {"label_id": 1})])
    with db.write() as session:
        outcome.write(session)
    assert rows(LabelHead)[0].model_dump() == before


def test_erasing_a_person_takes_their_examples_and_what_was_learnt_from_them(written) -> None:
    taught(written[:8])
    with db.write() as session:
        who = session.scalars(sa.select(db.table(Identity).c.id).where(db.table(Identity).c.handle.like("anna%"))).one()
        erasure.erase(session, f"identity:{who}", "test")
    outbox.step(SUBSCRIBERS["sentiment.examples.tasks.forget"], tasks.forget)
    settle()
    assert (rows(LabelExample), rows(LabelHead)) == ([], [])


def test_a_removed_label_leaves_nothing_to_do(written) -> None:
    taught(written[:8])
    with db.write() as session:
        labels.remove(session, "refund")
        labels_left = session.scalars(sa.select(LabelExample)).all()
    settle()
    assert labels_left == []
    with db.read() as session:
        assert not session.execute(sa.select(OutboxRow).where(db.table(OutboxRow).c.dead == 1)).all()
