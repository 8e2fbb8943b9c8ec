"""A report as JSON and as CSV; both carry the same figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from core.errors import BadPayload
from listening.reports import Report

COLUMNS = (
    "table", "key", "messages", "negative", "neutral", "positive", "unsure", "rated",
    "negative_share", "negative_low", "negative_high", "author", "followers", "engagement", "posted_at", "text",
)  # fmt: skip
"""Of the CSV: one row per figure, `table` says of what."""


def as_json(report: Report) -> dict[str, Any]:
    """Plain values; days and times in the reader's zone, shares from 0 to 1."""
    span = report.period
    return {
        "subject": {"id": report.subject_id, "name": report.subject, "kind": report.kind},
        "period": {"from": str(span.first), "to": str(span.last), "timezone": str(span.zone)},
        "previous_period": {"from": str(span.previous.first), "to": str(span.previous.last)},
        "total": report.total.as_dict(),
        "previous": report.previous.as_dict(),
        "authors_count": report.authors_count,
        "author_unknown": report.author_unknown,
        "by_day": [{"day": str(day), **tally.as_dict()} for day, tally in report.by_day],
        "platforms": [{"platform": name, **tally.as_dict()} for name, tally in report.platforms],
        "languages": [{"language": name, **tally.as_dict()} for name, tally in report.languages],
        "kinds": [{"kind": name, **tally.as_dict()} for name, tally in report.kinds],
        "hashtags": [{"hashtag": name, "messages": n} for name, n in report.hashtags],
        "authors": report.authors,
        "top_posts": [{**post, "posted_at": _local(report, post["posted_at"])} for post in report.posts],
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
    writer = csv.DictWriter(stream, COLUMNS, restval="")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({name: _cell(value) for name, value in row.items()})


def _rows(report: Report) -> Iterator[dict[str, Any]]:
    span = report.period
    yield {"table": "total", "key": f"{span.first}..{span.last}", **report.total.as_dict()}
    before = span.previous
    yield {"table": "previous", "key": f"{before.first}..{before.last}", **report.previous.as_dict()}
    yield {"table": "authors_count", "key": str(report.authors_count)}
    yield {"table": "author", "key": "author unknown", "messages": report.author_unknown}
    for day, tally in report.by_day:
        yield {"table": "day", "key": str(day), **tally.as_dict()}
    for table, rows in (
        ("platform", report.platforms),
        ("language", report.languages),
        ("kind", report.kinds),
    ):
        for name, tally in rows:
            yield {"table": table, "key": name, **tally.as_dict()}
    for name, n in report.hashtags:
        yield {"table": "hashtag", "key": name, "messages": n}
    for author in report.authors:
        picked = {name: author[name] for name in ("messages", "negative", "followers")}
        yield {
            "table": "author",
            "key": author["url"] or author["handle"],
            "author": author["handle"],
            **picked,
        }
    for post in report.posts:
        picked = {name: post[name] for name in ("author", "engagement", "text")}
        at = _local(report, post["posted_at"])
        yield {"table": "post", "key": post["url"] or post["key"], "posted_at": at, **picked}


def _cell(value: Any) -> Any:
    """Text from outside must not become a formula in somebody's spreadsheet."""
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return "" if value is None else value
