"""Another address for somebody who works here: the name they sign in with, and where mails to them go.

Accounts at a provider stay linked: the link hangs on the account there, not on the address.
"""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from core import audit, mail
from core.errors import Rejected
from web import auth, letters
from web.i18n import N_
from web.models import User
from web.roles import Power
from web.signin import inviting, links

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
