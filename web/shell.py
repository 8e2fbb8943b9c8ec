"""The frame around every page: what the rail offers to whom, and which entry a page belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from web.i18n import N_
from web.reader import Reader


@dataclass(frozen=True)
class Entry:
    """One place in the rail. `pages` are the beginnings of the addresses that belong to it."""

    href: str
    icon: str
    label: str
    permission: str
    pages: tuple[str, ...]
    key: str = ""

    def current(self, path: str) -> bool:
        """The page at this address belongs to the entry."""
        return path == self.href or path.startswith(self.pages)


RAIL = (
    Entry("/", "inbox", N_("Inbox"), "messages.read", ("/inbox", "/conversations", "/messages"), "g i"),
    Entry("/listening", "ear", N_("Listening"), "listening.read", ("/listening",), "g l"),
    Entry("/people", "people", N_("People"), "people.read", ("/people",), "g p"),
    Entry("/reports", "chart", N_("Reports"), "reports.read", ("/reports",), "g r"),
)
"""From top to bottom, and from left to right on a phone."""

SETUP = (
    Entry("/accounts", "plug", N_("Accounts"), "accounts.read", ("/accounts",)),
    Entry("/dead", "warn", N_("Stuck"), "dead.read", ("/dead",)),
    Entry("/settings/users", "cog", N_("Users"), "users.manage", ("/settings/users",)),
)
"""Above one's own entry, at the foot."""

Count = Callable[[Reader], int]


def rail(reader: Reader) -> list[Entry]:
    """The entries a reader sees."""
    return [one for one in RAIL if reader.may(one.permission)]


def setup(reader: Reader) -> list[Entry]:
    """The entries at the foot."""
    return [one for one in SETUP if reader.may(one.permission)]
