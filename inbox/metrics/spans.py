"""What happened in one conversation as spans of time. Pure.

    received ─────────── answered            first_reply, reply
        received ──────────────── answered   reply
    received ──────────────────────── closed resolution
    received ─── answered, or closed         wait

A span that has not ended has no end. What a rule or the hub itself writes answers nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

WHAT = ("received", "answered", "automatic", "reopened", "closed", "spam")
"""What an event can be."""
KINDS = ("first_reply", "reply", "resolution", "wait")
"""What a span measures."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: one of WHAT, by whom (`user:3`; empty for a customer or somebody unknown)."""

    at: datetime
    what: str
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment to another; `actor` is who ended it."""

    kind: str
    start: datetime
    end: datetime | None = None
    actor: str = ""


class _Walk:
    """Where a conversation stands between two events."""

    def __init__(self) -> None:
        self.found: list[Span] = []
        self.first: datetime | None = None
        """The first message ever, until it is answered."""
        self.unanswered: datetime | None = None
        """The first message nobody has answered, whether or not it was closed since."""
        self.opened: datetime | None = None
        self.waits: datetime | None = None
        """Since when a customer has no answer in a conversation that is open."""
        self.answered = self.unwanted = False

    def received(self, one: Event) -> None:
        if self.unwanted:
            return
        self.first = self.first or one.at
        self.unanswered = self.unanswered or one.at
        self.opened = self.opened or one.at
        self.waits = self.waits or one.at

    def answered_by(self, one: Event) -> None:
        if self.unanswered is not None:
            self.found.append(Span("reply", self.unanswered, one.at, one.actor))
        if self.first is not None and not self.answered:
            self.found.append(Span("first_reply", self.first, one.at, one.actor))
            self.answered = True
        self.unanswered = None
        self._waited(one)

    def closed(self, one: Event) -> None:
        if self.opened is not None:
            self.found.append(Span("resolution", self.opened, one.at, one.actor))
        self.opened = None
        self._waited(one)

    def _waited(self, one: Event) -> None:
        if self.waits is not None:
            self.found.append(Span("wait", self.waits, one.at, one.actor))
        self.waits = None

    def reopened(self, one: Event) -> None:
        self.unwanted = False
        self.opened = self.opened or one.at
        if self.unanswered is not None:
            self.waits = self.waits or one.at

    def spam(self) -> None:
        self.unwanted = True
        self.opened = self.unanswered = self.waits = None
        if not self.answered:
            self.first = None

    def rest(self) -> list[Span]:
        """What has not ended: only where a conversation is open does somebody wait."""
        if self.opened is None:
            return []
        waits = [Span("reply", self.unanswered)] if self.unanswered is not None else []
        new = [Span("first_reply", self.first)] if self.first is not None and not self.answered else []
        now = [Span("wait", self.waits)] if self.waits is not None else []
        return [*new, *waits, *now, Span("resolution", self.opened)]


def spans(events: Iterable[Event]) -> list[Span]:
    """The spans of one conversation, in the order in which they end; open ones last.

    Events of one moment count in the order of WHAT.
    """
    walk = _Walk()
    for one in sorted(events, key=lambda event: (event.at, WHAT.index(event.what))):
        if one.what == "received":
            walk.received(one)
        elif one.what == "answered":
            walk.answered_by(one)
        elif one.what == "closed":
            walk.closed(one)
        elif one.what == "reopened":
            walk.reopened(one)
        elif one.what == "spam":
            walk.spam()
    return walk.found + walk.rest()
