"""`/people` and `/people/{id}`: who is known, who somebody is and why we think so, what they object to, forgetting."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from enrichment import byhand, connection, csv, decisions, directory, merging, person, review
from enrichment.directory import Filter
from enrichment.making import store as making
from inbox import consent, erasure, notes, people
from inbox.fields import store
from inbox.models import Identity
from inbox.surveys import answering
from listening.figures import behind
from web import actors, customer, people_filter, render
from web.permissions import PERSON_NOTES, allow
from web.reader import Reader

MARK = re.compile(r"(auto|accepted|contact)-\w{1,26}", re.ASCII)
DECISION = re.compile(r"decision-(\d{1,18})", re.ASCII)
"""How a separation is undone (enrichment.byhand)."""

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("people.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]
Noting = Annotated[Reader, Depends(allow(PERSON_NOTES))]
Objecting = Annotated[Reader, Depends(allow("people.object"))]
Erasing = Annotated[Reader, Depends(allow("people.erase"))]


@router.get("/people")
def index(
    request: Request,
    reader: Reading,
    q: str = "",
    platform: str = "",
    show: str = "",
    sort: str = "recent",
    before: str = "",
    field: str = "",
    how: str = "",
    value: str = "",
) -> Response:
    """Everybody who wrote or was seen: search, filters, pages."""
    with db.read() as session:
        chosen = people_filter.chosen(session, field[:20], how[:20], value, reader)
        wanted = Filter(
            q[:200],
            platform[:40],
            show if show in directory.SHOW else "",
            people_filter.sort(sort, chosen.field),
            chosen.field,
            chosen.own,
        )
        try:
            found = directory.page(session, wanted, before[:60])
        except Rejected:  # whoever the page before ended with is gone
            before, found = "", directory.page(session, wanted)
        values: dict[str, Any] = {
            "counts": directory.counts(session),
            "platforms": directory.platforms(session),
            "reachable": connection.standing(session).connected or csv.holds(session),
            "own_fields": store.shown(session, "person"),
        }

    def address(**changes: str) -> str:
        asked = {"q": wanted.q, "platform": wanted.platform, "show": wanted.show, "sort": wanted.sort}
        if chosen.field is not None:
            asked |= {"field": str(chosen.field.id), "how": chosen.how, "value": chosen.value}
        asked |= changes
        return "/people" + render.query(**{**asked, "sort": "" if asked["sort"] == "recent" else asked["sort"]})

    return render.page(
        request, reader, "people.html", found=found, wanted=wanted, first=not before, address=address, chosen=chosen,
        **values,
    )  # fmt: skip


@router.get("/people/{identity_id:int}")
async def show(request: Request, identity_id: int, reader: Reading) -> Response:
    """Everything known about the person behind an identity."""
    return await render.quickly(page, request, identity_id, reader)


@router.post("/people/{identity_id:int}/links/{link_id:int}")
def decide(
    request: Request, identity_id: int, link_id: int, reader: Reviewing, decision: Annotated[str, Form()]
) -> Response:
    """Say that a proposal is the same person, or is not; `undo` takes that back."""
    known(identity_id)
    with db.read() as session:
        proposal = review.one(session, link_id)
    if proposal is None or proposal.identity_id != identity_id:
        raise HTTPException(404)
    if decision not in review.DECISIONS:
        raise HTTPException(400)
    try:
        with db.write() as session:
            review.decide(session, link_id, decision, reader.actor)
    except Rejected as error:
        return page(request, identity_id, reader, 422, reader.words(str(error)))
    if decision == "undo":
        return render.to(f"/people/{identity_id}", "undone")
    note = "person-linked" if decision == "accept" else "person-not-linked"
    return render.to(f"/people/{identity_id}?undo={link_id}", note)


@router.post("/people/{identity_id:int}/link")
def link(request: Request, identity_id: int, reader: Reviewing, record: Annotated[int, Form()] = 0) -> Response:
    """Link the account to a CRM record that a person found."""
    known(identity_id)
    try:
        with db.write() as session:
            mark = merging.join(session, identity_id, record, reader.actor)
    except Rejected as error:
        return page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}?undo={mark}", "person-linked")


@router.post("/people/{identity_id:int}/unlink")
def unlink(identity_id: int, reader: Reviewing) -> Response:
    """Take the account away from its contact, so that the rules do not bring it back."""
    known(identity_id)
    with db.write() as session:
        mark = byhand.separate(session, identity_id, reader.actor)
    return render.to(f"/people/{identity_id}{render.query(undo=mark)}", "person-unlinked" if mark else "")


@router.post("/people/{identity_id:int}/rejoin")
def rejoin(request: Request, identity_id: int, reader: Reviewing, mark: str = "") -> Response:
    """Undo that."""
    known(identity_id)
    try:
        with db.write() as session:
            byhand.rejoin(session, identity_id, mark[:60], reader.actor)
    except Rejected as error:
        return page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}", "undone")


@router.post("/people/{identity_id:int}/notes")
def add_note(request: Request, identity_id: int, reader: Noting, text: Annotated[str, Form()] = "") -> Response:
    """Write a note on the person, for the people who work here."""
    known(identity_id)
    try:
        with db.write() as session:
            notes.add(session, identity_id=identity_id, author=reader.actor, text=text)
    except Rejected as error:
        return page(request, identity_id, reader, 422, reader.words(str(error)), typed=text)
    return render.to(f"/people/{identity_id}#notes", "note-added")


@router.post("/people/{identity_id:int}/notes/{note_id:int}/remove")
def remove_note(request: Request, identity_id: int, note_id: int, reader: Noting) -> Response:
    """Take a note of one's own away."""
    known(identity_id)
    try:
        with db.write() as session:
            gone = notes.remove(session, note_id, reader.actor)
    except Rejected as error:
        return page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}#notes", "note-removed" if gone else "")


