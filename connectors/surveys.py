"""Invitations to surveys on their way: which way a platform offers, asked when they are due."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlmodel import Session

from connectors import window
from connectors.capabilities import BY_NAME, Capability
from connectors.text import graphemes, utf16
from core import db
from core.outbox import Item, Outcome
from inbox.models import Account, Conversation, Message
from inbox.surveys import sending
from inbox.surveys.sending import Way

ADDRESS = re.compile(r"https?://\S+")
COUNTED_AS_URL = 23
MENTION = 60
"""Characters kept free for the name of who is answered."""


def invite(items: list[Item]) -> Outcome:
    """survey.due: decide each invitation, and queue its reply in the same transaction."""
    numbers = sorted({int(item.payload["invitation_id"]) for item in items})

    def write(session: Session) -> None:
        for one in numbers:
            sending.send(session, one, way)

    return Outcome(write)


def way(account: Account, talk: Conversation, answered: Message, public: bool) -> Way:
    """In private wherever it can be; in public only where that is allowed."""
    row = BY_NAME.get(account.platform)
    if row is None or not row.reply or account.state == "removed":
        return Way(reason="closed")
    if over(account.platform, talk, answered):
        return Way(reason="window")
    if answered.visibility == "private" or (row.aside and answered.identity_id is not None):
        return Way("private", _fits(row, account, row.dm_limit))
    return Way("public", _fits(row, account, row.limit)) if public else Way(reason="public")


def over(platform: str, talk: Conversation, answered: Message) -> bool:
    """The platform no longer lets us answer."""
    until = window.closes_at(platform, answered.ref, talk.last_inbound_at or answered.posted_at)
    return until is not None and db.now() > until


def _fits(row: Capability, account: Account, limit: int) -> Callable[[str], bool]:
    said = int(account.config.get("limits", {}).get("max_characters") or 0)
    most = said if said and row.dm_limit == row.limit else limit

    def fits(text: str) -> bool:
        if row.counting == "graphemes":
            return graphemes(text) <= most
        if row.counting == "utf16":
            return utf16(text) <= most
        return len(ADDRESS.sub("x" * COUNTED_AS_URL, text)) + MENTION <= most

    return fits
