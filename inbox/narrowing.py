"""What of the inbox somebody wants to see: a filter as plain values, and as conditions on conversations."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core import db
from core.event import MESSAGE_KINDS
from inbox import search
from inbox.models import Conversation, ConversationTag, Message

VIEWS = ("mine", "open", "unassigned", "pending", "snoozed", "closed", "spam", "all")
SORTS = ("newest", "oldest", "waiting")
KINDS = ("public", "dm")
NOBODY = "none"
"""The assignee of what nobody takes care of, in a filter."""

Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Filter:
    """What the reader wants to see; empty values do not narrow.

    A period keeps conversations with an inbound message in it, from `since` and before `until`.
    """

    view: str = "open"
    me: str = ""
    """Who looks: `user:3`."""
    q: str = ""
    account: int = 0
    platform: str = ""
    kind: str = ""
    """public or dm."""
    language: str = ""
    sentiment: str = ""
    intent: str = ""
    urgency: str = ""
    emotion: str = ""
    label: str = ""
    tag: str = ""
    assignee: str = ""
    """`user:3`, or `none` for nobody."""
    since: datetime | None = None
    until: datetime | None = None
    private_too: bool = True
    """False leaves out what only the parties of a conversation can read."""
    sort: str = "newest"


def in_view(wanted: Filter) -> list[Condition]:
    """The conditions of the view."""
    c = db.table(Conversation)
    if wanted.view == "mine":
        return given_to(wanted.me)
    if wanted.view == "unassigned":
        return [c.c.state == "open", c.c.assignee == ""]
    if wanted.view == "all":
        return [c.c.state != "spam"]
    return [c.c.state == wanted.view]


def given_to(me: Any) -> list[Condition]:
    """The conditions of the view "mine"; `me` is a value or the place of one."""
    c = db.table(Conversation)
    return [c.c.assignee == me, c.c.assignee != "", c.c.state.in_(("open", "pending"))]


def views_of(state: str, assignee: str, me: str) -> list[str]:
    """The same rules for one conversation: every view it stands in."""
    found = [] if state == "spam" else ["all"]
    if state in VIEWS:
        found.append(state)
    if state == "open" and not assignee:
        found.append("unassigned")
    if assignee and assignee == me and state in ("open", "pending"):
        found.append("mine")
    return found


def narrowed(wanted: Filter, *, period: bool = True) -> list[Condition]:
    """Everything but the view; `period` False leaves out the dates too."""
    c = db.table(Conversation)
    found: list[Condition] = [c.c.inbox == sa.true()]
    if not wanted.private_too or wanted.kind == "public":
        found.append(c.c.private == sa.false())
    if wanted.kind == "dm":
        found.append(c.c.private == sa.true())
    if wanted.account:
        found.append(c.c.account_id == wanted.account)
    for name in ("platform", "language", "sentiment", "intent", "urgency", "emotion"):
        if value := getattr(wanted, name):
            found.append(c.c[name] == value)
    if wanted.assignee:
        found.append(c.c.assignee == ("" if wanted.assignee == NOBODY else wanted.assignee))
    if wanted.label:
        found.append(_labelled(wanted.label))
    if wanted.tag:
        t = db.table(ConversationTag)
        found.append(c.c.id.in_(sa.select(t.c.conversation_id).where(t.c.tag == wanted.tag)))
    if wanted.q:
        found.append(_says(wanted.q))
    return found + (_in_period(wanted) if period else [])


def _labelled(label: str) -> Condition:
    if db.dialect() == "sqlite":
        text = "EXISTS (SELECT 1 FROM json_each(conversation.labels) one WHERE one.value = :label)"
        return _condition(text, label=label)
    return _condition("CAST(conversation.labels AS jsonb) @> CAST(:label AS jsonb)", label=json.dumps([label]))


def _condition(text: str, **values: Any) -> Condition:
    return sa.text(text).bindparams(**values)  # type: ignore[return-value]  # a condition


def _says(words: str) -> Condition:
    condition = search.matches(words)
    if condition is None:
        return sa.false()
    m, c = db.table(Message), db.table(Conversation)
    return c.c.id.in_(sa.select(m.c.conversation_id).where(condition))


def inbound() -> list[Condition]:
    """The messages that count as received."""
    m = db.table(Message)
    return [m.c.direction == "inbound", m.c.origin != "context", m.c.kind.in_(sorted(MESSAGE_KINDS))]


def _in_period(wanted: Filter) -> list[Condition]:
    if wanted.since is None and wanted.until is None:
        return []
    c, m = db.table(Conversation), db.table(Message)
    found: list[Condition] = []
    there = [m.c.conversation_id == c.c.id, *inbound()]
    if wanted.since is not None:
        found.append(c.c.last_at >= wanted.since)
        there.append(m.c.posted_at >= wanted.since)
    if wanted.until is not None:
        found.append(c.c.first_at < wanted.until)
        there.append(m.c.posted_at < wanted.until)
    return [*found, sa.exists(sa.select(1).where(*there))]
