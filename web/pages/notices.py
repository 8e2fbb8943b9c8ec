"""`/notifications`: what one is told, read and unread; `/settings/me/notifications`: how one wants to be told."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from core import db, mail
from core.errors import Rejected, TryLater
from core.push import checked
from inbox import notices, visibility
from inbox.notice_models import Notification, NotificationChoice
from web import render
from web.api import limit
from web.i18n import N_
from web.notices import clock, listing, push, words
from web.permissions import allow
from web.place import LARGEST
from web.reader import Reader

HERE = "/notifications"
SETTINGS = "/settings/me/notifications"
PAGE = 50
NO_TIME = N_("Write times like 18:30.")
HALF_QUIET = N_("Quiet hours have a beginning and an end.")

router = APIRouter()

Myself = Annotated[Reader, Depends(allow("self"))]


@router.get(HERE)
def index(request: Request, reader: Myself, before: int = 0, show: str = "") -> Response:
    """The newest, or those before one; `show=unread` leaves out the rest."""
    fresh = show == "unread"
    with db.read() as session:
        rows = notices.listed(
            session, reader.actor, before=before if 0 < before < LARGEST else 0, fresh=fresh, limit=PAGE + 1
        )
        found = listing.shown(session, rows[:PAGE], reader)
        unread = notices.unread(session, reader.actor)
    older = found[-1].id if len(rows) > PAGE else 0
    return render.page(
        request, reader, "notifications.html", notices=found, older=older, unread=unread, fresh=fresh, before=before
    )


@router.get("/live/notices")
def count(reader: Myself) -> PlainTextResponse:
    """The number on the bell."""
    with db.read() as session:
        return PlainTextResponse(reader.number(notices.unread(session, reader.actor)))


@router.get(HERE + "/{notice_id}")
def follow(notice_id: int, reader: Myself) -> Response:
    """On to the conversation, or back to the list where the reader does not see it; the notification has been read."""
    conversation_id = _own(notice_id, reader)
    with db.write() as session:
        notices.read(session, reader.actor, number=notice_id)
        seen = reader.may("messages.read") and visibility.of(session, reader.sight, [conversation_id])
    return render.to(f"/inbox/{conversation_id}#conversation") if seen else render.to(HERE, "notice-unseen")


@router.post(HERE + "/read")
def read_all(request: Request, reader: Myself) -> Response:
    """All have been read."""
    with db.write() as session:
        notices.read(session, reader.actor)
    return render.to(HERE)


@router.post(HERE + "/{notice_id}/read")
def read_one(notice_id: int, reader: Myself) -> Response:
    """One has been read."""
    _own(notice_id, reader)
    with db.write() as session:
        notices.read(session, reader.actor, number=notice_id)
    return render.to(HERE)


def _own(notice_id: int, reader: Reader) -> int:
    """The conversation of a notification of the reader's."""
    with db.read() as session:
        row = session.get(Notification, notice_id) if 0 < notice_id < LARGEST else None
        if row is None or row.who != reader.actor:
            raise HTTPException(404)
        return row.conversation_id


# --- browsers ------------------------------------------------------------------------------------------


@router.get("/settings/me/push")
def push_key(reader: Myself) -> PlainTextResponse:
    """The hub's public key, for a browser that asks its push service; with it the token that its worker posts with."""
    with db.write() as session:
        return PlainTextResponse(push.public_key(session), headers={"X-CSRF-Token": reader.csrf})


@router.post("/settings/me/push")
def subscribe(
    request: Request,
    reader: Myself,
    endpoint: Annotated[str, Form()] = "",
    p256dh: Annotated[str, Form()] = "",
    auth: Annotated[str, Form()] = "",
) -> Response:
    """Tell the reader in this browser, too."""
    try:
        to = checked(endpoint, p256dh, auth)
        with db.write() as session:
            push.add(session, reader.user_id, to, request.headers.get("user-agent", ""), reader.session)
    except Rejected as error:
        return PlainTextResponse(reader.words(str(error)), 422)
    return Response(status_code=204)


