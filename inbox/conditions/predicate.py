"""A tree of conditions asked of one conversation's plain values: the same answers as inbox.conditions.sql. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from inbox.conditions import own
from inbox.conditions.standing import Open, standing
from inbox.conditions.tree import ME, NOBODY, Asker, Condition, Group, ranked
from inbox.fields import naming
from inbox.text import search_query


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about a conversation; `texts` and `newest` are search tokens, one text per message."""

    id: int
    platform: str
    account: str
    private: bool
    state: str
    language: str
    sentiment: str
    intent: str
    urgency: str
    emotion: str
    assignee: str
    team: str
    """Its number; empty for none."""
    priority: str
    type: str
    messages: int
    first_at: datetime
    last_at: datetime
    last_inbound_at: datetime | None
    waiting_since: datetime | None
    first_reply_at: datetime | None
    labels: Collection[str] = ()
    tags: Collection[str] = ()
    followers: int | None = None
    verified: bool = False
    mentions: Collection[str] = ()
    """Whom its notes mention: `user:3`, `team:2`, and `me` for who looks."""
    watched: Collection[str] = ()
    """Who watches it: `user:3`, and `me` for who looks."""
    approval: bool = False
    """A reply waits for approval."""
    seen_at: datetime | None = None
    """When who looks did so last."""
    survey: str = NOBODY
    """How the newest survey about it was answered."""
    survey_score: int | None = None
    clocks: Sequence[Open] = ()
    """Those of its promises that were neither met nor ended."""
    segments: Collection[str] = ()
    """Those the person is in."""
    kinds: Collection[str] = ()
    themes: Collection[str] = ()
    subjects: Collection[str] = ()
    queries: Collection[str] = ()
    received: Sequence[datetime] = ()
    texts: Sequence[str] = ()
    newest: Sequence[str] = ()
    own: own.Values = field(default_factory=dict)
    """What stands in custom fields, by the names conditions have for them."""


def holds(group: Group, known: Known, asker: Asker) -> bool:
    """Whether the conversation is meant."""
    parts = (holds(one, known, asker) if isinstance(one, Group) else _one(one, known, asker) for one in group.of)
    return all(parts) if group.match == "all" or not group.of else any(parts)


def _one(one: Condition, known: Known, asker: Asker) -> bool:
    if one.field in _TEXTS:
        return (_TEXTS[one.field](known) in ranked(one)) != (one.op == "is_not")
    if one.field in _SETS:
        return any(value in _SETS[one.field](known) for value in one.values) != (one.op == "is_not")
    if one.field in _FLAGS:
        return _FLAGS[one.field](known) == (one.op == "yes")
    if one.field in _NUMBERS:
        number = _NUMBERS[one.field](known)
        return number is not None and (number >= one.number if one.op == "at_least" else number <= one.number)
    if one.field in _MOMENTS:
        return any(_in_time(at, one, asker) for at in _MOMENTS[one.field](known)) != (one.op == "not_within")
    if one.field in _WORDS:
        return _said(one.values[0], _WORDS[one.field](known)) != (one.op == "has_not")
    if one.field == "assignee":
        names = {NOBODY: "", ME: asker.me or "-"}
        return (known.assignee in [names.get(value, value) for value in one.values]) != (one.op == "is_not")
    if one.field == "sla":
        return (standing(known.clocks, asker.now) in one.values) != (one.op == "is_not")
    if naming.parts(one.field):
        return own.holds(one, known.own.get(one.field, ()), asker)
    since = known.waiting_since  # waited
    return since is not None and since <= asker.now - timedelta(hours=one.number)


_TEXTS: Mapping[str, Callable[[Known], str]] = {
    "state": lambda known: known.state,
    "platform": lambda known: known.platform,
    "account": lambda known: known.account,
    "language": lambda known: known.language,
    "sentiment": lambda known: known.sentiment,
    "intent": lambda known: known.intent,
    "urgency": lambda known: known.urgency,
    "emotion": lambda known: known.emotion,
    "team": lambda known: known.team or NOBODY,
    "priority": lambda known: known.priority,
    "survey": lambda known: known.survey,
    "type": lambda known: known.type or NOBODY,
}
_SETS: Mapping[str, Callable[[Known], Collection[str]]] = {
    "kind": lambda known: known.kinds,
    "label": lambda known: known.labels,
    "theme": lambda known: known.themes,
    "subject": lambda known: known.subjects,
    "query": lambda known: known.queries,
    "tag": lambda known: known.tags,
    "mentions": lambda known: known.mentions,
    "watched": lambda known: known.watched,
    "segment": lambda known: known.segments,
}
_NUMBERS: Mapping[str, Callable[[Known], int | None]] = {
    "followers": lambda known: known.followers,
    "messages": lambda known: known.messages,
    "survey_score": lambda known: known.survey_score,
}
_MOMENTS: Mapping[str, Callable[[Known], Sequence[datetime]]] = {
    "opened": lambda known: [known.first_at],
    "moved": lambda known: [known.last_at],
    "received": lambda known: known.received,
}
_WORDS: Mapping[str, Callable[[Known], Sequence[str]]] = {
    "words": lambda known: known.texts,
    "newest": lambda known: known.newest,
}


def _unread(known: Known) -> bool:
    came = known.last_inbound_at
    if came is None or known.state in ("closed", "spam"):
        return False
    return known.seen_at is None or known.seen_at < came


_FLAGS: Mapping[str, Callable[[Known], bool]] = {
    "private": lambda known: known.private,
    "waiting": lambda known: known.waiting_since is not None,
    "answered": lambda known: known.first_reply_at is not None,
    "unattended": lambda known: known.first_reply_at is None or known.waiting_since is not None,
    "unread": _unread,
    "approval": lambda known: known.approval,
    "verified": lambda known: known.verified,
}


def _in_time(at: datetime, one: Condition, asker: Asker) -> bool:
    since, until = one.ends if one.op == "between" else (asker.now - timedelta(days=one.number), None)
    return (since is None or at >= since) and (until is None or at < until)


def _said(query: str, texts: Sequence[str]) -> bool:
    """One text has every term, as the search index would find it."""
    terms = search_query(query)
    return bool(terms) and any(all(_has(f" {text} ", term) for term in terms) for text in texts)


def _has(line: str, term: str) -> bool:
    return f" {term[:-1]}" in line if term.endswith("*") else f" {term} " in line
