"""`/inbox`: the list of conversations, and with a number the open one and its person beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from core import db
from inbox import sightings
from web import firststeps, inbox_list, inbox_query, render, shell, thread
from web.inbox_query import Asked
from web.permissions import allow
from web.reader import Reader

AT_ONCE = 50
"""Rows fetched by their numbers after live events."""

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]
Wanted = Annotated[Asked, Depends(inbox_query.asked)]


@router.get("/")
def home(reader: Annotated[Reader, Depends(allow("self"))]) -> Response:
    """To the inbox, or the first page the role opens; in a hub without an account, who can connect one begins there."""
    with db.read() as session:
        empty = reader.may("accounts.manage") and firststeps.needed(session)
    return render.to("/start" if empty else shell.first(reader))


@router.get("/inbox")
def index(request: Request, reader: Reading, asked: Wanted, before: str = "") -> Response:
    """The list."""
    position = render.position(request)  # before the rows are read: what comes later comes as an event
    with db.read() as session:
        pane = inbox_list.pane(session, asked, reader, before=before)
    return _shown(request, reader, pane, position)


@router.get("/inbox/more")
def more(
    reader: Reading, asked: Wanted, before: str = "", above: str = "", count: int = 0, current: int = 0
) -> Response:
    """Rows after a place, or right above one, and nothing else: while somebody scrolls."""
    with db.read() as session:
        values = inbox_list.more(
            session, asked, reader, before=before, above=above, count=max(count, 0), current=current
        )
    return render.part("parts/inbox_more.html", reader, **values)


@router.get("/inbox/rows")
def rows(reader: Reading, asked: Wanted, ids: str = "", count: int = 0, current: int = 0, before: str = "") -> Response:
    """Rows of these conversations that stand in the list, or so many after a place, with counts and volume."""
    numbers = [int(one) for one in ids.split(",") if one.isascii() and one.isdigit() and len(one) < 16]
    with db.read() as session:
        if count > 0:
            pane = inbox_list.pane(session, asked, reader, current=current, before=before, rows=count)
            values = {**_rows_of(pane), "views": pane.views}
        else:
            values = inbox_list.few(session, asked, reader, numbers[:AT_ONCE], current)
            values |= {"older": "", "base": "/inbox", "current": current}
        values["volume"] = inbox_list.bars(session, asked, reader)
    return render.part("parts/inbox_few.html", reader, **values)


@router.get("/inbox/volume")
def volume(request: Request, reader: Reading, asked: Wanted) -> Response:
    """What came in on each account, in the period of the bars above the list, for the menu."""
    if not render.wants_part(request):
        return render.to(f"/inbox{asked.query()}")
    with db.read() as session:
        found = inbox_list.shares(session, asked, reader, counted=True)
    return render.part("parts/inbox_shares.html", reader, shares=found, asked=asked, base="/inbox", counted=True)


@router.get("/inbox/views")
def kept(request: Request, reader: Reading, asked: Wanted) -> Response:
    """The kept views with their numbers, for the menu."""
    if not render.wants_part(request):
        return render.to(f"/inbox{asked.query()}")
    with db.read() as session:
        found = inbox_list.kept(session, asked, reader, counted=True)
    return render.part("parts/inbox_kept.html", reader, kept=found, base="/inbox", counted=True)


@router.get("/inbox/{conversation_id}")
def show(request: Request, conversation_id: int, reader: Reading, asked: Wanted, before: str = "") -> Response:
    """The list with a conversation open beside it; asked for as a part, the conversation and its person alone."""
    position, alone = render.position(request), _part_of(request, "list") or _part_of(request, "older")
    pane, talk = None, {}
    with db.read() as session:
        row = thread.row(session, conversation_id)
        parent = thread.goes_on_in(session, row, reader)
        if parent:
            return render.to(f"/inbox/{parent}{asked.query()}#conversation")
        conversation = thread.allowed(session, row, reader)
        unread = sightings.unread(session, reader.actor, conversation)
        if not _part_of(request, "conversation"):
            pane = inbox_list.pane(session, asked, reader, current=conversation_id, before=before)
        if not alone:
            talk = thread.context(session, conversation, reader, request)
    if pane is None:
        answer = render.part("parts/inbox_open.html", reader, position=position, asked=asked, **talk)
    else:
        answer = _shown(request, reader, pane, position, talk)
    if unread and not alone:
        answer.background = thread.looked(conversation, reader)
    return answer


def _part_of(request: Request, target: str) -> bool:
    return render.wants_part(request) and request.headers.get("hx-target") == target


def _rows_of(pane: inbox_list.Pane) -> dict[str, Any]:
    names: Sequence[str] = ("asked", "rows", "older", "names", "current", "base", "first")
    return {name: getattr(pane, name) for name in names}


def _shown(
    request: Request, reader: Reader, pane: inbox_list.Pane, position: str, talk: dict[str, Any] | None = None
) -> Response:
    values: dict[str, Any] = {
        "pane": pane,
        "names_of": inbox_query.NAMES,
        "density": request.cookies.get("density", ""),
        "position": position,
    }
    if _part_of(request, "older"):
        return render.part("parts/inbox_rows.html", reader, **_rows_of(pane))
    if _part_of(request, "list"):
        return render.part("parts/inbox_list.html", reader, **values)
    if talk and request.query_params.get("note") == "split-off":
        values["undo"] = f"/inbox/{talk['talk'].id}/split-back"
    return render.page(request, reader, "inbox.html", **values, **(talk or {}))
