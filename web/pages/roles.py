"""`/settings/roles`: what people may do, by role: the built-in ones to look at, others made, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core import db
from core.errors import Rejected
from inbox import accounts
from inbox.worker_models import Role
from web import place, render, role_words, roles, words
from web.i18n import N_
from web.permissions import PERMISSIONS, allow
from web.reader import Reader

HERE = "/settings/roles"
FIELDS = {
    roles.NO_NAME: "name", roles.LONG_NAME: "name", roles.TAKEN: "name", roles.NO_REACH: "reach",
    roles.NO_ACCOUNT: "accounts",
}  # fmt: skip
"""What was wrong → the field beside which it is said; else beside the rights."""

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("roles.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """All roles with who has them, and what each may do."""
    with db.read() as session:
        found, having = roles.every(session), roles.holders(session)
        names = role_words.named(session, reader)
        granted = {key: roles.granted_to(session, key) for key in names}
    return render.page(
        request, reader, "settings/roles.html", own={one.key: one for one in found}, names=names, having=having,
        granted=granted, groups=role_words.GROUPS,
    )  # fmt: skip


@router.get(HERE + "/new")
def new(request: Request, reader: Managing, copy: str = "") -> Response:
    """An empty form, or a copy of what another role may do."""
    typed: dict[str, Any] = {}
    with db.read() as session:
        if roles.exists(session, copy):
            source = role_words.named(session, reader)[copy]
            typed["name"] = reader.words(N_("%(name)s (copy)"), name=source)[: roles.NAME]
            typed |= _copied(roles.find(session, copy))
            typed["permissions"] = roles.granted_to(session, copy) & reader.permissions
    return _form(request, reader, None, typed)


@router.get(HERE + "/{role_id:int}")
def one(request: Request, reader: Managing, role_id: int) -> Response:
    """The form with what is kept."""
    with db.read() as session:
        row = _found(session, role_id)
    return _form(request, reader, role_id, {"name": row.name, "permissions": row.permissions, **_copied(row)})


@router.post(HERE)
async def add(request: Request, reader: Managing) -> Response:
    """Keep a new one."""
    return _keep(request, reader, None, await request.form())


@router.post(HERE + "/{role_id:int}")
async def change(request: Request, reader: Managing, role_id: int) -> Response:
    """Keep it in its new form."""
    with db.read() as session:
        _found(session, role_id)
    return _keep(request, reader, role_id, await request.form())


@router.post(HERE + "/{role_id:int}/remove")
def remove(request: Request, reader: Managing, role_id: int, instead: Annotated[str, Form()] = "") -> Response:
    """Remove it; who has it gets another one."""
    with db.read() as session:
        row = _found(session, role_id)
    try:
        with db.write() as session:
            roles.remove(session, role_id, instead, reader.actor, reader.power)
    except Rejected as error:
        typed = {"name": row.name, "permissions": row.permissions, **_copied(row)}
        return _form(request, reader, role_id, typed, {"instead": reader.words(str(error))}, 422)
    return render.to(HERE, "role-removed")


def _found(session: Session, role_id: int) -> Role:
    row = session.get(Role, role_id) if 0 < role_id < place.LARGEST else None
    if row is None:
        raise HTTPException(404)
    return row


def _copied(row: Role | None) -> dict[str, Any]:
    """Whose conversations a role sees, for the form."""
    return {} if row is None else {"reach": row.reach, "accounts": row.accounts}


def _typed(form: FormData) -> dict[str, Any]:
    return {
        "name": str(form.get("name", ""))[:500],
        "permissions": [one for one in PERMISSIONS if one in form.getlist("permission")],
        "reach": str(form.get("reach", "all")),
        "accounts": chosen_accounts(form),
    }


def chosen_accounts(form: FormData) -> list[int] | None:
    """The accounts that a form has ticked; None for every one."""
    if form.get("seen") != "some":
        return None
    texts = [str(one) for one in form.getlist("account")]
    return [int(one) for one in texts if one.isascii() and one.isdigit() and len(one) < 16]


def _keep(request: Request, reader: Reader, role_id: int | None, form: FormData) -> Response:
    typed = _typed(form)
    wanted = roles.Wanted(typed["name"], typed["permissions"], typed["reach"], typed["accounts"])
    try:
        with db.write() as session:
            roles.save(session, role_id, wanted, reader.actor, reader.power)
    except Rejected as error:
        wrong = {FIELDS.get(str(error), "permissions"): _why(error, reader)}
        return _form(request, reader, role_id, typed, wrong, 422)
    return render.to(HERE, "role-kept")


def _why(error: Rejected, reader: Reader) -> str:
    if not isinstance(error, roles.Lacking):
        return reader.words(str(error))
    right, other = (reader.words(words.PERMISSIONS[one]) for one in (error.right, error.other))
    return reader.words(roles.LACKING, right=right, other=other)


def _form(
    request: Request, reader: Reader, role_id: int | None, typed: Mapping[str, Any],
    wrong: Mapping[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    with db.read() as session:
        having = roles.holders(session).get(f"role:{role_id}", []) if role_id else []
        known = accounts.all_accounts(session)
        others = [(key, name) for key, name in role_words.named(session, reader).items() if key != f"role:{role_id}"]
    given = {"name": "", "permissions": (), "reach": "all", "accounts": None, **typed}
    return render.page(
        request, reader, "settings/role.html", status, role_id=role_id, typed=given, wrong=wrong or {}, having=having,
        others=others, groups=role_words.GROUPS, hints=role_words.HINTS, reaches=role_words.REACHES,
        accounts=known, chosen=given["accounts"],
    )  # fmt: skip
