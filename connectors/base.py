"""What a connector is: the protocol every platform follows, and the values its calls take."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from core.errors import NotConfigured, WiderhallError
from core.event import Bad, Count, Event, File, Kind, Page, Profile, Reply

RAW_LIMIT = 64 * 1024
"""Characters of an unreadable item that are kept."""


Keep = Callable[[File, str], None]
"""Stores, at once, what a platform said when it took a file: the next attempt finds it as `File.uploaded`."""


def keep_nothing(file: File, uploaded: str) -> None:
    """For who sends without a store: each attempt uploads anew."""


@dataclass(frozen=True)
class AccountRef:
    """One account of ours on one platform.

    `external_id` is the immutable id there (actor URI, DID, bot id) and empty before the first check.
    `config` may hold `history_days` (how far back the first pull goes, 30 unless told) and what the
    platform's page in docs/platforms names.
    """

    id: int
    platform: str
    base_url: str
    external_id: str = ""
    handle: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A message that is stored: its event key, its `Event.ref` and its kind."""

    key: str
    ref: str
    kind: Kind


class TokenStore(Protocol):
    """The secrets of one account, sealed at rest by whoever implements it."""

    def get(self) -> dict[str, str]:
        """The secrets as they are now; read again after `lock` was taken."""

    def save(self, new: dict[str, str]) -> None:
        """Store the whole set, for example after a refresh."""

    def lock(self) -> AbstractContextManager[object]:
        """Only one worker at a time may refresh."""


class Budget(Protocol):
    """How often one account may call its platform, shared by all workers."""

    def take(self, cost: int = 1, interactive: bool = False) -> None:
        """Wait shortly for room, or raise `TryLater`. Interactive calls may use the reserve."""

    def observe(self, limit: int | None, remaining: int | None, reset_at: datetime | None) -> None:
        """What the platform said about its own counting."""

    def block(self, until: datetime) -> None:
        """Nothing more before this time: the platform said so."""


class Connector(Protocol):
    """One account on one platform. What a platform cannot do raises `NotConfigured` with a sentence."""

    def check(self) -> Profile:
        """Who we are there, with limits and warnings. Raises `AuthExpired` for dead credentials."""

    def feeds(self) -> tuple[str, ...]:
        """What is pulled by default. Listening feeds are named `tag:<hashtag>` and `search:<terms>`."""

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        """What is new since `cursor`; each page carries the cursor to store with it. Ends when caught up.

        A page is only asked for after the one before was stored.
        """

    def thread(self, ref: str) -> Page:
        """What stands above a message, oldest first, with origin `context` unless it was for us."""

    def recheck(self, seen: Sequence[Seen]) -> Page:
        """The present state of stored messages: edits as upserts, deletions as `action="delete"`."""

    def send(self, reply: Reply, keep: Keep = keep_nothing) -> Event:
        """Post an answer once, however often it is called; the event has the key its echo will have.

        A platform that works on a file for longer than a call raises `TryLater`; `keep` stores how it is found again.
        """

    def delete(self, ref: str) -> None:
        """Take back what we sent, by its `Event.ref`; what is gone already is no error."""

    def count(self, feed: str, since: datetime, until: datetime) -> Count:
        """The event keys the platform has in a window, for the ledger."""

    def stream(self) -> Iterator[Page | None]:
        """Pages as things happen, None at a heartbeat. Blocks; raises `TryLater` when the line breaks."""

    def receive(self, headers: Mapping[str, str], body: bytes) -> Page:
        """A webhook delivery. Raises `Rejected` for a bad signature, `BadPayload` for what is no JSON."""

    def subscribe(self, address: str) -> None:
        """Have the platform deliver to this address; an empty address ends that."""


class Unable:
    """Answers for everything a platform does not offer; connectors override what they can do."""

    title = "This platform"

    def _cannot(self, what: str) -> NotConfigured:
        return NotConfigured(f"{self.title} {what}.")

    def thread(self, ref: str) -> Page:
        raise self._cannot("offers no look-up of older messages")

    def recheck(self, seen: Sequence[Seen]) -> Page:
        raise self._cannot("offers no look-up of single messages, so later edits and deletions stay unseen")

    def send(self, reply: Reply, keep: Keep = keep_nothing) -> Event:
        raise self._cannot("takes no replies")

    def delete(self, ref: str) -> None:
        raise self._cannot("lets nothing be taken back")

    def count(self, feed: str, since: datetime, until: datetime) -> Count:
        return Count(feed=feed, since=since, until=until, keys=(), complete=False)

    def stream(self) -> Iterator[Page | None]:
        raise self._cannot("has no stream; it is polled")

    def receive(self, headers: Mapping[str, str], body: bytes) -> Page:
        raise self._cannot("sends no webhooks")

    def subscribe(self, address: str) -> None:
        raise self._cannot("sends no webhooks")


UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, WiderhallError)
"""What a malformed item makes a converter raise (Pydantic's errors are ValueErrors)."""


def convert(
    items: Sequence[Any], to_event: Callable[[Any], Event | None], source: str
) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
    """Every item as an event; one that cannot be read is kept as `Bad` and the rest goes on.

    `to_event` may answer None for an item that is of no interest.
    """

    def several(item: Any) -> Iterable[Event]:
        event = to_event(item)
        return () if event is None else (event,)

    return convert_all(items, several, source)


def convert_all(
    items: Sequence[Any], to_events: Callable[[Any], Iterable[Event]], source: str
) -> tuple[tuple[Event, ...], tuple[Bad, ...]]:
    """As `convert`, for items that hold any number of events."""
    events: list[Event] = []
    bad: list[Bad] = []
    for item in items:
        try:
            events += list(to_events(item))
        except UNREADABLE as error:
            bad.append(Bad(source=source, reason=_reason(error), raw=_text(item)))
    return tuple(events), tuple(bad)


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the field {error} is missing"
    return f"{type(error).__name__}: {error}"[:500]


def _text(item: object) -> str:
    try:
        text = json.dumps(item, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(item)
    return text[:RAW_LIMIT].encode("utf-8", "replace").decode()


def now() -> datetime:
    """The time, aware and in UTC."""
    return datetime.now(UTC)
