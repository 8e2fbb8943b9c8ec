"""The first lines of a report: what a reader should know if they read nothing else. Whole sentences, each optional."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from listening.reports import Report
from web.reports.drawn import Step
from web.reports.say import Pieces, Say, figure, pieces

_SAME = 0.5
"""Per cent or points below which nothing changed."""


def lede(say: Say, report: Report, columns: Sequence[Step]) -> list[Pieces]:
    """At most four sentences."""
    if not report.now.tally.messages:
        return [pieces(say.words("Nobody wrote about %(subject)s in this period.", subject=report.subject))]
    return [pieces(one) for one in _sentences(say, report, columns)]


def _sentences(say: Say, report: Report, columns: Sequence[Step]) -> Iterator[str]:
    yield _volume(say, report)
    yield from _peak(say, report, columns)
    yield from _feeling(say, report)
    yield from _voice(say, report)


def _volume(say: Say, report: Report) -> str:
    now, before = report.now.tally.messages, report.before.tally.messages
    number = figure(say.number(now))
    if not before:
        return say.words(
            "%(number)s messages about %(subject)s, after none in the period before.",
            number=number,
            subject=report.subject,
        )
    change = 100 * (now - before) / before
    values = {"number": number, "subject": report.subject, "change": figure(say.percent(abs(now - before) / before))}
    if change >= _SAME:
        return say.words("%(number)s messages about %(subject)s, %(change)s more than in the period before.", **values)
    if change <= -_SAME:
        return say.words("%(number)s messages about %(subject)s, %(change)s fewer than in the period before.", **values)
    return say.words("%(number)s messages about %(subject)s, as many as in the period before.", **values)


def _peak(say: Say, report: Report, columns: Sequence[Step]) -> Iterator[str]:
    if len(columns) < 3:
        return
    peak = max(columns, key=lambda step: step.tally.messages)
    average = report.now.tally.messages / len(columns)
    if peak.tally.messages < 2 * average:
        return
    values = {"days": figure(say.days(peak.first, peak.last)), "number": figure(say.number(peak.tally.messages))}
    yield say.words("Most were written on %(days)s: %(number)s messages.", **values)


def _feeling(say: Say, report: Report) -> Iterator[str]:
    net, interval, before = report.now.tally.net, report.now.tally.net_interval, report.before.tally.net
    if net is None or interval is None:
        yield say.words("None of them was rated as positive, neutral or negative.")
        return
    values = {"net": figure(say.signed(net)), "low": say.signed(interval[0]), "high": say.signed(interval[1])}
    if before is None:
        yield say.words("Net sentiment is %(net)s (95 %% interval: %(low)s to %(high)s).", **values)
    elif interval[0] <= before <= interval[1]:
        yield say.words(
            "Net sentiment is %(net)s; the %(before)s of the period before lies within its 95 %% interval, "
            "so nothing certain changed.",
            before=say.signed(before),
            **values,
        )
    elif net > before:
        yield say.words("Net sentiment rose from %(before)s to %(net)s.", before=say.signed(before), **values)
    else:
        yield say.words("Net sentiment fell from %(before)s to %(net)s.", before=say.signed(before), **values)


def _voice(say: Say, report: Report) -> Iterator[str]:
    own = report.voice.own
    if own is None or own.share is None:
        return
    yield say.ngettext(
        "%(subject)s has %(share)s of what is said about %(num)s subject.",
        "%(subject)s has %(share)s of what is said about %(num)s subjects.",
        report.voice.subjects,
        subject=report.subject,
        share=figure(say.percent(own.share)),
    )
