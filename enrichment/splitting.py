"""Taking chosen accounts out of a person into one of their own, and taking that back exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from enrichment.match import RULES
from enrichment.merging import TAKEN_BACK, WHY_LENGTH, standing
from enrichment.models import CannotLink, CrmRecord, MatchLink
from inbox import people, survivors
from inbox.knowledge import Attribute, PersonDecision
from inbox.models import Contact, Identity, Objection

NOT_ONE = "These accounts do not all belong to one person. Look at the person anew."
NOT_ALL = "Leave at least one account with the person."
CHANGED = "What was split has changed since, so it cannot be put back as it was. Merge the two instead."
LINK = ("decision", "contact_id", "actor", "rules", "evidence")


def split(session: Session, identity_ids: Collection[int], actor: str, why: str = "") -> int:
    """These accounts become a person of their own, and the rules do not bring them back.

    Returns the decision's number. Rejected when they are not one person's, or all of it.
    """
    survivors.lock(session)
    i = db.table(Identity)
    ids = sorted(set(identity_ids))
    chosen = session.scalars(sa.select(Identity).where(i.c.id.in_(ids)).order_by(i.c.id).with_for_update()).all()
    whose = {one.contact_id for one in chosen}
    whole = next(iter(whose), None)
    if not ids or len(chosen) != len(ids) or len(whose) != 1 or whole is None:
        raise Rejected(NOT_ONE)
    stays = sa.select(i.c.id).where(i.c.contact_id == whole, i.c.id.not_in(ids))
    if session.execute(stays.limit(1)).first() is None:
        raise Rejected(NOT_ALL)
    new = people.create_contact(session, chosen[0].name or chosen[0].handle)
    detail: dict[str, Any] = {
        "homes": {str(one.id): people.home(one) for one in chosen},
        "refused": _refuse(session, ids, whole, actor),
        "links": _reject_links(session, ids, actor),
    }
    for one in chosen:
        _move(session, one, people.home(one) or "", new, new)
    words = db.sound(why).strip()[:WHY_LENGTH]
    number = survivors.decide(session, actor, "split", (whole, new), words, detail=detail)
    survivors.tell(session, "person.split", (whole, new))
    audit.record(session, actor, "person.split", f"contact:{whole}", {"new": new, "identities": ids})
    return number


def _move(session: Session, one: Identity, old: str, home: str, survivor: str) -> None:
    """An account goes from one contact to another, with everything it ever said."""
    one.contact_id, one.home_id = survivor, home if home != survivor else None
    session.add(one)
    session.flush()
    a = db.table(Attribute)
    theirs = sa.update(a).where(a.c.contact_id == old, a.c.source == f"identity:{one.id}")
    session.execute(theirs.values(contact_id=home))


def _refuse(session: Session, ids: Collection[int], whole: str, actor: str) -> list[list[int]]:
    """Say "not the same" of each account and each record of the person; returns the pairs that are new."""
    r, c = db.table(CrmRecord), db.table(CannotLink)
    records = session.scalars(sa.select(r.c.id).where(r.c.contact_id == whole).order_by(r.c.id)).all()
    query = sa.select(c.c.identity_id, c.c.crm_record_id).where(c.c.identity_id.in_(ids))
    known = {(identity, record) for identity, record in session.execute(query)}
    new = [(identity, record) for identity in ids for record in records if (identity, record) not in known]
    moment = db.now()
    rows = [{"identity_id": one, "crm_record_id": record, "actor": actor, "at": moment} for one, record in new]
    if rows:
        session.execute(db.upsert(CannotLink).on_conflict_do_nothing(), rows)
    return [[identity, record] for identity, record in new]


def _reject_links(session: Session, ids: Collection[int], actor: str) -> list[dict[str, Any]]:
    """Links of these accounts end; returns them as they were."""
    t = db.table(MatchLink)
    query = sa.select(MatchLink).where(t.c.identity_id.in_(ids), t.c.decision.in_(("auto", "accepted")))
    before = []
    for link in session.scalars(query.order_by(t.c.id)):
        before.append({"id": link.id, "at": link.at.isoformat(), **{name: getattr(link, name) for name in LINK}})
        link.decision, link.contact_id, link.actor, link.rules, link.at = "rejected", None, actor, RULES, db.now()
        session.add(link)
    session.flush()
    return before


# --- taking it back ----------------------------------------------------------------------------------


def rejoin(session: Session, decision_id: int, actor: str, why: str = "") -> int:
    """Put the accounts of a split back where they were, with their links. Returns the number of this decision.

    Rejected when there is no such split, or what it made has changed since.
    """
    survivors.lock(session)
    before = session.get(PersonDecision, decision_id)
    if before is None or before.what != "split":
        raise Rejected(f"There is no split {decision_id}. `widerhall people history` lists them.")
    if not standing(session, [decision_id]):
        raise Rejected(TAKEN_BACK)
    homes = {int(one): str(home) for one, home in before.detail["homes"].items()}
    links = {int(one["id"]): one for one in before.detail["links"]}
    if not _untouched(session, before.other_id, homes, links):
        raise Rejected(CHANGED)
    for identity_id, home in sorted(homes.items()):
        one = session.get_one(Identity, identity_id)
        _move(session, one, before.other_id, home, people.survivor(session, home))
    _restore(session, links, before.detail["refused"])
    session.delete(session.get_one(Contact, before.other_id))
    words = db.sound(why).strip()[:WHY_LENGTH]
    number = survivors.decide(
        session, actor, "rejoined", (before.contact_id, before.other_id), words, undoes=decision_id
    )
    survivors.tell(session, "person.merged", [people.survivor(session, one) for one in homes.values()])
    audit.record(session, actor, "person.rejoined", f"contact:{before.contact_id}", {"decision": decision_id})
    return number


def _untouched(session: Session, new: str, homes: Mapping[int, str], links: Mapping[int, Mapping[str, Any]]) -> bool:
    """The contact that the split made is as it was made, and everything it came from is still there."""
    if session.get(Contact, new) is None or survivors.edges_of(session, [new]):
        return False
    accounts = {one.id for one in people.identities_of(session, new)}
    if accounts != set(homes) or any(session.get(Contact, home) is None for home in homes.values()):
        return False
    a, r, o, t = db.table(Attribute), db.table(CrmRecord), db.table(Objection), db.table(MatchLink)
    sources = [f"identity:{one}" for one in homes]
    foreign = (
        sa.select(a.c.id).where(a.c.contact_id == new, a.c.source.not_in(sources)),
        sa.select(r.c.id).where(r.c.contact_id == new),
        sa.select(o.c.id).where(o.c.subject == f"contact:{new}"),
    )
    if any(session.execute(query.limit(1)).first() is not None for query in foreign):
        return False
    left = sa.select(t.c.id).where(t.c.id.in_(sorted(links)), t.c.decision == "rejected")
    return set(session.scalars(left)) == set(links)


def _restore(session: Session, links: Mapping[int, Mapping[str, Any]], refused: Collection[Collection[int]]) -> None:
    for link_id, values in links.items():
        link = session.get_one(MatchLink, link_id)
        for name in LINK:
            setattr(link, name, values[name])
        link.at = datetime.fromisoformat(values["at"])
        session.add(link)
    session.flush()
    c = db.table(CannotLink)
    for identity_id, record_id in refused:
        session.execute(sa.delete(c).where(c.c.identity_id == identity_id, c.c.crm_record_id == record_id))
