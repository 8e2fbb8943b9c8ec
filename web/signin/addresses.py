"""Another address for somebody who works here: the name they sign in with, and where mails to them go.

Accounts at a provider stay linked: the link hangs on the account there, not on the address.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import audit, crypto, db, mail
from core.errors import Rejected
from inbox.worker_models import User
from web import auth, letters
from web.i18n import N_
from web.roles import Power
from web.sessions import digest
from web.signin import inviting, links
from web.signin.models import AddressLink

LIFE = timedelta(days=1)
SAME = N_("You sign in with this address already.")
NO_MAIL = N_("This hub sends no mails, so the new address cannot be proved: ask another administrator to change it.")
OWN = N_("One's own address is changed on the page “Me”, by a link that goes to the new one.")


def give(
    session: Session, user_id: int, email: str, actor: str, power: Power = None, language: str = ""
) -> bool:  # fmt: skip
    """An administrator changes the address of somebody else; False when it is theirs already.

    The old one is told. Links end that went there; who is invited and was not here gets a new invitation.
    Rejected for what is no address, one that somebody has, and somebody who may more.
    """
    user = auth.within(session, user_id, power)
    if actor == f"user:{user_id}":
        raise Rejected(OWN)
    address, before = auth.normal(email), user.email
    if address == before:
        return False
    _set(session, user, address, actor)
    letters.write(session, user_id, "address-changed", to=before, language=language, by=actor)
    standing = links.standing(session).get(user_id)
    if standing is not None and standing.invited and not user.disabled and mail.is_set_up():
        inviting.invite(session, user, actor, language)
    return True


def ask(session: Session, user_id: int, email: str) -> None:
    """Somebody wants another address for themselves: a link goes to it, and nothing changes before that is opened.

    Rejected for what is no address and for their own; whether anybody else has it shows only to who reads its mails.
    """
    user, address = auth.get(session, user_id), auth.normal(email)
    if address == user.email:
        raise Rejected(SAME)
    if not mail.is_set_up():
        raise Rejected(NO_MAIL)
    drop(session, user_id)
    token = secrets.token_urlsafe(32)
    key = digest(token)
    session.add(
        AddressLink(
            user_id=user_id, digest=key, email=address, sealed=crypto.seal(token), expires_at=db.now() + LIFE
        )
    )  # fmt: skip
    audit.record(session, f"user:{user_id}", "user.address_asked", f"user:{user_id}")
    letters.write(session, user_id, "address", to=address, link=key)


def waiting(session: Session, user_id: int) -> AddressLink | None:
    """The new address that somebody has not proved yet, while its link holds."""
    row = session.get(AddressLink, user_id)
    return row if row is not None and row.expires_at >= db.now() else None


def asked(session: Session, user_id: int, token: str) -> AddressLink | None:
    """The same by the link's token; None for one of somebody else, or one that has ended."""
    row = waiting(session, user_id)
    return row if row is not None and hmac.compare_digest(row.digest, digest(token)) else None


def prove(session: Session, user_id: int, token: str) -> bool:
    """The link was opened by whoever asked for it: its address counts from now on, and the one before is told.

    False when the link has ended. Rejected when somebody else has the address.
    """
    row = asked(session, user_id, token)
    if row is None or not drop(session, user_id):
        return False
    user = auth.get(session, user_id)
    before = user.email
    _set(session, user, row.email, f"user:{user_id}")
    letters.write(session, user_id, "address-own", to=before)
    return True


def drop(session: Session, user_id: int) -> bool:
    """End the link to a new address; False when there was none."""
    k = db.table(AddressLink)
    return session.execute(sa.delete(k).where(k.c.user_id == user_id).returning(k.c.user_id)).first() is not None


def _set(session: Session, user: User, address: str, actor: str) -> None:
    """Rejected when somebody has it, also where two ask at once."""
    if auth.find(session, address) is not None:
        raise Rejected(auth.TAKEN)
    try:
        with session.begin_nested():
            if user.name == user.email:
                user.name = address
            user.email = address
    except IntegrityError as error:
        raise Rejected(auth.TAKEN) from error
    links.drop(session, int(user.id or 0))
    audit.record(session, actor, "user.address_changed", f"user:{user.id}")
