"""Archives: rows of CSV and JSON Lines files as events, streamed from files of any size.

Resumable: a page's cursor names the byte at which its next record starts and that record's number,
so a record with line breaks inside quotes (https://www.rfc-editor.org/rfc/rfc4180) is never cut.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.base import RAW_LIMIT, AccountRef, Budget, TokenStore, Unable, convert
from core.errors import NotConfigured, Rejected
from core.event import Author, Bad, Event, Page, Profile

FIELDS = (
    "id",
    "text",
    "posted_at",
    "tag",
    "url",
    "language",
    "parent_id",
    "author_id",
    "author_name",
    "author_handle",
)
"""What a column can be mapped to."""
NEEDED = ("id", "text", "posted_at")
ROWS = 500
LONGEST_ROW = 1024 * 1024
RUNAWAY = 16 * 1024 * 1024
"""A record this long is taken for a quote that was never closed: reading goes on after its first line."""

Mapped = Mapping[str, str]
"""Field to column; a column of JSON Lines may be a path such as `user.name`."""


def connect(account: AccountRef, tokens: TokenStore, budget: Budget | None, *, allow_private: bool = False) -> Archive:
    """An archive as an account: there is nobody to ask, everything comes from files."""
    return Archive(account)


class Archive(Unable):
    """The account that imported messages hang from."""

    title = "An archive"

    def __init__(self, account: AccountRef) -> None:
        self._account = account

    def check(self) -> Profile:
        name = self._account.handle or self._account.external_id or "archive"
        return Profile(author=Author(platform="archive", id=name, name=name))

    def feeds(self) -> tuple[str, ...]:
        return ()

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        raise NotConfigured("An archive is not pulled: import a file with `widerhall import archive FILE`.")


# --- rows -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Format:
    """How rows are read.

    `mapping`: field to column. `source`: names the archive in event keys. `platform`: where its people
    are. `date_format`: the dates' pattern; without one ISO 8601 and Unix time are read.
    """

    mapping: Mapped
    source: str
    platform: str = "archive"
    date_format: str = ""
    timezone: str = "UTC"

    def zone(self) -> ZoneInfo:
        """The time zone of dates without one; raises `NotConfigured` for an unknown name."""
        try:
            return ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise NotConfigured(f"There is no time zone {self.timezone!r}; one is Europe/Berlin.") from error


def cell(row: Mapping[str, Any], column: str) -> str:
    """A column's value as text; a dotted name walks into objects."""
    value: Any = row.get(column)
    if value is None and "." in column:
        value = row
        for part in column.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def when(text: str, date_format: str, zone: ZoneInfo) -> datetime:
    """A date by its pattern, or ISO 8601, or Unix seconds or milliseconds; without a zone it is in `zone`."""
    if date_format:
        moment = datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone is set below
    elif text.lstrip("-").replace(".", "", 1).isdigit() and len(text) >= 9:
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    else:
        moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def to_event(row: Mapping[str, Any], shape: Format) -> Event:
    """A row as an event. Raises ValueError for a row without id or date; a row without author has none."""
    found = {field: cell(row, column) for field, column in shape.mapping.items()}
    if not found["id"]:
        raise ValueError("the row has no id")
    prefix = f"archive:{shape.source}:"
    tags = tuple(dict.fromkeys(word.lstrip("#") for word in found["text"].split() if _is_tag(word)))
    tag, parent = found.get("tag", ""), found.get("parent_id", "")
    return Event(
        key=prefix + found["id"],
        platform=shape.platform,
        kind="mention",
        origin="archive",
        author=_author(found, shape.platform),
        text=found["text"],
        language=found.get("language", ""),
        posted_at=when(found["posted_at"], shape.date_format, shape.zone()),
        parent_key=prefix + parent if parent else None,
        url=found.get("url", ""),
        hashtags=(*tags, tag) if tag and tag not in tags else tags,
        raw={"tag": tag} if tag else {},
    )


def _is_tag(word: str) -> bool:
    return len(word) > 1 and word[0] == "#" and not word[1:].isdigit()


def _author(found: Mapping[str, str], platform: str) -> Author | None:
    name, handle = found.get("author_name", ""), found.get("author_handle", "").lstrip("@")
    person = found.get("author_id", "") or handle
    return Author(platform=platform, id=person, handle=handle, name=name) if person else None


