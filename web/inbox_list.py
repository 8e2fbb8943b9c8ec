"""What the list pane shows: rows, tabs with their counts, the volume, and everything one can narrow by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core.errors import Rejected
from inbox import accounts, desk, listing, narrowing, sightings, teams, views
from inbox.conditions import tree
from inbox.conditions.tree import Group
from inbox.listing import Row
from inbox.models import Account
from inbox.narrowing import NOBODY, Filter
from inbox.views import View
from web import actors, casework, condition_choices, condition_words, inbox_query, many_words, volume, words
from web.inbox_query import Asked, Pill
from web.many_words import Box
from web.reader import Reader
from web.volume import Share, Volume

Options = Sequence[tuple[str, str]]
"""Values with their words, the empty one first."""
MOST = 300
"""Rows fetched at once, after a connection was cut: a page holds no more (web/static/js/rows.js)."""


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
    """The fixed ones."""
    total: int
    volume: Volume
    shares: list[Share]
    """The accounts, without their numbers: those are asked for when the menu opens."""
    pills: list[Pill]
    form: dict[str, Options]
    takers: Options
    """Who a conversation can be given to: (`user:3`, name)."""
    names: Mapping[str, str]
    """Who takes care of these rows, by `user:3`."""
    tags: list[str]
    teams: Options
    """Every team: (number, name)."""
    saved: View | None
    """The kept view that this is."""
    kept: list[Tab]
    """The kept views, without their numbers: those are asked for when the menu opens."""
    wrong: str
    """What of the address could not be heeded, and why."""
    troubled: list[tuple[Account, str]]
    """Accounts that need a look, and why."""
    job: Box | None
    """What the reader has done to many, while it is under way and until it is put away."""
    empty: str
    """Why there is no row: start, nobody, nothing, done or end; empty when there are rows."""

    @property
    def tabs(self) -> list[Tab]:
        """The three in sight."""
        return [one for one in self.views if one.name in inbox_query.TABS]

    @property
    def every(self) -> int:
        """So many are treated when the whole list is chosen; 0 when its rows are all here."""
        return self.total if self.total > len(self.rows) else 0

    @property
    def here(self) -> str:
        """Under which name the number of the list follows live."""
        return "saved" if self.saved else self.asked.view

    @property
    def orders(self) -> list[Tab]:
        """The ways to sort."""
        return [
            Tab(name, label, 0, self.asked.query(sort=name), name == self.asked.sort)
            for name, label in inbox_query.ORDERS.items()
        ]


def pane(session: Session, asked: Asked, reader: Reader, *, current: int = 0, before: str = "", rows: int = 0) -> Pane:
    """Everything of the pane; `rows` asks for so many rows instead of a page of them."""
    here = _here(session, asked, reader)
    found = listing.page(session, here.wanted, before or None, min(rows, MOST) or listing.LIMIT)
    tabs, total = _numbers(session, here, asked, reader)
    known, takers, tags = _accounts(session, reader), actors.answering(session), desk.known_tags(session, reader.sight)
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
        views=tabs,
        total=total,
        volume=_bars(session, here, asked, reader),
        shares=volume.shares([], connected, asked) if len(connected) > 1 else [],
        pills=_pills(session, asked, reader, known, takers, groups),
        saved=here.view,
        kept=kept(session, asked, reader),
        wrong=here.wrong or asked.wrong,
        form=_form(session, asked, reader, known, takers, tags, groups),
        takers=takers,
        names=names,
        tags=tags,
        teams=groups,
        troubled=[(one, troubles[one.id]) for one in connected if one.id in troubles],
        job=many_words.above(session, reader),
        empty="" if found.rows else _empty(session, asked, connected, total),
    )


def chosen(session: Session, asked: Asked, reader: Reader) -> sa.Select[Any]:
    """The numbers of the whole list, as a select."""
    return listing.every(_here(session, asked, reader).wanted)


def more(
    session: Session,
    asked: Asked,
    reader: Reader,
    *,
    before: str = "",
    above: str = "",
    count: int = 0,
    current: int = 0,
) -> dict[str, Any]:
    """Rows alone, after one place or right above another: while somebody scrolls."""
    here, limit = _here(session, asked, reader), min(count, MOST) or listing.LIMIT
    if above:
        rows, first = listing.above(session, here.wanted, above, limit)
        older = ""
    else:
        found = listing.page(session, here.wanted, before or None, limit)
        rows, first, older = found.rows, not before, found.next or ""
    return {
        "asked": asked, "rows": _read(rows, _read_on(session, reader, current)), "first": first, "older": older,
        "names": cares(session, rows), "current": current, "base": f"/inbox/{current}" if current else "/inbox",
    }  # fmt: skip


def _accounts(session: Session, reader: Reader) -> list[Account]:
    """Those whose conversations the reader sees."""
    mine = reader.sight.accounts
    return [one for one in accounts.all_accounts(session) if mine is None or one.id in mine]


@dataclass(frozen=True)
class Here:
    """The list that an address means: within its kept view, and without it."""

    wanted: Filter
    plain: Filter
    view: View | None
    wrong: str


def _here(session: Session, asked: Asked, reader: Reader) -> Here:
    plain = narrowing.looked_up(session, inbox_query.wanted(asked, reader))
    if not asked.saved:
        return Here(plain, plain, None, "")
    try:
        view = views.find(session, asked.saved, reader.actor, reader.role)
    except Rejected as error:
        return Here(plain, plain, None, str(error))
    return Here(narrowing.looked_up(session, view.narrowing(plain)), plain, view, "")


def _numbers(session: Session, here: Here, asked: Asked, reader: Reader) -> tuple[list[Tab], int]:
    """The fixed views with their numbers, and the number of the list; a kept view is not narrowed by another."""
    counts = listing.counts(session, here.plain)
    found = _views(asked, counts, here.view, reader)
    return found, listing.number(session, here.wanted) if here.view else counts[asked.view]


def kept(session: Session, asked: Asked, reader: Reader, *, counted: bool = False) -> list[Tab]:
    """The kept views that this reader sees; with their numbers, as their lists have them, when they are asked for."""
    plain, found = inbox_query.wanted(Asked(), reader), []
    for one in views.of(session, reader.actor, reader.role):
        wanted = one.narrowing(replace(plain, view=one.base))
        number = listing.number(session, wanted) if counted else 0
        name = reader.words(one.name) if one in views.BUILT_IN else one.name
        link = Asked(view=one.base, sort=one.sort, saved=one.key).query()
        found.append(Tab(one.key, name, number, link, asked.saved == one.key))
    return found


def bars(session: Session, asked: Asked, reader: Reader) -> Volume:
    """The figure above the list."""
    return _bars(session, _here(session, asked, reader), asked, reader)


def shares(session: Session, asked: Asked, reader: Reader, *, counted: bool = False) -> list[Share]:
    """The accounts that the reader sees with what came in on each; without numbers unless `counted`."""
    known = [one for one in _accounts(session, reader) if one.state != "removed" or str(one.id) == asked.account]
    if not counted:
        return volume.shares([], known, asked)
    edges = volume.edges(asked, reader)
    found = listing.by_account(session, _here(session, asked, reader).wanted, edges[0], edges[-1])
    gone = {number for number, _, _ in found} - {one.id for one in known}
    return volume.shares(found, [*known, *(one for one in _accounts(session, reader) if one.id in gone)], asked)


def _bars(session: Session, here: Here, asked: Asked, reader: Reader) -> Volume:
    edges = volume.edges(asked, reader)
    found = listing.volume(session, here.wanted, edges)
    return volume.drawn(found, edges[-1], asked, reader)


def _read(rows: Iterable[Row], current: int) -> list[Row]:
    """The open conversation is not unread: it is before the reader's eyes."""
    return [replace(row, unread=False) if row.id == current else row for row in rows]


