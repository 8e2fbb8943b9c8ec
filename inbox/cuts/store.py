"""Splitting a conversation from a message on, and taking that back; in one transaction each.

The message and all after it become a conversation of their own, with the notes written since and the replies to them.
What was done stays with the conversation it was done to. Both are counted anew, and their promises with them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db
from core.errors import Rejected
from core.event import MESSAGE_KINDS
from inbox import activities, attachments, clocks, drafts, watching
from inbox.cuts import counting, family, rule
from inbox.cuts.models import ThreadCut
from inbox.cuts.rule import Line
from inbox.models import Activity, Conversation, Draft, Message, Note, ReplyRow, Seen
from inbox.notice_models import Notification
from inbox.parts import rule as case_rule
from inbox.parts import store as parts

AT_ONCE = 500
GONE = "There is no such conversation."
HEARD = "Only conversations of the inbox are split."
NOT_HERE = "This message is not in this conversation."
ALL_OF_IT = "Something they wrote has to stay, and something they wrote has to go: choose a later message."
IN_A_CASE = "It is part of a merged case. Split the case first."
NO_CUT = "This conversation was not split off another one."
SENTENCES = (GONE, HEARD, NOT_HERE, ALL_OF_IT, IN_A_CASE, NO_CUT)


@dataclass(frozen=True, slots=True)
class Going:
    """What a split takes along: how many messages and notes, and from when to when they were posted."""

    messages: int
    stay: int
    notes: int
    first_at: datetime
    last_at: datetime
    leaves: Sequence[int] = ()
    """Conversations that leave their merged case first; how many notes go is known only then."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The conversations beside one that was split: where it comes from (0: nowhere), and what was split off it."""

    came_from: int
    split_off: Sequence[int]
    follows: bool = False
    """It began by itself, with a message long after the other one was closed."""


# --- looking ----------------------------------------------------------------------------------------------


def ends(session: Session, conversation_id: int) -> Ends:
    """Where a conversation comes from, and what was split off it."""
    sql = (
        "SELECT conversation_id, from_id, actor FROM thread_cut "
        "WHERE (conversation_id = ? OR from_id = ?) AND back_at IS NULL ORDER BY conversation_id"
    )
    found = bulk.fetch(session, sql, conversation_id, conversation_id, prepared=True)
    came, actor = next(((origin, who) for number, origin, who in found if number == conversation_id), (0, ""))
    return Ends(came, [number for number, origin, _ in found if origin == conversation_id], actor == "system")


def looked_at(session: Session, conversation_id: int, message_id: int) -> Going:
    """What would go; Rejected says why nothing can."""
    home, leaves = _leaving(session, conversation_id, message_id)
    lines, going = _going(session, conversation_id, message_id, home if leaves else 0)
    times = [one.posted_at for one in lines if one.id in going]
    notes = session.scalar(sa.select(sa.func.count()).where(*_notes(conversation_id, min(times)))) if not leaves else 0
    return Going(len(going), len(lines) - len(going), notes or 0, min(times), max(times), leaves)


def _leaving(session: Session, conversation_id: int, message_id: int) -> tuple[int, list[int]]:
    """The conversation a message came in, and what leaves the case so that it stands alone: itself, or all others."""
    m = db.table(Message)
    here = (m.c.id == message_id, m.c.conversation_id == conversation_id)
    home = session.scalar(sa.select(m.c.home_id).where(*here)) or conversation_id
    every = [one.id for one in parts.of(session, conversation_id)]
    if home == conversation_id:
        return home, [one for one in every if one != home]
    return home, [home] if home in every else []


def _going(session: Session, conversation_id: int, message_id: int, home: int = 0) -> tuple[list[Line], set[int]]:
    """All messages, and those that go; in a merged case only those of the conversation `home`."""
    row = session.get(Conversation, conversation_id)
    if row is None:
        raise Rejected(GONE)
    if not row.inbox:
        raise Rejected(HEARD)
    if not home and parts.cases(session, [conversation_id]):
        raise Rejected(IN_A_CASE)
    lines = _lines(session, conversation_id, home)
    if all(one.id != message_id for one in lines):
        raise Rejected(NOT_HERE)
    going = set(rule.moving(lines, message_id))
    if not rule.splits(lines, going):
        raise Rejected(ALL_OF_IT)
    return lines, going


