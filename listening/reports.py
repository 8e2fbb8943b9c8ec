"""One report per subject, counted in the operational store; the figures are defined in docs/listening.md."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from inbox.models import Identity, Message
from listening.models import Hit, Query, Subject

_Z = 1.959964
"""For an interval that holds the true share in 95 of 100 samples."""

_QUARTER = 900
"""Seconds; every time zone's offset is a multiple of it, so days can be put together for any reader."""

_RATED = ("negative", "neutral", "positive")
LONGEST_PERIOD = 3660
EXCERPT = 280


@dataclass(frozen=True)
class Tally:
    """Messages by sentiment. `rated` leaves out "unsure" and those without a sentiment."""

    messages: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    unsure: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.messages + other.messages,
            self.negative + other.negative,
            self.neutral + other.neutral,
            self.positive + other.positive,
            self.unsure + other.unsure,
        )

    @property
    def rated(self) -> int:
        """The denominator of every share."""
        return self.negative + self.neutral + self.positive

    @property
    def negative_share(self) -> float | None:
        """Negative of rated, 0 to 1; None when nothing was rated."""
        return self.negative / self.rated if self.rated else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the negative share."""
        return wilson(self.negative, self.rated) if self.rated else None

    def as_dict(self) -> dict[str, Any]:
        """Flat values for JSON, CSV and tables."""
        low, high = self.interval or (None, None)
        return {
            "messages": self.messages,
            "negative": self.negative,
            "neutral": self.neutral,
            "positive": self.positive,
            "unsure": self.unsure,
            "rated": self.rated,
            "negative_share": _round(self.negative_share),
            "negative_low": _round(low),
            "negative_high": _round(high),
        }


@dataclass(frozen=True)
class Period:
    """Days of a reader, both included."""

    first: date
    last: date
    zone: tzinfo

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """Where the first day begins, in UTC."""
        return datetime(self.first.year, self.first.month, self.first.day, tzinfo=self.zone).astimezone(UTC)

    @property
    def end(self) -> datetime:
        """Where the day after the last one begins, in UTC."""
        after = self.last + timedelta(days=1)
        return datetime(after.year, after.month, after.day, tzinfo=self.zone).astimezone(UTC)

    @property
    def previous(self) -> Period:
        """As many days right before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)


@dataclass(frozen=True)
class Report:
    """All figures of one subject in one period."""

    subject_id: int
    subject: str
    kind: str
    period: Period
    total: Tally
    previous: Tally
    authors_count: int
    author_unknown: int
    by_day: list[tuple[date, Tally]]
    platforms: list[tuple[str, Tally]]
    languages: list[tuple[str, Tally]]
    kinds: list[tuple[str, Tally]]
    hashtags: list[tuple[str, int]]
    authors: list[dict[str, Any]] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)


def period(first: str | date | None, last: str | date | None, zone: str, today: date | None = None) -> Period:
    """Days as typed (`2026-11-01`) in a zone (`Europe/Berlin`); without any, the last 30 days."""
    try:
        found = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise BadPayload(f"There is no time zone {zone!r}. Write it as Europe/Berlin, Asia/Tokyo or UTC.") from error
    end = _day(last) if last else (today or datetime.now(found).date())
    start = _day(first) if first else end - timedelta(days=29)
    if start > end:
        raise BadPayload(f"The period ends ({end}) before it begins ({start}). Swap the days.")
    if (end - start).days >= LONGEST_PERIOD:
        raise BadPayload(f"A report covers at most {LONGEST_PERIOD} days. Choose a shorter period.")
    return Period(start, end, found)


def report(session: Session, subject: Subject, span: Period, top: int = 10) -> Report:
    """The figures of a subject; `top` limits posts, authors and hashtags."""
    base = _Base(int(subject.id or 0), span.start, span.end)
    platforms, languages, kinds = (_group(session, base, name) for name in ("platform", "language", "kind"))
    total = sum((tally for _, tally in platforms), Tally())
    before = _Base(base.subject_id, span.previous.start, span.previous.end)
    authors_count, unknown = _author_counts(session, base)
    return Report(
        subject_id=base.subject_id,
        subject=subject.name,
        kind=subject.kind,
        period=span,
        total=total,
        previous=sum((tally for _, tally in _group(session, before, "platform")), Tally()),
        authors_count=authors_count,
        author_unknown=unknown,
        by_day=_days(session, base, span),
        platforms=platforms,
        languages=languages,
        kinds=kinds,
        hashtags=_hashtags(session, base, top),
        authors=_authors(session, base, top),
        posts=_posts(session, base, top),
    )


