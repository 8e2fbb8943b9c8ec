"""With whom macros, saved replies and views are shared: a list of `all`, `team:3` and roles by name; empty for nobody.

Whoever made a thing sees and changes it. Others see what is shared with them, and change it with the right to.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.team_models import TeamMember

ALL = "all"
TEAM = "team:"


def groups(session: Session, actor: str, shared: Iterable[Collection[str]], role: str = "") -> set[str]:
    """The names under which somebody (`user:3`) is meant by any of these lists; teams are read only if one is named."""
    found = {ALL, role} if role else {ALL}
    if any(one.startswith(TEAM) for names in shared for one in names):
        m = db.table(TeamMember)
        found |= {f"{TEAM}{one}" for one in session.scalars(sa.select(m.c.team_id).where(m.c.member == actor))}
    return found


def visible(session: Session, owner: str, shared: Collection[str], actor: str, role: str = "") -> bool:
    """Whether somebody sees one thing."""
    return owner == actor or bool(groups(session, actor, [shared], role) & set(shared))


def changes(owner: str, shared: Collection[str], actor: str, *, others: bool) -> bool:
    """Whether somebody may change a thing; with `others` what others have shared, too."""
    return owner == actor or (others and bool(shared))
