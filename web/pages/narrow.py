"""`/inbox/filter`: any conditions joined with and/or, shown as a list or kept as a view."""

from __future__ import annotations

from copy import deepcopy
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core import db
from core.errors import Rejected
from inbox import listing, views
from inbox.conditions import tree
from inbox.conditions.tree import Group
from inbox.narrowing import SORTS, VIEWS, Filter, asked_for
from web import condition_choices, condition_form, condition_words, inbox_query, render, sharing
from web.condition_form import Part
from web.inbox_query import Asked
from web.permissions import allow
from web.reader import Reader

HERE = "/inbox/filter"

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Wanted = Annotated[Asked, Depends(inbox_query.asked)]


@router.get(HERE)
def index(request: Request, reader: Reading, asked: Wanted, edit: str = "") -> Response:
    """The conditions of the address, or of a kept view, as a form."""
    with db.read() as session:
        try:
            values = _of_view(session, edit, reader) if edit else _of_address(session, asked, reader)
        except Rejected as error:
            values = {**_of_address(session, asked, reader), "problem": reader.words(str(error))}
        return _page(request, session, reader, **values)


@router.post(HERE)
async def do(request: Request, reader: Reading) -> Response:
    """Add or remove a condition, show the list, or keep the view."""
    form = await request.form()
    draft, deed = condition_form.read(form, reader), str(form.get("do", ""))
    values = _typed(form)
    if deed not in ("show", "keep"):
        condition_form.change(draft, deed, form)
        with db.read() as session:
            return _page(request, session, reader, draft=draft, **values)
    group, problem = _group(draft, reader)
    if group is not None and deed == "show":
        return render.to(f"/inbox{Asked(view=values['view'], sort=values['sort'], f=tree.text(group)).query()}")
    if group is not None:
        try:
            with db.write() as session:
                key = _keep(session, form, group, values, reader)
            return render.to(f"/inbox{Asked(view=values['view'], sort=values['sort'], saved=key).query()}", "view-kept")
        except Rejected as error:
            values["wrong"] = reader.words(str(error))
    with db.read() as session:
        return _page(request, session, reader, 422, draft=draft, problem=problem, **values)


@router.post(HERE + "/fields")
async def fields(request: Request, reader: Reading) -> Response:
    """The conditions drawn anew: another way of asking has other fields."""
    form = await request.form()
    with db.read() as session:
        return render.part(
            "parts/conditions.html", reader, **builder(session, condition_form.read(form, reader), reader)
        )


@router.post(HERE + "/count")
async def count(request: Request, reader: Reading) -> Response:
    """How many conversations the conditions find."""
    form = await request.form()
    with db.read() as session:
        number = _number(session, condition_form.read(form, reader), _typed(form), reader)
    return render.part("parts/narrow_count.html", reader, number=number)


def builder(session: Session, draft: Part, reader: Reader) -> dict[str, Any]:
    """What parts/conditions.html needs."""
    asked = {row.field for row in draft.rows()}
    return {
        "draft": draft,
        "choices": condition_choices.choices(session, reader, asked),
        "fields": condition_words,
        "refresh": HERE + "/fields",
    }


def _page(request: Request, session: Session, reader: Reader, status: int = 200, **values: Any) -> Response:
    draft: Part = values.pop("draft")
    given = {"problem": "", "wrong": "", **values}
    number = _number(session, deepcopy(draft), given, reader)
    return render.page(
        request, reader, "narrow.html", status, names_of=inbox_query.NAMES, orders=inbox_query.ORDERS,
        offered=sharing.options(session, reader, roles=True), number=number, **builder(session, draft, reader), **given,
    )  # fmt: skip


def _of_address(session: Session, asked: Asked, reader: Reader) -> dict[str, Any]:
    wanted, found = inbox_query.wanted(asked, reader), asked.wrong
    group = asked_for(wanted)
    if asked.saved:
        try:
            whole = tree.joined(views.find(session, asked.saved, reader.actor, reader.role).tree, group)
            group = tree.read(tree.written(whole)) if whole.of else group
        except Rejected as error:
            found = str(error)
    return {
        "draft": condition_form.of(group), "view": asked.view, "sort": asked.sort, "name": "", "roles": [], "key": "",
        "problem": reader.words(found) if found else "",
    }  # fmt: skip


def _of_view(session: Session, key: str, reader: Reader) -> dict[str, Any]:
    one = views.find(session, key, reader.actor, reader.role)
    own = one.owner == reader.actor
    return {
        "draft": condition_form.of(one.tree), "view": one.base, "sort": one.sort, "name": one.name if own else "",
        "roles": list(one.roles) if own else [], "key": one.key if own else "",
    }  # fmt: skip


def _typed(form: FormData) -> dict[str, Any]:
    view, sort = str(form.get("view", "")), str(form.get("sort", ""))
    return {
        "view": view if view in VIEWS else "open",
        "sort": sort if sort in SORTS else "newest",
        "name": str(form.get("name", ""))[:200],
        "roles": [str(one) for one in form.getlist("roles")],
        "key": str(form.get("key", ""))[:20],
    }


def _group(draft: Part, reader: Reader, *, say: bool = True) -> tuple[Group | None, str]:
    try:
        return condition_form.group(draft, say=say), ""
    except Rejected as error:
        return None, reader.words(str(error))


def _number(session: Session, draft: Part, values: dict[str, Any], reader: Reader) -> int | None:
    group, _ = _group(draft, reader, say=False)
    if group is None:
        return None
    return listing.number(session, Filter(view=values["view"], me=reader.actor, sight=reader.sight, tree=group))


def _keep(session: Session, form: FormData, group: Group, values: dict[str, Any], reader: Reader) -> str:
    known = sharing.options(session, reader, roles=True) if reader.may("views.share") else {}
    roles = sharing.chosen(values["roles"], known)
    wanted = Filter(view=values["view"], sort=values["sort"])
    key = values["key"] if form.get("how") != "new" else ""
    return views.save(session, values["name"], wanted, group, reader.actor, roles, key)