def _lines(session: Session, conversation_id: int, home: int) -> list[Line]:
    m = db.table(Message)
    query = sa.select(m.c.id, m.c.key, m.c.parent_key, m.c.kind, m.c.posted_at, m.c.direction, m.c.origin)
    if home:
        query = query.where(sa.func.coalesce(m.c.home_id, conversation_id) == home)
    found = session.execute(query.where(m.c.conversation_id == conversation_id).order_by(m.c.posted_at, m.c.id))
    return [
        Line(
            one.id,
            one.key,
            one.parent_key,
            one.kind,
            one.posted_at,
            one.kind in MESSAGE_KINDS and one.direction == "inbound" and one.origin in ("inbox", "archive"),
        )
        for one in found
    ]


def _notes(conversation_id: int, since: datetime) -> tuple[Any, ...]:
    n = db.table(Note)
    return n.c.conversation_id == conversation_id, n.c.at >= since


# --- splitting ----------------------------------------------------------------------------------------------


def split_from(session: Session, conversation_id: int, message_id: int, actor: str) -> tuple[int, bool]:
    """Have a message and all after it be a conversation of its own: (its number, whether that is new).

    It is open, of the same team, and taken care of by who splits if they took care of the other one. In a merged case
    the conversation of the message stands alone first: it leaves the case, or all others leave it. Rejected says why
    it cannot be split there.
    """
    _alone(session, conversation_id)
    home, leaves = _leaving(session, conversation_id, message_id)
    done = _done(session, conversation_id, message_id)
    if done:
        return done, False
    for one in leaves:
        parts.split(session, one, actor, conversation_id)
    session.expire_all()
    return _split(session, home, message_id, actor), True


def _split(session: Session, conversation_id: int, message_id: int, actor: str) -> int:
    lines, going = _going(session, conversation_id, message_id)
    before = counting.rows(session, [conversation_id])[conversation_id]
    trusted = counting.told(session, before)
    number = _made(session, before, lines, going, actor)
    begins = next(one.posted_at for one in lines if one.id == message_id)
    root = family.of(session, [conversation_id]).roots.get(conversation_id, conversation_id)
    session.add(
        ThreadCut(
            conversation_id=number, root_id=root, from_id=conversation_id, message_id=message_id, begins_at=begins,
            actor=actor, at=db.now(),
        )
    )  # fmt: skip
    session.flush()
    _move(session, conversation_id, number, going, begins)
    activities.record(session, {number: counting.OPENED}, actor, {"other": conversation_id})
    activities.record(session, {conversation_id: "split-from"}, actor, {"other": number})
    counting.recount(session, before, state_too=trusted)
    counting.recount(session, counting.rows(session, [number])[number], state_too=True)
    clocks.count(session, [conversation_id, number], quiet=True)
    detail = {"other": number, "message": message_id}
    audit.record(session, actor, "conversation.split-from", f"conversation:{conversation_id}", detail)
    return number


def _alone(session: Session, conversation_id: int) -> None:
    """Nothing arrives in its account meanwhile, and nobody else splits."""
    row = session.get(Conversation, conversation_id)
    if row is None:
        raise Rejected(GONE)
    if db.dialect() == "postgresql":
        bulk.fetch(session, "SELECT 1 FROM account WHERE id = ? FOR NO KEY UPDATE", row.account_id)


def _done(session: Session, conversation_id: int, message_id: int) -> int:
    """What was split off there already, also when the conversation was in a case then."""
    t, a = db.table(ThreadCut), db.table(Activity)
    query = sa.select(t.c.from_id, t.c.conversation_id).where(t.c.message_id == message_id, t.c.back_at.is_(None))
    made: dict[int, int] = {origin: number for origin, number in session.execute(query)}
    if not made or conversation_id in made:
        return made.get(conversation_id, 0)
    left = session.scalars(sa.select(a.c.detail).where(a.c.conversation_id == conversation_id, a.c.what == "split"))
    return next((made[one["other"]] for one in left if one.get("other") in made), 0)


def _made(session: Session, row: Mapping[str, Any], lines: Sequence[Line], going: Collection[int], actor: str) -> int:
    """A conversation of the same thread, without anything in it yet."""
    m = db.table(Message)
    first = next(one.id for one in lines if one.id in going and one.theirs)
    author = session.scalar(sa.select(m.c.identity_id).where(m.c.id == first))
    made = Conversation(
        **{name: row[name] for name in ("account_id", "platform", "thread_key", "team_id", "first_at", "last_at")},
        identity_id=author or row["identity_id"],
        assignee=actor if row["assignee"] == actor else "",
        labels=[],
    )
    session.add(made)
    session.flush()
    return made.id or 0


