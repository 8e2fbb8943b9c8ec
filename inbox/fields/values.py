"""What stands in the fields of conversations: read for one or many, filled in, and asked for when one is closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, rows
from core.errors import Rejected
from inbox import activities
from inbox.fields import kinds, store
from inbox.fields.kinds import Definition
from inbox.fields.models import CustomField, FieldValue
from inbox.models import Conversation

MISSING = "Fill in the marked fields first: they are needed before this is closed."


def of_conversation(session: Session, conversation_id: int) -> list[tuple[Definition, str]]:
    """Every field of conversations with what stands in it, in order; empty where nothing does. One query."""
    sql = (
        f"SELECT {rows.columns(store.Row, 'f')}, v.value FROM custom_field f "  # noqa: S608  # our own names
        "LEFT JOIN field_value v ON v.field_id = f.id AND v.conversation_id = ? "
        "WHERE f.subject = 'conversation' AND NOT f.archived ORDER BY f.place, f.id"
    )
    found = bulk.fetch(session, sql, conversation_id, prepared=True)
    fields = rows.records(store.Row, [row[:-1] for row in found])
    return [(store.definition(one), row[-1] or "") for one, row in zip(fields, found, strict=True)]


def of_many(session: Session, conversation_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """{conversation: {field: value}} of fields in use."""
    f, v = db.table(CustomField), db.table(FieldValue)
    query = sa.select(v.c.conversation_id, v.c.field_id, v.c.value).join(f, f.c.id == v.c.field_id)
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for number, field_id, value in session.execute(
        query.where(v.c.conversation_id.in_(sorted(conversation_ids)), ~f.c.archived).order_by(f.c.place, f.c.id)
    ):
        found[number][field_id] = value
    return dict(found)


def put(session: Session, conversation_id: int, field_id: int, typed: str | Sequence[str], actor: str) -> str | None:
    """Fill a field in, or empty it; returns what stood there before, None when that is what was wanted.

    Rejected says what is wrong.
    """
    c, v = db.table(Conversation), db.table(FieldValue)
    lock = sa.select(c.c.id).where(c.c.id == conversation_id).with_for_update()
    if session.execute(lock).first() is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    field = store.find(session, field_id, "conversation")
    here = sa.and_(v.c.conversation_id == conversation_id, v.c.field_id == field_id)
    before = session.scalar(sa.select(v.c.value).where(here)) or ""
    there = f"{before},{newest(session, conversation_id, field_id)[1]}" if field.gone else before
    value = kinds.canonical(field, typed, there)  # an option that is gone may be put back
    if value == before:
        return None
    session.execute(sa.delete(v).where(here))
    if value:
        row = {"conversation_id": conversation_id, "field_id": field_id, "value": value}
        session.execute(sa.insert(v), [row])
    detail = {"field": field_id, "value": value, "before": before}
    activities.record(session, {conversation_id: "filled"}, actor, detail)
    audit.record(session, actor, "conversation.filled", f"conversation:{conversation_id}", {"field": field_id})
    return before


def newest(session: Session, conversation_id: int, field_id: int) -> tuple[str, str]:
    """Who changed a field last, and what stood there before; empty where nobody did."""
    done = reversed(activities.of_conversation(session, conversation_id))
    filled = (one for one in done if one.what == "filled" and one.detail.get("field") == field_id)
    return next(((one.actor, str(one.detail["before"])) for one in filled), ("", ""))


def settled(session: Session, what: str) -> str:
    """`12=value` with the value as it is kept; Rejected where there is no such field, or it does not hold that."""
    number, _, typed = what.partition("=")
    field = store.find(session, int(number), "conversation")
    return f"{number}={kinds.canonical(field, typed)}"


def missing(session: Session, conversation_id: int) -> list[int]:
    """The fields that have to be filled in before it is closed, and are not."""
    f, v = db.table(CustomField), db.table(FieldValue)
    query = sa.select(f.c.id).where(f.c.subject == "conversation", f.c.required, ~f.c.archived)
    filled = sa.exists().where(v.c.field_id == f.c.id, v.c.conversation_id == conversation_id)
    return list(session.scalars(query.where(~filled).order_by(f.c.place, f.c.id)))
