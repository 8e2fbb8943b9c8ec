"""Who may do what with whose data: asked here, and nowhere else.

A purpose must be switched on for the installation (with its lawful basis), and the person may not have objected, by
whichever account or contact of theirs. Unknown people and unknown purposes are denied.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, outbox
from core.errors import Rejected
from inbox import telling
from inbox.models import Contact, Identity, Objection, Purpose

PURPOSES: dict[str, tuple[bool, str]] = {
    "match": (True, "legitimate_interest"),
    "profile": (True, "legitimate_interest"),
    "crm_sync": (False, ""),
    "behaviour": (False, ""),
    "marketing": (False, ""),
    "survey": (False, ""),
    "translate": (False, ""),
}
"""What there is, and how a new installation starts: what is off stays so until somebody names the basis."""

BASES = ("consent", "contract", "legitimate_interest")


def may(session: Session, person: int | str, purpose: str) -> bool:
    """`person` is an identity's row id or a contact's id."""
    if isinstance(person, int):
        return person in may_many(session, [person], purpose)
    return person in may_contacts(session, [person], purpose)


def _wholes(session: Session, contact_ids: Iterable[str]) -> dict[str, str]:
    """Every contact that is one person with one of these → the survivor."""
    c = db.table(Contact)
    whole = sa.func.coalesce(c.c.survivor_id, c.c.id)
    survivors = set(session.scalars(sa.select(whole).where(c.c.id.in_(sorted(set(contact_ids))))))
    query = sa.select(c.c.id, whole).where(c.c.id.in_(sorted(survivors)) | c.c.survivor_id.in_(sorted(survivors)))
    return {one: survivor for one, survivor in session.execute(query)}


def may_many(session: Session, identity_ids: Iterable[int], purpose: str) -> set[int]:
    """Those of the identities whose data may be used for a purpose; a few queries for any number."""
    wanted = sorted(set(identity_ids))
    if not wanted or not switched_on(session, purpose):
        return set()
    i, o = db.table(Identity), db.table(Objection)
    query = sa.select(i.c.id, i.c.contact_id).where(i.c.id.in_(wanted))
    contacts = {row.id: row.contact_id for row in session.execute(query)}
    alone = [one for one, contact in contacts.items() if contact is None]
    subjects = [f"identity:{one}" for one in alone]
    query = sa.select(o.c.subject).where(o.c.subject.in_(subjects), o.c.purpose.in_([purpose, "all"]))
    against = set(session.scalars(query)) if subjects else set()
    linked = may_contacts(session, {contact for contact in contacts.values() if contact}, purpose)
    return {one for one in alone if f"identity:{one}" not in against} | {
        one for one, contact in contacts.items() if contact in linked
    }


def may_contacts(session: Session, contact_ids: Iterable[str], purpose: str) -> set[str]:
    """Those of the contacts whose data may be used: neither they nor an account of theirs objected."""
    wanted = sorted(set(contact_ids))
    if not wanted or not switched_on(session, purpose):
        return set()
    i, o = db.table(Identity), db.table(Objection)
    wholes = _wholes(session, wanted)
    persons = sorted(set(wholes.values()))
    accounts = session.execute(sa.select(i.c.id, i.c.contact_id).where(i.c.contact_id.in_(persons))).all()
    owner = {f"identity:{row.id}": row.contact_id for row in accounts}
    owner |= {f"contact:{one}": whole for one, whole in wholes.items()}
    query = sa.select(o.c.subject).where(o.c.subject.in_(sorted(owner)), o.c.purpose.in_([purpose, "all"]))
    against = {owner[one] for one in session.scalars(query)}
    return {one for one in wanted if one in wholes and wholes[one] not in against}


def switched_on(session: Session, purpose: str) -> bool:
    """The installation uses data for this purpose at all."""
    row = session.get(Purpose, purpose)
    if row is not None:
        return row.enabled and bool(row.basis)
    on, basis = PURPOSES.get(purpose, (False, ""))
    return on and bool(basis)


def standing(session: Session) -> dict[str, tuple[bool, str]]:
    """Every purpose: switched on, and its lawful basis."""
    rows = {row.name: (row.enabled and bool(row.basis), row.basis) for row in session.scalars(sa.select(Purpose))}
    return {name: rows.get(name, (on and bool(basis), basis)) for name, (on, basis) in PURPOSES.items()}


def about(session: Session, subjects: Iterable[str]) -> tuple[frozenset[str], dict[str, bool]]:
    """What these people objected to, and every purpose with whether it is switched on: one look for a page."""
    found = bulk.fetch(
        session,
        "SELECT 'against', purpose, TRUE, '' FROM objection WHERE "  # noqa: S608  # names of our models
        f"{bulk.among('subject')} UNION ALL SELECT 'purpose', name, enabled, basis FROM purpose",
        bulk.listed(subjects),
        prepared=True,
    )
    known = {name: bool(on and basis) for what, name, on, basis in found if what == "purpose"}
    against = frozenset(name for what, name, _, _ in found if what == "against")
    return against, {name: known.get(name, on and bool(basis)) for name, (on, basis) in PURPOSES.items()}


def numbers(session: Session) -> dict[str, int]:
    """How many objections there are to each purpose, `all` among them."""
    o = db.table(Objection)
    query = sa.select(o.c.purpose, sa.func.count(sa.distinct(o.c.subject))).group_by(o.c.purpose)
    return {row[0]: row[1] for row in session.execute(query)}


def switch(session: Session, purpose: str, *, enabled: bool, basis: str, actor: str) -> None:
    """Switch a purpose on or off; Rejected without a known lawful basis."""
    if purpose not in PURPOSES:
        raise Rejected(f"There is no purpose {purpose!r}. There are: {', '.join(PURPOSES)}.")
    if enabled and basis not in BASES:
        raise Rejected(f"Name the lawful basis: one of {', '.join(BASES)}.")
    row = {"name": purpose, "enabled": enabled, "basis": basis}
    insert = db.upsert(Purpose)
    session.execute(insert.on_conflict_do_update(index_elements=["name"], set_=row), [row])
    audit.record(session, actor, "purpose.switched", f"purpose:{purpose}", {"enabled": enabled, "basis": basis})


def object_to(session: Session, subject: str, purpose: str, source: str, actor: str) -> None:
    """Record an objection of `identity:12` or `contact:01J…` to a purpose, or to `all`; again is harmless."""
    row = {"subject": subject, "purpose": purpose, "source": source, "at": db.now()}
    session.execute(db.upsert(Objection).on_conflict_do_nothing(), [row])
    audit.record(session, actor, "objection.recorded", subject, {"purpose": purpose, "source": source})
    _look_again(session, subject)


def withdraw_objection(session: Session, subject: str, purpose: str, actor: str) -> None:
    """The person changed their mind."""
    o = db.table(Objection)
    session.execute(sa.delete(o).where(o.c.subject == subject, o.c.purpose == purpose))
    audit.record(session, actor, "objection.withdrawn", subject, {"purpose": purpose})
    _look_again(session, subject)


def moved(session: Session, identity_id: int, contact_id: str) -> None:
    """An account came to a contact, or left it: what it objects to holds for the others there, or no longer does."""
    o = db.table(Objection)
    if session.execute(sa.select(o.c.id).where(o.c.subject == f"identity:{identity_id}").limit(1)).first():
        _look_again(session, f"contact:{contact_id}")


def _look_again(session: Session, subject: str) -> None:
    """Have the identities concerned looked at, so that what may not stand in the CRM leaves it, or returns."""
    i = db.table(Identity)
    kind, _, value = subject.partition(":")
    if kind == "contact":
        whose: sa.ColumnElement[bool] = i.c.contact_id.in_(_wholes(session, [value]).values())
    else:
        number = int(value) if value.isdigit() else 0
        theirs = sa.select(i.c.contact_id).where(i.c.id == number).scalar_subquery()
        whose = sa.or_(i.c.id == number, i.c.contact_id == theirs)
    ids = session.scalars(sa.select(i.c.id).where(whose)).all()
    outbox.emit(session, "identity.seen", [(str(one), {"identity_id": one}) for one in ids])
    telling.person(session, ids)


def objections(session: Session, subjects: Iterable[str]) -> list[Objection]:
    """What these people objected to."""
    o = db.table(Objection)
    return list(session.scalars(sa.select(Objection).where(o.c.subject.in_(sorted(subjects)))))
