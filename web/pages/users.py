"""`/settings/users`: who works here and what they may do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from core import db, mail
from core.errors import Rejected
from inbox import accounts
from web import auth, render, role_words
from web.pages.roles import chosen_accounts
from web.permissions import allow
from web.reader import Reader
from web.signin import addresses, inviting, links, provider

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("users.manage"))]


@router.get("/settings/users")
def index(request: Request, reader: Managing) -> Response:
    """The list, and the form for a new one."""
    return _page(request, reader)


@router.post("/settings/users")
def create(
    request: Request,
    reader: Managing,
    email: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "agent",
) -> Response:
    """Add somebody; who gets no password is invited by mail."""
    try:
        with db.write() as session:
            inviting.add(session, email, name, password, role, reader.actor, reader.power, reader.language)
    except Rejected as error:
        kept = {"email": email, "name": name, "role": role}
        return _page(request, reader, 422, reader.words(str(error)), kept)
    return render.to("/settings/users", "user-created" if password or not mail.is_set_up() else "user-invited")


@router.post("/settings/users/{user_id}/link")
def link(request: Request, user_id: int, reader: Managing) -> Response:
    """Send somebody a link to choose a password by, or their invitation again."""
    try:
        with db.write() as session:
            inviting.send(session, user_id, reader.actor, reader.power, reader.language)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    return render.to("/settings/users", "link-sent")


@router.post("/settings/users/{user_id}/accounts")
async def see(request: Request, user_id: int, reader: Managing) -> Response:
    """Have somebody see the conversations of some accounts alone, or of all that their role sees."""
    form = await request.form()
    try:
        with db.write() as session:
            auth.set_accounts(session, user_id, chosen_accounts(form), reader.actor, reader.power)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    return render.to("/settings/users", "user-changed")


@router.post("/settings/users/{user_id}")
def change(
    request: Request,
    user_id: int,
    reader: Managing,
    role: Annotated[str, Form()] = "",
    disabled: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
) -> Response:
    """Change what the form names: role, shut out or let in, a new password, another address."""
    try:
        with db.write() as session:
            if email:
                addresses.give(session, user_id, email, reader.actor, reader.power, reader.language)
            if role:
                auth.set_role(session, user_id, role, reader.actor, reader.power)
            if disabled in ("yes", "no"):
                auth.set_disabled(session, user_id, disabled == "yes", reader.actor, reader.power)
            if password:
                auth.reset_password(session, user_id, password, reader.actor, reader.power)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    return render.to("/settings/users", "user-changed")


def _page(
    request: Request, reader: Reader, status: int = 200, problem: str = "", kept: dict[str, str] | None = None
) -> Response:
    with db.read() as session:
        users = auth.everybody(session)
        names = role_words.named(session, reader)
        known = accounts.all_accounts(session)
        standing, alone = links.standing(session), provider.alone(session)
    return render.page(
        request,
        reader,
        "users.html",
        status,
        users=users,
        roles=names,
        accounts=known,
        kept=kept or {},
        standing=standing,
        alone=alone,
        mails_go=mail.is_set_up(),
        problem=problem,
    )
