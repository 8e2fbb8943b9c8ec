"""Contacts out of a CSV file: read, mapped, checked row by row, and stored beside the CRM's records.

They are found and linked as the CRM's are, and never sent anywhere. The same file again changes nothing.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, names, outbox
from core.errors import Rejected
from enrichment import filling, index, mirror, overlap
from enrichment.crm import CrmPerson
from enrichment.models import ContactFile, CrmRecord
from enrichment.normalise import mail
from inbox.fields.kinds import Definition
from inbox.models import Identity

MOST_ROWS = 20_000
MOST_BAD = 1000
"""Bad rows that are kept with their line and reason."""

NOT_TEXT = "This file is no table in text form. Save it as CSV and choose it again."
NO_ROWS = "The file has no rows below its first line. The first line names the columns."
TOO_LONG = "The file has more than 20,000 rows. Split it."

FIELDS: Mapping[str, tuple[str, ...]] = {
    "key": ("id", "key", "number", "contactid", "customerid", "kundennummer", "nummer", "顧客番号", "番号"),
    "name": ("name", "fullname", "contact", "kontakt", "氏名", "名前", "お名前"),
    "first_name": ("firstname", "givenname", "vorname", "名"),
    "last_name": ("lastname", "surname", "familyname", "nachname", "familienname", "姓", "苗字"),
    "email": ("email", "mail", "emailaddress", "emailadresse", "メール", "メールアドレス"),
    "phone": ("phone", "telephone", "mobile", "phonenumber", "telefon", "mobil", "handy", "電話", "電話番号", "携帯"),
    "company": ("company", "account", "organisation", "organization", "firma", "unternehmen", "会社", "会社名"),
    "city": ("city", "town", "mailingcity", "ort", "stadt", "wohnort", "市区町村", "市"),
    "country": ("country", "mailingcountry", "land", "国"),
    "website": ("website", "site", "url", "homepage", "web", "webseite", "ウェブサイト", "サイト"),
    "mastodon": ("mastodon", "mastodonhandle", "fediverse"),
    "bluesky": ("bluesky", "blueskyhandle"),
    "telegram": ("telegram", "telegramhandle"),
}
"""Field → the headings it is recognised by, in their shortest form."""

PLATFORMS = ("mastodon", "bluesky", "telegram")
KANA = re.compile(r"[ぁ-ヿ]")


@dataclass(frozen=True)
class Sheet:
    """A file as a table: headings, and rows with the number of the line each begins on."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    digest: str


@dataclass(frozen=True)
class Bad:
    """A row that is left out: `empty`, `nobody`, `mail`, `twice`, or what is wrong with a custom field, as
    `field:12:` and a sentence."""

    line: int
    reason: str


@dataclass(frozen=True)
class Report:
    """What an import did."""

    id: int
    rows: int
    stored: int
    unchanged: int
    known: int
    bad: tuple[Bad, ...]


def read(data: bytes) -> Sheet:
    """The table in a file of any usual encoding and separator; Rejected when it is none."""
    words = text(data)
    head = words.splitlines()[0] if words.strip() else ""
    separator = max((",", ";", "\t"), key=head.count)
    try:
        reader = csv.reader(io.StringIO(words, newline=""), delimiter=separator)
        columns = tuple(cell.strip() for cell in next(reader, []))
        rows = tuple(_numbered(reader))
    except csv.Error as error:
        raise Rejected(NOT_TEXT) from error
    if not columns or not rows:
        raise Rejected(NO_ROWS)
    if len(rows) > MOST_ROWS:
        raise Rejected(TOO_LONG)
    return Sheet(columns, rows, hashlib.sha256(data).hexdigest())


def rejected(sheet: Sheet, bad: Sequence[Bad], say: Callable[[str], str] = str) -> str:
    """The rows that were left out as a CSV file: as they stood, behind their line and the reason in words."""
    why = {one.line: say(one.reason) for one in bad}
    made = io.StringIO(newline="")
    writer = csv.writer(made)
    writer.writerow(("line", "reason", *sheet.columns))
    writer.writerows((line, why[line], *cells) for line, cells in sheet.rows if line in why)
    return made.getvalue()


def _numbered(reader: Any) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Rows that are not blank, each with the line it begins on: a quoted cell may hold line breaks."""
    line = reader.line_num + 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield line, tuple(db.sound(cell.strip()) for cell in row)
        line = reader.line_num + 1


def text(data: bytes) -> str:
    """The file's characters: UTF-8, UTF-16 with its mark, else what Windows writes in Japan or Europe."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Rejected(NOT_TEXT) from error
    if b"\x00" in data:
        raise Rejected(NOT_TEXT)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            words = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8-sig" or KANA.search(words):
            return words
    return data.decode("cp1252", "replace")


def guess(columns: Sequence[str], fields: Mapping[str, tuple[str, ...]] = FIELDS) -> dict[str, int]:
    """Field → column, for the headings that are known."""
    plain = [re.sub(r"[\W_]", "", one.casefold()) for one in columns]
    return {
        field: next(place for place, one in enumerate(plain) if one in names)
        for field, names in fields.items()
        if any(one in names for one in plain)
    }


