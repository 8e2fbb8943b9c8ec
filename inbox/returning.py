"""What somebody writes long after their conversation was closed: it begins a new one, which names the old one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from core import bulk
from core.event import MESSAGE_KINDS, Event
from core.settings import settings
from inbox.cuts import rule as cuts
from inbox.cuts.family import Families
from inbox.parts import store as parts


class Closed(NamedTuple):
    """A conversation that somebody closed: since when nobody here does anything in it."""

    since: datetime
    team_id: int | None
    thread_key: str


class Late(NamedTuple):
    """What comes in a conversation and is too late for it."""

    home: int
    events: Sequence[Event]
    into: int
    """The conversation of its thread that began since; 0: a new one."""
    closed: Closed


def late(events: Sequence[Event], since: datetime, window: timedelta) -> list[Event]:
    """The first message of theirs from beyond the window after a closing, and what comes after it.

    What we wrote meanwhile counts as the closing does. What is said of an older message by a gesture stays with that.
    """
    ordered = sorted(events, key=lambda one: (one.posted_at, one.key))
    for place, event in enumerate(ordered):
        if event.kind not in MESSAGE_KINDS or event.origin != "inbox":
            continue
        if event.direction == "outbound":
            since = max(since, event.posted_at)
        elif event.posted_at > since + window:
            after = [one for one in ordered[place:] if one.kind in MESSAGE_KINDS]
            keys = {one.key for one in after}
            return after + [one for one in ordered if one.kind not in MESSAGE_KINDS and one.parent_key in keys]
    return []


def apart(
    session: Session, come: Mapping[int, Sequence[Event]], families: Families, shown: Mapping[int, int]
) -> list[Late]:
    """What of the events of each conversation is too late for it; a merged case opens again however late it is."""
    days = settings().reopen_days
    newest = max((one.posted_at for found in come.values() for one in found), default=None)
    if not days or newest is None:
        return []
    window = timedelta(days=days)
    begun = {home: _begun(home, found, families) for home, found in come.items()}
    closed = _closed(session, {*come, *begun.values()}, newest - window)
    found = []
    for home in come.keys() & closed.keys():
        events = late(come[home], closed[home].since, window)
        if events and not parts.cases(session, [home, shown.get(home, home)]):
            into = begun[home] if begun[home] != home and begun[home] not in closed else 0
            found.append(Late(home, events, into, closed[home]))
    return sorted(found, key=lambda one: (one.events[0].posted_at, one.home))


def _begun(home: int, events: Sequence[Event], families: Families) -> int:
    """What began last in the thread of a conversation; itself where nothing did."""
    root = families.roots.get(home, home)
    return cuts.begun(families.cuts.get(root, ()), max(one.posted_at for one in events), home)


def _closed(session: Session, ids: set[int], before: datetime) -> dict[int, Closed]:
    """Those of these conversations that somebody closed before a moment."""
    sql = (
        "SELECT id, closed_at, last_outbound_at, team_id, thread_key FROM conversation "  # noqa: S608  # constants
        f"WHERE {bulk.among('id')} AND state = 'closed' AND closed_at < ?"
    )
    rows, found = bulk.fetch(session, sql, bulk.listed(ids), bulk.stamp()(before)), {}
    for number, closed_at, answered_at, team_id, key in rows:
        moments = [one for one in (bulk.moment(closed_at), bulk.moment(answered_at)) if one is not None]
        found[number] = Closed(max(moments), team_id, key)
    return found
