"""What is demanded of people who sign in."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from core import audit
from web.signin.models import SignInPolicy


def read(session: Session) -> SignInPolicy:
    """The policy; demands nothing until somebody says otherwise."""
    return session.get(SignInPolicy, 1) or SignInPolicy(id=1)


def demand(session: Session, roles: Iterable[str], actor: str) -> None:
    """From their next sign-in on, people of these roles do not come in without a second factor."""
    row, wanted = read(session), sorted(set(roles))
    if wanted != row.second_factor:
        row.second_factor = wanted
        session.add(row)
        audit.record(session, actor, "sign_in.demanded", "installation", {"second_factor": wanted})


def demanded(session: Session, role: str) -> bool:
    """People of this role need a second factor."""
    return role in read(session).second_factor


def only_provider(session: Session, on: bool, actor: str) -> None:
    """While there is a provider, let people in by it alone; or by every way again."""
    row = read(session)
    if on != row.only_provider:
        row.only_provider = on
        session.add(row)
        audit.record(session, actor, "sign_in.only_provider", "installation", {"on": on})
