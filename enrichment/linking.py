"""Deciding who an account is, for a batch: load, decide purely, write links, proposals and evidence.

The keys of identities are committed before candidates are read, and the keys of CRM records before
identities are looked up (enrichment.mirror): whichever comes second sees the other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, log, outbox
from enrichment import calibration, contacts, index
from enrichment.keys import IdentityView, of_identity
from enrichment.match import RULES, CandidateView, Evidence, Match, fingerprint, rank
from enrichment.models import CrmRecord, MatchLink
from inbox import consent, people
from inbox.models import Identity

MOST_PROPOSALS = 5
ACTOR = "system"
logger = log.get("enrichment")


@dataclass(frozen=True, slots=True)
class Decided:
    """What is to be written about one identity."""

    identity: IdentityView
    ranked: tuple[Match, ...]
    unlink: str = ""
    """Why an earlier link no longer holds; empty when there is none, or it holds."""
    again: Match | None = None
    """A link that stays, with evidence that is new."""
    neighbours: frozenset[str] = frozenset()
    """External ids of accounts on the same platform that were linked to the best candidate by then."""


def decide(identity_ids: Collection[int]) -> list[Decided]:
    """Decisions for these identities; their keys are stored on the way. Repeatable."""
    with db.read() as session:
        if session.execute(sa.select(db.table(CrmRecord).c.id).limit(1)).first() is None:
            return []  # the first read of a CRM asks for everybody again
        allowed = consent.may_many(session, identity_ids, "match")
        seen = views(session, allowed)
    keys = {view.id: of_identity(view).all() for view in seen}
    _store_keys({one: keys.get(one, frozenset()) for one in identity_ids})
    linked = {view.id: view.contact_id for view in seen if view.contact_id}
    with db.read() as session:
        near = index.candidates(session, keys, linked)
        links = links_of(session, [view.id for view in seen])
    decided, weights = [], calibration.active()
    for view in seen:
        found = near.of.get(view.id, [])
        ranked = tuple(rank(replace(view, contact_id=None), found, near.shared, near.sizes, near.records, weights))
        known = links.get(view.id, {})
        if view.contact_id:
            decided.append(_look_again(view, ranked, found, near.shared, known))
        elif ranked or known:
            decided.append(Decided(view, ranked, neighbours=_neighbours(view, ranked, found)))
    return decided


def _neighbours(view: IdentityView, ranked: Sequence[Match], found: Sequence[CandidateView]) -> frozenset[str]:
    best = ranked[0].candidate if ranked else None
    accounts = [account for one in found if one.id == best for account in one.accounts]
    return frozenset(one.external_id for one in accounts if one.platform == view.platform)


def _store_keys(keys: Mapping[int, frozenset[Any]]) -> None:
    with db.read() as session:
        if not index.identities_differ(session, keys):
            return
    with db.write() as session:
        index.put_identities(session, keys)


def views(session: Session, ids: Collection[int]) -> list[IdentityView]:
    """Accounts of others as their platforms describe them, in the order of their ids."""
    i = db.table(Identity)
    rows = session.scalars(sa.select(Identity).where(i.c.id.in_(sorted(ids)), ~i.c.ours).order_by(i.c.id))
    return [
        IdentityView(
            id=row.id or 0,
            platform=row.platform,
            external_id=row.external_id,
            handle=row.handle,
            name=row.name,
            url=row.url,
            bio=row.bio,
            links=tuple(row.links),
            location=row.location,
            language=row.language,
            domain_handle=row.domain_handle,
            contact_id=row.contact_id,
            home=people.home(row),
        )
        for row in rows
    ]


def links_of(session: Session, ids: Collection[int]) -> dict[int, dict[int, MatchLink]]:
    """What is stored about these identities: identity → CRM record's row → link or proposal."""
    t = db.table(MatchLink)
    found: dict[int, dict[int, MatchLink]] = {}
    for link in session.scalars(sa.select(MatchLink).where(t.c.identity_id.in_(sorted(ids)))):
        found.setdefault(link.identity_id, {})[link.crm_record_id] = link
    return found


# --- links that exist ------------------------------------------------------------------------------


def _look_again(
    view: IdentityView,
    ranked: tuple[Match, ...],
    found: Sequence[CandidateView],
    shared: Collection[Any],
    known: Mapping[int, MatchLink],
) -> Decided:
    """A link a person made stays. An automatic one stays while a value it rests on is still that
    person's alone in the CRM; the account's own side may change, since its platform id is what is linked.
    """
    automatic = [one for one in known.values() if one.decision == "auto" and one.contact_id == view.home]
    if not automatic:
        return Decided(view, ())
    persons = {one.id: one.contact_id for one in found}
    best = ranked[0] if ranked else None
    if best is not None and best.decision == "auto" and persons.get(best.candidate or 0) == view.contact_id:
        return Decided(view, (), again=best)
    if any(_holds(one, view.contact_id, found, shared) for one in automatic):
        return Decided(view, ())
    why = "what the link rested on no longer holds in the CRM"
    return Decided(view, ranked, unlink=why, neighbours=_neighbours(view, ranked, found))


