"""`/inbox/{number}/…`: what is written in a conversation and done with it; every deed is a form that works alone.

htmx gets the part of the page that changed, with a toast that takes the deed back; a plain form is led back to the
conversation, with the list as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.event import Visibility
from inbox import desk, drafts, notes, replies, sightings
from inbox.models import Message, ReplyRow
from web import actors, approval_words, approving, attaching, entries, mentions, place, render, snoozing, thread
from web import composer as composers
from web.composer import Faster
from web.entries import Page
from web.i18n import N_
from web.permissions import Forbidden, allow
from web.reader import Reader
from web.thread import Thread

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Writing = Annotated[Reader, Depends(allow("conversations.reply", "conversations.manage"))]

NO_ALTS: Mapping[int, str] = {}
SOMEBODY_ELSE = N_("Somebody else has written meanwhile: this answers %(name)s now. Look at it, and send it again.")
ALSO = 300
"""Messages of older pages that one call brings up to date."""

NO_MOMENT = N_("Choose the day and the hour at which it leaves.")
NO_RETURN = N_("Choose the day and the hour at which the conversation comes back.")


# --- reading ------------------------------------------------------------------------------------------


@router.get("/inbox/{conversation_id}/entries")
def more(
    request: Request, conversation_id: int, reader: Reading, earlier: str = "", also: str = "", many: str = ""
) -> Response:
    """The newest page of the thread, or the one before a place, a long one with `many`.

    `also` are messages of older pages shown already.
    """
    if not render.wants_part(request):
        return _whole(conversation_id, request)
    numbers = [int(one) for one in also.split(",") if one.isascii() and one.isdigit() and len(one) < 16][:ALSO]
    with db.read() as session:
        talk = thread.log(session, conversation_id, reader, request, earlier, entries.LONG if many else entries.PAGE)
        also_there = entries.some(session, conversation_id, talk.account, reader, numbers) if numbers else []
        unread = not earlier and sightings.news(session, reader.actor, talk.conversation)
    older = replace(talk, page=Page(also_there, "")) if also_there else None
    answer = render.part("parts/log.html", reader, talk=talk, older=older, begins=bool(earlier))
    if unread:
        answer.background = thread.looked(talk.conversation, reader)
    return answer


@router.get("/inbox/of/{message_id}")
def of_message(request: Request, message_id: int, reader: Reading) -> Response:
    """On to the conversation a message belongs to now; threads that hang together become one."""
    with db.read() as session:
        message = session.get(Message, message_id) if message_id < place.LARGEST else None
        if message is None:
            raise HTTPException(404)
        thread.find(session, message.conversation_id, reader)
        query = thread.kept(request)
        return render.to(f"/inbox/{message.conversation_id}{'?' + query if query else ''}#m{message_id}")


@router.get("/inbox/{conversation_id}/head")
def head(request: Request, conversation_id: int, reader: Reading) -> Response:
    """Name, state, tags and deeds."""
    if not render.wants_part(request):
        return _whole(conversation_id, request)
    with db.read() as session:
        return _head(thread.load(session, conversation_id, reader, request, whole=False), reader)


@router.get("/inbox/{conversation_id}/composer")
def box(request: Request, conversation_id: int, reader: Reading) -> Response:
    """The box to write in, with the draft that was kept."""
    if not render.wants_part(request):
        return _whole(conversation_id, request)
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        return render.part("parts/composer.html", reader, talk=talk)


def _whole(conversation_id: int, request: Request) -> Response:
    """A part that somebody opened by itself: on to the conversation."""
    query = thread.kept(request)
    return render.to(f"/inbox/{conversation_id}{'?' + query if query else ''}#conversation")


def _head(talk: Thread, reader: Reader, status: int = 200) -> Response:
    return render.part("parts/thread_head.html", reader, status, talk=talk)


# --- writing ------------------------------------------------------------------------------------------


@router.post("/inbox/{conversation_id}/reply")
def reply(
    request: Request,
    conversation_id: int,
    reader: Writing,
    text: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    key: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "",
    sure: Annotated[str, Form()] = "",
    at: Annotated[str, Form()] = "",
    when: Annotated[str, Form()] = "",
    hold: Annotated[str, Form()] = "",
    ask: Annotated[str, Form()] = "",
    close: Annotated[str, Form()] = "",
    snooze: Annotated[str, Form()] = "",
    mention: Annotated[Sequence[str], Form()] = (),
    part: Annotated[int, Form(ge=0, lt=place.LARGEST)] = 0,
    file: Annotated[Sequence[int], Form()] = (),
    alts: Annotated[Mapping[int, str], Depends(attaching.alts)] = NO_ALTS,
) -> Response:
    """Queue an answer, or add a note; the form's key makes a second click harmless.

    When somebody else was faster, nothing is sent until the form says that it shall be. `at` puts it off: a name
    that the menu offers, or `when` for the moment in that field; with `hold` it does not leave when they write again.
    Nor is anything sent when it would answer another person than `to`, since somebody else has written.
    `ask` has it approved first; with `close` the conversation is closed as the reply is queued, with `snooze` (named
    like `at`) put away until then.
    """
    more = kind == "note" or close or snooze or sure.startswith(("close", "snooze"))
    if more and not reader.may("conversations.manage"):
        raise Forbidden
    words = text.replace("\r\n", "\n")
    at = _moment(sure, "at", at, when)
    away = _moment(sure, "snooze", snooze, when)
    closes = bool(close) or sure == "close"
    attached = attaching.describe(conversation_id, reader, file, alts)
    if kind == "note":
        return _note(request, conversation_id, reader, words, mention, attached)
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request)
        talk = thread.of_part(session, talk, reader, kind, part)
    chosen = kind or talk.composer.kind
    if problem := _in_the_way(talk, attached, chosen, words, reader):
        return _unsent(request, talk, reader, words, kind, problem=problem)
    if to and to != str(talk.composer.to):
        whom = talk.composer.whom or talk.name
        return _unsent(request, talk, reader, words, kind, problem=reader.words(SOMEBODY_ELSE, name=whom))
    later = snoozing.moment(at, reader) if at else None
    until = snoozing.moment(away, reader) if away else None
    if wrong := _at_no_moment(talk, at, later, away, until):
        return _unsent(request, talk, reader, words, kind, problem=reader.words(wrong))
    queued, faster = None, None
    try:
        with db.write() as session:
            faster = (
                None if sure else composers.faster(session, conversation_id, seen, reader, text=words, key=key[:80])
            )
            if faster is None:
                visibility: Visibility | None = "private" if chosen == "private" else None
                queued = replies.queue(
                    session, conversation_id, words, author=reader.actor, visibility=visibility, send_at=later,
                    key=key[:80] or None, hold=hold == "yes", approval=approving.why(reader, ask),
                    part=talk.composer.part or None,
                    attached=attached, close=closes, snooze_until=until,
                )  # fmt: skip
                drafts.drop(session, reader.actor, conversation_id)
    except Rejected as error:
        return _unsent(request, talk, reader, words, kind, problem=reader.words(str(error)))
    if queued is None:
        return _unsent(request, talk, reader, words, kind, faster=faster, again=_again(at, away, closes))
    if queued.state == "submitted":
        return _submitted(request, talk, reader)
    return _queued(request, talk, reader, queued, later=later is not None)


def _queued(request: Request, talk: Thread, reader: Reader, queued: ReplyRow, *, later: bool) -> Response:
    """An empty box, and the way back."""
    if not render.wants_part(request):
        note = "reply-closed" if queued.closes else "reply-snoozed" if queued.snooze_until else "reply-queued"
        note = "reply-later" if later else note
        return render.to(f"{talk.to()}#r{queued.id}", note)
    said, events = reader.words(N_("Your reply leaves in a few seconds.")), ["thread"]
    if queued.closes or queued.snooze_until:
        events.append("head")
    if queued.closes:
        said = reader.words(N_("Your reply leaves in a few seconds. The conversation is closed."))
    elif queued.snooze_until:
        back = reader.moment(queued.snooze_until)
        said = reader.words(
            N_("Your reply leaves in a few seconds. Snoozed until %(moment)s, or until a new message."), moment=back
        )
    if later:
        said = reader.words(N_("Your reply leaves on %(moment)s."), moment=reader.moment(queued.send_at))
    return render.told(_fresh(request, talk.id, reader), said, "", f"/replies/{queued.id}/undo", events=events)


def _again(at: str, away: str, closes: bool) -> str:
    """What *Send anyway* does: as it was to be sent."""
    return f"at:{at}" if at else f"snooze:{away}" if away else "close" if closes else "yes"


def _moment(sure: str, name: str, chosen: str, when: str) -> str:
    """The moment of a menu, of the field beside it, or of *Send anyway*."""
    if sure.startswith(f"{name}:"):
        return sure.removeprefix(f"{name}:")
    return (when or chosen) if chosen == "when" else chosen


def _in_the_way(talk: Thread, attached: Sequence[int], kind: str, text: str, reader: Reader) -> str:
    """Why this cannot be sent in that way, in the reader's words; empty when it can."""
    if talk.composer.shut or kind not in talk.composer.kinds:
        wrong = talk.composer.shut or N_("This cannot be answered in that way here. Choose another one.")
        return reader.words(wrong)
    if long := talk.composer.too_long(kind, text):
        return attaching.said(long, reader)
    return attaching.refused(talk.id, talk.composer.carrier, attached, kind, text, reader)


