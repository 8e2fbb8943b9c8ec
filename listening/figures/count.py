"""The figures of one subject in one statement: its messages are looked at once, everything is counted from that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.models import Identity, Message
from listening.figures.period import Period, clock_of, date_of, day_of, hour_of
from listening.figures.scope import UNKNOWN, Scope, conditions, each_of, engagement, person
from listening.figures.tally import Tally, tallies

_ONE: Any = sa.literal_column("1")
_NOTHING: Any = sa.literal_column("''")
GROUPS = ("platform", "kind", "language", "intent")


@dataclass(frozen=True)
class Sums:
    """The figures of one period as a whole, or of one day."""

    tally: Tally = field(default_factory=Tally)
    authors: int = 0
    """Different known authors: people, with however many accounts."""
    reach: int = 0
    """The followers of these authors' accounts, each account counted once."""
    engagement: int = 0
    in_crm: int = 0
    """Known authors that are linked to a person of the CRM."""
    unknown: int = 0
    """Messages whose source does not name an author."""


@dataclass(frozen=True)
class Counted:
    """What was counted; groups are ordered by number of messages, then by name."""

    now: Sums
    before: Sums
    days: list[tuple[date, Sums]]
    """Every day of the period, also those without a message."""
    days_before: list[tuple[date, Sums]]
    groups: dict[str, list[tuple[str, Tally]]]
    """platform, kind, language, intent, label."""
    clock: dict[int, int]
    """Messages by weekday * 24 + hour of the reader; Monday is 0."""
    hashtags: list[tuple[str, int]]


def counted(session: Session, scope: Scope, span: Period, top: int) -> Counted:
    """Everything that is counted from the messages of a period and of the one before."""
    found: dict[str, list[tuple[int, str, str, int, int]]] = defaultdict(list)
    for figure, now, key, sentiment, number, extra in session.execute(_statement(scope, span, top)):
        found[figure].append((int(now), key, sentiment, int(number or 0), int(extra or 0)))
    by_day = _days(found)
    return Counted(
        now=_sums(found, 1),
        before=_sums(found, 0),
        days=[(day, by_day.get(day, Sums())) for day in span.each()],
        days_before=[(day, by_day.get(day, Sums())) for day in span.previous.each()],
        groups={name: _ordered(found[name]) for name in (*GROUPS, "label")},
        clock={int(key): number for _, key, _, number, _ in found["clock"]},
        hashtags=sorted(
            ((key, number) for _, key, _, number, _ in found["hashtag"]), key=lambda pair: (-pair[1], pair[0])
        ),
    )


def _ordered(rows: list[tuple[int, str, str, int, int]]) -> list[tuple[str, Tally]]:
    found = tallies((key, sentiment, number) for _, key, sentiment, number, _ in rows)
    return sorted(found.items(), key=lambda pair: (-pair[1].messages, pair[0]))


def _days(found: dict[str, list[tuple[int, str, str, int, int]]]) -> dict[date, Sums]:
    by_day = tallies((key, sentiment, number) for _, key, sentiment, number, _ in found["day"])
    engaged: dict[str, int] = defaultdict(int)
    for _, key, _, _, extra in found["day"]:
        engaged[key] += extra
    people = {key: (number, extra) for _, key, _, number, extra in found["writers"]}
    return {
        date_of(int(key)): Sums(tally, *people.get(key, (0, 0)), engagement=engaged[key])
        for key, tally in by_day.items()
    }


def _sums(found: dict[str, list[tuple[int, str, str, int, int]]], now: int) -> Sums:
    rows = [row for row in found["day"] if row[0] == now]
    tally = sum(tallies((0, sentiment, number) for _, _, sentiment, number, _ in rows).values(), Tally())
    of = {name: next(((number, extra) for then, _, _, number, extra in found[name] if then == now), (0, 0))
          for name in ("authors", "crm", "unknown")}  # fmt: skip
    return Sums(
        tally=tally,
        authors=of["authors"][0],
        reach=of["authors"][1],
        engagement=sum(row[4] for row in rows),
        in_crm=of["crm"][0],
        unknown=of["unknown"][0],
    )


# --- the statement: (figure, now, key, sentiment, number, extra) ---------------------------------------


