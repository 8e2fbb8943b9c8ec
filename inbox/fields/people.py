"""What stands in the fields of people: attributes that colleagues typed, with who, when and for what purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import attributes, consent, people, refused, telling
from inbox.fields import kinds, store
from inbox.fields.models import CustomField
from inbox.knowledge import Attribute
from inbox.models import Contact, Identity
from inbox.survivorship import OWN, RANK, Statement, survive


def name_of(field_id: int) -> str:
    """The name under which an attribute holds a field."""
    return f"{OWN}{field_id}"


def standing(said: Iterable[Statement]) -> dict[int, Statement]:
    """{field: what is shown in it} out of everything that is said about a person. Pure."""
    return {int(one.name[len(OWN) :]): one for one in survive(one for one in said if one.name.startswith(OWN))}


def order(a: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """The order of inbox.survivorship as SQL, over columns of statements in one field: the first is shown."""
    rank = sa.case(*((a.c.source.startswith(f"{kind}:"), place) for kind, place in RANK.items()), else_=len(RANK))
    return rank, a.c.at.desc(), a.c.confidence.desc(), a.c.source, a.c.value


def shown_in(field_id: int, kind: str) -> sa.Subquery:
    """The same of everybody as SQL, of one field: (contact_id of the survivor, value). Nothing of another kind."""
    a, k, f = db.table(Attribute), db.table(Contact), db.table(CustomField)
    whole = sa.func.coalesce(k.c.survivor_id, k.c.id)
    place = sa.func.row_number().over(partition_by=whole, order_by=order(a))
    said = (
        sa.select(whole.label("contact_id"), a.c.value, place.label("place"))
        .join(k, k.c.id == a.c.contact_id)
        .where(a.c.name == name_of(field_id), a.c.removed_at.is_(None), a.c.value != "")
        .where(sa.exists().where(f.c.id == field_id, f.c.kind == kind))
        .subquery()
    )
    return sa.select(said.c.contact_id, said.c.value).where(said.c.place == 1).subquery()


def put(session: Session, contact_id: str, field_id: int, typed: str | Sequence[str], actor: str) -> str | None:
    """Fill a field in, or empty it; returns what stood there before, None when that is what was wanted.

    What other colleagues typed into it is taken back with it, until the person is found to be several (`parted`).
    Rejected says what is wrong.
    """
    if session.get(Contact, contact_id) is None:
        raise Rejected(f"There is no contact {contact_id}.")
    field = store.find(session, field_id, "person")
    whole = people.members(session, contact_id)
    shown = standing(attributes.of_contacts(session, whole)).get(field_id)
    before = shown.value if shown is not None else ""
    source, name = f"typed:{actor}", name_of(field_id)
    there = f"{before},{_before(session, whole, name)}" if field.gone else before
    value = kinds.canonical(field, typed, there)  # an option that is gone may be put back
    if value == before:
        return None
    why = refused.statement(name, value, source) if value else None
    if why:
        raise Rejected(refused.WHY[why])
    a, moment = db.table(Attribute), db.now()
    others = sa.update(a).where(a.c.contact_id.in_(whole), a.c.name == name, a.c.removed_at.is_(None))
    session.execute(others.values(removed_at=moment))
    if not value and len(whole) > 1:
        _emptied(session, contact_id, name, source, moment)
    elif value:
        said = {
            (one.name, one.value): one.confidence
            for one in attributes.of_contacts(session, [contact_id])
            if one.source == source
        }
        attributes.say(session, contact_id, source, {**said, (name, value): 1.0}, moment)
    i = db.table(Identity)
    telling.person(session, session.scalars(sa.select(i.c.id).where(i.c.contact_id.in_(whole))))
    detail = {"name": name, "removed": not value}
    audit.record(session, actor, "attribute.typed", f"contact:{contact_id}", detail)
    return before


def _before(session: Session, contact_ids: Sequence[str], name: str) -> str:
    """What was taken back last."""
    a = db.table(Attribute)
    said = sa.select(a.c.value).where(a.c.contact_id.in_(contact_ids), a.c.name == name, a.c.removed_at.is_not(None))
    said = said.where(a.c.value != "")
    return session.scalar(said.order_by(a.c.removed_at.desc(), a.c.id.desc()).limit(1)) or ""


def _emptied(session: Session, contact_id: str, name: str, source: str, moment: datetime) -> None:
    """A mark in the trail, never shown: at this one of several contacts the field was emptied."""
    basis = consent.standing(session)[attributes.PURPOSE][1]
    session.add(Attribute(
        contact_id=contact_id, name=name, value="", source=source, at=moment, purpose=attributes.PURPOSE,
        basis=basis, removed_at=moment,
    ))  # fmt: skip
    session.flush()


def parted(session: Session, whole: Mapping[str, str]) -> None:
    """After a merge was taken back, `whole` being the survivor of each contact: what was taken from one of them when
    the field was filled in or emptied at one that is somebody else now stands again."""
    a = db.table(Attribute)
    query = sa.select(Attribute).where(a.c.contact_id.in_(sorted(whole)), a.c.name.startswith(OWN))
    said = session.scalars(query.order_by(a.c.at, a.c.id)).all()
    stands = {(whole[one.contact_id], one.name) for one in said if one.removed_at is None}
    last = {(one.contact_id, one.name): one for one in said}
    for one in sorted(last.values(), key=lambda one: one.at, reverse=True):
        mine = whole[one.contact_id], one.name
        takers = {whole[other.contact_id] for other in said if (other.name, other.at) == (one.name, one.removed_at)}
        if one.value and takers - {mine[0]} and mine not in stands:
            one.removed_at = None
            session.add(one)
            stands.add(mine)
    session.flush()


def filled_in(session: Session, contact_ids: Sequence[str]) -> dict[str, dict[int, str]]:
    """{survivor: {field: value}} of contacts, with all that are merged into them."""
    a, k = db.table(Attribute), db.table(Contact)
    whole = sa.func.coalesce(k.c.survivor_id, k.c.id)
    query = (
        sa.select(whole.label("whose"), a.c.name, a.c.value, a.c.source, a.c.at, a.c.confidence)
        .join(k, k.c.id == a.c.contact_id)
        .where(whole.in_(sorted(contact_ids)), a.c.name.startswith(OWN), a.c.removed_at.is_(None))
    )
    said: dict[str, list[Statement]] = {}
    for row in session.execute(query):
        said.setdefault(row.whose, []).append(Statement(*row[1:]))
    return {one: {number: shown.value for number, shown in standing(some).items()} for one, some in said.items()}
