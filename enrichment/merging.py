"""Merging two persons of ours that were found to be one, and taking that back: checked, logged, followed by the CRM.

blocks  a person said "not the same"; each side stands for another record of the CRM
asks    more than ten accounts together: somebody has to say that they looked at all of them
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import Rejected
from enrichment import byhand, contacts
from enrichment.match import LARGEST_CLUSTER, Evidence
from enrichment.models import CannotLink, CrmRecord, Duplicate
from inbox import attributes, people, survivors
from inbox.fields import people as own_fields
from inbox.knowledge import Attribute, PersonDecision
from inbox.models import Contact, Identity, Objection
from inbox.survivorship import Statement

SAME = "These are one person already."
REFUSED = "Somebody decided that these are not the same person. Take that decision back first."
RECORDS = (
    "Each of them stands for a record of its own in the CRM. Say on the review page that the two records are "
    "duplicates, or merge them in the CRM."
)
LARGE = "Together they have more than ten accounts. Look at every one of them, and say that you did."
GONE = "One of the two is gone. Look for them anew."
TAKEN_BACK = "This was taken back already."
BY_HAND = Evidence("same_person", "a person said that they are one", 1.0).row()
AGREE = ("name", "email", "phone", "site", "company")
WHY_LENGTH = 500


@dataclass(frozen=True)
class Side:
    """A whole person before a merge: all contacts that are one by now, with what hangs from them."""

    contact_ids: tuple[str, ...]
    identity_ids: tuple[int, ...]
    records: tuple[tuple[str, int], ...]
    """Object and row of the living records; contacts out of files are none of the CRM's."""


def side(session: Session, contact_id: str) -> Side:
    """The person a contact is by now. Rejected when it is gone."""
    if session.get(Contact, contact_id) is None:
        raise Rejected(GONE)
    whole = people.survivor(session, contact_id)
    i, r = db.table(Identity), db.table(CrmRecord)
    accounts = session.scalars(sa.select(i.c.id).where(i.c.contact_id == whole).order_by(i.c.id))
    living = (r.c.contact_id == whole, ~r.c.deleted, r.c.successor == "", r.c.object != contacts.FILE)
    records = session.execute(sa.select(r.c.object, r.c.id).where(*living).order_by(r.c.id))
    return Side(
        tuple(people.members(session, contact_id)), tuple(accounts), tuple((kind, row) for kind, row in records)
    )


def blocked(session: Session, left: Side, right: Side) -> str:
    """Why these two cannot be merged, as a sentence; empty when nothing speaks against it."""
    if set(left.contact_ids) & set(right.contact_ids):
        return SAME
    refused, accepted = _decided(session, left, right)
    if refused or _parted(session, left, right) or _parted(session, right, left):
        return REFUSED
    both = ((one, other) for one in left.records for other in right.records if one[0] == other[0])
    if {_pair(one, other) for (_, one), (_, other) in both} - accepted:
        return RECORDS
    return LARGE if len(left.identity_ids) + len(right.identity_ids) > LARGEST_CLUSTER else ""


def _parted(session: Session, left: Side, right: Side) -> bool:
    c, r = db.table(CannotLink), db.table(CrmRecord)
    query = (
        sa.select(c.c.identity_id)
        .join(r, r.c.id == c.c.crm_record_id)
        .where(c.c.identity_id.in_(left.identity_ids), r.c.contact_id.in_(right.contact_ids))
    )
    return session.execute(query.limit(1)).first() is not None


def _decided(session: Session, left: Side, right: Side) -> tuple[bool, set[tuple[int, int]]]:
    """What people decided about pairs of the two sides' records: whether one was refused, and those accepted."""
    r, d = db.table(CrmRecord), db.table(Duplicate)
    ours = set(session.scalars(sa.select(r.c.id).where(r.c.contact_id.in_(left.contact_ids))))
    theirs = set(session.scalars(sa.select(r.c.id).where(r.c.contact_id.in_(right.contact_ids))))
    both = sorted(ours | theirs)
    query = sa.select(d.c.left_id, d.c.right_id, d.c.decision).where(
        d.c.left_id.in_(both), d.c.right_id.in_(both), d.c.decision.in_(("accepted", "rejected"))
    )
    rows = [row for row in session.execute(query) if (row.left_id in ours) != (row.right_id in ours)]
    accepted = {(row.left_id, row.right_id) for row in rows if row.decision == "accepted"}
    return any(row.decision == "rejected" for row in rows), accepted


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


# --- merging -----------------------------------------------------------------------------------------


def merge(
    session: Session,
    left: str,
    right: str,
    actor: str,
    why: str = "",
    *,
    evidence: Sequence[Mapping[str, Any]] = (),
    looked: bool = False,
    detail: Mapping[str, Any] | None = None,
) -> int:
    """Two contacts are one person from now on; returns the decision's number, by which it is taken back.

    Rejected with a sentence when something speaks against it; `looked` allows more than ten accounts;
    `detail` is what else is to be taken back with it.
    """
    survivors.lock(session)
    one, other = side(session, left), side(session, right)
    reason = blocked(session, one, other)
    if reason and not (reason == LARGE and looked):
        raise Rejected(reason)
    shown = [*evidence] if evidence else [BY_HAND, *agreements(session, one, other)]
    number = survivors.decide(session, actor, "merged", (left, right), _words(why), evidence=shown, detail=detail or {})
    whole = survivors.connect(session, number, left, right)
    survivors.follow(session, CrmRecord, whole)
    survivors.tell(session, "person.merged", whole.values())
    audit.record(session, actor, "person.merged", f"contact:{left}", {"other": right, "decision": number})
    return number


