"""Who is whom: merges as edges between contacts, and the survivor map that follows from them.

    A - B   B - C            one person, and its survivor is the oldest of the three
    take A - B away          B and C are one person; A is as it was

The map is a function of the edges alone, so taking an edge away leads to what would stand had it never been made, in
whatever order merges are taken back. Rows keep the contact they were given (`home_id`); `contact_id` follows the map.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox, turns
from core.turns import Turn
from inbox import people
from inbox.knowledge import ContactEdge, PersonDecision
from inbox.models import Contact, Identity

Edge = tuple[str, str]


def survivors(edges: Iterable[Edge]) -> dict[str, str]:
    """Each contact of an edge → the oldest of those it is connected with (ids are made in the order of time). Pure."""
    found: dict[str, str] = {}
    groups: dict[str, set[str]] = {}
    for left, right in edges:
        one, other = found.get(left, left), found.get(right, right)
        whole = groups.pop(one, {one}) | groups.pop(other, {other})
        oldest = min(whole)
        groups[oldest] = whole
        found |= dict.fromkeys(whole, oldest)
    return found


def lock(session: Session) -> None:
    """Merges and splits take turns."""
    turns.take(session, Turn.SURVIVORS)


def connect(session: Session, decision_id: int, left: str, right: str) -> dict[str, str]:
    """Add an edge; returns the contacts concerned with their survivors."""
    scope = _scope(session, (left, right))
    session.add(ContactEdge(decision_id=decision_id, left_id=left, right_id=right))
    session.flush()
    return _settle(session, scope)


def disconnect(session: Session, decision_id: int) -> dict[str, str]:
    """Take the edge of a merge away; returns the contacts concerned with their survivors, empty when it is gone."""
    edge = session.get(ContactEdge, decision_id)
    if edge is None:
        return {}
    scope = _scope(session, (edge.left_id, edge.right_id))
    session.delete(edge)
    session.flush()
    return _settle(session, scope)


def edges_of(session: Session, contact_ids: Collection[str]) -> list[ContactEdge]:
    """Merges that stand on one of these contacts."""
    e = db.table(ContactEdge)
    wanted = sorted(contact_ids)
    query = sa.select(ContactEdge).where(e.c.left_id.in_(wanted) | e.c.right_id.in_(wanted))
    return list(session.scalars(query.order_by(e.c.decision_id)))


def _scope(session: Session, contact_ids: Iterable[str]) -> list[str]:
    """All contacts of these persons, locked: a link made meanwhile waits (inbox.people.link)."""
    scope = sorted({member for one in contact_ids for member in people.members(session, one)})
    c = db.table(Contact)
    session.execute(sa.select(c.c.id).where(c.c.id.in_(scope)).order_by(c.c.id).with_for_update())
    return scope


def _settle(session: Session, scope: Collection[str]) -> dict[str, str]:
    """Write the map for these contacts, and move their identities to the survivors."""
    after = survivors((one.left_id, one.right_id) for one in edges_of(session, scope))
    whole = {one: after.get(one, one) for one in sorted(scope)}
    for contact in session.scalars(sa.select(Contact).where(db.table(Contact).c.id.in_(sorted(scope)))):
        contact.survivor_id = whole[contact.id] if whole[contact.id] != contact.id else None
        session.add(contact)
    session.flush()
    follow(session, Identity, whole)
    return whole


def follow(session: Session, model: Any, whole: dict[str, str]) -> None:
    """Rows with `home_id` and `contact_id` belong to the survivor of their home."""
    t = db.table(model)
    theirs = sa.select(model).where(t.c.contact_id.in_(whole) | t.c.home_id.in_(whole)).order_by(t.c.id)
    for row in session.scalars(theirs.with_for_update()):
        home = row.home_id or row.contact_id
        row.contact_id = whole[home]
        row.home_id = home if home != whole[home] else None
        session.add(row)
    session.flush()


# --- what was decided --------------------------------------------------------------------------------


def decide(
    session: Session, actor: str, what: str, pair: Edge, why: str, *, undoes: int | None = None, **more: Any
) -> int:
    """Add to the log of decisions; returns the number. `more`: evidence, detail."""
    row = PersonDecision(
        at=db.now(), actor=actor, what=what, contact_id=pair[0], other_id=pair[1], why=why, undoes=undoes, **more
    )
    session.add(row)
    session.flush()
    return row.id or 0


def tell(session: Session, topic: str, contact_ids: Iterable[str]) -> None:
    """A letter for every account of these persons, so that what rests on who they are is looked at again."""
    i = db.table(Identity)
    rows = session.execute(
        sa.select(i.c.id, i.c.contact_id).where(i.c.contact_id.in_(sorted(set(contact_ids)))).order_by(i.c.id)
    )
    outbox.emit(session, topic, [(str(one), {"identity_id": one, "contact_id": contact}) for one, contact in rows])
