"""Merging conversations into one case and splitting them again, in one transaction each.

The parent holds the messages of all; each knows its own conversation (`message.home_id`). The others stay as empty
shells that no list, count or search finds: they keep their thread, so that what comes in there goes on in the parent.
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
from core.event import MESSAGE_KINDS, Event
from inbox import activities, attachments, automatic, states, watching
from inbox.fields.models import FieldValue
from inbox.forward_models import Forward
from inbox.models import Account, Activity, Conversation, ConversationTag, Message, Note, ReplyRow
from inbox.notice_models import Notification
from inbox.parts import rule
from inbox.parts.models import CasePart
from inbox.parts.rule import Deed, Own
from inbox.rule_models import RuleRun
from inbox.sla_models import SlaClock
from inbox.states import Standing
from inbox.surveys.models import SurveyAnswer, SurveyInvitation

MOST = 20
"""Conversations of one case."""
MOVED: Mapping[str, Any] = {
    "note": Note, "activity": Activity, "reply": ReplyRow, "notification": Notification, "rule_run": RuleRun,
    "forward": Forward, "survey_invitation": SurveyInvitation, "survey_answer": SurveyAnswer,
}  # fmt: skip
"""What was written in a conversation goes with it to the parent, and back."""
FACTS = ("language", "sentiment", "intent", "urgency", "emotion", "offensive", "labels")
_STANDING = tuple(Standing.__dataclass_fields__)
DEEDS = {"closed": "closed", "spam": "spam", "reopened": "reopened", "snoozed": "snoozed", "woke": "woke"}

SAME = "A conversation is merged with another one, not with itself."
GONE = "There is no such conversation."
HEARD = "Only conversations of the inbox are merged."
IN_ANOTHER = "It is part of another case already. Merge that one, or split it first."
TOO_MANY = "A case has 20 conversations at most."
NO_PART = "This conversation is no part of that case."
SENTENCES = (SAME, GONE, HEARD, IN_ANOTHER, TOO_MANY, NO_PART)


@dataclass(frozen=True, slots=True)
class Part:
    """A conversation of a case, for pages and programs."""

    id: int
    platform: str
    account: str
    """Handle of our account."""
    at: datetime
    """Since when it is part of the case."""


# --- looking ----------------------------------------------------------------------------------------------


def parents(session: Session, ids: Collection[int]) -> dict[int, int]:
    """{conversation: the parent in which it is shown} of those that are part of another."""
    if not ids:
        return {}
    sql = f"SELECT conversation_id, parent_id FROM case_part WHERE {bulk.among('conversation_id')}"  # noqa: S608  # constants
    rows = bulk.fetch(session, sql, bulk.listed(ids), prepared=True)
    return {number: parent for number, parent in rows if number != parent}


def cases(session: Session, ids: Collection[int]) -> bool:
    """Any of these is a case that was merged, or part of one."""
    sql = f"SELECT 1 FROM case_part WHERE {bulk.among('conversation_id')} LIMIT 1"  # noqa: S608  # constants
    return bool(bulk.fetch(session, sql, bulk.listed(ids), prepared=True))


def of(session: Session, parent_id: int) -> list[Part]:
    """The conversations of a case, the parent first; empty when it is one alone."""
    sql = (
        "SELECT p.conversation_id, c.platform, a.handle, p.at FROM case_part p "
        "JOIN conversation c ON c.id = p.conversation_id JOIN account a ON a.id = c.account_id "
        "WHERE p.parent_id = ? ORDER BY p.conversation_id <> p.parent_id, p.conversation_id"
    )
    rows = bulk.fetch(session, sql, parent_id, prepared=True)
    return [Part(row[0], row[1], row[2], bulk.moment(row[3]) or db.now()) for row in rows]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Since when each conversation of a case is part of it, and what was done in which of them before."""

    parent: int
    since: Mapping[int, datetime]
    """Of those that are merged into the parent."""
    deeds: Mapping[int, int]
    """{activity: the conversation in which it was done before that was merged}."""

    def wrote(self, activity_id: int) -> int:
        """The conversation in which something was done; the parent for what was done in the case."""
        return self.deeds.get(activity_id, self.parent)

    def held(self, home: int, at: datetime) -> tuple[int, ...]:
        """For which of its conversations that holds which happened then in one of them."""
        if home in self.since and at < self.since[home]:
            return (home,)
        return self.parent, *(one for one, since in self.since.items() if since <= at)