def contact_for(session: Session, identity_id: int, actor: str) -> str:
    """The contact of an account, made now when nobody was linked to it. Rejected when the account is gone."""
    identity = session.get(Identity, identity_id)
    if identity is None or identity.ours:
        raise Rejected(GONE)
    known = people.home(identity)
    if known is None:
        known = people.create_contact(session, identity.name or identity.handle, made_for_merge=True)
        people.link(session, identity_id, known, actor, "to be merged")
    return known


def contact_for_record(session: Session, record: CrmRecord) -> str:
    """The contact of a CRM record, made now when it has none."""
    known = contacts.home(record)
    if known is not None and session.get(Contact, known) is not None:
        return known
    known = contacts.contact_of(session, record)
    contact = session.get(Contact, known)
    if contact is not None:
        contact.made_for_merge = True
        session.add(contact)
        session.flush()
    return known


def join(session: Session, identity_id: int, record_row: int, actor: str) -> str:
    """Link a free account to a record; somebody who is a person already is merged with the record's. How to undo it."""
    record, identity = session.get(CrmRecord, record_row), session.get(Identity, identity_id)
    known = people.home(identity) if identity is not None else None
    if record is None or known is None or record.deleted or record.successor or record.objects:
        return str(byhand.join(session, identity_id, record_row, actor))
    return f"decision-{merge(session, known, contact_for_record(session, record), actor)}"


def agreements(session: Session, left: Side, right: Side) -> list[dict[str, Any]]:
    """What both sides say alike, as evidence; a value only by its hash."""
    ours = _values(attributes.of_contacts(session, left.contact_ids))
    theirs = _values(attributes.of_contacts(session, right.contact_ids))
    return [
        Evidence(f"same_{name}", *WORDS[name], value=attributes.fingerprint(name, value)).row()
        for name, value in sorted(ours & theirs)
    ]


WORDS: Mapping[str, tuple[str, float]] = {
    "name": ("both have the same name", 0.3),
    "email": ("both have the same e-mail address", 0.9),
    "phone": ("both have the same phone number", 0.9),
    "site": ("both name the same site", 0.8),
    "handle": ("both name the same account", 0.9),
    "company": ("both have the same company", 0.1),
}
"""In words, and how much it says, from nothing to one."""


def _values(said: Sequence[Statement]) -> set[tuple[str, str]]:
    return {(one.name, attributes.comparable(one.value)) for one in said if one.name in AGREE and one.value.strip()}


def _words(why: str) -> str:
    return db.sound(why).strip()[:WHY_LENGTH]


# --- taking it back ----------------------------------------------------------------------------------


def unmerge(session: Session, decision_id: int, actor: str, why: str = "") -> int:
    """Take a merge back: everything is as if it had never been made. Returns the number of this decision.

    Rejected when there is no such merge, or it does not stand any more.
    """
    survivors.lock(session)
    before = session.get(PersonDecision, decision_id)
    if before is None or before.what != "merged":
        raise Rejected(f"There is no merge {decision_id}. `widerhall people history` lists them.")
    whole = survivors.disconnect(session, decision_id)
    if not whole:
        raise Rejected(TAKEN_BACK)
    survivors.follow(session, CrmRecord, whole)
    own_fields.parted(session, whole)
    pair = (before.contact_id, before.other_id)
    number = survivors.decide(session, actor, "unmerged", pair, _words(why), undoes=decision_id)
    _reopen(session, before.detail.get("duplicate"))
    for contact_id in pair:
        _dissolve(session, contact_id, actor)
    survivors.tell(session, "person.split", whole.values())
    audit.record(session, actor, "person.unmerged", f"contact:{pair[0]}", {"other": pair[1], "decision": decision_id})
    return number


def _reopen(session: Session, proposal: Mapping[str, Any] | None) -> None:
    """The proposal that led to the merge is as it was; unless somebody decided it otherwise since."""
    row = session.get(Duplicate, proposal["id"]) if proposal else None
    if row is not None and proposal is not None and row.decision == "accepted":
        row.decision, row.actor = proposal["decision"], proposal["actor"]
        row.at = datetime.fromisoformat(proposal["at"])
        session.add(row)
        session.flush()


def _dissolve(session: Session, contact_id: str, actor: str) -> None:
    """A contact that was made for a merge, and means nothing without one, goes."""
    contact = session.get(Contact, contact_id)
    if contact is None or not contact.made_for_merge or survivors.edges_of(session, [contact_id]):
        return
    r, a, o = db.table(CrmRecord), db.table(Attribute), db.table(Objection)
    accounts = people.identities_of(session, contact_id)
    records = session.scalars(sa.select(CrmRecord).where(r.c.contact_id == contact_id)).all()
    own = [f"identity:{one.id}" for one in accounts] + [contacts.source(one) for one in records]
    foreign = sa.select(a.c.id).where(a.c.contact_id == contact_id, a.c.source.not_in(own))
    against = sa.select(o.c.id).where(o.c.subject == f"contact:{contact_id}")
    if len(own) > 1 or session.execute(foreign).first() or session.execute(against).first():
        return
    for one in accounts:
        people.unlink(session, one.id or 0, actor, "the merge it was linked for was taken back")
        outbox.emit(session, "identity.seen", [(str(one.id), {"identity_id": one.id})])
    for record in records:
        record.contact_id = record.home_id = None
        session.add(record)
    session.flush()
    session.execute(sa.delete(a).where(a.c.contact_id == contact_id))
    session.delete(contact)
    session.flush()


def standing(session: Session, decision_ids: Collection[int]) -> set[int]:
    """Those of the decisions that nobody took back."""
    d = db.table(PersonDecision)
    undone = set(session.scalars(sa.select(d.c.undoes).where(d.c.undoes.in_(sorted(decision_ids)))))
    return set(decision_ids) - undone
