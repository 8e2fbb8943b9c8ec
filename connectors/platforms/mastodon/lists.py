"""Walking Mastodon's lists without a gap: the newest page backwards once, then upwards by `min_id`.

https://docs.joinmastodon.org/api/guidelines/#pagination · `since_id` would leave gaps, so it is not
used. Page ids are taken from the Link header, since a list's ids need not be its items' ids
(conversations are paged by their last status). Only the parameter is taken from a link, never the
address. An upward walk begins `OVERLAP` items early, because items can appear below the newest one:
late transactions, and statuses from elsewhere, which get ids by their own date.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import httpx

from connectors.answers import Answer
from connectors.client import Client
from connectors.platforms.mastodon.to_event import when

Doc = Mapping[str, Any]
OVERLAP = 20
EMPTY_PAGES = 3
"""Empty pages with a new link that are followed: servers filter after cutting the page."""


@dataclass(frozen=True)
class Cursor:
    """`tail`: page ids of the newest items, oldest first. `back`: where the first walk goes on."""

    tail: tuple[str, ...] = ()
    back: str | None = None
    until: str = ""

    def text(self) -> str:
        return json.dumps({"tail": list(self.tail), "back": self.back, "until": self.until})

    @classmethod
    def read(cls, text: str | None) -> Cursor:
        """A cursor as `text` wrote it; what cannot be read starts over, which is safe."""
        try:
            doc = json.loads(text or "{}")
            return cls(tuple(str(name) for name in doc.get("tail", ())), doc.get("back"), doc.get("until") or "")
        except (ValueError, AttributeError, TypeError):
            return cls()

    @property
    def place(self) -> str:
        """Where an upward walk begins: the oldest id of the tail."""
        return next((name for name in self.tail if not name.startswith("#")), "")

    def after(self, ids: list[str]) -> Cursor:
        """This cursor when a page with these ids (newest first) was stored."""
        tail = [*(name for name in self.tail if name not in ids), *reversed(ids)]
        return replace(self, tail=tuple(tail[-OVERLAP:]))


@dataclass(frozen=True)
class Step:
    """The new items of one page, oldest first, and the cursor to store with them."""

    items: tuple[Doc, ...]
    cursor: Cursor


@dataclass(frozen=True)
class Listing:
    """One list of a server: where it is, how an item is called in paging, and how old an item is."""

    client: Client
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    page_id: Callable[[Doc], str] = lambda item: str(item["id"])
    time: Callable[[Doc], datetime] = lambda item: when(item["created_at"])
    limit: int = 40

    def steps(self, text: str | None, history_from: datetime) -> Iterator[Step]:
        """Everything since a cursor; without one, back to `history_from`."""
        cursor = Cursor.read(text)
        if not cursor.place:
            yield from self._backward(Cursor(until=history_from.isoformat()), None)
            return
        latest = cursor
        for step in self._upward(cursor):
            latest = step.cursor
            yield step
        if latest.back:
            yield from self._backward(latest, latest.back)

    def _upward(self, cursor: Cursor) -> Iterator[Step]:
        position, seen, empty = cursor.place, {cursor.place}, 0
        while empty < EMPTY_PAGES:
            answer = self._get({"min_id": position})
            items = answer.list()
            names = [self._name(item) for item in items]
            new = tuple(item for item, name in zip(items, names, strict=True) if name not in cursor.tail)[::-1]
            ids = [name for name in names if not name.startswith("#")]
            position = _parameter(answer, "prev", "min_id") or (ids[0] if ids else position)
            if new:
                cursor = cursor.after(names)
                yield Step(new, cursor)
            if position in seen:
                return
            seen.add(position)
            empty = 0 if items else empty + 1

    def _backward(self, cursor: Cursor, position: str | None) -> Iterator[Step]:
        until, seen = when(cursor.until), {position}
        while True:
            answer = self._get({"max_id": position} if position else {})
            items = answer.list()
            names = [self._name(item) for item in items]
            ids = [name for name in names if not name.startswith("#")]
            if position is None:
                cursor = cursor.after(names)
            position = _parameter(answer, "next", "max_id")
            if position is None and "link" not in answer.headers and ids:
                position = ids[-1]
            done = not items or position is None or position in seen or self._before(items, until)
            cursor = replace(cursor, back=None if done else position)
            if items and cursor.tail:
                yield Step(tuple(reversed(items)), cursor)
            elif cursor.tail and done:
                yield Step((), cursor)
            if done:
                return
            seen.add(position)

    def _get(self, more: Mapping[str, str]) -> Answer:
        return self.client.get(self.path, {**self.params, "limit": self.limit, **more})

    def _name(self, item: Any) -> str:
        """An item's id in paging; one without gets a name by its content, to be known when it comes again."""
        try:
            return self.page_id(item)
        except (KeyError, TypeError, AttributeError, IndexError):
            return "#" + sha256(json.dumps(item, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def _before(self, items: list[Any], until: datetime) -> bool:
        """Whether the last readable items of a page are all older: one odd date does not end the walk."""
        times = []
        for item in items:
            try:
                times.append(self.time(item))
            except (KeyError, TypeError, ValueError, AttributeError):
                continue
        return bool(times) and all(time < until for time in times[-3:])


def _parameter(answer: Answer, relation: str, name: str) -> str | None:
    link = answer.links().get(relation)
    return httpx.URL(link).params.get(name) if link else None
