"""Notifications: who is told what, made in the transaction of the reason, once for each reason and person.

Nobody is told of what they did themselves. Whether a notification stands in the page, goes to browsers or into a mail
is decided when it is made, by what the person chose for its kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.event import MESSAGE_KINDS
from core.outbox import DONE, Item, Outcome
from inbox import watching, workers
from inbox.models import Conversation, Message
from inbox.notice_models import Notification, NotificationChoice, Watcher
from inbox.rule_models import Rule
from inbox.team_models import TeamMember

KINDS = (
    "assigned", "team", "message", "mention", "watched", "warned", "breached", "failed", "stopped", "rule",
    "held", "approval", "approved", "rejected",
)  # fmt: skip
PAGE, PUSH, MAIL = CHANNELS = ("page", "push", "mail")
USUAL: Mapping[str, tuple[str, ...]] = {kind: CHANNELS for kind in KINDS} | {
    "team": (PAGE,),
    "message": (PAGE, PUSH),
    "watched": (PAGE, PUSH),
    "approved": (PAGE,),
}
"""Kind → channels, for who has chosen nothing."""
OF_ONES_OWN = ("failed", "stopped", "held", "approved", "rejected")
"""Kinds about a reply of one's own: told even to who does not see the conversation any more."""
FRESH = timedelta(days=1)
"""Messages that were stored longer ago are history: nobody is told."""
KEPT = timedelta(days=90)
"""What was read is kept so long."""
ASSIGNEE = "assignee"
FAILED = "answer"
"""How the reason begins of a notice of a rule whose answer failed."""
_DEEDS = {
    "assigned": "assigned", "teamed": "team", "sla-warned": "warned", "sla-breached": "breached", "closed": "watched",
}  # fmt: skip
"""Activity → kind."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notification to be made."""

    who: str
    kind: str
    conversation_id: int
    reason: str
    actor: str = ""


def add(session: Session, found: Iterable[Notice]) -> int:
    """Make notifications in the caller's transaction; what was made for the same reason before is left. How many.

    Who does not see the conversation is told of nothing but their own replies.
    """
    wanted = {(one.who, one.reason): one for one in found if one.who.startswith("user:") and one.who != one.actor}
    unseen = workers.unseen(session, {who for who, _ in wanted}, {one.conversation_id for one in wanted.values()})
    wanted = {
        key: one
        for key, one in wanted.items()
        if one.kind in OF_ONES_OWN or (one.conversation_id, one.who) not in unseen
    }
    if not wanted:
        return 0
    chosen, moment = _channels(session, {who for who, _ in wanted}), db.now()
    rows = []
    for one in wanted.values():
        channels = chosen.get(one.who, {}).get(one.kind, USUAL[one.kind])
        if channels:
            rows.append(
                {
                    "who": one.who, "kind": one.kind, "conversation_id": one.conversation_id, "actor": one.actor,
                    "reason": one.reason, "at": moment, "page": PAGE in channels, "push": PUSH in channels,
                    "mail": int(MAIL in channels),
                }
            )  # fmt: skip
    if not rows:
        return 0
    n = db.table(Notification)
    made = session.execute(db.upsert(Notification).on_conflict_do_nothing().returning(n.c.id, n.c.who), rows).all()
    _announce(session, {row.id: row.who for row in made})
    return len(made)


