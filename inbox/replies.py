"""Answers of ours: queued with time to take them back, sent once, with a delivery state people can read.

submitted ──► queued ──► sending ──► sent
  │             │           ├──────► failed    the platform refused, in its own words
  │             │           └──────► unknown   no answer came, and the platform cannot be asked; ──► sent by somebody's
  │             │                              word (inbox.declared) or when its copy comes (inbox.copies)
  │             ├──► stopped                   it was put off, and somebody else answered meanwhile
  │             ├──► held                      it was put off, and they wrote again
  │             └──► cancelled                 taken back in time
  ├──► rejected                                who approves said no (inbox.approvals)
  └──► cancelled                               recalled by its author
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session
from ulid import ULID

from core import audit, db, outbox, rows
from core.errors import Rejected
from core.event import MESSAGE_KINDS, Author, Reply, Visibility
from core.settings import settings
from inbox import attachments, automatic, closing, conversations, notices, submissions
from inbox.cuts import counting
from inbox.models import Account, Conversation, Identity, Message, ReplyRow
from inbox.notices import Notice

LATEST = timedelta(days=365)
"""So far ahead a reply may be put off."""
AT_REST = ("failed", "stopped", "held", "rejected")
"""It has not left, and does not by itself."""
PUT_OFF = timedelta(minutes=2)
"""What waits longer than that was put off: it is stopped when somebody else answers meanwhile."""
_TOLD = {"failed": "failed", "unknown": "failed", "stopped": "stopped", "held": "held"}
"""State → what the author is told."""
EMPTY = "The reply is empty. Write something first."
IN_THE_PAST = "That moment has passed. Choose a later one."
TOO_LATE = "That is too far away: choose a moment within a year."


def queue(
    session: Session,
    conversation_id: int,
    text: str,
    *,
    author: str,
    visibility: Visibility | None = None,
    undo_seconds: float | None = None,
    send_at: datetime | None = None,
    key: str | None = None,
    answers: str | None = None,
    hold: bool = False,
    approval: str = "",
    part: int | None = None,
    attached: Sequence[int] = (),
    close: bool = False,
    snooze_until: datetime | None = None,
) -> ReplyRow:
    """Queue an answer to the newest inbound message of a conversation, or submit it for approval.

    It leaves after `undo_seconds` (the setting, unless given), or at `send_at`. `visibility` defaults to that of the
    message it answers. A `key` that was used before returns the reply it made. `answers` names the event
    key of the message to answer, if it is not the newest; `part` the conversation of a case whose newest is answered.
    With `hold` one that is put off does not leave when they write again. `approval` says why somebody has to approve it
    (role, asked); the account may demand it, too.
    `attached` are files beside the author's draft; with some, the text may be empty. With `close` the conversation is
    closed as the reply is queued, with `snooze_until` snoozed; one that has to be approved is queued by its approval.
    """
    if not text.strip() and not attached:
        raise Rejected(EMPTY)
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    if key is not None:
        found = session.scalars(sa.select(ReplyRow).where(db.table(ReplyRow).c.key == key)).first()
        if found is not None:
            return found
    answered = answerable(session, conversation_id, answers, part)
    if answered is None:
        raise Rejected("There is nothing in this conversation that can be answered.")
    wait = settings().undo_seconds if undo_seconds is None else undo_seconds
    moment = db.now()
    check(send_at, moment)
    closing.fits(close=close, snooze_until=snooze_until, later=send_at is not None)
    seen_as = visibility or answered.visibility
    home = session.get(Conversation, answered.home_id) if answered.home_id is not None else None
    account = session.get(Account, (home or conversation).account_id)
    why = approval or submissions.demanded(account, author, public=seen_as != "private")
    reply = ReplyRow(
        key=key or str(ULID()),
        conversation_id=conversation_id,
        answers_id=answered.id,
        text=db.sound(text),
        visibility=seen_as,
        author=author,
        state="submitted" if why else "queued",
        send_at=send_at or moment + timedelta(seconds=wait),
        created_at=moment,
        hold=hold and send_at is not None,
        after_id=newest(session, conversation_id),
        closes=close,
        snooze_until=snooze_until,
    )
    session.add(reply)
    session.flush()
    if attached:
        attachments.give(session, conversation_id, author, attached, reply_id=reply.id)
    if why:
        closing.check(session, reply)
        submissions.add(session, reply, why, account.approval if account is not None else "", send_at)
        changed(session, reply)
    else:
        leave(session, reply)
        closing.do(session, reply)
    audit.record(
        session, author, f"reply.{reply.state}", f"conversation:{conversation_id}", {"reply": reply.id}
    )  # fmt: skip
    return reply


def check(send_at: datetime | None, moment: datetime) -> None:
    """Rejected when a reply cannot be put off until then."""
    if send_at is not None and send_at <= moment:
        raise Rejected(IN_THE_PAST)
    if send_at is not None and send_at > moment + LATEST:
        raise Rejected(TOO_LATE)


def newest(session: Session, conversation_id: int) -> int:
    """The number of the customer's message that was stored last."""
    m = db.table(Message)
    query = sa.select(sa.func.max(m.c.id)).where(
        m.c.conversation_id == conversation_id, m.c.direction == "inbound", m.c.kind.in_(sorted(MESSAGE_KINDS)),
        m.c.origin != "context",
    )  # fmt: skip
    return int(session.scalar(query) or 0)


