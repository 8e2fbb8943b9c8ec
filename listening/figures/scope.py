"""Which messages a figure counts: the same conditions for a report and for the list behind its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from core import db
from inbox import search, visibility
from inbox.models import Identity, Message
from inbox.visibility import EVERYTHING, Sight
from listening.figures.period import Period, clock_of, hour_of
from listening.figures.tally import RATED
from listening.hits import COUNTED_KINDS
from listening.models import Hit, Query

UNKNOWN = "none"
"""The value of a filter for messages without an author or an intent."""
UNRATED = "unrated"
"""The sentiment of messages that count in no share: "unsure" and those without one."""


@dataclass(frozen=True)
class Scope:
    """Values that do not filter are empty; `period` None is all of time, `subject_id` 0 all subjects."""

    subject_id: int = 0
    period: Period | None = None
    platform: str = ""
    language: str = ""
    """`und` is a language nobody could tell."""
    sentiment: str = ""
    label: str = ""
    intent: str = ""
    kind: str = ""
    hashtag: str = ""
    author: str = ""
    """An identity's number: it stands for all accounts of that person."""
    clock: int | None = None
    """weekday * 24 + hour of the reader; Monday is 0."""
    words: str = ""
    account: int = 0
    theme: int = 0
    """A theme's number."""
    public: bool = False
    """Only what everybody can read: what is listed by name."""
    sight: Sight = EVERYTHING
    """What the reader sees at all: nothing else counts."""

    def of(self, **changes: Any) -> Scope:
        """The same with other values."""
        return replace(self, **changes)

    @property
    def filtered(self) -> bool:
        """Something narrows it beyond subject and period."""
        return self != Scope(self.subject_id, self.period, sight=self.sight)


def engagement() -> Any:
    """Likes, reposts and replies of a message as the platform last counted them, as SQL."""
    counts = db.table(Message).c.counts
    return sum(
        (sa.func.coalesce(counts[name].as_integer(), 0) for name in ("likes", "reposts", "replies")),
        start=sa.literal_column("0"),
    )


def about(subject_id: int) -> Any:
    """That a message matches a query of a subject.

    Asked message by message of a period, so that what the subject was in other years costs nothing.
    """
    m, h, q = db.table(Message), db.table(Hit), db.table(Query)
    queries = sa.select(q.c.id).where(q.c.subject_id == subject_id).scalar_subquery()
    one: Any = sa.select(sa.literal_column("1")).where(h.c.message_id == m.c.id, h.c.query_id.in_(queries))
    return sa.exists(one.correlate(m))


def by_subject(messages: Any, subject_ids: Sequence[int], *groups: Any) -> Any:
    """How many of these messages are about each subject, by groups: (subject id, the groups, number).

    One look at the hits of each message for all subjects; a message counts once for each of them.
    """
    h, q = db.table(Hit), db.table(Query)
    each = (
        sa.select(q.c.subject_id, messages.c.id, *groups)
        .select_from(messages.join(h, h.c.message_id == messages.c.id).join(q, q.c.id == h.c.query_id))
        .where(q.c.subject_id.in_(subject_ids))
        .distinct()
        .subquery("each_one")
    )
    kept = [each.c[name] for name in ("subject_id", *(group.name for group in groups))]
    return sa.select(*kept, sa.func.count()).group_by(*kept)


def conditions(scope: Scope) -> list[Any]:
    """What must hold for a row of `message`."""
    m = db.table(Message)
    found: list[Any] = [~m.c.erased]
    if scope.subject_id:
        found.append(about(scope.subject_id))
    else:
        found += [m.c.direction == "inbound", m.c.origin != "context", m.c.kind.in_(sorted(COUNTED_KINDS))]
    if scope.period is not None:
        found += [m.c.posted_at >= scope.period.start, m.c.posted_at < scope.period.end]
    return [*found, *narrowed(scope)]


def narrowed(scope: Scope) -> list[Any]:
    """The filters beyond subject and period."""
    m = db.table(Message)
    found: list[Any] = []
    if scope.platform:
        found.append(m.c.platform == scope.platform)
    if scope.language:
        found.append(m.c.language.in_(["", "und"]) if scope.language == "und" else m.c.language == scope.language)
    if scope.sentiment:
        found.append(m.c.sentiment.not_in(RATED) if scope.sentiment == UNRATED else m.c.sentiment == scope.sentiment)
    if scope.intent:
        found.append(m.c.intent == ("" if scope.intent == UNKNOWN else scope.intent))
    if scope.kind:
        found.append(m.c.kind == scope.kind)
    if scope.account:
        found.append(m.c.account_id == scope.account)
    if scope.theme:
        found.append(m.c.theme == scope.theme)
    if scope.words:
        fits = search.matches(scope.words)
        found.append(sa.false() if fits is None else fits)
    found += visibility.messages(scope.sight)
    if scope.public and scope.sight.private:
        found.append(m.c.visibility != "private")
    return [*found, *_by_lists(scope), *_by_author(scope), *_by_clock(scope)]


def _by_lists(scope: Scope) -> list[Any]:
    m = db.table(Message)
    found = []
    if scope.label:
        found.append(_holds(m.c.labels, scope.label))
    if scope.hashtag:
        found.append(_holds(m.c.hashtags, scope.hashtag, fold=True))
    return found


def each_of(column: Any, name: str) -> Any:
    """The entries of a JSON list as a table with the column `value`."""
    make = sa.func.json_each if db.dialect() == "sqlite" else sa.func.json_array_elements_text
    return make(column).table_valued("value", name=name)


def _holds(column: Any, value: str, *, fold: bool = False) -> Any:
    entries = each_of(column, "each_wanted")
    one = sa.func.lower(entries.c.value) if fold else entries.c.value
    return sa.exists(sa.select(sa.literal_column("1")).select_from(entries).where(one == value))


def _by_author(scope: Scope) -> list[Any]:
    m = db.table(Message)
    if not scope.author:
        return []
    if scope.author.isascii() and scope.author.isdigit() and len(scope.author) < 16:
        return [of_person(int(scope.author))]
    return [m.c.identity_id.is_(None)]


def person(identity: Any) -> Any:
    """Who an account belongs to, as text: the same for all accounts of one person."""
    return sa.func.coalesce(identity.c.contact_id, sa.cast(identity.c.id, sa.Text))


def of_person(identity_id: Any) -> Any:
    """That a message is of this account or of another one of the same person."""
    i, own = db.table(Identity), db.table(Identity).alias()
    contact = sa.select(own.c.contact_id).where(own.c.id == identity_id).scalar_subquery()
    theirs = sa.select(i.c.id).where((i.c.id == identity_id) | (i.c.contact_id == contact))
    return db.table(Message).c.identity_id.in_(theirs)


def _by_clock(scope: Scope) -> list[Any]:
    m = db.table(Message)
    if scope.clock is None or scope.period is None:
        return []
    hour = hour_of(m.c.posted_at, scope.period.start, scope.period.end, scope.period.zone)
    return [clock_of(hour) == scope.clock]
