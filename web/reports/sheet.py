"""A report as it is shown: every figure with its words and the messages behind it, the same for page and paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core import db
from listening.figures.count import Sums
from listening.figures.people import Writer
from listening.figures.scope import UNKNOWN, UNRATED
from listening.figures.tally import Tally
from listening.reports import Report
from web import words
from web.reader import Reader
from web.reports import drawn, sentences
from web.reports.asked import FILTERS, behind
from web.reports.drawn import Chart, Step
from web.reports.say import SUBJECT_KINDS, Pieces, Say

NONE = "–"


@dataclass(frozen=True)
class Kpi:
    """One figure of the strip on top; `value` is exact, `shown` as written."""

    key: str
    label: str
    value: float | None
    shown: str
    change: str
    hint: str
    spark: list[float]
    href: str


@dataclass(frozen=True)
class Row:
    """One line of a table of groups."""

    key: str
    label: str
    number: int
    share: float
    """Of the largest row, 0 to 1: for its bar."""
    tally: Tally
    href: str


@dataclass(frozen=True)
class Voice:
    """One subject's part of what is said."""

    label: str
    colour: str
    share: str
    change: str
    tally: Tally
    href: str
    own: bool


@dataclass(frozen=True)
class Sheet:
    """Everything a page or a document says of a report."""

    report: Report
    say: Say
    title: str
    kind: str
    period: str
    previous: str
    zone: str
    lede: list[Pieces]
    kpis: list[Kpi]
    columns: list[Step]
    volume: Chart
    net: Chart
    voice_chart: Chart | None
    voice: list[Voice]
    clock: Chart
    tables: dict[str, list[Row]]
    """platform, language, label, intent, kind, hashtag."""
    notes: list[str]
    """How the figures are counted, in sentences."""

    @property
    def busiest_hour(self) -> int:
        """The highest number of the heat map."""
        return max(self.report.counted.clock.values(), default=0)

    def share(self, sentiment: str) -> str:
        """A key of the chart: the sentiment and its share of what was rated."""
        tally = self.report.now.tally
        share = getattr(tally, sentiment) / tally.rated if tally.rated else 0
        word = self.say.words(words.SENTIMENTS[sentiment][1])
        return f"{word} {self.say.percent(share)}"

    def filter(self, name: str) -> str:
        """A filter that is set, in words."""
        return filter_words(self.say, name, getattr(self.report.scope, name))

    def accounts(self, one: Writer) -> str:
        """With how many accounts an author wrote, where there are several."""
        return self.say.ngettext("%(num)s account", "%(num)s accounts", one.accounts) if one.accounts > 1 else ""

    def author(self, one: Writer) -> str:
        """The public messages of an author."""
        return behind(self.report.scope, author=str(one.identity_id), public=True)

    def today(self) -> str:
        """The reader's day, for an address."""
        return str(db.now().astimezone(self.report.period.zone).date())

    def days_back(self, days: int) -> str:
        """The first of so many days that end today, for an address."""
        return str(db.now().astimezone(self.report.period.zone).date() - timedelta(days=days - 1))

    def link(self, parameters: Mapping[str, str]) -> str:
        """What a shared link shows: its days and filters."""
        days = [parameters[name] for name in ("from", "to") if name in parameters]
        named = [filter_words(self.say, name, parameters[name]) for name in FILTERS if name in parameters]
        return " · ".join([" – ".join(days) or self.say.words("always the last 30 days"), *named])


def sheet(reader: Reader, report: Report) -> Sheet:
    """All of a report in a reader's words."""
    say = Say(reader)
    columns = drawn.steps(report)
    return Sheet(
        report=report,
        say=say,
        title=report.subject,
        kind=say.words(SUBJECT_KINDS.get(report.kind, report.kind)),
        period=say.period(report.period),
        previous=say.period(report.period.previous),
        zone=str(report.period.zone),
        lede=sentences.lede(say, report, columns),
        kpis=_kpis(say, report),
        columns=columns,
        volume=drawn.volume(say, report, columns),
        net=drawn.net(say, report, columns),
        voice_chart=drawn.voice(say, report),
        voice=_voice(say, report),
        clock=drawn.clock(say, report),
        tables={name: _table(say, report, name) for name in ("platform", "language", "label", "intent", "kind")}
        | {"hashtag": _hashtags(report)},
        notes=_notes(say, report),
    )


