"""The copy as a file: a ZIP with everything as JSON, a page to be read and printed, and the files that were sent."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import sqlalchemy as sa
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import erasure, files
from inbox.file_models import Attached
from web import i18n
from web.handout import page, parts
from web.handout.parts import Reach
from web.i18n import N_
from web.reader import Reader

FORMAT = "widerhall-person/1"
PART = 256 * 1024
"""Bytes that are sent at a time."""
IN_MEMORY = 4_000_000
PORTION = 500
COLLEAGUE = "colleague"
NOT_ALL = N_(
    "Your role does not see every conversation, so the copy would lack some. Ask somebody whose role sees them all."
)
REFUSALS = (NOT_ALL,)


@dataclass(frozen=True, slots=True)
class Copy:
    """A file that is ready to be sent; whoever reads it to its end closes it."""

    name: str
    file: IO[bytes]

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, once."""
        with self.file:
            while some := self.file.read(PART):
                yield some


def make(person: str, reader: Reader, language: str = "") -> Copy:
    """Everything about `identity:12` or `contact:01J…`, read to in a language; noted in the audit trail.

    Rejected for nobody, and for a reader who does not see every conversation.
    """
    if not (reader.sight.whole and reader.may("messages.read")):
        raise Rejected(NOT_ALL)
    told = replace(reader, language=language) if language in i18n.LANGUAGES else reader
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # who sends it closes it
    try:
        with db.read() as session:
            identity_ids, contact_ids = erasure.reach(session, person)
            reached = parts.reach(identity_ids, contact_ids)
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as box:
                whole = page.summary(session, identity_ids, contact_ids, told)
                counts = _data(session, box, person, reached, whole, told)
                page.write(session, box, reached, whole, counts, told)
                _files(session, box, reached)
        with db.write() as session:
            detail = {"messages": counts["message"], "language": told.language}
            audit.record(session, reader.actor, "person.copied", person, detail)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return Copy(f"{person.replace(':', '-')}.zip", file)


def sent(made: Copy) -> StreamingResponse:
    """A copy on its way, kept by nobody in between."""
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "private, no-store"}
    return StreamingResponse(made.chunks(), media_type="application/zip", headers=headers)


def _data(
    session: Session, box: zipfile.ZipFile, person: str, reached: Reach,
    whole: page.Summary, reader: Reader,
) -> dict[str, int]:  # fmt: skip
    """`data.json`, row by row; returns how many there are of each part."""
    counts: dict[str, int] = {}
    head = {
        "format": FORMAT, "person": person, "made_at": db.now(), "language": reader.language, **whole.plain(),
        "left_out": dict(sorted(parts.LEFT_OUT.items())),
    }  # fmt: skip
    with box.open("data.json", "w", force_zip64=True) as out:
        out.write(_json(head)[:-1] + b', "parts": {')
        for place, part in enumerate(parts.PARTS):
            out.write((", " if place else "").encode() + _json(part.name) + b": [")
            number = 0
            for row in session.execute(parts.rows(part, reached), execution_options={"yield_per": PORTION}).mappings():
                out.write((b",\n" if number else b"\n") + _json({name: plain(value) for name, value in row.items()}))
                number += 1
            counts[part.name] = number
            out.write(b"]")
        out.write(b"}}\n")
    return counts


def plain(value: Any) -> Any:
    """A value as it is handed out: of the people who work here only that it was one of them."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and value.startswith("user:") and value[5:].isdecimal():
        return COLLEAGUE
    if isinstance(value, str) and value.startswith("typed:"):
        return f"typed:{COLLEAGUE}"
    return value


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_written).encode(errors="replace")


def _written(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value.hex()


def _files(session: Session, box: zipfile.ZipFile, reached: Reach) -> None:
    """Files of the conversations, under the number that `attached` has in data.json."""
    a = db.table(Attached)
    own = sa.or_(
        a.c.conversation_id.in_(reached["conversations"]), a.c.reply_id.in_(reached["replies"]),
        a.c.message_id.in_(reached["written"]),
    )  # fmt: skip
    for row in session.execute(sa.select(a.c.id, a.c.name, a.c.digest).where(own).order_by(a.c.id)):
        place = files.path(row.digest)
        if place.exists():
            name = "".join(one if one.isalnum() or one in "-_. " else "_" for one in row.name)[-80:]
            box.write(place, f"files/{row.id}-{name}")
