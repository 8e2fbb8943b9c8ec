"""What is kept of somebody's role and of themselves, read together with their sign-in or token: no query of its own."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core import db
from inbox.visibility import Sight
from inbox.worker_models import Role, User


@dataclass(frozen=True, slots=True)
class Kept:
    """Columns as JSON texts, empty where nothing is kept: for a built-in role, and for no limit."""

    grants: str = ""
    """What a role made here may do."""
    name: str = ""
    """What such a role is called."""
    reach: str = ""
    """Whose conversations it sees: all, teams or own."""
    role_accounts: str = ""
    """The accounts whose conversations it sees."""
    own_accounts: str = ""
    """The accounts whose conversations this person sees."""


def sight(user_id: int, what: Kept, permissions: Collection[str]) -> Sight:
    """What somebody sees: as their role says, and of that only their own accounts where they have a list of them."""
    lists = [set(json.loads(one)) for one in (what.role_accounts, what.own_accounts) if one not in ("", "null")]
    return Sight(
        me=f"user:{user_id}",
        reach=what.reach or "all",
        accounts=tuple(sorted(set.intersection(*lists))) if lists else None,
        private="messages.private" in permissions,
        heard="listening.read" in permissions,
    )


def columns() -> list[Any]:
    """The columns of Kept, in their order, beside those of a user."""
    r, u = db.table(Role), db.table(User)
    texts = [sa.cast(one, sa.Text) for one in (r.c.permissions, r.c.name, r.c.reach, r.c.accounts, u.c.accounts)]
    names = ("grants", "role_name", "reach", "role_accounts", "own_accounts")
    return [sa.func.coalesce(text, "").label(name) for text, name in zip(texts, names, strict=True)]


def of_user() -> sa.ColumnElement[bool]:
    """The role of a user, where it is one that was made here."""
    return db.table(User).c.role == sa.literal("role:").concat(sa.cast(db.table(Role).c.id, sa.String))
