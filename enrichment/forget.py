"""Erasing a person here and in the CRM, with proof: a record is gone when the CRM no longer knows its key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import TryLater, WiderhallError
from core.outbox import Item, Outcome
from enrichment import connection
from enrichment.crm import CRM, Kind
from enrichment.making.models import CrmMade
from enrichment.models import CannotLink, CrmCase, CrmChange, CrmComment, CrmRecord, IdentityKey, MatchLink, SyncState
from inbox import tombstones

KINDS: tuple[Kind, ...] = ("interaction", "profile", "case")
"""In this order: what hangs from a profile goes first."""
PROOF_SECONDS = 30.0


def forget(items: list[Item]) -> Outcome:
    """Handler of `person.erased`: delete in the CRM, ask whether it is gone, then delete here."""
    later: dict[int, TryLater] = {}
    proven: list[Item] = []
    for item in items:
        outbox.keep_alive()
        try:
            _erase_there(item.payload)
        except WiderhallError as error:
            after = error.after if isinstance(error, TryLater) else 600.0
            later[item.id] = TryLater(f"Erasing in the CRM waits: {error}", after)
        else:
            proven.append(item)

    def write(session: Session) -> None:
        for item in proven:
            _erase_here(session, item.payload)

    return Outcome(write, later)


def _erase_there(payload: dict[str, Any]) -> None:
    """TryLater until the CRM holds nothing of this person."""
    with db.read() as session:
        states = _states(session, payload)
    if any(one.claim or one.job_id for one in states):
        raise TryLater("A record of this person is just being sent.", 5)
    _unmake(payload)
    there = [one for one in states if one.record_id or one.sent or one.unsure]
    if not there:
        return
    crm = connection.crm()  # NotConfigured: it waits until a CRM is connected that can be asked
    for kind in KINDS:
        _prove(crm, kind, sorted(one.hub_id for one in there if one.kind == kind))


def _unmake(payload: dict[str, Any]) -> None:
    """The same for leads and contacts that were made from here, unless the CRM made something else of them."""
    m, r = db.table(CrmMade), db.table(CrmRecord)
    with db.read() as session:
        query = sa.select(CrmMade).where(m.c.identity_id.in_(_ids(payload, "identity_ids")))
        made = list(session.scalars(query))
        heirs = sa.select(r.c.record_id).where(r.c.record_id.in_([one.record_id for one in made]), r.c.successor != "")
        gone = set(session.scalars(heirs))
    if any(one.state == "pending" for one in made):
        raise TryLater("A record of this person is just being made.", 5)
    keys = {one.hub_id: one.object.lower() for one in made if one.record_id not in gone and one.state != "refused"}
    if not keys:
        return
    crm = connection.crm()
    kinds: tuple[Kind, ...] = ("lead", "contact")
    for kind in kinds:
        _prove(crm, kind, sorted(key for key, one in keys.items() if one == kind))


def _prove(crm: CRM, kind: Kind, hub_ids: Sequence[str]) -> None:
    if not hub_ids:
        return
    refused = [one for one in crm.delete(kind, hub_ids) if not one.ok]
    left = crm.exists(kind, hub_ids)
    if left:
        words = f"{refused[0].code}: {refused[0].message}" if refused else "still there"
        raise TryLater(f"{len(left)} of {len(hub_ids)} records are not deleted yet ({words}).", PROOF_SECONDS)


def _states(session: Session, payload: dict[str, Any]) -> list[SyncState]:
    s = db.table(SyncState)
    chosen = sa.or_(
        s.c.identity_id.in_(_ids(payload, "identity_ids")),
        s.c.message_id.in_(_ids(payload, "message_ids")),
        s.c.hub_id.in_(_ids(payload, "hub_ids")),
    )
    return list(session.scalars(sa.select(SyncState).where(chosen)))


def _ids(payload: dict[str, Any], name: str) -> list[Any]:
    return list(payload.get(name) or ())


def _erase_here(session: Session, payload: dict[str, Any]) -> None:
    """Sync states, links, derived keys, and our mirror of the contact, which stays away from now on."""
    states = _states(session, payload)
    identities, contacts = _ids(payload, "identity_ids"), _ids(payload, "contact_ids")
    _delete(session, SyncState, "id", [one.id for one in states])
    for by_key in (CrmChange, CrmCase, CrmComment):
        _delete(session, by_key, "hub_id", [one.hub_id for one in states])
    for model in (IdentityKey, MatchLink, CannotLink, CrmMade):
        _delete(session, model, "identity_id", identities)
    r = db.table(CrmRecord)
    records = session.execute(sa.select(r.c.id, r.c.record_id).where(r.c.contact_id.in_(contacts))).all()
    tombstones.bury(session, "crm", [row.record_id for row in records])
    _delete(session, CrmRecord, "id", [row.id for row in records])
    hub_ids = sorted(one.hub_id for one in states)
    detail = {"records": len(hub_ids), "mirrored": len(records), "hub_ids": hub_ids[:500]}
    for one in [f"contact:{c}" for c in contacts] or [f"identity:{i}" for i in identities]:
        audit.record(session, "system", "crm.erased", one, detail)


def _delete(session: Session, model: Any, column: str, values: Collection[Any]) -> None:
    t = db.table(model)
    if values:
        session.execute(sa.delete(t).where(t.c[column].in_(values)))
