"""Who works here and does not see everything: nobody is given, or told of, a conversation that they do not see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, rows
from inbox import visibility
from inbox.models import Conversation
from inbox.parts.models import CasePart
from inbox.visibility import Sight

READS, PRIVATE, HEARD = "messages.read", "messages.private", "listening.read"
PUBLIC_ONLY = frozenset({"marketer"})
"""Built-in roles that do not read private messages; the others see everything."""


def limits(session: Session, members: Collection[str]) -> dict[str, frozenset[int]]:
    """{`user:3`: the accounts whose conversations they see} of those who do not see all."""
    numbers = [int(one[5:]) for one in members if one.startswith("user:") and one[5:].isdecimal()]
    if not numbers:
        return {}
    sql = (
        'SELECT u.id, u.accounts, r.accounts FROM "user" u '  # noqa: S608  # our own names
        "LEFT JOIN role r ON u.role = 'role:' || CAST(r.id AS varchar) "
        f"WHERE {bulk.among('u.id')} AND (u.accounts IS NOT NULL OR r.accounts IS NOT NULL)"
    )
    found: dict[str, frozenset[int]] = {}
    for row in rows.read(session, _Limits, sql, bulk.listed(numbers)):
        given = [frozenset(one) for one in (row.own, row.of_role) if one is not None]
        if given:
            found[f"user:{row.id}"] = frozenset.intersection(*given)
    return found


def name(session: Session, actor: str) -> str:
    """What somebody who works here is called; empty for rules, programs and whoever is gone."""
    number = actor.removeprefix("user:")
    if number == actor or not number.isdecimal():
        return ""
    found = bulk.fetch(session, 'SELECT name FROM "user" WHERE id = ?', int(number), prepared=True)
    return str(found[0][0] or "") if found else ""


@dataclass(frozen=True, slots=True)
class _Limits:
    """Accounts that somebody is limited to, and those of their role."""

    id: int
    own: list[int] | None
    of_role: list[int] | None


def unseen(session: Session, members: Collection[str], conversation_ids: Collection[int]) -> set[tuple[int, str]]:
    """(conversation, `user:3`) of those who do not see it as it stands now, whatever it is that keeps it from them."""
    found: set[tuple[int, str]] = set()
    ids = sorted(set(conversation_ids))
    for sight in _sights(session, members):
        seen = visibility.of(session, sight, ids)
        found |= {(number, sight.me) for number in ids if number not in seen}
    return found


def _sights(session: Session, members: Collection[str]) -> list[Sight]:
    """What those of the members see who do not see everything."""
    numbers = [int(one[5:]) for one in members if one.startswith("user:") and one[5:].isdecimal()]
    if not numbers:
        return []
    sql = (
        "SELECT u.id, u.role, u.accounts, r.permissions, r.reach, r.accounts "  # noqa: S608  # our own names
        "FROM \"user\" u LEFT JOIN role r ON u.role = 'role:' || CAST(r.id AS varchar) "
        f"WHERE {bulk.among('u.id')}"
    )
    made = [_sight(one) for one in rows.read(session, _Held, sql, bulk.listed(numbers))]
    return [one for one in made if not one.whole]


@dataclass(frozen=True, slots=True)
class _Held:
    """Somebody's role, and what it and they are limited to; the last three are of a role that was made here."""

    id: int
    role: str
    own: list[int] | None
    permissions: list[str] | None
    reach: str | None
    of_role: list[int] | None


def _sight(one: _Held) -> Sight:
    may = one.permissions
    if may is None:
        may = [READS, HEARD] if one.role in PUBLIC_ONLY else [READS, HEARD, PRIVATE]
    given = [set(some) for some in (one.own, one.of_role) if some is not None]
    accounts: tuple[int, ...] | None = tuple(sorted(set.intersection(*given))) if given else None
    if READS not in may:
        accounts = ()
    return Sight(f"user:{one.id}", one.reach or "all", accounts, PRIVATE in may, HEARD in may and READS in may)


def shut_out(session: Session, member: str) -> bool:
    """An administrator has shut this person out."""
    number = int(member[5:]) if member.startswith("user:") and member[5:].isdecimal() else 0
    sql = 'SELECT 1 FROM "user" WHERE id = ? AND disabled'
    return bool(bulk.fetch(session, sql, number, prepared=True))


def all_shut_out(session: Session) -> set[str]:
    """Everybody whom an administrator has shut out."""
    return {f"user:{number}" for (number,) in bulk.fetch(session, 'SELECT id FROM "user" WHERE disabled')}


def accounts(session: Session, conversation_ids: Collection[int]) -> dict[int, set[int]]:
    """The accounts of conversations, and of all parts of those that are cases."""
    c, p = db.table(Conversation), db.table(CasePart)
    alone = sa.select(c.c.id, c.c.account_id).where(c.c.id.in_(conversation_ids))
    parts = sa.select(p.c.parent_id, c.c.account_id).join(c, c.c.id == p.c.conversation_id)
    found: dict[int, set[int]] = defaultdict(set)
    for number, account in session.execute(alone.union(parts.where(p.c.parent_id.in_(conversation_ids)))):
        found[number].add(account)
    return found


def blind(session: Session, members: Collection[str], conversation_ids: Collection[int]) -> set[tuple[int, str]]:
    """(conversation, `user:3`) of those who may not see all accounts of it."""
    limited = limits(session, members)
    if not limited:
        return set()
    reached = accounts(session, conversation_ids)
    return {(number, one) for number, some in reached.items() for one, few in limited.items() if not some <= few}
