"""Where a page of a list ends, as an address carries it: the time and the number of its last row."""

from __future__ import annotations

from datetime import UTC, datetime

Place = tuple[datetime, int]
LARGEST = 2**62
"""No row has this number; a larger one does not fit a database's integer."""


def mark(at: datetime, number: int | None) -> str:
    """A place as text."""
    return f"{round(at.timestamp() * 1_000_000)}-{number}"


def read(text: str) -> Place | None:
    """The other way round; None for what is no place."""
    left, _, right = text.partition("-")
    if not (left.isascii() and left.isdigit() and right.isascii() and right.isdigit() and len(text) < 40):
        return None
    seconds, micro = divmod(int(left), 1_000_000)
    try:
        at = datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro)
    except (ValueError, OverflowError, OSError):
        return None
    return (at, int(right)) if int(right) < LARGEST else None