def _holds(link: MatchLink, contact_id: str | None, found: Sequence[CandidateView], shared: Collection[Any]) -> bool:
    """A value the link rests on is still that person's alone; or the CRM itself merged the records."""
    own = [one for one in found if one.contact_id == contact_id and not one.refused and not one.objects]
    if any(one.get("signal") == "merged" for one in link.evidence):
        return bool(own)
    generic = {fingerprint(key) for key in shared}
    mine = {fingerprint(key) for one in own for key in one.keys} - generic
    others = {fingerprint(key) for one in found if one.contact_id != contact_id for key in one.keys}
    weighty = (one for one in link.evidence if one.get("supports") and one.get("weight"))
    return bool({str(one["value"]) for one in weighty if one.get("value")} & (mine - others))


# --- writing ---------------------------------------------------------------------------------------


def write(session: Session, decided: Sequence[Decided]) -> None:
    """Write decisions; an identity that was erased or moved since they were made is left alone."""
    ids = [one.identity.id for one in decided]
    i = db.table(Identity)
    query = sa.select(i.c.id, i.c.contact_id).where(i.c.id.in_(ids)).with_for_update()
    now = dict(session.execute(query).all())
    stored = links_of(session, ids)
    for one in decided:
        if one.identity.id not in now or now[one.identity.id] != one.identity.contact_id:
            continue
        known = stored.get(one.identity.id, {})
        if one.again is not None:
            _put(session, one.identity.id, one.again, "auto", known, one.identity.home)
            continue
        if one.unlink:
            people.unlink(session, one.identity.id, ACTOR, one.unlink)
            _withdraw(session, known, one.unlink)
        if one.unlink or one.identity.contact_id is None:
            _write_new(session, one, known)


def _write_new(session: Session, one: Decided, known: Mapping[int, MatchLink]) -> None:
    best = one.ranked[0] if one.ranked else None
    if best is not None and best.decision == "auto" and best.candidate is not None:
        contact_id = _contact(session, best.candidate)
        if contact_id is None or _raced(session, one, contact_id):
            outbox.emit(session, "identity.seen", [(str(one.identity.id), {"identity_id": one.identity.id})])
            return
        people.link(session, one.identity.id, contact_id, ACTOR, f"rules {RULES}, tier {best.tier}")
        _put(session, one.identity.id, best, "auto", known, contact_id)
        _settle_proposals(session, known, {best.candidate})
        return
    proposals = [match for match in one.ranked if match.decision == "review"][:MOST_PROPOSALS]
    for match in proposals:
        _put(session, one.identity.id, match, "review", known, None)
    _settle_proposals(session, known, {match.candidate for match in proposals})


def _contact(session: Session, record_row: int) -> str | None:
    """The contact of a CRM record, made on its first link; None when the record is gone."""
    r = db.table(CrmRecord)
    query = sa.select(CrmRecord).where(r.c.id == record_row, ~r.c.deleted, r.c.successor == "", ~r.c.objects)
    record = session.scalars(query.with_for_update()).first()
    if record is None:
        return None
    return contacts.contact_of(session, record)


def _raced(session: Session, one: Decided, contact_id: str) -> bool:
    """Another account of the platform was linked to this contact since the decision: decide again."""
    i = db.table(Identity)
    query = sa.select(i.c.external_id).where(
        i.c.contact_id == people.survivor(session, contact_id),
        i.c.platform == one.identity.platform,
        i.c.id != one.identity.id,
    )
    return bool(set(session.scalars(query)) - one.neighbours)


def _put(
    session: Session,
    identity_id: int,
    match: Match,
    decision: str,
    known: Mapping[int, MatchLink],
    contact_id: str | None,
) -> None:
    """Store a decision with its evidence; the same again changes nothing, a person's word stays."""
    before = known.get(match.candidate or 0)
    if before is not None and before.decision in ("accepted", "rejected"):
        return
    values: dict[str, Any] = {
        "contact_id": contact_id,
        "tier": match.tier,
        "score": match.score,
        "decision": decision,
        "evidence": [one.row() for one in match.evidence],
        "rules": RULES,
    }
    if before is not None and all(getattr(before, name) == value for name, value in values.items()):
        return
    values |= {"actor": ACTOR, "at": db.now()}
    row = {"identity_id": identity_id, "crm_record_id": match.candidate, **values}
    insert = db.upsert(MatchLink)
    conflict = ["identity_id", "crm_record_id"]
    session.execute(insert.on_conflict_do_update(index_elements=conflict, set_=values), [row])


def _settle_proposals(session: Session, known: Mapping[int, MatchLink], kept: Collection[int | None]) -> None:
    """Proposals that are none any more."""
    t = db.table(MatchLink)
    gone = [one.id for record, one in known.items() if one.decision == "review" and record not in kept]
    if gone:
        session.execute(sa.update(t).where(t.c.id.in_(gone)).values(decision="none", at=db.now()))


def _withdraw(session: Session, known: Mapping[int, MatchLink], why: str) -> None:
    """An automatic link that no longer holds becomes a proposal with the reason among its evidence."""
    t = db.table(MatchLink)
    reason = Evidence("withdrawn", why, supports=False).row()
    for one in known.values():
        if one.decision != "auto":
            continue
        values = {"decision": "none", "contact_id": None, "evidence": [*one.evidence, reason], "at": db.now()}
        session.execute(sa.update(t).where(t.c.id == one.id).values(**values))
    logger.info("link withdrawn", identities=1)