def wilson(found: int, total: int) -> tuple[float, float]:
    """The Wilson score interval of a share at 95 %, also honest for small numbers.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    share, z2 = found / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class _Base:
    """The messages of a report: each once, however many queries of the subject it matches."""

    subject_id: int
    start: datetime
    end: datetime

    @property
    def where(self) -> tuple[Any, ...]:
        m, h, q = db.table(Message), db.table(Hit), db.table(Query)
        ids = sa.select(h.c.message_id).join(q, q.c.id == h.c.query_id).where(q.c.subject_id == self.subject_id)
        return (m.c.id.in_(ids), m.c.posted_at >= self.start, m.c.posted_at < self.end)


def _group(session: Session, base: _Base, column: str) -> list[tuple[str, Tally]]:
    m = db.table(Message)
    query = (
        sa.select(m.c[column], m.c.sentiment, sa.func.count()).where(*base.where).group_by(m.c[column], m.c.sentiment)
    )
    tallies = _tally((value or "und", sentiment, n) for value, sentiment, n in session.execute(query))
    return sorted(tallies.items(), key=lambda pair: (-pair[1].messages, pair[0]))


def _tally(rows: Any) -> dict[Any, Tally]:
    found: dict[Any, Tally] = defaultdict(Tally)
    for key, sentiment, n in rows:
        known = {sentiment: n} if sentiment in {*_RATED, "unsure"} else {}
        found[key] += Tally(messages=n, **known)
    return found


def _days(session: Session, base: _Base, span: Period) -> list[tuple[date, Tally]]:
    """Every day of the period, also those without a message."""
    m = db.table(Message)
    if db.dialect() == "sqlite":
        seconds: Any = sa.cast(sa.func.strftime("%s", m.c.posted_at), sa.BigInteger)
        slot: Any = seconds.op("/")(sa.literal_column(str(_QUARTER)))
    else:
        slot = sa.cast(sa.func.floor(sa.extract("epoch", m.c.posted_at) / _QUARTER), sa.BigInteger)
    slot = slot.label("slot")
    query = sa.select(slot, m.c.sentiment, sa.func.count()).where(*base.where).group_by(slot, m.c.sentiment)
    rows = (
        (datetime.fromtimestamp(quarter * _QUARTER, span.zone).date(), sentiment, n)
        for quarter, sentiment, n in session.execute(query)
    )
    tallies = _tally(rows)
    days = (span.first + timedelta(days=number) for number in range(span.days))
    return [(day, tallies.get(day, Tally())) for day in days]


def _hashtags(session: Session, base: _Base, top: int) -> list[tuple[str, int]]:
    m = db.table(Message)
    if db.dialect() == "sqlite":
        each = sa.func.json_each(m.c.hashtags).table_valued("value", name="each_tag")
        tag = sa.func.lower(each.c.value)
    else:
        each = sa.func.json_array_elements_text(m.c.hashtags).table_valued("value", name="each_tag")
        tag = sa.func.lower(each.c.value)
    number = sa.func.count(sa.distinct(m.c.id))
    query = (
        sa.select(tag, number)
        .select_from(m.join(each, sa.true()))
        .where(*base.where)
        .group_by(tag)
        .order_by(number.desc(), tag)
        .limit(top)
    )
    return [(str(name), int(n)) for name, n in session.execute(query)]


def _author_counts(session: Session, base: _Base) -> tuple[int, int]:
    """Known authors, and messages whose author the source does not tell."""
    m = db.table(Message)
    unknown = sa.func.sum(sa.case((m.c.identity_id.is_(None), 1), else_=0))
    query = sa.select(sa.func.count(sa.distinct(m.c.identity_id)), unknown).where(*base.where)
    authors, nobody = session.execute(query).one()
    return int(authors or 0), int(nobody or 0)


def _authors(session: Session, base: _Base, top: int) -> list[dict[str, Any]]:
    """Who wrote most, in public; whoever only wrote privately is not listed."""
    m, i = db.table(Message), db.table(Identity)
    number = sa.func.count()
    negative = sa.func.sum(sa.case((m.c.sentiment == "negative", 1), else_=0))
    columns = (i.c.id, i.c.platform, i.c.handle, i.c.name, i.c.url, i.c.followers)
    query = (
        sa.select(*columns, number.label("messages"), negative.label("negative"))
        .select_from(m.join(i, i.c.id == m.c.identity_id))
        .where(*base.where, m.c.visibility != "private")
        .group_by(*columns)
        .order_by(number.desc(), i.c.id)
        .limit(top)
    )
    return [
        {"identity_id": row.id, "platform": row.platform, "handle": row.handle, "name": row.name, "url": row.url,
         "followers": row.followers, "messages": int(row.messages), "negative": int(row.negative)}
        for row in session.execute(query)
    ]  # fmt: skip


def _posts(session: Session, base: _Base, top: int) -> list[dict[str, Any]]:
    """Public messages that are still there, by likes + reposts + replies, the newest first among equals."""
    m, i = db.table(Message), db.table(Identity)
    engagement: Any = sum(
        (sa.func.coalesce(m.c.counts[name].as_integer(), 0) for name in ("likes", "reposts", "replies")),
        start=sa.literal(0),
    )
    columns = ("id", "key", "platform", "kind", "text", "url", "posted_at", "sentiment", "language")
    query = (
        sa.select(*(m.c[name] for name in columns), i.c.handle, engagement.label("engagement"))
        .select_from(m.outerjoin(i, i.c.id == m.c.identity_id))
        .where(*base.where, m.c.visibility != "private", m.c.deleted_at.is_(None))
        .order_by(engagement.desc(), m.c.posted_at.desc(), m.c.id.desc())
        .limit(top)
    )
    return [
        {"message_id": row.id, "key": row.key, "platform": row.platform, "kind": row.kind,
         "author": row.handle, "text": _excerpt(row.text), "url": row.url, "posted_at": row.posted_at,
         "sentiment": row.sentiment, "language": row.language, "engagement": int(row.engagement)}
        for row in session.execute(query)
    ]  # fmt: skip


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _day(text: str | date) -> date:
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError:
        raise BadPayload(f"{text!r} is not a day. Write it as 2026-11-30.") from None
