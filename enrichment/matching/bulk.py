"""Two CSV files in, one out: which contact each identity is, or nobody. Nothing is stored besides the files.

The contacts are held in memory as an index (about 1 KB each); the identities stream through. Rows that cannot be
used are kept in a file of their own, as they stood, with the reason.
"""

from __future__ import annotations

import csv
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from core.errors import Rejected
from enrichment.matching import score
from enrichment.matching.people import Contact, Profile, account
from enrichment.matching.weights import Weights, shipped

if TYPE_CHECKING:
    from enrichment.matching import memory

CONTACT_COLUMNS = ("contact_id", "first_name", "last_name")
IDENTITY_COLUMNS = ("identity_id", "platform", "handle", "display_name")
LINK_COLUMNS = ("identity_id", "contact_id", "score", "tier", "decision", "evidence")

REJECTED_COLUMNS = ("file", "line", "reason", "row")
CANDIDATE_COLUMNS = ("identity_id", "contact_id", "place")
LONGEST_FIELD = 1_000_000
PROGRESS_EVERY = 500
_MOST_HANDLES = ("mastodon", "bluesky", "telegram")
_YES = frozenset({"1", "true", "yes", "y", "ja", "t", "verified"})

Progress = Callable[[str, int], None]
"""Told what is read (contacts, identities) and how many rows of it are done."""


@dataclass(frozen=True, slots=True)
class Files:
    """What is read and written; `rejected` and `candidates` only where there is something to write."""

    contacts: Path
    identities: Path
    out: Path
    rejected: Path
    candidates: Path | None = None


