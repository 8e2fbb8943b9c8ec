"""`/replies/{number}/…`: what happens to a reply on its way: taken back, hurried, put off, sent again, decided about.

htmx gets a toast and the sign to draw the thread anew; a decision that is refused comes back as its card, with what was
typed and what is in the way.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import approvals, attachments, declared, drafts, replies
from inbox.approvals import Decision
from inbox.models import ReplyRow
from web import approval_words, entries, render, thread
from web.entries import Page
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Approving = Annotated[Reader, Depends(allow("replies.approve"))]


@router.post("/replies/{reply_id}/undo")
def undo(request: Request, reply_id: int, reader: Replying) -> Response:
    """Take a reply back while it waits; its text and files are the draft again."""
    row = thread.of_reply(reply_id, reader)
    conversation_id = row.conversation_id
    with db.write() as session:
        asked = approvals.take_back(session, reply_id, reader.actor)
        done = asked or replies.undo(session, reply_id, reader.actor)
        if done and not asked:
            _restore(session, row, reader)
    if asked and render.wants_part(request):
        said = reader.words(approval_words.UNAPPROVED)
        return render.told(Response(status_code=204), said, "ok", events=["thread"])
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#conversation", "reply-undone" if done else "reply-left")
    said = N_("Your reply was taken back. Nothing was sent.") if done else N_("Too late: your reply had left already.")
    events = ["thread", "head", "composer"] if done else ["thread"]
    return render.told(Response(status_code=204), reader.words(said), "ok" if done else "err", events=events)


def _restore(session: Session, row: ReplyRow, reader: Reader) -> None:
    begun = drafts.of(session, reader.actor, row.conversation_id)
    kind = "private" if row.visibility == "private" else "public"
    both = f"{row.text}\n\n{begun.text}" if begun is not None else row.text
    drafts.save(session, reader.actor, row.conversation_id, kind, both[: drafts.LIMIT])
    attachments.back(session, row.id or 0, reader.actor)


@router.post("/replies/{reply_id}/recall")
def recall(request: Request, reply_id: int, reader: Replying) -> Response:
    """Its author takes a reply back that waits for approval; its text is the draft again."""
    row = thread.of_reply(reply_id, reader)
    with db.write() as session:
        done = approvals.recall(session, reply_id, reader.actor)
        if done:
            _restore(session, row, reader)
    if not render.wants_part(request):
        return render.to(f"/inbox/{row.conversation_id}#conversation", "reply-undone" if done else "reply-decided")
    said = reader.words(approval_words.RECALLED if done else approval_words.DECIDED)
    events = ["thread", "composer"] if done else ["thread"]
    return render.told(Response(status_code=204), said, "ok" if done else "err", events=events)


@router.post("/replies/{reply_id}/now")
def send_now(request: Request, reply_id: int, reader: Replying) -> Response:
    """Send a reply at once that waits for its moment."""
    conversation_id = thread.of_reply(reply_id, reader).conversation_id
    with db.write() as session:
        done = replies.send_now(session, reply_id, reader.actor)
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#r{reply_id}", "reply-queued" if done else "reply-left")
    said = N_("The reply leaves now.") if done else N_("Too late: your reply had left already.")
    return render.told(Response(status_code=204), reader.words(said), "" if done else "err", events=["thread"])


@router.post("/replies/{reply_id}/retry")
def retry(request: Request, reply_id: int, reader: Replying) -> Response:
    """Send a failed or unclear reply again."""
    conversation_id = thread.of_reply(reply_id, reader).conversation_id
    with db.write() as session:
        done = approvals.again(session, reply_id, reader.actor, free=reader.may("replies.send"))
    if done == "submitted":
        if not render.wants_part(request):
            return render.to(f"/inbox/{conversation_id}#r{reply_id}", "reply-submitted")
        said = reader.words(approval_words.SUBMITTED)
        return render.told(Response(status_code=204), said, "", events=["thread"])
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#r{reply_id}", "reply-retried" if done else "reply-left")
    said = N_("The reply is being sent again.") if done else N_("Too late: your reply had left already.")
    return render.told(Response(status_code=204), reader.words(said), "" if done else "err", events=["thread"])


@router.post("/replies/{reply_id}/arrived")
def arrived(request: Request, reply_id: int, reader: Replying) -> Response:
    """Say that an unclear reply did arrive."""
    conversation_id = thread.of_reply(reply_id, reader).conversation_id
    with db.write() as session:
        done = declared.arrived(session, reply_id, reader.actor)
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#conversation", "reply-arrived" if done else "reply-clear")
    said = N_("The reply counts as sent.") if done else N_("That is not unclear any more.")
    undo = f"/replies/{reply_id}/unclear" if done else ""
    events = ["thread", "head"]
    return render.told(Response(status_code=204), reader.words(said), "ok" if done else "err", undo, events=events)


@router.post("/replies/{reply_id}/unclear")
def unclear(request: Request, reply_id: int, reader: Replying) -> Response:
    """Take back that a reply did arrive."""
    conversation_id = thread.of_reply(reply_id, reader).conversation_id
    with db.write() as session:
        done = declared.unclear_again(session, reply_id, reader.actor)
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#r{reply_id}", "reply-unclear" if done else "reply-clear")
    said = N_("It is unclear again whether the reply arrived.") if done else N_("That is not unclear any more.")
    events = ["thread", "head"]
    return render.told(Response(status_code=204), reader.words(said), "ok" if done else "err", events=events)


# --- deciding -------------------------------------------------------------------------------------------


@router.post("/replies/{reply_id}/approve")
def approve(
    request: Request,
    reply_id: int,
    reader: Approving,
    text: Annotated[str | None, Form()] = None,
    seen: Annotated[str, Form()] = "",
    now: Annotated[str, Form()] = "",
) -> Response:
    """Approve a reply, as it is or with other words; it leaves like any other."""
    thread.of_reply(reply_id, reader)
    words = text.replace("\r\n", "\n") if text is not None else None
    decision = Decision(words, seen[:40], now=now == "yes")
    try:
        with db.write() as session:
            done = approvals.approve(session, reply_id, reader.actor, decision)
    except Rejected as error:
        return _refused(request, reply_id, reader, str(error), typed=words)
    row = thread.of_reply(reply_id, reader)
    said = reader.words(approval_words.APPROVED)
    if reader.ahead(row.send_at):
        said = reader.words(approval_words.APPROVED_LATER, moment=reader.moment(row.send_at))
    return _decided(request, row, reader, said if done else "", "reply-approved")


@router.post("/replies/{reply_id}/reject")
def reject(request: Request, reply_id: int, reader: Approving, reason: Annotated[str, Form()] = "") -> Response:
    """Say no, and why."""
    row = thread.of_reply(reply_id, reader)
    try:
        with db.write() as session:
            done = approvals.reject(session, reply_id, reader.actor, reason.replace("\r\n", "\n"))
    except Rejected as error:
        return _refused(request, reply_id, reader, str(error), reason=reason)
    return _decided(request, row, reader, reader.words(approval_words.REJECTED) if done else "", "reply-rejected")


def _decided(request: Request, row: ReplyRow, reader: Reader, said: str, note: str) -> Response:
    if not render.wants_part(request):
        return render.to(f"/inbox/{row.conversation_id}#conversation", note if said else "reply-decided")
    words = said or reader.words(approval_words.DECIDED)
    return render.told(Response(status_code=204), words, "ok" if said else "err", events=["thread"])


def _refused(
    request: Request, reply_id: int, reader: Reader, problem: str, typed: str | None = None, reason: str = ""
) -> Response:
    """The card anew, with what was typed and why it was not done."""
    row = thread.of_reply(reply_id, reader)
    said: dict[str, Any] = {"problem": reader.words(problem), "typed": typed, "reason": reason}
    with db.read() as session:
        talk = thread.load(session, row.conversation_id, reader, request)
        shown = [
            one._replace(card=replace(one.card, **said)) if one.card is not None and one.key == f"r{reply_id}" else one
            for one in talk.page.entries
        ]
        if not render.wants_part(request):
            again = replace(talk, page=Page(shown, talk.page.earlier))
            beside = thread.beside(session, again, reader)
            return render.page(request, reader, "conversation.html", 422, talk=again, **beside)
    alone = [_alone(one) for one in shown if one.key == f"r{reply_id}"]
    answer = render.part("parts/entries.html", reader, 422, talk=replace(talk, page=Page(alone, "")))
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = f"#r{reply_id}", "outerHTML"
    return answer


def _alone(entry: entries.Entry) -> entries.Entry:
    """Without the lines that stand before it."""
    return entry._replace(new_day=False, turns_private=False, turns_public=False)
