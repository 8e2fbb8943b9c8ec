"""Words in one conversation: which of its messages and notes have them, and where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from core import db, rows
from inbox import notes
from inbox.marking import Span, spans
from inbox.models import Message
from inbox.search import fts5, tsquery
from inbox.text import search_query

MOST = 500
"""Hits of one conversation, the newest."""


@dataclass(frozen=True)
class Hit:
    """A message (`m12`) or a note (`n3`) in which all the words stand, with their places in UTF-16 units."""

    key: str
    at: datetime
    text: list[Span]
    subject: list[Span]


_WITHIN = {
    "sqlite": "id IN (SELECT rowid FROM message_search WHERE message_search MATCH ?)",
    "postgresql": "id IN (SELECT message_id FROM message_search WHERE body @@ to_tsquery('simple', ?))",
}


def hits(session: Session, conversation_id: int, query: str) -> list[Hit]:
    """What has every word that somebody typed, newest first; as many as `MOST`."""
    terms = search_query(query)
    if not terms:
        return []
    said = fts5(terms) if db.dialect() == "sqlite" else tsquery(terms)
    condition = f"conversation_id = ? AND {_WITHIN[db.dialect()]} ORDER BY posted_at DESC, id DESC LIMIT {MOST}"
    found = [
        Hit(f"m{one.id}", one.posted_at, spans(one.text, terms), spans(one.subject, terms))
        for one in rows.where(session, Message, condition, conversation_id, said)
    ]
    for note in notes.of_conversation(session, conversation_id):
        marked = [spans(note.text, [term]) for term in terms]
        if all(marked):
            found.append(Hit(f"n{note.id}", note.at, spans(note.text, terms), []))
    return sorted(found, key=_newest, reverse=True)[:MOST]


def _newest(hit: Hit) -> tuple[datetime, int]:
    return hit.at, int(hit.key[1:])
