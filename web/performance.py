"""How well customers are answered, as a page shows it: what the address asks for, figures in words, their links."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import sqlalchemy as sa
from babel.units import format_unit
from sqlmodel import Session

from core import cells, db
from core.errors import BadPayload
from inbox import accounts, desk, teams, visibility
from inbox.fields import store, values
from inbox.fields.kinds import CHOSEN, Definition
from inbox.hours import ALWAYS, between
from inbox.metrics import figures, read
from inbox.metrics.figures import Figures, Piece, Talk, Times, Worked
from inbox.metrics.promises import PROMISES
from inbox.metrics.ratings import RATINGS, Rating
from inbox.models import Conversation, Identity
from inbox.narrowing import PRIORITIES
from listening.figures.period import Period, period
from web import actors, casework, words
from web.i18n import N_
from web.reader import Reader
from web.render import query
from web.reports.refusals import said

HERE = "/reports/team"
FILTERS = ("agent", "team", "account", "platform", "language", "tag", "priority")
NAMES = {
    "received": N_("Messages received"),
    "opened": N_("Conversations opened"),
    "closed": N_("Conversations closed"),
    "replies": N_("Replies sent"),
    "backlog": N_("Backlog"),
    "waiting": N_("Waiting for an answer"),
    "first_reply": N_("First reply"),
    "reply": N_("Every reply"),
    "resolution": N_("Until closed"),
    "csat": N_("Satisfied (CSAT)"),
    "nps": N_("Recommendation (NPS)"),
    "ces": N_("Effort (CES)"),
    "response": N_("Surveys answered"),
    "kept_first": N_("First replies in time"),
    "kept_next": N_("Further replies in time"),
    "kept_resolution": N_("Closed in time"),
}
"""The figures."""
MEANS = {
    "received": N_("Messages from customers in the inbox."),
    "opened": N_("Conversations that began or were opened again."),
    "closed": N_("Conversations that somebody closed."),
    "replies": N_("Replies that people wrote; not those of rules."),
    "backlog": N_("Conversations that were not closed at the end of the period."),
    "waiting": N_("Conversations in which a customer had no answer at the end of the period."),
    "first_reply": N_("From the first message of a conversation to the first reply of a person."),
    "reply": N_("From the first message without an answer to the reply of a person."),
    "resolution": N_("From when a conversation was opened to when it was closed."),
    "csat": N_("Share of answers that are 4 or 5 of 5, or good."),
    "nps": N_("Per cent of 9 and 10 less per cent of 0 to 6: from −100 to 100."),
    "ces": N_("Mean of the answers from 1, very difficult, to 7, very easy."),
    "response": N_("Share of the surveys that were sent and are answered by now."),
    "kept_first": N_("Share of the promises for first replies that were kept; broken when the time is over."),
    "kept_next": N_("Share of the promises for further replies that were kept; broken when the time is over."),
    "kept_resolution": N_("Share of the promises until closed that were kept; broken when the time is over."),
}
"""What each one says, in a sentence."""
BY = {
    "agent": N_("Agent"),
    "team": N_("Team"),
    "account": N_("Account"),
    "platform": N_("Platform"),
    "language": N_("Language"),
    "tag": N_("Tag"),
    "priority": N_("Priority"),
}
"""By what figures are told apart."""
GROUPED = {
    "agent": N_("By agent"),
    "team": N_("By team"),
    "account": N_("By account"),
    "platform": N_("By platform"),
    "language": N_("By language"),
    "tag": N_("By tag"),
    "priority": N_("By priority"),
}
"""The headings over figures told apart."""
NONE = "-"
"""In an address: those that have no team, language or tag; what nobody who is known did."""
WITHOUT = ("team", "language", "tag")
PER_PAGE = 50
_LONGEST = 120


@dataclass(frozen=True)
class Asked:
    """The values of the address that make sense."""

    span: Period
    kept: dict[str, str]
    """As the address has them, the empty ones left out."""
    scope: read.Scope
    agent: str
    by: str
    business: bool
    problem: str = ""

    def address(self, path: str = "", **changes: str) -> str:
        """An address of the same, with changes."""
        return HERE + path + query(**{**self.kept, **changes})


def asked(reader: Reader, given: Mapping[str, Any]) -> Asked:
    """What an address asks for; without days that make sense, the last 30."""
    days = {name: db.sound(str(given.get(name, ""))).strip()[:_LONGEST] for name in ("from", "to")}
    try:
        return narrowed(reader, given, period(days["from"], days["to"], reader.zone), days)
    except BadPayload as error:
        return narrowed(reader, given, period(None, None, reader.zone), problem=said(reader, error))


def narrowed(
    reader: Reader, given: Mapping[str, Any], span: Period, days: Mapping[str, str] | None = None, problem: str = ""
) -> Asked:
    """The same for days that are known; who may see only their own figures gets those."""
    kept = {name: db.sound(str(given.get(name, ""))).strip()[:_LONGEST] for name in ("by", "business", *FILTERS)}
    kept["by"] = kept["by"] if kept["by"] in BY else ""
    if not reader.may("metrics.read"):
        kept["agent"] = reader.actor
    without = frozenset(name for name in WITHOUT if kept[name] == NONE)
    for name in {"team", "account"} - without:
        kept[name] = kept[name] if kept[name].isascii() and kept[name].isdigit() and len(kept[name]) < 17 else ""
    given_ = {name: "" if name in without else kept[name] for name in FILTERS}
    scope = read.Scope(
        account=int(given_["account"] or 0), platform=given_["platform"], language=given_["language"],
        team=int(given_["team"] or 0), tag=given_["tag"], priority=given_["priority"],
        without=without, sight=reader.sight,
    )  # fmt: skip
    shown = {name: value for name, value in {**(days or {}), **kept}.items() if value}
    return Asked(span, shown, scope, kept["agent"], kept["by"] or "agent", kept["business"] == "1", problem)


def worked(session: Session) -> Worked:
    """Business time by the hours of a conversation's team; without a team every hour counts."""
    calendars = teams.calendars(session)

    def inside(talk: Talk, start: datetime, end: datetime) -> timedelta:
        return between(calendars.get(talk.team_id or 0, ALWAYS), start, end)

    return inside