@router.post("/settings/me/push/renew")
def renew(
    request: Request,
    reader: Myself,
    old: Annotated[str, Form()] = "",
    endpoint: Annotated[str, Form()] = "",
    p256dh: Annotated[str, Form()] = "",
    auth: Annotated[str, Form()] = "",
) -> Response:
    """The browser's worker got another subscription from its push service; 404 when the reader was not told there."""
    try:
        to = checked(endpoint, p256dh, auth)
        with db.write() as session:
            agent = request.headers.get("user-agent", "")
            if not push.renew(session, reader.user_id, old, to, agent, reader.session):
                raise HTTPException(404)
    except Rejected as error:
        return PlainTextResponse(reader.words(str(error)), 422)
    return Response(status_code=204)


@router.post("/settings/me/push/test")
def show_one(reader: Myself, endpoint: Annotated[str, Form()] = "") -> Response:
    """Show a test in this browser; answers in words what its push service said, 404: switch it on again."""
    if limit.push_test(reader.user_id):
        return PlainTextResponse(reader.words(words.TOO_OFTEN), 429)
    try:
        answer = push.show_one(reader.user_id, endpoint, reader.words(words.TEST))
    except (TryLater, Rejected):
        return PlainTextResponse(reader.words(words.SILENT))
    if answer is not None and answer.taken:
        return PlainTextResponse(reader.words(words.TAKEN))
    if answer is None or answer.status in push.GONE:
        return PlainTextResponse(reader.words(words.GONE), 404)
    said = words.BUSY if answer.status == 429 or answer.status >= 500 else words.REFUSED
    return PlainTextResponse(reader.words(said, status=answer.status))


@router.post("/settings/me/push/remove")
def unsubscribe(reader: Myself, endpoint: Annotated[str, Form()] = "") -> Response:
    """Tell the reader there no more."""
    with db.write() as session:
        push.remove(session, reader.user_id, endpoint)
    return Response(status_code=204)


# --- how -----------------------------------------------------------------------------------------------


@router.get(SETTINGS)
def choices(request: Request, reader: Myself) -> Response:
    """The form."""
    with db.read() as session:
        chosen = notices.choice(session, reader.actor)
    return _form(request, reader, chosen)


@router.post(SETTINGS)
async def choose(request: Request, reader: Myself) -> Response:
    """Keep it."""
    form = await request.form()
    picked = {kind: [one for one in words.CHANNELS if form.get(f"{kind}.{one}") == "yes"] for kind in notices.KINDS}
    quiet = (str(form.get("quiet_from", "")).strip(), str(form.get("quiet_until", "")).strip())
    gathered, at = str(form.get("mail", "daily")), str(form.get("mail_at", "")).strip()
    wrong: dict[str, str] = {}
    times = {
        name: clock.minute(text) for name, text in (("from", quiet[0]), ("until", quiet[1]), ("at", at or "08:00"))
    }
    for name, text in (("quiet_from", quiet[0]), ("quiet_until", quiet[1]), ("mail_at", at)):
        if text and clock.minute(text) is None:
            wrong[name] = NO_TIME
    if bool(quiet[0]) != bool(quiet[1]):
        wrong["quiet_until"] = HALF_QUIET
    if gathered not in words.MAILS:
        raise HTTPException(400)
    chosen = NotificationChoice(
        who=reader.actor, channels=picked, quiet_from=times["from"], quiet_until=times["until"], mail=gathered,
        mail_at=times["at"] or 0,
    )  # fmt: skip
    if wrong:
        return _form(request, reader, chosen, wrong, kept=(*quiet, at))
    with db.write() as session:
        notices.choose(session, chosen)
    return render.to(SETTINGS, "saved")


def _form(
    request: Request, reader: Reader, chosen: NotificationChoice, wrong: dict[str, str] | None = None,
    kept: tuple[str, str, str] | None = None,
) -> Response:  # fmt: skip
    with db.read() as session:
        told = push.told(session, reader.session)
    times = kept or tuple(clock.written(one) for one in (chosen.quiet_from, chosen.quiet_until, chosen.mail_at))
    return render.page(
        request, reader, "settings/notices.html", 422 if wrong else 200, chosen=chosen,
        channels=notices.channels(chosen), kinds=words.KINDS, ways=words.CHANNELS, mails=words.MAILS, times=times,
        wrong=wrong or {}, mails_go=mail.is_set_up(), told=told,
    )  # fmt: skip
