"""Which conversations were one thread before somebody split it: asked for whatever arrives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel import Session

from core import bulk
from inbox.cuts.rule import Cut


@dataclass
class Families:
    """`roots` leads each conversation of a split thread to the one it was, `cuts` has what began in it since."""

    roots: dict[int, int] = field(default_factory=dict)
    cuts: dict[int, list[Cut]] = field(default_factory=dict)

    def rooted(self, known: Mapping[str, Iterable[int]]) -> Mapping[str, Iterable[int]]:
        """The same keys with each conversation as its whole thread."""
        if not self.roots:
            return known
        return {key: {self.roots.get(one, one) for one in found} for key, found in known.items()}


def of(session: Session, ids: Collection[int]) -> Families:
    """The split threads that these conversations belong to."""
    found = Families()
    if not ids:
        return found
    both = (bulk.listed(ids), bulk.listed(ids))
    asked = f"{bulk.among('conversation_id')} OR {bulk.among('root_id')}"
    sql = (
        "SELECT conversation_id, root_id, begins_at, message_id, back_at FROM thread_cut "  # noqa: S608  # constants
        f"WHERE root_id IN (SELECT root_id FROM thread_cut WHERE {asked})"
    )
    cuts = defaultdict(list)
    for number, root, begins, message, back in bulk.fetch(session, sql, *both, prepared=True):
        found.roots[number] = root
        at = bulk.moment(begins)
        if back is None and at is not None:
            cuts[root].append(Cut(at, message, number))
    found.cuts = dict(cuts)
    return found


def backs(session: Session, ids: Collection[int]) -> dict[int, int]:
    """{conversation: where its messages are} of splits that were taken back."""
    if not ids:
        return {}
    sql = f"SELECT conversation_id, from_id FROM thread_cut WHERE {bulk.among('conversation_id')}"  # noqa: S608  # constants
    return dict(bulk.fetch(session, f"{sql} AND back_at IS NOT NULL", bulk.listed(ids), prepared=True))


def back_in(session: Session, conversation_id: int) -> int:
    """Where the messages of a split that was taken back are; 0 for every other conversation."""
    return backs(session, [conversation_id]).get(conversation_id, 0)
