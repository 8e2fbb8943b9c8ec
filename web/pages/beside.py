"""`/inbox/{number}/…`: the person beside a conversation: who it is in the CRM, notes on them, a Salesforce Case."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import person, review
from enrichment.cases import opening
from enrichment.models import MatchLink
from inbox import consent, notes
from inbox.models import Conversation, Identity
from web import note_words, render, thread
from web.i18n import N_
from web.permissions import PERSON_NOTES, allow
from web.reader import Reader

router = APIRouter()

Opening = Annotated[Reader, Depends(allow("cases.open"))]
Objecting = Annotated[Reader, Depends(allow("people.object"))]
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]
Noting = Annotated[Reader, Depends(allow(PERSON_NOTES))]


@router.get("/inbox/{conversation_id}/person")
def panel(request: Request, conversation_id: int, reader: Reading) -> Response:
    """The panel by itself, when something about the person changed."""
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#person")
    return beside(request, conversation_id, reader)


@router.post("/inbox/{conversation_id}/links/{link_id}")
def decide(
    request: Request, conversation_id: int, link_id: int, reader: Reviewing, decision: Annotated[str, Form()] = ""
) -> Response:
    """Say that the person is the one of the CRM, or is not, or take that back."""
    deeds = {"accept": review.accept, "reject": review.reject, "undo": review.undo}
    if decision not in deeds:
        raise HTTPException(400)
    with db.read() as session:
        conversation = seen(session, conversation_id, reader)
        link = session.get(MatchLink, link_id)
        if link is None or link.identity_id != conversation.identity_id:
            raise HTTPException(404)
    problem = ""
    try:
        with db.write() as session:
            deeds[decision](session, link_id, reader.actor)
    except Rejected as error:
        problem = reader.words(str(error))
    said = {
        "accept": N_("The two are linked."),
        "reject": N_("Noted: not the same person."),
        "undo": N_("The decision is taken back."),
    }[decision]
    if not render.wants_part(request):
        note = {"accept": "person-linked", "reject": "person-not-linked", "undo": "saved"}[decision]
        return render.to(f"/inbox/{conversation_id}#person", "" if problem else note)
    back = "" if problem or decision == "undo" else f"/inbox/{conversation_id}/links/{link_id}"
    answer = beside(request, conversation_id, reader)
    return render.told(answer, problem or reader.words(said), "err" if problem else "ok", back, {"decision": "undo"})


@router.post("/inbox/{conversation_id}/person-note")
def person_note(
    request: Request,
    conversation_id: int,
    reader: Noting,
    text: Annotated[str, Form(alias="person-note")] = "",
) -> Response:
    """Write a note on the person."""
    with db.read() as session:
        identity_id = seen(session, conversation_id, reader).identity_id
    if identity_id is None:
        raise HTTPException(404)
    try:
        with db.write() as session:
            notes.add(session, identity_id=identity_id, author=reader.actor, text=text.replace("\r\n", "\n"))
    except Rejected as error:
        return beside(request, conversation_id, reader, reader.words(str(error)), text)
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#person", "note-added")
    return render.told(beside(request, conversation_id, reader), reader.words(N_("The note is kept.")))


@router.post("/inbox/{conversation_id}/objection")
def objection(
    request: Request,
    conversation_id: int,
    reader: Objecting,
    purpose: Annotated[str, Form()] = "",
    objects: Annotated[str, Form()] = "no",
) -> Response:
    """Record that the person objects to a purpose, or no longer does; the toast takes it back."""
    if purpose not in (*consent.PURPOSES, "all"):
        raise HTTPException(400)
    objected = objects == "yes"
    with db.write() as session:
        identity_id = seen(session, conversation_id, reader).identity_id
        identity = session.get(Identity, identity_id) if identity_id else None
        if identity is None or identity.ours:
            raise HTTPException(404)
        person.object_to(session, identity, purpose, "web", reader.actor, withdraw=not objected)
    note = "objection-set" if objected else "objection-withdrawn"
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#person", note)
    back = {"purpose": purpose, "objects": "no" if objected else "yes"}
    answer = beside(request, conversation_id, reader)
    return render.told(answer, reader.words(note_words.NOTES[note]), "ok", f"/inbox/{conversation_id}/objection", back)


@router.post("/inbox/{conversation_id}/case")
def open_case(request: Request, conversation_id: int, reader: Opening) -> Response:
    """Open a Salesforce Case for the conversation; a second click finds the one there is."""
    with db.read() as session:
        seen(session, conversation_id, reader)
    try:
        with db.write() as session:
            opening.open_case(session, conversation_id, reader.actor)
    except Rejected as error:
        return beside(request, conversation_id, reader, case=reader.words(str(error)))
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#person", "case-opened")
    said = reader.words(N_("The Salesforce Case is on its way."))
    return render.told(beside(request, conversation_id, reader), said, events=["thread"])


def seen(session: Session, conversation_id: int, reader: Reader) -> Conversation:
    """The conversation; 404 for whoever reads none, too: a right over people alone opens no thread."""
    if not reader.may("messages.read"):
        raise HTTPException(404)
    return thread.find(session, conversation_id, reader)


def beside(
    request: Request, conversation_id: int, reader: Reader, problem: str = "", text: str = "", case: str = "",
    field: tuple[int, str] = (0, ""),
) -> Response:  # fmt: skip
    """The panel, or the whole page, with what was wrong: with a note, a case, or a field of the person."""
    status = 422 if problem or case or field[1] else 200
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request)
        values = thread.beside(session, talk, reader, problem, text, case) | {"field_wrong": field}
        if render.wants_part(request):
            return HTMLResponse(render.text("parts/person_panel.html", reader, talk=talk, **values), status)
    return render.page(request, reader, "conversation.html", status, talk=talk, **values)
