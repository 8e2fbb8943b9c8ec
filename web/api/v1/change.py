"""Changes by the API: one transaction for the deed and, with an Idempotency-Key, for what was answered.

The same request with the same key is done once and answered alike for a day; another request with that key is
refused (422), and so is one whose twin is still at work (409). What was refused may be tried again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, TypeVar

import sqlalchemy as sa
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from core import crypto, db
from web.api.v1.problem import Refused, asking
from web.models import ApiAnswer

KEPT = timedelta(hours=24)
OTHER = "Another request was sent with this Idempotency-Key."
AT_WORK = "The request with this Idempotency-Key is still at work. Send this again in a moment."

T = TypeVar("T")
_lock = threading.Lock()
_running: set[tuple[int, str]] = set()

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="A word of the caller's own for this very request: sent again within 24 hours, it is answered "
        "as the first time and nothing happens twice.",
    ),
]


class Change:
    """A request that changes something."""

    def __init__(self, token_id: int, digest: str, key: str | None) -> None:
        self._token, self._digest, self._key = token_id, digest, key

    def do(self, work: Callable[[Session], BaseModel], status: int = 200) -> Response:
        """Do it in one transaction and answer with what `work` returns: ids and states, no texts."""
        with _alone(self._token, self._key):
            return db.again(lambda: self._done(work, status))

    def asking(self, ask: Callable[[], T], work: Callable[[Session, T], BaseModel], status: int = 200) -> Response:
        """The same where another program is asked first: outside the transaction, and not when this is a repeat."""
        with _alone(self._token, self._key):
            known = self._before()
            if known is not None:
                return known
            with asking():
                said = ask()
            return db.again(lambda: self._done(lambda session: work(session, said), status))

    def _before(self) -> Response | None:
        if self._key is None:
            return None
        with db.write() as session:
            return self._known(session)

    def _done(self, work: Callable[[Session], BaseModel], status: int) -> Response:
        with db.write() as session:
            if self._key is None:
                return _answer(status, work(session).model_dump_json())
            known = self._known(session)
            if known is not None:
                return known
            body = work(session).model_dump_json()
            row = {
                "token_id": self._token, "key": self._key, "digest": self._digest, "status": status,
                "body": crypto.seal(body), "at": db.now(),
            }  # fmt: skip
            session.execute(sa.insert(db.table(ApiAnswer)), [row])
            return _answer(status, body)

    def _known(self, session: Session) -> Response | None:
        """What was answered before; old answers are thrown away."""
        a = db.table(ApiAnswer)
        _hold(session, f"{self._token} {self._key}")
        session.execute(sa.delete(a).where(a.c.at < db.now() - KEPT))
        query = sa.select(a.c.digest, a.c.status, a.c.body).where(a.c.token_id == self._token, a.c.key == self._key)
        row = session.execute(query).first()
        if row is None:
            return None
        if row.digest != self._digest:
            raise Refused(422, OTHER, "key-used")
        return _answer(row.status, crypto.unseal(row.body))


@contextmanager
def _alone(token_id: int, key: str | None) -> Iterator[None]:
    """Refused while the same key is at work in this process."""
    if key is None:
        yield
        return
    mark = (token_id, key)
    with _lock:
        if mark in _running:
            raise Refused(409, AT_WORK, "at-work")
        _running.add(mark)
    try:
        yield
    finally:
        with _lock:
            _running.discard(mark)


def _hold(session: Session, words: str) -> None:
    """Refused while the same key is at work in another process; on SQLite one writer is at work at a time anyway."""
    if db.dialect() != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big", signed=True)
    if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        raise Refused(409, AT_WORK, "at-work")


def _answer(status: int, body: str) -> Response:
    return Response(body, status, media_type="application/json")


def _change(request: Request, key: Key = None) -> Change:
    return Change(request.state.token_id, request.state.digest, key)


Changing = Annotated[Change, Depends(_change)]
