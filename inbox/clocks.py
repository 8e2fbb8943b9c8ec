"""Promises kept beside conversations: counted anew from their events whenever something happens, and looked at in time.

What is stored is what inbox.sla makes of the raw events, so counting twice changes nothing. Open conversations follow
a changed policy; closed ones keep what was promised when they were closed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox, rows
from core.event import MESSAGE_KINDS
from core.outbox import DONE, Item, Outcome
from inbox import activities, automatic, sla, teams
from inbox.conditions import sql, tree
from inbox.conditions.tree import Asker
from inbox.hours import ALWAYS, Calendar
from inbox.models import Activity, Conversation, Message, ReplyRow
from inbox.parts import store as parts
from inbox.sla import Clock, Event, Promise
from inbox.sla_models import SlaClock, SlaPolicy

ACTOR = "rule:sla"
AT_ONCE = 200
_DEEDS: Mapping[str, sla.What] = {
    "closed": "closed", "reopened": "opened", "woke": "opened", "snoozed": "snoozed", "spam": "spam",
}  # fmt: skip
_COLUMNS = ("state", "due_at", "warn_at", "stopped_at", "left", "policy_id", "told", "look_at", "over_at")


# --- reading ----------------------------------------------------------------------------------------------


def events(session: Session, conversation_ids: Sequence[int]) -> dict[int, list[Event]]:
    """What happened in these conversations, as the clocks see it."""
    found: dict[int, list[Event]] = defaultdict(list)
    m, r, a, c = (db.table(one) for one in (Message, ReplyRow, Activity, Conversation))
    said = (
        sa.select(m.c.conversation_id, m.c.posted_at, m.c.direction, m.c.origin, r.c.author, m.c.home_id)
        .outerjoin(r, r.c.message_id == m.c.id)
        .where(m.c.conversation_id.in_(conversation_ids), m.c.kind.in_(sorted(MESSAGE_KINDS)))
        .where(m.c.origin.in_(("inbox", "archive")))
    )
    cases = parts.timelines(session, conversation_ids)
    for number, at, direction, origin, author, home in session.execute(said):
        case = cases.get(number)
        if direction == "inbound" and origin == "inbox":
            found[number].append(Event(at, "inbound", (home or number,) if case else ()))
        elif direction == "outbound" and automatic.answers(author or ""):
            found[number].append(Event(at, "reply", case.held(home or number, at) if case else ()))
    done = sa.select(a.c.conversation_id, a.c.at, a.c.what, a.c.detail, a.c.id)
    for number, at, what, detail, row_id in session.execute(
        done.where(a.c.conversation_id.in_(conversation_ids), a.c.what.in_(list(_DEEDS)))
    ):
        if detail.get("by") != "message":  # the message itself says so
            case = cases.get(number)
            found[number].append(Event(at, _DEEDS[what], case.held(case.wrote(row_id), at) if case else ()))
    now = sa.select(c.c.id, c.c.state, c.c.closed_at, c.c.last_at).where(c.c.id.in_(conversation_ids))
    for number, state, closed_at, last_at in session.execute(now):
        if state in ("closed", "spam") and sla.state_of(found[number]) not in ("closed", "spam", ""):
            found[number].append(Event(max(closed_at or last_at, last_at), state))  # put away before there were deeds
    return found


@dataclass(frozen=True)
class Rules:
    """The policies that are in force, with the hours of the teams."""

    policies: Sequence[SlaPolicy]
    calendars: Mapping[int, Calendar]

    def promise(self, policy: SlaPolicy) -> Promise:
        """What a policy promises."""
        minutes = (policy.first_reply, policy.next_reply, policy.resolution)
        first, following, resolution = (timedelta(minutes=one) if one else None for one in minutes)
        return Promise(first, following, resolution, policy.warn / 100)

    def calendar(self, policy: SlaPolicy, team_id: int | None) -> Calendar:
        """The hours in which its minutes count."""
        return self.calendars.get(team_id or 0, ALWAYS) if policy.business else ALWAYS


def rules(session: Session) -> Rules:
    """As they are now."""
    p = db.table(SlaPolicy)
    found = list(session.scalars(sa.select(SlaPolicy).where(p.c.enabled.is_(True)).order_by(p.c.place, p.c.id)))
    return Rules(found, teams.calendars(session) if any(one.business for one in found) else {})


def policies_of(session: Session, conversation_ids: Sequence[int], given: Rules) -> dict[int, SlaPolicy]:
    """The policy of each conversation: the first that fits."""
    c, asker = db.table(Conversation), Asker("", db.now())
    left = set(conversation_ids)
    found: dict[int, SlaPolicy] = {}
    for policy in given.policies:
        if not left:
            break
        query = sa.select(c.c.id).where(c.c.id.in_(sorted(left)), c.c.inbox == sa.true())
        if policy.conditions:
            query = query.where(sql.holds(tree.read(policy.conditions), asker))
        for number in session.scalars(query):
            found[number] = policy
        left -= found.keys()
    return found


def of_conversation(
    session: Session, conversation_id: int, now: datetime
) -> tuple[SlaPolicy | None, Calendar, list[Clock]]:
    """(its policy, the hours that count, its clocks), out of the events."""
    given = rules(session)
    policy = policies_of(session, [conversation_id], given).get(conversation_id)
    if policy is None:
        return None, ALWAYS, []
    conversation = session.get(Conversation, conversation_id)
    calendar = given.calendar(policy, conversation.team_id if conversation is not None else None)
    happened = events(session, [conversation_id])[conversation_id]
    return policy, calendar, sla.clocks(happened, given.promise(policy), calendar, now)


def stored(session: Session, conversation_id: int) -> list[SlaClock]:
    """Its clocks as they are kept, the oldest first."""
    return rows.where(session, SlaClock, "conversation_id = ? ORDER BY started_at", conversation_id)


def other_now(session: Session, conversation_id: int, found: Sequence[Clock]) -> bool:
    """A conversation that is closed keeps what was promised to it: whether its clocks end otherwise by now."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None or conversation.state not in ("closed", "spam"):
        return False
    counted = {(one.kind, one.started_at): one.state for one in found}
    return {(one.kind, one.started_at): one.state for one in stored(session, conversation_id)} != counted


