"""Themes and their messages in the store: read as values for deciding, written as what was decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, outbox
from inbox import facts
from inbox.models import Message
from sentiment import vectors
from sentiment.themes import naming
from sentiment.themes.cluster import Themes
from sentiment.themes.models import MessageTheme, Theme, ThemeState

NAMED_FROM = 200
"""Newest messages of a theme out of which it is named."""
_MANY = 500
_INSERT = (
    "INSERT INTO message_theme (message_id, theme_id, version) VALUES (?, ?, ?) "
    "ON CONFLICT (message_id) DO UPDATE SET theme_id = excluded.theme_id, version = excluded.version"
)


@dataclass(frozen=True)
class Known:
    """All living themes, the encoder their centres come from, and the revision at which they were read."""

    themes: Themes
    model: str
    revision: int
    edited: frozenset[int]


def state(session: Session) -> ThemeState:
    """The row they have in common; an empty one before the first theme."""
    found = session.get(ThemeState, 1)
    return found or ThemeState(id=1, mean=_pack(np.zeros(vectors.DIMENSIONS)))


def read(session: Session) -> Known:
    """Every theme that messages are put into."""
    row, t = state(session), db.table(Theme)
    rows = session.execute(
        sa.select(t.c.id, t.c.centroid, t.c.weight, t.c.edited)
        .where(t.c.merged_into.is_(None), ~t.c.ended)
        .order_by(t.c.id)
    ).all()
    centres = np.array([np.frombuffer(one.centroid, "<f4") for one in rows], np.float32)
    themes = Themes(
        ids=np.array([one.id for one in rows], np.int64),
        centres=centres.reshape(len(rows), vectors.DIMENSIONS),
        weights=np.array([one.weight for one in rows], np.float64),
        mean=np.frombuffer(row.mean, "<f4"),
        spread=row.spread,
        next_id=row.next_id,
    )
    return Known(themes, row.model, row.revision, frozenset(one.id for one in rows if one.edited))


def write(session: Session, themes: Themes, model: str, revision: int) -> None:
    """Store centres, and themes that are new; `revision` is the one that follows."""
    t = db.table(Theme)
    there = set(session.scalars(sa.select(t.c.id)))
    fresh = [n for n, one in enumerate(themes.ids.tolist()) if one not in there]
    moment = db.now()
    session.add_all(
        Theme(id=int(themes.ids[n]), centroid=_pack(themes.centres[n]), weight=float(themes.weights[n]), born_at=moment)
        for n in fresh
    )
    for n, one in enumerate(themes.ids.tolist()):
        if one in there:
            values = {"centroid": _pack(themes.centres[n]), "weight": float(themes.weights[n])}
            session.execute(sa.update(t).where(t.c.id == one).values(values))
    row = state(session)
    row.mean, row.spread, row.next_id, row.model = _pack(themes.mean), themes.spread, themes.next_id, model
    row.revision = revision
    session.add(row)
    session.flush()


def touch(session: Session) -> None:
    """A person changed a theme: what the clock decides from older values is dropped."""
    row = state(session)
    row.revision += 1
    session.add(row)
    session.flush()


# --- messages --------------------------------------------------------------------------------------------


def put(session: Session, placed: Mapping[int, tuple[int, int]]) -> None:
    """Messages into themes: {message id: (version, theme or 0)}; what changed or went meanwhile is left alone.

    A theme that has become another one meanwhile is that one.
    """
    m = db.table(Message)
    stand: set[int] = set()
    for part in _parts(placed):
        query = sa.select(m.c.id, m.c.version).where(m.c.id.in_(part), m.c.deleted_at.is_(None), ~m.c.erased)
        stand |= {row.id for row in session.execute(query) if placed[row.id][0] == row.version}
    now = became(session, {placed[one][1] for one in stand})
    rows = {one: (placed[one][0], now.get(placed[one][1], 0)) for one in sorted(stand)}
    bulk.run(session, _INSERT, [(one, theme or None, version) for one, (version, theme) in rows.items()])
    show(session, {one: theme for one, (_, theme) in rows.items()})


def show(session: Session, themes: Mapping[int, int]) -> None:
    """Put themes into the inbox's column where they differ, and tell whoever decides by them."""
    m = db.table(Message)
    changed: dict[int, int] = {}
    for part in _parts(themes):
        for row in session.execute(sa.select(m.c.id, m.c.version, m.c.theme).where(m.c.id.in_(part), ~m.c.erased)):
            if row.theme != themes[row.id]:
                changed[row.id] = row.version
    facts.set(session, {one: {"theme": themes[one]} for one in changed})
    letters = [(f"message:{one}", {"message_id": one, "version": version}) for one, version in changed.items()]
    outbox.emit(session, "message.sorted", letters)