def timelines(session: Session, parent_ids: Collection[int]) -> dict[int, Timeline]:
    """{case: its timeline} of those of these conversations that are merged cases."""
    p = db.table(CasePart)
    query = sa.select(CasePart).where(p.c.parent_id.in_(sorted(parent_ids)), p.c.conversation_id != p.c.parent_id)
    found: dict[int, list[CasePart]] = {}
    for one in session.scalars(query.order_by(p.c.conversation_id)):
        found.setdefault(one.parent_id, []).append(one)
    return {
        parent: Timeline(
            parent,
            {one.conversation_id: one.at for one in some},
            {row: one.conversation_id for one in some for row in one.own.get("rows", {}).get("activity", ())},
        )
        for parent, some in found.items()
    }


def _parts(session: Session, parent_id: int) -> list[CasePart]:
    p = db.table(CasePart)
    query = sa.select(CasePart).where(p.c.parent_id == parent_id)
    return list(session.scalars(query.order_by(p.c.conversation_id != p.c.parent_id, p.c.conversation_id)))


# --- merging ----------------------------------------------------------------------------------------------


def merge(session: Session, parent_id: int, other_id: int, actor: str, *, forced: bool = False) -> bool:
    """Have `other_id` go on in `parent_id`, with all that is merged into it. False when it does so already.

    Rejected says why not; what hangs together by its messages is merged whatever it is (`forced`).
    """
    if parent_id == other_id:
        raise Rejected(SAME)
    rows = locked(session, [parent_id, other_id])
    known = parents(session, [parent_id, other_id])
    if known.get(other_id) == parent_id:
        return False
    if known:
        raise Rejected(IN_ANOTHER)
    if not forced and not (rows[parent_id]["inbox"] and rows[other_id]["inbox"]):
        raise Rejected(HEARD)
    theirs = _parts(session, other_id) or [_begin(session, rows[other_id], other_id, actor)]
    ours = _parts(session, parent_id) or [_begin(session, rows[parent_id], parent_id, actor)]
    if not forced and len(ours) + len(theirs) > MOST:
        raise Rejected(TOO_MANY)
    moment, apart = db.now(), {"own": own_of(session, rows[parent_id]), "other": own_of(session, rows[other_id])}
    for one in theirs:
        one.own = {**one.own, **rule.written(_now(session, one))}
        one.parent_id, one.actor, one.at = parent_id, actor, moment
        session.add(one)
    _keep_ids(session, theirs, other_id)
    _move(session, other_id, parent_id)
    watching.along(session, other_id, parent_id)
    put(session, parent_id, rule.united([apart["own"], apart["other"]]))
    empty(session, other_id)
    detail = {"other": other_id, "platform": rows[other_id]["platform"]}
    activities.record(session, {parent_id: "merged"}, actor, detail)
    activities.changed(session, [other_id])
    audit.record(session, actor, "conversation.merged", f"conversation:{parent_id}", detail)
    return True


def locked(session: Session, ids: Sequence[int]) -> dict[int, Any]:
    c = db.table(Conversation)
    query = sa.select(c).where(c.c.id.in_(ids)).order_by(c.c.id).with_for_update()
    rows = {row["id"]: row for row in session.execute(query).mappings()}
    if len(rows) < len(set(ids)):
        raise Rejected(GONE)
    return rows


def _begin(session: Session, row: Any, parent_id: int, actor: str) -> CasePart:
    """A conversation that was alone becomes a part, as it is now."""
    own = own_of(session, row)
    part = CasePart(
        conversation_id=row["id"], parent_id=parent_id, identity_id=row["identity_id"], own=rule.written(own),
        actor=actor, at=db.now(),
    )  # fmt: skip
    session.add(part)
    session.flush()
    return part


def own_of(session: Session, row: Any) -> Own:
    t, v = db.table(ConversationTag), db.table(FieldValue)
    tags = session.scalars(sa.select(t.c.tag).where(t.c.conversation_id == row["id"]).order_by(t.c.tag)).all()
    values = session.execute(sa.select(v.c.field_id, v.c.value).where(v.c.conversation_id == row["id"])).all()
    return Own(
        standing=Standing(**{name: row[name] for name in _STANDING}),
        **{name: row[name] for name in (*rule.SCALARS, "priority", "snoozed_until")},
        tags=list(tags),
        values={str(number): value for number, value in values},
        facts={name: row[name] for name in FACTS},
    )


def _keep_ids(session: Session, theirs: Sequence[CasePart], other_id: int) -> None:
    """What stands in the conversation now belongs to it: all that is not another part's."""
    for name, model in MOVED.items():
        t = db.table(model)
        here = set(session.scalars(sa.select(t.c.id).where(t.c.conversation_id == other_id)))
        for one in theirs:
            if one.conversation_id != other_id:
                here -= set(one.own.get("rows", {}).get(name, ()))
        for one in theirs:
            if one.conversation_id == other_id:
                one.own = {**one.own, "rows": {**one.own.get("rows", {}), name: sorted(here)}}
                session.add(one)
    session.flush()


