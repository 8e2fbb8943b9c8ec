"""Messages and answers in other languages; what was translated is kept, so that nobody asks for it twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlmodel import Session

from connectors.translation import service
from core import db
from inbox import translations
from inbox.models import Message
from web import thread, translating
from web.api import limit
from web.api.v1 import shapes
from web.api.v1.conversations import HERE
from web.api.v1.problem import Refused, asking
from web.api.v1.route import router as _router
from web.api.v1.shapes import Cursor, Given, Id, Limit, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

TAG = "translation"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
PATTERN = "^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$"
Language = Annotated[str, Query(pattern=PATTERN, description="de, ja, pt-BR …")]
T = TypeVar("T")


class OneTranslation(Shown):
    """A message in another language, in its newest wording."""

    message_id: int
    language: str
    text: str
    source: str = Field(description="The language it was written in, as far as anybody knows.")
    provider: str


class Into(Given):
    """Into which language."""

    language: str = Field(pattern=PATTERN, description="de, ja, pt-BR …")


class Words(Given):
    """What somebody has written."""

    text: Text = Field(min_length=1, max_length=50_000)
    language: str = Field("", pattern=f"{PATTERN}|^$", description="Empty: the customer's language.")
    visibility: Literal["public", "private"] = Field(
        "public",
        description="Private answers go to the translation server only where private messages may, and so do "
        "all in private conversations.",
    )


class Translated(BaseModel):
    """What became of a whole conversation."""

    id: int
    translated: int = Field(description="Messages that were translated now.")
    left: str = Field(description="Why others were not, as a sentence; empty where all could be.")


class Written(BaseModel):
    """A text in another language; nothing of it is kept."""

    text: str
    language: str


@router.get(HERE + "/{conversation_id}/translations", tags=[TAG])
def index(
    reader: Reading, conversation_id: Id, language: Language, cursor: Cursor = "", limit: Limit = 50
) -> Page[OneTranslation]:
    """Translations that are kept of a conversation's messages, newest message first; nobody is asked for new ones."""
    place = shapes.place(cursor)
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        before = shapes.number(place[0]) if place else 0
        rows = translations.of_conversation(session, conversation_id, language, before, limit + 1)
    items = [
        OneTranslation(
            message_id=row.message_id, language=row.target, text=row.text, source=row.source, provider=row.provider
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=shapes.mark(items[-1].message_id) if len(rows) > limit else None)


@router.post(HERE + "/{conversation_id}/messages/{message_id}/translate", tags=[TAG])
def one(reader: Managing, conversation_id: Id, message_id: Id, body: Into) -> OneTranslation:
    """Translate one message and keep that for everybody; what is kept already is answered at once."""
    target = body.language
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        message = session.get(Message, message_id)
        if message is None or message.conversation_id != conversation_id:
            raise Refused(404)
        kept = _kept(session, message_id, target)
    if kept is None:
        _asked(reader, lambda: service.message(message_id, target))
        with db.read() as session:
            kept = _kept(session, message_id, target)
    if kept is None:  # it was edited or deleted meanwhile, or is in that language already
        raise Refused(422, "There is nothing of it to translate.", "rejected")
    return kept


def _kept(session: Session, message_id: int, target: str) -> OneTranslation | None:
    found = translations.shown(session, [message_id], target).kept.get(message_id)
    if found is None:
        return None
    return OneTranslation(
        message_id=message_id, language=target, text=found.text, source=found.source, provider=found.provider
    )


@router.post(HERE + "/{conversation_id}/translate", tags=[TAG])
def all_of_it(reader: Managing, conversation_id: Id, body: Into) -> Translated:
    """Translate those of the newest messages that are in another language, and keep that for everybody."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
    done = _asked(reader, lambda: service.conversation(conversation_id, body.language))
    return Translated(id=conversation_id, translated=done.number, left=done.left)


@router.post(HERE + "/{conversation_id}/translate-text", tags=[TAG])
def written(reader: Managing, conversation_id: Id, body: Words) -> Written:
    """A text of one's own in the customer's language, or in another one: nothing is sent or kept by this."""
    with db.read() as session:
        conversation = thread.find(session, conversation_id, reader)
    target = body.language or conversation.language
    if not target:
        raise Refused(422, "Nobody knows the customer's language. Send `language`.", "rejected")
    private = conversation.private or body.visibility == "private"
    text = _asked(reader, lambda: service.text(conversation_id, body.text, target, private=private))
    return Written(text=text, language=target)


def _asked(reader: Reader, work: Callable[[], T]) -> T:
    """Have the server asked, counted for this person; a refusal says why."""
    if limit.translation(reader.user_id):
        raise Refused(429, translating.TOO_OFTEN, "too-often")
    with asking():
        return work()
