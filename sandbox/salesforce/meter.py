"""How many calls were made, against how many a day allows."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

DAILY_CALLS = 100_000


class Meter:
    """The org's count of API calls; it goes on over a restart and never resets by itself."""

    def __init__(self, shelf: MutableMapping[str, dict[str, Any]]) -> None:
        self._shelf = shelf
        found = shelf.get("calls", {})
        self.used: int = found.get("used", 0)
        self.limit: int = found.get("limit", DAILY_CALLS)

    @property
    def exhausted(self) -> bool:
        return self.used >= self.limit

    @property
    def header(self) -> str:
        return f"api-usage={self.used}/{self.limit}"

    def count(self) -> None:
        self.set(self.used + 1, self.limit)

    def set(self, used: int, limit: int) -> None:
        self.used, self.limit = used, limit
        self._shelf["calls"] = {"used": used, "limit": limit}
