"""The outbox's handlers of this room: match what arrives, match backwards, forget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.outbox import DONE, Item, Outcome
from inbox.models import Message
from listening import hits
from listening.models import Hit, Query, Subject

CHUNK = 2000
"""Stored messages that one step of matching backwards looks at."""

Write = Callable[[Session], None]


def match(items: list[Item]) -> Outcome:
    """message.annotated: every enabled query against each message; a changed message is decided anew."""
    wanted = {int(item.payload["message_id"]): int(item.payload.get("version", 1)) for item in items}
    with db.read() as session:
        queries, versions = hits.enabled(session)
        if not versions:
            return DONE
        found = hits.docs(session, db.table(Message).c.id.in_(list(wanted)))
    decided = hits.decide(queries, versions, [(key, doc) for key, doc in found if wanted[key[0]] == key[1]])

    def write(session: Session) -> None:
        hits.keep(session, decided)
        letters = [(f"{one}:{version}", {"message_id": one, "version": version}) for one, version in wanted.items()]
        outbox.emit(session, "message.heard", letters)

    return Outcome(write)


def rematch(items: list[Item]) -> Outcome:
    """query.changed: one step backwards over what is stored; announces itself again until all is decided.

    Where it stands is kept on the query, so that a step that is lost is simply done again.
    """
    writes = [write for item in items if (write := _step(int(item.payload["query_id"]))) is not None]

    def write_all(session: Session) -> None:
        for write in writes:
            write(session)

    return Outcome(write_all)


def _step(query_id: int) -> Write | None:
    with db.read() as session:
        query = session.get(Query, query_id)
        if query is None:
            return None
        if not query.enabled:
            return lambda session: _take_away(session, query_id)
        m = db.table(Message)
        start, goal, version = query.matched_to, query.matched_goal, query.version
        found = hits.docs(session, m.c.id > start, m.c.id <= goal, limit=CHUNK)
    reached = found[-1][0][0] if len(found) == CHUNK else goal
    decided = hits.decide(hits.query_set([(query_id, query.text)]), {query_id: version}, found)

    def write(session: Session) -> None:
        hits.keep(session, decided)
        _advance(session, query_id, version, reached, done=reached >= goal)

    return write


def _advance(session: Session, query_id: int, version: int, reached: int, *, done: bool) -> None:
    q = db.table(Query)
    same = (q.c.id == query_id, q.c.version == version, q.c.matched_to <= reached)
    changed = session.execute(sa.update(q).where(*same).values(matched_to=reached))
    if changed.rowcount and not done:  # type: ignore[attr-defined]  # a cursor result
        outbox.emit(session, "query.changed", [(f"query:{query_id}", {"query_id": query_id})])


def _take_away(session: Session, query_id: int) -> None:
    """A query that was switched off or removed loses its hits, then perhaps its row."""
    query = session.get(Query, query_id)
    if query is None or query.enabled:
        return
    h = db.table(Hit)
    ids = list(session.scalars(sa.select(h.c.message_id).where(h.c.query_id == query_id).limit(CHUNK)))
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        session.execute(sa.delete(h).where(h.c.query_id == query_id, h.c.message_id.in_(part)))
    hits.show(session, ids)
    if len(ids) == CHUNK:
        outbox.emit(session, "query.changed", [(f"query:{query_id}", {"query_id": query_id})])
    elif query.removed:
        _drop(session, query)


def _drop(session: Session, query: Query) -> None:
    subject_id, q, s = query.subject_id, db.table(Query), db.table(Subject)
    session.execute(sa.delete(q).where(q.c.id == query.id))
    left = sa.select(q.c.id).where(q.c.subject_id == subject_id).exists()
    session.execute(sa.delete(s).where(s.c.id == subject_id, s.c.removed, ~left))


def forget(items: list[Item]) -> Outcome:
    """message.deleted: the hit stays and counts; text and author are read from the message, which is empty.

    Nothing of a text is kept here, so there is nothing to do.
    """
    return DONE


def forget_person(items: list[Item]) -> Outcome:
    """person.erased: the messages of an erased person no longer count anywhere."""
    ids: list[Any] = sorted({int(one) for item in items for one in item.payload.get("message_ids", ())})

    def write(session: Session) -> None:
        h = db.table(Hit)
        for start in range(0, len(ids), 500):
            session.execute(sa.delete(h).where(h.c.message_id.in_(ids[start : start + 500])))
        hits.show(session, ids)

    return Outcome(write)
