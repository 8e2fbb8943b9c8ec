"""`/dead`: what got stuck: letters given up, subscribers paused, items nobody could read."""

from __future__ import annotations

import json
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import audit, backlog, db
from core.topics import SUBSCRIBERS
from inbox.models import BadItem, Delivery
from web import render
from web.permissions import allow
from web.reader import Reader

MOST = 100

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("dead.read"))]
Managing = Annotated[Reader, Depends(allow("dead.manage"))]


@router.get("/dead")
def index(request: Request, reader: Reading) -> Response:
    """Everything that waits for a person."""
    b, d = db.table(BadItem), db.table(Delivery)
    with db.read() as session:
        letters = [
            {"row": row, "payload": json.dumps(row.payload, indent=1, ensure_ascii=False)}
            for row in backlog.dead_letters(session, MOST)
        ]
        items = list(session.scalars(sa.select(BadItem).order_by(b.c.id.desc()).limit(MOST)))
        deliveries = list(
            session.scalars(sa.select(Delivery).where(d.c.error != "").order_by(d.c.id.desc()).limit(MOST))
        )
    standing = backlog.overview()
    return render.page(
        request,
        reader,
        "dead.html",
        letters=letters,
        items=items,
        deliveries=deliveries,
        paused=[one for one in standing if one.paused],
        waiting=sum(one.due + one.leased + one.later for one in standing),
        most=MOST,
    )


@router.post("/dead/{row_id}/retry")
def retry(row_id: int, reader: Managing) -> Response:
    """Give one letter another run."""
    with db.write() as session:
        _dead(backlog.retry_dead(session, [row_id]))
        audit.record(session, reader.actor, "outbox.retried", f"outbox:{row_id}")
    return render.to("/dead", "dead-retried")


@router.post("/dead/{row_id}/drop")
def drop(row_id: int, reader: Managing) -> Response:
    """Remove one letter for good."""
    with db.write() as session:
        _dead(backlog.drop_dead(session, [row_id]))
        audit.record(session, reader.actor, "outbox.dropped", f"outbox:{row_id}")
    return render.to("/dead", "dead-dropped")


@router.post("/dead/resume")
def resume(reader: Managing, subscriber: Annotated[str, Form()]) -> Response:
    """Let a paused subscriber go on."""
    if subscriber not in SUBSCRIBERS:
        raise HTTPException(400)
    with db.write() as session:
        backlog.resume(session, subscriber)
        audit.record(session, reader.actor, "subscriber.resumed", f"subscriber:{subscriber}")
    return render.to("/dead", "resumed")


@router.post("/dead/items/{item_id}/drop")
def drop_item(item_id: int, reader: Managing) -> Response:
    """Remove an unreadable item for good."""
    b = db.table(BadItem)
    with db.write() as session:
        result = session.execute(sa.delete(b).where(b.c.id == item_id))
        _dead(result.rowcount)  # type: ignore[attr-defined]  # a cursor result
        audit.record(session, reader.actor, "bad_item.dropped", f"bad_item:{item_id}")
    return render.to("/dead", "dead-dropped")


def _dead(count: int) -> None:
    if not count:
        raise HTTPException(404)
