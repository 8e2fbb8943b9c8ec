"""Walking lists that only run from the newest item down, without a gap.

The stored cursor moves to the newest item only when everything down to the old one is saved; until
then it also holds where the walk goes on. The edge is walked twice (`OVERLAP`), since items with one
date can be torn apart by a page's end and items can arrive late; what is known there is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from connectors.base import now
from connectors.platforms.bluesky.to_event import when
from core.errors import Rejected

Doc = Mapping[str, Any]
OVERLAP = timedelta(minutes=10)
KNOWN = 200
"""Names of items at the edge that are kept in the cursor."""
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Cursor:
    """`head`: everything up to here is stored; `known`: items near it. `back`: where a walk goes on,

    `newest` and `fresh`: what head and known become at its end, `floor`: where that is.
    """

    head: str = ""
    known: tuple[str, ...] = ()
    back: str = ""
    newest: str = ""
    fresh: tuple[str, ...] = ()
    floor: str = ""

    def text(self) -> str:
        return json.dumps({name: value for name, value in vars(self).items() if value})

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """A cursor as `text` wrote it; what cannot be read starts over, which is safe."""
        try:
            doc = json.loads(text or "{}")
            words = {name: str(doc.get(name) or "") for name in ("head", "back", "newest", "floor")}
            known, fresh = (tuple(map(str, doc.get(name) or ())) for name in ("known", "fresh"))
            return cls(known=known, fresh=fresh, **words)
        except (ValueError, TypeError, AttributeError):
            return cls()

    def done(self) -> Cursor:
        """The walk has come to its end."""
        return Cursor(head=self.newest or self.head, known=self.fresh or self.known)


@dataclass(frozen=True)
class Step:
    """The new items of one page, oldest first, and the cursor to store with them."""

    items: tuple[Any, ...]
    cursor: Cursor


@dataclass(frozen=True)
class Listing:
    """`fetch` gives the items of a page and the cursor of the next one (None at the end)."""

    fetch: Callable[[str | None], tuple[list[Any], str | None]]
    name: Callable[[Any], str] = lambda item: str(item["uri"])
    time: Callable[[Any], datetime] = lambda item: when(item["indexedAt"])

    def steps(self, text: str | None, history_from: datetime) -> Iterator[Step]:
        """Everything since a cursor; without one, back to `history_from`."""
        cursor = Cursor.read(text)
        if cursor.back:
            try:
                for step in self._walk(cursor):
                    cursor = step.cursor
                    yield step
            except Rejected:  # the place is no longer good: once more from the top, to the same floor
                cursor = replace(cursor, back="", newest="", fresh=())
        floor = cursor.floor or (when(cursor.head) - OVERLAP if cursor.head else history_from).isoformat()
        for step in self._walk(replace(cursor, floor=floor)):
            if step.items or step.cursor.head != cursor.head:
                yield step

    def _walk(self, cursor: Cursor) -> Iterator[Step]:
        floor, place, seen = when(cursor.floor), cursor.back or None, set[str]()
        yielded: set[str] = set(cursor.known)
        while True:
            items, following = self.fetch(place)
            names = [self._name(item) for item in items]
            cursor = self._noted(cursor, items, names)
            new = [
                item
                for item, name in zip(items, names, strict=True)
                if name not in yielded and not (cursor.head and self._below([item], floor))
            ]
            yielded.update(names)
            end = not items or not following or following in seen or self._below(items, floor)
            cursor = cursor.done() if end else replace(cursor, back=str(following))
            if new or end:
                yield Step(tuple(reversed(new)), cursor)
            if end:
                return
            place = following
            seen.add(str(following))

    def _noted(self, cursor: Cursor, items: list[Any], names: list[str]) -> Cursor:
        """Remember the walk's newest moment, and which items stand near it or have no date at all."""
        times = [self._time(item) for item in items]
        dated = [time for time in times if time is not None]
        if not cursor.newest and dated:
            cursor = replace(cursor, newest=min(max(dated), now()).isoformat())
        edge = when(cursor.newest) - 2 * OVERLAP if cursor.newest else None
        near = [
            name
            for name, time in zip(names, times, strict=True)
            if (time is None or edge is None or time >= edge) and name not in cursor.fresh
        ]
        return replace(cursor, fresh=(*cursor.fresh, *near)[:KNOWN])

    def _name(self, item: Any) -> str:
        try:
            return self.name(item)
        except UNREADABLE:
            return "#" + sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def _time(self, item: Any) -> datetime | None:
        try:
            return self.time(item)
        except UNREADABLE:
            return None

    def _below(self, items: list[Any], floor: datetime) -> bool:
        """Whether the last readable items of a page are all older: one odd date does not end the walk."""
        times = [time for item in items if (time := self._time(item)) is not None]
        return bool(times) and all(time < floor for time in times[-3:])
