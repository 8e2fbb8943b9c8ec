"""Pages and forms before there is a session: their token stands in the form and in a cookie, and so does the step."""

from __future__ import annotations

import secrets

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from core import db
from core.errors import TryLater
from web import render, sessions
from web.i18n import LANGUAGES, N_
from web.notices import push
from web.permissions import Forbidden, same_site
from web.reader import LANGUAGE, Reader
from web.signin import entry

YEAR = 365 * 24 * 3600
TOO_OFTEN = N_("Too many attempts. Wait %(minutes)s minutes and try again.")


def local(target: str) -> str:
    """A path of ours to go on to; anything else leads to the start page."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and "\n" not in target and "\r" not in target
    return target if safe else "/"


def address(request: Request) -> str:
    """The client's network address."""
    return request.client.host if request.client is not None else ""


def visit(request: Request, zone: str = "", next: str = "/") -> entry.Visit:  # as the forms call it
    """What goes along from step to step."""
    return entry.Visit(request.headers.get("user-agent", ""), zone, local(next), Reader.visitor(request).language)


def too_often(reader: Reader, error: TryLater) -> str:
    """How long to wait, in words."""
    return reader.words(TOO_OFTEN, minutes=max(1, round(error.after / 60)))


def page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """A page at the door, with the token of its form; a language chosen there is kept."""
    token = request.cookies.get(_form_cookie(request)) or secrets.token_urlsafe(24)
    response = render.page(request, Reader.visitor(request), template, status, form_token=token, **values)
    _set(request, response, _form_cookie(request), token)
    if request.query_params.get("lang", "") in LANGUAGES:
        response.set_cookie(
            LANGUAGE, request.query_params["lang"], max_age=YEAR, path="/", secure=sessions.secure(request),
            httponly=True, samesite="lax",
        )  # fmt: skip
    return response


def own(request: Request, given: str) -> None:
    """Forbidden when a form did not come from a page at our door."""
    same_site(request)
    expected = request.cookies.get(_form_cookie(request), "")
    if not expected or not secrets.compare_digest(expected.encode(), given.encode()):
        raise Forbidden("csrf")


def step(request: Request) -> str:
    """The token of the step this browser is at; empty when it is at none."""
    return request.cookies.get(_step_cookie(request), "")


def lead(request: Request, came: entry.Came, next: str) -> Response:
    """On to where a proof led: the page that was asked for, or the next step."""
    if came.token:
        return welcome(request, RedirectResponse(local(next), 303), came.token)
    response = RedirectResponse("/signin/second" if came.kind == entry.SECOND else "/signin/enrol", 303)
    return hold(request, response, came.round)


def hold(request: Request, response: Response, token: str) -> Response:
    """Have the browser keep the token of the step it is at."""
    _set(request, response, _step_cookie(request), token)
    return response


def welcome(request: Request, response: Response, token: str) -> Response:
    """Give the browser its session; one it had before ends, and so do the door's own cookies."""
    before = request.cookies.get(sessions.cookie_name(request), "")
    if before:
        with db.write() as session:
            push.goes_on(session, sessions.digest(before), sessions.digest(token))
            sessions.end(session, sessions.digest(before))
    sessions.give(request, response, token)
    for name in (_form_cookie(request), _step_cookie(request)):
        if name in request.cookies:
            response.delete_cookie(name, path="/", secure=sessions.secure(request), httponly=True)
    return response


def _form_cookie(request: Request) -> str:
    return "__Host-widerhall-form" if sessions.secure(request) else "widerhall-form"


def _step_cookie(request: Request) -> str:
    return "__Host-widerhall-step" if sessions.secure(request) else "widerhall-step"


def _set(request: Request, response: Response, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=sessions.secure(request), httponly=True, samesite="lax")