# --- files ------------------------------------------------------------------------------------------


def open_archive(path: Path, shape: Format, cursor: str | None = None, delimiter: str = "") -> Reader:
    """A reader over a file from a cursor on. Columns are checked before the first row is read.

    Files that end in `.jsonl`, `.ndjson` or `.json` are JSON Lines, others CSV (tabs for `.tsv`).
    Raises `NotConfigured` for a mapped column that is not there, naming those that are.
    """
    missing = [field for field in NEEDED if field not in shape.mapping]
    unknown = [field for field in shape.mapping if field not in FIELDS]
    if missing:
        raise NotConfigured(f"Name the columns of {', '.join(missing)} with --map FIELD=COLUMN.")
    if unknown:
        raise NotConfigured(f"There is no field {', '.join(unknown)}; there are {', '.join(FIELDS)}.")
    shape.zone()
    if not path.is_file():
        raise NotConfigured(f"There is no file {path}.")
    lines = path.suffix.lower() in (".jsonl", ".ndjson", ".json")
    return Reader(path, shape, cursor, lines, delimiter or ("\t" if path.suffix.lower() == ".tsv" else ","))


class Reader:
    """Pages of 500 rows; `total` and `read` are bytes, for a progress bar, `rows` counts records."""

    def __init__(self, path: Path, shape: Format, cursor: str | None, lines: bool, delimiter: str) -> None:
        self._path, self._shape, self._lines, self._delimiter = path, shape, lines, delimiter
        self.total = path.stat().st_size
        self.read, self.rows = _place(cursor)
        self._columns = self._first_record()
        self._check()

    def _check(self) -> None:
        wanted = list(self._shape.mapping.values())
        if self._lines:
            missing = [name for name in wanted if name not in self._columns and "." not in name]
            # a JSON object may leave out what is empty: only what is needed must stand in the first one
            needed = {self._shape.mapping[field] for field in NEEDED}
            missing = [name for name in missing if name in needed]
        else:
            missing = [name for name in wanted if name not in self._columns]
        if missing:
            raise NotConfigured(
                f"{self._path.name} has no column {', '.join(missing)}; it has {', '.join(self._columns)}."
            )

    def _first_record(self) -> list[str]:
        """The header of a CSV file, or the names in the first object; moves past the header."""
        with self._path.open("rb") as file:
            if self._lines:
                first = next((row for _, row in _objects(file, 0, 0) if isinstance(row, dict)), {})
                return list(first)
            record = next(_records(file, 0, 0, self._delimiter), None)
            if record is None or record.cells is None:
                raise NotConfigured(f"{self._path.name} has no header line that can be read as UTF-8.")
            if self.read == 0:
                self.read = record.end
            return [name.strip() for name in record.cells]

    def __iter__(self) -> Iterator[Page]:
        with closing(self._path.open("rb")) as file:
            rows: list[Any] = []
            bad: list[Bad] = []
            for end, row in self._read(file):
                self.read, self.rows = end, self.rows + 1
                if isinstance(row, Bad):
                    bad.append(row)
                else:
                    rows.append(row)
                if len(rows) + len(bad) >= ROWS:
                    yield self._page(rows, bad)
                    rows, bad = [], []
            if rows or bad:
                yield self._page(rows, bad)

    def _page(self, rows: list[Any], bad: list[Bad]) -> Page:
        events, unread = convert(rows, lambda row: to_event(row, self._shape), f"archive {self._path.name}")
        return Page(events=events, bad=(*bad, *unread), cursor=f"{self.read}:{self.rows}")

    def _read(self, file: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any] | Bad]]:
        if self._lines:
            yield from _objects(file, self.read, self.rows)
            return
        for record in _records(file, self.read, self.rows, self._delimiter):
            if record.bad is not None:
                yield record.end, record.bad
            elif record.cells is not None and len(record.cells) == len(self._columns):
                yield record.end, dict(zip(self._columns, record.cells, strict=True))
            elif record.cells:
                reason = f"record {record.number} has {len(record.cells)} columns instead of {len(self._columns)}"
                raw = self._delimiter.join(record.cells)[:RAW_LIMIT]
                yield record.end, Bad(source="archive", reason=reason, raw=raw)


