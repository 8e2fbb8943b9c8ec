"""Full text over all messages: one design on SQLite (FTS5) and PostgreSQL (tsvector).

Words are prepared in Python (`inbox.text`), so both engines find the same, in three languages. The index
keeps no text: a row is taken out by the exact tokens that were put in, which are a pure function of the
message's text. On PostgreSQL a row names its conversation, too, which a trigger keeps true when a message moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from inbox.models import Message
from inbox.text import search_query, search_tokens

_ADD = "INSERT INTO message_search (rowid, body) VALUES (?, ?)"
_ADD_ARRAYS = (
    "INSERT INTO message_search (message_id, conversation_id, body) "
    "SELECT m.id, m.conversation_id, to_tsvector('simple', new.tokens) "
    "FROM unnest(%s::bigint[], %s::text[]) new(id, tokens) JOIN message m ON m.id = new.id "
    "ON CONFLICT (message_id) DO UPDATE SET body = excluded.body"
)
_REMOVE = {
    "sqlite": "INSERT INTO message_search (message_search, rowid, body) VALUES ('delete', ?, ?)",
    "postgresql": "DELETE FROM message_search WHERE message_id = ? AND CAST(? AS text) IS NOT NULL",
}


def body(text: str, subject: str = "") -> str:
    """The tokens of a message."""
    return search_tokens(f"{subject} {text}" if subject else text)


def add(session: Session, rows: Iterable[tuple[int, str]]) -> None:
    """Index messages: (message id, tokens). They are written in this transaction, so that none moves meanwhile."""
    rows = [row for row in rows if row[1]]
    if db.dialect() == "sqlite":
        bulk.run(session, _ADD, rows)
    else:
        bulk.arrays(session, _ADD_ARRAYS, rows)


def remove(session: Session, rows: Iterable[tuple[int, str]]) -> None:
    """Take messages out: (message id, the very tokens that were put in)."""
    bulk.run(session, _REMOVE[db.dialect()], [row for row in rows if row[1]])


def find(session: Session, query: str, limit: int = 50, before: tuple[datetime, int] | None = None) -> list[Message]:
    """Messages that contain every term of what a person typed, newest first.

    `before` continues after the last message of the page before (its posted_at and id). Words, "phrases"
    and prefix* are understood; two characters are enough in Japanese.
    """
    condition = matches(query)
    if condition is None:
        return []
    m = db.table(Message)
    statement = sa.select(Message).where(condition)
    if before is not None:
        statement = statement.where(sa.tuple_(m.c.posted_at, m.c.id) < sa.tuple_(*map(sa.literal, before)))
    return list(session.scalars(statement.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(limit)))


def matches(query: str) -> sa.ColumnElement[bool] | None:
    """The condition on `message.id` for what a person typed; None when there is nothing to look for."""
    terms = search_query(query)
    if not terms:
        return None
    sqlite = db.dialect() == "sqlite"
    sql = (
        "message.id IN (SELECT rowid FROM message_search WHERE message_search MATCH :query)"
        if sqlite
        else "message.id IN (SELECT message_id FROM message_search WHERE body @@ to_tsquery('simple', :query))"
    )
    value: sa.BindParameter[str] = sa.bindparam("query", fts5(terms) if sqlite else tsquery(terms), unique=True)
    return sa.text(sql).bindparams(value)  # type: ignore[return-value]  # a condition


_TALKS = {
    "sqlite": "SELECT json_group_array(id) FROM (SELECT DISTINCT m.conversation_id AS id FROM message_search s "
    "CROSS JOIN message m INDEXED BY message_found ON m.id = s.rowid WHERE message_search MATCH ?)",
    "postgresql": "SELECT CAST(coalesce(array_agg(DISTINCT conversation_id), '{}') AS text) FROM message_search "
    "WHERE body @@ to_tsquery('simple', ?)",
}
_AMONG = {
    "sqlite": "conversation.id IN (SELECT value FROM json_each(:talks))",
    "postgresql": "conversation.id = ANY(CAST(:talks AS bigint[]))",
}


def talks(session: Session, query: str) -> str | None:
    """The conversations with a message that has every term, as `among` wants them; None when there is no term.

    For several statements about the same words: going from the messages to their conversations is the dear part.
    """
    terms = search_query(query)
    if not terms:
        return None
    said = fts5(terms) if db.dialect() == "sqlite" else tsquery(terms)
    ((found,),) = bulk.fetch(session, _TALKS[db.dialect()], said)
    return str(found)


def among(found: str) -> sa.ColumnElement[bool]:
    """The condition on `conversation` for what `talks` found."""
    value: sa.BindParameter[str] = sa.bindparam("talks", found, unique=True)
    return sa.text(_AMONG[db.dialect()]).bindparams(value)  # type: ignore[return-value]  # a condition


def fts5(terms: Sequence[str]) -> str:
    """Terms in the words of FTS5."""
    return " AND ".join(f'"{term[:-1]}"*' if term.endswith("*") else f'"{term}"' for term in terms)


def tsquery(terms: Sequence[str]) -> str:
    """Terms in the words of to_tsquery."""

    def one(term: str) -> str:
        if term.endswith("*"):
            return f"'{term[:-1]}':*"
        return "(" + " <-> ".join(f"'{token}'" for token in term.split()) + ")"

    return " & ".join(one(term) for term in terms)
