"""Forwarding by e-mail: which messages go to which address, once; the mail itself is written in web.forwarding.

queued ──► sending ──► sent
  ▲           ├──────► failed     the server refused, or nothing is left to send
  └─ retry ───┴──────► unknown    the line was cut while the server took the text: only a person repeats it
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import Rejected
from inbox import activities
from inbox.forward_models import Forward
from inbox.models import Message

ADDRESSES = 10
"""In one go."""
MESSAGES = 200
NOTE = 5_000
SUBJECT = 150
A_DAY = 200
"""Mails of one person in 24 hours."""
NO_ADDRESS = "Give at least one address."
BAD_ADDRESS = "This is no e-mail address: %(address)s"
TOO_MANY = "At most ten addresses at once."
NO_MESSAGE = "Choose at least one message."
LONG_NOTE = "The note is too long: 5,000 characters at most."
ENOUGH = "You have forwarded 200 mails within a day. Go on tomorrow."
REFUSALS = (NO_ADDRESS, TOO_MANY, NO_MESSAGE, LONG_NOTE, ENOUGH)

_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]"
_ADDRESS = re.compile(rf"{_LOCAL}@{_DOMAIN}", re.ASCII)


class BadAddress(Rejected):
    """One of the addresses is none; it says which."""

    def __init__(self, address: str) -> None:
        super().__init__(BAD_ADDRESS % {"address": address})
        self.address = address


@dataclass(frozen=True)
class Wanted:
    """What somebody wants forwarded: `messages` by their numbers, or the whole conversation."""

    addresses: Sequence[str]
    subject: str
    note: str = ""
    messages: Sequence[int] | None = None


def addresses(text: str) -> list[str]:
    """Addresses out of a field, apart by commas, semicolons, spaces or lines; each once."""
    return list(dict.fromkeys(one for one in re.split(r"[,;\s]+", text) if one))


def checked(given: Sequence[str]) -> list[str]:
    """The addresses as they are written to; Rejected names one that is none."""
    if not given:
        raise Rejected(NO_ADDRESS)
    if len(given) > ADDRESSES:
        raise Rejected(TOO_MANY)
    for one in given:
        local = one.partition("@")[0]
        if len(one) > 254 or len(local) > 64 or not _ADDRESS.fullmatch(one):
            raise BadAddress(one[:100])
    return list(dict.fromkeys(given))


def add(session: Session, conversation_id: int, wanted: Wanted, author: str, domain: str) -> list[int]:
    """Keep one mail for each address, with its letter; returns their numbers. Rejected says what is wrong.

    What is said of it in the thread and in the audit trail names the address: data of a person leaves the hub.
    """
    given, note = checked(wanted.addresses), db.sound(wanted.note).strip()
    if len(note) > NOTE:
        raise Rejected(LONG_NOTE)
    chosen = _messages(session, conversation_id, wanted.messages)
    if not chosen:
        raise Rejected(NO_MESSAGE)
    f, moment = db.table(Forward), db.now()
    recent = sa.select(sa.func.count()).where(f.c.author == author, f.c.made_at > moment - timedelta(days=1))
    if int(session.scalar(recent) or 0) + len(given) > A_DAY:
        raise Rejected(ENOUGH)
    found = []
    for address in given:
        row = Forward(
            conversation_id=conversation_id, author=author, address=address, subject=subject(wanted.subject),
            note=note, messages=chosen, message_id=f"<{secrets.token_hex(16)}@{domain}>", made_at=moment,
        )  # fmt: skip
        session.add(row)
        session.flush()
        detail = {"forward": row.id, "to": address, "messages": len(chosen)}
        audit.record(session, author, "conversation.forwarded", f"conversation:{conversation_id}", detail)
        activities.record(session, {conversation_id: "forwarded"}, author, {"forward": row.id, "to": address})
        _queue(session, row)
        found.append(row.id or 0)
    return found


def subject(text: str) -> str:
    """A subject in one line, without anything that could end it."""
    plain = "".join(one if one.isprintable() else " " for one in db.sound(text))
    return " ".join(plain.split())[:SUBJECT]


def _messages(session: Session, conversation_id: int, wanted: Sequence[int] | None) -> list[int]:
    m = db.table(Message)
    query = sa.select(m.c.id).where(m.c.conversation_id == conversation_id, m.c.deleted_at.is_(None))
    if wanted is not None:
        query = query.where(m.c.id.in_(sorted(set(wanted))))
    newest = query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(MESSAGES)
    return list(session.scalars(newest))[::-1]


def _queue(session: Session, row: Forward) -> None:
    outbox.emit(session, "forward.due", [(str(row.id), {"forward_id": row.id})])


def retry(session: Session, forward_id: int, actor: str) -> bool:
    """Send one again that failed, or of which nobody knows; False when it is neither."""
    row = session.get(Forward, forward_id, with_for_update=True, populate_existing=True)
    if row is None or row.state not in ("failed", "unknown"):
        return False
    row.state, row.error = "queued", ""
    session.add(row)
    session.flush()
    _queue(session, row)
    audit.record(session, actor, "forward.retried", f"forward:{forward_id}", {"to": row.address})
    activities.changed(session, [row.conversation_id])
    return True


def set_state(session: Session, forward_id: int, state: str, error: str = "") -> None:
    """How far the mail is."""
    row = session.get(Forward, forward_id, populate_existing=True)
    if row is None:
        return
    row.state, row.error = state, error[:300]
    row.sent_at = db.now() if state == "sent" else None
    session.add(row)
    session.flush()
    if state != "sending":
        activities.changed(session, [row.conversation_id])


def of_conversation(session: Session, conversation_id: int) -> Sequence[Forward]:
    """What was forwarded of it, newest first."""
    f = db.table(Forward)
    return session.scalars(
        sa.select(Forward).where(f.c.conversation_id == conversation_id).order_by(f.c.id.desc())
    ).all()
