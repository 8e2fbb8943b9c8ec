"""`/settings/signin`: what is demanded of people who sign in, and what each of them has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from web import auth, render, sessions
from web.permissions import ROLES, allow
from web.reader import Reader
from web.signin import factors, oidc, policy, provider

HERE = "/settings/signin"
WAY_BACK = "widerhall users allow-passwords"

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("users.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """What is demanded, the provider, and everybody with their factors and sign-ins."""
    return page(request, reader)


@router.post(HERE + "/demand")
def demand(reader: Managing, roles: Annotated[list[str] | None, Form()] = None) -> Response:
    """Demand a second factor of the roles that were ticked, from their next sign-in on."""
    if not set(roles or []) <= set(ROLES):
        raise HTTPException(400)
    with db.write() as session:
        policy.demand(session, roles or [], reader.actor)
    return render.to(HERE, "saved")


@router.post(HERE + "/people/{user_id}/reset")
def reset(reader: Managing, user_id: int) -> Response:
    """Take all factors of somebody away who lost them; they are signed out everywhere."""
    with db.write() as session:
        _known(session, user_id)
        factors.reset(session, user_id, reader.actor)
    return render.to(HERE, "factor-reset")


@router.post(HERE + "/people/{user_id}/end")
def end(reader: Managing, user_id: int) -> Response:
    """End all sign-ins of somebody; of one's own, all but this one."""
    with db.write() as session:
        _known(session, user_id)
        sessions.end_all(session, user_id, but=reader.session)
        audit.record(session, reader.actor, "session.ended", f"user:{user_id}", {"all": True})
    return render.to(HERE, "sessions-ended")


@router.post(HERE + "/people/{user_id}/unlink")
def unlink(reader: Managing, user_id: int) -> Response:
    """Forget which account at the provider is somebody's; the next sign-in there links anew."""
    with db.write() as session:
        _known(session, user_id)
        provider.unlink(session, user_id, reader.actor)
    return render.to(HERE, "saved")


def page(
    request: Request, reader: Reader, status: int = 200, problem: str = "", kept: provider.Wanted | None = None
) -> Response:
    """The page; `kept` is what was typed into the provider's form, with what is wrong with it."""
    with db.read() as session:
        people, asked, row = factors.people(session), policy.read(session), provider.read(session)
        linked = provider.linked(session)
        alone = provider.alone(session)
    form = kept or provider.written(row)
    return render.page(
        request, reader, "settings/signin.html", status, people=people, demanded=asked.second_factor, roles=ROLES,
        provider=row, form=form, alone=alone, linked=linked, callback=oidc.back(request), problem=problem,
        way_back=WAY_BACK,
    )  # fmt: skip


def _known(session: Session, user_id: int) -> None:
    try:
        auth.get(session, user_id)
    except Rejected as error:
        raise HTTPException(404) from error
