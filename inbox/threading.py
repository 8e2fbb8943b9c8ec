"""Which conversation an event belongs to: decided from references alone, whatever order they arrive in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.event import Event


@dataclass(frozen=True)
class Thread:
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
    return tuple(key for key in (event.key, event.parent_key, event.thread_key) if key)


def group(events: Sequence[Event], known: Mapping[str, Iterable[int]]) -> list[Thread]:
    """Unite events and stored conversations by their references.

    `known` maps a key to the conversations it leads to (of the message with that key, of messages that
    answer it, of threads with that key). A missing parent that arrives late thus unites its orphans.
    """
    leader: dict[str, str] = {}

    def find(key: str) -> str:
        leader.setdefault(key, key)
        while leader[key] != key:
            leader[key] = leader[leader[key]]
            key = leader[key]
        return key

    def unite(left: str, right: str) -> None:
        leader[find(left)] = find(right)

    for event in events:
        for key in references(event):
            unite(key, event.key)
            for conversation in known.get(key, ()):
                unite(f"#{conversation}", event.key)

    members: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        members[find(event.key)].append(event)
    conversations: dict[str, set[int]] = defaultdict(set)
    for key in list(leader):
        if key.startswith("#"):
            conversations[find(key)].add(int(key[1:]))
    return [Thread(tuple(found), tuple(sorted(conversations[top]))) for top, found in members.items()]