def leave(session: Session, reply: ReplyRow) -> None:
    """It is queued: write the letter on which it leaves at its moment."""
    session.add(reply)
    session.flush()
    outbox.emit(session, "reply.queued", [(str(reply.id), {"reply_id": reply.id})], due_at=reply.send_at)
    changed(session, reply)


def answerable(
    session: Session, conversation_id: int, key: str | None = None, part: int | None = None
) -> Message | None:
    """The newest inbound message that can be answered, of one part of a case alone; or the one with this event key."""
    wanted: list[tuple[str, object]] = [("conversation_id = ?", conversation_id)]
    if key is not None:
        wanted.append(("key = ?", key))
    if part is not None:
        wanted.append(("coalesce(home_id, conversation_id) = ?", part))
    conditions = " AND ".join(condition for condition, _ in wanted)
    for meant in ("<>", "="):  # what only stands around comes after all that was said to us; each along the index
        sql = f"{conditions} AND {_ANSWERABLE} AND origin {meant} 'context' ORDER BY posted_at DESC, id DESC LIMIT 1"
        if found := rows.where(session, Message, sql, *(value for _, value in wanted)):
            return found[0]
    return None


_KINDS = ", ".join(f"'{one}'" for one in sorted(MESSAGE_KINDS))
_ANSWERABLE = f"direction = 'inbound' AND ref <> '' AND deleted_at IS NULL AND kind IN ({_KINDS})"


def undo(session: Session, reply_id: int, actor: str) -> bool:
    """Take a reply back that has not left, or put one away that will not; False when it has left already.

    What it closed or snoozed stands as before, unless somebody changed that since.
    """
    r = db.table(ReplyRow)
    result = session.execute(
        sa.update(r).where(r.c.id == reply_id, sa.or_(_waits(), r.c.state.in_(AT_REST))).values(state="cancelled")
    )
    if result.rowcount != 1:  # type: ignore[attr-defined]  # a cursor result
        return False
    audit.record(session, actor, "reply.cancelled", f"reply:{reply_id}")
    reply = _get(session, reply_id)
    closing.take_back(session, reply, actor)
    changed(session, reply)
    return True


def _waits() -> sa.ColumnElement[bool]:
    r = db.table(ReplyRow)
    return sa.and_(r.c.state == "queued", r.c.attempts == 0)


def withdraw(session: Session, author: str, actor: str) -> int:
    """Take back every reply of somebody that has not left, because they may not answer any more; how many."""
    r = db.table(ReplyRow)
    query = sa.select(r.c.id).where(r.c.author == author, sa.or_(_waits(), r.c.state == "held"))
    gone = submissions.withdraw(session, author)
    for one in gone:
        audit.record(session, actor, "reply.recalled", f"reply:{one}")
        changed(session, _get(session, one))
    return len(gone) + sum(undo(session, one, actor) for one in session.scalars(query.order_by(r.c.id)).all())


