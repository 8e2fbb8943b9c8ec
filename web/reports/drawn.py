"""The charts of a report: what is drawn, where each shape leads, and the sentence that says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from listening.figures.count import Sums
from listening.figures.scope import UNRATED
from listening.figures.tally import Tally
from listening.reports import Report
from web import charts, drawing, palette
from web.reports.asked import behind
from web.reports.say import Say, buckets

_LABELS = 7
SHOWN_SENTIMENTS = ("negative", "neutral", "positive", "unrated")


@dataclass(frozen=True)
class Chart:
    """One chart; labels are (place from 0 to 1, words), from left to right or from top to bottom."""

    name: str
    data: dict[str, Any]
    links: list[str]
    label: str
    """A sentence with range and peak."""
    across: list[tuple[float, str]]
    upright: list[tuple[float, str]]

    @property
    def svg(self) -> Markup:
        """For the page; drawn by ourselves, every word in it escaped."""
        return Markup(drawing.on_page(self.name, self.data, self.links))  # noqa: S704  # see drawing

    @property
    def still(self) -> Markup:
        """For the page of who may not open messages: nothing leads anywhere."""
        return Markup(drawing.on_page(self.name, self.data, ()))  # noqa: S704  # see drawing

    @property
    def paper(self) -> str:
        """For the document."""
        return drawing.on_paper(self.name, self.data)


@dataclass(frozen=True)
class Step:
    """One column: its days, its messages, and those of as many days before."""

    first: date
    last: date
    tally: Tally
    before: Tally
    href: str


def steps(report: Report) -> list[Step]:
    """The columns of the charts over time, and the rows of the table beside them."""
    now = _added(report, report.counted.days, report.period.first)
    before = _added(report, report.counted.days_before, report.period.previous.first)
    return [
        Step(first, last, tally, past, behind(report.scope, days=(first, last)))
        for (first, last), tally, past in zip(buckets(report.period), now, before, strict=True)
    ]


def _added(report: Report, days: Sequence[tuple[date, Sums]], first: date) -> list[Tally]:
    cuts = [
        ((start - report.period.first).days, (end - report.period.first).days) for start, end in buckets(report.period)
    ]
    tallies = [sums.tally for _, sums in days]
    return [sum(tallies[low : high + 1], Tally()) for low, high in cuts]


def volume(say: Say, report: Report, columns: Sequence[Step]) -> Chart:
    """Messages by day and sentiment over the period before."""
    rows, links = [], []
    for number, step in enumerate(columns):
        base = 0
        for name in SHOWN_SENTIMENTS:
            count = getattr(step.tally, name)
            if not count:
                continue
            links.append(
                behind(report.scope, days=(step.first, step.last), sentiment=UNRATED if name == "unrated" else name)
            )
            rows.append({
                "step": number, "sentiment": name, "low": base, "high": base + count, "href": f"/{len(links) - 1}",
                "said": said(say, step.first, step.last, count, name),
            })  # fmt: skip
            base += count
    numbers = [step.tally.messages for step in columns]
    past = [{"step": number, "messages": step.before.messages} for number, step in enumerate(columns)]
    axis = charts.counting(max([*numbers, *(row["messages"] for row in past)], default=0))
    data = {"rows": rows, "before": past, "steps": len(columns), "axis": axis}
    upright = [(1 - tick / axis[-1], say.number(tick)) for tick in reversed(axis)]
    return Chart("volume", data, links, _volume_sentence(say, columns), _dates(say, columns), upright)


def said(say: Say, first: date, last: date, count: int, sentiment: str) -> str:
    """One shape of the chart in words."""
    names = {
        "negative": say.words("negative"),
        "neutral": say.words("neutral"),
        "positive": say.words("positive"),
        "unrated": say.words("not rated"),
    }
    return say.words(
        "%(days)s: %(number)s %(sentiment)s",
        days=say.days(first, last),
        number=say.number(count),
        sentiment=names[sentiment],
    )


def _volume_sentence(say: Say, columns: Sequence[Step]) -> str:
    numbers = [step.tally.messages for step in columns]
    peak = columns[numbers.index(max(numbers))]
    return say.words(
        "Messages over time: between %(low)s and %(high)s, most on %(days)s.",
        low=say.number(min(numbers)),
        high=say.number(max(numbers)),
        days=say.days(peak.first, peak.last),
    )


def net(say: Say, report: Report, columns: Sequence[Step]) -> Chart:
    """Net sentiment by day with its confidence interval."""
    known = [step.tally.net for step in columns if step.tally.net is not None]
    axis = charts.balanced(known)
    rows = []
    for number, step in enumerate(columns):
        low, high = step.tally.net_interval or (None, None)
        row: dict[str, Any] = {"step": number, "net": step.tally.net, "href": f"/{number}", "said": ""}
        row |= {"low": _within(low, axis), "high": _within(high, axis)}
        if step.tally.net is not None:
            days, value = say.days(step.first, step.last), say.signed(step.tally.net)
            row["said"] = say.words("%(days)s: net sentiment %(net)s", days=days, net=value)
        rows.append(row)
    label = say.words("Net sentiment over time: nothing was rated.")
    if known:
        label = say.words(
            "Net sentiment over time with its 95 %% interval: between %(low)s and %(high)s.",
            low=say.signed(min(known)),
            high=say.signed(max(known)),
        )
    upright = [(0.0, say.signed(axis[-1])), (0.5, "0"), (1.0, say.signed(axis[0]))]
    data = {"rows": rows, "steps": len(columns), "axis": axis}
    links = [step.href for step in columns]
    return Chart("net", data, links, label, _dates(say, columns), upright)


def _within(value: float | None, axis: Sequence[float]) -> float | None:
    return None if value is None else max(axis[0], min(axis[-1], value))


def _dates(say: Say, columns: Sequence[Step]) -> list[tuple[float, str]]:
    count = len(columns)
    chosen = sorted({round(place * count / _LABELS) for place in range(_LABELS)} - {count})
    return [((index + 0.5) / count, say.day(columns[index].first)) for index in chosen]


def voice(say: Say, report: Report) -> Chart | None:
    """Who is talked about how much; None when there is nobody to compare with."""
    parts = report.voice.parts
    if not parts or not report.voice.whole:
        return None
    rows, links, at, words = [], [], 0.0, []
    for number, part in enumerate(parts):
        share = part.share or 0.0
        links.append(behind(report.scope, subject_id=part.subject_id) if part.subject_id else "")
        name = part.name or others(say, part.subjects)
        words.append(f"{name} {say.percent(share)}")
        href = f"/{number}" if part.subject_id else "none"
        rows.append(
            {"low": at, "high": at + share, "colour": colour(number, part.subject_id), "href": href, "said": words[-1]}
        )
        at += share
    label = say.words("Share of voice: %(parts)s", parts=", ".join(words))
    return Chart("voice", {"rows": rows}, links, label, [], [])


def others(say: Say, number: int) -> str:
    """The subjects that are added up."""
    return say.ngettext("%(num)s other", "%(num)s others", number)


def colour(place: int, subject_id: int) -> str:
    """The token of a part's colour."""
    return palette.BRANDS[place % len(palette.BRANDS)] if subject_id else palette.OTHERS


def clock(say: Say, report: Report) -> Chart:
    """When people write: weekday by hour of the reader's clock."""
    found = report.counted.clock
    starts = charts.levels(max(found.values(), default=0))
    rows, links = [], []
    for key in range(7 * 24):
        number = found.get(key, 0)
        row: dict[str, Any] = {"weekday": key // 24, "hour": key % 24, "level": charts.level(number, starts)}
        row |= {"href": "none", "said": ""}
        if number:
            links.append(behind(report.scope, clock=key))
            row |= {"href": f"/{len(links) - 1}", "said": f"{say.hours(key)}: {say.number(number)}"}
        rows.append(row)
    label = say.words("Messages by weekday and hour: there are none.")
    if found:
        busiest = max(found, key=lambda key: (found[key], -key))
        label = say.words(
            "Messages by weekday and hour: most on %(when)s with %(number)s.",
            when=say.hours(busiest),
            number=say.number(found[busiest]),
        )
    across = [(hour / 24, str(hour)) for hour in range(0, 25, 4)]
    return Chart(
        "clock", {"rows": rows}, links, label, across, [((n + 0.5) / 7, name) for n, name in enumerate(say.weekdays())]
    )