def picked(scope: Scope, span: Period, *, both: bool = True) -> Any:
    """The messages of a period (and of the one before) as a narrow table that is made once."""
    m = db.table(Message)
    whole = Period(span.previous.first, span.last, span.zone) if both else span
    hour = hour_of(m.c.posted_at, whole.start, whole.end, span.zone)
    now = sa.case((m.c.posted_at >= span.start, 1), else_=0)
    columns = [m.c[name] for name in ("id", *GROUPS, "sentiment", "identity_id", "labels", "hashtags", "visibility")]
    query = sa.select(*columns, now.label("now"), hour.label("hour"), engagement().label("engagement"))
    return query.where(*conditions(scope.of(period=whole))).cte("picked").prefix_with("MATERIALIZED")


def _statement(scope: Scope, span: Period, top: int) -> Any:
    p = picked(scope, span)
    return sa.union_all(*_arms(p, top))


def _row(figure: str, now: Any, key: Any, sentiment: Any, number: Any, extra: Any = None) -> Any:
    return sa.select(
        sa.literal_column(f"'{figure}'").label("figure"),
        now.label("now"),
        sa.cast(key, sa.Text).label("key"),
        sentiment.label("sentiment"),
        number.label("number"),
        (sa.literal_column("0") if extra is None else extra).label("extra"),
    )


def _arms(p: Any, top: int) -> Iterator[Any]:
    each = sa.func.count()
    current = p.c.now == 1
    day = day_of(p.c.hour)
    yield _row("day", p.c.now, day, p.c.sentiment, each, sa.func.sum(p.c.engagement)).group_by(
        p.c.now, day, p.c.sentiment
    )
    for name in GROUPS:
        value = p.c[name]
        if name == "language":
            value = sa.case((value == "", "und"), else_=value)
        elif name == "intent":
            value = sa.case((value == "", UNKNOWN), else_=value)
        yield _row(name, _ONE, value, p.c.sentiment, each).where(current).group_by(sa.text("3"), p.c.sentiment)
    clock = clock_of(p.c.hour)
    yield _row("clock", _ONE, clock, _NOTHING, each).where(current).group_by(clock)
    unknown = p.c.identity_id.is_(None)
    yield _row("unknown", p.c.now, _NOTHING, _NOTHING, each).where(unknown).group_by(p.c.now)
    yield from _lists(p, current, top)
    yield from _people(p)


def _lists(p: Any, current: Any, top: int) -> Iterator[Any]:
    """Labels, and the most used hashtags: a message counts once for each of its own."""
    number = sa.func.count(sa.distinct(p.c.id))
    label = each_of(p.c.labels, "each_label")
    labelled = p.join(label, sa.true())
    yield (
        _row("label", _ONE, label.c.value, p.c.sentiment, number)
        .select_from(labelled)
        .where(current)
        .group_by(label.c.value, p.c.sentiment)
    )
    tag = each_of(p.c.hashtags, "each_tag")
    name = sa.func.lower(tag.c.value)
    tags = (
        _row("hashtag", _ONE, name, _NOTHING, number)
        .select_from(p.join(tag, sa.true()))
        .where(current)
        .group_by(name)
        .order_by(number.desc(), name)
        .limit(top)
        .subquery("tags")
    )
    yield sa.select(*tags.c)


def _people(p: Any) -> Iterator[Any]:
    """Authors and the followers of their accounts, per day and per period, each once."""
    i = db.table(Identity)
    each = sa.func.count(sa.distinct(person(i)))
    day, followers = day_of(p.c.hour), sa.func.sum(sa.func.coalesce(i.c.followers, 0))
    daily = (
        sa.select(p.c.now, day.label("day"), p.c.identity_id)
        .where(p.c.identity_id.is_not(None))
        .distinct()
        .cte("daily")
        .prefix_with("MATERIALIZED")
    )
    yield (
        _row("writers", daily.c.now, daily.c.day, _NOTHING, each, followers)
        .select_from(daily.join(i, i.c.id == daily.c.identity_id))
        .group_by(daily.c.now, daily.c.day)
    )
    once = sa.select(daily.c.now, daily.c.identity_id).distinct().cte("once").prefix_with("MATERIALIZED")
    joined = once.join(i, i.c.id == once.c.identity_id)
    yield _row("authors", once.c.now, _NOTHING, _NOTHING, each, followers).select_from(joined).group_by(once.c.now)
    yield (
        _row("crm", once.c.now, _NOTHING, _NOTHING, sa.func.count(sa.distinct(i.c.contact_id)))
        .select_from(joined)
        .group_by(once.c.now)
    )
