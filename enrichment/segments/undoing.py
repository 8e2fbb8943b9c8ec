"""Members of campaigns when a run is taken back: who was put in goes, who was taken out comes back, and both stay so.

What was done is written down before the call, as in a run: a member in the CRM is always known here, so that
whoever is erased can be taken out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import allowed
from enrichment.connection import PURPOSE
from enrichment.crm import CRM, HUB_ID, MEMBER_FIELDS, RowResult
from enrichment.models import CrmChange
from enrichment.runs import Change
from enrichment.segments.models import Activation, ActivationMember
from enrichment.segments.people import MARKETING

ROWS = 200
CODE = "TAKEN_BACK"
OBJECTS = {"003": "ContactId", "00Q": "LeadId"}


def may(session: Session, contact_ids: Iterable[str]) -> set[str]:
    """Those who may be in a campaign: neither marketing nor the CRM is objected to."""
    return allowed.contacts(session, allowed.contacts(session, contact_ids, MARKETING), PURPOSE)


def change(key: str, campaign: str, member: ActivationMember, action: Any) -> Change:
    """What a run did to a member, with all that is needed to undo it."""
    named = {OBJECTS.get(member.record_id[:3], "ContactId"): member.record_id, "CampaignId": campaign}
    return Change(key, "member", action, {"activation": member.activation_id, "person": member.person, **named})


def take_back(crm: CRM, run_id: int, changes: Iterable[CrmChange], later: Collection[str]) -> Counter[str]:
    """Undo what a run did to members, but for those that a later run changed; figures as of the whole run.

    Raises what the CRM raises; a repeat does what is left.
    """
    counts: Counter[str] = Counter()
    mine = [one for one in changes if one.kind == "member" and one.hub_id not in later]
    with db.write() as session:
        out = {one.hub_id: one for one in mine if one.action == "created" and _to_take_out(session, one, run_id)}
        back = {one.hub_id: one for one in mine if one.action == "removed" and _to_put_back(session, one)}
    for keys in _portions(out):
        for result in crm.delete("member", keys):
            counts["deleted" if result.ok else "refused"] += 1
    for keys in _portions(back):
        there = crm.exists("member", keys)
        rows = [{HUB_ID: key, **_sent(back[key])} for key in keys if key not in there]
        results = {one.hub_id: one for one in crm.upsert("member", rows)} if rows else {}
        counts["restored"] += len(there)
        with db.write() as session:
            counts.update(_written(session, back[key], result) for key, result in results.items())
    return counts


def _sent(one: CrmChange) -> dict[str, Any]:
    return {name: one.before[name] for name in MEMBER_FIELDS if name in one.before}


def _is(one: CrmChange) -> tuple[Any, ...]:
    m = db.table(ActivationMember)
    return m.c.activation_id == one.before["activation"], m.c.person == one.before["person"]


def _to_take_out(session: Session, one: CrmChange, run_id: int) -> bool:
    """Still a member: from now on the segment does not put them in again by itself."""
    m = db.table(ActivationMember)
    done = sa.and_(m.c.state == "refused", m.c.code == CODE)  # by a try that broke off
    values = {"state": "refused", "code": CODE, "message": f"Run {run_id} was taken back."}
    stands = sa.or_(m.c.state.in_(("in", "kept")), done)
    return bool(session.execute(sa.update(m).where(*_is(one), stands).values(**values)).rowcount)  # type: ignore[attr-defined]  # a cursor result


def _to_put_back(session: Session, one: CrmChange) -> bool:
    """The campaign is one of ours still, and who was taken out may be handed on: they stay, segment or not."""
    row = session.get(Activation, one.before["activation"], with_for_update=True)
    contact = str(one.before["person"]).removeprefix("contact:")
    if row is None or row.state == "ending" or not may(session, [contact]):
        return False
    known = session.scalars(sa.select(ActivationMember).where(*_is(one))).first()
    if known is not None:
        return known.state == "kept"
    record = next(one.before[name] for name in OBJECTS.values() if name in one.before)
    member = ActivationMember(
        activation_id=row.id or 0, person=one.before["person"], record_id=record, state="kept", code=CODE
    )
    session.add(member)
    return True


def _written(session: Session, one: CrmChange, result: RowResult) -> str:
    """What became of somebody who was to come back; who was refused is no member."""
    if result.ok:
        return "restored"
    session.execute(sa.delete(db.table(ActivationMember)).where(*_is(one)))
    return "refused"


def _portions(found: Mapping[str, CrmChange]) -> Iterable[list[str]]:
    keys = sorted(found)
    return (keys[start : start + ROWS] for start in range(0, len(keys), ROWS))
