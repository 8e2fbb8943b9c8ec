"""`/inbox/{number}/translate…`, `/settings/translation`: messages and answers in other languages, and who does it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from connectors.translation import service
from connectors.translation.service import Wanted
from core import db
from inbox import consent, drafts, translations
from inbox.models import Message
from web import composer as composers
from web import render, thread, translating
from web.api import limit
from web.i18n import N_
from web.permissions import allow
from web.place import LARGEST
from web.reader import Reader

SETTINGS = "/settings/translation"
COUNTED = N_("Messages translated: %(number)s.")
NOTHING = N_("Everything here is in your language, or translated already.")

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Setting = Annotated[Reader, Depends(allow("accounts.manage"))]
Text = Annotated[str, Form(max_length=1_000)]


# --- messages -----------------------------------------------------------------------------------------


@router.post("/inbox/{conversation_id}/messages/{message_id}/translate")
def one(request: Request, conversation_id: int, message_id: int, reader: Managing) -> Response:
    """Translate one message into the reader's language; why not stands where the translation would."""
    with db.read() as session:
        talk = thread.bare(session, conversation_id, reader, request)
        message = session.get(Message, message_id) if message_id < LARGEST else None
        if message is None or message.conversation_id != conversation_id:
            raise HTTPException(404)
    wrong = _counted(reader)
    if not wrong:
        try:
            service.message(message_id, reader.language)
        except translating.REFUSED as error:
            wrong = translating.why(error, reader)
    if not render.wants_part(request):
        if wrong:
            raise HTTPException(422, wrong)
        return render.to(f"{talk.to()}#m{message_id}", "translated")
    with db.read() as session:
        kept = translations.shown(session, [message_id], reader.language).kept.get(message_id)
    return render.part(
        "parts/translated.html", reader, talk=talk, number=message_id, kept=kept, wrong=wrong, fresh=True
    )


@router.post("/inbox/{conversation_id}/translate")
def all_of_it(request: Request, conversation_id: int, reader: Managing) -> Response:
    """Translate what is in another language, of the newest messages."""
    with db.read() as session:
        talk = thread.bare(session, conversation_id, reader, request)
    wrong, said = _counted(reader), ""
    if not wrong:
        try:
            done = service.conversation(conversation_id, reader.language)
        except translating.REFUSED as error:
            wrong = translating.why(error, reader)
        else:
            left = reader.words(done.left) if done.left else ""
            wrong = left if not done.number else ""
            said = reader.words(COUNTED, number=done.number) if done.number else reader.words(NOTHING)
            said = f"{said} {left}".strip()
    if not render.wants_part(request):
        if wrong:
            raise HTTPException(422, wrong)
        return render.to(f"{talk.to()}#conversation", "translated")
    return render.told(Response(status_code=204), wrong or said, "err" if wrong else "ok", events=["thread"])


# --- what one writes ----------------------------------------------------------------------------------


@router.post("/inbox/{conversation_id}/reply/translate")
def written(
    request: Request,
    conversation_id: int,
    reader: Managing,
    text: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
) -> Response:
    """The box again with the text in the customer's language, beside what it was: nothing is sent by this."""
    words = text.replace("\r\n", "\n")
    with db.read() as session:
        talk = thread.load(session, conversation_id, reader, request)
        target = talk.composer.into
    wrong = "" if words.strip() else reader.words(translating.EMPTY)
    wrong = wrong or ("" if target else reader.words(service.OFF)) or _counted(reader)
    made = words
    if not wrong:
        try:
            made = service.text(conversation_id, words, target, private=kind == "private")
        except translating.REFUSED as error:
            wrong = translating.why(error, reader)
    if not wrong:
        with db.write() as session:
            drafts.save(session, reader.actor, conversation_id, kind or "public", made[: drafts.LIMIT])
    with db.read() as session:
        box = composers.composer(session, talk.conversation, talk.account, reader, kind=kind, text=made, problem=wrong)
        box = replace(box, before="" if wrong else words, seen=seen or box.seen)
        again = replace(talk, composer=box)
        if render.wants_part(request):
            return render.part("parts/composer.html", reader, 422 if wrong else 200, talk=again)
        beside = thread.beside(session, again, reader)
    return render.page(request, reader, "conversation.html", 422 if wrong else 200, talk=again, **beside)


def _counted(reader: Reader) -> str:
    """Count one request of this person; a sentence when there were too many."""
    return reader.words(translating.TOO_OFTEN) if limit.translation(reader.user_id) else ""


# --- the set-up ---------------------------------------------------------------------------------------


@router.get(SETTINGS)
def index(request: Request, reader: Setting) -> Response:
    """Who translates, what leaves the house for it, and into which languages."""
    return _page(request, reader)


@router.post(SETTINGS)
def save(
    request: Request,
    reader: Setting,
    provider: Text = "",
    url: Text = "",
    key: Text = "",
    basis: Text = "",
    private: Text = "",
) -> Response:
    """Try the server, and keep it when it translates."""
    may = reader.may("people.object")
    wanted = Wanted(provider, url, key, basis if may and basis in consent.BASES else "", private == "yes")
    try:
        with db.read() as session:
            address, secret = service.ask(session, wanted)
        offered = service.probe(wanted.provider, address, secret)
        with db.write() as session:
            service.save(session, wanted, address, secret, offered, reader.actor)
    except translating.REFUSED as error:
        return _page(request, reader, 422, wanted, translating.why(error, reader))
    return render.to(SETTINGS, "translation-kept")


@router.post(SETTINGS + "/test")
def test(request: Request, reader: Setting) -> Response:
    """Ask the server that is kept for its languages and for a word."""
    with db.read() as session:
        row = translations.translator(session)
        if row is None:
            raise HTTPException(404)
        wanted = Wanted(row.provider, row.url, private=row.private)
        try:
            address, secret = service.ask(session, wanted)
        except translating.REFUSED as error:
            return _page(request, reader, 422, None, translating.why(error, reader))
    try:
        offered = service.probe(wanted.provider, address, secret)
    except translating.REFUSED as error:
        return _page(request, reader, 422, None, translating.why(error, reader))
    with db.write() as session:
        service.save(session, wanted, address, secret, offered, reader.actor)
    return render.to(SETTINGS, "translation-works")


@router.post(SETTINGS + "/remove")
def remove(reader: Setting) -> Response:
    """Nothing goes there any more."""
    with db.write() as session:
        service.remove(session, reader.actor)
    return render.to(SETTINGS, "translation-removed")


def _page(
    request: Request, reader: Reader, status: int = 200, wanted: Wanted | None = None, problem: str = ""
) -> Response:
    with db.read() as session:
        row = translations.translator(session)
        on = consent.switched_on(session, translations.PURPOSE)
    form = wanted or (
        Wanted(row.provider, row.url, private=row.private) if row is not None else Wanted("libretranslate")
    )
    named = [translating.language(code, reader) for code in (row.targets if row is not None else [])]
    return render.page(
        request, reader, "settings/translation.html", status, row=row, form=form, on=on, titles=translating.TITLES,
        offered=sorted(set(named)), bases=consent.BASES, problem=problem,
    )  # fmt: skip
