"""`/people/review`: accounts and CRM records that may be one person, side by side, decided by click or key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import connection, csv, duplicates, pairs, review
from enrichment.models import CrmConnection
from web import panel, render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

SHOWN = 20
LARGEST = 2**62
DUPLICATE_NOTES = {"accept": "person-merged", "reject": "pair-parted", "undo": "undone"}

NONE_CHOSEN = N_("Choose at least one pair.")

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("people.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]


@router.get("/people/review")
def index(request: Request, reader: Reading) -> Response:
    """The likeliest proposals; more come when these are decided."""
    return _page(request, reader)


@router.post("/people/review/many")
def decide_many(
    request: Request, reader: Reviewing, decision: Annotated[str, Form()] = "",
    pair: Annotated[list[int] | None, Form()] = None,
) -> Response:  # fmt: skip
    """The same for all that are chosen; what was decided can be taken back together."""
    if decision not in review.DECISIONS:
        raise HTTPException(400)
    chosen = [one for one in pair or [] if 0 < one < LARGEST][:SHOWN]
    if not chosen:
        return _page(request, reader, 422, reader.words(NONE_CHOSEN))
    with db.write() as session:
        done, refused = review.decide_many(session, chosen, decision, reader.actor)
    if decision == "undo":
        return render.to("/people/review", "undone")
    said = render.query(decided=decision, pairs=".".join(map(str, done)), refused=len(refused) or "")
    return render.to(f"/people/review{said}", "")


@router.post("/people/review/{proposal_id:int}")
def decide(request: Request, proposal_id: int, reader: Reviewing, decision: Annotated[str, Form()] = "") -> Response:
    """Accept, reject, or take that back; htmx gets the proposal as it stands then."""
    if decision not in review.DECISIONS:
        raise HTTPException(400)
    try:
        with db.write() as session:
            review.decide(session, proposal_id, decision, reader.actor)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    if not render.wants_part(request):
        notes = {"accept": "person-linked", "reject": "person-not-linked", "undo": "undone"}
        mark = render.query(undo=proposal_id if decision != "undo" else "")
        return render.to(f"/people/review{mark}", notes[decision])
    with db.read() as session:
        one, left = review.one(session, proposal_id), review.waiting(session)
        address = _address(session)
    return render.part(
        "parts/proposal.html", reader, one=one, left=left, threshold=panel.THRESHOLD, record_url=address, current=False
    )


@router.post("/people/review/{proposal_id:int}/undo")
def undo(request: Request, proposal_id: int, reader: Reviewing) -> Response:
    """What the toast's button does."""
    return decide(request, proposal_id, reader, "undo")


@router.post("/people/duplicates/{duplicate_id:int}")
def decide_duplicate(
    request: Request, duplicate_id: int, reader: Reviewing, decision: Annotated[str, Form()] = ""
) -> Response:
    """Say that two records of the CRM are one person, or are two; `undo` takes that back."""
    if decision not in duplicates.DECISIONS:
        raise HTTPException(400)
    try:
        with db.write() as session:
            duplicates.decide(session, min(duplicate_id, LARGEST), decision, reader.actor)
    except Rejected as error:
        return _page(request, reader, 422, reader.words(str(error)))
    mark = render.query(undo=f"duplicate-{duplicate_id}" if decision != "undo" else "")
    return render.to(f"/people/review{mark}#duplicates", DUPLICATE_NOTES[decision])


@router.post("/people/duplicates/{duplicate_id:int}/undo")
def undo_duplicate(request: Request, duplicate_id: int, reader: Reviewing) -> Response:
    """What the toast's button does."""
    return decide_duplicate(request, duplicate_id, reader, "undo")


def _undo(mark: str) -> str:
    """Where the toast's button leads after a decision."""
    kind, _, number = mark.rpartition("-")
    if not (number.isascii() and number.isdecimal()):
        return ""
    return {"": f"/people/review/{number}/undo", "duplicate": f"/people/duplicates/{number}/undo"}.get(kind, "")


def _page(request: Request, reader: Reader, status: int = 200, problem: str = "") -> Response:
    asked = request.query_params
    undo = _undo(asked.get("undo", "")[:40])
    with db.read() as session:
        values: dict[str, Any] = {
            "proposals": review.proposals(session, limit=SHOWN),
            "left": review.waiting(session),
            "pairs": pairs.of(session, limit=SHOWN),
            "pairs_left": pairs.waiting(session),
            "connected": connection.standing(session).connected or csv.holds(session),
            "record_url": _address(session),
        }
    return render.page(
        request, reader, "review.html", status, problem=problem, threshold=panel.THRESHOLD,
        undo=undo if reader.may("people.review") else "", every="all" in asked, many=_many(asked), **values,
    )  # fmt: skip


def _many(asked: Mapping[str, str]) -> dict[str, Any]:
    """What was decided of several at once, as the address says after it."""
    numbers = [int(one) for one in asked.get("pairs", "")[:600].split(".") if one.isascii() and one.isdecimal()]
    refused = asked.get("refused", "")[:4]
    return {
        "decision": asked.get("decided", "") if asked.get("decided") in ("accept", "reject") else "",
        "pairs": numbers[:SHOWN],
        "refused": int(refused) if refused.isascii() and refused.isdecimal() else 0,
    }


def _address(session: Session) -> Callable[[str, str], str]:
    """A function from an object's name and a record's id to the page people look at it on."""
    row = session.get(CrmConnection, 1)
    url = row.url if row is not None else ""
    return lambda kind, record_id: "" if kind == "csv" else connection.record_url(url, kind, record_id)
