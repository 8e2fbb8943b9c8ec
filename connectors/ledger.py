"""What the platform has against what we have, for any window, and filling the gaps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from connectors.session import open_account
from core import db
from core.errors import WiderhallError
from inbox import accounts, ingest
from inbox.models import Message


@dataclass(frozen=True)
class Entry:
    """One feed of one account in a window. `missing` are event keys; `complete` False: it cannot say all."""

    account_id: int
    account: str
    feed: str
    since: datetime
    until: datetime
    platform_has: int
    stored: int
    missing: tuple[str, ...]
    complete: bool
    error: str = ""


def compare(account_id: int, since: datetime, until: datetime) -> list[Entry]:
    """Ask the platform feed by feed; an error is an entry with its sentence, the rest goes on."""
    account, connector = open_account(account_id)
    name = f"{account.platform}:{account.handle}"
    with db.read() as session:
        feeds = [feed.name for feed in accounts.feeds(session, account_id) if feed.enabled]
    entries = []
    for feed in feeds:
        try:
            count = connector.count(feed, since, until)
        except WiderhallError as error:
            entries.append(Entry(account_id, name, feed, since, until, 0, 0, (), False, str(error)))
            continue
        have = _stored(count.keys)
        missing = tuple(key for key in dict.fromkeys(count.keys) if key not in have)
        entries.append(
            Entry(account_id, name, feed, since, until, len(set(count.keys)), len(have), missing, count.complete)
        )
    return entries


def _stored(keys: tuple[str, ...]) -> set[str]:
    m, found = db.table(Message), set[str]()
    unique = sorted(set(keys))
    with db.read() as session:
        for start in range(0, len(unique), 1000):
            found |= set(session.scalars(sa.select(m.c.key).where(m.c.key.in_(unique[start : start + 1000]))))
    return found


def fill(account_id: int, since: datetime) -> ingest.Stored:
    """Pull every feed again from `since` on; what is stored already is recognised. Cursors stay as they are."""
    days = max(1, (db.now() - since).days + 1)
    _, connector = open_account(account_id, {"history_days": days})
    total = ingest.Stored()
    with db.read() as session:
        feeds = [feed.name for feed in accounts.feeds(session, account_id) if feed.enabled]
    for feed in feeds:
        for page in connector.pull(feed, None):
            total += ingest.store_page(account_id, page.model_copy(update={"cursor": None}))
    return total
