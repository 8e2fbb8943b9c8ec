"""The one way for the spokes to write what the inbox filters and decides by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from core import bulk
from core.event import MESSAGE_KINDS
from inbox.models import Conversation, Message

COLUMNS = frozenset(
    {"language", "sentiment", "intent", "urgency", "emotion", "offensive", "labels", "hits", "queries", "theme"}
)
_SHOWN = ("language", "sentiment", "intent", "urgency", "emotion", "offensive", "labels")


def set(session: Session, facts: Mapping[int, Mapping[str, Any]]) -> None:  # reads as facts.set(...)
    """Write facts of messages: {message id: {column: value}}; a column the inbox does not own is a KeyError.

    A conversation shows the facts of its newest inbound message.
    """
    by_columns: dict[tuple[str, ...], list[bulk.Row]] = defaultdict(list)
    for message_id, values in sorted(facts.items()):
        if unknown := values.keys() - COLUMNS:
            raise KeyError(f"not facts of the inbox: {sorted(unknown)}")
        by_columns[tuple(sorted(values))].append((*(values[name] for name in sorted(values)), message_id))
    for columns, rows in by_columns.items():
        bulk.update(session, Message, columns, bulk.plain(rows))
    _show(session, facts)


_NEWEST = (
    "SELECT message.id, message.conversation_id FROM message "
    "JOIN conversation ON conversation.id = message.conversation_id "
    "WHERE {among} AND {kinds} "
    "AND direction = 'inbound' AND posted_at >= last_inbound_at ORDER BY posted_at, message.id"
)


def _show(session: Session, facts: Mapping[int, Mapping[str, Any]]) -> None:
    ids = [message_id for message_id, values in facts.items() if values.keys() & {*_SHOWN}]
    if not ids:
        return
    query = _NEWEST.format(among=bulk.among("message.id"), kinds=bulk.among("message.kind"))
    newest = bulk.fetch(session, query, bulk.listed(ids), bulk.listed(sorted(MESSAGE_KINDS)))  # a like says nothing
    by_columns: dict[tuple[str, ...], dict[int, bulk.Row]] = defaultdict(dict)
    for message_id, conversation_id in newest:
        values = facts[message_id]
        names = tuple(name for name in _SHOWN if name in values)
        by_columns[names][conversation_id] = (*(values[name] for name in names), conversation_id)
    for columns, rows in by_columns.items():
        bulk.update(session, Conversation, columns, bulk.plain(rows.values()))