def send_now(session: Session, reply_id: int, actor: str) -> bool:
    """Send a reply that waits for its moment at once; False when it does not wait any more."""
    reply, moment = _get(session, reply_id), db.now()
    if reply.state != "queued" or reply.attempts or reply.send_at <= moment:
        return False
    reply.send_at = reply.created_at = moment
    leave(session, reply)
    audit.record(session, actor, "reply.hurried", f"reply:{reply_id}")
    return True


def put_off(session: Session, reply_id: int, send_at: datetime, actor: str, *, hold: bool = True) -> bool:
    """Have a reply that waits, or was held or stopped, leave at another moment; False when it does not wait any more.

    An earlier letter that comes before its moment is written anew (`too_early`).
    """
    reply, moment = _get(session, reply_id, lock=True), db.now()
    check(send_at, moment)
    if reply.state not in ("held", "stopped") and (reply.state != "queued" or reply.attempts):
        return False
    reply.state, reply.error, reply.attempts, reply.tried_at = "queued", "", 0, None
    reply.send_at, reply.created_at, reply.hold = send_at, moment, hold
    reply.after_id = newest(session, reply.conversation_id)
    leave(session, reply)
    audit.record(session, actor, "reply.put-off", f"reply:{reply_id}")
    return True


def too_early(session: Session, reply_id: int) -> datetime | None:
    """The moment of a reply that was put off further than its letter knows; None when it may leave."""
    r = db.table(ReplyRow)
    query = sa.select(r.c.send_at).where(r.c.id == reply_id, _waits(), r.c.send_at > db.now())
    found: datetime | None = session.execute(query).scalar()
    return found


def retry(session: Session, reply_id: int, actor: str) -> bool:
    """Send a failed, unknown, stopped or held reply again, because a person has decided so."""
    reply = _get(session, reply_id, lock=True)
    if reply.state not in ("failed", "unknown", "stopped", "held"):
        return False
    reply.tried_at = reply.tried_at if reply.state == "unknown" else None
    reply.state, reply.error, reply.attempts = "queued", "", 0
    reply.send_at = reply.created_at = db.now()
    reply.after_id = newest(session, reply.conversation_id)
    leave(session, reply)
    with suppress(Rejected):  # a field was emptied that is needed to close: it leaves all the same
        closing.do(session, reply)
    audit.record(session, actor, "reply.retried", f"reply:{reply_id}")
    return True


def begin(session: Session, reply_id: int) -> tuple[ReplyRow, bool] | None:
    """Mark as sending, before the call; the flag tells whether an earlier attempt may have got through.

    None when there is nothing to do: it does not wait, or is stopped or held now.
    """
    r = db.table(ReplyRow)
    reply = session.scalars(sa.select(ReplyRow).where(r.c.id == reply_id).with_for_update()).first()
    if reply is None or reply.state not in ("queued", "sending"):
        return None
    if not reply.attempts and reply.send_at - reply.created_at > PUT_OFF and _overtaken(session, reply):
        mark(session, reply_id, "stopped", "")
        return None
    if not reply.attempts and reply.hold and newest(session, reply.conversation_id) > reply.after_id:
        mark(session, reply_id, "held", "")
        return None
    open_attempt = reply.state == "sending"
    reply.state, reply.attempts = "sending", reply.attempts + 1
    reply.tried_at = reply.tried_at if open_attempt else db.now()
    session.add(reply)
    session.flush()
    return reply, open_attempt


def _overtaken(session: Session, reply: ReplyRow) -> bool:
    """Somebody else answered after this reply was put off."""
    m, r = db.table(Message), db.table(ReplyRow)
    query = (
        sa.select(r.c.id)
        .where(r.c.conversation_id == reply.conversation_id, r.c.author != reply.author)
        .where(~r.c.author.startswith("rule:"), r.c.state.in_(("sending", "sent")))
        .where(sa.func.coalesce(r.c.sent_at, r.c.send_at) > reply.created_at)
    )
    elsewhere = (
        sa.select(m.c.id)
        .outerjoin(r, r.c.message_id == m.c.id)
        .where(m.c.conversation_id == reply.conversation_id, m.c.direction == "outbound", r.c.id.is_(None))
        .where(m.c.posted_at > reply.created_at, m.c.origin == "inbox")
    )
    return any(session.execute(one.limit(1)).first() is not None for one in (query, elsewhere))