def _at_no_moment(talk: Thread, at: str, later: datetime | None, away: str, until: datetime | None) -> str:
    """Why it neither leaves nor comes back at the moment that was chosen; empty when it does."""
    if away and until is None:
        return NO_RETURN
    return NO_MOMENT if at and later is None else talk.composer.too_late(later)


def _submitted(request: Request, talk: Thread, reader: Reader) -> Response:
    if not render.wants_part(request):
        return render.to(f"{talk.to()}#conversation", "reply-submitted")
    said = reader.words(approval_words.SUBMITTED)
    return render.told(_fresh(request, talk.id, reader), said, "", events=["thread"])


def _note(
    request: Request, conversation_id: int, reader: Reader, text: str, chosen: Sequence[str], attached: Sequence[int]
) -> Response:
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request)
    try:
        with db.write() as session:
            named = mentions.of(session, text, conversation_id, chosen)
            number = notes.add(
                session, conversation_id=conversation_id, author=reader.actor, text=text, mentions=named,
                attached=attached,
            )  # fmt: skip
            drafts.drop(session, reader.actor, conversation_id)
    except Rejected as error:
        return _unsent(request, talk, reader, text, "note", problem=reader.words(str(error)))
    if not render.wants_part(request):
        return render.to(f"{talk.to()}#n{number}", "note-added")
    return render.told(_fresh(request, conversation_id, reader), events=["thread"])


