"""How a conversation moves when something arrives: pure rules over plain values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from core.event import MESSAGE_KINDS, Event

STATES = ("open", "pending", "snoozed", "closed", "spam")
EXCERPT = 160


@dataclass(frozen=True)
class Standing:
    """What the rules look at and change; times are aware."""

    state: str = ""
    """Empty before the first event."""
    inbox: bool = False
    private: bool = False
    messages: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    last_inbound_at: datetime | None = None
    last_outbound_at: datetime | None = None
    waiting_since: datetime | None = None
    first_reply_at: datetime | None = None
    closed_at: datetime | None = None
    excerpt: str = ""


def advance(standing: Standing, events: Iterable[Event]) -> Standing:
    """The standing after `events`, in the order they were posted.

    A conversation without `closed_at` that is closed was never for anybody to answer.
    """
    for event in sorted(events, key=lambda one: (one.posted_at, one.key)):
        standing = _count(standing, event)
        if event.kind in MESSAGE_KINDS and event.origin in ("inbox", "archive"):
            standing = _inbound(standing, event) if event.direction == "inbound" else _outbound(standing, event)
    if not standing.state:
        standing = replace(standing, state="closed")
    return standing


def _count(standing: Standing, event: Event) -> Standing:
    first = event.posted_at if standing.first_at is None else min(standing.first_at, event.posted_at)
    last = event.posted_at if standing.last_at is None else max(standing.last_at, event.posted_at)
    return replace(
        standing,
        messages=standing.messages + 1,
        first_at=first,
        last_at=last,
        private=standing.private or event.private,
        excerpt=standing.excerpt or event.text[:EXCERPT],
    )


def _inbound(standing: Standing, event: Event) -> Standing:
    at = event.posted_at
    newest = standing.last_inbound_at is None or at >= standing.last_inbound_at
    standing = replace(
        standing,
        inbox=True,
        last_inbound_at=at if newest else standing.last_inbound_at,
        excerpt=(event.text[:EXCERPT] or standing.excerpt) if newest else standing.excerpt,
    )
    if event.origin == "archive":  # history: nobody waits for an answer
        return replace(standing, state=standing.state or "closed")
    if standing.last_outbound_at is not None and at <= standing.last_outbound_at:
        untouched = standing.state == "closed" and standing.closed_at is None
        return replace(standing, state="pending" if untouched or not standing.state else standing.state)
    waiting = at if standing.waiting_since is None else min(at, standing.waiting_since)
    return replace(standing, waiting_since=waiting, state=_reopened(standing, at))


def _reopened(standing: Standing, at: datetime) -> str:
    """A new message opens; one that was there before somebody closed or marked as spam does not."""
    if standing.state == "spam":
        return "spam"
    if standing.state == "closed" and standing.closed_at is not None and at <= standing.closed_at:
        return "closed"
    return "open"


def _outbound(standing: Standing, event: Event) -> Standing:
    at = event.posted_at
    if standing.last_outbound_at is None or at > standing.last_outbound_at:
        standing = replace(standing, last_outbound_at=at)
    inbound = standing.last_inbound_at
    answered = standing.waiting_since is not None and at >= standing.waiting_since
    if answered:
        still = inbound if inbound is not None and inbound > at else None
        standing = replace(standing, waiting_since=still)
    if inbound is not None and (standing.first_reply_at is None or at < standing.first_reply_at):
        standing = replace(standing, first_reply_at=at)
    if standing.waiting_since is None and standing.state in ("", "open"):
        return replace(standing, state="pending" if inbound is not None else standing.state)
    return standing