def outgoing(session: Session, reply: ReplyRow, *, first_attempt: bool) -> Reply:
    """The value a connector sends."""
    answered = session.get(Message, reply.answers_id)
    if answered is None:
        raise Rejected("The message this answers is gone.")
    person = session.get(Identity, answered.identity_id) if answered.identity_id is not None else None
    conversation = session.get(Conversation, answered.home_id or reply.conversation_id)
    return Reply(
        key=reply.key,
        text=reply.text,
        visibility=reply.visibility,
        language=answered.language,
        parent_ref=answered.ref,
        parent_key=answered.key,
        thread_key=conversation.thread_key if conversation is not None else None,
        recipient=None if person is None else _author(person),
        files=attachments.outgoing(session, reply.id or 0),
        first_attempt=first_attempt,
    )


def _author(person: Identity) -> Author:
    return Author(
        platform=person.platform, id=person.external_id, handle=person.handle, name=person.name, url=person.url
    )


def mark_sent(session: Session, reply_id: int, event_key: str, at: datetime | None = None) -> None:
    """The platform has it, since `at` or now; the message with its key is stored in this very transaction."""
    m, reply = db.table(Message), _get(session, reply_id)
    made = session.execute(sa.select(m.c.id, m.c.conversation_id).where(m.c.key == event_key)).first()
    reply.message_id = made.id if made is not None else None
    reply.state, reply.error, reply.sent_at = "sent", "", at or db.now()
    session.add(reply)
    session.flush()
    if made is not None:
        counting.bring(session, made.id, made.conversation_id, reply.conversation_id)
    if not automatic.answers(reply.author):
        conversations.stay_unanswered(session, reply.conversation_id)
    changed(session, reply)


def mark(session: Session, reply_id: int, state: str, error: str) -> None:
    """failed, unknown, stopped, or queued again with the reason why it waits."""
    reply = _get(session, reply_id)
    reply.state, reply.error = state, error[:1000]
    session.add(reply)
    session.flush()
    if state in AT_REST:
        closing.take_back(session, reply, "system")
    if kind := _TOLD.get(state):
        _tell(session, reply, kind, f"reply:{reply_id}:{db.now().timestamp()}")
    changed(session, reply)


def _tell(session: Session, reply: ReplyRow, kind: str, reason: str) -> None:
    if reply.author.startswith("rule:"):
        notices.answer_failed(session, reply.author, reply.conversation_id, str(reply.id))
    else:
        notices.add(session, [Notice(reply.author, kind, reply.conversation_id, reason)])


def wait(session: Session, reply_id: int, error: str) -> None:
    """Its account has to be reconnected: it waits for that, and its author is told once.

    When this was the first attempt nothing was sent: it can be taken back and put off as before.
    """
    reply = _get(session, reply_id)
    if reply.attempts == 1:
        reply.attempts, reply.tried_at = 0, None
    _tell(session, reply, "failed", f"reply:{reply_id}:waits")
    mark(session, reply_id, "queued", error)


def _get(session: Session, reply_id: int, *, lock: bool = False) -> ReplyRow:
    reply = session.get(ReplyRow, reply_id, populate_existing=lock, with_for_update=lock or None)
    if reply is None:
        raise Rejected(f"There is no reply {reply_id}.")
    return reply


def locked(session: Session, reply_id: int) -> ReplyRow:
    """A reply that nobody else changes in this transaction; Rejected when there is none."""
    return _get(session, reply_id, lock=True)


def changed(session: Session, reply: ReplyRow) -> None:
    """Tell open pages and programs how it stands."""
    payload: dict[str, Any] = {
        "reply_id": reply.id, "conversation_id": reply.conversation_id, "state": reply.state,
    }  # fmt: skip
    outbox.emit(session, "reply.changed", [(f"{reply.id}:{reply.state}:{reply.attempts}", payload)])


def of_conversation(session: Session, conversation_id: int) -> list[ReplyRow]:
    """The replies of a conversation that are not messages yet, oldest first."""
    return rows.where(
        session, ReplyRow, "conversation_id = ? AND message_id IS NULL ORDER BY created_at, id", conversation_id
    )


def as_json(reply: ReplyRow) -> str:
    """A reply for scripts."""
    return json.dumps({"reply": reply.id, "state": reply.state, "error": reply.error, "message": reply.message_id})
