"""The one way for the spokes to write what the inbox filters and decides by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Conversation, Message

COLUMNS = frozenset({"language", "sentiment", "intent", "urgency", "labels", "hits"})
_SHOWN = ("language", "sentiment", "intent", "urgency", "labels")


def set(session: Session, facts: Mapping[int, Mapping[str, Any]]) -> None:  # reads as facts.set(...)
    """Write facts of messages: {message id: {column: value}}; a column the inbox does not own is a KeyError.

    A conversation shows the facts of its newest inbound message.
    """
    m = db.table(Message)
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for message_id, values in sorted(facts.items()):
        if unknown := values.keys() - COLUMNS:
            raise KeyError(f"not facts of the inbox: {sorted(unknown)}")
        by_columns[tuple(sorted(values))].append({"row_id": message_id, **{f"v_{k}": v for k, v in values.items()}})
    for columns, rows in by_columns.items():
        values = {name: sa.bindparam(f"v_{name}", type_=m.c[name].type) for name in columns}
        session.execute(sa.update(m).where(m.c.id == sa.bindparam("row_id")).values(**values), rows)
    _show(session, facts)


def _show(session: Session, facts: Mapping[int, Mapping[str, Any]]) -> None:
    m, c = db.table(Message), db.table(Conversation)
    ids = sorted(message_id for message_id, values in facts.items() if values.keys() & {*_SHOWN})
    if not ids:
        return
    newest = session.execute(
        sa.select(m.c.id, m.c.conversation_id)
        .join(c, c.c.id == m.c.conversation_id)
        .where(m.c.id.in_(ids), m.c.direction == "inbound", m.c.posted_at >= c.c.last_inbound_at)
        .order_by(m.c.posted_at, m.c.id)
    ).all()
    by_columns: dict[tuple[str, ...], dict[int, dict[str, Any]]] = defaultdict(dict)
    for message_id, conversation_id in newest:
        values = {name: value for name, value in facts[message_id].items() if name in _SHOWN}
        row = {"row_id": conversation_id, **{f"v_{name}": value for name, value in values.items()}}
        by_columns[tuple(sorted(values))][conversation_id] = row
    for columns, rows in by_columns.items():
        bound = {name: sa.bindparam(f"v_{name}", type_=c.c[name].type) for name in columns}
        session.execute(sa.update(c).where(c.c.id == sa.bindparam("row_id")).values(**bound), list(rows.values()))
