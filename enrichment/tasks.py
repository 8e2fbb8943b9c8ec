"""Enrichment's subscribers of the outbox, and its clock (core.topics)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.errors import AuthExpired, NotConfigured, Rejected, TryLater
from core.outbox import DONE, Item, Outcome
from core.settings import settings
from enrichment import budget, connection, contacts, duplicates, jobs, linking, mirror, reconcile, runs, sync, views
from enrichment.behaviour import crm as behaviour
from enrichment.behaviour.who import PURPOSE as BEHAVIOUR
from enrichment.cases import opening
from enrichment.forget import forget as forget
from enrichment.jobs import bulk as bulk
from enrichment.models import CrmConnection
from enrichment.sending import send as send
from inbox import activities, consent
from inbox.models import Identity


def match(items: list[Item]) -> Outcome:
    """`identity.seen`: decide who these accounts are; what the CRM shows of linked ones is refreshed."""
    ids = _numbers(items, "identity_id")
    decided = linking.decide(ids)

    def write(session: Session) -> None:
        linking.write(session, decided)
        contacts.refresh(session, ids)
        i = db.table(Identity)
        linked = sa.select(i.c.platform, i.c.external_id).where(i.c.id.in_(ids), i.c.contact_id.is_not(None))
        keys = [views.profile_key(platform, external) for platform, external in session.execute(linked)]
        connection.announce(session, [connection.letter("profile", key) for key in keys])

    return Outcome(write)


def open_cases(items: list[Item]) -> Outcome:
    """`case.wanted`: a macro or a rule asks for a Salesforce Case; why there can be none stands in the thread."""

    def write(session: Session) -> None:
        for item in items:
            number, actor = int(item.payload["conversation_id"]), str(item.payload["actor"])
            try:
                opening.open_case(session, number, actor)
            except Rejected as error:
                activities.record(session, {number: "case-refused"}, actor, {"reason": str(error)})

    return Outcome(write)


def sync_profiles(items: list[Item]) -> Outcome:
    """`person.linked`, `.merged`, `.split`: profile and interactions of these identities are due, or due to go."""
    ids = _numbers(items, "identity_id")
    with db.read() as session:
        rows = sync.of_people(session, ids)
    return Outcome(lambda session: sync.announce(session, rows)) if rows else DONE


def sync_messages(items: list[Item]) -> Outcome:
    """`message.annotated`, `message.deleted`: due are those of linked people; for all others one query."""
    ids = _numbers(items, "message_id")
    with db.read() as session:
        rows = sync.of_messages(session, ids)
    if not rows:
        return DONE

    def write(session: Session) -> None:
        sync.announce(session, rows)
        opening.by_rule(session, ids)

    return Outcome(write)


def compare(items: list[Item]) -> Outcome:
    """`reconcile.due`: all records in the CRM against ours (enrichment.reconcile)."""
    (item,) = items
    asked = str(item.payload.get("actor", ""))
    with db.read() as session:
        usable, spending = connection.standing(session).usable, budget.budget(session)
        if not usable or not (asked or reconcile.due(session)):
            return DONE
    if spending.stopped:
        return Outcome(later={item.id: TryLater("The day's API calls are used up.", budget.LOOK.total_seconds())})
    try:
        reconcile.run(connection.crm(), actor=asked or "system")
    except (AuthExpired, NotConfigured) as error:
        return Outcome(later={item.id: TryLater(str(error), 600)})
    return DONE


def sync_cases(items: list[Item]) -> Outcome:
    """`conversation.changed`: its Salesforce Case, if it has one, may have to be closed or opened again."""
    ids = _numbers(items, "conversation_id")
    with db.read() as session:
        known = opening.cases_of(session, ids)
    return Outcome(lambda session: _due_cases(session, sorted(known))) if known else DONE


def _due_cases(session: Session, conversation_ids: Sequence[int]) -> None:
    found = opening.cases_of(session, conversation_ids)
    connection.announce(session, [connection.letter("case", one.hub_id) for one in found.values()])


def find_duplicates(items: list[Item]) -> Outcome:
    """`record.changed`: which other records of the CRM may be the same person."""
    with db.read() as session:
        found, looked = duplicates.find(session, _numbers(items, "record_id"))

    def write(session: Session) -> None:
        duplicates.put(session, found, looked)

    return Outcome(write)


def pull_crm(items: list[Item]) -> Outcome:
    """`crm.due`: mirror what changed in the CRM since the last read."""
    with db.read() as session:
        standing, row = connection.standing(session), session.get(CrmConnection, 1)
    if row is None or not standing.usable:
        return DONE  # the clock asks again once the purpose is switched on
    try:
        crm = connection.crm()
        if row.state == "spent":
            usage = crm.usage()
            if budget.spent(usage):
                return Outcome(lambda session: budget.note(session, usage))
        pulled = mirror.pull(crm, mirror.Since(row.watermark, row.accounts_watermark, row.case_watermark))
        with db.read() as session:
            wanted = consent.switched_on(session, BEHAVIOUR)
        bought = behaviour.pull(crm, row.orders_watermark) if wanted else None
    except (AuthExpired, NotConfigured) as error:
        problem = error
        wait = TryLater(str(error), 120 if isinstance(error, AuthExpired) else 600)

        def tell(session: Session) -> None:
            connection.note(session, str(problem), expired=isinstance(problem, AuthExpired))

        return Outcome(tell, later={item.id: wait for item in items})

    def write(session: Session) -> None:
        mirror.finish(session, pulled)
        if bought is not None:
            behaviour.finish(session, bought)
        cost = crm.cost()
        runs.count(session, "pull", {"read": pulled.changed, "calls": cost.calls, "sent_bytes": cost.sent_bytes})
        connection.note(session, "")
        connection.back_on(session)
        jobs.remind(session)
        budget.note(session, cost)

    return Outcome(write)


def due() -> None:
    """Clock job: ask for a read of the CRM, or a comparison, when it is time; wake what waited for a lawful basis."""
    with db.read() as session:
        row = session.get(CrmConnection, 1)
        if row is None or not connection.standing(session).usable:
            return
        compared = reconcile.due(session)
        if not (compared or _over(row) or row.state == "off"):
            return
    with db.write() as session:
        if compared:
            outbox.emit(session, "reconcile.due", [("crm", {})])
        if row.state == "off":
            connection.back_on(session)
        row = session.get(CrmConnection, 1)
        if row is not None and _over(row):
            row.asked_at = db.now()
            session.add(row)
            outbox.emit(session, "crm.due", [("crm", {})])


def _over(row: CrmConnection) -> bool:
    interval = budget.LOOK if row.state == "spent" else timedelta(seconds=settings().crm_seconds)
    return row.asked_at is None or db.now() - row.asked_at >= interval


def _numbers(items: Sequence[Item], name: str) -> list[int]:
    return sorted({int(item.payload[name]) for item in items})
