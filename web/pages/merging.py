"""`/people/{id}/merge`: finding the person somebody is too, both side by side; merging, splitting, taking it back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from enrichment import decisions, directory, merging, person, preview, splitting
from enrichment.directory import Filter
from inbox.models import Identity
from web import render
from web.permissions import allow
from web.reader import Reader

FOUND = 12
LARGEST = 2**62

router = APIRouter()

Reviewing = Annotated[Reader, Depends(allow("people.review"))]


@router.get("/people/{identity_id:int}/merge")
def choose(request: Request, identity_id: int, reader: Reviewing) -> Response:
    """Look for the person to merge with, and see both side by side."""
    return _page(request, identity_id, reader)


@router.post("/people/{identity_id:int}/merge")
def merge(
    request: Request,
    identity_id: int,
    reader: Reviewing,
    other: Annotated[int, Form()] = 0,
    why: Annotated[str, Form()] = "",
    looked: Annotated[str, Form()] = "no",
) -> Response:
    """Merge the two persons; the toast takes it back."""
    _known(identity_id)
    if not 0 < other < LARGEST:
        return _page(request, identity_id, reader, 422, reader.words(merging.GONE))
    try:
        with db.write() as session:
            left, right = (merging.contact_for(session, one, reader.actor) for one in (identity_id, other))
            number = merging.merge(session, left, right, reader.actor, why, looked=looked == "yes")
    except Rejected as error:
        return _page(request, identity_id, reader, 422, reader.words(str(error)), other)
    return render.to(f"/people/{identity_id}?undo=decision-{number}", "person-merged")


@router.post("/people/{identity_id:int}/split")
def split(
    request: Request,
    identity_id: int,
    reader: Reviewing,
    account: Annotated[list[int] | None, Form()] = None,
    why: Annotated[str, Form()] = "",
) -> Response:
    """Take the chosen accounts out into a person of their own; the toast takes it back."""
    _known(identity_id)
    chosen = [one for one in account or () if 0 < one < LARGEST]
    try:
        with db.write() as session:
            number = splitting.split(session, chosen, reader.actor, why)
    except Rejected as error:
        return _page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}?undo=decision-{number}#accounts", "person-split")


@router.post("/people/{identity_id:int}/decisions/{decision_id:int}/undo")
def undo(request: Request, identity_id: int, decision_id: int, reader: Reviewing) -> Response:
    """Take a merge or a split back: everything is as it was before."""
    _known(identity_id)
    try:
        with db.write() as session:
            decisions.take_back(session, min(decision_id, LARGEST), reader.actor)
    except Rejected as error:
        return _page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}", "undone")


def _known(identity_id: int) -> None:
    with db.read() as session:
        identity = session.get(Identity, identity_id) if 0 < identity_id < LARGEST else None
    if identity is None or identity.ours:
        raise HTTPException(404)


def _page(
    request: Request, identity_id: int, reader: Reader, status: int = 200, problem: str = "", other: int = 0
) -> Response:
    _known(identity_id)
    words = request.query_params.get("find", "")[:200]
    asked = request.query_params.get("with", "")
    chosen = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 18 else other
    with db.read() as session:
        both = preview.preview(session, identity_id, chosen) if chosen and chosen != identity_id else None
        me = person.find(session, identity_id)
        if me is None:
            raise HTTPException(404)
        rows = directory.page(session, Filter(words), "", FOUND).rows if words.strip() else []
    found = [one for one in rows if one.id not in me.ids]
    return render.page(
        request, reader, "merge.html", status, problem=problem, both=both, person=me, found=found, words_found=words
    )
