"""A fixed-window request limit per caller, switched on and off for all services at once."""

from __future__ import annotations

import time
from collections import defaultdict


class Limits:
    """One switch for every service's window."""

    def __init__(self, on: bool = True) -> None:
        self.on = on


class Window:
    """At most ``limit`` requests in ``seconds`` per caller."""

    def __init__(self, switch: Limits, limit: int, seconds: int) -> None:
        self.switch, self.limit, self.seconds = switch, limit, seconds
        self._used: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))

    def spend(self, caller: str) -> tuple[bool, int, int]:
        """Count one request: (allowed, how many remain, epoch second of the reset)."""
        slot = int(time.time()) // self.seconds
        seen, used = self._used[caller]
        used = used + 1 if seen == slot else 1
        self._used[caller] = (slot, used)
        allowed = used <= self.limit or not self.switch.on
        return allowed, max(0, self.limit - used) if self.switch.on else self.limit, (slot + 1) * self.seconds
