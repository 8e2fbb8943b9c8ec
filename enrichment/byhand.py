"""Links that a person makes and takes back without a proposal: searching the CRM's people, joining, separating."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, names
from core.errors import Rejected
from enrichment import contacts, review
from enrichment.match import RULES, Evidence
from enrichment.models import CannotLink, CrmRecord, MatchKey, MatchLink
from enrichment.normalise import mail
from inbox import people
from inbox.models import Contact, Identity

FOUND = 10
BY_HAND = Evidence("by_hand", "a person linked them", supports=True).row()


@dataclass(frozen=True, slots=True)
class Found:
    """A living CRM record that answers to what somebody typed."""

    id: int
    object: str
    name: str
    company: str
    emails: tuple[str, ...]


def search(session: Session, words: str, limit: int = FOUND) -> list[Found]:
    """CRM records by e-mail address, or by every word standing in name or company."""
    r, k = db.table(CrmRecord), db.table(MatchKey)
    typed = db.sound(words).split()[:6]
    if not typed:
        return []
    query = sa.select(CrmRecord).where(~r.c.deleted, r.c.successor == "", ~r.c.objects)
    if len(typed) == 1 and "@" in typed[0].strip("@"):
        key = mail.canonical(typed[0])
        query = query.where(r.c.id.in_(sa.select(k.c.crm_record_id).where(k.c.value == key, k.c.kind == "email")))
    else:
        whole = r.c.name + " " + r.c.first_name + " " + r.c.last_name + " " + r.c.company
        query = query.where(*(whole.icontains(word, autoescape=True) for word in typed))
    rows = session.scalars(query.order_by(r.c.name, r.c.id).limit(limit))
    return [
        Found(
            row.id or 0,
            row.object,
            names.called(row.name, row.first_name, row.last_name),
            row.company,
            tuple(row.emails),
        )
        for row in rows
    ]


def join(session: Session, identity_id: int, record_row: int, actor: str) -> int:
    """A person says that they are one; returns the link's number. Rejected when either is gone or taken."""
    identity, record = session.get(Identity, identity_id), session.get(CrmRecord, record_row)
    if identity is None or record is None or record.deleted or record.successor or record.objects:
        raise Rejected(review.GONE)
    contact_id = contacts.contact_of(session, record)
    people.link(session, identity_id, contact_id, actor, "linked by hand")
    t = db.table(MatchLink)
    refusals = db.table(CannotLink)
    session.execute(
        sa.delete(refusals).where(refusals.c.identity_id == identity_id, refusals.c.crm_record_id == record_row)
    )
    pending = (t.c.identity_id == identity_id, t.c.crm_record_id != record_row, t.c.decision == "review")
    session.execute(sa.update(t).where(*pending).values(decision="none", at=db.now()))
    known = session.scalars(
        sa.select(MatchLink).where(t.c.identity_id == identity_id, t.c.crm_record_id == record_row)
    ).first()
    link = known or MatchLink(
        identity_id=identity_id, crm_record_id=record_row, tier="B", score=1.0, decision="", rules=RULES, at=db.now()
    )
    link.evidence = [*(one for one in link.evidence if one.get("signal") != "by_hand"), BY_HAND]
    link.decision, link.actor, link.contact_id, link.at = "accepted", actor, contact_id, db.now()
    session.add(link)
    session.flush()
    detail = {"identity": identity_id, "record": record_row}
    audit.record(session, actor, "match.accepted", f"proposal:{link.id}", detail)
    return link.id or 0


def separate(session: Session, identity_id: int, actor: str) -> str:
    """Take an account away from its contact so that the rules do not bring it back; returns how to undo it.

    Empty when it was not linked.
    """
    identity = session.get(Identity, identity_id)
    if identity is None or identity.contact_id is None:
        return ""
    contact_id, t = people.home(identity), db.table(MatchLink)
    standing = (t.c.decision.in_(("auto", "accepted")), t.c.contact_id == contact_id)
    query = sa.select(t.c.id, t.c.decision).where(t.c.identity_id == identity_id, *standing)
    links = session.execute(query.order_by(t.c.id)).all()
    for link_id, _ in links:
        review.reject(session, link_id, actor)
    if not links:
        people.unlink(session, identity_id, actor, "decided by hand")
        return f"contact-{contact_id}"
    return f"{links[0].decision}-{links[0].id}"


def rejoin(session: Session, identity_id: int, mark: str, actor: str) -> None:
    """Undo `separate`. Rejected when what was linked is gone by now."""
    kind, _, value = mark.partition("-")
    if kind == "contact" and session.get(Contact, value) is not None:
        people.link(session, identity_id, value, actor, "separation taken back")
        return
    link = session.get(MatchLink, int(value)) if value.isascii() and value.isdecimal() and len(value) < 19 else None
    if kind not in ("auto", "accepted") or link is None or link.identity_id != identity_id:
        raise Rejected(review.GONE)
    review.undo(session, link.id or 0, actor, before=kind)
