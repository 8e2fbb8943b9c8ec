"""The outbox's handlers of themes: place what arrives, grow and tend by the clock, forget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.outbox import DONE, Item, Outcome
from inbox.models import Message
from sentiment import vectors
from sentiment.themes import cluster, store
from sentiment.themes.models import MessageTheme, Theme, ThemeState
from sentiment.vectors import Vectors

FIRST = 40
"""Messages in the pool at which it is searched at once; fewer wait for the hour."""
HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
POOL = 10_000
"""Newest messages of the pool that are searched."""
LOOKED_AT = 20_000
"""Newest messages that the daily care looks at."""
POOL_DAYS = 30
"""After so many days a message that nothing formed around leaves the pool."""
QUIET_DAYS = 180
"""A theme without a message for so long ends, unless a person named it."""


def assign(items: list[Item]) -> Outcome:
    """message.annotated: the theme of each message that has an embedding, or the pool; a repeat changes nothing."""
    wanted = {int(item.payload["message_id"]): int(item.payload.get("version", 1)) for item in items}
    with db.read() as session:
        known = store.read(session)
        found = vectors.of(session, wanted, known.model)
        placed = _placed(session, known, found, wanted)
    if not placed:
        return DONE
    return Outcome(lambda session: store.put(session, placed))


def _placed(
    session: Session, known: store.Known, found: Vectors, wanted: Mapping[int, int]
) -> dict[int, tuple[int, int]]:
    """{message id: (version, theme)} of those that were not placed yet in this version."""
    mt = db.table(MessageTheme)
    done = {
        (row.message_id, row.version)
        for row in session.execute(sa.select(mt.c.message_id, mt.c.version).where(mt.c.message_id.in_(found.ids)))
    }
    ids = cluster.place(known.themes, found.rows).tolist()
    return {
        one: (version, theme)
        for one, version, theme in zip(found.ids, found.versions, ids, strict=True)
        if version == wanted[one] and (one, version) not in done
    }


# --- by the clock ----------------------------------------------------------------------------------------


def due(session: Session) -> bool:
    """Whether the pool should be searched, or the themes be tended."""
    row = store.state(session)
    return _to_grow(session, row) or _to_tend(session, row)


def _to_grow(session: Session, row: ThemeState) -> bool:
    mt = db.table(MessageTheme)
    fresh = sa.select(mt.c.message_id).where(mt.c.theme_id.is_(None), mt.c.message_id > row.grown_to).limit(FIRST)
    number = len(session.execute(fresh).all())
    waited = row.grown_at is None or db.now() - row.grown_at >= HOUR
    return number >= FIRST or (number >= cluster.LEAST and row.grown_at is not None and waited)


def _to_tend(session: Session, row: ThemeState) -> bool:
    began = row.tended_at or row.grown_at
    return began is not None and db.now() - began >= DAY


def announce(session: Session, *, now: bool = False) -> None:
    """Have the themes cared for; `now` without waiting for what is due."""
    outbox.emit(session, "themes.due", [("themes", {"now": now})])


def care(items: list[Item]) -> Outcome:
    """themes.due: search the pool for new themes; once a day, let centres follow, merge, split and name.

    What a person changed meanwhile wins: then nothing is written, and the clock asks again.
    """
    now = any(item.payload.get("now") for item in items)
    with db.read() as session:
        row = store.state(session)
        known = _turned(session, store.read(session))
        tending = now or _to_tend(session, row)
        tended = _tended(session, known) if tending else None
        themes = tended.themes if tended is not None else known.themes
        pool = _pool(session, known.model)
    grown, ids = cluster.grow(themes, pool.rows)
    new = {one: (v, t) for one, v, t in zip(pool.ids, pool.versions, ids.tolist(), strict=True) if t}

    def write(session: Session) -> None:
        if store.state(session).revision != row.revision:
            return
        store.write(session, grown, known.model, row.revision + 1)
        if tended is not None:
            _apply(session, tended)
        store.put(session, new)
        _stamp(session, pool, tended is not None)
        if new or tended is not None:
            store.name(session)

    return Outcome(write)


class _Care:
    """What a day's care decided, with the messages it looked at."""

    def __init__(self, tended: cluster.Tended, found: Vectors, before: list[int]) -> None:
        self.themes, self.merged = tended.themes, tended.merged
        self.moved = {
            one: (version, after)
            for one, version, was, after in zip(found.ids, found.versions, before, tended.ids.tolist(), strict=True)
            if after != was and tended.split.get(after) == was
        }
        """Messages of the halves that are themes of their own now."""