@dataclass(frozen=True)
class Row:
    """A group with its figures."""

    key: str
    name: str
    figures: Figures


@dataclass(frozen=True)
class Sheet:
    """Everything the page shows."""

    asked: Asked
    whole: Figures
    before: Figures
    """Of as many days before."""
    rows: list[Row]
    days: dict[str, list[int]]
    choices: dict[str, list[tuple[str, str]]]
    narrowed: dict[str, str]
    """The filters that are set, in words."""
    reader: Reader

    @property
    def counts(self) -> list[str]:
        """The counts this reader gets: what nobody brought about, no agent has."""
        return [name for name in figures.COUNTS if name in self.whole.counts]

    @property
    def per_row(self) -> list[str]:
        """The counts of the table of groups."""
        return [name for name in figures.COUNTS if name in figures.PEOPLES or self.asked.by != "agent"]

    def times(self, one: Figures, name: str) -> Times | None:
        """A time as it was asked for: around the clock, or in business hours."""
        return (one.business if self.asked.business else one.times).get(name)

    def rated(self, name: str, one: Rating) -> str:
        """A rating in the reader's numbers."""
        return rated(self.reader, name, one)

    def lasting(self, length: timedelta) -> str:
        """A length of time in words."""
        return lasting(self.reader, length)

    def behind(self, figure: str, key: str | None = None) -> str:
        """The address of what a figure is made of; for one group, its key."""
        changes = {} if key is None else {self.asked.by: key or NONE}
        return self.asked.address("/spans", figure=figure, **changes)