def known(fields: Iterable[Definition]) -> dict[str, tuple[str, ...]]:
    """FIELDS with these custom ones behind them, for `guess`."""
    return {**FIELDS, **filling.headings(fields)}


def persons(
    sheet: Sheet, mapping: Mapping[str, int], fields: Sequence[Definition] = ()
) -> tuple[list[CrmPerson], list[Bad]]:
    """Every row as a person, or why it is left out; `fields` are the custom ones that may be among the columns."""
    found: dict[str, CrmPerson] = {}
    bad: list[Bad] = []
    for line, cells in sheet.rows:
        values = {field: cells[place] for field, place in mapping.items() if place < len(cells)}
        person, reason = _person(values)
        own, wrong = filling.read(values, fields)
        if person is None or wrong:
            bad.append(Bad(line, reason or wrong))
        elif person.id in found:
            bad.append(Bad(line, "twice"))
        else:
            found[person.id] = replace(person, own=own)
    return list(found.values()), bad


def _person(values: Mapping[str, str]) -> tuple[CrmPerson | None, str]:
    given = {field: value for field, value in values.items() if value}
    if not given:
        return None, "empty"
    address = given.get("email", "")
    if address and not mail.canonical(address):
        return None, "mail"
    handles = {platform: given[platform] for platform in PLATFORMS if platform in given}
    name = given.get("name", "") or f"{given.get('first_name', '')} {given.get('last_name', '')}".strip()
    telling = [address, given.get("phone", ""), *handles.values(), given.get("website", "")]
    if not any(telling) and not (name and given.get("company")):
        return None, "nobody"
    called = given.get("name", "") or names.whole(given.get("first_name", ""), given.get("last_name", ""))
    own = given.get("key") or next((one for one in telling if one), f"{name}\n{given.get('company', '')}")
    return (
        CrmPerson(
            "csv",
            _record_id(own),
            given.get("first_name", ""),
            given.get("last_name", ""),
            called,
            emails=(address,) if address else (),
            phones=(given["phone"],) if "phone" in given else (),
            handles=handles,
            websites=(given["website"],) if "website" in given else (),
            company=given.get("company", ""),
            city=given.get("city", ""),
            country=given.get("country", ""),
        ),
        "",
    )


def _record_id(own: str) -> str:
    """The same row has the same id each time: 18 characters of its own number, or of what tells it apart."""
    digest = hashlib.sha256(own.strip().casefold().encode()).digest()
    return f"csv-{base64.b32encode(digest).decode().lower()[:14]}"


def store(
    session: Session, sheet: Sheet, mapping: Mapping[str, int], name: str, actor: str,
    fields: Sequence[Definition] = (),
) -> Report:  # fmt: skip
    """Keep the contacts, note what became of each row, and have the accounts concerned looked at again."""
    found, bad = persons(sheet, mapping, fields)
    first = session.execute(sa.select(db.table(CrmRecord).c.id).limit(1)).first() is None
    theirs = overlap.known(session, {mail.canonical(one.emails[0]) for one in found if one.emails})
    fresh = [one for one in found if not (one.emails and mail.canonical(one.emails[0]) in theirs)]
    changed: set[int] = set()
    touched: set[int] = set()
    for start in range(0, len(fresh), mirror.CHUNK):
        keys, moved = mirror.store(session, fresh[start : start + mirror.CHUNK])
        changed |= set(keys)
        wanted = {key for some in keys.values() for key in some}
        touched |= index.identities_with(session, wanted) | mirror.linked_to(session, moved)
    changed |= filling.keep(session, found, actor)
    row = ContactFile(
        name=db.sound(name)[:200], digest=sheet.digest, actor=actor, at=db.now(), rows=len(sheet.rows),
        stored=len(changed), unchanged=len(fresh) - len(changed), known=len(found) - len(fresh),
        bad=[[one.line, one.reason] for one in bad[:MOST_BAD]],
    )  # fmt: skip
    session.add(row)
    session.flush()
    if first:  # nobody was looked at while there was no record at all
        i = db.table(Identity)
        touched = set(session.scalars(sa.select(i.c.id).where(~i.c.ours)))
    outbox.emit(session, "identity.seen", [(str(one), {"identity_id": one}) for one in sorted(touched)])
    audit.record(session, actor, "contacts.imported", f"contact_file:{row.id}", {"stored": row.stored})
    return Report(row.id or 0, row.rows, row.stored, row.unchanged, row.known, tuple(bad))


def files(session: Session, limit: int = 10) -> list[ContactFile]:
    """Past imports, newest first."""
    return list(session.scalars(sa.select(ContactFile).order_by(db.table(ContactFile).c.id.desc()).limit(limit)))


def holds(session: Session) -> bool:
    """A contact came out of a file."""
    r = db.table(CrmRecord)
    query = sa.select(r.c.id).where(r.c.object == "csv", ~r.c.deleted).limit(1)
    return session.execute(query).first() is not None