# --- keeping ----------------------------------------------------------------------------------------------


def count(session: Session, conversation_ids: Sequence[int], *, quiet: bool = False) -> None:
    """Keep the clocks of these conversations as their events say; `quiet` says nothing of what is over already."""
    c, now = db.table(Conversation), db.now()
    locked = sa.select(c.c.id, c.c.team_id, c.c.sla_due_at).where(c.c.id.in_(conversation_ids)).order_by(c.c.id)
    rows = session.execute(locked.with_for_update()).all()
    ids = [row.id for row in rows]
    before: dict[int, dict[tuple[str, datetime], SlaClock]] = defaultdict(dict)
    t = db.table(SlaClock)
    for one in session.scalars(sa.select(SlaClock).where(t.c.conversation_id.in_(ids))):
        before[one.conversation_id][one.kind, one.started_at] = one
    given = rules(session)
    chosen = policies_of(session, ids, given)
    happened = events(session, sorted(chosen)) if chosen else {}
    moved = []
    for row in rows:
        policy, made = chosen.get(row.id), {}
        if policy is not None:
            calendar = given.calendar(policy, row.team_id)
            for clock in sla.clocks(happened[row.id], given.promise(policy), calendar, now):
                old = before[row.id].get((clock.kind, clock.started_at))
                made[clock.kind, clock.started_at] = _values(clock, policy.id or 0, old, now, quiet)
        _keep(session, row.id, before[row.id], made)
        due = min((one["due_at"] for one in made.values() if one["due_at"]), default=None)
        if due != row.sla_due_at:
            session.execute(sa.update(c).where(c.c.id == row.id).values(sla_due_at=due))
            moved.append(row.id)
    if moved:
        activities.changed(session, moved)


def _values(clock: Clock, policy_id: int, old: SlaClock | None, now: datetime, quiet: bool) -> dict[str, Any]:
    """A clock as it is kept; what was said of it once is not said again while it still holds."""
    reached = 2 if clock.state == "breached" else 1 if clock.warn_at is not None and now >= clock.warn_at else 0
    told = min(old.told if old is not None else 0, reached if clock.runs else 2)
    if quiet and (old is None or old.due_at != clock.due_at):
        told = reached
    values = {name: getattr(clock, name) for name in ("state", "due_at", "warn_at", "stopped_at", "left", "over_at")}
    return {**values, "policy_id": policy_id, "told": told, "look_at": _look(clock.due_at, clock.warn_at, told)}


def _look(due_at: datetime | None, warn_at: datetime | None, told: int) -> datetime | None:
    if due_at is None or told == 2:
        return None
    return warn_at if told == 0 and warn_at is not None else due_at