def sheet(session: Session, reader: Reader, one: Asked) -> Sheet:
    """Read and count."""
    span, before = one.span, one.span.previous
    hours = worked(session)
    talks = read.talks(session, before.start, span.end, one.scope)
    grouped = figures.groups(talks, one.by, span.start, span.end)
    if one.by == "agent" and one.agent:
        grouped = {key: found for key, found in grouped.items() if key == one.agent}
    choices = _choices(session, reader)
    names = _names(session, reader, one.by, list(grouped), choices)
    rows = [
        Row(
            key,
            names[key],
            figures.figures(
                found, span.start, span.end, hours, (key or figures.SOMEBODY) if one.by == "agent" else one.agent
            ),
        )
        for key, found in grouped.items()
    ]
    rows = [row for row in rows if any(row.figures.counts.values()) or row.figures.ratings]
    rows.sort(key=lambda row: (-row.figures.counts.get("replies", 0), -sum(row.figures.counts.values()), row.name))
    narrowed_by = {name: one.kept[name] for name in choices if name in one.kept}
    edges = [*(_midnight(day, span) for day in span.each()), span.end]
    return Sheet(
        one,
        figures.figures(talks, span.start, span.end, hours, one.agent),
        figures.figures(talks, before.start, before.end, hours, one.agent),
        rows,
        figures.daily(talks, edges, one.agent),
        choices,
        {
            name: _names(session, reader, name, [key.strip(NONE)], choices)[key.strip(NONE)]
            for name, key in narrowed_by.items()
        },
        reader,
    )


def _midnight(day: Any, span: Period) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=span.zone).astimezone(UTC)


# --- words ----------------------------------------------------------------------------------------------


def _choices(session: Session, reader: Reader) -> dict[str, list[tuple[str, str]]]:
    """What each filter can be set to."""
    c = db.table(Conversation)
    spoken = sa.select(c.c.language).where(c.c.language != "", *visibility.listed(reader.sight)).distinct()
    languages = session.scalars(spoken.order_by(c.c.language))
    tags = desk.known_tags(session, reader.sight)
    mine = reader.sight.accounts
    ours = [one for one in accounts.all_accounts(session) if mine is None or one.id in mine]
    platforms = sorted({one.platform for one in ours})
    people = actors.answering(session) if reader.may("metrics.read") else []
    return {
        "agent": people,
        "team": [(str(number), name) for number, name in teams.names(session)],
        "account": [(str(one.id), one.handle or one.name) for one in ours],
        "platform": [(one, words.platform(one)) for one in platforms],
        "language": [(one, reader.words(words.LANGUAGES[one]) if one in words.LANGUAGES else one) for one in languages],
        "tag": [(one, one) for one in tags],
        "priority": [(one, reader.words(casework.PRIORITIES[one][1])) for one in PRIORITIES],
    }


def _names(
    session: Session, reader: Reader, by: str, keys: Sequence[str], choices: Mapping[str, list[tuple[str, str]]]
) -> dict[str, str]:
    if by == "agent":
        known = actors.names(session, keys)
        return {one: actors.named(one, known, reader) if one else reader.words(N_("no agent")) for one in keys}
    said_as = dict(choices[by])
    return {one: said_as.get(one, one) or reader.words("none") for one in keys}


def rated(reader: Reader, name: str, one: Rating) -> str:
    """A rating as it is shown: a share, a number with its sign, or a mean with one place."""
    if name in ("csat", "response", *PROMISES):
        return reader.percent(one.value)
    if name == "nps":
        number = round(one.value)
        return f"+{number}" if number > 0 else reader.number(number).replace("-", "−")
    return reader.number(round(one.value, 1))


def lasting(reader: Reader, length: timedelta) -> str:
    """The two largest units: "2 days 3 hrs", "5 min 20 sec"."""
    left = int(length.total_seconds())
    parts: list[str] = []
    for unit, size in (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)):
        number, left = divmod(left, size)
        if number or (unit == "second" and not parts):
            parts.append(str(format_unit(number, f"duration-{unit}", "short", locale=reader.babel)))
        elif parts:
            break
        if len(parts) == 2:
            break
    return " ".join(parts)


# --- what a figure is made of ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """One piece of a figure, as a row."""

    piece: Piece
    customer: str
    excerpt: str
    actor: str
    business: timedelta


def behind(session: Session, reader: Reader, one: Asked, figure: str) -> list[Piece]:
    """What a figure is made of, the longest first; the newest first where nothing has a length."""
    talks = read.talks(session, one.span.start, one.span.end, one.scope)
    found = list(figures.pieces(talks, figure, one.span.start, one.span.end, one.agent))
    found.sort(key=lambda piece: (-_length(piece, figure, one.span.end), -piece.start.timestamp(), piece.talk.id))
    return found


