"""What rules and surveys write answers nobody, wherever answers are counted: states, promises and figures."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core import db
from inbox.models import ReplyRow

AUTHORS = ("rule:", "survey:")
"""How authors begin that are nobody."""


def answers(author: str) -> bool:
    """Somebody wrote it: here, at the command line, in the CRM, or on the platform itself (empty)."""
    return not author.startswith(AUTHORS)


def somebody(actor: str) -> str:
    """Who did something; empty where it was a rule, a survey or the hub itself."""
    return actor if answers(actor) and actor != "system" else ""


def messages() -> sa.Select[Any]:
    """The ids of messages that answer nobody."""
    r = db.table(ReplyRow)
    return sa.select(r.c.message_id).where(
        sa.or_(*(r.c.author.like(f"{one}%") for one in AUTHORS)), r.c.message_id.is_not(None)
    )
