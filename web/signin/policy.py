"""What is demanded of people who sign in."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from core import audit
from web.signin.models import OidcProvider, SignInPolicy


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


def forget_role(session: Session, role: str, actor: str) -> None:
    """A role is gone: nothing demands a second factor of it or gives it to who comes from the provider."""
    demand(session, [one for one in read(session).second_factor if one != role], actor)
    row = session.get(OidcProvider, 1)
    if row is None:
        return
    pairs = [pair for pair in row.role_map if pair[1] != role]
    default = "" if row.default_role == role else row.default_role
    if (pairs, default) != (row.role_map, row.default_role):
        row.role_map, row.default_role = pairs, default
        row.role_claim = row.role_claim if pairs else ""
        session.add(row)
        audit.record(session, actor, "sign_in.role_gone", "installation", {"role": role})


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
