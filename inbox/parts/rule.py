"""What a merged case is made of, and what each conversation is again when it is split off. Pure.

state          the one that needs most: open, pending, snoozed, closed, spam
waiting, dates the earliest beginning, the newest message; who waits longest counts
assignee, team, type, customer   the parent's, else the first that has one
priority       the highest; tags: all; custom fields: the parent's, else the first that has one
private        as soon as one of them is

What somebody sets while they are merged stays with the parent. Closing, opening, putting away and spam hold for every
conversation of the case; messages count for the one they came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from core.event import MESSAGE_KINDS, Event
from inbox.narrowing import PRIORITIES
from inbox.states import Standing, advance

ORDER = ("open", "pending", "snoozed", "closed", "spam")
SCALARS = ("assignee", "team_id", "type", "identity_id")
_NONE: Mapping[str, Any] = {"assignee": "", "team_id": None, "type": "", "identity_id": None}
MOMENTS = tuple(
    one.name for one in fields(Standing) if one.name not in ("state", "inbox", "private", "messages", "excerpt")
)


BEGAN = "began"
"""A deed: the conversation was split off another one, and is open."""


@dataclass
class Own:
    """What one conversation has by itself."""

    standing: Standing
    assignee: str = ""
    team_id: int | None = None
    type: str = ""
    identity_id: int | None = None
    priority: str = "normal"
    snoozed_until: datetime | None = None
    tags: list[str] = field(default_factory=list)
    values: dict[str, str] = field(default_factory=dict)
    """Custom fields by their numbers."""
    facts: dict[str, Any] = field(default_factory=dict)
    """language, sentiment … as the list shows them."""


@dataclass(frozen=True)
class Deed:
    """What somebody did to the case while it was merged, as far as it holds for every part."""

    at: datetime
    what: str
    until: datetime | None = None


def united(owns: Sequence[Own]) -> Own:
    """The case made of these, the parent first."""
    standings = [one.standing for one in owns]
    state = min((one.state for one in standings), key=ORDER.index)
    newest = max(owns, key=lambda one: _newest(one.standing))
    values: dict[str, str] = {}
    for one in owns:
        values = {**one.values, **values}
    until = max((one.snoozed_until for one in owns if one.snoozed_until), default=None)
    return Own(
        standing=_standing(standings, state),
        **{name: next((v for one in owns if (v := getattr(one, name))), _NONE[name]) for name in SCALARS},
        priority=min((one.priority for one in owns), key=PRIORITIES.index),
        snoozed_until=until if state == "snoozed" else None,
        tags=sorted({tag for one in owns for tag in one.tags}),
        values=values,
        facts=newest.facts,
    )


def _newest(one: Standing) -> tuple[bool, float]:
    at = one.last_inbound_at or one.last_at
    return one.last_inbound_at is not None, at.timestamp() if at is not None else 0.0


def _standing(standings: Sequence[Standing], state: str) -> Standing:
    def some(name: str) -> list[datetime]:
        return [v for one in standings if (v := getattr(one, name)) is not None]

    newest = max(standings, key=_newest)
    earliest = {name: min(some(name), default=None) for name in ("first_at", "waiting_since", "first_reply_at")}
    latest = {
        name: max(some(name), default=None) for name in ("last_at", "last_inbound_at", "last_outbound_at", "closed_at")
    }
    return Standing(
        state=state,
        inbox=any(one.inbox for one in standings),
        private=any(one.private for one in standings),
        messages=sum(one.messages for one in standings),
        excerpt=newest.excerpt,
        **earliest,
        **latest,
    )


def replayed(own: Own, happened: Sequence[Event | Deed], heard: Iterable[datetime] = ()) -> Own:
    """What a conversation is after what happened to it, in that order; before that they wrote at `heard`."""
    standing, until, theirs = replace(own.standing), own.snoozed_until, list(heard)
    for one in happened:
        before = standing.state
        if isinstance(one, Deed):
            until = _done(standing, one, theirs, until)
        else:
            advance(standing, [one])
            theirs += [one.posted_at] if asks(one) else []
            until = until if standing.state == before else None
    return replace(own, standing=standing, snoozed_until=until)


def asks(event: Event) -> bool:
    """They wrote to us, so that somebody answers."""
    return event.direction == "inbound" and event.origin == "inbox" and event.kind in MESSAGE_KINDS


def unanswered(theirs: Iterable[datetime], answered: datetime | None) -> datetime | None:
    """The first of the moments at which they wrote that lies after our last answer."""
    return min((at for at in theirs if answered is None or at > answered), default=None)


def _done(standing: Standing, deed: Deed, theirs: Sequence[datetime], until: datetime | None) -> datetime | None:
    """Change the standing as `inbox.desk` does; until when it is put away then."""
    if deed.what == "snoozed":
        standing.state, standing.closed_at = "snoozed", None
        return deed.until
    if deed.what == "woke":
        standing.state = "open" if standing.state == "snoozed" else standing.state
        return None
    state = "open" if deed.what in ("reopened", BEGAN) else deed.what
    if standing.state == state:
        return until
    if deed.what == "reopened":
        standing.waiting_since = standing.waiting_since or unanswered(theirs, standing.last_outbound_at)
    elif state != "open":
        standing.waiting_since = None
    standing.state, standing.closed_at = state, deed.at if state == "closed" else None
    return None


def kept(current: Own, made: Own, left: Own) -> Own:
    """What the parent has after a split: what stood there by the merge alone goes, what somebody set stays.

    `made` is what all parts make, `left` what those make that stay.
    """
    scalars = {
        name: getattr(left if getattr(current, name) == getattr(made, name) else current, name)
        for name in (*SCALARS, "priority")
    }
    tags = set(current.tags) - (set(made.tags) - set(left.tags))
    values = {
        name: value
        for name, value in current.values.items()
        if not (name in made.values and name not in left.values and value == made.values[name])
    }
    values |= {name: left.values[name] for name in left.values
               if name in values and values[name] == made.values.get(name)}  # fmt: skip
    return replace(left, tags=sorted(tags), values=values, **scalars)


# --- as JSON --------------------------------------------------------------------------------------------


def written(own: Own) -> dict[str, Any]:
    """As it is kept; without any text of the customer."""
    standing = {one.name: getattr(own.standing, one.name) for one in fields(Standing) if one.name != "excerpt"}
    found = {one.name: getattr(own, one.name) for one in fields(Own) if one.name != "standing"}
    return {name: _plain(value) for name, value in {**found, "standing": standing}.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, dict) else value


def read(raw: Mapping[str, Any]) -> Own:
    """As it was written."""
    standing: dict[str, Any] = {
        name: datetime.fromisoformat(value) if name in MOMENTS and value else value
        for name, value in raw["standing"].items()
    }
    until = raw.get("snoozed_until")
    given = {one.name: raw[one.name] for one in fields(Own) if one.name in raw and one.name != "standing"}
    own = Own(**{**given, "standing": Standing(**standing)})
    return replace(own, snoozed_until=datetime.fromisoformat(until) if until else None)