def became(session: Session, ids: Collection[int]) -> dict[int, int]:
    """What themes are by now: themselves, or what they were merged into; those that ended are left out."""
    t = db.table(Theme)
    rows = session.execute(sa.select(t.c.id, t.c.merged_into, t.c.ended)).all()
    into = {row.id: row.merged_into for row in rows}
    ended = {row.id for row in rows if row.ended}
    found = {}
    for one in ids:
        last = one
        while into.get(last) is not None:
            last = into[last]
        if last in into and last not in ended:
            found[one] = last
    return found


def move(session: Session, gone: int, into: int) -> None:
    """All messages of a theme into another one."""
    mt = db.table(MessageTheme)
    ids = list(session.scalars(sa.select(mt.c.message_id).where(mt.c.theme_id == gone)))
    session.execute(sa.update(mt).where(mt.c.theme_id == gone).values(theme_id=into))
    show(session, dict.fromkeys(ids, into))


def members(session: Session, message_ids: Sequence[int]) -> dict[int, int]:
    """The theme of each of these messages; 0 for those in the pool."""
    mt = db.table(MessageTheme)
    found: dict[int, int] = {}
    for part in _parts(message_ids):
        query = sa.select(mt.c.message_id, mt.c.theme_id).where(mt.c.message_id.in_(part))
        found |= {row.message_id: row.theme_id or 0 for row in session.execute(query)}
    return found


def forget(session: Session, message_ids: Iterable[int]) -> None:
    """These messages are in no theme and no pool; the words of their themes are found anew without them."""
    mt, ids = db.table(MessageTheme), sorted(set(message_ids))
    touched: set[int] = set()
    for part in _parts(ids):
        where = mt.c.message_id.in_(part)
        touched |= {one for one in session.scalars(sa.select(mt.c.theme_id).where(where)) if one is not None}
        session.execute(sa.delete(mt).where(where))
    show(session, dict.fromkeys(ids, 0))
    if touched:
        name(session)


# --- names -----------------------------------------------------------------------------------------------


def name(session: Session) -> None:
    """Find the words of all living themes anew; names that a person gave stay."""
    t = db.table(Theme)
    themes = session.scalars(sa.select(Theme).where(t.c.merged_into.is_(None), ~t.c.ended)).all()
    words = naming.name_all(one for theme in themes for one in _said(session, theme.id))
    for theme in themes:
        theme.terms = words.get(theme.id, {})
        if not theme.edited:
            theme.names = naming.name(theme.terms)
        session.add(theme)
    session.flush()


def _said(session: Session, theme_id: int) -> list[naming.Said]:
    m, mt = db.table(Message), db.table(MessageTheme)
    query = (
        sa.select(m.c.identity_id, m.c.language, m.c.subject, m.c.text)
        .join(mt, mt.c.message_id == m.c.id)
        .where(mt.c.theme_id == theme_id, m.c.deleted_at.is_(None))
        .order_by(m.c.id.desc())
        .limit(NAMED_FROM)
    )
    return [
        naming.Said(theme_id, row.identity_id or 0, row.language, f"{row.subject}\n{row.text}")
        for row in session.execute(query)
    ]


def _parts(ids: Iterable[int]) -> list[list[int]]:
    found = list(ids)
    return [found[n : n + _MANY] for n in range(0, len(found), _MANY)]


def _pack(row: object) -> bytes:
    return np.asarray(row, "<f4").tobytes()
