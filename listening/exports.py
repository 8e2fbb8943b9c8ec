"""A report as JSON and as CSV; both carry the same figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from core import cells
from core.errors import BadPayload
from listening.figures.people import Writer
from listening.figures.tally import rounded
from listening.figures.voice import Part
from listening.reports import Report, Sums

COLUMNS = (
    "table", "key", "name", "messages", "negative", "neutral", "positive", "unsure", "rated",
    "negative_share", "negative_low", "negative_high", "net", "net_low", "net_high",
    "authors", "author_unknown", "in_crm", "reach", "engagement", "share", "share_before", "whole",
    "author", "accounts", "followers", "posted_at", "text",
)  # fmt: skip
"""Of the CSV: one row per figure, `table` says of what."""

FILTERS = ("platform", "language", "sentiment", "label", "intent", "kind", "hashtag", "author")


def as_json(report: Report) -> dict[str, Any]:
    """Plain values; days and times in the reader's zone, shares from 0 to 1, net sentiment from -100 to 100."""
    span, found = report.period, report.counted
    return {
        "subject": {"id": report.subject_id, "name": report.subject, "kind": report.kind},
        "period": {"from": str(span.first), "to": str(span.last), "timezone": str(span.zone)},
        "previous_period": {"from": str(span.previous.first), "to": str(span.previous.last)},
        "filters": {name: value for name in FILTERS if (value := getattr(report.scope, name))},
        "private_messages": report.scope.sight.private,
        "total": _sums(report.now),
        "previous": _sums(report.before),
        "authors_count": report.now.authors,
        "author_unknown": report.now.unknown,
        "by_day": [{"day": str(day), **_sums(sums)} for day, sums in found.days],
        "by_day_before": [{"day": str(day), **_sums(sums)} for day, sums in found.days_before],
        **{
            plural: [{name: key, **tally.as_dict()} for key, tally in found.groups[name]]
            for name, plural in GROUPS.items()
        },
        "by_clock": [{"weekday": key // 24, "hour": key % 24, "messages": n} for key, n in sorted(found.clock.items())],
        "hashtags": [{"hashtag": name, "messages": n} for name, n in found.hashtags],
        "share_of_voice": [_part(part) for part in report.voice.parts],
        "authors": [_writer(one) for one in report.busiest],
        "authors_by_followers": [_writer(one) for one in report.widest],
        "top_posts": [{**asdict(post), "posted_at": _local(report, post.posted_at)} for post in report.posts],
    }


GROUPS = {"platform": "platforms", "language": "languages", "kind": "kinds", "label": "labels", "intent": "intents"}
"""What messages are grouped by, and the word for the list of such groups."""


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        **sums.tally.as_dict(),
        "authors": sums.authors,
        "author_unknown": sums.unknown,
        "in_crm": sums.in_crm,
        "reach": sums.reach,
        "engagement": sums.engagement,
    }


def _part(part: Part) -> dict[str, Any]:
    return {
        "subject_id": part.subject_id,
        "subject": part.name,
        "subjects": part.subjects,
        **part.tally.as_dict(),
        "share": rounded(part.share),
        "share_before": rounded(part.share_before),
        "whole": part.whole,
    }


def _writer(one: Writer) -> dict[str, Any]:
    return {
        "identity_id": one.identity_id,
        "platform": one.platform,
        "handle": one.handle,
        "name": one.name,
        "url": one.url,
        "accounts": one.accounts,
        "followers": one.followers,
        "in_crm": one.in_crm,
        **one.tally.as_dict(),
        "engagement": one.engagement,
    }


def _local(report: Report, moment: datetime) -> str:
    return moment.astimezone(report.period.zone).isoformat(timespec="seconds")


def write(report: Report, path: Path) -> None:
    """Write a report to `….json` or `….csv`; BadPayload for another ending."""
    ending = path.suffix.lower()
    if ending not in {".json", ".csv"}:
        raise BadPayload(f"A report is written as .json or .csv; not {path.name!r}.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig" if ending == ".csv" else "utf-8", newline="") as stream:
        if ending == ".csv":
            write_csv(report, stream)
        else:
            json.dump(as_json(report), stream, ensure_ascii=False, indent=2)
            stream.write("\n")


def write_csv(report: Report, stream: TextIO) -> None:
    """One table for all figures, for spreadsheets."""
    writer = csv.DictWriter(stream, COLUMNS, restval="", extrasaction="ignore")
    writer.writeheader()
    for row in rows(report):
        writer.writerow({name: _cell(value) for name, value in row.items()})


def rows(report: Report) -> Iterator[dict[str, Any]]:
    """The rows of the CSV before they are written; values as in JSON."""
    value = as_json(report)
    for table, of in (("total", "period"), ("previous", "previous_period")):
        yield {"table": table, "key": f"{value[of]['from']}..{value[of]['to']}", **value[table]}
    for table, name in (("day", "by_day"), ("day_before", "by_day_before")):
        yield from ({"table": table, "key": one["day"], **one} for one in value[name])
    for name, plural in GROUPS.items():
        yield from ({"table": name, "key": one[name], **one} for one in value[plural])
    for one in value["by_clock"]:
        yield {"table": "clock", "key": f"{one['weekday'] + 1} {one['hour']:02}:00", **one}
    yield from ({"table": "hashtag", "key": one["hashtag"], **one} for one in value["hashtags"])
    for one in value["share_of_voice"]:
        key = one["subject_id"] or f"{one['subjects']} others"
        yield {"table": "voice", "key": key, "name": one["subject"], **one}
    for table in ("authors", "authors_by_followers"):
        for one in value[table]:
            yield {"table": table, **one, "key": one["url"] or one["handle"], "author": one["handle"]}
    for one in value["top_posts"]:
        yield {"table": "post", **one, "key": one["url"] or one["key"]}


def _cell(value: Any) -> Any:
    return cells.harmless(value) if isinstance(value, str) else "" if value is None else value
