"""`/settings/views`: kept views: their order, names, with whom they are shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from core import db
from core.errors import Rejected
from inbox import views
from inbox.conditions import tree
from inbox.views import View
from web import actors, condition_choices, condition_words, inbox_query, render, sharing
from web.inbox_query import Asked
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/views"

router = APIRouter()
Keeping = Annotated[Reader, Depends(allow("views.keep"))]


@router.get(HERE)
def index(request: Request, reader: Keeping) -> Response:
    """All views this reader sees, one's own first."""
    return _page(request, reader)


@router.post(HERE + "/{view_id}")
def change(
    request: Request,
    reader: Keeping,
    view_id: str,
    name: Annotated[str, Form(max_length=500)] = "",
    roles: Annotated[Sequence[str], Form()] = (),
) -> Response:
    """Another name, shared with others."""
    try:
        with db.write() as session:
            kept = next((one.roles for one in views.of(session, reader.actor, reader.role) if one.key == view_id), ())
            known = sharing.options(session, reader, roles=True) if reader.may("views.share") else {}
            chosen = sharing.chosen(roles, known, kept)
            views.change(session, view_id, name, chosen, reader.actor, all_of_them=_all(reader))
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    return render.to(HERE, "view-kept")


@router.post(HERE + "/{view_id}/move/{step}")
def move(request: Request, reader: Keeping, view_id: str, step: str) -> Response:
    """One place up or down."""
    try:
        with db.write() as session:
            views.move(session, view_id, -1 if step == "up" else 1, reader.actor)
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    return render.to(f"{HERE}#v{view_id}")


@router.post(HERE + "/{view_id}/remove")
def remove(request: Request, reader: Keeping, view_id: str) -> Response:
    """Forget it."""
    try:
        with db.write() as session:
            views.remove(session, view_id, reader.actor, all_of_them=_all(reader))
    except Rejected as error:
        return _page(request, reader, 422, str(error))
    return render.to(HERE, "view-removed")


def _all(reader: Reader) -> bool:
    """This person may change what others have shared."""
    return reader.may("shared.edit")


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "") -> Response:
    with db.read() as session:
        found = [one for one in views.of(session, reader.actor, reader.role) if one.owner]
        asked = {leaf.field for one in found for leaf in tree.leaves(one.tree)}
        choices = condition_choices.choices(session, reader, asked)
        names = actors.names(session, [one.owner for one in found])
        offered = sharing.options(session, reader, roles=True)
    found.sort(key=lambda one: one.owner != reader.actor)
    return render.page(
        request, reader, "settings/views.html", status, problem=reader.words(problem) if problem else "",
        found=found, names=names, offered=offered, names_of=inbox_query.NAMES, orders=inbox_query.ORDERS,
        said={one.key: _said(one, reader, choices) for one in found}, manages=_all(reader),
        links={one.key: Asked(view=one.base, sort=one.sort, saved=one.key).query() for one in found},
    )  # fmt: skip


def _said(one: View, reader: Reader, choices: condition_words.Choices) -> list[str]:
    return [condition_words.sentence(part, reader, choices) for part in condition_words.parts(one.tree)]
