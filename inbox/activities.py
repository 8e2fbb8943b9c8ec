"""What was done to conversations: shown between the messages, and the sign to open pages that something moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox, rows
from inbox import notices, teams
from inbox.models import Activity

_RULE = re.compile(r"rule:[0-9]+")
WHAT = (
    "assigned",
    "unassigned",
    "tagged",
    "untagged",
    "closed",
    "reopened",
    "snoozed",
    "woke",
    "spam",
    "teamed",
    "prioritised",
    "typed",
    "sla-warned",
    "sla-breached",
    "case",
    "case-deleted",
    "comment-refused",
    "case-refused",
    "survey-unsent",
    "surveyed",
    "filled",
    "submitted",
    "approved",
    "rejected",
    "recalled",
    "forwarded",
    "merged",
    "split",
    "split-from",
    "split-off",
    "split-back",
)


def record(session: Session, what: Mapping[int, str], actor: str, detail: dict[str, Any] | None = None) -> None:
    """Note what `actor` did, {conversation id: one of WHAT}, in the caller's transaction, and tell open pages."""
    moment = db.now()
    new = [
        {"conversation_id": one, "at": moment, "actor": actor, "what": word, "detail": detail or {}}
        for one, word in what.items()
    ]
    if new:
        a = db.table(Activity)
        adding = sa.insert(a).returning(a.c.id, sort_by_parameter_order=True)
        made = session.execute(adding, new).scalars().all()
        told = dict(zip(made, what.items(), strict=True))
        notices.of_activities(session, told, actor, str((detail or {}).get("assignee") or ""))
        if asks_rules(actor):
            outbox.emit(session, "activity.recorded", [(str(one), {"activity_id": one}) for one in made])
        changed(session, what)
        teams.announce(session)


def asks_rules(actor: str) -> bool:
    """What they do asks rules: not what a rule did."""
    return not _RULE.fullmatch(actor)


def changed(session: Session, conversation_ids: Iterable[int]) -> None:
    """Tell open pages that these conversations are not as they were."""
    outbox.emit(session, "conversation.changed", [(str(one), {"conversation_id": one}) for one in conversation_ids])


def of_conversation(session: Session, conversation_id: int) -> list[Activity]:
    """What was done to a conversation, oldest first."""
    return rows.where(session, Activity, "conversation_id = ? ORDER BY at, id", conversation_id)
