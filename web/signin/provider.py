"""The provider as it is set up here, and whom of ours its people are."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db, hosts
from core.errors import NotConfigured, Rejected, TryLater, WiderhallError
from inbox.worker_models import User
from web import auth, letters
from web.i18n import N_
from web.roles import NO_ROLE
from web.signin import oidc, policy
from web.signin.models import OidcLink, OidcProvider

ACTOR = "oidc"
LABEL, CLIENT, CLAIM = 60, 300, 100
"""Characters at most: of the button's words, the client's name, a claim's name."""

NO_CLIENT = N_("Give the client id and the secret that the provider shows for this hub.")
NO_LABEL = N_("Give the button a few words: the name by which people know the provider.")
NO_DOMAIN = N_("Domains look like example.org, separated by commas.")
NO_MAP = N_("Roles by a claim need the name of the claim, and lines like: support = agent.")
STRANGER = N_("Nobody here has your address. Ask an administrator of this hub to add you.")
SHUT = N_("You are shut out here. Ask an administrator of this hub.")
UNVERIFIED = N_("The sign-in service does not say that your e-mail address is yours. Confirm it there, then try again.")
ELSEWHERE = N_("People with an address like yours do not sign in here.")
OTHER = N_(
    "Another account of the sign-in service comes in with this address already. An administrator of this hub can "
    "forget that link: then yours counts."
)
NOT_LINKED = N_("Sign in by the provider yourself first: then you know that it works, and stay inside.")


@dataclass(frozen=True)
class Wanted:
    """What somebody wrote into the form."""

    issuer: str
    client_id: str
    secret: str = field(default="", repr=False)
    """Empty: the one that is kept."""
    label: str = ""
    default_role: str = ""
    """Role of people who are new; empty: only people who exist come in."""
    domains: str = ""
    role_claim: str = ""
    role_map: str = ""
    asks: bool = False
    """A second factor of ours is asked for after signing in there, too."""
    enabled: bool = True


def read(session: Session) -> OidcProvider | None:
    """The provider that is set up."""
    return session.get(OidcProvider, 1)


def enabled(session: Session) -> OidcProvider | None:
    """The same, while people may come in by it."""
    row = read(session)
    return row if row is not None and row.enabled else None


def opened(row: OidcProvider) -> oidc.Provider:
    """With its secret unsealed."""
    return oidc.Provider(row.issuer, row.client_id, crypto.unseal(row.secret))


def save(session: Session, wanted: Wanted, roles: tuple[str, ...], actor: str) -> None:
    """Keep what the form says. Rejected says what is wrong; nothing is asked of the provider here."""
    row = read(session) or OidcProvider(id=1)
    issuer, client = oidc.checked_issuer(wanted.issuer), db.sound(wanted.client_id).strip()[:CLIENT]
    if not client or not (wanted.secret or (row.secret and issuer == row.issuer)):
        raise Rejected(NO_CLIENT)
    label = " ".join(db.sound(wanted.label).split())[:LABEL]
    if not label:
        raise Rejected(NO_LABEL)
    if wanted.default_role and wanted.default_role not in roles:
        raise Rejected(NO_ROLE)
    if (issuer, client) != (row.issuer, row.client_id):  # nobody came in by it yet
        policy.only_provider(session, False, actor)
    row.issuer, row.client_id, row.label, row.default_role = issuer, client, label, wanted.default_role
    if wanted.secret:
        row.secret = crypto.seal(wanted.secret.strip()[:500])
    row.domains = _domains(wanted.domains)
    row.role_claim = db.sound(wanted.role_claim).strip()[:CLAIM]
    row.role_map = _mapped(wanted.role_map, roles)
    if bool(row.role_claim) != bool(row.role_map):
        raise Rejected(NO_MAP)
    row.asks, row.enabled = wanted.asks, wanted.enabled
    session.add(row)
    if not row.enabled:
        policy.only_provider(session, False, actor)
    audit.record(session, actor, "sign_in.provider", "installation", {"issuer": issuer, "enabled": row.enabled})


def written(row: OidcProvider | None) -> Wanted:
    """What the form shows of the provider that is set up; never the secret."""
    if row is None:
        return Wanted("", "")
    lines = "\n".join(f"{value} = {role}" for value, role in row.role_map)
    return Wanted(
        row.issuer, row.client_id, "", row.label, row.default_role, ", ".join(row.domains), row.role_claim, lines,
        row.asks, row.enabled,
    )  # fmt: skip


def linked(session: Session) -> set[int]:
    """Users who come in by the provider."""
    return set(session.scalars(sa.select(db.table(OidcLink).c.user_id)))


