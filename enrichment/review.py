"""Proposals for a person to decide: is this account that record of the CRM?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, names, outbox
from core.errors import Rejected
from enrichment import contacts
from enrichment.compare import Line, lines
from enrichment.match import RULES
from enrichment.models import CannotLink, CrmRecord, MatchLink
from inbox import people, telling
from inbox.models import Contact, Identity

GONE = "The CRM record is gone or was merged. Read the CRM again and look at the list anew."
DECISIONS = ("accept", "reject", "undo")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One account beside one CRM record, with what speaks for and against them being one person."""

    id: int
    identity_id: int
    platform: str
    handle: str
    name: str
    url: str
    object: str
    record_id: str
    record_name: str
    company: str
    score: float
    evidence: tuple[dict[str, Any], ...]
    decision: str
    followers: int | None = None
    language: str = ""
    lines: tuple[Line, ...] = ()
    """Both sides field by field."""

    @property
    def shown(self) -> str:
        """What to call the account."""
        return self.name or self.handle


def waiting(session: Session) -> int:
    """How many proposals wait for a person."""
    t = db.table(MatchLink)
    return int(session.execute(sa.select(sa.func.count()).where(t.c.decision == "review")).scalar_one())


def one(session: Session, proposal_id: int) -> Proposal | None:
    """A proposal or decision by its number; None when it is gone."""
    t, i, r = db.table(MatchLink), db.table(Identity), db.table(CrmRecord)
    query = (
        sa.select(MatchLink, Identity, CrmRecord)
        .join(i, i.c.id == t.c.identity_id)
        .join(r, r.c.id == t.c.crm_record_id)
        .where(t.c.id == proposal_id)
    )
    found = session.execute(query).first()
    return _proposal(*found) if found is not None else None


