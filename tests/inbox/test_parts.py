"""Merged conversations: one case with everything in it, and each one itself again when it is split off."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core import db
from core.errors import Rejected
from core.event import Author, Event, Page, Profile
from inbox import accounts, activities, desk, erasure, listing, notes, replies, visibility
from inbox.fields import store as fields
from inbox.fields import values
from inbox.ingest import store_page
from inbox.models import Conversation, ConversationTag, Identity, Message, Note
from inbox.narrowing import VIEWS, Filter
from inbox.parts import rule, store
from inbox.parts.models import CasePart
from inbox.parts.rule import Own
from inbox.states import Standing
from inbox.visibility import Sight
from tests.conftest import BOTH

from .conftest import BRAND, START, event, person

SQLITE = pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
SHOWN = (
    "state", "private", "messages", "excerpt", "first_at", "last_at", "last_inbound_at", "last_outbound_at",
    "waiting_since", "first_reply_at", "inbox", "assignee", "team_id", "type", "priority", "snoozed_until",
    "identity_id", "account_id", "platform", "thread_key",
)  # fmt: skip


@pytest.fixture
def second(account: int) -> int:
    """An account on another platform."""
    ours = Author(platform="bluesky", id="did:plc:us", handle="us.example", name="Us")
    with db.write() as session:
        return accounts.add(
            session, platform="bluesky", profile=Profile(author=ours), base_url="", secrets={}, feeds=["mentions"]
        )


def post(number: int, **changes: Any) -> Event:
    them = Author(platform="bluesky", id="did:plc:anna", handle="anna.example", name="Anna")
    return event(number, platform="bluesky", key=f"bluesky:{number}", author=them, **changes)


@pytest.fixture
def talks(account: int, second: int) -> list[int]:
    """Two on one platform, by different people, and one on another."""
    store_page(account, Page(events=(event(1), event(2, author=person("bo")))))
    store_page(second, Page(events=(post(3, text="the third"),)))
    with db.read() as session:
        return list(session.scalars(sa.select(db.table(Conversation).c.id).order_by(db.table(Conversation).c.id)))


def row(number: int) -> Conversation:
    with db.read() as session:
        found = session.get(Conversation, number)
        assert found is not None
        return found


def looks(number: int) -> dict[str, Any]:
    t, m = db.table(ConversationTag), db.table(Message)
    one = row(number)
    with db.read() as session:
        keys = session.scalars(sa.select(m.c.key).where(m.c.conversation_id == number).order_by(m.c.key)).all()
        tags = session.scalars(sa.select(t.c.tag).where(t.c.conversation_id == number).order_by(t.c.tag)).all()
        own = values.of_many(session, [number])
    return {**{name: getattr(one, name) for name in SHOWN}, "keys": keys, "tags": tags, "own": own}


def merge(parent: int, other: int) -> bool:
    with db.write() as session:
        return store.merge(session, parent, other, "user:1")


def split(part: int) -> int:
    with db.write() as session:
        return store.split(session, part, "user:1")


def listed(view: str = "all", sight: Sight = visibility.EVERYTHING) -> list[int]:
    """The rows of a view; their number is that of its count."""
    wanted = Filter(view=view, me="user:1", sight=sight)
    with db.read() as session:
        rows = [one.id for one in listing.page(session, wanted).rows]
        counted = listing.counts(session, wanted)[view]
        assert listing.number(session, wanted) == counted == len(rows)
    return rows


@BOTH
def test_a_case_has_everything_and_a_split_gives_back_exactly(talks: list[int], second: int) -> None:
    one, two, three = talks
    with db.write() as session:
        field = fields.save(session, None, fields.Wanted("conversation", "text", {"en": "Order"}), "user:1")
        desk.assign(session, two, "user:3", "user:1")
        desk.set_priority(session, three, "high", "user:1")
        desk.tag(session, one, "red", "user:1")
        desk.tag(session, three, "blue", "user:1")
        values.put(session, three, field, "A-7", "user:1")
        notes.add(session, conversation_id=three, author="user:1", text="a note")
        desk.close(session, two, "user:1")
    before = {number: looks(number) for number in talks}
    assert merge(one, three)
    assert not merge(one, three), "twice counts once"
    assert merge(one, two)
    case = row(one)
    assert (case.state, case.messages, case.excerpt, case.assignee) == ("open", 3, "the third", "user:3")
    assert (case.priority, case.waiting_since) == ("high", before[one]["waiting_since"])
    assert looks(one)["tags"] == ["blue", "red"]
    assert looks(one)["own"] == {one: {field: "A-7"}}
    assert listed() == [one]
    assert [listed(view) for view in VIEWS if view in ("open", "closed")] == [[one], []]
    with db.read() as session:
        assert [part.id for part in store.of(session, one)] == [one, two, three]
        assert [note.text for note in notes.of_conversation(session, one)] == ["a note"]
        assert {done.what for done in activities.of_conversation(session, one)} >= {"merged", "closed", "assigned"}
        found = listing.page(session, Filter(view="all", q="third")).rows
        assert [each.id for each in found] == [one], "words of a part find the case"
        hours = [START, START + timedelta(days=1)]
        assert listing.volume(session, Filter(view="all"), hours)[0].total == 3
    for part, left in ((two, [one, three]), (three, [])):
        assert split(part) == one
        with db.read() as session:
            assert [each.id for each in store.of(session, one)] == left
        assert looks(part) == before[part]
    assert looks(one) == before[one]
    with db.read() as session:
        assert session.scalars(sa.select(CasePart)).all() == []
        assert session.scalar(sa.select(db.table(Note).c.conversation_id)) == three
        m = db.table(Message)
        assert session.scalar(sa.select(sa.func.count(m.c.home_id))) == 0


@SQLITE
def test_what_comes_in_a_part_goes_on_in_the_parent(talks: list[int], account: int, second: int) -> None:
    one, _, three = talks
    merge(one, three)
    with db.write() as session:
        desk.close(session, one, "user:1")
    later = db.now() + timedelta(minutes=1)
    store_page(second, Page(events=(post(9, text="again", posted_at=later, parent_key="bluesky:3"),)))
    case = row(one)
    assert (case.state, case.messages, case.excerpt, case.waiting_since) == ("open", 3, "again", later)
    with db.write() as session:
        answered = replies.answerable(session, one)
        assert answered is not None
        assert (answered.key, answered.account_id) == ("bluesky:9", second), "the newest is answered where it came"
        first = replies.answerable(session, one, part=one)
        assert first is not None
        assert first.account_id == account
        reply = replies.queue(session, one, "hello", author="user:1", part=three)
        sent = replies.outgoing(session, reply, first_attempt=True)
        assert (sent.parent_key, sent.thread_key) == ("bluesky:9", row(three).thread_key)
        number = reply.id
        desk.set_priority(session, one, "urgent", "user:1")
        desk.tag(session, one, "kept", "user:1")
    split(three)
    with db.read() as session:
        assert [each.id for each in replies.of_conversation(session, three)] == [number]
    assert (row(one).state, row(one).priority, looks(one)["tags"]) == ("closed", "urgent", ["kept"])
    assert (row(three).state, row(three).messages, row(three).excerpt) == ("open", 2, "again")


@SQLITE
def test_threads_that_turn_out_to_be_one_stay_in_the_case(talks: list[int], account: int, second: int) -> None:
    one, _, three = talks
    lost = event(5, parent_key="mastodon:https://social.example/statuses/4")
    store_page(account, Page(events=(lost,)))
    four = max(listed())
    merge(three, four)
    heard = event(6, parent_key="mastodon:https://social.example/statuses/4", origin="listening")
    parent = event(4, parent_key="mastodon:https://social.example/statuses/1")
    store_page(account, Page(events=(heard,)))
    store_page(account, Page(events=(parent,)))
    assert one not in listed() or three not in listed()
    with db.read() as session:
        (root,) = [number for number in listed() if number in (one, three)]
        assert {part.id for part in store.of(session, root)} == {one, three, four}
        m = db.table(Message)
        assert session.scalar(sa.select(m.c.conversation_id).where(m.c.key == parent.key)) == root


@SQLITE
def test_what_makes_no_sense_is_refused(talks: list[int]) -> None:
    one, two, three = talks
    merge(one, two)
    for pair, why in (((one, one), "itself"), ((three, two), "another case"), ((one, 99), "no such")):
        with pytest.raises(Rejected, match=why):
            merge(*pair)
    for part in (one, three):
        with pytest.raises(Rejected, match="no part"):
            split(part)
    with db.write() as session:
        with pytest.raises(Rejected, match="goes on in number"):
            desk.assign(session, two, "user:1", "user:1")
        with pytest.raises(Rejected, match="nothing in this"):
            replies.queue(session, two, "x", author="user:1")


@BOTH
def test_nobody_sees_through_a_merge(talks: list[int], account: int, second: int) -> None:
    one, _, three = talks
    merge(one, three)
    here, there, both = (Sight(me="user:2", accounts=some) for some in ((account,), (second,), (account, second)))
    with db.read() as session:
        assert visibility.of(session, both, [one]) == {one}
        for sight in (here, there):
            assert visibility.of(session, sight, [one]) == set()
            m = db.table(Message)
            assert (
                session.scalars(sa.select(m.c.id).where(*visibility.messages(sight), m.c.conversation_id == one)).all()
                == []
            )
    assert one not in listed(sight=here)
    assert listed(sight=there) == []
    with db.write() as session:
        desk.assign(session, one, "user:2", "user:1")
    assert listed(sight=Sight(me="user:2", reach="own")) == [one]


@SQLITE
def test_an_erased_person_leaves_the_case(talks: list[int]) -> None:
    one, two, three = talks
    for other in (two, three):
        merge(one, other)
    i = db.table(Identity)
    with db.write() as session:
        bo = session.scalar(sa.select(i.c.id).where(i.c.handle == "bo@social.example"))
        erasure.erase(session, f"identity:{bo}", "t")
        assert session.scalars(sa.select(CasePart)).all() == []
    assert (row(two).excerpt, row(one).messages, row(three).messages) == ("", 1, 1)


# --- any sequence -----------------------------------------------------------------------------------------

STEP = st.one_of(
    st.tuples(st.just("merge"), st.integers(0, 2), st.integers(0, 2)),
    st.tuples(st.just("split"), st.integers(0, 2)),
    st.tuples(st.just("inbound"), st.integers(0, 2)),
    st.tuples(st.just("late"), st.integers(0, 2), st.integers(0, 8)),
    st.tuples(st.just("answer"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["closed", "open", "spam", "snoozed", "woke"]), st.integers(0, 2)),
)


@SQLITE
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=12).map(lambda steps: [("merge", 0, 1), *steps]))
@example(steps=[("merge", 0, 1), ("inbound", 1), ("closed", 0), ("open", 0)])
@example(steps=[("merge", 0, 1), ("closed", 2), ("merge", 0, 2)])
@example(steps=[("merge", 0, 1), ("closed", 2), ("merge", 2, 0), ("open", 2), ("split", 0)])
@example(steps=[("merge", 0, 1), ("closed", 0), ("late", 1, 0), ("split", 1), ("open", 1)])
@example(steps=[("closed", 1), ("merge", 0, 1), ("inbound", 0), ("closed", 0), ("late", 1, 1)])
@example(steps=[("closed", 1), ("merge", 0, 1), ("snoozed", 0), ("woke", 0)])
@example(steps=[("snoozed", 0), ("closed", 1), ("merge", 0, 1), ("woke", 0), ("open", 1)])
@example(steps=[("spam", 1), ("merge", 0, 1), ("late", 1, 0), ("closed", 0), ("open", 1)])
def test_any_sequence_leaves_each_as_if_it_had_never_been_merged(  # noqa: C901  # one branch per step
    steps: list[tuple[Any, ...]], account: int, second: int
) -> None:
    """The same is done to twins that are never merged: a deed that changes a case to each of its twins."""
    mark = db.now().timestamp()
    names = [f"{mark}-{side}-{n}" for side in "ab" for n in range(3)]

    def said(which: int, at: datetime) -> Event:
        key = f"mastodon:{names[which]}-{next(counter)}"
        root = f"mastodon:{names[which]}"
        return event(1, key=key, text=f"{which % 3} {at}", posted_at=at, thread_key=root,
                     author=person(f"p{which}"))  # fmt: skip

    def put(number: int, state: str) -> bool:
        with db.write() as session:
            if state == "snoozed":
                return desk.snooze(session, number, until, "cli")
            if state != "woke":
                return desk.set_state(session, number, state, "cli")
            change = sa.update(c).where(c.c.id == number, c.c.state == "snoozed").values(snoozed_until=db.now())
            due = bool(session.execute(change.returning(c.c.id)).all())
        return due and desk.wake() == 1

    counter = count()
    start, until = db.now() - timedelta(hours=1), db.now() + timedelta(hours=1)
    store_page(account, Page(events=tuple(said(n, start + timedelta(seconds=n % 3)) for n in range(6))))
    c = db.table(Conversation)
    moments = [start]
    with db.read() as session:
        found = {
            key: number
            for number, key in session.execute(sa.select(c.c.id, c.c.thread_key))
            if key.removeprefix("mastodon:") in names
        }
    ids = [found[f"mastodon:{name}"] for name in names]
    case = {n: n for n in range(3)}
    """Part → its root."""
    for what, n, *more in steps:
        at = db.now()
        moments.append(at)
        if what == "merge":
            left, right = case[n], case[more[0]]
            if left != right:
                merge(ids[left], ids[right])
                case = {one: left if root == right else root for one, root in case.items()}
        elif what == "split":
            if case[n] != n:
                split(ids[n])
                case[n] = n
        elif what in ("inbound", "late", "answer"):
            at = moments[more[0] % len(moments)] if what == "late" else at
            changes = {"direction": "outbound", "author": BRAND} if what == "answer" else {}
            store_page(account, Page(events=tuple(said(one, at).model_copy(update=changes) for one in (n, n + 3))))
        elif put(ids[case[n]], what):
            for one, root in case.items():
                if root == case[n]:
                    put(ids[one + 3], what)
    for n in sorted(case):
        if case[n] != n:
            split(ids[n])
    different = ("identity_id", "thread_key", "keys", "closed_at", "excerpt")
    for n in range(3):
        mine, twin = looks(ids[n]), looks(ids[n + 3])
        assert {k: v for k, v in mine.items() if k not in different} == {
            k: v for k, v in twin.items() if k not in different
        }
        assert (len(mine["keys"]), mine["excerpt"][1:]) == (len(twin["keys"]), twin["excerpt"][1:])


moments = st.none() | st.datetimes(timezones=st.just(START.tzinfo)).map(lambda at: at)  # type: ignore[arg-type]  # START has a zone
standings = st.builds(
    Standing, state=st.sampled_from(rule.ORDER), inbox=st.booleans(), private=st.booleans(),
    messages=st.integers(0, 9), first_at=moments, last_at=moments, last_inbound_at=moments, waiting_since=moments,
    closed_at=moments,
)  # fmt: skip
owns = st.builds(
    Own, standings, assignee=st.sampled_from(["", "user:1", "user:2"]), team_id=st.sampled_from([None, 1]),
    priority=st.sampled_from(["urgent", "high", "normal", "low"]), snoozed_until=moments,
    tags=st.lists(st.sampled_from("abc"), unique=True).map(sorted),
    values=st.dictionaries(st.sampled_from("12"), st.sampled_from("xy")),
)  # fmt: skip


@given(st.lists(owns, min_size=2, max_size=4))
def test_what_is_written_is_read_and_a_split_of_an_untouched_case_leaves_what_was(parts: list[Own]) -> None:
    for one in parts:
        assert rule.read(rule.written(one)) == one
    made, left = rule.united(parts), rule.united(parts[:-1])
    assert rule.kept(made, made, left) == left
    assert rule.united(parts[:1]) == rule.united([*parts[:1], *parts[:1]]) or parts[0].standing.messages
