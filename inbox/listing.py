"""The list of conversations: a page of rows, counts and volume, all by the same conditions, few queries each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from math import gcd
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core import rows as plain
from inbox.conditions.sql import inbound
from inbox.models import Account, Conversation, Identity, Message, Seen
from inbox.narrowing import PRIORITIES, VIEWS, Filter, given_to, in_view, narrowed, of_teams, to_approve, views_of
from inbox.visibility import Sight

LIMIT = 50


@dataclass(frozen=True)
class Row:
    """A conversation as the list shows it; `name` is empty when nobody is known."""

    id: int
    platform: str
    account: str
    private: bool
    state: str
    excerpt: str
    messages: int
    last_at: datetime
    last_inbound_at: datetime | None
    waiting_since: datetime | None
    snoozed_until: datetime | None
    sentiment: str
    language: str
    intent: str
    assignee: str
    identity_id: int | None
    name: str
    handle: str
    team_id: int | None
    priority: str
    type: str
    sla_due_at: datetime | None
    unread: bool

    def rank(self, sort: str) -> tuple[int, ...]:
        """Where it stands: rows of a list are in ascending order of their ranks (part, moment, id)."""
        part = 0
        if sort == "priority":
            part = PRIORITIES.index(self.priority)
        elif sort in _FIRST:
            at: datetime | None = getattr(self, _FIRST[sort])
            if at is not None:
                return 0, _micros(at), self.id
            part = 1
        sign = 1 if sort == "oldest" else -1
        return part, sign * _micros(self.last_at), sign * self.id


_FIRST = {"waiting": "waiting_since", "sla": "sla_due_at"}
"""Orders that put those with a moment first, the earliest at the top, and the others behind by their newest message."""


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next page begins; None at the end."""

    rows: list[Row]
    next: str | None


@dataclass(frozen=True)
class Bucket:
    """Inbound messages in one part of a period."""

    start: datetime
    total: int = 0
    negative: int = 0


# --- rows ---------------------------------------------------------------------------------------------


def page(session: Session, wanted: Filter, before: str | None = None, limit: int = LIMIT) -> Page:
    """The rows after the row whose rank `before` names (`Page.next`); one that is no place begins at the top."""
    start = _place(before or "")
    ids = _chosen(session, wanted, start, limit + 1)
    found = _rows(session, ids[:limit], wanted)
    following = "_".join(map(str, found[-1].rank(wanted.sort))) if found and len(ids) > limit else None
    return Page(found, following)


def above(session: Session, wanted: Filter, place: str, limit: int = LIMIT) -> tuple[list[Row], bool]:
    """The rows that stand right before a place, in the list's order, and whether they begin the list."""
    start = _place(place)
    ids = _upwards(session, wanted, start, limit + 1) if start else []
    return _rows(session, ids[:limit], wanted), len(ids) <= limit


def ids(session: Session, wanted: Filter, limit: int) -> list[int]:
    """The numbers of the first conversations of this list."""
    return _chosen(session, wanted, (), limit)


def every(wanted: Filter) -> sa.Select[Any]:
    """A select of the numbers of the whole list."""
    return sa.select(db.table(Conversation).c.id).where(*in_view(wanted), *narrowed(wanted))


def rows(session: Session, ids: Sequence[int], wanted: Filter) -> list[Row]:
    """Those of the conversations that stand in this list, in its order."""
    c = db.table(Conversation)
    query = sa.select(c.c.id).where(c.c.id.in_(ids), *in_view(wanted), *narrowed(wanted))
    return _rows(session, list(session.scalars(query)), wanted)


def _chosen(session: Session, wanted: Filter, start: tuple[int, ...], count: int) -> list[int]:
    """Ids in order: part after part, each along one column."""
    c = db.table(Conversation)
    query = sa.select(c.c.id).where(*in_view(wanted), *narrowed(wanted))
    parts = _parts(wanted.sort)
    if not start or start[0] >= len(parts) or (start[1] > 0) != parts[start[0]].rising:
        start = (0,)
    found: list[int] = []
    for part in parts[start[0] :]:
        found += _along(session, query.where(*part.conditions), part, start, count - len(found))
        start = (0,)
        if len(found) >= count:
            break
    return found


def _upwards(session: Session, wanted: Filter, start: tuple[int, ...], count: int) -> list[int]:
    """The same from the bottom: the ids before `start`, the nearest first."""
    c = db.table(Conversation)
    query = sa.select(c.c.id).where(*in_view(wanted), *narrowed(wanted))
    parts = _parts(wanted.sort)
    if start[0] >= len(parts) or (start[1] > 0) != parts[start[0]].rising:
        return []
    found: list[int] = []
    for part in reversed(parts[: start[0] + 1]):
        found += _along(session, query.where(*part.conditions), part, start, count - len(found), back=True)
        start = (0,)
        if len(found) >= count:
            break
    return found