def proposals(
    session: Session, *, decision: str = "review", limit: int = 100, after: tuple[float, int] | None = None
) -> list[Proposal]:
    """Open proposals, the likeliest first; with another `decision` those that were decided so.

    `after` goes on behind the proposal of this score and number.
    """
    t, i, r = db.table(MatchLink), db.table(Identity), db.table(CrmRecord)
    query = (
        sa.select(MatchLink, Identity, CrmRecord)
        .join(i, i.c.id == t.c.identity_id)
        .join(r, r.c.id == t.c.crm_record_id)
        .where(t.c.decision == decision)
        .order_by(t.c.score.desc(), t.c.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where((t.c.score < after[0]) | ((t.c.score == after[0]) & (t.c.id > after[1])))
    return [_proposal(*row) for row in session.execute(query)]


def _proposal(link: MatchLink, identity: Identity, record: CrmRecord) -> Proposal:
    return Proposal(
        id=link.id or 0,
        identity_id=identity.id or 0,
        platform=identity.platform,
        handle=identity.handle,
        name=identity.name,
        url=identity.url,
        object=record.object,
        record_id=record.record_id,
        record_name=names.called(record.name, record.first_name, record.last_name),
        company=record.company,
        score=link.score,
        evidence=tuple(link.evidence),
        decision=link.decision,
        followers=identity.followers,
        language=identity.language,
        lines=tuple(lines(identity, record, link.evidence)),
    )


def decide(session: Session, proposal_id: int, decision: str, actor: str) -> None:
    """One of DECISIONS; Rejected when it cannot be made any more."""
    if decision == "accept":
        accept(session, proposal_id, actor)
    else:
        (reject if decision == "reject" else undo)(session, proposal_id, actor)


def decide_many(
    session: Session, proposal_ids: Iterable[int], decision: str, actor: str
) -> tuple[list[int], list[int]]:
    """The same for several, each on its own: numbers of those that were decided, and of those that could not be."""
    done, refused = [], []
    for one in dict.fromkeys(proposal_ids):
        try:
            with session.begin_nested():
                decide(session, one, decision, actor)
        except Rejected:
            refused.append(one)
        else:
            done.append(one)
    return done, refused


def accept(session: Session, proposal_id: int, actor: str) -> str:
    """They are one person: link them; returns our contact's id. Accepting again changes nothing.

    Rejected when the proposal is gone, or the account belongs to somebody else already.
    """
    link, record = _open(session, proposal_id)
    if link.decision == "accepted" and link.contact_id:
        return link.contact_id
    if record.deleted or record.successor:
        raise Rejected(GONE)
    contact_id = contacts.contact_of(session, record)
    people.link(session, link.identity_id, contact_id, actor, f"review of proposal {proposal_id}")
    session.execute(sa.delete(db.table(CannotLink)).where(*_pair(CannotLink, link)))
    t = db.table(MatchLink)
    others = (t.c.identity_id == link.identity_id) & (t.c.id != proposal_id) & (t.c.decision == "review")
    session.execute(sa.update(t).where(others).values(decision="none", at=db.now()))
    _decide(session, link, "accepted", actor, contact_id)
    return contact_id


def reject(session: Session, proposal_id: int, actor: str) -> None:
    """They are not the same, and never proposed again; an existing link between them is taken back."""
    link, _ = _open(session, proposal_id)
    if link.decision == "rejected":
        return
    row = {"identity_id": link.identity_id, "crm_record_id": link.crm_record_id, "actor": actor, "at": db.now()}
    session.execute(db.upsert(CannotLink).on_conflict_do_nothing(), [row])
    identity = session.get(Identity, link.identity_id)
    if link.contact_id and identity is not None and people.home(identity) == link.contact_id:
        people.unlink(session, link.identity_id, actor, f"review of proposal {proposal_id}")
    _decide(session, link, "rejected", actor, None)
    outbox.emit(session, "identity.seen", [(str(link.identity_id), {"identity_id": link.identity_id})])


def undo(session: Session, proposal_id: int, actor: str, before: str = "review") -> None:
    """Take a decision back: as `before` says, the proposal is open again or the link stands again (`auto`,
    `accepted`). The rules look at the account anew.

    Rejected when the link cannot come back: the record is gone, or the account is somebody else's by now.
    """
    link, record = _open(session, proposal_id)
    identity = session.get(Identity, link.identity_id)
    if link.decision == "accepted" and identity is not None and people.home(identity) == link.contact_id:
        people.unlink(session, link.identity_id, actor, f"review of proposal {proposal_id} taken back")
    session.execute(sa.delete(db.table(CannotLink)).where(*_pair(CannotLink, link)))
    contact_id = _relink(session, link, record, actor) if before in ("auto", "accepted") else None
    _decide(session, link, before if contact_id else "review", actor, contact_id)
    outbox.emit(session, "identity.seen", [(str(link.identity_id), {"identity_id": link.identity_id})])


def _relink(session: Session, link: MatchLink, record: CrmRecord, actor: str) -> str:
    contact_id = contacts.home(record)
    if record.deleted or record.successor or contact_id is None or session.get(Contact, contact_id) is None:
        raise Rejected(GONE)
    people.link(session, link.identity_id, contact_id, actor, f"review of proposal {link.id} taken back")
    return contact_id


def _open(session: Session, proposal_id: int) -> tuple[MatchLink, CrmRecord]:
    link = session.get(MatchLink, proposal_id)
    record = session.get(CrmRecord, link.crm_record_id) if link is not None else None
    if link is None or record is None:
        raise Rejected(f"There is no proposal {proposal_id}. `widerhall people review` lists them.")
    return link, record


def _pair(model: type[CannotLink], link: MatchLink) -> tuple[Any, Any]:
    t = db.table(model)
    return t.c.identity_id == link.identity_id, t.c.crm_record_id == link.crm_record_id


def _decide(session: Session, link: MatchLink, decision: str, actor: str, contact_id: str | None) -> None:
    link.decision, link.actor, link.contact_id = decision, actor, contact_id
    link.at, link.rules = db.now(), RULES
    session.add(link)
    session.flush()
    telling.person(session, [link.identity_id])
    detail = {"identity": link.identity_id, "record": link.crm_record_id}
    audit.record(session, actor, f"match.{decision}", f"proposal:{link.id}", detail)
