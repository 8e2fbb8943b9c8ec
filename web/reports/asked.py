"""Addresses to what is counted and back: one spelling for reports, their links and the lists behind figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.datastructures import QueryParams

from core.errors import BadPayload
from listening.figures.period import Period, period
from listening.figures.scope import Scope
from web.reader import Reader
from web.render import query
from web.reports.refusals import said

FILTERS = ("platform", "language", "sentiment", "label", "intent", "kind")
"""What narrows a report; the list of messages knows more."""
_LONGEST = 120
_COMPARED = 20


@dataclass(frozen=True)
class Asked:
    """A report as its address asks for it; `problem` says why the period is another one than was asked for."""

    scope: Scope
    span: Period
    compare: tuple[int, ...]
    parameters: dict[str, str]
    """The address's own words, the empty ones left out."""
    problem: str = ""


def report(reader: Reader, subject_id: int, given: Mapping[str, Any]) -> Asked:
    """From the parameters of a report's address, within what the reader may see."""
    kept = {name: _text(given.get(name)) for name in ("from", "to", "compare", *FILTERS)}
    chosen: list[str] = given.getlist("with") if isinstance(given, QueryParams) else []
    kept["compare"] = ",".join(chosen[:_COMPARED]) if chosen else kept["compare"]
    span, problem = _span(reader, kept["from"], kept["to"])
    filters: dict[str, Any] = {name: kept[name] for name in FILTERS}
    compare = tuple(dict.fromkeys(number(one) for one in kept["compare"].split(",")[:_COMPARED] if number(one)))
    scope = Scope(subject_id=subject_id, period=span, sight=reader.sight, **filters)
    return Asked(scope, span, compare, {name: value for name, value in kept.items() if value}, problem)


def _span(reader: Reader, first: str, last: str) -> tuple[Period, str]:
    try:
        return period(first, last, reader.zone), ""
    except BadPayload as error:
        return period(None, None, reader.zone), said(reader, error)


def messages(reader: Reader, given: Mapping[str, Any]) -> tuple[Scope, str]:
    """From the parameters of `/messages`; without days, all of time. And why the days are not those asked for."""
    kept = {name: _text(given.get(name)) for name in ("from", "to", "author", "hashtag", *FILTERS)}
    span, problem = None, ""
    if kept["from"] or kept["to"]:
        span, problem = _span(reader, kept["from"] or kept["to"], kept["to"] or kept["from"])
    clock = _text(given.get("clock"))
    return (
        Scope(
            subject_id=number(_text(given.get("subject"))),
            period=span,
            **{name: kept[name] for name in FILTERS},
            hashtag=kept["hashtag"],
            author=kept["author"],
            clock=int(clock) if clock.isdigit() and clock.isascii() and int(clock[:4]) < 168 and span else None,
            words=_text(given.get("q")),
            account=number(_text(given.get("account"))),
            theme=number(_text(given.get("theme"))),
            public=given.get("public") == "1",
            sight=reader.sight,
        ),
        problem,
    )


def behind(scope: Scope, *, days: tuple[date, date] | None = None, **changes: Any) -> str:
    """The address of the messages that a figure counts: the scope of its report with what the figure adds."""
    found = scope.of(**changes)
    span = found.period
    first, last = days or ((span.first, span.last) if span is not None else ("", ""))
    return "/messages" + query(
        subject=found.subject_id or "",
        **{"from": first, "to": last},
        **{name: getattr(found, name) for name in (*FILTERS, "hashtag", "author")},
        clock="" if found.clock is None else found.clock,
        q=found.words,
        account=found.account or "",
        theme=found.theme or "",
        public="1" if found.public else "",
    )


def address(subject_id: int, parameters: Mapping[str, str], ending: str = "", **changes: str) -> str:
    """A report's own address with some parameters changed; an empty value takes one away."""
    return f"/reports/{subject_id}{ending}" + query(**{**parameters, **changes})


def number(text: str) -> int:
    """A row id as typed; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _text(value: Any) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""
