"""The people who work here: the first one, further ones, and how they sign in."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session

from core import audit, crypto, db, turns
from core.errors import Rejected
from core.turns import Turn
from inbox import desk, replies, teams
from inbox.worker_models import User
from web import letters, passwords, roles, sessions, throttle
from web.i18n import N_
from web.permissions import ROLES as ROLES
from web.roles import NO_ROLE, Power
from web.signin import entry, links, rounds

TAKEN = N_("Somebody signs in with this address already.")


def first_run(session: Session) -> bool:
    """Nobody can sign in yet."""
    return session.execute(sa.select(db.table(User).c.id).limit(1)).first() is None


def first_run_token(session: Session) -> str:
    """What `/setup` asks for while nobody can sign in; empty once a user exists."""
    return _setup_token() if first_run(session) else ""


def _setup_token() -> str:
    """Known to whoever can read this installation's files."""
    return hmac.new(crypto.salt(), b"first run", hashlib.sha256).hexdigest()[:32]


def create_user(
    session: Session, email: str, name: str, password: str | None, role: str, actor: str = "cli", power: Power = None
) -> User:
    """Add a user; Rejected for an unknown role, a used or impossible address, or a weak password.

    `power` is what the one who adds them may do: nobody gives a role that may more. Without a password they come in
    by a link (web.signin.inviting) or by the provider.
    """
    if not roles.exists(session, role):
        raise Rejected(NO_ROLE)
    roles.within(power, roles.granted_to(session, role))
    address = normal(email)
    if find(session, address) is not None:
        raise Rejected(TAKEN)
    user = User(
        email=address,
        name=name.strip() or address,
        password=passwords.hashed(password) if password is not None else "",
        role=role,
        created_at=db.now(),
    )
    session.add(user)
    session.flush()
    audit.record(session, actor, "user.created", f"user:{user.id}", {"role": role})
    return user


def create_first(session: Session, token: str, email: str, name: str, password: str) -> User:
    """The first administrator, through `/setup`; Rejected when somebody was faster or the token is wrong."""
    turns.take(session, Turn.SETUP)  # two browsers at once: one of them waits here
    if not first_run(session):
        raise Rejected(N_("This hub has a user already. Sign in instead."))
    if not hmac.compare_digest(token.strip().encode(), _setup_token().encode()):
        raise Rejected(N_("This is not the set-up token of this hub. The command line prints it at the first start."))
    return create_user(session, email, name, password, "admin", actor="setup")


def normal(email: str) -> str:
    """An address as it is stored; Rejected with a sentence when it cannot be one."""
    try:
        return validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Rejected(N_("This is not an e-mail address. Check its spelling.")) from error


def find(session: Session, email: str) -> User | None:
    """The user with this address."""
    table = db.table(User)
    return session.scalars(sa.select(User).where(table.c.email == email.strip().lower())).first()


def everybody(session: Session) -> Sequence[User]:
    """All users, oldest first."""
    return session.scalars(sa.select(User).order_by(db.table(User).c.id)).all()


def sign_in(address: str, email: str, password: str, visit: entry.Visit) -> entry.Came | None:
    """Where account and password lead, or None when they do not go together.

    `address` is the client's network address. Raises TryLater after too many attempts. The answer takes
    as long for an account that does not exist.
    """
    account = email.strip().lower()[:320]
    throttle.attempt(address, account)
    with db.read() as session:
        user = find(session, account)
    fits = passwords.fits(user.password if user is not None else None, password)
    if user is None or user.id is None or user.disabled or not fits:
        return None
    with db.write() as session:
        if passwords.outdated(user.password):
            u = db.table(User)
            session.execute(sa.update(u).where(u.c.id == user.id).values(password=passwords.hashed(password)))
        came = entry.first(session, user, "password", visit)
    throttle.succeeded(address, account)
    return came


def change_password(session: Session, user_id: int, old: str, new: str, keep: str = "") -> None:
    """Rejected when the old one is wrong; every other sign-in of the user ends."""
    user = get(session, user_id)
    if not passwords.fits(user.password, old):
        raise Rejected(N_("The present password is not right."))
    user.password = passwords.hashed(new)
    session.add(user)
    _begin_anew(session, user_id, keep)
    audit.record(session, f"user:{user_id}", "user.password_changed", f"user:{user_id}")
    letters.write(session, user_id, "password")


def reset_password(session: Session, user_id: int, new: str, actor: str, power: Power = None) -> None:
    """Give somebody a new password because they forgot theirs; all their sign-ins end."""
    user = within(session, user_id, power)
    user.password = passwords.hashed(new)
    session.add(user)
    _begin_anew(session, user_id)
    audit.record(session, actor, "user.password_reset", f"user:{user_id}")
    letters.write(session, user_id, "password-reset", by=actor)


