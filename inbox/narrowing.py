"""What of the inbox somebody wants to see: a filter as plain values, and as conditions on conversations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import search, submitted, visibility
from inbox.conditions import sql, tree
from inbox.conditions.tree import EVERYTHING, Asker, Group
from inbox.conditions.tree import NOBODY as NOBODY
from inbox.models import Conversation
from inbox.team_models import TeamMember
from inbox.visibility import Sight

VIEWS = ("mine", "team", "open", "unassigned", "pending", "snoozed", "closed", "spam", "approve", "all")
SORTS = ("newest", "oldest", "waiting", "priority", "sla")
PRIORITIES = tuple(reversed(tree.PRIORITIES))
"""The highest first."""
TYPES = tree.TYPES
KINDS = ("public", "dm")

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
    team: str = ""
    """A team's number, or `none`."""
    priority: str = ""
    type: str = ""
    since: datetime | None = None
    until: datetime | None = None
    sight: Sight = visibility.EVERYTHING
    """What the reader sees at all."""
    tree: Group = EVERYTHING
    """Further conditions."""
    sort: str = "newest"
    said: Mapping[str, str] = field(default_factory=dict, compare=False)
    """Words that were looked up already: `looked_up`."""


def in_view(wanted: Filter) -> list[Condition]:
    """The conditions of the view."""
    c = db.table(Conversation)
    if wanted.view == "mine":
        return given_to(wanted.me)
    if wanted.view == "team":
        return of_teams(wanted.me)
    if wanted.view == "approve":
        return to_approve(wanted.sight)
    if wanted.view == "unassigned":
        return [c.c.state == "open", c.c.assignee == ""]
    if wanted.view == "all":
        return [c.c.state != "spam"]
    return [c.c.state == wanted.view]


def given_to(me: Any) -> list[Condition]:
    """The conditions of the view "mine"; `me` is a value or the place of one."""
    c = db.table(Conversation)
    return [c.c.assignee == me, c.c.assignee != "", c.c.state.in_(("open", "pending"))]


def of_teams(me: str) -> list[Condition]:
    """The conditions of the view "team": what anybody in a team of `me` has to do."""
    c, t = db.table(Conversation), db.table(TeamMember)
    teams = sa.select(t.c.team_id).where(t.c.member == me)
    return [c.c.team_id.in_(teams), c.c.team_id.is_not(None), c.c.state.in_(("open", "pending"))]


def to_approve(sight: Sight) -> list[Condition]:
    """The conditions of the view "approve": a reply waits for a decision of who looks."""
    return [db.table(Conversation).c.id.in_(submitted.conversations(*submitted.mine(sight)))]


def views_of(state: str, assignee: str, me: str) -> list[str]:
    """The same rules for one conversation: every view it stands in, but for teams and approvals."""
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
    found += visibility.listed(wanted.sight)
    asked = asked_for(wanted, period=period)
    return [*found, sql.holds(asked, Asker(wanted.me, db.now(), wanted.said))] if asked.of else found


def looked_up(session: Session, wanted: Filter) -> Filter:
    """The same filter with its words looked up: for those who ask several things about one list."""
    words = {one.values[0] for one in tree.leaves(asked_for(wanted)) if one.field == "words"}
    said = {one: found for one in words if (found := search.talks(session, one)) is not None}
    return replace(wanted, said=said) if said else wanted


_SIMPLE = (
    "platform", "language", "sentiment", "intent", "urgency", "emotion", "priority", "type", "team", "assignee",
    "label", "tag",
)  # fmt: skip


def asked_for(wanted: Filter, *, period: bool = True) -> Group:
    """The simple conditions of a filter, and its tree, as one tree."""
    found = [tree.Condition(name, "is", (value,)) for name in _SIMPLE if (value := getattr(wanted, name))]
    if wanted.account:
        found.append(tree.Condition("account", "is", (str(wanted.account),)))
    if wanted.kind:
        found.append(tree.Condition("private", "yes" if wanted.kind == "dm" else "no"))
    if wanted.q:
        found.append(tree.Condition("words", "has", (wanted.q,)))
    if period and (wanted.since is not None or wanted.until is not None):
        ends = tuple("" if one is None else one.isoformat() for one in (wanted.since, wanted.until))
        found.append(tree.Condition("received", "between", ends))
    return tree.joined(Group("all", tuple(found)), wanted.tree)
