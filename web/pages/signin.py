"""`/settings/signin`: what is demanded of people who sign in, and what each of them has."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from web import auth, render, role_words, roles
from web.permissions import allow, granted
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
def demand(
    request: Request, reader: Managing, wanted: Annotated[list[str] | None, Form(alias="roles")] = None
) -> Response:
    """Demand a second factor of the roles that were ticked, from their next sign-in on."""
    try:
        with db.write() as session:
            everybodys(reader)
            if not all(roles.exists(session, one) for one in wanted or []):
                raise HTTPException(400)
            policy.demand(session, wanted or [], reader.actor)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return render.to(HERE, "saved")


@router.post(HERE + "/people/{user_id}/reset")
def reset(request: Request, reader: Managing, user_id: int) -> Response:
    """Take all factors of somebody away who lost them; they are signed out everywhere."""
    try:
        with db.write() as session:
            _within(session, user_id, reader)
            factors.reset(session, user_id, reader.actor)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return render.to(HERE, "factor-reset")


@router.post(HERE + "/people/{user_id}/end")
def end(request: Request, reader: Managing, user_id: int) -> Response:
    """End all sign-ins of somebody; of one's own, all but this one."""
    try:
        with db.write() as session:
            _within(session, user_id, reader)
            auth.sign_out(session, user_id, reader.actor, reader.power, but=reader.session)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return render.to(HERE, "sessions-ended")


@router.post(HERE + "/people/{user_id}/unlink")
def unlink(request: Request, reader: Managing, user_id: int) -> Response:
    """Forget which account at the provider is somebody's; the next sign-in there links anew."""
    try:
        with db.write() as session:
            _within(session, user_id, reader)
            provider.unlink(session, user_id, reader.actor)
    except Rejected as error:
        return page(request, reader, 422, reader.words(str(error)))
    return render.to(HERE, "saved")


def page(
    request: Request, reader: Reader, status: int = 200, problem: str = "", kept: provider.Wanted | None = None
) -> Response:
    """The page; `kept` is what was typed into the provider's form, with what is wrong with it."""
    with db.read() as session:
        people, asked, row = factors.people(session), policy.read(session), provider.read(session)
        linked = provider.linked(session)
        alone = provider.alone(session)
        named = role_words.named(session, reader)
    form = kept or provider.written(row)
    return render.page(
        request, reader, "settings/signin.html", status, people=people, demanded=asked.second_factor, roles=named,
        provider=row, form=form, alone=alone, linked=linked, callback=oidc.back(request), problem=problem,
        way_back=WAY_BACK,
    )  # fmt: skip


def everybodys(reader: Reader) -> None:
    """Rejected for somebody who may not do all: what is asked of everybody would let them in as anybody."""
    roles.within(reader.power, granted("admin"))


def _within(session: Session, user_id: int, reader: Reader) -> None:
    try:
        user = auth.get(session, user_id)
    except Rejected as error:
        raise HTTPException(404) from error
    roles.within(reader.power, roles.granted_to(session, user.role))