@dataclass
class Summary:
    """What a run did."""

    contacts: int = 0
    identities: int = 0
    auto: int = 0
    review: int = 0
    none: int = 0
    rejected: int = 0
    candidates_mean: float = 0.0
    seconds: float = 0.0
    identities_per_second: float = 0.0
    weights: str = ""
    tiers: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used."""

    line: int
    reason: str
    cells: tuple[str, ...]


def run(files: Files, progress: Progress = lambda what, count: None, weights: Weights | None = None) -> Summary:
    """Match the files. Rejected says which file or column is missing; the results appear when all is done."""
    _check(files)
    weights = weights or shipped()
    begun = time.monotonic()
    summary, counted = Summary(weights=weights.version), Counter[str]()
    with ExitStack() as stack:
        rejected = _Later(files.rejected, REJECTED_COLUMNS, stack)
        index = _index(files.contacts, rejected, progress)
        summary.contacts = len(index)
        links = _Later(files.out, LINK_COLUMNS, stack, always=True)
        candidates = _Later(files.candidates, CANDIDATE_COLUMNS, stack, always=True) if files.candidates else None
        looked_at = 0
        for profile in _profiles(files.identities, rejected):
            seen, verdict = _matched(index, profile, weights)
            looked_at += len(seen)
            links.write(row(profile.id, verdict))
            if candidates is not None:
                for place, one in enumerate(seen, 1):
                    candidates.write((profile.id, one, place))
            summary.identities += 1
            counted[verdict.decision] += 1
            if verdict.decision == "auto":
                summary.tiers[verdict.tier] = summary.tiers.get(verdict.tier, 0) + 1
            if summary.identities % PROGRESS_EVERY == 0:
                progress("identities", summary.identities)
        progress("identities", summary.identities)
        for file in (links, rejected, *([candidates] if candidates is not None else [])):
            file.keep()
    summary.auto, summary.review, summary.none = counted["auto"], counted["review"], counted["none"]
    summary.rejected = rejected.rows
    summary.seconds = round(time.monotonic() - begun, 3)
    summary.candidates_mean = round(looked_at / max(1, summary.identities), 2)
    summary.identities_per_second = round(summary.identities / max(summary.seconds, 1e-9), 1)
    return summary


def everybody(
    contacts: Path, identities: Path, progress: Progress = lambda what, count: None
) -> tuple[list[Contact], list[Profile]]:
    """The usable rows of both files, for learning; what cannot be used is left out."""
    known = [_contact(one) for one in rows(contacts, CONTACT_COLUMNS) if isinstance(one, Row)]
    progress("contacts", len(known))
    seen = [_profile(one) for one in rows(identities, IDENTITY_COLUMNS) if isinstance(one, Row)]
    progress("identities", len(seen))
    return known, seen


def _matched(index: memory.Index, profile: Profile, weights: Weights) -> tuple[list[str], score.Verdict]:
    seen = account(profile)
    people = [index.person(number) for number in index.candidates(seen)]
    return [one.id for one in people], score.of(seen, people, index.crm, weights)


def row(identity: str, verdict: score.Verdict) -> tuple[str, str, str, str, str, str]:
    """A line of the results; the contact stands there when it is linked or proposed."""
    found = verdict.best if verdict.decision != "none" else None
    evidence = score.words(verdict.best) if verdict.best is not None else "nothing in common with any contact"
    contact = found.person.id if found is not None else ""
    return identity, contact, f"{verdict.score:.4f}", verdict.tier, verdict.decision, evidence


# --- reading -----------------------------------------------------------------------------------------


def _check(files: Files) -> None:
    for path in (files.contacts, files.identities):
        if not path.is_file():
            raise Rejected(f"There is no file {path}.")
    written = [path.resolve() for path in (files.out, files.rejected, files.candidates) if path is not None]
    if len({*written, files.contacts.resolve(), files.identities.resolve()}) != len(written) + 2:
        raise Rejected("Each file needs a name of its own: one of them would overwrite another.")
    if not files.out.resolve().parent.is_dir():
        raise Rejected(f"There is no folder {files.out.resolve().parent} to write to.")


def _index(path: Path, rejected: _Later, progress: Progress) -> memory.Index:
    from enrichment.matching import memory  # numpy loads with it, only where files are matched

    index, seen = memory.Index(), set[str]()
    for found in rows(path, CONTACT_COLUMNS):
        if not isinstance(found, Row) or (reason := _bad_contact(found, seen)):
            _refuse(rejected, path, found, reason if isinstance(found, Row) else found.reason)
            continue
        seen.add(found.get("contact_id"))
        index.add(_contact(found))
        if len(index) % (PROGRESS_EVERY * 10) == 0:
            progress("contacts", len(index))
    progress("contacts", len(index))
    index.build()
    return index


def _profiles(path: Path, rejected: _Later) -> Iterator[Profile]:
    seen: set[str] = set()
    for found in rows(path, IDENTITY_COLUMNS):
        if not isinstance(found, Row) or (reason := _bad_identity(found, seen)):
            _refuse(rejected, path, found, reason if isinstance(found, Row) else found.reason)
            continue
        seen.add(found.get("identity_id"))
        yield _profile(found)


def _refuse(rejected: _Later, path: Path, found: Row | BadRow, reason: str) -> None:
    rejected.write((path.name, found.line, reason, ",".join(found.cells)))


@dataclass(frozen=True, slots=True)
class Row:
    """A usable row: its cells by column."""

    line: int
    values: Mapping[str, str]
    cells: tuple[str, ...]

    def get(self, column: str) -> str:
        return self.values.get(column, "")


def rows(path: Path, needed: Sequence[str]) -> Iterator[Row | BadRow]:
    """Rows of a CSV file with the line each ends on; Rejected when it is none or a column is missing."""
    csv.field_size_limit(LONGEST_FIELD)
    try:
        with path.open(encoding=_encoding(path), newline="") as file:
            yield from _rows(file, path, needed)
    except UnicodeDecodeError as error:
        raise Rejected(f"{path.name} is not written in UTF-8. Save it as CSV in UTF-8 and try again.") from error
    except csv.Error as error:
        raise Rejected(f"{path.name} is no CSV file: {error}.") from error
    except OSError as error:
        raise Rejected(f"{path.name} cannot be read: {error.strerror}.") from error


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        return "utf-16" if file.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _rows(file: IO[str], path: Path, needed: Sequence[str]) -> Iterator[Row | BadRow]:
    head = file.readline()
    separator = max((",", ";", "\t"), key=head.count)
    reader = csv.reader(chain([head], (line.replace("\0", "") for line in file)), delimiter=separator)
    columns = [cell.strip().lower() for cell in next(reader, [])]
    missing = [one for one in needed if one not in columns]
    if missing:
        word = "column" if len(missing) == 1 else "columns"
        there = ", ".join(filter(None, columns)) or "nothing"
        raise Rejected(f"{path.name} lacks the {word} {', '.join(missing)}. Its first line names: {there}.")
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            reason = f"{len(cells)} cells, but the first line names {len(columns)} columns"
            yield BadRow(reader.line_num, reason, tuple(cells))
            continue
        values = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
        yield Row(reader.line_num, values, tuple(cells))


def _bad_contact(one: Row, seen: set[str]) -> str:
    if not one.get("contact_id"):
        return "no contact_id"
    if one.get("contact_id") in seen:
        return "this contact_id stood on an earlier line"
    if not any(one.get(name) for name in ("first_name", "last_name", "name", "email", "phone", "website")):
        return "no name, e-mail, phone or website: nobody can be recognised by it"
    return ""


def _bad_identity(one: Row, seen: set[str]) -> str:
    if not one.get("identity_id"):
        return "no identity_id"
    if one.get("identity_id") in seen:
        return "this identity_id stood on an earlier line"
    return ""


def _contact(one: Row) -> Contact:
    return Contact(
        id=one.get("contact_id"),
        first_name=one.get("first_name"),
        last_name=one.get("last_name"),
        name=one.get("name"),
        emails=_several(one.get("email")),
        phones=_several(one.get("phone")),
        websites=_several(one.get("website")),
        handles=tuple((platform, one.get(platform)) for platform in _MOST_HANDLES if one.get(platform)),
        company=one.get("company"),
        domain=one.get("company_domain"),
        city=one.get("city"),
        country=one.get("country"),
        locale=one.get("locale"),
    )


def _profile(one: Row) -> Profile:
    proven = one.get("link_verified").lower() in _YES
    return Profile(
        id=one.get("identity_id"),
        platform=one.get("platform").lower(),
        handle=one.get("handle"),
        name=one.get("display_name"),
        bio=one.get("bio"),
        location=one.get("location"),
        links=tuple((url, proven) for url in one.get("link").split()),
        emails=_several(one.get("email")),
        phones=_several(one.get("phone")),
        language=one.get("language"),
    )


def _several(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


# --- writing -----------------------------------------------------------------------------------------


class _Later:
    """A CSV file that appears under its name only when everything has been written."""

    def __init__(self, path: Path, columns: Sequence[str], stack: ExitStack, always: bool = False) -> None:
        self.path, self.columns, self.rows = path, columns, 0
        self._part = path.with_name(f"{path.name}.part")
        self._stack = stack
        self._file: IO[str] | None = None
        if always:
            self._open()

    def _open(self) -> IO[str]:
        try:
            self._file = self._stack.enter_context(self._part.open("w", encoding="utf-8", newline=""))
        except OSError as error:
            raise Rejected(f"{self.path} cannot be written: {error.strerror}.") from error
        self._stack.callback(self._part.unlink, missing_ok=True)
        csv.writer(self._file).writerow(self.columns)
        return self._file

    def write(self, cells: Iterable[object]) -> None:
        """Add a row."""
        csv.writer(self._file or self._open()).writerow([_sound(cell) for cell in cells])
        self.rows += 1

    def keep(self) -> None:
        """Give the file its name; one without rows that need not be there goes away, also from an earlier run."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
            return
        self._file.flush()
        os.replace(self._part, self.path)


def _sound(cell: object) -> object:
    return cell.encode("utf-8", "replace").decode() if isinstance(cell, str) else cell