def _length(piece: Piece, figure: str, end: datetime) -> float:
    if figure in ("received", "replies", "opened", *RATINGS):
        return 0.0
    return ((piece.end or end) - piece.start).total_seconds()


def shown(session: Session, reader: Reader, found: Sequence[Piece], figure: str) -> list[Shown]:
    """Rows of a page: with the customer, the newest text, and who ended it."""
    c, i = db.table(Conversation), db.table(Identity)
    query_ = (
        sa.select(c.c.id, c.c.excerpt, i.c.name, i.c.handle)
        .outerjoin(i, i.c.id == c.c.identity_id)
        .where(c.c.id.in_({one.talk.id for one in found}))
    )
    about = {row.id: row for row in session.execute(query_)}
    known = actors.names(session, {one.actor for one in found})
    hours = worked(session)
    native = reader.words(N_("on the platform itself")) if figure == "replies" else ""
    return [
        Shown(
            one,
            about[one.talk.id].name or about[one.talk.id].handle or "",
            about[one.talk.id].excerpt,
            actors.named(one.actor, known, reader) if one.actor else native,
            hours(one.talk, one.start, one.end or one.start),
        )
        for one in found
        if one.talk.id in about
    ]


# --- files ----------------------------------------------------------------------------------------------


def seconds(length: timedelta) -> int:
    """Whole seconds."""
    return int(length.total_seconds())


def as_csv(found: Sheet) -> str:
    """The table of groups: one line per group and figure, times in seconds."""
    stream = StringIO(newline="")
    writer = csv.writer(stream)
    head = ("from", "to", "by", "group", "figure", "number", "median", "ninth_decile", "mean")
    writer.writerow([*head, *(f"business_{name}" for name in head[-3:]), "value"])
    days = (found.asked.span.first.isoformat(), found.asked.span.last.isoformat())
    for by, key, one in [("", "", found.whole), *((found.asked.by, row.key, row.figures) for row in found.rows)]:
        for name, number in one.counts.items():
            writer.writerow([*days, by, cells.harmless(key), name, number, *[""] * 7])
        for name, plain in one.times.items():
            writer.writerow(
                [
                    *days,
                    by,
                    cells.harmless(key),
                    name,
                    plain.number,
                    *_three(plain),
                    *_three(one.business.get(name)),
                    "",
                ]
            )
        for name, given in one.ratings.items():
            writer.writerow([*days, by, cells.harmless(key), name, given.number, *[""] * 6, round(given.value, 4)])
    return stream.getvalue()


def _three(one: Times | None) -> list[Any]:
    return ["", "", ""] if one is None else [seconds(one.median), seconds(one.ninth), seconds(one.mean)]


def spans_csv(session: Session, one: Asked, found: Sequence[Piece]) -> str:
    """What a figure is made of, one line each."""
    stream, hours = StringIO(newline=""), worked(session)
    writer = csv.writer(stream)
    fields = store.every(session, "conversation")
    filled = values.of_many(session, {piece.talk.id for piece in found}) if fields else {}
    own = [f"field: {each.name('en')}" for each in fields]
    head = ("conversation", "platform", "start", "end", "seconds", "business_seconds", "by", "score", "verdict")
    writer.writerow((*head, *map(cells.harmless, own)))
    for piece in found:
        until = piece.end
        lasted = ["", ""] if until is None else [seconds(piece.lasted), seconds(hours(piece.talk, piece.start, until))]
        writer.writerow(
            [
                piece.talk.id,
                piece.talk.platform,
                _moment(piece.start),
                _moment(until),
                *lasted,
                piece.actor,
                "" if piece.score is None else piece.score,
                piece.verdict,
                *(cells.harmless(_words(each, filled.get(piece.talk.id, {}).get(each.id, ""))) for each in fields),
            ]
        )
    return stream.getvalue()


def _words(field: Definition, value: str) -> str:
    """What stands in a custom field: options by their English names."""
    return "; ".join(field.words(value, "en")) if field.kind in CHOSEN else value


def _moment(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