def _kpis(say: Say, report: Report) -> list[Kpi]:
    now, before, days = report.now, report.before, [sums for _, sums in report.counted.days]
    href = behind(report.scope)
    tally, interval = now.tally, now.tally.net_interval
    each = now.engagement / tally.messages if tally.messages else 0
    own = report.voice.own
    return [
        Kpi("messages", say.words("Messages"), tally.messages, say.number(tally.messages),
            growth(say, tally.messages, before.tally.messages),
            say.words("from %(number)s", number=say.number(before.tally.messages))
            if before.tally.messages else say.words("none in the period before"),
            [one.tally.messages for one in days], href),
        Kpi("authors", say.words("Unique authors"), now.authors, say.number(now.authors),
            growth(say, now.authors, before.authors),
            say.words("%(number)s in the CRM", number=say.number(now.in_crm)), [one.authors for one in days], href),
        Kpi("reach", say.words("Potential reach"), now.reach, say.compact(now.reach),
            growth(say, now.reach, before.reach), say.words("followers of authors"), [one.reach for one in days], href),
        Kpi("engagement", say.words("Engagement"), now.engagement, say.compact(now.engagement),
            growth(say, now.engagement, before.engagement),
            say.words("%(number)s per message", number=say.decimal(each)), [one.engagement for one in days], href),
        Kpi("net", say.words("Net sentiment"), tally.net, NONE if tally.net is None else say.signed(tally.net),
            points(say, tally.net, before.tally.net),
            say.words("nothing was rated") if interval is None
            else say.words("95 %%: %(low)s to %(high)s", low=say.signed(interval[0]), high=say.signed(interval[1])),
            _nets(days), href),
        Kpi("share", say.words("Share of voice"), own.share if own else None,
            NONE if own is None or own.share is None else say.percent(own.share),
            "" if own is None or own.change is None else points(say, own.change, 0.0),
            say.words("of %(number)s", number=say.number(report.voice.whole)) if own
            else say.words("nothing to compare with"), [], href),
    ]  # fmt: skip


def _nets(days: Sequence[Sums]) -> list[float]:
    """Lifted over nothing, so that the line can be drawn; days without a rating keep the one before."""
    line, last = [], 0.0
    for one in days:
        last = last if one.tally.net is None else one.tally.net
        line.append(last + 100)
    low = min(line, default=0)
    return [value - low for value in line]


def growth(say: Say, now: float, before: float) -> str:
    """An arrow and a share; empty when there was nothing to compare with."""
    if not before:
        return ""
    change = (now - before) / before
    if abs(change) < 0.005:
        return say.words("unchanged")
    return f"{'↑' if change > 0 else '↓'} {say.percent(abs(change))}"


def points(say: Say, now: float | None, before: float | None) -> str:
    """An arrow and a difference in points of a hundred; empty when there was nothing to compare with."""
    if now is None or before is None:
        return ""
    change = round(now - before)
    if not change:
        return say.words("unchanged")
    arrow = "↑" if change > 0 else "↓"
    return say.ngettext("%(arrow)s %(num)s point", "%(arrow)s %(num)s points", abs(change), arrow=arrow)


def _table(say: Say, report: Report, name: str) -> list[Row]:
    rows = report.counted.groups[name]
    most = max((tally.messages for _, tally in rows), default=1)
    return [
        Row(
            key,
            spoken(say, name, key),
            tally.messages,
            tally.messages / most,
            tally,
            behind(report.scope.of(**{name: key})),
        )
        for key, tally in rows
    ]


def _hashtags(report: Report) -> list[Row]:
    rows = report.counted.hashtags
    most = max((number for _, number in rows), default=1)
    return [
        Row(key, f"#{key}", number, number / most, Tally(number), behind(report.scope, hashtag=key))
        for key, number in rows
    ]


def filter_words(say: Say, name: str, value: str) -> str:
    """A filter as a reader calls it."""
    if name == "sentiment":
        return say.words("not rated") if value == UNRATED else say.words(words.SENTIMENTS.get(value, ("", value))[1])
    return spoken(say, name, value)


def spoken(say: Say, group: str, key: str) -> str:
    """The name of a group: the platform's own, a language's, a kind's in words; a label as it is."""
    if group == "platform":
        return words.platform(key)
    if group == "language":
        return say.language(key)
    if group == "kind":
        return say.words(words.KINDS.get(key, key))
    if group == "intent":
        return say.words("no intent") if key == UNKNOWN else say.words(words.INTENTS.get(key, key))
    return key


def _voice(say: Say, report: Report) -> list[Voice]:
    return [
        Voice(
            label=part.name or drawn.others(say, part.subjects),
            colour=drawn.colour(place, part.subject_id),
            share=NONE if part.share is None else say.percent(part.share),
            change=NONE if part.change is None else say.signed(part.change),
            tally=part.tally,
            href=behind(report.scope, subject_id=part.subject_id) if part.subject_id else "",
            own=not place,
        )
        for place, part in enumerate(report.voice.parts)
    ]


def _notes(say: Say, report: Report) -> list[str]:
    found = [
        say.words("Potential reach is the sum of followers of all authors, each of their accounts counted once."),
        say.words("Engagement is likes, reposts and replies as the platform last counted them."),
        say.words("Net sentiment is positive minus negative, in points of a hundred of what was rated."),
    ]
    if report.voice.parts:
        found.append(say.words("A filter narrows each part of the share of voice, never the whole."))
    if not report.scope.sight.private:
        found.append(say.words("Private messages are not counted: your role may not read them."))
    return found
