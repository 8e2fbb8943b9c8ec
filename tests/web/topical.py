"""A hub in which people write about three things, and the embedded model has read it all."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from core.event import Author
from core.outbox import Item
from inbox.models import Message
from sentiment import labels
from sentiment.examples import store as examples
from sentiment.examples import tasks as learning
from sentiment.themes import tasks
from tests.sentiment.meaning import read

THINGS = {
    "de": "Paket Lieferung verspätet {n}",
    "en": "invoice amount wrong {n}",
    "ja": "珈琲 機械 故障 です {n}",
}


def written() -> list[int]:
    """Sixteen messages about each thing, over the last two weeks, by several people; their ids."""
    from tests.web.conftest import account, event, store

    where, events = account(), []
    for language, text in THINGS.items():
        for n in range(16):
            events.append(
                event(
                    f"{language}:{n}", text.format(n=f"x{n}"), minutes=60 + 900 * n, language=language,
                    author=Author(platform="mastodon", id=f"https://a.example/{n % 5}", handle=f"@p{n % 5}@a.example"),
                    **({"kind": "dm", "visibility": "private", "thread_key": f"dm:{n}"} if n == 3 else {}),
                )
            )  # fmt: skip
    store(where, *events)
    m = db.table(Message)
    with db.write() as session:
        rows = session.execute(sa.select(m.c.id, m.c.text, m.c.key).order_by(m.c.id)).all()
        for row in rows:
            session.execute(sa.update(m).where(m.c.id == row.id).values(language=row.key.split(":")[0]))
    ids = [row.id for row in rows]
    read(ids, [row.text for row in rows])
    return ids


def run(handler, *items: Item) -> None:
    """What the outbox does with letters."""
    outcome = handler(list(items))
    if outcome.write is not None:
        with db.write() as session:
            outcome.write(session)


def themed() -> list[int]:
    """The same with its three themes."""
    ids = written()
    run(tasks.assign, *(Item(n, "message.annotated", f"m{n}", {"message_id": n, "version": 1}) for n in ids))
    run(tasks.care, Item(1, "themes.due", "themes", {"now": True}))
    return ids


def labelled(ids: list[int]) -> None:
    """A label "late" that learnt from eight messages and has looked at everything stored."""
    with db.write() as session:
        labels.create(session, "late", ["verspätet"])
        examples.add(session, labels.get(session, "late"), ids[:8])
        examples.add(session, labels.get(session, "late"), ids[40:42], positive=False)
    for _ in range(3):
        run(learning.learn, Item(1, "label.changed", "label:1", {"label_id": 1}))
