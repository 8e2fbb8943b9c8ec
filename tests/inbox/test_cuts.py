"""A conversation split from a message on: two matters with their own numbers, and one again when it is taken back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core import db
from core.errors import Rejected
from core.event import MESSAGE_KINDS, Page
from inbox import activities, desk, drafts, listing, notes, policies, replies, visibility
from inbox.clocks import stored
from inbox.cuts import family, store
from inbox.cuts.models import ThreadCut
from inbox.ingest import store_page
from inbox.metrics import read
from inbox.metrics.read import Scope
from inbox.models import Conversation, Message, Note, ReplyRow
from inbox.narrowing import Filter
from inbox.parts import store as parts
from inbox.visibility import Sight
from tests.conftest import BOTH

from .conftest import BRAND, START, event, person

SQLITE = pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)


def key(number: int) -> str:
    return f"mastodon:https://social.example/statuses/{number}"


def say(account: int, number: int, to: int | None = None, **changes: Any) -> None:
    parent = {"parent_key": key(to)} if to is not None else {}
    store_page(account, Page(events=(event(number, **{"text": f"text {number}", **parent, **changes}),)))


@pytest.fixture
def talk(account: int) -> int:
    """Four messages in a row; the third is ours."""
    say(account, 1)
    say(account, 2, 1)
    say(account, 3, 2, direction="outbound", author=BRAND)
    say(account, 4, 3)
    return where(1)


def row(number: int) -> Conversation:
    with db.read() as session:
        found = session.get(Conversation, number)
        assert found is not None
        return found


def where(number: int) -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.scalar(sa.select(m.c.conversation_id).where(m.c.key == key(number))) or 0


def message(number: int) -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.scalar(sa.select(m.c.id).where(m.c.key == key(number))) or 0


def split(conversation: int, number: int) -> int:
    with db.write() as session:
        made, new = store.split_from(session, conversation, message(number), "user:1")
        assert new
        return made


def back(number: int) -> int:
    with db.write() as session:
        target, changed = store.take_back(session, number, "user:1")
        assert changed
        return target


def listed(sight: Sight = visibility.EVERYTHING) -> list[int]:
    wanted = Filter(view="all", me="user:1", sight=sight)
    with db.read() as session:
        rows = [one.id for one in listing.page(session, wanted).rows]
        assert listing.number(session, wanted) == len(rows)
    return sorted(rows)


@BOTH
def test_a_message_and_all_after_it_are_a_conversation_of_their_own(account: int, talk: int) -> None:
    with db.write() as session:
        desk.assign(session, talk, "user:1", "user:1")
        desk.tag(session, talk, "delivery", "user:1")
        notes.add(session, conversation_id=talk, author="user:1", text="about the new one")
        reply = replies.queue(session, talk, "an answer", author="user:1").id
        drafts.save(session, "user:1", talk, "public", "begun")
    made = split(talk, 4)
    old, new = row(talk), row(made)
    assert [where(number) for number in (1, 2, 3, 4)] == [talk, talk, talk, made]
    assert (old.state, old.messages, old.waiting_since, old.excerpt) == ("pending", 3, None, "text 2")
    assert (new.state, new.messages, new.excerpt) == ("open", 1, "text 4")
    assert new.waiting_since == START + timedelta(minutes=4)
    assert (new.identity_id, new.assignee, new.account_id) == (old.identity_id, "user:1", account)
    assert listed() == [talk, made]
    with db.read() as session:
        assert session.scalar(sa.select(db.table(Note).c.conversation_id)) == made
        assert session.scalar(sa.select(db.table(ReplyRow).c.conversation_id)) == made
        assert desk.tags_of(session, made) == []
        assert (store.ends(session, made).came_from, store.ends(session, talk).split_off) == (talk, [made])
        assert {one.what for one in activities.of_conversation(session, talk)} >= {"split-from", "assigned", "tagged"}
        assert [one.what for one in activities.of_conversation(session, made)] == ["split-off"]
        assert listing.page(session, Filter(view="all", q="4")).rows[0].id == made
        assert drafts.of(session, "user:1", talk) is not None
    with db.write() as session:
        assert store.split_from(session, talk, message(4), "user:1") == (made, False), "twice counts once"
        session.execute(sa.delete(db.table(ReplyRow)).where(db.table(ReplyRow).c.id == reply))
    assert back(made) == talk
    again = row(talk)
    assert (again.state, again.messages, again.waiting_since, again.excerpt) == (
        "open", 4, START + timedelta(minutes=4), "text 4",
    )  # fmt: skip
    assert listed() == [talk]
    with db.write() as session:
        assert store.take_back(session, made, "user:1") == (talk, False)
        assert family.back_in(session, made) == talk
        assert session.scalar(sa.select(db.table(Note).c.conversation_id)) == talk
        with pytest.raises(Rejected, match=f"goes on in number {talk}"):
            desk.assign(session, made, "user:1", "user:1")


@BOTH
def test_later_messages_go_where_what_they_answer_is(account: int, talk: int) -> None:
    made = split(talk, 4)
    say(account, 5, 4)
    say(account, 6, 2)
    say(account, 8, 7)
    assert [where(number) for number in (5, 6)] == [made, talk]
    assert where(8) not in (talk, made)
    orphans = where(8)
    say(account, 7, 5)
    assert (where(7), where(8)) == (made, made), "a missing parent brings its answers along"
    assert orphans not in listed()
    say(account, 9, 4, kind="like", text="")
    assert where(9) == made
    assert row(made).messages == 5


@SQLITE
def test_a_thread_without_references_goes_on_in_what_began_last(account: int) -> None:
    for number in (1, 3, 5):
        say(account, number, thread_key="mastodon:chat")
    talk = where(1)
    made = split(talk, 3)
    for number in (6, 2):
        say(account, number, thread_key="mastodon:chat")
    assert [where(number) for number in (1, 2, 3, 5, 6)] == [talk, talk, made, made, made]
    with db.write() as session:
        reply = replies.queue(session, talk, "to the first matter", author="user:1")
        number = reply.id or 0
    sent = event(7, thread_key="mastodon:chat", direction="outbound", author=BRAND)
    store_page(account, Page(events=(sent,)), also=lambda session: replies.mark_sent(session, number, sent.key))
    assert where(7) == talk
    assert (row(talk).state, row(made).state, row(made).messages) == ("pending", "open", 3)
    inner = split(made, 6)
    assert back(made) == talk
    say(account, 8, thread_key="mastodon:chat")
    say(account, 4, thread_key="mastodon:chat")
    assert (where(8), where(4)) == (inner, talk)
    with db.read() as session:
        assert store.ends(session, inner).came_from == talk
    assert back(inner) == talk
    say(account, 9, thread_key="mastodon:chat")
    assert (where(9), listed()) == (talk, [talk])


@SQLITE
def test_what_makes_no_sense_is_refused(account: int, talk: int) -> None:
    say(account, 20)
    other = where(20)
    for conversation, number, why in ((talk, 1, "has to stay"), (other, 4, "not in this"), (99, 4, "no such")):
        with pytest.raises(Rejected, match=why):
            split(conversation, number)
    with pytest.raises(Rejected, match="not split off"):
        back(talk)
    made = split(talk, 4)
    with db.write() as session:
        parts.merge(session, talk, other, "user:1")
    with pytest.raises(Rejected, match="Split the case first"):
        back(made)
    with db.write() as session:
        parts.split(session, other, "user:1")
    back(made)
    assert row(talk).messages == 4


@BOTH
@pytest.mark.parametrize("parent", ["talk", "other"])
def test_in_a_case_the_conversation_of_the_message_stands_alone_first(account: int, talk: int, parent: str) -> None:
    for number in (20, 30):
        say(account, number, author=person("bo"))
    other, third = where(20), where(30)
    case, part = (talk, other) if parent == "talk" else (other, talk)
    with db.write() as session:
        parts.merge(session, case, part, "user:1")
        parts.merge(session, case, third, "user:1")
        notes.add(session, conversation_id=case, author="user:1", text="about the case")
    with db.read() as session:
        going = store.looked_at(session, case, message(4))
    assert (going.messages, going.stay) == (1, 3)
    assert list(going.leaves) == ([other, third] if parent == "talk" else [talk])
    made = split(case, 4)
    assert [where(number) for number in (1, 2, 3, 4)] == [talk, talk, talk, made]
    assert (row(talk).state, row(talk).messages, row(made).state, row(made).messages) == ("pending", 3, "open", 1)
    assert row(made).waiting_since == START + timedelta(minutes=4)
    with db.write() as session:
        assert store.split_from(session, case, message(4), "user:1") == (made, False), "twice counts once"
        assert [one.id for one in parts.of(session, case)] == ([] if parent == "talk" else [other, third])
        stands = session.scalar(sa.select(db.table(Note).c.conversation_id))
        assert stands == (made if parent == "talk" else case), "what was written since, where it was written"
    assert back(made) == talk
    assert row(talk).messages == 4


@SQLITE
def test_what_was_closed_stays_closed_and_what_waits_opens_it(account: int, talk: int) -> None:
    made = split(talk, 4)
    with db.write() as session:
        desk.close(session, talk, "user:1")
        desk.tag(session, made, "refund", "user:1")
        desk.set_priority(session, made, "high", "user:1")
    assert row(talk).state == "closed"
    back(made)
    assert (row(talk).state, row(talk).priority) == ("open", "high")
    assert row(talk).waiting_since == START + timedelta(minutes=4)
    with db.read() as session:
        assert desk.tags_of(session, talk) == ["refund"]
    made = split(talk, 4)
    with db.write() as session:
        desk.close(session, made, "user:1")
        desk.close(session, talk, "user:1")
    back(made)
    assert row(talk).state == "closed"


@BOTH
def test_promises_and_figures_follow(account: int, talk: int) -> None:
    with db.write() as session:
        policies.save(session, None, policies.Wanted(name="All", first_reply=60, next_reply=60), "user:1")
    made = split(talk, 4)
    with db.read() as session:
        assert [one.kind for one in stored(session, made)] == ["first"]
        assert [one.state for one in stored(session, talk) if one.state == "running"] == []
        spans = read.talks(session, START - timedelta(days=1), START + timedelta(days=400), Scope())
        assert sorted(one.id for one in spans) == [talk, made]
    back(made)
    with db.read() as session:
        assert stored(session, made) == []
        assert len(stored(session, talk)) == 2


@BOTH
def test_nobody_sees_more_than_before(account: int, talk: int) -> None:
    with db.write() as session:
        desk.assign(session, talk, "user:2", "user:1")
    made = split(talk, 4)
    assert row(made).assignee == ""
    own = Sight(me="user:2", reach="own")
    assert listed(own) == [talk]
    assert listed(Sight(me="user:2", accounts=(account,))) == [talk, made]
    assert listed(Sight(me="user:2", accounts=(account + 1,))) == []


# --- any sequence -----------------------------------------------------------------------------------------


def adds_up(names: list[str]) -> None:
    """Each of these messages is in one conversation, and what those say of themselves is what is in them."""
    m, c = db.table(Message), db.table(Conversation)
    with db.read() as session:
        found = session.execute(sa.select(m).where(m.c.key.in_(names))).mappings().all()
        assert len(found) == len(names)
        mine = {one["conversation_id"] for one in found}
        rows = {one["id"]: one for one in session.execute(sa.select(c).where(c.c.id.in_(mine))).mappings()}
        shells = session.scalars(
            sa.select(db.table(ThreadCut).c.conversation_id).where(db.table(ThreadCut).c.back_at.is_not(None))
        ).all()
    assert not mine & set(shells)
    for number, one in rows.items():
        fresh(one, [each for each in found if each["conversation_id"] == number])


def parts_of(lines: list[Any]) -> list[list[Any]]:
    """The messages of each conversation of a case, or all of one alone."""
    homes = {each["home_id"] for each in lines}
    return [[each for each in lines if each["home_id"] == home] for home in homes]


def first_reply(lines: list[Any]) -> datetime | None:
    """Our first words after theirs."""
    theirs = [each["posted_at"] for each in lines if each["direction"] == "inbound"]
    ours = [each["posted_at"] for each in lines if each["direction"] == "outbound"]
    return min((at for at in ours if theirs and at > min(theirs)), default=None)


def fresh(one: Any, lines: list[Any]) -> None:
    """A conversation is what counting its messages says."""
    said = [each for each in lines if each["kind"] in MESSAGE_KINDS]
    theirs = [each["posted_at"] for each in said if each["direction"] == "inbound"]
    ours = [each["posted_at"] for each in said if each["direction"] == "outbound"]
    assert one["inbox"]
    assert one["messages"] == len(lines)
    assert one["first_at"] == min(each["posted_at"] for each in lines)
    assert one["last_at"] == max(each["posted_at"] for each in said)
    assert one["last_inbound_at"] == max(theirs)
    assert one["last_outbound_at"] == max(ours, default=None)
    assert one["first_reply_at"] == min(filter(None, map(first_reply, parts_of(said))), default=None)
    assert one["state"] in ("open", "pending", "closed", "spam")
    if one["waiting_since"] is not None:
        assert one["state"] == "open", "what is done waits for nobody"
        assert one["waiting_since"] in theirs
    if one["state"] == "open" and (not ours or max(theirs) > max(ours)):
        assert one["waiting_since"] is not None, "who wrote last waits"


STEP = st.one_of(
    st.tuples(st.sampled_from(["in", "out", "like"]), st.integers(0, 30)),
    st.tuples(st.sampled_from(["late", "old"]), st.integers(0, 30)),
    st.tuples(st.just("split"), st.integers(0, 30)),
    st.tuples(st.just("back"), st.integers(0, 30)),
    st.tuples(st.just("merge"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("unmerge"), st.integers(0, 30)),
    st.tuples(st.sampled_from(["closed", "open", "spam"]), st.integers(0, 30)),
)


@SQLITE
@example(steps=[("spam", 0), ("late", 0), ("out", 0), ("split", 1)])
@example(steps=[("out", 0), ("in", 0), ("in", 0), ("split", 7), ("merge", 0, 2)])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=3, max_size=14))
def test_any_sequence_leaves_each_message_in_one_conversation_and_every_count_right(  # noqa: C901  # one branch per step
    steps: list[tuple[Any, ...]], account: int
) -> None:
    mark = f"{db.now().timestamp()}-"
    start = db.now() - timedelta(hours=1)
    names, spoken = list[str](), list[datetime]()

    def arrive(parent: str | None, at: datetime, **changes: Any) -> None:
        name = f"mastodon:{mark}{len(names)}"
        names.append(name)
        spoken.append(at)
        about = {"parent_key": parent} if parent else {}
        values = {"key": name, "text": name, "posted_at": at, "author": person(mark), **about, **changes}
        store_page(account, Page(events=(event(1, **values),)))

    arrive(None, start)
    arrive(names[0], start + timedelta(seconds=1))
    m, late = db.table(Message), 0
    for what, n, *more in steps:
        with db.read() as session:
            here = session.execute(sa.select(m.c.id, m.c.key, m.c.conversation_id).where(m.c.key.in_(names))).all()
        number, name, conversation = here[n % len(here)]
        try:
            if what in ("in", "out", "like"):
                changes = {"out": {"direction": "outbound", "author": BRAND}, "like": {"kind": "like"}}.get(what, {})
                arrive(name, db.now(), **changes)
            elif what == "old":  # written before what was done since
                arrive(name, spoken[-1] + timedelta(microseconds=1))
            elif what == "late":  # an answer before what it answers
                late += 1
                arrive(f"mastodon:{mark}late{late}", db.now())
                arrive(name, db.now(), key=f"mastodon:{mark}late{late}")
                names[-1] = f"mastodon:{mark}late{late}"
            else:
                with db.write() as session:
                    if what == "split":
                        store.split_from(session, conversation, number, "user:1")
                    elif what == "back":
                        store.take_back(session, conversation, "user:1")
                    elif what == "merge":
                        parts.merge(session, conversation, here[more[0] % len(here)][2], "user:1")
                    elif what == "unmerge":
                        for one in parts.of(session, conversation)[1:]:
                            parts.split(session, one.id, "user:1")
                    else:
                        desk.set_state(session, conversation, what, "user:1")
        except Rejected:
            continue
    adds_up(names)
