"""`/inbox/waiting`: replies that have not left, soonest first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response

from core import db
from core.errors import Rejected
from inbox import approvals, replies, waiting
from inbox.waiting import SHOWS, Wanted
from web import actors, approval_words, place, render, snoozing, thread
from web.permissions import allow
from web.reader import Reader

HERE = "/inbox/waiting"

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]


@router.get(HERE)
def index(request: Request, reader: Reading, show: str = "all", whose: str = "", after: str = "") -> Response:
    """All of them, or those to approve, put off, or in need of a look; `whose=mine` only one's own."""
    return _page(request, reader, show, whose, after)


@router.post("/replies/{reply_id}/put-off")
def put_off(
    request: Request,
    reply_id: int,
    reader: Replying,
    when: Annotated[str, Form()] = "",
    hold: Annotated[str, Form()] = "",
) -> Response:
    """Have a reply that waits leave at another moment."""
    row, moment = thread.of_reply(reply_id, reader), snoozing.moment(when, reader) if when else None
    if moment is None:
        return _page(request, reader, problem=approval_words.NO_MOMENT)
    try:
        with db.write() as session:
            if row.state != "queued" and (not reader.may("replies.send") or approvals.of_replies(session, [reply_id])):
                raise Rejected(approval_words.AGAIN)
            done = replies.put_off(session, reply_id, moment, reader.actor, hold=hold == "yes")
    except Rejected as error:
        return _page(request, reader, problem=str(error))
    return render.to(HERE, "reply-put-off" if done else "reply-left")


def _page(
    request: Request, reader: Reader, show: str = "all", whose: str = "", after: str = "", problem: str = ""
) -> Response:
    shown = show if show in SHOWS else "all"
    decide = shown == "approve" and reader.may("replies.approve") and whose != "mine"
    wanted = Wanted(shown, reader.actor if whose == "mine" else "", decide)
    with db.read() as session:
        rows = waiting.page(session, reader.sight, wanted, place.read(after), waiting.PAGE + 1)
        names = actors.names(session, {one.reply.author for one in rows})
        number = approvals.to_decide(session, reader.sight) if reader.may("replies.approve") else 0
    last = rows[waiting.PAGE - 1].reply if len(rows) > waiting.PAGE else None
    more = render.query(show=shown, whose=whose, after=place.mark(last.send_at, last.id)) if last else ""
    return render.page(
        request, reader, "waiting.html", 422 if problem else 200, rows=rows[: waiting.PAGE], show=shown,
        mine=whose == "mine", number=number, shows=approval_words.SHOWS, whys=approval_words.WHY,
        more=f"{HERE}{more}" if more else "", problem=reader.words(problem) if problem else "",
        authors={one.reply.author: actors.named(one.reply.author, names, reader) for one in rows},
    )  # fmt: skip