def choose_password(token: str, new: str, visit: entry.Visit) -> entry.Came | None:
    """Take the password of somebody who has a link; where that leads, or None when the link has ended.

    Rejected for a weak one: the link serves on. All other sign-ins of theirs end; a second factor is asked for as ever.
    """
    with db.read() as session:
        if links.whose(session, token) is None:
            return None
    password = passwords.hashed(new)
    with db.write() as session:
        user = links.take(session, token)
        if user is None or user.id is None:
            return None
        user.password = password
        session.add(user)
        _begin_anew(session, user.id)
        audit.record(session, f"user:{user.id}", "user.password_changed", f"user:{user.id}", {"by": "link"})
        letters.write(session, user.id, "password-link")
        return entry.first(session, user, "password", visit)


def _begin_anew(session: Session, user_id: int, keep: str = "") -> None:
    """There is another password: what began with the one before ends, but for the sign-in `keep`."""
    sessions.end_all(session, user_id, but=keep)
    rounds.drop(session, user_id)
    links.drop(session, user_id)


def sign_out(session: Session, user_id: int, actor: str, power: Power = None, but: str = "") -> bool:
    """End all sign-ins of somebody, `but` one; False when there was none."""
    within(session, user_id, power)
    there = any(one.digest != but for one in sessions.of(session, user_id))
    sessions.end_all(session, user_id, but=but)
    audit.record(session, actor, "session.ended", f"user:{user_id}", {"all": True})
    return there


def set_role(session: Session, user_id: int, role: str, actor: str, power: Power = None) -> None:
    """Give a user another role; the last administrator stays one."""
    if not roles.exists(session, role):
        raise Rejected(NO_ROLE)
    user = within(session, user_id, power)
    roles.within(power, roles.granted_to(session, role))
    if user.role == "admin" and role != "admin":
        _another_admin(session, user_id)
    roles.give(session, user, role, actor)


def set_accounts(
    session: Session, user_id: int, accounts: Collection[int] | None, actor: str, power: Power = None
) -> None:
    """Have somebody see the conversations of these accounts alone; None for all that their role sees."""
    user = within(session, user_id, power)
    if accounts is not None and user.role == "admin":
        raise Rejected(N_("An administrator sees the conversations of every account."))
    user.accounts = roles.chosen(session, accounts)
    session.add(user)
    sessions.changed(session, [user_id])
    audit.record(session, actor, "user.accounts", f"user:{user_id}", {"accounts": user.accounts})


def set_disabled(session: Session, user_id: int, disabled: bool, actor: str, power: Power = None) -> None:
    """Shut a user out, at once and everywhere, or let them in again."""
    user = within(session, user_id, power)
    if disabled and user.role == "admin":
        _another_admin(session, user_id)
    user.disabled = disabled
    session.add(user)
    if disabled:
        sessions.end_all(session, user_id)
        links.drop(session, user_id)
        replies.withdraw(session, f"user:{user_id}", actor)
        desk.release(session, f"user:{user_id}", actor)
    teams.set_away(session, f"user:{user_id}", disabled, actor)
    audit.record(session, actor, "user.disabled" if disabled else "user.enabled", f"user:{user_id}")


def get(session: Session, user_id: int) -> User:
    """One user; Rejected when there is none."""
    user = session.get(User, user_id)
    if user is None:
        raise Rejected(N_("There is no such user."))
    return user


def within(session: Session, user_id: int, power: Power) -> User:
    """One user whom somebody who may `power` may change; Rejected for one who may more."""
    user = get(session, user_id)
    roles.within(power, roles.granted_to(session, user.role))
    return user


def has_help(session: Session, user_id: int) -> bool:
    """Somebody else who may look after users may do what this one may, and so change their address."""
    u, own = db.table(User), roles.granted_to(session, get(session, user_id).role)
    others = session.scalars(sa.select(u.c.role).where(u.c.id != user_id, u.c.disabled.is_(False)).distinct())
    return any({"users.manage", *own} <= roles.granted_to(session, one) for one in others)


def _another_admin(session: Session, user_id: int) -> None:
    table = db.table(User)
    query = sa.select(table.c.id).where(table.c.role == "admin", table.c.disabled.is_(False), table.c.id != user_id)
    if session.execute(query.limit(1)).first() is None:
        raise Rejected(N_("This is the last administrator. Make somebody else administrator first."))
