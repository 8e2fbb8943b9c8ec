"""`/people/…`: who somebody is, why we think so, what they object to, and how they are forgotten."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected
from enrichment import review
from enrichment.models import CrmRecord, MatchLink, SyncState
from inbox import consent, erasure, people
from inbox.models import Contact, Conversation, Identity
from web import render
from web.permissions import allow
from web.reader import Reader

MOST = 100
"""Proposals shown."""
LATEST = 20
"""Conversations shown."""

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("people.read"))]
Reviewing = Annotated[Reader, Depends(allow("people.review"))]
Objecting = Annotated[Reader, Depends(allow("people.object"))]
Erasing = Annotated[Reader, Depends(allow("people.erase"))]


@router.get("/people")
def index(request: Request, reader: Reading) -> Response:
    """Who may be the same person: proposals that wait for somebody to decide."""
    with db.read() as session:
        found = review.proposals(session, limit=MOST)
    return render.page(request, reader, "people.html", proposals=found, most=MOST)


@router.get("/people/{identity_id}")
def show(request: Request, identity_id: int, reader: Reading) -> Response:
    """Everything known about the person behind an identity."""
    return _page(request, identity_id, reader)


@router.post("/people/{identity_id}/unlink")
def unlink(identity_id: int, reader: Reviewing) -> Response:
    """Take the identity away from its contact."""
    _known(identity_id)
    with db.write() as session:
        people.unlink(session, identity_id, reader.actor, "decided by hand")
    return render.to(f"/people/{identity_id}", "person-unlinked")


@router.post("/people/{identity_id}/links/{link_id}")
def decide(
    request: Request, identity_id: int, link_id: int, reader: Reviewing, decision: Annotated[str, Form()]
) -> Response:
    """Say that a proposal is the same person, or is not."""
    _known(identity_id)
    with db.read() as session:
        link = session.get(MatchLink, link_id)
    if link is None or link.identity_id != identity_id:
        raise HTTPException(404)
    if decision not in ("accept", "reject"):
        raise HTTPException(400)
    try:
        with db.write() as session:
            if decision == "accept":
                review.accept(session, link_id, reader.actor)
            else:
                review.reject(session, link_id, reader.actor)
    except Rejected as error:
        return _page(request, identity_id, reader, 422, reader.words(str(error)))
    return render.to(f"/people/{identity_id}", "person-linked" if decision == "accept" else "person-not-linked")


@router.post("/people/{identity_id}/objection")
def objection(
    identity_id: int,
    reader: Objecting,
    purpose: Annotated[str, Form()],
    objects: Annotated[str, Form()] = "no",
) -> Response:
    """Record that the person objects to a purpose, or no longer does; it covers the whole contact."""
    if purpose not in consent.PURPOSES:
        raise HTTPException(400)
    identity = _known(identity_id)
    with db.write() as session:
        for subject in _subjects(identity):
            if objects == "yes":
                consent.object_to(session, subject, purpose, "web", reader.actor)
            else:
                consent.withdraw_objection(session, subject, purpose, reader.actor)
    return render.to(f"/people/{identity_id}", "objection-set" if objects == "yes" else "objection-withdrawn")


@router.post("/people/{identity_id}/erase")
def erase(request: Request, identity_id: int, reader: Erasing, sure: Annotated[str, Form()] = "") -> Response:
    """Erase the person with everything that reaches them; the form asks for the identity's number."""
    _known(identity_id)
    if sure.strip() != str(identity_id):
        problem = reader.words("To erase this person, type the number %(number)s.", number=identity_id)
        return _page(request, identity_id, reader, 422, problem)
    try:
        with db.write() as session:
            erasure.erase(session, f"identity:{identity_id}", reader.actor)
    except Rejected as error:
        return _page(request, identity_id, reader, 422, str(error))
    return render.to("/", "person-erased")


def _known(identity_id: int) -> Identity:
    with db.read() as session:
        identity = session.get(Identity, identity_id)
    if identity is None or identity.ours:
        raise HTTPException(404)
    return identity


def _subjects(identity: Identity) -> list[str]:
    """How objections name this person."""
    return [f"identity:{identity.id}", *([f"contact:{identity.contact_id}"] if identity.contact_id else [])]


def _page(request: Request, identity_id: int, reader: Reader, status: int = 200, problem: str = "") -> Response:
    identity = _known(identity_id)
    k, r, s, c = db.table(MatchLink), db.table(CrmRecord), db.table(SyncState), db.table(Conversation)
    with db.read() as session:
        contact = session.get(Contact, identity.contact_id) if identity.contact_id else None
        others = [one for one in people.identities_of(session, contact.id) if one.id != identity_id] if contact else []
        links = session.execute(
            sa.select(MatchLink, CrmRecord)
            .join(r, r.c.id == k.c.crm_record_id)
            .where(k.c.identity_id == identity_id, k.c.decision.in_(("auto", "review", "accepted", "rejected")))
            .order_by(k.c.score.desc())
        ).all()
        talks = sa.select(Conversation).where(c.c.identity_id == identity_id)
        if not reader.may("messages.private"):
            talks = talks.where(c.c.private.is_(False))
        return render.page(
            request,
            reader,
            "person.html",
            status,
            person=identity,
            contact=contact,
            others=others,
            links=list(links),
            sync=session.scalars(
                sa.select(SyncState)
                .where(s.c.identity_id == identity_id, s.c.kind == "profile")
                .order_by(s.c.id.desc())
            ).first(),
            objections={one.purpose for one in consent.objections(session, _subjects(identity))},
            purposes={name: consent.switched_on(session, name) for name in consent.PURPOSES},
            talks=list(session.scalars(talks.order_by(c.c.last_at.desc()).limit(LATEST))),
            problem=problem,
        )
