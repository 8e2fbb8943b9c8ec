"""Outbox handler of `letter.due`: a single mail in its reader's language (web.letters).

A repeat has the same Message-ID. One that the server refuses stays with the stuck work, in the server's words.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from sqlmodel import Session

from core import crypto, db, log, mail
from core.errors import NotConfigured, Rejected, TryLater, Unknown
from core.outbox import Item, Outcome
from core.settings import settings
from inbox.worker_models import User
from web import actors, letters, render
from web.notices import mail as mails
from web.reader import Reader
from web.signin import links

logger = log.get("web.mail")


def send(items: list[Item]) -> Outcome:
    """Send each; what the server does not take now comes later."""
    later: dict[int, TryLater] = {}
    dead: dict[int, str] = {}
    handed: list[str] = []
    for item in items:
        with db.read() as session:
            message = written(session, item.payload)
        if message is None:
            continue
        try:
            mail.send(message, lambda: None)
        except Unknown:  # it may have arrived: a second one would tell nothing new
            logger.warning("letter may not have arrived", kind=item.payload["kind"])
        except NotConfigured as error:
            later[item.id] = TryLater(str(error), 600.0)
        except TryLater as error:
            later[item.id] = error
        except Rejected as error:
            dead[item.id] = str(error)
        else:
            handed.append(item.payload.get("link", ""))
    keys = [one for one in handed if one]
    return Outcome((lambda session: links.sent(session, keys)) if keys else None, later, dead)


def written(session: Session, payload: dict[str, Any]) -> EmailMessage | None:
    """The mail; None when whom it is for is gone or shut out, or its link has ended."""
    user = session.get(User, int(payload["user_id"]))
    if user is None or user.disabled:
        return None
    who, values = _reader(session, user, payload.get("language", "")), dict(payload["values"])
    if "by" in values:
        known = {"cli": who.words("An administrator"), **actors.names(session, [values["by"]])}
        values["by"] = actors.named(values["by"], known, who)
    happened, advice, page = letters.KINDS[payload["kind"]]
    page = page or links.path(session, payload["link"])
    if not page:
        return None
    title, at = who.words(happened, **values), mails.moment(who, user, datetime.fromisoformat(payload["at"]))
    link, advice = mails.base() + page, who.words(advice, **values)
    message = EmailMessage(policy=mail.POLICY)
    message["Subject"] = f"Widerhall: {title}"
    message["From"] = settings().mail_from
    message["To"] = crypto.unseal(payload["to"]) if payload.get("to") else user.email
    message["Message-ID"] = f"<{payload['mark']}@{mails.domain()}>"
    message["Date"] = datetime.fromisoformat(payload["at"])
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(f"{title} ({at}).\n\n{advice}\n\n{link}\n")
    shown = render.text("mail/letter.html", who, title=title, at=at, advice=advice, link=link)
    message.add_alternative(shown, subtype="html")
    return message


def _reader(session: Session, user: User, guessed: str) -> Reader:
    """Whom the mail is for, in the language that is `guessed` for who neither chose one nor ever signed in."""
    who = mails.recipient(session, user)
    return replace(who, language=guessed) if guessed and not (user.language or user.asks) else who
