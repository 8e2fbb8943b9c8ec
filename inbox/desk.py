"""Work on conversations: who takes care, team, priority, type, tags, states. What happens twice counts once.

Each returns whether it changed anything; what changed is an activity in the thread, an entry of the audit
trail, and a sign to open pages. Rejected says what is wrong with what was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db
from core.errors import Rejected
from core.event import MESSAGE_KINDS
from inbox import activities, states, visibility, workers
from inbox.cuts import family
from inbox.fields import values
from inbox.models import Conversation, ConversationTag, Message
from inbox.narrowing import PRIORITIES, TYPES
from inbox.parts import store as parts
from inbox.team_models import Team
from inbox.visibility import EVERYTHING, Sight

TAG = 60
"""Characters of a tag."""
FARTHEST = timedelta(days=730)
"""How far ahead a conversation can be snoozed."""
DUE = 200
"""Conversations the clock wakes in one transaction."""

SHUT_OUT = "This person is shut out. Choose somebody else."
BLIND = "This person does not see conversations of this account. Choose somebody else."

_WORKER = re.compile(r"user:[1-9][0-9]{0,17}")


# --- who takes care, and tags ---------------------------------------------------------------------------


def assign(session: Session, conversation_id: int, assignee: str, actor: str) -> bool:
    """Give a conversation to somebody (`user:3`), or to nobody with an empty `assignee`."""
    if assignee and not _WORKER.fullmatch(assignee):
        raise Rejected("A conversation is given to somebody who works here, or to nobody.")
    before = _one(session, conversation_id)
    if before["assignee"] == assignee:
        return False
    if assignee and workers.shut_out(session, assignee):
        raise Rejected(SHUT_OUT)
    if assignee and workers.blind(session, [assignee], [conversation_id]):
        raise Rejected(BLIND)
    _set(session, conversation_id, assignee=assignee)
    detail = {"assignee": assignee, "before": before["assignee"]}
    _done(session, conversation_id, "assigned" if assignee else "unassigned", actor, detail)
    return True


def release(session: Session, member: str, actor: str) -> int:
    """Take what is not closed from somebody who leaves, so that others find it; returns how many."""
    c = db.table(Conversation)
    query = sa.select(c.c.id).where(c.c.assignee == member, c.c.state.in_(("open", "pending", "snoozed")))
    numbers = list(session.scalars(query.order_by(c.c.id)))
    for number in numbers:
        assign(session, number, "", actor)
    return len(numbers)


def set_team(session: Session, conversation_id: int, team_id: int | None, actor: str) -> bool:
    """Have a conversation belong to a team, or to none."""
    if team_id is not None and session.get(Team, team_id) is None:
        raise Rejected("There is no such team.")
    return _put(session, conversation_id, "team_id", team_id, "teamed", actor)


def set_priority(session: Session, conversation_id: int, priority: str, actor: str) -> bool:
    """How much it matters: one of PRIORITIES."""
    if priority not in PRIORITIES:
        raise Rejected(f"There is no priority {priority!r}. Use one of: {', '.join(PRIORITIES)}.")
    return _put(session, conversation_id, "priority", priority, "prioritised", actor)


def set_type(session: Session, conversation_id: int, type: str, actor: str) -> bool:
    """What kind of case it is: one of TYPES, or nothing."""
    if type and type not in TYPES:
        raise Rejected(f"There is no type {type!r}. Use one of: {', '.join(TYPES)}.")
    return _put(session, conversation_id, "type", type, "typed", actor)


def _put(session: Session, conversation_id: int, name: str, value: Any, what: str, actor: str) -> bool:
    before = _one(session, conversation_id)[name]
    if before == value:
        return False
    _set(session, conversation_id, **{name: value})
    _done(session, conversation_id, what, actor, {name: value, "before": before})
    return True


def tag(session: Session, conversation_id: int, tag: str, actor: str) -> bool:
    """Put a tag on a conversation."""
    word = _tag(tag)
    _one(session, conversation_id)
    row, t = {"conversation_id": conversation_id, "tag": word}, db.table(ConversationTag)
    added = session.execute(db.upsert(ConversationTag).on_conflict_do_nothing().returning(t.c.tag), row)
    if added.first() is None:
        return False
    _done(session, conversation_id, "tagged", actor, {"tag": word})
    return True


def untag(session: Session, conversation_id: int, tag: str, actor: str) -> bool:
    """Take a tag off a conversation."""
    _one(session, conversation_id)
    t, word = db.table(ConversationTag), _tag(tag)
    gone = session.execute(sa.delete(t).where(t.c.conversation_id == conversation_id, t.c.tag == word))
    if gone.rowcount != 1:  # type: ignore[attr-defined]  # a cursor result
        return False
    _done(session, conversation_id, "untagged", actor, {"tag": word})
    return True


def tags_of(session: Session, conversation_id: int) -> list[str]:
    """The tags of a conversation, by name."""
    sql = "SELECT tag FROM conversation_tag WHERE conversation_id = ? ORDER BY tag"
    return [tag for (tag,) in bulk.fetch(session, sql, conversation_id, prepared=True)]


def known_tags(session: Session, sight: Sight = EVERYTHING) -> list[str]:
    """Every tag in use on what somebody sees, by name."""
    if not sight.whole:
        c, t = db.table(Conversation), db.table(ConversationTag)
        met = sa.select(t.c.tag).join(c, c.c.id == t.c.conversation_id).where(*visibility.seen(sight))
        return list(session.scalars(met.distinct().order_by(t.c.tag)))
    return [tag for (tag,) in bulk.fetch(session, _TAGS, prepared=True)]


_TAGS = """WITH RECURSIVE known(tag) AS (SELECT min(tag) FROM conversation_tag UNION ALL
SELECT (SELECT min(t.tag) FROM conversation_tag t WHERE t.tag > known.tag) FROM known WHERE known.tag IS NOT NULL)
SELECT tag FROM known WHERE tag IS NOT NULL"""
"""From tag to tag along the index: as many steps as there are tags, however many conversations have them."""


def _tag(text: str) -> str:
    word = " ".join(db.sound(text).split())
    if not word:
        raise Rejected("The tag is empty. Write a word or two.")
    if len(word) > TAG:
        raise Rejected(f"The tag is too long: {TAG} characters at most.")
    return word


# --- states ---------------------------------------------------------------------------------------------


def set_state(session: Session, conversation_id: int, state: str, actor: str) -> bool:
    """One of `open`, `closed`, `spam` by its name, for commands and forms."""
    deeds = {"open": reopen, "closed": close, "spam": spam}
    if state not in deeds:
        raise Rejected(f"There is no state {state!r} to set. Use one of: {', '.join(deeds)}.")
    return deeds[state](session, conversation_id, actor)


def close(session: Session, conversation_id: int, actor: str) -> bool:
    """Done: nobody waits; the next message opens it again. Rejected while a needed field is empty."""
    asked = actor.startswith(("user:", "rule:")) and _one(session, conversation_id)["state"] != "closed"
    if asked and values.missing(session, conversation_id):
        raise Rejected(values.MISSING)
    return _move(session, conversation_id, "closed", "closed", actor, waiting_since=None, closed_at=db.now())


def spam(session: Session, conversation_id: int, actor: str) -> bool:
    """Unwanted: further messages do not open it."""
    return _move(session, conversation_id, "spam", "spam", actor, waiting_since=None, closed_at=None)


def reopen(session: Session, conversation_id: int, actor: str) -> bool:
    """Back to work; who has no answer yet waits since the first message without one."""
    before = _one(session, conversation_id)
    waiting = before["waiting_since"] or _unanswered_since(session, conversation_id, before["last_outbound_at"])
    return _move(session, conversation_id, "open", "reopened", actor, waiting_since=waiting, closed_at=None)


def answered(session: Session, conversation_id: int, actor: str) -> bool:
    """Take back that what was answered was opened; it stays open where somebody waits."""
    before = _one(session, conversation_id)
    if before["state"] != "open" or before["waiting_since"] or before["last_outbound_at"] is None:
        return False
    return _move(session, conversation_id, "pending", "reopened", actor)


def restore(session: Session, conversation_id: int, state: str, until: datetime | None, actor: str) -> bool:
    """Take back that it was closed, put away or marked as spam: `state` (and `until`) are what stood there before.

    What somebody opened meanwhile stays open, and what would have come back meanwhile is open.
    """
    before = _one(session, conversation_id)
    if before["state"] in ("open", "pending"):
        return False
    if state in ("closed", "spam"):
        return set_state(session, conversation_id, state, actor)
    waiting = before["waiting_since"] or _unanswered_since(session, conversation_id, before["last_outbound_at"])
    if state == "snoozed" and until is not None and until > db.now():
        moved = snooze(session, conversation_id, until, actor)
        _set(session, conversation_id, waiting_since=waiting)
        return moved
    back = "pending" if state == "pending" and waiting is None else "open"
    return _move(session, conversation_id, back, "reopened", actor, waiting_since=waiting, closed_at=None)


def snooze(session: Session, conversation_id: int, until: datetime, actor: str) -> bool:
    """Away until a moment or the next message; asking again moves the moment."""
    ahead(until)
    before = _one(session, conversation_id)
    if (before["state"], before["snoozed_until"]) == ("snoozed", until):
        return False
    _set(session, conversation_id, state="snoozed", snoozed_until=until, closed_at=None)
    _done(session, conversation_id, "snoozed", actor, {"until": until.isoformat()})
    return True


def ahead(until: datetime) -> None:
    """Rejected for a moment at which nothing can come back."""
    moment = db.now()
    if until.tzinfo is None:
        raise Rejected("The time to come back needs a time zone.")
    if not moment < until <= moment + FARTHEST:
        raise Rejected("The time to come back must lie ahead, two years at most.")


def wake() -> int:
    """Clock job: what was snoozed until now is open again; returns how many."""
    with db.read() as session:  # a look first: the write lock only when somebody is due
        if not _due(session, 1):
            return 0
    with db.write() as session:
        c = db.table(Conversation)
        change = sa.update(c).where(c.c.id.in_(_due(session, DUE)), c.c.state == "snoozed")
        woken = session.scalars(change.values(state="open", snoozed_until=None).returning(c.c.id)).all()
        activities.record(session, dict.fromkeys(woken, "woke"), "system", {"by": "clock"})
        for one in woken:
            audit.record(session, "system", "conversation.woke", f"conversation:{one}")
    return len(woken)


def _due(session: Session, limit: int) -> Sequence[int]:
    c = db.table(Conversation)
    query = sa.select(c.c.id).where(c.c.state == "snoozed", c.c.snoozed_until <= db.now())
    return list(session.scalars(query.order_by(c.c.snoozed_until).limit(limit)))


def _unanswered_since(session: Session, conversation_id: int, answered: datetime | None) -> datetime | None:
    m = db.table(Message)
    query = sa.select(sa.func.min(m.c.posted_at)).where(
        m.c.conversation_id == conversation_id,
        m.c.direction == "inbound",
        m.c.origin == "inbox",
        m.c.kind.in_(sorted(MESSAGE_KINDS)),
    )
    if answered is not None:
        query = query.where(m.c.posted_at > answered)
    found: datetime | None = session.execute(query).scalar()
    return found


# --- what they share ------------------------------------------------------------------------------------


def _one(session: Session, conversation_id: int) -> Any:
    """The conversation's row; on PostgreSQL two deeds on it take turns."""
    c = db.table(Conversation)
    row = session.execute(sa.select(c).where(c.c.id == conversation_id).with_for_update()).mappings().first()
    if row is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    if not row["inbox"] and not row["messages"] and (parent := parts.parents(session, [conversation_id])):
        raise Rejected(f"This conversation goes on in number {parent[conversation_id]}.")
    if not row["inbox"] and not row["messages"] and (back := family.back_in(session, conversation_id)):
        raise Rejected(f"This conversation goes on in number {back}.")
    return row


def _move(session: Session, conversation_id: int, state: str, what: str, actor: str, **values: Any) -> bool:
    assert state in states.STATES  # noqa: S101  # named above
    if _one(session, conversation_id)["state"] == state:
        return False
    _set(session, conversation_id, state=state, snoozed_until=None, **values)
    _done(session, conversation_id, what, actor)
    return True


def _set(session: Session, conversation_id: int, **values: Any) -> None:
    c = db.table(Conversation)
    session.execute(sa.update(c).where(c.c.id == conversation_id).values(**values))


def _done(session: Session, conversation_id: int, what: str, actor: str, detail: dict[str, Any] | None = None) -> None:
    activities.record(session, {conversation_id: what}, actor, detail)
    audit.record(session, actor, f"conversation.{what}", f"conversation:{conversation_id}", detail)
