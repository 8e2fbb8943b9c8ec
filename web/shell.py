"""The frame around every page: what the rail offers to whom, and which entry a page belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core import db
from inbox import listing
from web import firststeps
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
    Entry("/inbox", "inbox", N_("Inbox"), "messages.read", ("/inbox", "/messages"), "g i"),
    Entry("/listening", "ear", N_("Listening"), "listening.read", ("/listening",), "g l"),
    Entry("/people", "people", N_("People"), "people.read", ("/people",), "g p"),
    Entry("/reports", "chart", N_("Reports"), "reports.read", ("/reports",), "g r"),
)
"""From top to bottom, and from left to right on a phone."""
OWN_FIGURES = Entry("/reports/team", "chart", N_("Answering"), "metrics.own", ("/reports/team",), "g r")
"""In the place of the reports for who may see no other."""

SETTINGS = (
    Entry("/settings/accounts", "plug", N_("Accounts"), "accounts.read", ("/settings/accounts", "/oauth")),
    Entry("/settings/replies", "text", N_("Saved replies"), "conversations.reply", ("/settings/replies",)),
    Entry("/settings/macros", "bolt", N_("Macros"), "conversations.reply", ("/settings/macros",)),
    Entry("/settings/rules", "filter", N_("Rules"), "rules.manage", ("/settings/rules",)),
    Entry("/settings/surveys", "smile", N_("Surveys"), "surveys.manage", ("/settings/surveys",)),
    Entry("/settings/custom", "text", N_("Own fields"), "fields.manage", ("/settings/custom",)),
    Entry("/settings/translation", "globe", N_("Translation"), "accounts.manage", ("/settings/translation",)),
    Entry("/settings/views", "star", N_("Views"), "views.keep", ("/settings/views",)),
    Entry("/settings/users", "people", N_("Users"), "users.manage", ("/settings/users",)),
    Entry("/settings/signin", "lock", N_("Sign-in"), "users.manage", ("/settings/signin",)),
    Entry("/settings/roles", "lock", N_("Roles"), "roles.manage", ("/settings/roles",)),
    Entry("/settings/teams", "people", N_("Teams"), "teams.manage", ("/settings/teams",)),
    Entry("/settings/sla", "clock", N_("Promises"), "teams.manage", ("/settings/sla",)),
    Entry("/settings/salesforce", "link", N_("Salesforce"), "crm.read", ("/settings/salesforce", "/settings/contacts")),
    Entry("/settings/keys", "share", N_("Customer data"), "keys.manage", ("/settings/keys", "/settings/orders")),
    Entry("/settings/purposes", "lock", N_("Data protection"), "people.object", ("/settings/purposes",)),
    Entry("/settings/model", "star", N_("Model"), "model.read", ("/settings/model",)),
    Entry("/settings/stuck", "warn", N_("Stuck work"), "dead.read", ("/settings/stuck",)),
    Entry("/settings/system", "cog", N_("System"), "system.read", ("/settings/system",)),
    Entry("/settings/webhooks", "send", N_("Webhooks"), "webhooks.manage", ("/settings/webhooks",)),
    Entry("/settings/tokens", "link", N_("Tokens"), "self", ("/settings/tokens",)),
    Entry("/settings/me", "user", N_("Me"), "self", ("/settings/me",)),
)
"""The pages of the set-up, from top to bottom; the rail leads to the first one a reader may open."""

GROUPS = {
    "/settings/accounts": N_("Answering"),
    "/settings/users": N_("Who works here"),
    "/settings/salesforce": N_("Data"),
    "/settings/stuck": N_("Operation"),
    "/settings/tokens": N_("My own"),
}
"""With which page a group begins; what follows belongs to it."""


def mine(reader: Reader) -> int:
    """Conversations that this reader takes care of: the number beside the inbox, as its own view counts it."""
    if not reader.may("conversations.reply"):
        return 0
    try:
        return listing.mine(reader.sight)
    except sa.exc.SQLAlchemyError:  # the frame stands around the page that says so, too
        return 0


def rail(reader: Reader) -> list[Entry]:
    """The entries a reader sees."""
    found = [one for one in RAIL if reader.may(one.permission)]
    alone = reader.may(OWN_FIGURES.permission) and not reader.may("reports.read")
    return [*found, OWN_FIGURES] if alone else found


def first(reader: Reader) -> str:
    """Where a reader begins: the inbox, else the first page of the rail or of the set-up that they may open."""
    return next(one.href for one in (*rail(reader), *setup(reader), *SETTINGS[-1:]) if reader.may(one.permission))


def steps_left() -> bool:
    """The first steps are not finished."""
    with db.read() as session:
        return not firststeps.over(firststeps.steps(session))


def setup(reader: Reader) -> list[Entry]:
    """The entry at the foot: the set-up, when there is more in it than one's own page."""
    first = next(iter(settings(reader)), None)
    if first is None or first.permission == "self":
        return []
    pages = tuple(page for one in SETTINGS if one.permission != "self" for page in one.pages)
    return [Entry(first.href, "cog", N_("Setup"), first.permission, pages, "g s")]


def settings(reader: Reader) -> list[Entry]:
    """The pages of the set-up a reader may open."""
    return [one for one in SETTINGS if reader.may(one.permission)]


def grouped(reader: Reader) -> list[tuple[str, list[Entry]]]:
    """The same in their groups; a group of which a reader may open nothing is left out."""
    found: list[tuple[str, list[Entry]]] = []
    for one in SETTINGS:
        if one.href in GROUPS:
            found.append((GROUPS[one.href], []))
        if reader.may(one.permission):
            found[-1][1].append(one)
    return [(label, entries) for label, entries in found if entries]
