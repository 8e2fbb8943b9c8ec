"""`/settings/replies`: saved replies in several languages, written and kept by those who answer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from inbox import saved
from inbox.models import SavedReply
from inbox.sharing import ALL, changes
from web import actors, place, render, sharing, thread
from web import saved as offered
from web.i18n import LANGUAGES
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/replies"
EXAMPLE = {"name": "Kim Sommer", "first_name": "Kim", "account": "@brand", "number": "4711"}
"""Stands in the places of a preview."""

router = APIRouter()
Answering = Annotated[Reader, Depends(allow("conversations.reply"))]
Text = Annotated[str, Form(max_length=20_000)]


@router.get(HERE)
def index(request: Request, reader: Answering, q: str = "") -> Response:
    """All of them by name, or those that hold the words searched for."""
    with db.read() as session:
        found = saved.of(session, reader.actor, q[:200])
        there = bool(found) or bool(saved.of(session, reader.actor))
        offered_to = sharing.options(session, reader)
        names = actors.names(session, [one.changed_by for one in found])
    mine, example = [reader.language], _example(reader)
    shown = {one.id: saved.fill(one.texts[saved.language(one.texts, mine)], example) for one in found}
    return render.page(
        request, reader, "settings/replies.html", replies=found, shown=shown, names=names, q=q, there=there,
        languages=LANGUAGES, offered=offered_to,
    )  # fmt: skip


@router.get(HERE + "/new")
def new(request: Request, reader: Answering) -> Response:
    """An empty form."""
    return _form(request, reader, None)


@router.post(HERE)
async def add(request: Request, reader: Answering, name: Text = "", shortcut: Text = "") -> Response:
    """Keep a new one."""
    return await _keep(request, reader, None, name, shortcut)


@router.get(HERE + "/{reply_id:int}")
def one(request: Request, reader: Answering, reply_id: int) -> Response:
    """The form with what is kept, and how it reads."""
    with db.read() as session:
        row = _found(session, reply_id, reader)
    return _form(
        request, reader, reply_id, name=row.name, shortcut=row.shortcut or "", texts=row.texts, shared=row.shared,
        mine=_mine(row, reader),
    )  # fmt: skip


@router.post(HERE + "/{reply_id:int}")
async def change(request: Request, reader: Answering, reply_id: int, name: Text = "", shortcut: Text = "") -> Response:
    """Keep it in its new form."""
    with db.read() as session:
        _found(session, reply_id, reader)
    return await _keep(request, reader, reply_id, name, shortcut)


@router.post(HERE + "/{reply_id:int}/remove")
def remove(reader: Answering, reply_id: int) -> Response:
    """Throw it away; what was sent with it stays."""
    with db.write() as session:
        if not _mine(_found(session, reply_id, reader), reader):
            return render.to(f"{HERE}/{reply_id}")  # its page says whose it is, and has no button
        saved.remove(session, reply_id, reader.actor, others=reader.may("shared.edit"))
    return render.to(HERE, "reply-removed")


@router.get("/inbox/{conversation_id}/saved")
def menu(request: Request, reader: Answering, conversation_id: int, q: str = "") -> Response:
    """The replies of the composer's menu, filled in for this conversation."""
    if not render.wants_part(request):
        query = thread.kept(request)
        return render.to(f"/inbox/{conversation_id}{'?' + query if query else ''}#conversation")
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        found, number = offered.offers(session, talk, reader, q[:200])
    return render.part(
        "parts/saved.html", reader, offers=found, number=number, q=q, languages=LANGUAGES,
        theirs=talk.conversation.language,
    )  # fmt: skip


async def _keep(request: Request, reader: Reader, reply_id: int | None, name: str, shortcut: str) -> Response:
    form = await request.form()
    texts = {code: str(form.get(f"text_{code}", "")).replace("\r\n", "\n") for code in LANGUAGES}
    given = [str(one) for one in form.getlist("shared")]
    try:
        with db.write() as session:
            kept = session.get(SavedReply, reply_id) if reply_id is not None else None
            before = kept.texts if kept is not None else {}
            others = {code: text for code, text in before.items() if code not in LANGUAGES}  # written elsewhere
            shared = sharing.chosen(given, sharing.options(session, reader), kept.shared if kept is not None else ())
            saved.save(
                session, reply_id, name=name, shortcut=shortcut, texts={**others, **texts}, actor=reader.actor,
                shared=shared, others=reader.may("shared.edit"),
            )  # fmt: skip
    except saved.Wrong as error:
        wrong = {error.field: reader.words(error.sentence, **error.values)}
        return _form(request, reader, reply_id, 422, wrong, name=name, shortcut=shortcut, texts=texts, shared=given)
    return render.to(HERE, "reply-kept")


def _form(
    request: Request, reader: Reader, reply_id: int | None, status: int = 200, wrong: dict[str, str] | None = None,
    **typed: Any,
) -> Response:  # fmt: skip
    values = {"name": "", "shortcut": "", "texts": {}, "shared": [ALL], "mine": True, **typed}
    with db.read() as session:
        shares = sharing.options(session, reader)
    shown = {code: saved.fill(text, _example(reader)) for code, text in values["texts"].items() if text.strip()}
    return render.page(
        request, reader, "settings/reply.html", status, reply_id=reply_id, wrong=wrong or {}, languages=LANGUAGES,
        places=saved.PLACES, shown=shown, limit=saved.LIMIT, shares=shares, **values,
    )  # fmt: skip


def _example(reader: Reader) -> dict[str, str]:
    return {**EXAMPLE, "agent": reader.name}


def _found(session: Session, reply_id: int, reader: Reader) -> SavedReply:
    row = saved.find(session, reply_id, reader.actor) if reply_id < place.LARGEST else None
    if row is None:
        raise HTTPException(404)
    return row


def _mine(row: SavedReply, reader: Reader) -> bool:
    """The reader may change it."""
    return changes(row.made_by, row.shared, reader.actor, others=reader.may("shared.edit"))
