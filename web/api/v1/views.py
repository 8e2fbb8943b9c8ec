"""Saved views: filters of the inbox with their order, kept under a name for oneself or shared with others."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox import listing, views
from inbox.conditions import tree
from inbox.conditions.tree import Group
from inbox.narrowing import Filter
from inbox.views import View
from web import sharing
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/views"
TAG = "views"
NO_SHARING = "The token may not share views: that asks for the permission views.share."

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Keeping = Annotated[Reader, Depends(allow("views.keep"))]
Base = Literal["all", "mine", "team", "open", "unassigned", "pending", "snoozed", "closed", "spam"]
Order = Literal["newest", "oldest", "waiting", "priority", "sla"]
Shared = list[Annotated[Text, Field(max_length=60)]]
WITH = "Who sees it besides its owner: `all`, teams as `team:3`, roles by their names."
TREE = "A filter tree as `GET /conversations` takes it; {} for none."


class OneView(BaseModel):
    """A filter with its order."""

    id: str = Field(description="Its number, or the name of one that is built in; `saved` of `GET /conversations`.")
    name: str
    view: Base = Field(description="The fixed view it narrows.")
    sort: Order
    conditions: dict[str, Any] = Field(description=TREE)
    owner: str = Field(description="`user:3`; empty for one that is built in.")
    shared: list[str] = Field(description=WITH)
    count: int = Field(description="How many conversations stand in it now, for the token's owner.")


class NewView(Given):
    """A view."""

    name: Text = Field(min_length=1, max_length=views.NAME)
    view: Base = "open"
    sort: Order = "newest"
    conditions: dict[str, Any] = Field(default_factory=dict, description=TREE)
    shared: Shared = Field(default_factory=list, max_length=100, description=f"{WITH} Asks for views.share.")


class OtherView(Given):
    """What becomes of a view; what is left out stays."""

    name: Text | None = Field(None, min_length=1, max_length=views.NAME)
    view: Base | None = None
    sort: Order | None = None
    conditions: dict[str, Any] | None = Field(None, description=TREE)
    shared: Shared | None = Field(None, max_length=100, description=f"{WITH} Asks for views.share.")


class Step(Given):
    """Where to."""

    step: Literal["up", "down"]


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> All[OneView]:
    """The views that the token's owner sees, in their order, each with how many conversations stand in it."""
    plain = Filter(me=reader.actor, sight=reader.sight)
    with db.read() as session:
        found = views.of(session, reader.actor, reader.role)
        return All(items=[_shown(one, _count(session, one, plain)) for one in found])


def _count(session: Session, one: View, plain: Filter) -> int:
    return listing.number(session, one.narrowing(replace(plain, view=one.base)))


def _shown(one: View, count: int) -> OneView:
    return OneView(
        id=one.key, name=one.name, view=one.base, sort=one.sort, owner=one.owner, shared=list(one.roles), count=count,
        conditions=tree.written(one.tree) if one.tree.of else {},
    )  # fmt: skip


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Keeping, body: NewView) -> Response:
    """Keep a new view, the last of one's own."""

    def work(session: Session) -> Made:
        wanted, shared = Filter(view=body.view, sort=body.sort), _shared(session, body.shared, reader)
        key = views.save(session, body.name, wanted, _group(body.conditions), reader.actor, shared)
        return Made(id=int(key))

    return change.do(work, 201)


@router.post(HERE + "/{view_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Keeping, view_id: Id, body: OtherView) -> Response:
    """Change a view: its filter if it is one's own, name and sharing also with the right to (`shared.edit`)."""

    def work(session: Session) -> Changed:
        one = _view(session, view_id, reader)
        shared = list(one.roles) if body.shared is None else _shared(session, body.shared, reader, one.roles)
        name = body.name if body.name is not None else one.name
        if (body.view, body.sort, body.conditions) == (None, None, None):
            views.change(session, one.key, name, shared, reader.actor, all_of_them=reader.may("shared.edit"))
        else:
            wanted = Filter(view=body.view or one.base, sort=body.sort or one.sort)
            group = one.tree if body.conditions is None else _group(body.conditions)
            views.save(session, name, wanted, group, reader.actor, shared, one.key)
        return Changed(id=view_id, changed=_view(session, view_id, reader) != one)

    return change.do(work)


@router.post(HERE + "/{view_id}/move", tags=[TAG], response_model=Changed)
def move(change: Changing, reader: Keeping, view_id: Id, body: Step) -> Response:
    """A view of one's own one place up or down among one's own."""

    def work(session: Session) -> Changed:
        key = _view(session, view_id, reader).key
        before = [one.key for one in views.of(session, reader.actor, reader.role)]
        views.move(session, key, -1 if body.step == "up" else 1, reader.actor)
        after = [one.key for one in views.of(session, reader.actor, reader.role)]
        return Changed(id=view_id, changed=before != after)

    return change.do(work)


@router.post(HERE + "/{view_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Keeping, view_id: Id) -> Response:
    """Forget a view; nothing of the conversations changes."""

    def work(session: Session) -> Changed:
        key = _view(session, view_id, reader).key
        views.remove(session, key, reader.actor, all_of_them=reader.may("shared.edit"))
        return Changed(id=view_id, changed=True)

    return change.do(work)


def _view(session: Session, view_id: int, reader: Reader) -> View:
    """One that the token's owner sees; 404 for any other."""
    found = {one.key: one for one in views.of(session, reader.actor, reader.role)}.get(str(view_id))
    if found is None:
        raise Refused(404)
    return found


def _group(raw: dict[str, Any]) -> Group:
    return tree.read(raw) if raw else tree.EVERYTHING


def _shared(session: Session, given: Shared, reader: Reader, before: tuple[str, ...] = ()) -> list[str]:
    if set(given) == set(before):
        return given
    if not reader.may("views.share"):
        raise Refused(403, NO_SHARING)
    return sharing.chosen(given, sharing.options(session, reader, roles=True), before)
