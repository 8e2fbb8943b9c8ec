"""What is due in the CRM: from links and messages to sync states and letters, in bulk and repeatable."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import views
from enrichment.connection import announce as put_on_the_list
from enrichment.connection import letter
from enrichment.models import SyncState
from enrichment.profile import hub_id
from inbox.models import Identity, Message

Row = dict[str, Any]
PORTION = 2000


def of_people(session: Session, identity_ids: Collection[int]) -> list[Row]:
    """Everything of these identities: the profile and every interaction of those that are linked, and
    what an unlinked one still has in the CRM."""
    linked = _profiles(session, identity_ids)
    messages = views.messages_of(session, linked)
    found = list(linked.values()) + _interactions(session, messages, linked)
    s = db.table(SyncState)
    columns = (s.c.kind, s.c.hub_id, s.c.identity_id, s.c.contact_id, s.c.message_id)
    gone = sorted(set(identity_ids) - set(linked))
    theirs = s.c.identity_id.in_(gone) | (s.c.identity_id.in_(sorted(linked)) & (s.c.kind == "case"))
    known = session.execute(sa.select(*columns).where(theirs)).mappings()
    return found + [dict(row) for row in known]


def of_messages(session: Session, message_ids: Collection[int]) -> list[Row]:
    """The interactions these messages are, and the profiles they change; one query when there are none.

    With them the answers to them that are stored already: those may have arrived before what they answer.
    """
    found = views.concerned(session, message_ids)
    if not found:
        return []
    earlier = views.answers_to(session, {one.message_id for one in found}) - set(message_ids)
    found += views.concerned(session, earlier) if earlier else []
    linked = _profiles(session, {one.identity_id for one in found})
    whose = {one.message_id: one.identity_id for one in found if one.interaction}
    return list(linked.values()) + _interactions(session, whose, linked) + _cases(session, message_ids)


def _cases(session: Session, message_ids: Collection[int]) -> list[Row]:
    """Salesforce Cases whose subject comes from one of these messages."""
    s = db.table(SyncState)
    columns = (s.c.kind, s.c.hub_id, s.c.identity_id, s.c.contact_id, s.c.message_id)
    query = sa.select(*columns).where(s.c.message_id.in_(sorted(message_ids)), s.c.kind == "case")
    return [dict(row) for row in session.execute(query).mappings()]


def announce(session: Session, rows: Collection[Row]) -> None:
    """Keep a state for each record and put it on the list; a state that exists keeps how far it is."""
    if not rows:
        return
    unique = {row["hub_id"]: row for row in rows}
    insert = db.upsert(SyncState)
    whose = {name: insert.excluded[name] for name in ("identity_id", "contact_id", "message_id")}
    statement = insert.on_conflict_do_update(index_elements=["hub_id"], set_=whose)
    moment = db.now()
    for portion in _portions([unique[one] for one in sorted(unique)]):
        session.execute(statement, [_fresh(row, moment) for row in portion])
    put_on_the_list(session, [letter(row["kind"], one) for one, row in sorted(unique.items())])


def _fresh(row: Row, moment: Any) -> Row:
    return {
        "state": "new", "record_id": "", "sent": {}, "sent_hash": "", "refused_hash": "", "unsure": False,
        "claim": "", "claimed_at": None, "code": "", "message": "", "tries": 0, "at": moment, **row,
    }  # fmt: skip


def _profiles(session: Session, identity_ids: Collection[int]) -> dict[int, Row]:
    i = db.table(Identity)
    query = sa.select(i.c.id, i.c.platform, i.c.external_id, i.c.contact_id).where(
        i.c.id.in_(sorted(identity_ids)), i.c.contact_id.is_not(None), ~i.c.ours
    )
    return {
        row.id: {
            "kind": "profile",
            "hub_id": views.profile_key(row.platform, row.external_id),
            "identity_id": row.id,
            "contact_id": row.contact_id,
            "message_id": None,
        }
        for row in session.execute(query)
    }


def _interactions(session: Session, whose: dict[int, int], linked: dict[int, Row]) -> list[Row]:
    m = db.table(Message)
    found: list[Row] = []
    for portion in _portions(sorted(whose)):
        for message, key in session.execute(sa.select(m.c.id, m.c.key).where(m.c.id.in_(portion))):
            if whose[message] in linked:
                owner = linked[whose[message]]
                found.append(
                    {**owner, "kind": "interaction", "hub_id": hub_id("interaction", key), "message_id": message}
                )
    return found


def _portions(rows: list[Any]) -> Iterable[list[Any]]:
    for start in range(0, len(rows), PORTION):
        yield rows[start : start + PORTION]