def check(issuer: str) -> tuple[str, dict[str, str]] | None:
    """Ask the provider for its addresses; what is wrong, in words for an administrator with what stands in them."""
    try:
        oidc.discover(issuer)
    except oidc.NotSafe:
        return oidc.NOT_SAFE, {}
    except NotConfigured:
        return hosts.PRIVATE, {"host": urlsplit(issuer).hostname or ""}
    except TryLater:
        return oidc.SILENT, {"address": issuer}
    except (oidc.Misfit, WiderhallError) as error:
        if name := getattr(error, "name", ""):
            return oidc.CALLS_ITSELF, {"name": name}
        return oidc.NOTHING, {"address": issuer.rstrip("/") + oidc.CONFIGURATION}
    return None


def only(session: Session, on: bool, user_id: int, actor: str) -> None:
    """Let people in by the provider alone, or by other ways again. Rejected until it let in whoever asks for that."""
    row = enabled(session)
    if on and (row is None or not _linked(session, row.issuer, user_id)):
        raise Rejected(NOT_LINKED)
    policy.only_provider(session, on, actor)


def alone(session: Session) -> bool:
    """The provider is the only way in at present."""
    return enabled(session) is not None and policy.read(session).only_provider


def links(session: Session, user_id: int) -> list[OidcLink]:
    """By which accounts of providers somebody comes in."""
    k = db.table(OidcLink)
    return list(session.scalars(sa.select(OidcLink).where(k.c.user_id == user_id).order_by(k.c.made_at)))


def unlink(session: Session, user_id: int, actor: str) -> None:
    """Forget which accounts of providers are somebody's."""
    k = db.table(OidcLink)
    if session.execute(sa.delete(k).where(k.c.user_id == user_id).returning(k.c.sub)).first() is not None:
        audit.record(session, actor, "sign_in.unlinked", f"user:{user_id}")


def admit(session: Session, row: OidcProvider, claims: Mapping[str, Any]) -> User:
    """Whom of ours the provider's person is: by the link, else by a verified address, else somebody new.

    Rejected says at the door why nobody is let in.
    """
    email = str(claims.get("email") or "").strip().lower()[:320]
    proved = bool(email) and claims.get("email_verified") in (True, "true")
    if row.domains and not (proved and email.rpartition("@")[2] in row.domains):
        raise Rejected(ELSEWHERE if proved else UNVERIFIED)
    role, k = _role(row, claims), db.table(OidcLink)
    sub = str(claims["sub"])
    known = session.scalar(sa.select(k.c.user_id).where(k.c.issuer == row.issuer, k.c.sub == sub))
    user = session.get(User, known) if known is not None else None
    if user is None:
        if not proved:
            raise Rejected(UNVERIFIED)
        user = auth.find(session, email)
        if user is not None and _linked(session, row.issuer, int(user.id or 0)):
            raise Rejected(OTHER)
        user = user or _newcomer(session, email, claims, role or row.default_role)
        session.add(OidcLink(issuer=row.issuer, sub=sub, user_id=int(user.id or 0), made_at=db.now()))
        audit.record(session, ACTOR, "sign_in.linked", f"user:{user.id}", {"issuer": row.issuer})
        letters.write(session, int(user.id or 0), "linked", name=row.label)
    if user.disabled:
        raise Rejected(SHUT)
    if role and role != user.role:
        with suppress(Rejected):  # the last administrator stays one
            auth.set_role(session, int(user.id or 0), role, ACTOR)
    return user


def _newcomer(session: Session, email: str, claims: Mapping[str, Any], role: str) -> User:
    """A user without a password."""
    if not role:
        raise Rejected(STRANGER)
    name = " ".join(db.sound(str(claims.get("name") or "")).split())[:200]
    return auth.create_user(session, email, name, None, role, ACTOR)


def _role(row: OidcProvider, claims: Mapping[str, Any]) -> str:
    """The first role of the list whose value the claim has; empty when there is none."""
    told = claims.get(row.role_claim) if row.role_claim else None
    values = {str(one) for one in told} if isinstance(told, list) else {str(told)} if told is not None else set()
    return next((role for value, role in row.role_map if value in values), "")


def _linked(session: Session, issuer: str, user_id: int) -> bool:
    return any(one.issuer == issuer for one in links(session, user_id))


def _domains(text: str) -> list[str]:
    found = [one.strip().lower().removeprefix("@") for one in text.replace("\n", ",").split(",") if one.strip()]
    if len(found) > 50 or any("." not in one or " " in one or "@" in one or len(one) > 253 for one in found):
        raise Rejected(NO_DOMAIN)
    return found


def _mapped(text: str, roles: tuple[str, ...]) -> list[list[str]]:
    pairs = []
    for line in text.splitlines()[:100]:
        value, sign, role = (part.strip() for part in line.rpartition("="))
        if not line.strip():
            continue
        if not sign or not value or role not in roles:
            raise Rejected(NO_MAP)
        pairs.append([db.sound(value)[:200], role])
    return pairs
