"""`/settings/stuck`: letters given up, subscribers paused, items nobody could read; trying again and dropping."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import audit, backlog, db
from core.topics import SUBSCRIBERS
from inbox import unreadable
from web import render
from web.permissions import allow
from web.reader import Reader

SHOWN = 20
"""Letters shown of each subscriber."""
MOST = 100
"""Items and deliveries shown."""

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("dead.read"))]
Managing = Annotated[Reader, Depends(allow("dead.manage"))]


@dataclass(frozen=True)
class Letter:
    """One piece of work that was given up; `payload` is its JSON as text."""

    id: int
    topic: str
    key: str
    reason: str
    payload: str


@dataclass(frozen=True)
class Pile:
    """What one subscriber could not do: `dead` letters in all, the newest of them, and why it is paused."""

    subscriber: str
    dead: int
    letters: list[Letter]
    paused: str
    waiting: int


@router.get("/settings/stuck")
def index(request: Request, reader: Reading) -> Response:
    """Everything that waits for a person, by who should have done it."""
    standing = backlog.overview()
    with db.read() as session:
        piles = [
            Pile(one.subscriber, one.dead, _letters(session, one), one.paused, one.due + one.leased + one.later)
            for one in standing
            if one.dead or one.paused
        ]
        items, deliveries = unreadable.items(session, MOST), unreadable.deliveries(session, MOST)
    piles.sort(key=lambda one: not one.paused)
    waiting = sum(one.due + one.leased + one.later for one in standing)
    return render.page(
        request, reader, "dead.html", piles=piles, items=items, deliveries=deliveries, waiting=waiting, most=MOST
    )


def _letters(session: Session, one: backlog.Backlog) -> list[Letter]:
    return [
        Letter(row.id or 0, row.topic, row.key, row.reason, json.dumps(row.payload, indent=1, ensure_ascii=False))
        for row in (backlog.dead_letters(session, SHOWN, one.subscriber) if one.dead else ())
    ]


@router.post("/settings/stuck/{row_id}/retry")
def retry(row_id: int, reader: Managing) -> Response:
    """Give one letter another run."""
    with db.write() as session:
        _dead(backlog.retry_dead(session, [row_id]))
        audit.record(session, reader.actor, "outbox.retried", f"outbox:{row_id}")
    return render.to("/settings/stuck", "dead-retried")


@router.post("/settings/stuck/{row_id}/drop")
def drop(row_id: int, reader: Managing) -> Response:
    """Remove one letter for good."""
    with db.write() as session:
        _dead(backlog.drop_dead(session, [row_id]))
        audit.record(session, reader.actor, "outbox.dropped", f"outbox:{row_id}")
    return render.to("/settings/stuck", "dead-dropped")


@router.post("/settings/stuck/all")
def everything(reader: Managing, subscriber: Annotated[str, Form()], what: Annotated[str, Form()]) -> Response:
    """Give every letter of a subscriber another run, or drop them all."""
    if subscriber not in SUBSCRIBERS or what not in ("retry", "drop"):
        raise HTTPException(400)
    with db.write() as session:
        backlog.clear(session, subscriber, reader.actor, again=what == "retry")
    return render.to("/settings/stuck", "dead-retried" if what == "retry" else "dead-dropped")


@router.post("/settings/stuck/resume")
def resume(reader: Managing, subscriber: Annotated[str, Form()]) -> Response:
    """Let a paused subscriber go on."""
    if subscriber not in SUBSCRIBERS:
        raise HTTPException(400)
    with db.write() as session:
        backlog.resume(session, subscriber)
        audit.record(session, reader.actor, "subscriber.resumed", f"subscriber:{subscriber}")
    return render.to("/settings/stuck", "resumed")


@router.post("/settings/stuck/items/{item_id}/drop")
def drop_item(item_id: int, reader: Managing) -> Response:
    """Remove an unreadable item for good."""
    with db.write() as session:
        _dead(unreadable.drop(session, item_id, reader.actor))
    return render.to("/settings/stuck", "dead-dropped")


def _dead(count: int) -> None:
    if not count:
        raise HTTPException(404)
