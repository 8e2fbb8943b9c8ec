"""Which conversation an event belongs to: decided from references alone, whatever order they arrive in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from core.event import Event


class Thread(NamedTuple):
    """Events that hang together, and the stored conversations they touch (oldest first, may be empty)."""

    events: tuple[Event, ...]
    conversations: tuple[int, ...]

    @property
    def key(self) -> str:
        """The thread key a new conversation gets: what the platform says, else the oldest known ancestor."""
        first = self.events[0]
        return first.thread_key or first.parent_key or first.key


def references(event: Event) -> tuple[str, ...]:
    """Every key that puts an event into a thread; likes and reposts hang from what they are about."""
    parent, thread = event.parent_key, event.thread_key
    if parent is None and thread is None:
        return (event.key,)
    return tuple(key for key in (event.key, parent, thread) if key)


def group(events: Sequence[Event], known: Mapping[str, Iterable[int]]) -> list[Thread]:
    """Unite events and stored conversations by their references.

    `known` maps a key to the conversations it leads to (of the message with that key, of messages that
    answer it, of threads with that key). A missing parent that arrives late thus unites its orphans.
    """
    leader: dict[str | int, str | int] = {}

    def find(key: str | int) -> str | int:
        top = leader.setdefault(key, key)
        while top != key:
            leader[key] = leader[top]
            key, top = top, leader[top]
        return key

    for event in events:
        for key in references(event):
            if key != event.key:
                leader[find(key)] = find(event.key)
            for conversation in known.get(key, ()):
                leader[find(conversation)] = find(event.key)

    members: dict[str | int, list[Event]] = defaultdict(list)
    for event in events:
        key = event.key
        members[find(key) if key in leader else key].append(event)
    conversations: dict[str | int, list[int]] = defaultdict(list)
    for one in sorted(key for key in leader if isinstance(key, int)):
        conversations[find(one)].append(one)
    return [Thread(tuple(found), tuple(conversations.get(top, ()))) for top, found in members.items()]