@dataclass(frozen=True)
class _Part:
    """A stretch of a list that is in the order of one column."""

    conditions: Sequence[sa.ColumnElement[bool]]
    by: sa.Column[Any]
    rising: bool = False


def _parts(sort: str) -> list[_Part]:
    c = db.table(Conversation)
    if sort == "priority":
        unusual = sa.literal_column("conversation.priority <> 'normal'", sa.Boolean)  # as the index says it
        more = {one: [] if one == "normal" else [unusual] for one in PRIORITIES}
        return [_Part([c.c.priority == one, *more[one]], c.c.last_at) for one in PRIORITIES]
    if sort in _FIRST:
        first = c.c[_FIRST[sort]]
        return [_Part([first.is_not(None)], first, rising=True), _Part([first.is_(None)], c.c.last_at)]
    return [_Part([], c.c.last_at, rising=sort == "oldest")]


def _along(
    session: Session, query: sa.Select[Any], part: _Part, start: tuple[int, ...], count: int, *, back: bool = False
) -> list[int]:
    c, by = db.table(Conversation), part.by
    key, rising = sa.tuple_(by, c.c.id), part.rising != back
    order = (by, c.c.id) if rising else (by.desc(), c.c.id.desc())
    if start[1:]:
        edge = sa.tuple_(sa.literal(_moment(abs(start[1])), by.type), abs(start[2]))
        query = query.where(key > edge if rising else key < edge)
    return list(session.scalars(query.order_by(*order).limit(count)))


def _rows(session: Session, ids: Sequence[int], wanted: Filter) -> list[Row]:
    if not ids:
        return []
    c, i, a, s = db.table(Conversation), db.table(Identity), db.table(Account), db.table(Seen)
    query = (
        sa.select(
            c.c.id, c.c.platform, a.c.handle.label("account"), c.c.private, c.c.state, c.c.excerpt, c.c.messages,
            c.c.last_at, c.c.last_inbound_at, c.c.waiting_since, c.c.snoozed_until, c.c.sentiment, c.c.language,
            c.c.intent, c.c.assignee, c.c.identity_id, c.c.team_id, c.c.priority, c.c.type, c.c.sla_due_at,
            i.c.name, i.c.handle, s.c.at.label("seen_at"),
        )
        .join(a, a.c.id == c.c.account_id)
        .outerjoin(i, i.c.id == c.c.identity_id)
        .outerjoin(s, sa.and_(s.c.conversation_id == c.c.id, s.c.author == wanted.me))
        .where(c.c.id.in_(ids))
    )  # fmt: skip
    found = [_row(*row) for row in session.execute(query)]
    return sorted(found, key=lambda row: row.rank(wanted.sort))


def _row(*values: Any) -> Row:
    *shown, team_id, priority, kind, due, name, handle, seen_at = values
    row = Row(*[*shown, name or handle or "", handle or "", team_id, priority, kind, due, False])
    came = row.last_inbound_at
    fresh = came is not None and (seen_at is None or came > seen_at)
    return replace(row, unread=True) if fresh and row.state not in ("closed", "spam") else row


# --- places: `0_1794990000000000_12`, below nothing where moments fall ----------------------------------


def _place(text: str) -> tuple[int, ...]:
    parts = text.split("_")
    if len(parts) != 3 or len(text) > 60 or not all(_number(part) for part in parts):
        return ()
    place = tuple(map(int, parts))
    try:
        _moment(abs(place[1]))
    except (ValueError, OverflowError, OSError):
        return ()
    return place if 0 <= place[0] < len(PRIORITIES) and abs(place[2]) < 2**62 else ()


