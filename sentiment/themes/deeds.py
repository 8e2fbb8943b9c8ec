"""What people do with themes: name, merge, hide, start over, make a label of one."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from inbox import visibility
from inbox.models import Message
from inbox.visibility import EVERYTHING, Sight
from sentiment import labels, vectors
from sentiment.examples import store as examples
from sentiment.models import MessageEmbedding
from sentiment.themes import store, tasks
from sentiment.themes.models import MessageTheme, Theme
from sentiment.unfit import Unfit

LONGEST_NAME = 80
TAUGHT_BY = 12
"""Messages nearest to the centre that a label made of a theme starts with."""


def get(session: Session, theme_id: int) -> Theme:
    """A theme that is still one; BadPayload says what became of it otherwise."""
    found = session.get(Theme, theme_id)
    if found is None:
        raise Unfit("There is no theme %(number)s.", number=theme_id)
    if found.merged_into is not None:
        now = store.became(session, [theme_id]).get(theme_id, 0)
        raise Unfit("Theme %(number)s has become theme %(now)s.", number=theme_id, now=now)
    return found


def living(session: Session) -> list[Theme]:
    """Every theme that messages are put into."""
    t = db.table(Theme)
    return list(session.scalars(sa.select(Theme).where(t.c.merged_into.is_(None), ~t.c.ended).order_by(t.c.id)))


def rename(session: Session, theme_id: int, name: str, actor: str = "cli") -> None:
    """Give a theme a name that stays; an empty one lets its words name it again."""
    theme, name = get(session, theme_id), " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise Unfit("A theme's name has at most %(number)s characters.", number=LONGEST_NAME)
    theme.names, theme.edited = ({"": name}, True) if name else ({}, False)
    session.add(theme)
    if not name:
        store.name(session)
    store.touch(session)
    audit.record(session, actor, "theme.renamed", f"theme:{theme_id}")


def merge(session: Session, gone: int, into: int, actor: str = "cli") -> None:
    """Make one theme of two: the messages of the first go to the second, which keeps its name and number."""
    if gone == into:
        raise Unfit("Choose another theme to merge with.")
    first, second = get(session, gone), get(session, into)
    first.merged_into, first.hidden = second.id, False
    session.add(first)
    session.flush()
    store.move(session, gone, into)
    store.name(session)
    store.touch(session)
    audit.record(session, actor, "theme.merged", f"theme:{gone}", {"into": into})


def hide(session: Session, theme_id: int, hidden: bool, actor: str = "cli") -> None:
    """Take a theme out of lists, or put it back; messages are still put into it."""
    theme = get(session, theme_id)
    theme.hidden = hidden
    session.add(theme)
    audit.record(session, actor, "theme.hidden" if hidden else "theme.shown", f"theme:{theme_id}")


def rebuild(session: Session, *, fresh: bool = False, actor: str = "cli") -> int:
    """Put every message that has an embedding and no theme into the pool, and have all themes cared for now.

    `fresh` first ends every theme that no person named. Returns how many messages wait in the pool.
    """
    t, mt, m, e = (db.table(model) for model in (Theme, MessageTheme, Message, MessageEmbedding))
    if fresh:
        ended = list(session.scalars(sa.select(t.c.id).where(~t.c.edited, ~t.c.ended, t.c.merged_into.is_(None))))
        ids = list(session.scalars(sa.select(mt.c.message_id).where(mt.c.theme_id.in_(ended))))
        session.execute(sa.update(t).where(t.c.id.in_(ended)).values(ended=True))
        session.execute(sa.update(mt).where(mt.c.theme_id.in_(ended)).values(theme_id=None))
        store.show(session, dict.fromkeys(ids, 0))
    known = sa.select(mt.c.message_id)
    missing = (
        sa.select(e.c.message_id, e.c.version)
        .join(m, m.c.id == e.c.message_id)
        .where(e.c.message_id.not_in(known), m.c.deleted_at.is_(None), ~m.c.erased)
    )
    session.execute(sa.insert(mt).from_select(["message_id", "version"], missing))
    row = store.state(session)
    row.grown_to = 0
    session.add(row)
    store.touch(session)
    tasks.announce(session, now=True)
    audit.record(session, actor, "themes.rebuilt", "themes", {"fresh": fresh})
    return int(session.execute(sa.select(sa.func.count()).where(mt.c.theme_id.is_(None))).scalar_one())


def to_label(session: Session, theme_id: int, name: str, actor: str = "cli") -> int:
    """A label that starts with the messages nearest to the theme's centre as examples; returns its id."""
    get(session, theme_id)
    ids = nearest(session, theme_id, TAUGHT_BY)
    if not ids:
        raise Unfit("This theme has no messages that could serve as examples.")
    label_id = labels.create(session, name, [], actor=actor, by_example=True)
    examples.add(session, labels.get(session, name.strip()), ids, actor=actor)
    return label_id


def nearest(session: Session, theme_id: int, number: int, *, sight: Sight = EVERYTHING) -> list[int]:
    """The messages that stand for a theme: of its newest ones those nearest to its centre, the nearest first."""
    m, mt = db.table(Message), db.table(MessageTheme)
    known = store.read(session)
    if theme_id not in known.themes.ids:
        return []
    where = [mt.c.theme_id == theme_id, m.c.deleted_at.is_(None), *visibility.messages(sight)]
    query = sa.select(m.c.id).join(mt, mt.c.message_id == m.c.id).where(*where)
    newest = list(session.scalars(query.order_by(m.c.id.desc()).limit(store.NAMED_FROM)))
    found = vectors.of(session, newest, known.model)
    if not len(found):
        return newest[:number]
    centre = known.themes.centres[known.themes.ids.tolist().index(theme_id)]
    order = (-(known.themes.around(found.rows) @ centre)).argsort(kind="stable")
    return [found.ids[n] for n in order[:number].tolist()]
