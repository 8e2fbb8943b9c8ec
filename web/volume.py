"""The bars above the list: which parts a period has, how high each bar is, and what is said about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from babel.dates import format_time

from core import db
from inbox.listing import Bucket
from inbox.models import Account
from web import inbox_query
from web.inbox_query import Asked
from web.reader import Reader

WIDTH, HEIGHT = 240, 40
DAYS = 14
"""Shown when no period is asked for: so many days up to today."""
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Bar:
    """One bar in the units of the drawing, from the top; `query` narrows the list to its part of the period."""

    x: float
    width: float
    top: float
    height: float
    negative_top: float
    negative_height: float
    title: str
    query: str


@dataclass(frozen=True)
class Volume:
    """The figure above the list."""

    bars: list[Bar]
    total: int
    negative: int
    start: str
    end: str
    label: str
    """The whole in a sentence."""
    total_words: str


def edges(asked: Asked, reader: Reader) -> list[datetime]:
    """Where the parts of the asked period begin and end, in the reader's days."""
    return parts(*inbox_query.period(asked, reader), reader)


def parts(since: datetime | None, until: datetime | None, reader: Reader) -> list[datetime]:
    """The same for a period by its moments: two weeks up to today unless given."""
    if until is None:
        until = _midnight(db.now().astimezone(reader.zone).date() + DAY, reader)
    if since is None or since >= until:
        since = _back(until, DAYS, reader)
    start, end = _quarter(since), _quarter(until + QUARTER - timedelta(microseconds=1))
    inner = [edge for edge in _steps(start, end, reader) if start < edge < end]
    return [start, *inner, max(end, start + QUARTER)]


def _steps(start: datetime, end: datetime, reader: Reader) -> Iterator[datetime]:
    length = end - start
    if length <= 3 * DAY:
        step = QUARTER if length <= 3 * HOUR else HOUR
        first = start.replace(minute=0)
        yield from (first + n * step for n in range(int((end - first) / step) + 1))
        return
    days = 1 if length <= 62 * DAY else 7 if length <= 400 * DAY else 91
    days *= 1 + length // (days * 70 * DAY)  # years of it: never more bars than can be told apart
    first_day = start.astimezone(reader.zone).date()
    if days >= 7:
        first_day -= timedelta(days=first_day.weekday())
    for n in range(length // (days * DAY) + 3):
        yield _midnight(first_day + n * days * DAY, reader)


def _midnight(day: date, reader: Reader) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=reader.zone).astimezone(UTC)


def _back(until: datetime, days: int, reader: Reader) -> datetime:
    here = until.astimezone(reader.zone)
    return (here.replace(tzinfo=None) - timedelta(days=days)).replace(tzinfo=reader.zone).astimezone(UTC)


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)


def drawn(buckets: Sequence[Bucket], last: datetime, asked: Asked, reader: Reader) -> Volume:
    """The figure of these parts; `last` is the end of the last one."""
    ends = [*(one.start for one in buckets[1:]), last]
    top = max(*(one.total for one in buckets), 1) if len(buckets) > 1 else max(buckets[0].total, 1)
    step = WIDTH / len(buckets)
    bars = [
        _bar(bucket, end, (n * step, step), top, asked, reader)
        for n, (bucket, end) in enumerate(zip(buckets, ends, strict=True))
    ]
    total, negative = sum(one.total for one in buckets), sum(one.negative for one in buckets)
    return Volume(
        bars,
        total,
        negative,
        *_ends(buckets, last, reader),
        _sentence(buckets, ends, reader),
        reader.words("%(number)s total", number=reader.number(total)),
    )


@dataclass(frozen=True)
class Share:
    """What came in on one account; `width` and `negative_width` are hundredths of the largest."""

    number: int
    platform: str
    handle: str
    messages: int
    negative: int
    width: float
    negative_width: float
    query: str
    current: bool


def shares(found: Sequence[tuple[int, int, int]], accounts: Sequence[Account], asked: Asked) -> list[Share]:
    """The accounts in the order of `found` (account, messages, negative), then those on which nothing came in."""
    counted = {number: (total, negative) for number, total, negative in found}
    top, place = max([total for _, total, _ in found], default=1), {one[0]: n for n, one in enumerate(found)}
    known = sorted(accounts, key=lambda one: (place.get(one.id or 0, len(place)), one.platform, one.handle))
    return [_share(one, *counted.get(one.id or 0, (0, 0)), top, asked) for one in known]


def _share(one: Account, total: int, negative: int, top: int, asked: Asked) -> Share:
    number = str(one.id)
    width, low = round(100 * total / top, 1), round(100 * negative / top, 1)
    link = asked.query(account=number)
    return Share(one.id or 0, one.platform, one.handle, total, negative, width, low, link, asked.account == number)


def _bar(bucket: Bucket, end: datetime, place: tuple[float, float], top: int, asked: Asked, reader: Reader) -> Bar:
    scale = (HEIGHT - 2) / top
    high, low = round(bucket.total * scale, 1), round(bucket.negative * scale, 1)
    title = reader.words(
        "%(period)s: %(total)s messages, %(negative)s negative",
        period=inbox_query.span(bucket.start, end, reader),
        total=reader.number(bucket.total),
        negative=reader.number(bucket.negative),
    )
    gap = min(2.0, place[1] / 5)
    return Bar(
        x=round(place[0] + gap / 2, 2),
        width=round(place[1] - gap, 2),
        top=round(HEIGHT - 1 - high, 1),
        height=round(high - low, 1),
        negative_top=round(HEIGHT - 1 - low, 1),
        negative_height=low,
        title=title,
        query=asked.query(
            since=inbox_query.written(bucket.start, reader), until=inbox_query.written(end, reader, end=True)
        ),
    )


def _ends(buckets: Sequence[Bucket], last: datetime, reader: Reader) -> tuple[str, str]:
    """What stands below the first and the last bar."""
    first = buckets[0].start
    if last - first <= 3 * DAY:
        clock = format_time(buckets[-1].start, "short", tzinfo=reader.zone, locale=reader.babel)
        return reader.short(first), str(clock)
    start = inbox_query.span(*_day_of(first, reader), reader)
    if db.now() < last <= db.now() + DAY:
        return start, reader.words("now")
    return start, inbox_query.span(*_day_of(last - timedelta(microseconds=1), reader), reader)


def _day_of(at: datetime, reader: Reader) -> tuple[datetime, datetime]:
    day = at.astimezone(reader.zone).date()
    return _midnight(day, reader), _midnight(day + DAY, reader)


def _sentence(buckets: Sequence[Bucket], ends: Sequence[datetime], reader: Reader) -> str:
    period = inbox_query.span(buckets[0].start, ends[-1], reader)
    peak, end = max(zip(buckets, ends, strict=True), key=lambda pair: pair[0].total)
    if not peak.total:
        return reader.words("Messages received, %(period)s: none.", period=period)
    return reader.words(
        "Messages received, %(period)s. Highest: %(number)s, %(peak)s.",
        period=period,
        number=reader.number(peak.total),
        peak=inbox_query.span(peak.start, end, reader),
    )