def _place(cursor: str | None) -> tuple[int, int]:
    """Byte and record number of a cursor."""
    if not cursor:
        return 0, 0
    byte, _, row = cursor.partition(":")
    if not byte.isdigit() or not row.isdigit():
        raise Rejected(f"{cursor!r} is no place in an archive: start over.", "bad_cursor")
    return int(byte), int(row)


@dataclass(frozen=True)
class Record:
    """One CSV record: its cells, or why it cannot be read; `end` is the byte after it."""

    end: int
    number: int
    cells: list[str] | None = None
    bad: Bad | None = None


class _Runaway(Exception):
    """A record does not end."""


class _Lines:
    """Lines of a file as text, counting bytes; bytes that are no UTF-8 are kept as surrogates."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self.end = self.start = self.first_end = start
        file.seek(start)

    def begin(self) -> None:
        """A new record starts here."""
        self.start = self.first_end = self.end

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._file.readline(RUNAWAY)
        if not line:
            raise StopIteration
        if self.end == 0 and line.startswith(b"\xef\xbb\xbf"):
            text = line[3:].decode("utf-8", "surrogateescape")
        else:
            text = line.decode("utf-8", "surrogateescape")
        if self.start == self.end:
            self.first_end = self.end + len(line)
        self.end += len(line)
        if self.end - self.start > RUNAWAY:
            raise _Runaway
        return text.replace("\0", "")


def _records(file: BinaryIO, start: int, number: int, delimiter: str) -> Iterator[Record]:
    """CSV records from a byte on. An unreadable one comes as `bad`, and reading goes on behind it."""
    csv.field_size_limit(RUNAWAY)
    while True:
        lines = _Lines(file, start)
        rows = csv.reader(lines, delimiter=delimiter)
        try:
            for cells in rows:
                number += 1
                size = lines.end - lines.start
                yield Record(lines.end, number, *_judged(cells, size, number))
                lines.begin()
            return
        except (_Runaway, csv.Error) as error:
            number += 1
            start = lines.first_end
            why = "is a quote that is never closed" if isinstance(error, _Runaway) else f"is no CSV ({error})"
            yield Record(start, number, bad=Bad(source="archive", reason=f"record {number} {why}"))


def _judged(cells: list[str], size: int, number: int) -> tuple[list[str] | None, Bad | None]:
    if size > LONGEST_ROW:
        raw = ",".join(cells)[:RAW_LIMIT].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return None, Bad(source="archive", reason=f"record {number} has {size} bytes, 1 MB at most", raw=raw)
    try:
        "".join(cells).encode()
    except UnicodeEncodeError:
        raw = ",".join(cells)[:RAW_LIMIT].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        return None, Bad(source="archive", reason=f"record {number} is not UTF-8", raw=raw)
    return cells, None


def _objects(file: BinaryIO, start: int, number: int) -> Iterator[tuple[int, Mapping[str, Any] | Bad]]:
    """JSON Lines from a byte on, each as an object or as what could not be read; empty lines are passed."""
    file.seek(start)
    end = start
    while line := file.readline(RUNAWAY):
        begun, end = end, end + len(line)
        while len(line) >= RUNAWAY and not line.endswith(b"\n") and (rest := file.readline(RUNAWAY)):
            end, line = end + len(rest), line[:RUNAWAY] + rest[-1:]
        text = line.removeprefix(b"\xef\xbb\xbf") if begun == 0 else line
        if not text.strip():
            continue
        number += 1
        yield end, _object(text, number)


def _object(line: bytes, number: int) -> Mapping[str, Any] | Bad:
    raw = line[:RAW_LIMIT].decode("utf-8", "replace")
    if len(line) > LONGEST_ROW:
        return Bad(source="archive", reason=f"line {number} has {len(line)} bytes, 1 MB at most", raw=raw)
    try:
        found = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Bad(source="archive", reason=f"line {number} is not UTF-8", raw=raw)
    except (ValueError, RecursionError):
        return Bad(source="archive", reason=f"line {number} is not JSON", raw=raw)
    if not isinstance(found, dict):
        return Bad(source="archive", reason=f"line {number} is not a JSON object", raw=raw)
    return found
