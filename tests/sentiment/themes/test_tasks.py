"""Themes over stored messages: placed once, grown, cared for, and forgotten."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from core import db, outbox
from core.outbox import Item, OutboxRow
from core.topics import SUBSCRIBERS
from inbox import erasure
from inbox.models import Identity, Message
from listening import hits
from listening.query import compile_query, parse
from sentiment import clock
from sentiment.themes import deeds, tasks
from sentiment.themes import store as themes_store
from sentiment.themes.models import MessageTheme, Theme, ThemeState
from tests.sentiment.conftest import letter
from tests.sentiment.meaning import read

PARCEL = [f"paket lieferung verspätet wagen{n}" for n in range(14)]
BILL = [f"rechnung falsch betrag konto{n}" for n in range(14)]
COFFEE = [f"kaffee maschine tropft leck{n}" for n in range(14)]


def run(handler, *items: Item) -> None:
    outcome = handler(list(items))
    if outcome.write is not None:
        with db.write() as session:
            outcome.write(session)


def care(now: bool = True) -> None:
    run(tasks.care, Item(1, "themes.due", "themes", {"now": now}))


def themes_of(ids: list[int]) -> list[int]:
    m = db.table(Message)
    with db.read() as session:
        found = dict(session.execute(sa.select(m.c.id, m.c.theme).where(m.c.id.in_(ids))).all())
    return [found[one] for one in ids]


def rows(model) -> list:
    with db.read() as session:
        return list(session.scalars(sa.select(model)))


def letters(topic: str) -> int:
    t = db.table(OutboxRow)
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).where(t.c.topic == topic)).scalar_one()


@pytest.fixture
def written(store) -> list[int]:
    """Three things written about, annotated, in the pool."""
    texts = [*PARCEL, *BILL, *COFFEE]
    ids = store(*texts)
    read(ids, texts)
    run(tasks.assign, *map(letter, ids))
    return ids


def test_what_arrives_waits_in_the_pool_until_themes_form(written) -> None:
    assert set(themes_of(written)) == {0}
    assert {row.theme_id for row in rows(MessageTheme)} == {None}
    care()
    found = themes_of(written)
    assert [len(set(found[n : n + 14])) for n in (0, 14, 28)] == [1, 1, 1]
    assert len(set(found)) == 3
    assert 0 not in found


def test_what_comes_later_is_placed_at_once(written, store) -> None:
    care()
    text = "paket lieferung verspätet heute"
    (new,) = store(text)
    read([new], [text])
    run(tasks.assign, letter(new))
    assert themes_of([new]) == themes_of(written[:1])
    assert letters("message.sorted") > 0


def test_placing_twice_changes_nothing(written) -> None:
    care()
    before = [tuple(row.model_dump().items()) for row in rows(MessageTheme)]
    run(tasks.assign, *map(letter, written))
    assert [tuple(row.model_dump().items()) for row in rows(MessageTheme)] == before


def test_a_message_without_an_embedding_is_left_alone(store) -> None:
    (one,) = store("hello")
    run(tasks.assign, letter(one))
    assert rows(MessageTheme) == []


def test_themes_are_named_by_their_words(written) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(language="de"))
        session.execute(sa.update(db.table(Message)).values(identity_id=None))
    care()
    names = {row.names["de"].lower() for row in rows(Theme)}
    assert any("paket" in one for one in names)
    assert any("rechnung" in one for one in names)


def test_a_name_a_person_gave_is_never_overwritten(written) -> None:
    care()
    with db.write() as session:
        deeds.rename(session, 1, "Verspätete Pakete")
    care()
    with db.read() as session:
        assert session.get(Theme, 1).names == {"": "Verspätete Pakete"}


def test_merging_moves_messages_and_what_is_placed_afterwards(written) -> None:
    care()
    first, second = sorted({*themes_of(written)})[:2]
    with db.read() as session:
        known = themes_store.read(session)
    with db.write() as session:
        deeds.merge(session, second, first)
    assert second not in themes_of(written)
    with db.read() as session:
        assert themes_store.became(session, [second]) == {second: first}
    assert second in known.themes.ids


def test_what_a_person_changed_meanwhile_wins(written) -> None:
    outcome = tasks.care([Item(1, "themes.due", "themes", {"now": True})])
    with db.write() as session:
        themes_store.touch(session)
        session.flush()
    with db.write() as session:
        outcome.write(session)
    assert rows(Theme) == []


def test_erasing_a_person_takes_their_messages_out(written) -> None:
    care()
    with db.write() as session:
        who = session.scalars(sa.select(db.table(Identity).c.id).where(db.table(Identity).c.handle.like("anna%"))).one()
        erasure.erase(session, f"identity:{who}", "test")
    outbox.step(SUBSCRIBERS["sentiment.themes.tasks.forget"], tasks.forget)
    assert rows(MessageTheme) == []
    assert set(themes_of(written)) == {0}
    assert all(row.terms == {} for row in rows(Theme))


def test_a_deleted_message_leaves_its_theme(written) -> None:
    care()
    run(tasks.forget, Item(1, "message.deleted", "m", {"message_id": written[0], "version": 2}))
    assert themes_of(written[:1]) == [0]
    assert len(rows(MessageTheme)) == len(written) - 1


def test_the_clock_asks_when_the_pool_is_full_and_once_a_day(written) -> None:
    with db.read() as session:
        assert tasks.due(session)
    clock._looked["at"] = -1e9
    clock.due()
    assert letters("themes.due") == 1
    care(now=False)
    with db.read() as session:
        assert not tasks.due(session)
    with db.write() as session:
        state = session.get(ThemeState, 1)
        state.grown_at = db.now() - timedelta(hours=25)
    with db.read() as session:
        assert tasks.due(session)


def test_another_encoder_takes_over_once_it_has_read_half(written) -> None:
    care()
    before = themes_of(written)
    texts = [*PARCEL, *BILL, *COFFEE]
    read(written[:10], texts[:10], model="fake-2")
    care()
    with db.read() as session:
        assert themes_store.read(session).model == "fake-1"
    read(written, texts, model="fake-2")
    care()
    with db.read() as session:
        known = themes_store.read(session)
    assert known.model == "fake-2"
    assert known.themes.ids.tolist() == sorted(set(before))
    assert themes_of(written) == before


def test_centres_are_kept_exactly(written) -> None:
    care()
    with db.read() as session:
        once, twice = themes_store.read(session), themes_store.read(session)
    assert np.array_equal(once.themes.centres, twice.themes.centres)
    assert once.themes.next_id == 4


def test_a_query_asks_for_a_theme_by_its_number(written) -> None:
    care()
    with db.read() as session:
        docs = hits.docs(session)
    asked = compile_query(parse(f"topic:theme-{themes_of(written)[0]}"))
    assert {key[0] for key, doc in docs if asked(doc)} == {*written[:14]}
