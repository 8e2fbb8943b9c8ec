"""What the list pane shows: rows, tabs with their counts, the volume, and everything one can narrow by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import accounts, desk, listing, teams
from inbox.listing import Row
from inbox.models import Account
from inbox.narrowing import NOBODY
from sentiment.models import Label
from web import actors, casework, inbox_query, volume, words
from web.inbox_query import Asked, Pill
from web.reader import Reader
from web.volume import Volume

Options = Sequence[tuple[str, str]]
"""Values with their words, the empty one first."""
MOST = 200
"""Rows fetched at once, after a connection was cut."""


@dataclass(frozen=True)
class Tab:
    """A view with how much stands in it."""

    name: str
    label: str
    number: int
    query: str
    current: bool


@dataclass(frozen=True)
class Pane:
    """The list pane. `base` is the address without its query: the inbox, or the open conversation in it."""

    asked: Asked
    base: str
    current: int
    rows: list[Row]
    older: str
    first: bool
    views: list[Tab]
    total: int
    volume: Volume
    pills: list[Pill]
    form: dict[str, Options]
    takers: Options
    """Who a conversation can be given to: (`user:3`, name)."""
    names: Mapping[str, str]
    """Who takes care of these rows, by `user:3`."""
    tags: list[str]
    teams: Options
    """Every team: (number, name)."""
    troubled: list[tuple[Account, str]]
    """Accounts that need a look, and why."""
    empty: str
    """Why there is no row: start, nobody, nothing, done or end; empty when there are rows."""

    @property
    def tabs(self) -> list[Tab]:
        """The three in sight."""
        return [one for one in self.views if one.name in inbox_query.TABS]

    @property
    def orders(self) -> list[Tab]:
        """The ways to sort."""
        return [
            Tab(name, label, 0, self.asked.query(sort=name), name == self.asked.sort)
            for name, label in inbox_query.ORDERS.items()
        ]


def pane(session: Session, asked: Asked, reader: Reader, *, current: int = 0, before: str = "", rows: int = 0) -> Pane:
    """Everything of the pane; `rows` asks for so many rows instead of a page of them."""
    wanted = inbox_query.wanted(asked, reader)
    found = listing.page(session, wanted, before or None, min(rows, MOST) or listing.LIMIT)
    counts = listing.counts(session, wanted)
    known, takers, tags = accounts.all_accounts(session), actors.answering(session), desk.known_tags(session)
    names = cares(session, found.rows, takers)
    groups = [(str(number), name) for number, name in teams.names(session)]
    connected = [one for one in known if one.state != "removed"]
    troubles = accounts.troubles(session)
    return Pane(
        asked=asked,
        base=f"/inbox/{current}" if current else "/inbox",
        current=current,
        rows=_read(found.rows, current),
        older=found.next or "",
        first=not before,
        views=_views(asked, counts),
        total=counts[asked.view],
        volume=bars(session, asked, reader),
        pills=_pills(asked, reader, known, takers, groups),
        form=_form(session, asked, reader, known, takers, tags, groups),
        takers=takers,
        names=names,
        tags=tags,
        teams=groups,
        troubled=[(one, troubles[one.id]) for one in connected if one.id in troubles],
        empty="" if found.rows else _empty(session, asked, connected, counts[asked.view]),
    )


def bars(session: Session, asked: Asked, reader: Reader) -> Volume:
    """The figure above the list."""
    edges = volume.edges(asked, reader)
    found = listing.volume(session, inbox_query.wanted(asked, reader), edges)
    return volume.drawn(found, edges[-1], asked, reader)


def _read(rows: Iterable[Row], current: int) -> list[Row]:
    """The open conversation is not unread: it is before the reader's eyes."""
    return [replace(row, unread=False) if row.id == current else row for row in rows]


def few(session: Session, asked: Asked, reader: Reader, ids: Sequence[int], current: int = 0) -> dict[str, Any]:
    """Those of the conversations that stand in the list, with the counts: after live events."""
    wanted = inbox_query.wanted(asked, reader)
    found = _read(listing.rows(session, ids, wanted), current)
    counts = listing.counts(session, wanted)
    return {"asked": asked, "rows": found, "names": cares(session, found), "views": _views(asked, counts)}


def _views(asked: Asked, counts: Mapping[str, int]) -> list[Tab]:
    return [
        Tab(name, label, counts[name], asked.query(view=name), name == asked.view)
        for name, label in inbox_query.NAMES.items()
    ]


def _empty(session: Session, asked: Asked, connected: Sequence[Account], total: int) -> str:
    if total:
        return "end"
    if asked.narrowed:
        return "nothing"
    if not connected:
        return "start"
    return "done" if listing.anything(session) else "nobody"


def cares(session: Session, rows: Iterable[Row], takers: Options = ()) -> dict[str, str]:
    """The names of those who take care of these rows, by `user:3`."""
    known = dict(takers)
    others = {row.assignee for row in rows if row.assignee} - known.keys()
    return known | (actors.names(session, others) if others else {})


def _pills(asked: Asked, reader: Reader, known: Iterable[Account], takers: Options, groups: Options) -> list[Pill]:
    names = {str(one.id): one.handle for one in known}
    people = {actor.removeprefix("user:"): name for actor, name in takers}
    return inbox_query.pills(asked, reader, names, people, dict(groups))


def _form(
    session: Session,
    asked: Asked,
    reader: Reader,
    known: Sequence[Account],
    takers: Options,
    tags: Sequence[str],
    groups: Options,
) -> dict[str, Options]:
    def table(values: Mapping[str, str]) -> Options:
        return [(value, reader.words(text)) for value, text in values.items()]

    some = [one for one in known if one.state != "removed" or str(one.id) == asked.account]
    moods = {value: pair[1] for value, pair in words.SENTIMENTS.items()}
    nobody = (NOBODY, reader.words("Nobody"))
    found: dict[str, Options] = {
        "account": [(str(one.id), f"{words.platform(one.platform)} · {one.handle}") for one in some],
        "platform": [(name, words.platform(name)) for name in sorted({one.platform for one in known})],
        "kind": table(inbox_query.VISIBILITY),
        "language": table(words.LANGUAGES),
        "sentiment": table(moods),
        "intent": table(words.INTENTS),
        "urgency": table(words.URGENCIES),
        "emotion": table(words.EMOTIONS),
        "label": _labels(session, reader),
        "tag": [(one, one) for one in tags],
        "assignee": [nobody, *((actor.removeprefix("user:"), name) for actor, name in takers)],
        "team": [(NOBODY, reader.words("No team")), *groups] if groups else (),
        "priority": table({name: text for name, (_, text) in casework.PRIORITIES.items()}),
        "type": table(casework.TYPES),
    }
    kept: Mapping[str, Any] = vars(asked)
    return {name: _with(options, kept[name]) for name, options in found.items()}


def _with(options: Options, chosen: str) -> Options:
    """With what is chosen, even if it is not offered any more."""
    return options if not chosen or any(value == chosen for value, _ in options) else [*options, (chosen, chosen)]


def _labels(session: Session, reader: Reader) -> Options:
    t = db.table(Label)
    rows = session.execute(sa.select(t.c.name, t.c.names).where(t.c.enabled).order_by(t.c.name))
    return [(row.name, row.names.get(reader.language) or row.name) for row in rows]