def _keep(
    session: Session, number: int, before: Mapping[tuple[str, datetime], SlaClock], made: Mapping[Any, dict[str, Any]]
) -> None:
    t = db.table(SlaClock)
    for key, old in before.items():
        if key not in made:
            session.delete(old)
    session.flush()
    for (kind, started_at), values in made.items():
        there = before.get((kind, started_at))
        here = {"conversation_id": number, "kind": kind, "started_at": started_at}
        if there is None:
            session.execute(sa.insert(t), {**here, **values})
        elif any(getattr(there, name) != values[name] for name in _COLUMNS):
            same = sa.and_(*(t.c[name] == value for name, value in here.items()))
            session.execute(sa.update(t).where(same).values(**values))


# --- handlers and the clock ---------------------------------------------------------------------------------


def recount(items: list[Item]) -> Outcome:
    """Outbox handler of what happens in conversations: count their clocks anew."""
    with db.read() as session:
        if not _concerned(session):
            return DONE
        talks, messages = (
            sorted({one for item in items for one in item.payload.get(name, ())})
            for name in ("conversation_id", "message_id")
        )
        m = db.table(Message)
        found = session.scalars(sa.select(m.c.conversation_id).where(m.c.id.in_(messages)).distinct())
        ids = sorted({*talks, *found})
    return Outcome(lambda session: count(session, ids))


def _concerned(session: Session) -> bool:
    """There is a policy, or a clock out of one that was."""
    p, t = db.table(SlaPolicy), db.table(SlaClock)
    one = sa.union_all(sa.select(sa.literal(1)).select_from(p), sa.select(sa.literal(1)).select_from(t)).limit(1)
    return session.execute(one).first() is not None


def again(items: list[Item]) -> Outcome:
    """Outbox handler of `sla.changed`: count all open conversations anew, some at a time."""
    after = min(item.payload["after"] for item in items)
    with db.read() as session:
        if not _concerned(session):
            return DONE

    def write(session: Session) -> None:
        c, t = db.table(Conversation), db.table(SlaClock)
        running = sa.exists().where(t.c.conversation_id == c.c.id)
        query = sa.select(c.c.id).where(c.c.id > after, c.c.inbox == sa.true())
        query = query.where(sa.or_(c.c.state.not_in(("closed", "spam")), sa.and_(running, c.c.sla_due_at.is_not(None))))
        ids = list(session.scalars(query.order_by(c.c.id).limit(AT_ONCE)))
        count(session, ids, quiet=True)
        if len(ids) == AT_ONCE:
            outbox.emit(session, "sla.changed", [(str(ids[-1]), {"after": ids[-1]})])

    return Outcome(write)


def changed(session: Session) -> None:
    """Policies are not what they were."""
    outbox.emit(session, "sla.changed", [("0", {"after": 0})])


def look() -> int:
    """Clock job: warn, and say what is over; returns how many. Each is said once, with the deed in one transaction."""
    t, now = db.table(SlaClock), db.now()
    due = sa.select(t.c.conversation_id).where(t.c.look_at <= now)
    with db.read() as session:  # a look first: the write lock only when something is due
        ids = sorted(set(session.scalars(due.order_by(t.c.look_at).limit(AT_ONCE))))
    if not ids:
        return 0
    with db.write() as session:
        c = db.table(Conversation)
        session.execute(sa.select(c.c.id).where(c.c.id.in_(ids)).order_by(c.c.id).with_for_update())
        query = sa.select(SlaClock).where(t.c.conversation_id.in_(ids), t.c.look_at <= now)
        found = list(session.scalars(query.order_by(t.c.conversation_id, t.c.started_at)))
        for one in found:
            _say(session, one, now)
    return len(found)


def _say(session: Session, one: SlaClock, now: datetime) -> None:
    over = one.due_at is not None and now > one.due_at
    what = "breached" if over else "warned"
    due = one.due_at.isoformat() if one.due_at is not None else ""
    detail = {"kind": one.kind, "due": due}
    activities.record(session, {one.conversation_id: f"sla-{what}"}, ACTOR, detail)
    payload = {
        "conversation_id": one.conversation_id, "kind": one.kind, "what": what, "due": due, "policy_id": one.policy_id,
    }  # fmt: skip
    key = f"{one.conversation_id}:{one.kind}:{one.started_at.timestamp()}:{what}:{due}"
    outbox.emit(session, "sla.due", [(key, payload)])
    one.told = 2 if over else 1
    one.state = "breached" if over else one.state
    one.over_at = one.due_at if over else None
    one.look_at = _look(one.due_at, one.warn_at, one.told)
    session.add(one)
    session.flush()