def _read_on(session: Session, reader: Reader, current: int) -> int:
    """The open conversation, unless its reader said that it is unread."""
    return 0 if current and sightings.was_put_back(session, reader.actor, current) else current


def few(session: Session, asked: Asked, reader: Reader, ids: Sequence[int], current: int = 0) -> dict[str, Any]:
    """Those of the conversations that stand in the list, with the counts: after live events."""
    here = _here(session, asked, reader)
    found = _read(listing.rows(session, ids, here.wanted), _read_on(session, reader, current))
    tabs, total = _numbers(session, here, asked, reader)
    if here.view:
        tabs = [*tabs, Tab("saved", "", total, "", True)]
    return {"asked": asked, "rows": found, "names": cares(session, found), "views": tabs}


def _views(asked: Asked, counts: Mapping[str, int], saved: View | None, reader: Reader) -> list[Tab]:
    return [
        Tab(name, label, counts[name], asked.query(view=name, saved=""), name == asked.view and saved is None)
        for name, label in inbox_query.NAMES.items()
        if name != "approve" or reader.may("replies.approve")
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


def _pills(
    session: Session, asked: Asked, reader: Reader, known: Iterable[Account], takers: Options, groups: Options
) -> list[Pill]:
    names = {str(one.id): one.handle for one in known}
    people = {actor.removeprefix("user:"): name for actor, name in takers}
    found = inbox_query.pills(asked, reader, names, people, dict(groups))
    if not asked.f:
        return found
    group = tree.parse(asked.f)
    options = condition_choices.choices(session, reader, {one.field for one in tree.leaves(group)})
    side = condition_words.parts(group)
    for number, one in enumerate(side):
        rest = Group("all", tuple(other for place, other in enumerate(side) if place != number))
        found.append(Pill(condition_words.sentence(one, reader, options), asked.query(f=tree.text(rest))))
    return found


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
        "label": condition_choices.labels(session, reader),
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
