"""`/s/{token}`: a customer answers a survey by the link they got: no sign-in, no script, nothing counted by looking."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox.models import Account, Conversation
from inbox.surveys import answering, questions, refusing
from inbox.surveys.answering import Asked
from web import asking, render, sessions
from web.api import limit
from web.asking import Shown
from web.reader import Reader

HERE = "/s/{token}"
QUIET = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "same-origin"}
STATUS = {"gone": 404, "expired": 410, "slow": 429}

router = APIRouter()
Given = Annotated[list[str], Form()]


@router.get(HERE)
def show(request: Request, token: str, q: str = "", v: str = "", lang: str = "") -> Response:
    """The next question, or the one that is named; a number in the link is chosen already, and has to be confirmed."""
    if limit.visitor(_address(request)):
        return _page(request, Reader.visitor(request), Shown("slow"), token)
    if _ours(request):
        return _page(request, Reader.visitor(request), Shown("ours"), token)
    with db.read() as session:
        asked = answering.find(session, token)
        return _standing(request, session, asked, token, lang, at=q or _begun(asked), preset=v)


def _begun(asked: Asked) -> str:
    """The link itself leads to the first question while some are open: so does a browser's step back to it."""
    begun = asked.answer is not None and not asked.answer.finished
    return asked.questions[0].id if begun else ""


@router.post(HERE, max_body_size=50_000)
def answer(
    request: Request, token: str, q: Annotated[str, Form()] = "", v: Given = [],  # noqa: B006  # FastAPI copies it
    lang: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """Put the answer down, and go on to the next question."""
    if (kept_out := _kept_out(request, token)) is not None:
        return kept_out
    with db.read() as session:
        before = answering.find(session, token)
        if before.state != "open":
            return _standing(request, session, before, token, lang)
    spoken = _language(before, lang)
    try:
        with db.write() as session:
            after = answering.put(session, token, q, v, spoken)
    except Rejected as error:
        with db.read() as session:
            return _standing(request, session, before, token, lang, at=q, given=v, wrong=str(error))
    found = after.questions
    done, following = questions.way(found, after.values)
    place = done.index(q) + 1 if q in done else len(done)
    onward = following if place >= len(done) else done[place]
    if following == "" and place >= len(done):
        onward = ""
    query = urlencode({name: text for name, text in (("lang", spoken), ("q", onward)) if text})
    return RedirectResponse(f"/s/{token}?{query}", 303, headers=QUIET)


@router.post(HERE + "/stop", max_body_size=50_000)
def stop(
    request: Request, token: str, again: Annotated[str, Form()] = "", lang: Annotated[str, Form()] = ""
) -> Response:
    """Not to be asked again, or to be asked `again` after all; the link says who."""
    if (kept_out := _kept_out(request, token)) is not None:
        return kept_out
    with db.write() as session:
        asked = answering.find(session, token)
        refusing.refuse(session, asked, again=again == "yes")
    if asked.survey is None:
        return _page(request, Reader.visitor(request), Shown(asked.state), token)
    return RedirectResponse(f"/s/{token}?{urlencode({'lang': _language(asked, lang)})}#stop", 303, headers=QUIET)


def _ours(request: Request) -> bool:
    """Somebody who works here is signed in with this browser: their answer would count as the customer's."""
    cookie = request.cookies.get(sessions.cookie_name(request), "")
    return bool(cookie) and sessions.find(cookie) is not None


def _standing(
    request: Request, session: Session, asked: Asked, token: str, lang: str, *, at: str = "", preset: str = "",
    given: list[str] | None = None, wrong: str = "",
) -> Response:  # fmt: skip
    if asked.survey is None or asked.invitation is None:
        return _page(request, Reader.visitor(request), Shown(asked.state), token)
    reader = Reader(_language(asked, lang))
    title = _title(session, asked.invitation.conversation_id)
    stopped = refusing.stands(session, asked)
    if asked.state != "open":
        shown = Shown(asked.state, title, languages=asking.languages(asked.survey), stopped=stopped)
        return _page(request, reader, shown, token)
    said = reader.words(wrong) if wrong else ""
    shown = asking.standing(asked.survey, asked.values, title, reader, at=at, preset=preset, given=given, wrong=said)
    return _page(request, reader, replace(shown, stopped=stopped), token, 422 if wrong else 200)


def _kept_out(request: Request, token: str) -> Response | None:
    """The page for who answers too fast, or is one of ours; None for everybody else."""
    if limit.visitor(_address(request)):
        return _page(request, Reader.visitor(request), Shown("slow"), token)
    if _ours(request):
        return _page(request, Reader.visitor(request), Shown("ours"), token, 409)
    return None


def _language(asked: Asked, wanted: str) -> str:
    assert asked.survey is not None  # noqa: S101  # callers looked
    assert asked.invitation is not None  # noqa: S101
    return asking.language(asked.survey, wanted, asked.invitation.language)


def _title(session: Session, conversation_id: int) -> str:
    """Who asks: our account they wrote to."""
    talk = session.get(Conversation, conversation_id)
    account = session.get(Account, talk.account_id) if talk is not None else None
    return account.name or account.handle if account is not None else ""


def _page(request: Request, reader: Reader, shown: Shown, token: str, status: int = 200) -> Response:
    response = render.page(
        request, reader, "survey.html", STATUS.get(shown.state, status), shown=shown, action=f"/s/{token}",
        kept={},
    )  # fmt: skip
    response.headers.update(QUIET)
    return response


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""