def _move(session: Session, other_id: int, parent_id: int) -> None:
    m = db.table(Message)
    home = sa.func.coalesce(m.c.home_id, other_id)
    change = sa.update(m).where(m.c.conversation_id == other_id)
    session.execute(change.values(home_id=home, conversation_id=parent_id))
    for model in MOVED.values():
        t = db.table(model)
        session.execute(sa.update(t).where(t.c.conversation_id == other_id).values(conversation_id=parent_id))
    attachments.moved(session, other_id, parent_id)


def empty(session: Session, conversation_id: int) -> None:
    """A shell that nothing finds: not of the inbox, private, nobody's, without any text."""
    c = db.table(Conversation)
    nothing: dict[str, Any] = {
        **dict.fromkeys((*rule.MOMENTS, "snoozed_until", "identity_id", "team_id", "sla_due_at")),
        "first_at": c.c.first_at, "last_at": c.c.last_at, "state": "closed", "inbox": False, "private": True,
        "messages": 0, "excerpt": "", "assignee": "", "type": "", "priority": "normal",
    }  # fmt: skip
    session.execute(sa.update(c).where(c.c.id == conversation_id).values(**nothing))
    for model in (ConversationTag, FieldValue, SlaClock):
        t = db.table(model)
        session.execute(sa.delete(t).where(t.c.conversation_id == conversation_id))


def put(session: Session, conversation_id: int, own: Own) -> None:
    """Write what a conversation has."""
    c, t, v = db.table(Conversation), db.table(ConversationTag), db.table(FieldValue)
    scalars = {name: getattr(own, name) for name in (*rule.SCALARS, "priority", "snoozed_until")}
    session.execute(sa.update(c).where(c.c.id == conversation_id).values(**vars(own.standing), **scalars, **own.facts))
    session.execute(sa.delete(t).where(t.c.conversation_id == conversation_id))
    session.execute(sa.delete(v).where(v.c.conversation_id == conversation_id))
    if own.tags:
        session.execute(sa.insert(t), [{"conversation_id": conversation_id, "tag": one} for one in own.tags])
    if own.values:
        rows = [
            {"conversation_id": conversation_id, "field_id": int(number), "value": value}
            for number, value in own.values.items()
        ]
        session.execute(sa.insert(v), rows)


# --- splitting --------------------------------------------------------------------------------------------


def split(session: Session, part_id: int, actor: str, parent_id: int | None = None) -> int:
    """Have a merged conversation be one of its own again; returns the parent. Rejected when it is no part."""
    parent = parents(session, [part_id]).get(part_id)
    if parent is None or (parent_id is not None and parent != parent_id):
        raise Rejected(NO_PART)
    rows = locked(session, [parent, part_id])
    parts = _parts(session, parent)
    now = {one.conversation_id: _now(session, one) for one in parts}
    current, made = own_of(session, rows[parent]), rule.united(list(now.values()))
    left = rule.united([own for number, own in now.items() if number != part_id])
    going = next(one for one in parts if one.conversation_id == part_id)
    _move_back(session, going, parent)
    put(session, part_id, shown(session, part_id, now[part_id]))
    after = rule.kept(current, made, left)
    put(session, parent, shown(session, parent, after))
    session.delete(going)
    if len(parts) == 2:
        session.delete(next(one for one in parts if one.conversation_id == parent))
    session.flush()
    detail = {"other": part_id, "platform": rows[part_id]["platform"]}
    activities.record(session, {parent: "split"}, actor, detail)
    activities.changed(session, [part_id])
    audit.record(session, actor, "conversation.split", f"conversation:{parent}", detail)
    return parent


def dissolve(session: Session, identity_ids: Collection[int], actor: str) -> None:
    """Split every case with a conversation of these people, so that each is looked at by itself."""
    p = db.table(CasePart)
    touched = sa.select(p.c.parent_id).where(p.c.identity_id.in_(sorted(identity_ids)))
    query = sa.select(p.c.conversation_id).where(p.c.parent_id.in_(touched), p.c.conversation_id != p.c.parent_id)
    for one in session.scalars(query.order_by(p.c.conversation_id)).all():
        split(session, one, actor)


def _now(session: Session, part: CasePart) -> Own:
    return rule.replayed(rule.read(part.own), _happened(session, part), _heard(session, part))


