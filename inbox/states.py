"""How a conversation moves when something arrives: pure rules over plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.event import MESSAGE_KINDS, Event

STATES = ("open", "pending", "snoozed", "closed", "spam")
EXCERPT = 160
_MOVES = MESSAGE_KINDS | {"post"}
"""What brings a conversation to the top of a list; a like does not."""


@dataclass
class Standing:
    """What the rules look at and change; times are aware."""

    state: str = ""
    """Empty before the first event."""
    inbox: bool = False
    private: bool = False
    messages: int = 0
    excerpt: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    last_inbound_at: datetime | None = None
    last_outbound_at: datetime | None = None
    waiting_since: datetime | None = None
    first_reply_at: datetime | None = None
    closed_at: datetime | None = None


def advance(standing: Standing, events: Sequence[Event]) -> Standing:
    """Move a standing on by `events`, in the order they were posted, and return it.

    A conversation without `closed_at` that is closed was never for anybody to answer.
    """
    for event in sorted(events, key=lambda one: (one.posted_at, one.key)) if events[1:] else events:
        _count(standing, event)
        if event.kind in MESSAGE_KINDS and event.origin in ("inbox", "archive"):
            if event.direction == "inbound":
                _inbound(standing, event)
            else:
                _outbound(standing, event)
    standing.state = standing.state or "closed"
    return standing


def _count(standing: Standing, event: Event) -> None:
    at = event.posted_at
    standing.messages += 1
    if standing.first_at is None or at < standing.first_at:
        standing.first_at = at
    if standing.last_at is None or (at > standing.last_at and event.kind in _MOVES):
        standing.last_at = at
    standing.private = standing.private or event.private
    standing.excerpt = standing.excerpt or event.text[:EXCERPT]


def _inbound(standing: Standing, event: Event) -> None:
    at = event.posted_at
    standing.inbox = True
    if standing.last_inbound_at is None or at >= standing.last_inbound_at:
        standing.last_inbound_at = at
        standing.excerpt = event.text[:EXCERPT] or standing.excerpt
    if event.origin == "archive":  # history: nobody waits for an answer
        standing.state = standing.state or "closed"
    elif standing.last_outbound_at is not None and at <= standing.last_outbound_at:
        untouched = standing.state == "closed" and standing.closed_at is None
        standing.state = "pending" if untouched or not standing.state else standing.state
    else:
        standing.state = _reopened(standing, at)
        if standing.state == "open":
            standing.waiting_since = at if standing.waiting_since is None else min(at, standing.waiting_since)


def _reopened(standing: Standing, at: datetime) -> str:
    """A new message opens; one that was there before somebody closed or marked as spam does not."""
    if standing.state == "spam":
        return "spam"
    if standing.state == "closed" and standing.closed_at is not None and at <= standing.closed_at:
        return "closed"
    return "open"


def _outbound(standing: Standing, event: Event) -> None:
    at, inbound = event.posted_at, standing.last_inbound_at
    if standing.last_outbound_at is None or at > standing.last_outbound_at:
        standing.last_outbound_at = at
    if standing.waiting_since is not None and at >= standing.waiting_since:
        standing.waiting_since = inbound if inbound is not None and inbound > at else None
    if inbound is None:
        return
    if standing.first_reply_at is None or at < standing.first_reply_at:
        standing.first_reply_at = at
    if standing.waiting_since is None and standing.state in ("", "open"):
        standing.state = "pending"
