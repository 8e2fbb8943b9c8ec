"""Roles: the built-in ones, and those that administrators make; who may give which, and who has them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import replies, teams, visibility
from inbox.models import Account
from inbox.visibility import Sight
from inbox.worker_models import Role, User
from web import kept, sessions
from web.i18n import N_
from web.kept import Kept
from web.permissions import NEEDS, PERMISSIONS, ROLES, granted, supported
from web.signin import policy

NAME = 80
MOST = 100
REACHES = ("all", "teams", "own")
NO_NAME = N_("Give the role a name.")
LONG_NAME = N_("The name is too long: 80 characters at most.")
TAKEN = N_("There is a role of this name already.")
TOO_MANY = N_("There are 100 roles already. Remove one first.")
NOT_YOURS = N_("You cannot give, change or take away a role that may do more than you may.")
NOTHING = N_("Choose at least one thing that the role may do.")
NO_ROLE = N_("There is no such role.")
IN_USE = N_("Somebody has this role. Choose the role that they get instead.")
NO_REACH = N_("Choose whose conversations the role sees.")
NO_ACCOUNT = N_("Choose the accounts whose conversations are seen.")

LACKING = N_("“%(right)s” needs “%(other)s”, too.")

_KEY = re.compile(r"role:([1-9][0-9]{0,14})")
Power = Collection[str] | None
"""What the one who acts may do; None for the command line, which may all."""


class Lacking(Rejected):
    """A permission (`right`) is to be given without the one that it needs (`other`)."""

    def __init__(self, right: str) -> None:
        self.right, self.other = right, NEEDS[right]
        super().__init__(LACKING % vars(self))


@dataclass(frozen=True)
class Wanted:
    """A role as somebody wants it."""

    name: str
    permissions: Collection[str]
    reach: str = "all"
    accounts: Collection[int] | None = None


def every(session: Session) -> Sequence[Role]:
    """The roles that were made here, by name."""
    r = db.table(Role)
    return session.scalars(sa.select(Role).order_by(sa.func.lower(r.c.name), r.c.id)).all()


def names(session: Session) -> dict[str, str]:
    """The same: key → name."""
    return {one.key: one.name for one in every(session)}


def find(session: Session, key: str) -> Role | None:
    """One of them by its key (`role:3`)."""
    found = _KEY.fullmatch(key)
    return session.get(Role, int(found[1])) if found else None


def exists(session: Session, key: str) -> bool:
    """It can be given to somebody."""
    return key in ROLES or find(session, key) is not None


def granted_to(session: Session, key: str) -> frozenset[str]:
    """Everything a role may do; nothing for one that is gone."""
    if key in ROLES:
        return granted(key)
    found = find(session, key)
    return supported(found.permissions) if found is not None else frozenset()


def may(permission: str) -> sa.ColumnElement[bool]:
    """That a user, joined with their role (`web.kept.of_user`), has a permission."""
    own = sa.cast(db.table(Role).c.permissions, sa.Text).like(f'%"{permission}"%')
    return sa.or_(db.table(User).c.role.in_(sorted(PERMISSIONS[permission])), own)


def sight(session: Session, user: User) -> Sight:
    """What somebody sees who is not signed in at present."""
    query = sa.select(*kept.columns()).select_from(db.table(User)).outerjoin(db.table(Role), kept.of_user())
    row = session.execute(query.where(db.table(User).c.id == user.id)).one()
    return kept.sight(user.id or 0, Kept(*row), granted_to(session, user.role))


def blind(session: Session, conversation_id: int) -> set[str]:
    """Who works here (`user:3`) and does not see a conversation."""
    u = db.table(User)
    query = sa.select(u.c.id, u.c.role, *kept.columns()).outerjoin(db.table(Role), kept.of_user())
    found, may = set(), dict[str, frozenset[str]]()
    for number, role, *columns in session.execute(query.where(u.c.disabled.is_(False))):
        if role not in may:
            may[role] = granted_to(session, role)
        their = kept.sight(number, Kept(*columns), may[role])
        seen = their.whole or visibility.of(session, their, [conversation_id])
        if "messages.read" not in may[role] or not seen:
            found.add(f"user:{number}")
    return found


def holders(session: Session) -> dict[str, list[User]]:
    """Role → who has it, by name; those who are shut out too."""
    found: dict[str, list[User]] = {}
    for one in session.scalars(sa.select(User).order_by(db.table(User).c.name, db.table(User).c.id)):
        found.setdefault(one.role, []).append(one)
    return found


def within(power: Power, permissions: Iterable[str]) -> None:
    """Rejected when somebody who may `power` would reach beyond it."""
    if power is not None and not set(permissions) <= {*power, "self"}:
        raise Rejected(NOT_YOURS)


# --- keeping --------------------------------------------------------------------------------------------


def save(session: Session, role_id: int | None, wanted: Wanted, actor: str, power: Power = None) -> str:
    """Keep a role, a new one without `role_id`; returns its key. Who has it may at once what it says now."""
    row = session.get(Role, role_id) if role_id is not None else Role(name="", changed_at=db.now())
    if row is None:
        raise Rejected(NO_ROLE)
    name, may = _name(session, wanted.name, role_id), frozenset(wanted.permissions) & PERMISSIONS.keys() - {"self"}
    if not may:
        raise Rejected(NOTHING)
    if lacking := sorted(may - supported(may)):
        raise Lacking(lacking[0])
    if role_id is None and len(every(session)) >= MOST:
        raise Rejected(TOO_MANY)
    within(power, {*may, *row.permissions})
    row.name, row.permissions, row.changed_at = name, sorted({*may, "self"}), db.now()
    row.reach, row.accounts = _seen(session, wanted)
    session.add(row)
    session.flush()
    detail = {"permissions": row.permissions, "reach": row.reach, "accounts": row.accounts}
    audit.record(session, actor, "role.changed" if role_id else "role.made", row.key, detail)
    for one in holders(session).get(row.key, []):
        follow(session, one.id or 0, may, actor)
    return row.key


def _name(session: Session, text: str, role_id: int | None) -> str:
    name = " ".join(db.sound(text).split())
    if not name:
        raise Rejected(NO_NAME)
    if len(name) > NAME:
        raise Rejected(LONG_NAME)
    if any(one.name.casefold() == name.casefold() and one.id != role_id for one in every(session)):
        raise Rejected(TAKEN)
    return name


def _seen(session: Session, wanted: Wanted) -> tuple[str, list[int] | None]:
    if wanted.reach not in REACHES:
        raise Rejected(NO_REACH)
    return wanted.reach, chosen(session, wanted.accounts)


def chosen(session: Session, accounts: Collection[int] | None) -> list[int] | None:
    """Accounts as they are kept; None for all. Rejected when none of them is there."""
    if accounts is None:
        return None
    a = db.table(Account)
    known = sorted(session.scalars(sa.select(a.c.id).where(a.c.id.in_(sorted(accounts)))))
    if not known:
        raise Rejected(NO_ACCOUNT)
    return known


def remove(session: Session, role_id: int, instead: str, actor: str, power: Power = None) -> None:
    """Remove a role; who has it gets `instead`. Rejected when somebody has it and there is no such role."""
    row = session.get(Role, role_id)
    if row is None:
        raise Rejected(NO_ROLE)
    within(power, row.permissions)
    having_it = holders(session).get(row.key, [])
    if having_it:
        if instead == row.key or not exists(session, instead):
            raise Rejected(IN_USE)
        within(power, granted_to(session, instead))
    for one in having_it:
        give(session, one, instead, actor)
    policy.forget_role(session, row.key, actor)
    audit.record(session, actor, "role.removed", row.key, {"instead": instead if having_it else ""})
    session.delete(row)


def give(session: Session, user: User, role: str, actor: str) -> None:
    """Somebody has this role from now on."""
    user.role = role
    if role == "admin":
        user.accounts = None
    session.add(user)
    session.flush()
    follow(session, user.id or 0, granted_to(session, role), actor)
    audit.record(session, actor, "user.role", f"user:{user.id}", {"role": role})


def follow(session: Session, user_id: int, may: Collection[str], actor: str) -> None:
    """Who may not answer any more is given no conversation, and their replies that wait are taken back.

    Open pages heed at once what somebody may.
    """
    sessions.changed(session, [user_id])
    if "conversations.reply" not in may:
        teams.set_away(session, f"user:{user_id}", True, actor)
        replies.withdraw(session, f"user:{user_id}", actor)
