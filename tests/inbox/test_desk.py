"""Work on conversations: each deed counts once, leaves its trace, and comes back when it should."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.audit import AuditEntry
from core.errors import Rejected
from core.event import Page
from core.outbox import OutboxRow
from inbox import activities, desk, drafts, notes, sightings
from inbox.ingest import store_page
from inbox.models import Account, Conversation, ConversationTag, Draft, Identity, Note, Seen
from inbox.team_models import Team

from .conftest import BRAND, START, event, person

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def talk(account: int) -> int:
    store_page(account, Page(events=(event(1),)))
    with db.read() as session:
        return session.scalars(sa.select(db.table(Conversation).c.id)).one()


def row(talk: int) -> Conversation:
    with db.read() as session:
        found = session.get(Conversation, talk)
        assert found is not None
        return found


def done(talk: int) -> list[tuple[str, str]]:
    with db.read() as session:
        return [(one.actor, one.what) for one in activities.of_conversation(session, talk)]


def do(deed: Any, *args: Any) -> Any:
    with db.write() as session:
        return deed(session, *args)


def arrive(account: int, number: int, **changes: Any) -> None:
    values = {"author": person("ben"), "kind": "reply", "parent_key": event(1).key, **changes}
    store_page(account, Page(events=(event(number, **values),)))


def test_a_deed_twice_counts_once(talk: int) -> None:
    assert [do(desk.assign, talk, "user:3", "user:1") for _ in range(2)] == [True, False]
    assert [do(desk.tag, talk, "refund", "user:1") for _ in range(2)] == [True, False]
    assert [do(desk.untag, talk, "refund", "user:1") for _ in range(2)] == [True, False]
    with db.write() as session:
        session.add(Team(id=1, name="Service"))
    assert [do(desk.set_team, talk, 1, "user:1") for _ in range(2)] == [True, False]
    assert [do(desk.set_priority, talk, "urgent", "user:1") for _ in range(2)] == [True, False]
    assert [do(desk.set_type, talk, "problem", "user:1") for _ in range(2)] == [True, False]
    assert (row(talk).team_id, row(talk).priority, row(talk).type) == (1, "urgent", "problem")
    assert [do(desk.close, talk, "user:1") for _ in range(2)] == [True, False]
    assert [do(desk.reopen, talk, "user:1") for _ in range(2)] == [True, False]
    case = ["teamed", "prioritised", "typed"]
    assert [what for _, what in done(talk)] == ["assigned", "tagged", "untagged", *case, "closed", "reopened"]


def test_a_deed_is_in_the_audit_trail_and_on_its_way_to_open_pages(talk: int) -> None:
    do(desk.spam, talk, "user:7")
    with db.read() as session:
        entry = session.scalars(sa.select(AuditEntry).where(db.table(AuditEntry).c.actor == "user:7")).one()
        o = db.table(OutboxRow)
        letters = sa.select(OutboxRow).where(o.c.topic == "conversation.changed", o.c.subscriber == "web.live.publish")
        assert (entry.action, entry.target) == ("conversation.spam", f"conversation:{talk}")
        assert session.scalars(letters).one().payload == {"conversation_id": [talk]}


def test_what_cannot_be_is_refused_in_words(talk: int) -> None:
    naive = (START + timedelta(days=400)).replace(tzinfo=None)
    wrong = [
        (desk.assign, talk, "somebody", "user:1"),
        (desk.set_team, talk, 9, "user:1"),
        (desk.set_priority, talk, "", "user:1"),
        (desk.set_type, talk, "riddle", "user:1"),
        (desk.tag, talk, "  ", "user:1"),
        (desk.tag, talk, "x" * 61, "user:1"),
        (desk.snooze, talk, db.now() - timedelta(minutes=1), "user:1"),
        (desk.snooze, talk, db.now() + timedelta(days=800), "user:1"),
        (desk.snooze, talk, naive, "user:1"),
        (desk.close, talk + 99, "user:1"),
        (desk.set_state, talk, "elsewhere", "user:1"),
    ]
    for deed, *args in wrong:
        with pytest.raises(Rejected, match=r"\w+ .+\."):
            do(deed, *args)
    assert done(talk) == []


def test_tags_are_tidied_and_kept_in_order(talk: int) -> None:
    for word in ("  Warranty\n case ", "Alpha", "Warranty case"):
        do(desk.tag, talk, word, "user:1")
    with db.read() as session:
        assert desk.tags_of(session, talk) == ["Alpha", "Warranty case"] == desk.known_tags(session)


def test_closing_ends_the_waiting_and_reopening_knows_it_again(talk: int) -> None:
    waiting = row(talk).waiting_since
    do(desk.close, talk, "user:1")
    assert (row(talk).state, row(talk).waiting_since, row(talk).closed_at is None) == ("closed", None, False)
    do(desk.reopen, talk, "user:1")
    assert (row(talk).state, row(talk).waiting_since, row(talk).closed_at) == ("open", waiting, None)


def test_reopening_what_was_answered_lets_nobody_wait(talk: int, account: int) -> None:
    arrive(account, 2, author=BRAND, direction="outbound")
    do(desk.close, talk, "user:1")
    do(desk.reopen, talk, "user:1")
    assert row(talk).waiting_since is None


def test_the_clock_wakes_what_is_due_and_nothing_else(talk: int) -> None:
    do(desk.snooze, talk, db.now() + timedelta(hours=1), "user:1")
    assert desk.wake() == 0
    with db.write() as session:
        session.execute(sa.update(Conversation).values(snoozed_until=db.now() - timedelta(seconds=1)))
    assert [desk.wake(), desk.wake()] == [1, 0]
    assert (row(talk).state, row(talk).snoozed_until) == ("open", None)
    assert done(talk)[-1] == ("system", "woke")


def test_snoozing_again_moves_the_moment(talk: int) -> None:
    later = db.now() + timedelta(days=2)
    assert do(desk.snooze, talk, db.now() + timedelta(days=1), "user:1")
    assert [do(desk.snooze, talk, later, "user:1") for _ in range(2)] == [True, False]
    assert row(talk).snoozed_until == later


@pytest.mark.parametrize(("put_away", "what"), [("snooze", "woke"), ("close", "reopened")])
def test_a_new_message_brings_back_what_was_put_away(talk: int, account: int, put_away: str, what: str) -> None:
    moment = db.now() + timedelta(days=1)
    do(desk.snooze, talk, moment, "user:1") if put_away == "snooze" else do(desk.close, talk, "user:1")
    arrive(account, 2, posted_at=db.now() + timedelta(minutes=1))
    assert (row(talk).state, row(talk).snoozed_until) == ("open", None)
    assert done(talk)[-1] == ("system", what)


def test_what_nobody_put_away_is_not_said_to_come_back(account: int) -> None:
    store_page(account, Page(events=(event(1, author=BRAND, direction="outbound", kind="post"),)))
    arrive(account, 2)
    with db.read() as session:
        number = session.scalars(sa.select(db.table(Conversation).c.id)).one()
    assert (row(number).state, done(number)) == ("open", [])


def test_notes_stand_with_their_conversation_or_person(talk: int) -> None:
    with db.write() as session:
        who = session.scalars(sa.select(db.table(Identity).c.id)).first()
        assert who is not None
        first = notes.add(session, conversation_id=talk, author="user:1", text="  batch 118 \n")
        notes.add(session, identity_id=who, author="user:2", text="speaks German")
    with db.read() as session:
        assert [(one.id, one.text) for one in notes.of_conversation(session, talk)] == [(first, "batch 118")]
        assert [one.text for one in notes.of_people(session, [who])] == ["speaks German"]


def test_only_who_wrote_a_note_takes_it_away(talk: int) -> None:
    with db.write() as session:
        note = notes.add(session, conversation_id=talk, author="user:1", text="mine")
    with pytest.raises(Rejected, match="wrote"):
        do(notes.remove, note, "user:2")
    assert [do(notes.remove, note, "user:1") for _ in range(2)] == [True, False]


@pytest.mark.parametrize("target", [{}, {"conversation_id": 1, "identity_id": 1}, {"conversation_id": 999}])
def test_a_note_belongs_to_one_thing_that_exists(talk: int, target: dict[str, int]) -> None:
    with pytest.raises(Rejected), db.write() as session:
        notes.add(session, **target, author="user:1", text="where?")
    with pytest.raises(Rejected, match="empty"), db.write() as session:
        notes.add(session, conversation_id=talk, author="user:1", text=" ")


def test_a_draft_is_kept_once_per_person_and_goes_when_emptied(talk: int) -> None:
    do(drafts.save, "user:1", talk, "public", "Dear")
    do(drafts.save, "user:1", talk, "note", "Dear Anna")
    do(drafts.save, "user:2", talk, "private", "Hello")
    with db.read() as session:
        mine = drafts.of(session, "user:1", talk)
        assert mine is not None
        assert (mine.kind, mine.text) == ("note", "Dear Anna")
    do(drafts.save, "user:1", talk, "public", "  ")
    with db.read() as session:
        assert drafts.of(session, "user:1", talk) is None
        assert drafts.of(session, "user:2", talk) is not None


def test_what_came_after_the_last_look_is_unread(talk: int, account: int) -> None:
    def unread() -> bool:
        with db.read() as session:
            return sightings.unread(session, "user:1", session.get_one(Conversation, talk))

    def look(seen: Conversation) -> None:
        do(sightings.mark, "user:1", seen)

    assert unread()
    early = row(talk)
    look(early)
    look(early)
    assert not unread()
    arrive(account, 2)  # written long before anybody looked, fetched only now
    assert unread()
    look(row(talk))
    look(early)
    assert not unread(), "an earlier look that is noted late takes nothing back"


def test_everything_follows_when_threads_are_united(account: int) -> None:
    question = event(5, key="mastodon:q", author=person("cleo"), parent_key="mastodon:missing")
    store_page(account, Page(events=(event(1), question)))
    with db.write() as session:
        old, new = session.scalars(sa.select(db.table(Conversation).c.id).order_by(db.table(Conversation).c.id))
        desk.tag(session, old, "both", "user:1")
        for word in ("both", "new"):
            desk.tag(session, new, word, "user:1")
        desk.assign(session, new, "user:2", "user:1")
        notes.add(session, conversation_id=new, author="user:2", text="look")
        drafts.save(session, "user:2", new, "note", "draft")
        sightings.mark(session, "user:2", session.get_one(Conversation, new))
    store_page(account, Page(events=(event(6, key="mastodon:missing", parent_key=event(1).key),)))
    assert row(old).assignee == "user:2"
    with db.read() as session:
        assert session.get(Conversation, new) is None
        assert desk.tags_of(session, old) == ["both", "new"]
        assert [one.conversation_id for one in session.scalars(sa.select(Note))] == [old]
        assert [one.conversation_id for one in session.scalars(sa.select(Draft))] == [old]
        assert [one.conversation_id for one in session.scalars(sa.select(Seen))] == [old]
        assert session.scalars(sa.select(ConversationTag).where(db.table(ConversationTag).c.tag == "new")).one()
    assert len(done(old)) == 4


def test_new_conversations_belong_to_the_team_of_their_account(account: int) -> None:
    with db.write() as session:
        session.add(Team(id=1, name="Service"))
        session.execute(sa.update(Account).values(team_id=1))
    store_page(account, Page(events=(event(1),)))
    assert row(1).team_id == 1


def test_conversations_that_become_one_keep_what_was_said_of_either(account: int) -> None:
    answer = event(3, kind="reply", parent_key=event(2).key)
    store_page(account, Page(events=(event(1), answer)))
    for deed, value in ((desk.set_priority, "high"), (desk.set_type, "problem")):
        do(deed, 2, value, "user:1")
    store_page(account, Page(events=(event(2, kind="reply", parent_key=event(1).key),)))
    assert (row(1).priority, row(1).type, row(1).messages) == ("high", "problem", 3)


@pytest.mark.parametrize("deed", ["close", "spam", "snooze"])
@pytest.mark.parametrize("stood", ["open", "pending", "snoozed", "closed", "spam"])
def test_what_is_taken_back_stands_as_before(talk: int, stood: str, deed: str) -> None:
    soon, later = db.now() + timedelta(days=1), db.now() + timedelta(days=2)
    with db.write() as session:
        if stood == "snoozed":
            desk.snooze(session, talk, soon, "user:1")
        elif stood == "pending":
            moved = {"state": "pending", "waiting_since": None, "last_outbound_at": db.now()}
            session.execute(sa.update(db.table(Conversation)).values(**moved))
        elif stood != "open":
            desk.set_state(session, talk, stood, "user:1")
    before = row(talk)
    with db.write() as session:
        done = (
            desk.snooze(session, talk, later, "user:1")
            if deed == "snooze"
            else getattr(desk, deed)(session, talk, "user:1")
        )
        if done:
            assert desk.restore(session, talk, before.state, before.snoozed_until, "user:1")
    after = row(talk)
    for name in ("state", "snoozed_until", "waiting_since"):
        assert getattr(after, name) == getattr(before, name), name


def test_what_was_opened_meanwhile_stays_open(talk: int) -> None:
    do(desk.close, talk, "user:1")
    do(desk.reopen, talk, "user:2")
    assert not do(desk.restore, talk, "snoozed", db.now() + timedelta(days=1), "user:1")
    assert row(talk).state == "open"


def test_what_somebody_puts_back_is_unread_for_them_until_they_open_it(talk: int, account: int) -> None:
    def told(author: str) -> tuple[bool, bool]:
        with db.read() as session:
            return sightings.unread(session, author, row(talk)), sightings.news(session, author, row(talk))

    for author in ("user:1", "user:2"):
        do(sightings.mark, author, row(talk))
    assert do(sightings.put_back, "user:1", row(talk))
    assert (told("user:1"), told("user:2")) == ((True, False), (False, False))
    arrive(account, 2)
    assert (told("user:1"), told("user:2")) == ((True, False), (True, True)), "a page that stays open leaves it unread"
    do(sightings.mark, "user:1", row(talk))
    assert told("user:1") == (False, False)
