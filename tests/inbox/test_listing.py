"""The list of conversations: counts, volume and pages agree with each other under any filter."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import db
from core.event import Page
from inbox import desk, facts, listing, sightings
from inbox.ingest import store_page
from inbox.listing import Filter
from inbox.models import Conversation, Message
from inbox.narrowing import PRIORITIES, SORTS, VIEWS, looked_up
from inbox.team_models import Team, TeamMember
from inbox.visibility import Sight

from .conftest import BRAND, START, event, person
from .submitting import submit

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
TALKS = 40
STATES = ("open", "pending", "snoozed", "closed", "spam")


@pytest.fixture
def world(account: int) -> None:
    """Forty conversations over ten days in every state, with up to three inbound messages each."""
    rng = random.Random(7)
    events = []
    for n in range(TALKS):
        who, private = person(f"p{n % 9}"), n % 4 == 0
        shape: dict[str, Any] = {"kind": "dm", "visibility": "private", "thread_key": f"dm:{n}"} if private else {}
        for turn in range(1 + n % 3):
            at = START + timedelta(minutes=rng.randrange(14_400))
            if turn and not private:
                shape = {"kind": "reply", "parent_key": event(n * 10).key}
            text = f"@brand {'coffee' if n % 5 == 0 else 'tea'} number {n}"
            events.append(event(n * 10 + turn, author=who, text=text, posted_at=at, **shape))
        if n % 6 == 0:
            events.append(event(n * 10 + 9, kind="like", author=who, parent_key=event(n * 10).key))
    store_page(account, Page(events=tuple(events)))
    store_page(account, Page(events=(event(9000, origin="listening", kind="post"),)))
    with db.write() as session:
        _vary(session, rng)
        for number, approver in zip(range(2, TALKS, 3), ["", "user:1", "user:2", "team:1", "team:2"] * 9, strict=False):
            submit(session, number, approver, "user:1" if number % 5 == 0 else "user:9")


def _vary(session: Any, rng: random.Random) -> None:
    c, m = db.table(Conversation), db.table(Message)
    session.add_all([Team(id=1, name="First"), Team(id=2, name="Second")])
    session.flush()
    session.add(TeamMember(team_id=1, member="user:1"))
    for number in session.scalars(sa.select(c.c.id).order_by(c.c.id)).all():
        values = {
            "state": rng.choice(STATES),
            "assignee": rng.choice(["", "", "user:1", "user:2"]),
            "language": rng.choice(["de", "en", "ja", ""]),
            "sentiment": rng.choice(["negative", "positive", ""]),
            "intent": rng.choice(["complaint", ""]),
            "labels": rng.choice([["price"], ["price", "delivery"], []]),
            "waiting_since": rng.choice([None, START + timedelta(minutes=number % 7)]),
            "sla_due_at": rng.choice([None, START + timedelta(minutes=number % 5)]),
            "team_id": rng.choice([None, 1, 2]),
            "priority": rng.choice(["urgent", "high", "normal", "normal", "low"]),
            "type": rng.choice(["", "problem"]),
        }
        session.execute(sa.update(c).where(c.c.id == number).values(**values))
        if rng.random() < 0.4:
            desk.tag(session, number, rng.choice(["vip", "refund"]), "user:1")
        if rng.random() < 0.5:
            sightings.mark(session, "user:1", session.get_one(Conversation, number))
    for number in session.scalars(sa.select(m.c.id)).all():
        session.execute(sa.update(m).where(m.c.id == number).values(sentiment=rng.choice(["negative", "neutral"])))


moments = st.none() | st.integers(0, 14_400).map(lambda n: START + timedelta(minutes=n))
filters = st.builds(
    Filter,
    view=st.sampled_from(VIEWS), me=st.sampled_from(["", "user:1"]), q=st.sampled_from(["", "", "coffee", "te*", "–"]),
    platform=st.sampled_from(["", "", "mastodon", "bluesky"]), kind=st.sampled_from(["", "", "public", "dm"]),
    language=st.sampled_from(["", "", "de"]), sentiment=st.sampled_from(["", "", "negative"]),
    intent=st.sampled_from(["", "", "complaint"]), label=st.sampled_from(["", "", "price"]),
    tag=st.sampled_from(["", "", "vip"]), assignee=st.sampled_from(["", "", "none", "user:2"]),
    team=st.sampled_from(["", "", "none", "2"]), priority=st.sampled_from(["", "", "urgent"]),
    type=st.sampled_from(["", "", "problem"]),
    since=moments, until=moments, sort=st.sampled_from(SORTS),
    sight=st.builds(Sight, me=st.sampled_from(["", "user:1"]), private=st.booleans()),
)  # fmt: skip


def everything(wanted: Filter, size: int = 7) -> Iterator[listing.Row]:
    """All rows, page by page."""
    before: str | None = None
    while True:
        with db.read() as session:
            found = listing.page(session, wanted, before, size)
        assert len(found.rows) <= size
        yield from found.rows
        before = found.next
        if before is None:
            return


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters, at=st.integers(0, TALKS), size=st.integers(1, 12))
def test_the_rows_above_a_place_are_those_that_a_list_from_the_top_has_there(
    world: None, wanted: Filter, at: int, size: int
) -> None:
    with db.read() as session:
        rows = listing.page(session, wanted, limit=TALKS * 2).rows
        if not rows:
            return
        at = min(at, len(rows) - 1)
        place = "_".join(map(str, rows[at].rank(wanted.sort)))
        assert listing.above(session, wanted, place, size) == (rows[max(0, at - size) : at], at <= size)
        assert listing.above(session, wanted, "no place", size) == ([], True)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=filters)
def test_counts_and_volume_agree_with_the_list(world: None, wanted: Filter) -> None:
    rows = list(everything(wanted))
    assert len({row.id for row in rows}) == len(rows), "nothing twice"
    assert [row.rank(wanted.sort) for row in rows] == sorted(row.rank(wanted.sort) for row in rows)
    with db.read() as session:
        assert listing.counts(session, wanted)[wanted.view] == len(rows)
        assert listing.rows(session, range(1, TALKS * 4), wanted) == rows
        known = looked_up(session, wanted)
        assert bool(known.said) == (wanted.q not in ("", "–"))
        assert listing.page(session, known, limit=TALKS * 4).rows == rows
        assert listing.counts(session, known) == listing.counts(session, wanted)
        since, until = wanted.since or START - timedelta(days=1), wanted.until or START + timedelta(days=11)
        if since < until:
            _volume_agrees(session, wanted, [row.id for row in rows], since, until)


def _volume_agrees(session: Any, wanted: Filter, ids: list[int], since: Any, until: Any) -> None:
    edges = [START + timedelta(hours=n) for n in range(-24, 24 * 11 + 1)]
    edges = [edge for edge in edges if since <= edge <= until]
    if len(edges) < 2:
        return
    m = db.table(Message)
    bars = listing.volume(session, wanted, edges)
    there = sa.select(m.c.sentiment).where(
        m.c.conversation_id.in_(ids), m.c.direction == "inbound", m.c.posted_at >= edges[0], m.c.posted_at < edges[-1],
        m.c.kind != "like",
    )  # fmt: skip
    found = list(session.scalars(there))
    assert sum(bar.total for bar in bars) == len(found)
    assert sum(bar.negative for bar in bars) == found.count("negative")


@pytest.mark.usefixtures("world")
def test_a_bar_opens_the_conversations_of_its_messages(db_url: str) -> None:
    edges = [START + timedelta(days=n) for n in range(11)]
    wanted, m = Filter(view="all"), db.table(Message)
    with db.read() as session:
        bar = max(listing.volume(session, wanted, edges), key=lambda one: one.total)
        day = replace(wanted, since=bar.start, until=bar.start + timedelta(days=1))
        shown = {row.id for row in listing.page(session, day).rows}
        query = sa.select(m.c.conversation_id).where(
            m.c.posted_at >= bar.start, m.c.posted_at < bar.start + timedelta(days=1), m.c.direction == "inbound",
            m.c.kind != "like",
        )  # fmt: skip
        c = db.table(Conversation)
        query = query.where(m.c.conversation_id.in_(sa.select(c.c.id).where(c.c.inbox, c.c.state != "spam")))
        assert shown == set(session.scalars(query))


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("me", ["user:1", "user:2", ""])
def test_the_number_beside_the_inbox_is_that_of_its_view(db_url: str, me: str) -> None:
    with db.read() as session:
        assert listing.mine(Sight(me)) == listing.number(session, Filter(view="mine", me=me))


@pytest.mark.usefixtures("world")
def test_the_view_of_a_team_is_that_of_its_members(db_url: str) -> None:
    with db.read() as session:
        rows = listing.page(session, Filter(view="team", me="user:1"), limit=TALKS).rows
        everything = listing.page(session, Filter(view="all", me="user:1"), limit=TALKS).rows
        assert rows
        assert rows == [one for one in everything if one.team_id == 1 and one.state in ("open", "pending")]
        assert listing.page(session, Filter(view="team", me="user:2")).rows == []


@pytest.mark.usefixtures("world")
def test_the_urgent_and_the_due_stand_at_the_top(db_url: str) -> None:
    urgent = [row.priority for row in everything(Filter(view="all", sort="priority"))]
    assert set(urgent) == set(PRIORITIES)
    assert urgent == sorted(urgent, key=PRIORITIES.index)
    due = [row.sla_due_at for row in everything(Filter(view="all", sort="sla"))]
    promised = [at for at in due if at is not None]
    assert due[: len(promised)] == sorted(promised)


@pytest.mark.usefixtures("world")
def test_what_is_only_listened_to_is_nobodys_work(db_url: str) -> None:
    c = db.table(Conversation)
    with db.read() as session:
        heard = session.scalars(sa.select(c.c.id).where(c.c.inbox.is_(False))).one()
        assert heard not in {row.id for view in VIEWS for row in listing.page(session, Filter(view=view)).rows}
        assert listing.anything(session)


@pytest.mark.usefixtures("world")
def test_private_conversations_are_for_those_who_may_read_them(db_url: str) -> None:
    with db.read() as session:
        wanted = Filter(view="all", sight=Sight(private=False))
        assert not any(row.private for row in listing.page(session, wanted).rows)
        assert listing.page(session, replace(wanted, kind="dm")).rows == []


@pytest.mark.parametrize(
    "place", ["", "x", "0_1", "1_-9999999999999999999999_1", "2_1_1", "1_1_1_1", "0_1_" + "9" * 40]
)
def test_a_place_that_is_none_begins_at_the_top(world: None, place: str) -> None:
    with db.read() as session:
        assert listing.page(session, Filter(), place) == listing.page(session, Filter())


def test_an_open_conversation_is_unread_until_it_is_looked_at(account: int) -> None:
    store_page(account, Page(events=(event(1),)))
    wanted = Filter(view="all", me="user:1")

    def unread() -> list[bool]:
        with db.read() as session:
            return [row.unread for row in listing.page(session, wanted).rows]

    assert unread() == [True]
    with db.write() as session:
        sightings.mark(session, "user:1", session.get_one(Conversation, 1))
    assert unread() == [False]
    store_page(
        account, Page(events=(event(2, kind="reply", parent_key=event(1).key, posted_at=db.now() + timedelta(1)),))
    )
    assert unread() == [True]
    with db.write() as session:
        desk.close(session, 1, "user:1")
    assert unread() == [False]


def test_an_answer_moves_a_conversation_from_open_to_pending(account: int) -> None:
    store_page(account, Page(events=(event(1),)))
    store_page(
        account, Page(events=(event(2, author=BRAND, direction="outbound", parent_key=event(1).key, kind="reply"),))
    )
    with db.read() as session:
        found = listing.counts(session, Filter())
    assert (found["open"], found["pending"], found["all"]) == (0, 1, 1)


def test_a_like_neither_moves_a_conversation_nor_takes_its_mood_away(account: int) -> None:
    store_page(account, Page(events=(event(1),)))
    store_page(account, Page(events=(event(2, kind="like", parent_key=event(1).key, text=""),)))
    with db.write() as session:
        facts.set(session, {1: {"sentiment": "negative"}, 2: {"sentiment": ""}})
    with db.read() as session:
        (row,) = listing.page(session, Filter()).rows
    assert (row.last_at, row.sentiment) == (event(1).posted_at, "negative")
