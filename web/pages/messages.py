"""`/`: what arrives, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse

from core import db
from inbox import accounts
from inbox.models import Account
from inbox.states import STATES
from web import live, render, rows
from web.permissions import allow
from web.reader import Reader

FRAGMENTS = 50
"""Rows fetched at once after live events."""

router = APIRouter()


def wanted(
    reader: Annotated[Reader, Depends(allow("messages.read"))],
    q: str = "",
    account: str = "",
    platform: str = "",
    state: str = "",
) -> rows.Filter:
    """The filter in the address, within what the reader may see."""
    number = int(account) if account.isascii() and account.isdigit() and len(account) < 16 else 0
    return rows.Filter(q.strip()[:200], number, platform[:40], state[:20], reader.may("messages.private"))


@router.get("/")
def index(
    request: Request,
    reader: Annotated[Reader, Depends(allow("messages.read"))],
    filters: Annotated[rows.Filter, Depends(wanted)],
    before: str = "",
) -> Response:
    """The list."""
    start = rows.place(before)
    position = live.position()  # before the rows are read: what comes later comes as an event
    with db.read() as session:
        found = rows.page(session, filters, start)
        known = accounts.all_accounts(session)
        anything = bool(found) or rows.anything(session)
    shown = found[: rows.PAGE]
    return render.page(
        request,
        reader,
        "messages.html",
        rows=shown,
        older=shown[-1].place if len(found) > rows.PAGE else "",
        first_page=start is None,
        filters=filters,
        accounts=[one for one in known if one.state != "removed" or one.id == filters.account],
        platforms=sorted({one.platform for one in known}),
        states=STATES,
        connected=any(one.state != "removed" for one in known),
        troubled=_troubled(known),
        anything=anything,
        position=position,
    )


def _troubled(known: Sequence[Account]) -> list[Account]:
    return [one for one in known if one.state == "auth_expired" or (one.state == "active" and one.error)]


@router.get("/fragments/messages")
def fragments(
    reader: Annotated[Reader, Depends(allow("messages.read"))],
    filters: Annotated[rows.Filter, Depends(wanted)],
    ids: str = "",
) -> Response:
    """Rows of these messages that fit the filter, for a page that is open already."""
    numbers = [int(one) for one in ids.split(",") if one.isascii() and one.isdigit() and len(one) < 16]
    with db.read() as session:
        found = rows.some(session, filters, numbers[:FRAGMENTS])
    return HTMLResponse(render.text("parts/rows.html", reader, rows=found))