@router.post("/people/{identity_id:int}/objection")
def objection(
    identity_id: int,
    reader: Objecting,
    purpose: Annotated[str, Form()],
    objects: Annotated[str, Form()] = "no",
) -> Response:
    """Record that the person objects to a purpose, or no longer does; it covers the whole contact."""
    if purpose not in (*consent.PURPOSES, "all"):
        raise HTTPException(400)
    identity = known(identity_id)
    with db.write() as session:
        person.object_to(session, identity, purpose, "web", reader.actor, withdraw=objects != "yes")
    return render.to(f"/people/{identity_id}#consent", "objection-set" if objects == "yes" else "objection-withdrawn")


@router.post("/people/{identity_id:int}/erase")
def erase(request: Request, identity_id: int, reader: Erasing, sure: Annotated[str, Form()] = "") -> Response:
    """Erase the person with everything that reaches them; the form asks for the identity's number."""
    known(identity_id)
    if sure.strip() != str(identity_id):
        problem = reader.words("To erase this person, type the number %(number)s.", number=identity_id)
        return page(request, identity_id, reader, 422, problem, erasing=True)
    try:
        with db.write() as session:
            erasure.erase(session, f"identity:{identity_id}", reader.actor)
    except Rejected as error:
        return page(request, identity_id, reader, 422, str(error), erasing=True)
    return render.to("/people", "person-erased")


def known(identity_id: int) -> Identity:
    with db.read() as session:
        identity = session.get(Identity, identity_id) if 0 < identity_id < 2**62 else None
    if identity is None or identity.ours:
        raise HTTPException(404)
    return identity


def _undo(request: Request, identity_id: int) -> str:
    """Where the toast's button leads after a deed that can be taken back."""
    mark = request.query_params.get("undo", "")
    if found := DECISION.fullmatch(mark):
        return f"/people/{identity_id}/decisions/{found[1]}/undo"
    if MARK.fullmatch(mark):
        return f"/people/{identity_id}/rejoin?mark={quote(mark)}"
    return f"/people/{identity_id}/links/{mark}/undo" if mark.isascii() and mark.isdecimal() else ""


@router.post("/people/{identity_id:int}/links/{link_id:int}/undo")
def undo(request: Request, identity_id: int, link_id: int, reader: Reviewing) -> Response:
    """Take a decision about a proposal back: what the toast's button does."""
    return decide(request, identity_id, link_id, reader, "undo")


@router.get("/people/{identity_id:int}/customer")
def as_customer(request: Request, identity_id: int, reader: Reading) -> Response:
    """Orders, events and the timeline of the person, asked for when the page stands: they may be many."""
    with db.read() as session:
        found = person.find(session, identity_id) if identity_id < 2**62 else None
        if found is None:
            raise HTTPException(404)
        contact = found.contact.id if found.contact else ""
        values = customer.values(session, reader, contact, found.ids, request)
    return render.part("parts/customer.html", reader, here=f"/people/{identity_id}", **values)


def _customer(session: Session, request: Request, reader: Reader, found: person.Person) -> dict[str, Any]:
    """The same for the page itself, when one of its links asks for it; `later` says that it comes after the page."""
    wanted = "past" in request.query_params or "story" in request.query_params
    contact = found.contact.id if found.contact and wanted else ""
    later = found.contact is not None and not wanted
    return {"later": later, **customer.values(session, reader, contact, found.ids, request)}


def page(
    request: Request, identity_id: int, reader: Reader, status: int = 200, problem: str = "", typed: str = "",
    *, erasing: bool = False,
) -> Response:  # fmt: skip
    skip = request.query_params.get("skip", "")
    after = int(skip) if skip.isascii() and skip.isdecimal() and len(skip) < 6 else 0
    words = request.query_params.get("find", "")[:200]
    with db.read() as session:
        found = person.find(session, identity_id) if identity_id < 2**62 else None
        if found is None:
            raise HTTPException(404)
        talks, more = person.history(session, found.ids, sight=reader.sight, after=after)
        remarks = notes.of_people(session, found.ids)
        contact = found.contact.id if found.contact else ""
        known = bool(contact) and decisions.there_are(session, contact)
        decided = decisions.of_person(session, people.members(session, contact)) if known else []
        deciding = actors.names(session, [one.actor for one in decided])
        values: dict[str, Any] = {
            "person": found,
            "said": behind.of_author(session, identity_id, sight=reader.sight),
            "links": person.links(session, identity_id),
            "talks": talks,
            "following": after + len(talks) if more else 0,
            "after": after,
            "notes": remarks,
            "made": making.shown(session, found.ids) if found.unknown else None,
            "may_make": found.makeable and reader.may("cases.open"),
            "own_fields": [(one, found.own.get(one.id)) for one in store.shown(session, "person")],
            "rated": answering.of_people(session, found.ids, sight=reader.sight),
            **_customer(session, request, reader, found),
            "names": actors.names(session, [one.author for one in remarks]),
            "decided": decided,
            "deciders": {one: actors.named(one, deciding, reader) for one in {row.actor for row in decided}},
            "connected": found.connected or csv.holds(session),
            "words_found": words,
            "records": byhand.search(session, words) if words and reader.may("people.review") else [],
        }
    return render.page(
        request, reader, "person.html", status, problem=problem, typed=typed, erasing=erasing,
        undo=_undo(request, identity_id) if reader.may("people.review") else "", **values,
    )  # fmt: skip