def _home(part: CasePart) -> tuple[Any, ...]:
    """Messages of a part."""
    m = db.table(Message)
    home = m.c.home_id.is_(None) if part.conversation_id == part.parent_id else m.c.home_id == part.conversation_id
    return m.c.conversation_id == part.parent_id, home


def _heard(session: Session, part: CasePart) -> Sequence[datetime]:
    """When they wrote in a part before it was merged."""
    m = db.table(Message)
    theirs = (m.c.direction == "inbound", m.c.origin == "inbox", m.c.kind.in_(sorted(MESSAGE_KINDS)))
    return session.scalars(sa.select(m.c.posted_at).where(*_home(part), *theirs, m.c.stored_at <= part.at)).all()


def counting_as() -> Any:
    """The origin of a message as the rules of `inbox.states` take it."""
    m = db.table(Message)
    return sa.case((m.c.id.in_(automatic.messages()), "context"), else_=m.c.origin).label("origin")


def _happened(session: Session, part: CasePart) -> list[Event | Deed]:
    """What came in a part since it was merged, and what was done to the case that holds for all of it."""
    m, a = db.table(Message), db.table(Activity)
    rows = session.execute(
        sa.select(
            m.c.key, m.c.platform, m.c.kind, m.c.direction, counting_as(), m.c.text, m.c.posted_at, m.c.visibility,
            m.c.stored_at, m.c.id,
        )
        .where(*_home(part), m.c.stored_at > part.at)
        .order_by(m.c.stored_at, m.c.posted_at, m.c.id)
    ).mappings()  # fmt: skip
    found: list[tuple[datetime, int, Event | Deed]] = []
    for row in rows:
        values = {name: row[name] for name in row if name not in ("stored_at", "id")}
        found.append((row["stored_at"], 0, Event.model_construct(**values)))
    done = sa.select(a.c.id, a.c.at, a.c.what, a.c.detail).where(
        a.c.conversation_id == part.parent_id, a.c.at > part.at, a.c.what.in_(list(DEEDS))
    )
    brought = {one for each in _parts(session, part.parent_id) for one in each.own.get("rows", {}).get("activity", ())}
    for number, at, what, detail in session.execute(done.order_by(a.c.at, a.c.id)):
        if number in brought:  # it was done to one that was merged later, when that stood alone
            continue
        if detail.get("by") != "message":  # the message says so itself
            until = datetime.fromisoformat(detail["until"]) if detail.get("until") else None
            found.append((at, 1, Deed(at, what, until)))
    return [one for _, _, one in sorted(found, key=lambda entry: entry[:2])]


def _move_back(session: Session, part: CasePart, parent_id: int) -> None:
    m, r = db.table(Message), db.table(ReplyRow)
    number = part.conversation_id
    answers = sa.select(m.c.id).where(m.c.home_id == number)
    session.execute(
        sa.update(r).where(r.c.conversation_id == parent_id, r.c.answers_id.in_(answers)).values(conversation_id=number)
    )
    here = sa.update(m).where(m.c.conversation_id == parent_id, m.c.home_id == number)
    session.execute(here.values(conversation_id=number, home_id=None))
    for name, ids in part.own.get("rows", {}).items():
        t = db.table(MOVED[name])
        session.execute(
            sa.update(t).where(t.c.id.in_(ids), t.c.conversation_id == parent_id).values(conversation_id=number)
        )
    attachments.follow(session, parent_id, number)


def shown(session: Session, conversation_id: int, own: Own) -> Own:
    """With what its own messages say: the excerpt, and the facts of the newest inbound one."""
    m = db.table(Message)
    theirs = (m.c.conversation_id == conversation_id, m.c.deleted_at.is_(None))
    said = sa.select(m.c.text, *(m.c[name] for name in FACTS)).where(
        *theirs, m.c.direction == "inbound", m.c.origin.in_(("inbox", "archive")), m.c.kind.in_(sorted(MESSAGE_KINDS))
    )
    newest = session.execute(said.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(1)).mappings().first()
    if newest is None:
        first = sa.select(m.c.text).where(*theirs, m.c.text != "").order_by(m.c.id).limit(1)
        own.standing.excerpt = (session.scalar(first) or "")[: states.EXCERPT]
        return own
    own.standing.excerpt = newest["text"][: states.EXCERPT]
    if newest["language"] or newest["sentiment"]:
        own.facts = {name: newest[name] for name in FACTS}
    return own


def account_of(session: Session, conversation_id: int) -> Account | None:
    """The account in which a conversation, or a part of a case, is answered."""
    row = session.get(Conversation, conversation_id)
    return session.get(Account, row.account_id) if row is not None else None
