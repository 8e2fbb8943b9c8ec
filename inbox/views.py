"""Views that people keep: a filter with its order under a name, for themselves or shared with others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Column
from sqlmodel import Field, Session, SQLModel

from core import audit, db
from core.db import BigId, UtcDateTime
from core.errors import Rejected
from inbox import sharing
from inbox.conditions import tree
from inbox.conditions.tree import Condition, Group
from inbox.narrowing import SORTS, VIEWS, Filter

NAME = 80
MOST = 100
"""Views of one person."""
NO_NAME = "Give the view a name."
LONG_NAME = "The name is too long: 80 characters at most."
TAKEN = "You have a view of this name already."
TOO_MANY_VIEWS = "You keep 100 views already. Remove one first."
GONE = "This view is gone, or it is not shared with you."
NOT_YOURS = "Only who made a view can change it, or who may change what is shared."
REFUSALS = (NO_NAME, LONG_NAME, TAKEN, TOO_MANY_VIEWS, GONE, NOT_YOURS)


class SavedView(SQLModel, table=True):
    """A filter with its order, kept under a name."""

    __tablename__ = "saved_view"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    name: str = Field(max_length=NAME)
    owner: str = Field(index=True, max_length=40)
    """`user:3`."""
    roles: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Who sees it besides, as inbox.sharing reads it: roles by name, teams, everybody."""
    base: str
    """The fixed view it narrows."""
    sort: str
    conditions: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """A tree as inbox.conditions reads it; empty for none."""
    place: int = 0
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


@dataclass(frozen=True, slots=True)
class View:
    """A kept view as pages use it; the key is its number, or the name of one that is built in."""

    key: str
    name: str
    base: str
    sort: str
    tree: Group
    owner: str = ""
    roles: tuple[str, ...] = ()

    def narrowing(self, wanted: Filter) -> Filter:
        """The same wish within this view."""
        return replace(wanted, tree=tree.joined(self.tree, wanted.tree))


ABOUT = View(
    "about",
    "New conversations about us",
    "open",
    "newest",
    Group("all", (
        Condition("kind", "is", ("mention", "quote", "review")),
        Condition("private", "no"),
        Condition("answered", "no"),
    )),
)  # fmt: skip
"""Mentions that nobody has answered."""
MENTIONS = View("mentions", "Mentions of me", "all", "newest", Group("all", (Condition("mentions", "is", (tree.ME,)),)))
"""Conversations whose notes mention who looks, or their team."""
WATCHED = View("watched", "Watched by me", "all", "newest", Group("all", (Condition("watched", "is", (tree.ME,)),)))
"""Conversations that who looks watches, whoever takes care of them."""
BUILT_IN = (ABOUT, MENTIONS, WATCHED)


def of(session: Session, actor: str, role: str) -> list[View]:
    """The views somebody sees: built in, then in their order."""
    v = db.table(SavedView)
    rows = session.execute(sa.select(v).order_by(v.c.place, v.c.id)).mappings().all()
    mine = sharing.groups(session, actor, (row["roles"] for row in rows), role)
    return [*BUILT_IN, *(_view(row) for row in rows if row["owner"] == actor or mine & set(row["roles"]))]


def find(session: Session, key: str, actor: str, role: str) -> View:
    """One of them; Rejected when there is none for this person."""
    found = next((one for one in BUILT_IN if one.key == key), None)
    if found is not None:
        return found
    v = db.table(SavedView)
    row = session.execute(sa.select(v).where(v.c.id == _number(key))).mappings().first()
    if row is None or not sharing.visible(session, row["owner"], row["roles"], actor, role):
        raise Rejected(GONE)
    return _view(row)


def _view(row: Any) -> View:
    try:
        kept = tree.read(row["conditions"]) if row["conditions"] else tree.EVERYTHING
    except Rejected:  # kept by another version: nothing rather than everything
        kept = Group("all", (Condition("messages", "at_most", ("0",)),))
    return View(str(row["id"]), row["name"], row["base"], row["sort"], kept, row["owner"], tuple(row["roles"]))


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 16 else 0