def _move(session: Session, from_id: int, to_id: int, going: Collection[int], since: datetime) -> None:
    m, r, n, t = (db.table(one) for one in (Message, ReplyRow, Note, Notification))
    here = {"conversation_id": to_id}
    every = sorted(going)
    for start in range(0, len(every), AT_ONCE):
        session.execute(sa.update(m).where(m.c.id.in_(every[start : start + AT_ONCE])).values(here))
    theirs = sa.select(m.c.id).where(m.c.conversation_id == to_id)
    answers = sa.or_(r.c.answers_id.in_(theirs), r.c.message_id.in_(theirs))
    session.execute(sa.update(r).where(r.c.conversation_id == from_id, answers).values(here))
    notes = session.scalars(sa.update(n).where(*_notes(from_id, since)).values(here).returning(n.c.id)).all()
    reasons = [f"note:{one}" for one in notes]
    session.execute(sa.update(t).where(t.c.conversation_id == from_id, t.c.reason.in_(reasons)).values(here))
    attachments.follow(session, from_id, to_id)
    watching.along(session, from_id, to_id)
    s = db.table(Seen)
    read = sa.select(sa.literal(to_id), s.c.author, s.c.at).where(s.c.conversation_id == from_id)
    session.execute(sa.insert(s).from_select(["conversation_id", "author", "at"], read))


# --- taking it back -----------------------------------------------------------------------------------------


def take_back(session: Session, conversation_id: int, actor: str) -> tuple[int, bool]:
    """Have a conversation that was split off go on where it came from: (its number, whether that changed anything).

    What was written in it comes along, and its tags; one that waited opens the other one. Its number leads there.
    """
    cut = session.get(ThreadCut, conversation_id)
    if cut is None:
        raise Rejected(NO_CUT)
    _alone(session, conversation_id)
    session.refresh(cut)
    target = cut.from_id
    if cut.back_at is not None:
        return target, False
    if parts.cases(session, [conversation_id, target]):
        raise Rejected(IN_A_CASE)
    before = counting.rows(session, [conversation_id, target])
    ours, theirs = before[target], before[conversation_id]
    trusted = counting.told(session, ours)
    both = case_rule.united([parts.own_of(session, ours), parts.own_of(session, theirs)])
    _gather(session, conversation_id, target)
    parts.put(session, target, both)
    parts.empty(session, conversation_id)
    t = db.table(ThreadCut)
    session.execute(sa.update(t).where(t.c.from_id == conversation_id).values(from_id=target))
    cut.back_at = db.now()
    session.add(cut)
    session.flush()
    activities.record(session, {target: "split-back"}, actor, {"other": conversation_id})
    stood = {name: ours[name] for name in ("state", "closed_at", "snoozed_until")}
    if theirs["state"] in counting.WAITS and ours["state"] not in counting.WAITS:
        activities.record(session, {target: "reopened"}, actor)
        stood = {"state": "open", "closed_at": None, "snoozed_until": None}
    now = counting.rows(session, [target])[target]
    counting.recount(session, {**now, **stood}, state_too=trusted)
    clocks.count(session, [target, conversation_id], quiet=True)
    activities.changed(session, [conversation_id])
    audit.record(session, actor, "conversation.split-back", f"conversation:{target}", {"other": conversation_id})
    return target, True


def _gather(session: Session, from_id: int, to_id: int) -> None:
    """What is in a conversation goes on in another one; what was done to it stays with its number."""
    moved = {name: model for name, model in parts.MOVED.items() if name != "activity"}
    for model in (Message, *moved.values()):
        t = db.table(model)
        session.execute(sa.update(t).where(t.c.conversation_id == from_id).values(conversation_id=to_id))
    attachments.moved(session, from_id, to_id)
    watching.along(session, from_id, to_id)
    for draft in session.scalars(sa.select(Draft).where(db.table(Draft).c.conversation_id == from_id)).all():
        there = session.get(Draft, (to_id, draft.author))
        text = (f"{there.text}\n\n{draft.text}" if there is not None else draft.text)[: drafts.LIMIT]
        drafts.save(session, draft.author, to_id, there.kind if there is not None else draft.kind, text)
        session.delete(draft)
    session.flush()