def _number(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


def _micros(at: datetime) -> int:
    seconds = int(at.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + at.microsecond


def _moment(micros: int) -> datetime:
    seconds, micro = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micro)


# --- counts and volume --------------------------------------------------------------------------------


def counts(session: Session, wanted: Filter) -> dict[str, int]:
    """How many rows each view has under this filter, whatever the filter's own view is."""
    c = db.table(Conversation)
    nobody, mine = (sa.func.sum(sa.case((c.c.assignee == one, 1), else_=0)) for one in ("", wanted.me or "-"))
    narrow = narrowed(wanted)
    queries = [sa.select(c.c.state, nobody, mine, sa.func.count()).where(*narrow).group_by(c.c.state)]
    beside = {"approve": to_approve(wanted.sight), **({"team": of_teams(wanted.me)} if wanted.me else {})}
    zero = sa.literal(0)
    for view, conditions in beside.items():
        counted = sa.select(sa.literal(view), zero, zero, sa.func.count()).select_from(c)
        queries.append(counted.where(*conditions, *narrow))
    found = dict.fromkeys(VIEWS, 0)
    for state, free, own, number in session.execute(sa.union_all(*queries)):
        if state in beside:
            found[state] = number
            continue
        for assignee, part in (("", free), (wanted.me, own), ("-", number - free - own)):
            for view in views_of(state, assignee, wanted.me) if part else ():
                found[view] += int(part)
    return found


def number(session: Session, wanted: Filter) -> int:
    """How many rows the list has."""
    query = sa.select(sa.func.count()).select_from(db.table(Conversation)).where(*in_view(wanted), *narrowed(wanted))
    return int(session.execute(query).scalar_one())


def mine(sight: Sight) -> int:
    """How many conversations one person takes care of, as the view "mine" counts them: asked with every page."""
    if sight.whole:
        return int(plain.glance(_mine(db.dialect()), me=sight.me)[0][0])
    with db.read() as session:
        return number(session, Filter(view="mine", me=sight.me, sight=sight))


@lru_cache(maxsize=2)
def _mine(dialect: str) -> plain.Prepared:
    c = db.table(Conversation)
    conditions = (*given_to(plain.asked("me")), *narrowed(Filter()))
    return plain.prepare(sa.select(sa.func.count()).select_from(c).where(*conditions))


def volume(session: Session, wanted: Filter, edges: Sequence[datetime]) -> list[Bucket]:
    """Inbound messages of the list's conversations between each two of `edges`, which stand on whole seconds.

    The edges take the place of the filter's own period. One query, whatever their number.
    """
    m, c = db.table(Message), db.table(Conversation)
    starts = [int(edge.timestamp()) for edge in edges]
    step = gcd(*(start - starts[0] for start in starts))  # the largest part no edge goes through: a day, an hour …
    part = (_epoch(m.c.posted_at) - starts[0]) // step
    bad = sa.func.sum(sa.case((m.c.sentiment == "negative", 1), else_=0))
    query = (
        sa.select(part, sa.func.count(), bad)
        .join(c, c.c.id == m.c.conversation_id)
        .where(m.c.posted_at >= edges[0], m.c.posted_at < edges[-1], *inbound(m))
        .where(*in_view(wanted), *narrowed(wanted, period=False))
        .group_by(part)
    )
    totals, negatives = [0] * (len(edges) - 1), [0] * (len(edges) - 1)
    for number, total, negative in session.execute(query):
        place = bisect_right(starts, starts[0] + int(number) * step) - 1
        totals[place] += total
        negatives[place] += int(negative)
    return [Bucket(*values) for values in zip(edges[:-1], totals, negatives, strict=True)]


def by_account(session: Session, wanted: Filter, since: datetime, until: datetime) -> list[tuple[int, int, int]]:
    """(account, inbound messages, negative ones) of the list's conversations in a period, the most first.

    Account and period of the filter do not count; an account without messages is not named.
    """
    m, c = db.table(Message), db.table(Conversation)
    total, bad = sa.func.count(), sa.func.sum(sa.case((m.c.sentiment == "negative", 1), else_=0))
    query = (
        sa.select(c.c.account_id, total, bad)
        .join(m, m.c.conversation_id == c.c.id)
        .where(m.c.posted_at >= since, m.c.posted_at < until, *inbound(m))
        .where(*in_view(wanted), *narrowed(replace(wanted, account=0), period=False))
        .group_by(c.c.account_id)
        .order_by(total.desc(), c.c.account_id)
    )
    return [(number, count, int(negative)) for number, count, negative in session.execute(query)]


def _epoch(column: sa.Column[Any]) -> sa.ColumnElement[int]:
    """Whole seconds since 1970."""
    if db.dialect() == "sqlite":
        return sa.cast(sa.func.strftime("%s", column), sa.Integer)
    return sa.cast(sa.func.floor(sa.func.extract("epoch", column)), sa.BigInteger)


def anything(session: Session) -> bool:
    """There is a conversation for somebody to answer at all."""
    c = db.table(Conversation)
    return session.execute(sa.select(c.c.id).where(c.c.inbox == sa.true()).limit(1)).first() is not None
