"""Contents on disk, under the name of their own digest: written once, readable by this user alone, gone when unused.

The row of a content is its lock: who stores it and who throws it away wait for each other there.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from core.outbox import DONE, Item, Outcome
from core.settings import settings
from inbox.file_models import Attached, StoredFile

TOPIC = "file.unused"
Content = bytes | mmap
"""A content in memory, or one that lies in a file and is read from there."""


def path(digest: str) -> Path:
    """Where a content lies."""
    return settings().data_dir / "files" / digest[:2] / digest


@contextmanager
def mapped(file: IO[bytes]) -> Iterator[Content]:
    """What was written to a temporary file, however large, without having it in memory."""
    number = file.fileno()  # before the flush: a small one has not been on the disk yet
    file.flush()
    if not os.fstat(number).st_size:
        yield b""
        return
    with mmap(number, 0, access=ACCESS_READ) as found:
        yield found


def store(session: Session, data: Content) -> str:
    """Keep a content; its digest. The caller attaches it in the same transaction."""
    digest = hashlib.sha256(data).hexdigest()
    row = {"digest": digest, "size": len(data), "at": db.now()}
    insert = db.upsert(StoredFile)
    session.execute(insert.on_conflict_do_update(index_elements=["digest"], set_={"at": insert.excluded.at}), row)
    place = path(digest)
    if not place.exists():
        _write(place, data)
    return digest


def _write(place: Path, data: Content) -> None:
    """Whole or not at all."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def unused(session: Session, digests: Iterable[str]) -> None:
    """These may be attached nowhere any more: they are looked at, and thrown away, from the outbox."""
    outbox.emit(session, TOPIC, [(digest, {"digest": digest}) for digest in sorted(set(digests))])


def sweep(items: list[Item]) -> Outcome:
    """Handler of `file.unused`: throw away what is attached nowhere; a content in use stays."""
    for item in items:
        digest = str(item.payload["digest"])
        f, a = db.table(StoredFile), db.table(Attached)
        with db.write() as session:
            used = sa.select(a.c.id).where(a.c.digest == digest).exists()
            gone = session.execute(sa.delete(f).where(f.c.digest == digest, ~used).returning(f.c.digest)).first()
            if gone is not None:
                path(digest).unlink(
                    missing_ok=True
                )  # before the commit: cut off between, the row is there to try again
    return DONE
