"""Forwarding by e-mail: the mail in plain text and HTML, and the handler that hands it to the server at most once.

Before the text goes out the row says "sending": one that was cut off there is "unknown" and not repeated by itself.
Every attempt has the same Message-ID, so that a mailbox shows one mail even where a person repeats it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session

from core import db, log, mail
from core.errors import NotConfigured, Rejected, TryLater, Unknown
from core.outbox import Item, Outcome
from core.settings import settings
from inbox import forwards, visibility
from inbox.forward_models import Forward
from inbox.models import Account, Conversation, Identity, Message
from inbox.worker_models import User
from web import render, words
from web.i18n import N_
from web.notices import mail as mails
from web.reader import Reader

GONE = N_("Nothing of it is left to send: the messages were deleted, or whoever forwarded them sees them no more.")

logger = log.get("web.forwarding")


@dataclass(frozen=True)
class Said:
    """One message as the mail shows it."""

    author: str
    at: datetime
    text: str
    url: str
    private: bool
    attachments: int


def domain() -> str:
    """The right side of our Message-IDs."""
    return urlsplit(settings().public_url).hostname or "widerhall.invalid"


# --- sending --------------------------------------------------------------------------------------------


def send(items: list[Item]) -> Outcome:
    """Outbox handler of `forward.due`."""
    later: dict[int, TryLater] = {}
    for item in items:
        number = int(item.payload["forward_id"])
        try:
            _send(number)
        except TryLater as problem:
            later[item.id] = problem
    return Outcome(later=later)


def _send(number: int) -> None:
    """One attempt. TryLater: nothing was sent."""
    with db.read() as session:
        row = session.get(Forward, number)
        if row is None or row.state not in ("queued", "sending"):
            return
        cut, message = row.state == "sending", None
        if not cut:
            message = written(session, row)
    if cut or message is None:  # the last attempt was cut off while the server took it
        _mark(number, "unknown" if cut else "failed", "" if cut else GONE)
        return
    try:
        mail.send(message, lambda: _mark(number, "sending", ""))
    except Unknown as error:
        _mark(number, "unknown", str(error))
    except Rejected as error:
        _mark(number, "failed", str(error))
    except NotConfigured as error:
        raise TryLater(str(error), 600.0) from error
    except TryLater as error:
        _mark(number, "queued", str(error))
        raise
    else:
        _mark(number, "sent", "")


def _mark(number: int, state: str, error: str) -> None:
    with db.write() as session:
        forwards.set_state(session, number, state, error)
    if state in ("failed", "unknown"):
        logger.warning("forward not sent", forward_id=number, state=state)


# --- writing --------------------------------------------------------------------------------------------


def written(session: Session, row: Forward) -> EmailMessage | None:
    """The mail; None when nothing is left of what was chosen, or its author may not forward it any more."""
    user = session.get(User, int(row.author.removeprefix("user:") or 0)) if row.author.startswith("user:") else None
    conversation = session.get(Conversation, row.conversation_id)
    if user is None or user.disabled or conversation is None:
        return None
    who = mails.recipient(session, user)
    if not who.may("conversations.forward") or not visibility.may_see(session, who.sight, conversation):
        return None
    shown = said(session, row, who)
    if not shown:
        return None
    message = EmailMessage(policy=mail.POLICY)
    message["Subject"] = row.subject or who.words("Conversation %(number)s", number=conversation.id)
    message["From"] = settings().mail_from
    message["To"] = row.address
    message["Reply-To"] = user.email
    message["Message-ID"] = row.message_id
    message["Date"] = row.made_at
    message.set_content(_plain(who, row, shown, words.platform(conversation.platform)))
    values = {"row": row, "said": shown, "platform": words.platform(conversation.platform), "name": user.name}
    message.add_alternative(render.text("mail/forward.html", who, **values), subtype="html")
    return message


def said(session: Session, row: Forward, who: Reader) -> Sequence[Said]:
    """What is still there of the messages that were chosen, as far as their forwarder sees it, oldest first."""
    m, i, a = db.table(Message), db.table(Identity), db.table(Account)
    query = (
        sa.select(m, i.c.name, i.c.handle, a.c.handle.label("ours"))
        .outerjoin(i, i.c.id == m.c.identity_id)
        .join(a, a.c.id == m.c.account_id)
        .where(m.c.id.in_(row.messages), m.c.conversation_id == row.conversation_id, m.c.deleted_at.is_(None))
        .where(*visibility.messages(who.sight, m))
        .order_by(m.c.posted_at, m.c.id)
    )
    return [
        Said(
            author=(one.ours if one.direction == "outbound" else one.name or one.handle) or who.words("Author unknown"),
            at=one.posted_at,
            text="\n\n".join(part for part in (one.subject, one.text) if part),
            url=one.url if one.url.startswith("https://") and one.visibility != "private" else "",
            private=one.visibility == "private",
            attachments=len(one.attachments),
        )
        for one in session.execute(query)
    ]


def _plain(who: Reader, row: Forward, shown: Sequence[Said], platform: str) -> str:
    lines = [row.note, ""] if row.note else []
    lines += [who.words("%(name)s forwards a conversation on %(platform)s.", name=who.name, platform=platform), ""]
    for one in shown:
        lines.append(f"{one.author} · {who.moment(one.at)}")
        lines += [f"> {line}".rstrip() for line in one.text.splitlines()]
        if one.attachments:
            lines.append(f"> [{who.words('with attachments')}]")
        if one.url:
            lines.append(one.url)
        lines.append("")
    return "\n".join(lines) + "\n"
