"""Second factors as a whole: who has which, setting one up, taking them away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox.worker_models import User
from web import letters, sessions
from web.i18n import N_
from web.models import SessionRow
from web.signin import passkeys, policy, recovery, rounds, totp
from web.signin.models import Passkey, SecondFactor

WRONG_CODE = N_("This code is not right, or was used already. Wait for the next one and try again.")
WRONG_PAPER = N_("This recovery code is not right, or was used already. Each one serves once: take another one.")
DEMANDED = N_("Your role does not come in without a second factor. Set up another one before you remove this one.")
NO_FACTOR = N_("There is no second factor to remove.")


@dataclass(frozen=True)
class Factors:
    """What somebody has beside the password."""

    app: datetime | None
    """Since when an app makes codes for them."""
    keys: int
    """Passkeys."""
    codes: int
    """Recovery codes that are left."""

    @property
    def any(self) -> bool:
        """They are asked for a second factor."""
        return self.app is not None or self.keys > 0


def of(session: Session, user_id: int) -> Factors:
    """The factors of one user."""
    f = db.table(SecondFactor)
    made = session.scalar(sa.select(f.c.made_at).where(f.c.user_id == user_id))
    return Factors(made, len(passkeys.of(session, user_id)), recovery.left(session, user_id))


def confirm(session: Session, user_id: int, secret: str, code: str, keep: str = "") -> list[str]:
    """An app proved that it has the secret: it counts from now on, and other sign-ins end.

    Returns recovery codes when there were none yet. Rejected when the code is wrong.
    """
    step = totp.step_of(secret, code, db.now(), 0)
    if step is None:
        raise Rejected(WRONG_CODE)
    totp.keep(session, user_id, secret, step)
    audit.record(session, f"user:{user_id}", "second_factor.set_up", f"user:{user_id}", {"by": "app"})
    letters.write(session, user_id, "app")
    return added(session, user_id, keep)


def added(session: Session, user_id: int, keep: str) -> list[str]:
    """A factor was added: other sign-ins end. Returns ten recovery codes for somebody who has none."""
    _changed(session, user_id, keep)
    return recovery.make(session, user_id) if not recovery.left(session, user_id) else []


def new_codes(session: Session, user_id: int) -> list[str]:
    """Ten new recovery codes instead of those before; Rejected without a second factor to recover."""
    if not of(session, user_id).any:
        raise Rejected(NO_FACTOR)
    audit.record(session, f"user:{user_id}", "second_factor.new_codes", f"user:{user_id}")
    letters.write(session, user_id, "codes")
    return recovery.make(session, user_id)


def remove_app(session: Session, user_id: int, role: str, keep: str) -> None:
    """Do without codes of an app; other sign-ins end. Rejected when nothing would be left that the role needs."""
    if not totp.remove(session, user_id):
        raise Rejected(NO_FACTOR)
    _without(session, user_id, role)
    _changed(session, user_id, keep)
    audit.record(session, f"user:{user_id}", "second_factor.removed", f"user:{user_id}", {"by": "app"})
    letters.write(session, user_id, "app-removed")


def remove_passkey(session: Session, user_id: int, passkey_id: int, role: str, keep: str) -> None:
    """Do without one passkey; other sign-ins end. Rejected when nothing would be left that the role needs."""
    passkeys.remove(session, user_id, passkey_id)
    _without(session, user_id, role)
    _changed(session, user_id, keep)


def reset(session: Session, user_id: int, actor: str) -> None:
    """Somebody lost everything: all their factors and codes go, and all their sign-ins end."""
    totp.remove(session, user_id)
    passkeys.remove_all(session, user_id)
    recovery.remove(session, user_id)
    _changed(session, user_id, "")
    audit.record(session, actor, "second_factor.reset", f"user:{user_id}")
    letters.write(session, user_id, "factors-reset", by=actor)


def prove(session: Session, user_id: int, code: str) -> str:
    """How a typed code proves them: `code` or `recovery`; empty when it does not. It is used up."""
    if totp.accept(session, user_id, code):
        return "code"
    if not recovery.accept(session, user_id, code):
        return ""
    letters.write(session, user_id, "recovery", left=recovery.left(session, user_id))
    return "recovery"


def _without(session: Session, user_id: int, role: str) -> None:
    """One factor went: the codes for the case that it is lost go with the last one."""
    if of(session, user_id).any:
        return
    if policy.demanded(session, role):
        raise Rejected(DEMANDED)
    recovery.remove(session, user_id)


def _changed(session: Session, user_id: int, keep: str) -> None:
    """Whoever came in by what counted before is out."""
    sessions.end_all(session, user_id, but=keep)
    rounds.drop(session, user_id)


@dataclass(frozen=True)
class Person:
    """A user as an administrator sees them: no secret, no address they came from."""

    id: int
    name: str
    email: str
    role: str
    disabled: bool
    factors: Factors
    sessions: int


def people(session: Session) -> Sequence[Person]:
    """Everybody with what they have, oldest first."""
    u, f, s = db.table(User), db.table(SecondFactor), db.table(SessionRow)
    apps = {row.user_id: row.made_at for row in session.execute(sa.select(f.c.user_id, f.c.made_at))}
    k = db.table(Passkey)
    held = sa.select(k.c.user_id, sa.func.count().label("n")).group_by(k.c.user_id)
    keys = {row.user_id: row.n for row in session.execute(held)}
    count = sa.select(s.c.user_id, sa.func.count().label("n")).where(s.c.expires_at >= db.now()).group_by(s.c.user_id)
    signed = {row.user_id: row.n for row in session.execute(count)}
    return [
        Person(
            one.id, one.name, one.email, one.role, one.disabled,
            Factors(apps.get(one.id), keys.get(one.id, 0), 0), signed.get(one.id, 0),
        )
        for one in session.execute(sa.select(u).order_by(u.c.id))
    ]  # fmt: skip