def _channels(session: Session, people: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    t = db.table(NotificationChoice)
    rows = session.execute(sa.select(t.c.who, t.c.channels).where(t.c.who.in_(sorted(people))))
    return {who: channels for who, channels in rows}


def _announce(session: Session, made: Mapping[int, str]) -> None:
    letters = [(str(number), {"notification_id": number, "who": who}) for number, who in made.items()]
    outbox.emit(session, "notification.made", letters)


# --- reasons --------------------------------------------------------------------------------------------


def of_activities(session: Session, made: Mapping[int, tuple[int, str]], actor: str, assignee: str) -> None:
    """What was done to conversations, {activity: (conversation, what)}, tells whom it concerns."""
    found: list[Notice] = []
    for activity_id, (conversation_id, what) in made.items():
        kind = _DEEDS.get(what)
        if kind is None:
            continue
        if kind == "watched":
            people: Sequence[str] = watching.of(session, conversation_id)
        else:
            people = [assignee] if kind == "assigned" else _carers(session, conversation_id, team=kind == "team")
        found += [Notice(one, kind, conversation_id, f"activity:{activity_id}", actor) for one in people]
    add(session, found)


def _carers(session: Session, conversation_id: int, *, team: bool) -> Sequence[str]:
    """Who takes care of it; where nobody does, or with `team`, its team."""
    c = db.table(Conversation)
    row = session.execute(sa.select(c.c.assignee, c.c.team_id).where(c.c.id == conversation_id)).one()
    if row.assignee and not team:
        return [row.assignee]
    return members(session, row.team_id) if row.team_id is not None else []


def answer_failed(session: Session, rule: str, conversation_id: int, reason: str) -> None:
    """An answer of `rule:3` did not arrive: who takes care of the conversation is told once, or its team, or whoever
    made the rule."""
    r = db.table(Rule)
    told = _carers(session, conversation_id, team=False)
    if not told:
        number = int(rule.partition(":")[2])
        told = session.scalars(sa.select(r.c.changed_by).where(r.c.id == number)).all()
    add(session, [Notice(one, "rule", conversation_id, f"{FAILED}:{reason}", rule) for one in told])


def members(session: Session, team_id: int) -> list[str]:
    """The people of a team."""
    t = db.table(TeamMember)
    return list(session.scalars(sa.select(t.c.member).where(t.c.team_id == team_id).order_by(t.c.member)))


def people(session: Session, target: str, conversation_id: int) -> list[str]:
    """Whom a target means: `user:3`, everybody of `team:2`, or the `assignee` of the conversation."""
    if target == ASSIGNEE:
        assignee = session.scalar(sa.select(db.table(Conversation).c.assignee).where(
            db.table(Conversation).c.id == conversation_id
        ))  # fmt: skip
        return [assignee] if assignee else []
    kind, _, number = target.partition(":")
    return members(session, int(number)) if kind == "team" else [target]


def on_message(items: list[Item]) -> Outcome:
    """message.stored: a new message tells who takes care of its conversation and who watches, the first its team."""
    ids = sorted({int(one) for item in items for one in item.payload["message_id"]})
    m, c, n = db.table(Message), db.table(Conversation), db.table(Notification)
    given = sa.exists().where(
        n.c.who == c.c.assignee, n.c.conversation_id == c.c.id, n.c.kind == "assigned", n.c.at >= m.c.stored_at
    )
    query = (
        sa.select(m.c.id, c.c.id.label("conversation_id"), c.c.assignee)
        .join(c, c.c.id == m.c.conversation_id)
        .where(*_fresh(ids))
        .where(c.c.assignee != "", c.c.state != "spam", ~given)  # who was given it just now knows of it
        .order_by(m.c.id)
    )
    with db.read() as session:
        rows = session.execute(query).all()
        found = [Notice(row.assignee, "message", row.conversation_id, f"message:{row.id}") for row in rows]
        found += _begun(session, ids) + _watched(session, ids)

    def write(session: Session) -> None:
        add(session, found)

    return Outcome(write) if found else DONE


def _fresh(ids: Sequence[int]) -> list[sa.ColumnElement[bool]]:
    """Those of the messages that are news to somebody here."""
    m = db.table(Message)
    theirs = [m.c.id.in_(ids), m.c.direction == "inbound", m.c.origin == "inbox", m.c.version == 1]
    spoken = [m.c.kind.in_(sorted(MESSAGE_KINDS)), m.c.stored_at > db.now() - FRESH, m.c.deleted_at.is_(None)]
    return theirs + spoken


def _watched(session: Session, ids: Sequence[int]) -> list[Notice]:
    """For who watches a conversation that one of these messages came into, and does not take care of it."""
    m, c, w = db.table(Message), db.table(Conversation), db.table(Watcher)
    query = (
        sa.select(m.c.id, m.c.conversation_id, w.c.who)
        .join(c, c.c.id == m.c.conversation_id)
        .join(w, w.c.conversation_id == m.c.conversation_id)
        .where(*_fresh(ids), c.c.state != "spam", w.c.who != c.c.assignee)
        .order_by(m.c.id, w.c.who)
    )
    return [Notice(row.who, "watched", row.conversation_id, f"message:{row.id}") for row in session.execute(query)]


def _begun(session: Session, ids: Sequence[int]) -> list[Notice]:
    """Conversations that begin with one of these messages and belong to a team since they came."""
    m, c, before = db.table(Message), db.table(Conversation), db.table(Message).alias()
    earlier = sa.exists().where(
        before.c.conversation_id == c.c.id, before.c.id < m.c.id, before.c.direction == "inbound",
        before.c.origin != "context",
    )  # fmt: skip
    query = sa.select(c.c.id, c.c.team_id, c.c.assignee).join(m, m.c.conversation_id == c.c.id)
    query = query.where(*_fresh(ids), c.c.team_id.is_not(None), c.c.state.not_in(("closed", "spam")), ~earlier)
    return [
        Notice(who, "team", number, f"begun:{number}")
        for number, team, assignee in session.execute(query.order_by(c.c.id)).all()
        for who in members(session, team)
        if who != assignee  # who was given it is told so
    ]


# --- reading --------------------------------------------------------------------------------------------


def unread(session: Session, who: str) -> int:
    """How many stand unread in the page."""
    n = db.table(Notification)
    query = sa.select(sa.func.count()).where(n.c.who == who, n.c.read_at.is_(None), n.c.page.is_(True))
    return int(session.scalar(query) or 0)


def unread_of(session: Session, who: str, conversation_id: int) -> bool:
    """Something about this conversation is unread."""
    n = db.table(Notification)
    query = sa.select(n.c.id).where(n.c.who == who, n.c.conversation_id == conversation_id, n.c.read_at.is_(None))
    return session.execute(query.limit(1)).first() is not None


def listed(
    session: Session, who: str, *, before: int = 0, fresh: bool = False, limit: int = 50
) -> Sequence[Notification]:
    """Notifications of one person, newest first: those before a number, or with `fresh` the unread ones alone."""
    n = db.table(Notification)
    query = sa.select(Notification).where(n.c.who == who, n.c.page.is_(True))
    if before:
        query = query.where(n.c.id < before)
    if fresh:
        query = query.where(n.c.read_at.is_(None))
    return session.scalars(query.order_by(n.c.id.desc()).limit(limit)).all()


def read(session: Session, who: str, *, number: int = 0, conversation_id: int = 0) -> int:
    """They have been read: one, those of a conversation, or all of this person; returns how many were not before."""
    n = db.table(Notification)
    conditions = [n.c.who == who, n.c.read_at.is_(None)]
    if number:
        conditions.append(n.c.id == number)
    if conversation_id:
        conditions.append(n.c.conversation_id == conversation_id)
    if session.execute(sa.select(n.c.id).where(*conditions).limit(1)).first() is None:
        return 0
    gone = session.execute(sa.update(n).where(*conditions).values(read_at=db.now()))
    session.execute(sa.delete(n).where(n.c.who == who, n.c.read_at < db.now() - KEPT))
    outbox.emit(session, "notification.read", [(who, {"who": who})])
    return int(gone.rowcount)  # type: ignore[attr-defined]  # a cursor result


def forget(session: Session, reason: str, but: Iterable[str] = (), kind: str = "") -> None:
    """The reason is gone, or is none for a notice of this kind: nobody is told any more, apart from `but`."""
    n, kept = db.table(Notification), sorted(but)
    which = [n.c.reason == reason, n.c.who.not_in(kept), *([n.c.kind == kind] if kind else [])]
    gone = session.execute(sa.delete(n).where(*which).returning(n.c.who)).scalars().all()
    outbox.emit(session, "notification.read", [(who, {"who": who}) for who in sorted(set(gone))])


# --- choosing -------------------------------------------------------------------------------------------


def choice(session: Session, who: str) -> NotificationChoice:
    """How somebody wants to be told."""
    return session.get(NotificationChoice, who) or NotificationChoice(who=who)


def channels(chosen: NotificationChoice) -> dict[str, Sequence[str]]:
    """Kind → channels, of every kind."""
    return {kind: chosen.channels.get(kind, USUAL[kind]) for kind in KINDS}


def choose(session: Session, chosen: NotificationChoice) -> None:
    """Keep it; notifications that are there already stay as they are."""
    session.merge(chosen)
