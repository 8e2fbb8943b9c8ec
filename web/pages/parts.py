"""`/inbox/{number}/merge` and `/split`: conversations become one case, and themselves again."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import person
from inbox.models import Account, Conversation, Identity
from inbox.parts import store
from web import composer as composers
from web import place, render, thread
from web.i18n import N_
from web.pages.thread import do
from web.permissions import allow
from web.reader import Reader

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Number = Annotated[int, Form(ge=0, lt=place.LARGEST)]
OFFERED = 20
REFUSALS = (
    N_("A conversation is merged with another one, not with itself."),
    N_("There is no such conversation."),
    N_("Only conversations of the inbox are merged."),
    N_("It is part of another case already. Merge that one, or split it first."),
    N_("A case has 20 conversations at most."),
    N_("This conversation is no part of that case."),
)
NOT_FOUND = N_("There is no other conversation with this number.")


@router.get("/inbox/{conversation_id}/merge")
def choose(request: Request, conversation_id: int, reader: Managing, number: str = "") -> Response:
    """Other conversations of the same person, and the one with a number."""
    return _page(request, conversation_id, reader, number)


@router.post("/inbox/{conversation_id}/merge")
def merge(request: Request, conversation_id: int, reader: Managing, other: Number = 0) -> Response:
    """Have another conversation go on in this one."""
    try:
        with db.write() as session:
            thread.find(session, conversation_id, reader)
            thread.find(session, other, reader)
            store.merge(session, conversation_id, other, reader.actor)
    except Rejected as error:
        return _page(request, conversation_id, reader, str(other or ""), 422, reader.words(str(error)))
    return render.to(f"/inbox/{conversation_id}#conversation", "merged")


@router.post("/inbox/{conversation_id}/split/{part_id}")
def split(request: Request, conversation_id: int, part_id: int, reader: Managing) -> Response:
    """Have a merged conversation be one of its own again."""
    if part_id >= place.LARGEST:
        raise HTTPException(404)

    def deed(session: Session) -> bool:
        return store.split(session, part_id, reader.actor, conversation_id) > 0

    said = reader.words(N_("No. %(number)s is a conversation of its own again."), number=str(part_id))
    return do(request, conversation_id, reader, deed, said, "saved", "merge", {"other": str(part_id)})


@router.post("/inbox/{conversation_id}/channel")
def channel(
    request: Request, conversation_id: int, reader: Managing, part: Number = 0,
    kind: Annotated[str, Form()] = "", text: Annotated[str, Form()] = "",
) -> Response:  # fmt: skip
    """The box with what was written, for another conversation of the case."""
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        made = composers.composer(
            session, talk.conversation, talk.account, reader, kind=kind, text=text.replace("\r\n", "\n"),
            parts=talk.parts, part=part,
        )  # fmt: skip
    if not render.wants_part(request):
        return render.to(f"{talk.to()}#composer")
    return render.part("parts/composer.html", reader, talk=replace(talk, composer=made))


def _page(
    request: Request, conversation_id: int, reader: Reader, number: str = "", status: int = 200, problem: str = ""
) -> Response:
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        merged = {conversation_id, *(one.id for one in talk.parts)}
        theirs = _theirs(session, talk.conversation, reader)
        found = [one for one in theirs if one["id"] not in merged]
        wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 16 else 0
        by_number = _seen(session, wanted, reader) if wanted and wanted not in merged else None
        if number and by_number is None and not problem:
            problem = reader.words(NOT_FOUND)
    return render.page(
        request, reader, "merge_case.html", status, talk=talk, found=found[:OFFERED], by_number=by_number,
        number=number[:15], problem=problem,
    )  # fmt: skip


def _theirs(session: Session, conversation: Conversation, reader: Reader) -> list[dict[str, Any]]:
    """Other conversations of the same person, over all their accounts, as far as the reader sees them."""
    if conversation.identity_id is None:
        return []
    who = person.find(session, conversation.identity_id)
    talks, _ = person.history(session, who.ids if who is not None else [], sight=reader.sight, limit=OFFERED * 2)
    shown = (_seen(session, one.id, reader) for one in talks)
    return [one for one in shown if one is not None]


def _seen(session: Session, number: int, reader: Reader) -> dict[str, Any] | None:
    try:
        row = thread.find(session, number, reader)
    except HTTPException:
        return None
    if not row.inbox:
        return None
    account, who = session.get(Account, row.account_id), None
    if row.identity_id is not None and reader.may("people.read"):
        who = session.get(Identity, row.identity_id)
    return {
        "id": number, "platform": row.platform, "account": account.handle if account is not None else "",
        "name": (who.name or who.handle) if who is not None else "", "excerpt": row.excerpt, "state": row.state,
        "last_at": row.last_at, "language": row.language,
    }  # fmt: skip
