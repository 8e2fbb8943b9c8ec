"""Conversations that people watch: whoever takes care of them, their watchers are told what happens there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from inbox.notice_models import Watcher


def watch(session: Session, conversation_id: int, who: str) -> bool:
    """Have somebody (`user:3`) watch a conversation; False when they do so already."""
    w, row = db.table(Watcher), {"conversation_id": conversation_id, "who": who}
    return bool(session.execute(db.upsert(Watcher).on_conflict_do_nothing().returning(w.c.who), [row]).all())


def leave(session: Session, conversation_id: int, who: str) -> bool:
    """They watch it no more; False when they did not."""
    w = db.table(Watcher)
    gone = session.execute(sa.delete(w).where(w.c.conversation_id == conversation_id, w.c.who == who))
    return bool(gone.rowcount)  # type: ignore[attr-defined]  # a cursor result


def of(session: Session, conversation_id: int) -> list[str]:
    """Who watches a conversation."""
    return of_all(session, [conversation_id]).get(conversation_id, [])


def of_all(session: Session, conversation_ids: Collection[int]) -> dict[int, list[str]]:
    """{conversation: who watches it} of those that are watched."""
    sql = f"SELECT conversation_id, who FROM watcher WHERE {bulk.among('conversation_id')} ORDER BY who"  # noqa: S608  # our own names
    found: dict[int, list[str]] = defaultdict(list)
    for number, who in bulk.fetch(session, sql, bulk.listed(conversation_ids), prepared=True):
        found[number].append(who)
    return found


def along(session: Session, from_id: int, to_id: int) -> None:
    """What is in a conversation goes on in another one: who watches the first watches the other, too."""
    rows = [{"conversation_id": to_id, "who": one} for one in of(session, from_id)]
    if rows:
        session.execute(db.upsert(Watcher).on_conflict_do_nothing(), rows)
