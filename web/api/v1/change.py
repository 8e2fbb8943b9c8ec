"""Changes by the API: one transaction for the deed and, with an Idempotency-Key, for what was answered.

A deed on many takes one transaction for each of them, and what was done so far is kept in the same one.

The same request with the same key is done once and answered alike for a day; another request with that key is
refused (422), and so is one whose twin is still at work (409). What was refused may be tried again.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
from fastapi import Depends, Header, Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from core import crypto, db
from web.api.v1.problem import Refused, asking
from web.models import ApiAnswer

KEPT = timedelta(hours=24)
GOES_ON = 102
"""The status of an answer that is not whole yet."""
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

    def each(
        self,
        numbers: Sequence[int],
        check: Callable[[Session], None],
        work: Callable[[Session, int], BaseModel],
    ) -> Response:
        """Do it to one after the other, each in a transaction of its own, and answer with all as `items`.

        `check` refuses the whole before the first. A repeat after a crash goes on behind the last one that was done.
        """
        with _alone(self._token, self._key):
            said: list[Any] = []
            while len(said) < len(numbers):
                before = said
                said = db.again(lambda: self._next(before, numbers, check, work))  # noqa: B023  # called at once
            return _answer(200, json.dumps({"items": said}))

    def _next(
        self,
        said: list[Any],
        numbers: Sequence[int],
        check: Callable[[Session], None],
        work: Callable[[Session, int], BaseModel],
    ) -> list[Any]:
        """What is answered after one more, or by a twin that was faster."""
        with db.write() as session:
            kept = self._kept(session, wait=bool(said)) if self._key is not None else None
            if kept is not None:
                said = json.loads(crypto.unseal(kept.body))["items"]
                if len(said) == len(numbers):
                    return said
            if not said:
                check(session)
            said = [*said, work(session, numbers[len(said)]).model_dump(mode="json")]
            if self._key is not None:
                whole = len(said) == len(numbers)
                self._keep(session, 200 if whole else GOES_ON, json.dumps({"items": said}))
            return said

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
            self._keep(session, status, body)
            return _answer(status, body)

    def _keep(self, session: Session, status: int, body: str) -> None:
        same = {"token_id": self._token, "key": self._key, "digest": self._digest}
        now = {"status": status, "body": crypto.seal(body), "at": db.now()}
        put = db.upsert(ApiAnswer).values({**same, **now})
        session.execute(put.on_conflict_do_update(index_elements=["token_id", "key"], set_=now))

    def _known(self, session: Session) -> Response | None:
        """What was answered before."""
        row = self._kept(session)
        return None if row is None else _answer(row.status, crypto.unseal(row.body))

    def _kept(self, session: Session, *, wait: bool = False) -> Any:
        """The row of what was answered before; old answers are thrown away."""
        a = db.table(ApiAnswer)
        _hold(session, f"{self._token} {self._key}", wait=wait)
        session.execute(sa.delete(a).where(a.c.at < db.now() - KEPT))
        query = sa.select(a.c.digest, a.c.status, a.c.body).where(a.c.token_id == self._token, a.c.key == self._key)
        row = session.execute(query).first()
        if row is not None and row.digest != self._digest:
            raise Refused(422, OTHER, "key-used")
        return row


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


def _hold(session: Session, words: str, *, wait: bool = False) -> None:
    """Refused, or waiting, while the same key is at work in another process; on SQLite there is one writer anyway."""
    if db.dialect() != "postgresql":
        return
    number = int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big", signed=True)
    if wait:
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
    elif not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        raise Refused(409, AT_WORK, "at-work")


def _answer(status: int, body: str) -> Response:
    return Response(body, status, media_type="application/json")


def _change(request: Request, key: Key = None) -> Change:
    return Change(request.state.token_id, request.state.digest, key)


Changing = Annotated[Change, Depends(_change)]
