"""Making it in the CRM: one upsert by our key, so that a repeat after a lost answer changes nothing.

Its record is mirrored and linked in the transaction that writes the answer; what a later read of the CRM tells of it –
changes, a conversion, a merge – follows from there (enrichment.mirror).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, cast

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import AuthExpired, NotConfigured, Rejected, TryLater
from core.outbox import DONE, Item, Outcome
from enrichment import budget, connection, merging, mirror, runs
from enrichment.crm import HUB_ID, Cost, CrmPerson, RowResult
from enrichment.making import store
from enrichment.making.models import CrmMade
from enrichment.models import CrmRecord
from inbox import activities, telling
from inbox.models import Conversation, Identity

OFF = 600.0
"""Seconds until it is looked at again while the CRM is not to be used."""
Write = Callable[[Session], None]


def make(items: list[Item]) -> Outcome:
    """`record.wanted`: make what is wanted; what the CRM refuses is kept with its words."""
    (item,) = items
    key = str(item.payload["hub_id"])
    with db.read() as session:
        row = session.get(CrmMade, key)
        if row is None or row.state != "pending":
            return DONE
        object_, values, wanted_at = row.object, dict(row.values), row.at
        against = store.may_make(session, row.identity_id)
        spending = budget.budget(session)
    if against and against != store.NO_CRM:
        return Outcome(lambda session: _refuse(session, key, "", against))
    if against or spending.stopped:
        return Outcome(later={item.id: TryLater(against or "The day's API calls are used up.", OFF)})
    kind = cast(Literal["lead", "contact"], object_.lower())
    try:
        crm = connection.crm()
        (result,) = crm.upsert(kind, [{HUB_ID: key, **values}])
        cost = crm.cost()
    except (AuthExpired, NotConfigured, TryLater) as error:
        return _later(item, key, error if isinstance(error, TryLater) else TryLater(str(error), OFF))
    except Rejected as error:
        words = str(error)
        return Outcome(lambda session: _refuse(session, key, "", words))
    if not result.ok and result.verdict in ("retry", "reauthenticate"):
        wait = TryLater(result.message or result.code, 30.0 * 2 ** min(item.tries, 6))
        return Outcome(lambda session: _count(session, result, cost), later={item.id: wait})

    def write(session: Session) -> None:
        _count(session, result, cost)
        if not result.ok:
            _refuse(session, key, result.code, result.message)
            return
        row = session.get(CrmMade, key, with_for_update=True)
        if row is None or row.at != wanted_at:  # erased or taken back while it was made: the next read tells of it
            return
        row.state, row.record_id, row.values, row.code, row.message = "made", result.record_id, {}, "", ""
        session.add(row)
        session.flush()
        audit.record(session, row.actor, "crm.record_made", f"identity:{row.identity_id}",
                     {"object": object_, "record": result.record_id})  # fmt: skip
        _link(session, row, values)

    return Outcome(write)


def _later(item: Item, key: str, error: TryLater) -> Outcome:
    """It is tried again by itself; pages tell why it waits, once."""
    words = str(error)[:1000]

    def write(session: Session) -> None:
        m = db.table(CrmMade)
        waits = (m.c.hub_id == key, m.c.state == "pending", m.c.message != words)
        told = sa.update(m).where(*waits).values(message=words).returning(m.c.identity_id)
        for identity_id in session.scalars(told).all():
            _tell(session, identity_id)

    return Outcome(write, {item.id: error})


def _link(session: Session, row: CrmMade, values: Mapping[str, str]) -> None:
    """The new record stands in our mirror and is this account's."""
    r = db.table(CrmRecord)
    here = sa.select(r.c.id).where(r.c.record_id == row.record_id)
    if session.scalar(here) is None:
        changes = mirror.store(session, [_person(row, values)])
        outbox.emit(session, "record.changed", [(str(one), {"record_id": one}) for one in sorted(changes[0])])
    number = session.scalar(here)
    identity = session.get(Identity, row.identity_id)
    if number is not None and identity is not None:
        merging.join(session, row.identity_id, number, row.actor)
    _tell(session, row.identity_id)


def _person(row: CrmMade, values: Mapping[str, str]) -> CrmPerson:
    def some(name: str) -> tuple[str, ...]:
        return (values[name],) if values.get(name) else ()

    first, last = values.get("FirstName", ""), values.get("LastName", "")
    return CrmPerson(
        "Lead" if row.object == "Lead" else "Contact", row.record_id, first, last, f"{first} {last}".strip(),
        some("Email"), some("Phone"), websites=some("Website"), company=values.get("Company", ""),
    )  # fmt: skip


def _refuse(session: Session, key: str, code: str, message: str) -> None:
    row = session.get(CrmMade, key, with_for_update=True)
    if row is None or row.state != "pending":
        return
    row.state, row.code, row.message = "refused", code[:80], message[:1000]
    session.add(row)
    session.flush()
    audit.record(session, "system", "crm.record_refused", f"identity:{row.identity_id}", {"code": code})
    _tell(session, row.identity_id)


def _tell(session: Session, identity_id: int) -> None:
    """Open pages show the person and their conversations anew."""
    telling.person(session, [identity_id])
    c = db.table(Conversation)
    activities.changed(session, session.scalars(sa.select(c.c.id).where(c.c.identity_id == identity_id)).all())


def _count(session: Session, result: RowResult, cost: Cost) -> None:
    lost = not result.ok and result.verdict not in ("retry", "reauthenticate")
    figures = {"created": int(result.created), "quarantined": int(lost), "retried": int(not result.ok and not lost),
               "calls": cost.calls, "sent_bytes": cost.sent_bytes}  # fmt: skip
    runs.count(session, "send", figures)
    budget.note(session, cost)