def _fresh(request: Request, conversation_id: int, reader: Reader) -> Response:
    """An empty box."""
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request, whole=False)
        return render.part("parts/composer.html", reader, talk=talk)


def _unsent(
    request: Request,
    talk: Thread,
    reader: Reader,
    text: str,
    kind: str,
    problem: str = "",
    faster: Faster | None = None,
    again: str = "yes",
) -> Response:
    """The box again with what was written, and why it was not sent."""
    with db.read() as session:
        made = composers.composer(
            session,
            talk.conversation,
            talk.account,
            reader,
            kind=kind,
            text=text,
            problem=problem,
            faster=faster,
            again=again,
            parts=talk.parts,
            part=talk.composer.part,
        )
        unsent = replace(talk, composer=made)
        if render.wants_part(request):
            return render.told(render.part("parts/composer.html", reader, 422, talk=unsent), events=["thread"])
        beside = thread.beside(session, unsent, reader)
    return render.page(request, reader, "conversation.html", 422, talk=unsent, **beside)


@router.post("/inbox/{conversation_id}/draft")
def draft(
    conversation_id: int,
    reader: Writing,
    text: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
) -> Response:
    """Keep what is written so far."""
    try:
        with db.write() as session:
            thread.find(session, conversation_id, reader)
            drafts.save(session, reader.actor, conversation_id, kind, text.replace("\r\n", "\n"))
    except Rejected as error:
        raise HTTPException(422) from error
    return Response(status_code=204)


# --- deeds --------------------------------------------------------------------------------------------


Deed = Callable[[Session], bool]


def do(
    request: Request, conversation_id: int, reader: Reader, deed: Deed, said: str, note: str,
    undo: str = "", values: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    """Do it, and show the head anew with a toast; what was refused is said above the thread."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
    problem, done = "", False
    try:
        with db.write() as session:
            done = deed(session)
    except Rejected as error:
        problem = reader.words(str(error))
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request)
        if render.wants_part(request):
            answer = _head(thread.refused(talk, problem), reader, 422 if problem else 200)
            back = talk.to(undo) if undo and done else ""
            return render.told(answer, "" if problem or not done else said, "ok", back, values, ["thread"])
        if not problem:
            return render.to(f"{talk.to()}#conversation", note)
        beside = thread.beside(session, talk, reader)
    again = thread.refused(talk, problem)
    return render.page(request, reader, "conversation.html", 422, talk=again, **beside)


@router.post("/inbox/{conversation_id}/assign")
def assign(request: Request, conversation_id: int, reader: Managing, assignee: Annotated[str, Form()] = "") -> Response:
    """Give the conversation to somebody who answers, or to `none`."""
    wanted = "" if assignee == "none" else assignee
    with db.read() as session:
        before = thread.find(session, conversation_id, reader).assignee
        known = dict(actors.answering(session))
    if wanted and wanted not in known:
        raise HTTPException(400)
    said = reader.words(N_("%(name)s takes care of it now."), name=known[wanted]) if wanted else ""
    return do(
        request, conversation_id, reader,
        lambda session: desk.assign(session, conversation_id, wanted, reader.actor),
        said or reader.words(N_("Nobody takes care of it now.")), "assigned",
        "assign", {"assignee": before or "none"},
    )  # fmt: skip


@router.post("/inbox/{conversation_id}/tag")
def tag(request: Request, conversation_id: int, reader: Managing, tag: Annotated[str, Form()] = "") -> Response:
    """Put a tag on."""
    said = reader.words(N_("Tag “%(tag)s” added."), tag=tag.strip())
    deed: Deed = lambda session: desk.tag(session, conversation_id, tag, reader.actor)  # noqa: E731  # one use
    return do(request, conversation_id, reader, deed, said, "saved", "untag", {"tag": tag.strip()})


@router.post("/inbox/{conversation_id}/untag")
def untag(request: Request, conversation_id: int, reader: Managing, tag: Annotated[str, Form()] = "") -> Response:
    """Take a tag off."""
    said = reader.words(N_("Tag “%(tag)s” removed."), tag=tag.strip())
    deed: Deed = lambda session: desk.untag(session, conversation_id, tag, reader.actor)  # noqa: E731  # one use
    return do(request, conversation_id, reader, deed, said, "saved", "tag", {"tag": tag.strip()})
