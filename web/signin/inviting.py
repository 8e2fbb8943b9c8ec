"""Who gets a mail with a link to choose a password: whoever forgot theirs, and whom an administrator invites.

ask      at the door: one letter for every address, so that the answer does not tell who is here
answer   outbox handler: whose address it is, and the mail for them
add      an administrator makes a user: with a password, or by an invitation
send     an administrator sends somebody a link
"""

from __future__ import annotations

import secrets

from sqlmodel import Session

from core import audit, crypto, db, mail, outbox
from core.errors import Rejected
from core.outbox import Item, Outcome
from inbox.worker_models import User
from web import auth, letters, throttle
from web.i18n import N_
from web.roles import Power
from web.signin import links, provider

TOPIC = "password.asked"
ACTOR = "door"
NO_MAIL = N_("This hub sends no mails, so nobody can be invited by one: give a password, and tell it in private.")
NO_LINK = N_("This hub sends no mails: give a new password, and tell it in private.")
SHUT = N_("They are shut out: let them in again first.")
PROVIDER = N_("Here everybody signs in by the provider: a password opens nothing.")


def ask(address: str, email: str, language: str) -> None:
    """Somebody at the network address `address` forgot the password of `email`.

    Rejected for what is no e-mail address, TryLater after too many attempts, whether anybody has it or not.
    """
    account = auth.normal(email)
    throttle.attempt(address, account, "link")
    payload = {"email": crypto.seal(account), "language": language}
    with db.write() as session:
        outbox.emit(session, TOPIC, [(secrets.token_hex(16), payload)])


def answer(items: list[Item]) -> Outcome:
    """Outbox handler of `password.asked`."""
    asked = [(crypto.unseal(one.payload["email"]), one.payload["language"]) for one in items]

    def write(session: Session) -> None:
        for email, language in asked:
            _answer(session, auth.find(session, email), language)

    return Outcome(write)


def _answer(session: Session, user: User | None, language: str) -> None:
    if user is None or user.id is None or user.disabled:
        return
    row = provider.enabled(session)
    if row is not None and (provider.alone(session) or (not user.password and provider.links(session, user.id))):
        letters.write(session, user.id, "by-provider", language=language, name=row.label)
        return
    audit.record(session, ACTOR, "user.password_asked", f"user:{user.id}")
    link = links.make(session, user.id, "forgot")
    letters.write(session, user.id, "forgot", language=language, link=link)


def add(
    session: Session, email: str, name: str, password: str, role: str, actor: str, power: Power = None,
    language: str = "",
) -> User:  # fmt: skip
    """Add a user; without a password they are invited by mail, in `language` until they choose one.

    Rejected like `auth.create_user`, and when nobody could invite them.
    """
    if not password and not mail.is_set_up() and not provider.alone(session):
        raise Rejected(NO_MAIL)
    user = auth.create_user(session, email, name, password or None, role, actor, power)
    if not password:
        invite(session, user, actor, language)
    return user


def send(session: Session, user_id: int, actor: str, power: Power = None, language: str = "") -> None:
    """Send somebody a link for a password, or the invitation again; links from before end."""
    user = auth.within(session, user_id, power)
    if user.disabled:
        raise Rejected(SHUT)
    if not mail.is_set_up():
        raise Rejected(NO_LINK)
    if not user.password:
        invite(session, user, actor, language)
        return
    if provider.alone(session):
        raise Rejected(PROVIDER)
    audit.record(session, actor, "user.link_sent", f"user:{user_id}")
    letters.write(session, user_id, "link", language=language, link=links.make(session, user_id, "sent"))


def invite(session: Session, user: User, actor: str, language: str) -> None:
    """Write to somebody without a password; links from before end."""
    user_id, row = int(user.id or 0), provider.enabled(session)
    audit.record(session, actor, "user.invited", f"user:{user_id}")
    if row is not None and provider.alone(session):
        letters.write(session, user_id, "invite-provider", language=language, by=actor, name=row.label)
        return
    letters.write(session, user_id, "invite", language=language, by=actor, link=links.make(session, user_id, "invite"))
