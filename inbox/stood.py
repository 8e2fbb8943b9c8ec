"""How a way back names the state that a deed replaced: `pending`, or `snoozed_1763900000`."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any


def written(row: Any) -> str:
    """The state of a conversation, with the second at which it comes back if it is put away."""
    if row.state == "snoozed" and row.snoozed_until is not None:
        return f"snoozed_{math.ceil(row.snoozed_until.timestamp())}"
    return str(row.state)


def read(text: str) -> tuple[str, datetime | None]:
    """The same, read: the state, and when it comes back."""
    state, _, second = text.partition("_")
    known = second.isascii() and second.isdigit() and len(second) < 12
    return state, datetime.fromtimestamp(int(second), UTC) if known else None
