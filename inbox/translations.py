"""Translations that are kept: nobody asks for the same one twice, and an edit or a deletion forgets them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, rows
from inbox.models import Message
from inbox.translation_models import Translation, Translator

PURPOSE = "translate"
"""What `inbox.consent` is asked before a text leaves for the server."""
ALIASES = {"nb": "no", "nn": "no", "iw": "he", "tl": "fil"}
"""Codes that mean the same language to people who read."""


@dataclass(frozen=True)
class Kept:
    """A message in another language."""

    text: str
    source: str
    provider: str


@dataclass(frozen=True)
class Shown:
    """What a page needs: who translates (empty: nobody), into what, and the translations there are by message."""

    provider: str = ""
    targets: Sequence[str] = ()
    private: bool = False
    kept: Mapping[int, Kept] = field(default_factory=dict)


def base(code: str) -> str:
    """A language without script and region: `pt-BR` and `PT` are `pt`; empty when nobody knows it."""
    short = code.replace("_", "-").partition("-")[0].lower()
    return "" if short == "und" else ALIASES.get(short, short)


def offered(wanted: str, codes: Iterable[str]) -> str:
    """How a server calls a language: the very code, else the first of the same language; empty: it has none."""
    fitting = [code for code in codes if base(code) == base(wanted)] if base(wanted) else []
    return next((code for code in fitting if code.lower() == wanted.lower()), min(fitting, default=""))


def translator(session: Session) -> Translator | None:
    """The server that translates, if one is set up; to be looked at, not changed."""
    return rows.get(session, Translator, 1)


def shown(session: Session, message_ids: Sequence[int], target: str) -> Shown:
    """One look for a page: the server's offer, and what is kept of these messages in the newest wording."""
    sql = (
        "SELECT 0, provider, CAST(targets AS TEXT), '', private FROM translator UNION ALL "  # noqa: S608  # our own names
        "SELECT t.message_id, t.provider, t.source, t.text, FALSE FROM translation t JOIN message m "
        f"ON m.id = t.message_id AND m.version = t.version WHERE {bulk.among('t.message_id')} AND t.target = ?"
    )
    found = bulk.fetch(session, sql, bulk.listed(message_ids), target, prepared=True)
    who = next((row for row in found if row[0] == 0), None)
    kept = {row[0]: Kept(row[3], row[2], row[1]) for row in found if row[0]}
    if who is None:
        return Shown(kept=kept)
    return Shown(who[1], json.loads(who[2]), bool(who[4]), kept)


def of_conversation(
    session: Session, conversation_id: int, target: str, before: int = 0, limit: int = 50
) -> Sequence[Translation]:
    """What is kept of a conversation's messages in their newest wording, newest message first, each once.

    `before` goes on after the message of that number.
    """
    t, m = db.table(Translation), db.table(Message)
    first = sa.select(sa.func.min(t.c.provider)).where(
        t.c.message_id == m.c.id, t.c.version == m.c.version, t.c.target == target
    )
    query = (
        sa.select(Translation)
        .join(m, (m.c.id == t.c.message_id) & (m.c.version == t.c.version))
        .where(m.c.conversation_id == conversation_id, m.c.deleted_at.is_(None), t.c.target == target)
        .where(t.c.provider == first.correlate(m).scalar_subquery())
    )
    if before:
        query = query.where(m.c.id < before)
    return session.scalars(query.order_by(m.c.id.desc()).limit(limit)).all()


def keep(session: Session, rows: Sequence[Translation]) -> int:
    """Keep them, unless their message was edited or deleted meanwhile; returns how many were kept."""
    m = db.table(Message)
    ids = [one.message_id for one in rows]
    query = sa.select(m.c.id, m.c.version).where(m.c.id.in_(ids), m.c.deleted_at.is_(None), ~m.c.erased)
    now = {row.id: row.version for row in session.execute(query.with_for_update())}
    fresh = [one.model_dump() for one in rows if now.get(one.message_id) == one.version]
    if fresh:
        insert = db.upsert(Translation)
        changed = {name: insert.excluded[name] for name in ("version", "source", "text", "at")}
        keys = ["message_id", "target", "provider"]
        session.execute(insert.on_conflict_do_update(index_elements=keys, set_=changed), fresh)
    return len(fresh)


def forget(session: Session, message_ids: Iterable[int]) -> None:
    """The texts changed or are gone."""
    t = db.table(Translation)
    session.execute(sa.delete(t).where(t.c.message_id.in_(sorted(message_ids))))
