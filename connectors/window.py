"""Until when a platform lets us answer: some take answers only for a while after somebody wrote."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol, cast

from connectors import registry


class Window(Protocol):
    """What a platform's package has as `window` when it takes answers only for a while."""

    def closes_at(self, ref: str, wrote_at: datetime) -> datetime | None:
        """The moment from which on a message with this reference is answered no more; None where there is none."""


def closes_at(platform: str, ref: str, wrote_at: datetime) -> datetime | None:
    """The same, of a platform; `wrote_at` is when somebody wrote last in that chat."""
    window = cast("Window | None", getattr(registry.module(platform), "window", None))
    return window.closes_at(ref, wrote_at) if window is not None else None