def _tended(session: Session, known: store.Known) -> _Care:
    mt, m = db.table(MessageTheme), db.table(Message)
    in_one = sa.exists(sa.select(mt.c.message_id).where(mt.c.message_id == m.c.id, mt.c.theme_id.is_not(None)))
    found = vectors.newest(session, LOOKED_AT, in_one, m.c.deleted_at.is_(None), model=known.model)
    member_of = store.members(session, found.ids)
    before = [member_of.get(one, 0) for one in found.ids]
    tended = cluster.tend(known.themes, found.rows, np.array(before, np.int64), _ages(session, found.ids), known.edited)
    return _Care(tended, found, before)


def _ages(session: Session, ids: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    m, now = db.table(Message), db.now()
    at: dict[int, datetime] = {}
    for start in range(0, len(ids), 500):
        query = sa.select(m.c.id, m.c.posted_at).where(m.c.id.in_(ids[start : start + 500]))
        at |= {row.id: row.posted_at for row in session.execute(query)}
    return np.array([(now - at[one]).total_seconds() / 86_400 for one in ids], np.float64)


def _turned(session: Session, known: store.Known) -> store.Known:
    """The themes seen by the newest encoder once it has read half of their messages; until then, as they are."""
    newest = vectors.newest_model(session)
    if not known.model or not len(known.themes.ids):
        return replace(known, model=newest)
    if newest == known.model:
        return known
    mt, m = db.table(MessageTheme), db.table(Message)
    in_one = sa.exists(sa.select(mt.c.message_id).where(mt.c.message_id == m.c.id, mt.c.theme_id.is_not(None)))
    found = vectors.newest(session, LOOKED_AT, in_one, model=newest)
    left = len(vectors.newest(session, LOOKED_AT, in_one, model=known.model))
    if len(found) < max(left, cluster.LEAST):
        return known
    member_of = store.members(session, found.ids)
    ids = np.array([member_of.get(one, 0) for one in found.ids], np.int64)
    return replace(known, model=newest, themes=cluster.recentred(known.themes, found.rows, ids))


def _pool(session: Session, model: str) -> Vectors:
    mt, m = db.table(MessageTheme), db.table(Message)
    pooled = sa.exists(sa.select(mt.c.message_id).where(mt.c.message_id == m.c.id, mt.c.theme_id.is_(None)))
    since = db.now() - timedelta(days=POOL_DAYS)
    return vectors.newest(session, POOL, pooled, m.c.posted_at >= since, m.c.deleted_at.is_(None), model=model)


def _apply(session: Session, tended: _Care) -> None:
    t = db.table(Theme)
    for gone, into in tended.merged.items():
        session.execute(sa.update(t).where(t.c.id == gone).values(merged_into=into))
        store.move(session, gone, into)
    store.put(session, tended.moved)


def _stamp(session: Session, pool: Vectors, tended: bool) -> None:
    row, mt, m = store.state(session), db.table(MessageTheme), db.table(Message)
    row.grown_at = db.now()
    row.grown_to = max([row.grown_to, *pool.ids])
    if tended:
        row.tended_at = db.now()
        old = sa.select(m.c.id).where(m.c.posted_at < db.now() - timedelta(days=POOL_DAYS))
        session.execute(sa.delete(mt).where(mt.c.theme_id.is_(None), mt.c.message_id.in_(old)))
        _end_quiet(session)
    session.add(row)


def _end_quiet(session: Session) -> None:
    t, m = db.table(Theme), db.table(Message)
    since = db.now() - timedelta(days=QUIET_DAYS)
    written = sa.exists(sa.select(m.c.id).where(m.c.theme == t.c.id, m.c.posted_at >= since))
    ended = (t.c.born_at < since, ~t.c.edited, ~t.c.ended, t.c.merged_into.is_(None), ~written)
    session.execute(sa.update(t).where(*ended).values(ended=True))


def forget(items: list[Item]) -> Outcome:
    """person.erased, message.deleted: what is gone is in no theme and in no pool."""
    ids = {int(one) for item in items for one in item.payload.get("message_ids", ())}
    ids |= {int(item.payload["message_id"]) for item in items if "message_id" in item.payload}
    return Outcome(lambda session: store.forget(session, ids))