# --- keeping ------------------------------------------------------------------------------------------


def save(
    session: Session, name: str, wanted: Filter, asked: Group, actor: str, roles: Collection[str] = (), key: str = ""
) -> str:
    """Keep the view and order of `wanted` with all its conditions (`asked`); returns its key.

    With `key` that one takes the new conditions. Rejected says what is wrong.
    """
    conditions = tree.written(tree.read(tree.written(asked))) if asked.of else {}
    assert wanted.view in VIEWS  # noqa: S101  # a filter has no other
    assert wanted.sort in SORTS  # noqa: S101
    row = _own(session, key, actor, all_of_them=False) if key else None
    name = _name(session, name, actor, row.id if row is not None else None)
    if row is None:
        place = _last(session, actor)
        row = SavedView(name=name, owner=actor, place=place, base="", sort="", changed_at=db.now())
    row.name, row.roles = name, sorted(roles)
    row.base, row.sort, row.conditions, row.changed_at = wanted.view, wanted.sort, conditions, db.now()
    session.add(row)
    session.flush()
    audit.record(session, actor, "view.saved", f"view:{row.id}", {"roles": row.roles})
    return str(row.id)


def change(
    session: Session, key: str, name: str, roles: Collection[str], actor: str, *, all_of_them: bool = False
) -> None:
    """Give it another name, or share it with others; `all_of_them` for who may change those of others."""
    row = _own(session, key, actor, all_of_them=all_of_them)
    row.name, row.roles, row.changed_at = _name(session, name, row.owner, row.id), sorted(roles), db.now()
    session.add(row)
    audit.record(session, actor, "view.changed", f"view:{row.id}", {"roles": row.roles})


def move(session: Session, key: str, step: int, actor: str) -> None:
    """One's own view further up (-1) or down (1) among one's own."""
    row = _own(session, key, actor, all_of_them=False)
    v = db.table(SavedView)
    ids = list(session.scalars(sa.select(v.c.id).where(v.c.owner == actor).order_by(v.c.place, v.c.id)))
    at = ids.index(row.id)
    ids.insert(max(0, at + step), ids.pop(at))
    for place, one in enumerate(ids):
        session.execute(sa.update(v).where(v.c.id == one).values(place=place))


def remove(session: Session, key: str, actor: str, *, all_of_them: bool = False) -> None:
    """Forget a view; nothing of the conversations changes."""
    row = _own(session, key, actor, all_of_them=all_of_them)
    session.delete(row)
    audit.record(session, actor, "view.removed", f"view:{row.id}")


def _own(session: Session, key: str, actor: str, *, all_of_them: bool) -> SavedView:
    row = session.get(SavedView, _number(key))
    if row is None:
        raise Rejected(GONE)
    if not sharing.changes(row.owner, row.roles, actor, others=all_of_them):
        raise Rejected(NOT_YOURS)
    return row


def _last(session: Session, actor: str) -> int:
    v = db.table(SavedView)
    places: Sequence[int] = session.scalars(sa.select(v.c.place).where(v.c.owner == actor)).all()
    if len(places) >= MOST:
        raise Rejected(TOO_MANY_VIEWS)
    return max(places, default=-1) + 1


def _name(session: Session, text: str, owner: str, own_id: int | None) -> str:
    name = " ".join(db.sound(text).split())
    if not name:
        raise Rejected(NO_NAME)
    if len(name) > NAME:
        raise Rejected(LONG_NAME)
    v = db.table(SavedView)
    taken = session.scalar(sa.select(v.c.id).where(v.c.owner == owner, v.c.name == name).limit(1))
    if taken is not None and taken != own_id:
        raise Rejected(TAKEN)
    return name
