"""Where messages of a split thread belong, and what a conversation is by its messages and deeds alone. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from core.event import MESSAGE_KINDS, Event
from inbox.parts.rule import Deed, Own, replayed
from inbox.states import Standing


class Cut(NamedTuple):
    """A conversation that begins at a moment of its thread."""

    begins_at: datetime
    message_id: int
    conversation_id: int


class Line(NamedTuple):
    """A message as the split sees it."""

    id: int
    key: str
    parent_key: str | None
    kind: str
    posted_at: datetime
    theirs: bool
    """Somebody wrote it to us."""


def placed(events: Sequence[Event], stored: Mapping[str, int], cuts: Sequence[Cut], root: int) -> dict[str, int]:
    """{event key: conversation} for events of a split thread: with what they answer, else with what had begun by then.

    `stored` are the conversations of stored messages by their keys.
    """
    here = {event.key: event for event in events}
    found: dict[str, int] = {}
    for event in events:
        path: dict[str, Event] = {}
        one = event
        while one.key not in found:
            path[one.key] = one
            parent = one.parent_key or ""
            if parent in stored:
                home = stored[parent]
                break
            if parent not in here or parent in path:
                home = begun(cuts, one.posted_at, root)
                break
            one = here[parent]
        else:
            home = found[one.key]
        found.update(dict.fromkeys(path, home))
    return found


def begun(cuts: Sequence[Cut], at: datetime, root: int) -> int:
    """The conversation of a split thread that began last before a moment."""
    return max((one for one in cuts if one.begins_at <= at), default=Cut(at, 0, root)).conversation_id


def moving(lines: Sequence[Line], message_id: int) -> list[int]:
    """The messages that go with one: itself and all after it; what is said of a message by a gesture follows that."""
    first = next(one for one in lines if one.id == message_id)
    spoken = {one.key: one for one in lines if one.kind in MESSAGE_KINDS}

    def place(line: Line) -> tuple[datetime, int]:
        about = spoken.get(line.parent_key or "") if line.kind not in MESSAGE_KINDS else None
        about = about or line
        return about.posted_at, about.id

    return [one.id for one in lines if place(one) >= (first.posted_at, first.id)]


def splits(lines: Sequence[Line], going: Collection[int]) -> bool:
    """Both sides have something that somebody wrote to us."""
    return len({one.id in going for one in lines if one.theirs}) == 2


def counted(happened: Sequence[Event | Deed]) -> tuple[Standing, datetime | None]:
    """The standing of a conversation, and until when it is put away, after all that happened in it, in that order."""
    own = replayed(Own(Standing()), happened)
    return own.standing, own.snoozed_until
