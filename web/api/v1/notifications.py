"""What the token's owner is told, and how they want to be told."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field, model_validator
from sqlmodel import Session

from core import db, mail
from inbox import notices
from inbox.notice_models import Notification, NotificationChoice
from web.api.v1 import shapes
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Changed, Cursor, Given, Id, Limit, Moment, Page
from web.notices import clock, listing
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/notifications"
CHOICES = "/api/v1/me/notifications"
TAG = "notifications"

router = _router()
Myself = Annotated[Reader, Depends(allow("self"))]
Kind = Literal[
    "assigned", "team", "message", "mention", "watched", "warned", "breached", "failed", "stopped", "rule", "held",
    "approval", "approved", "rejected",
]  # fmt: skip
Channel = Literal["page", "push", "mail"]
Gathered = Literal["now", "hourly", "daily"]
Clock = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
QUIET = "Between these times of the owner's day neither push nor mail comes, over midnight too; null: always."


class OneNotice(BaseModel):
    """Something the token's owner is told."""

    id: int
    kind: Kind
    said: str = Field(description="As a sentence, in the owner's language.")
    at: Moment
    read: bool
    conversation_id: int
    name: str = Field(description="The customer; empty where the owner does not see the conversation any more.")
    excerpt: str = Field(description="Start of the newest inbound message; empty in the same case.")


class Count(BaseModel):
    """How many."""

    unread: int


class Read(BaseModel):
    """What was read."""

    read: int = Field(description="How many had not been read before.")


class Choices(BaseModel):
    """How somebody wants to be told."""

    channels: dict[Kind, list[Channel]]
    quiet_from: str | None = Field(description=QUIET)
    quiet_until: str | None = Field(description=QUIET)
    mail: Gathered = Field(description="How mails are gathered.")
    mail_at: str = Field(description="When the daily mail comes, by the owner's clock.")
    mail_is_set_up: bool = Field(description="False: this hub sends no mails.")


class Choose(Given):
    """How somebody wants to be told; what is left out stays."""

    channels: dict[Kind, list[Channel]] | None = Field(None, description="Of the kinds that change.")
    quiet_from: Clock | None = Field(None, description=f"{QUIET} Sent together with `quiet_until`.")
    quiet_until: Clock | None = Field(None, description=QUIET)
    mail: Gathered | None = None
    mail_at: Clock | None = None

    @model_validator(mode="after")
    def _both(self) -> Choose:
        if (self.quiet_from is None) != (self.quiet_until is None) or (
            ("quiet_from" in self.model_fields_set) != ("quiet_until" in self.model_fields_set)
        ):
            raise ValueError("quiet hours have a beginning and an end")
        return self


@router.get(HERE, tags=[TAG])
def index(reader: Myself, unread: bool = False, cursor: Cursor = "", limit: Limit = 50) -> Page[OneNotice]:
    """What the token's owner is told, newest first; with `unread` only what they have not read."""
    place = shapes.place(cursor)
    with db.read() as session:
        before = shapes.number(place[0]) if place else 0
        rows = notices.listed(session, reader.actor, before=before, fresh=unread, limit=limit + 1)
        found = listing.shown(session, rows[:limit], reader)
    items = [OneNotice.model_validate(one, from_attributes=True) for one in found]
    return Page(items=items, next=shapes.mark(items[-1].id) if len(rows) > limit else None)


@router.get(HERE + "/count", tags=[TAG])
def count(reader: Myself) -> Count:
    """How many stand unread: the number on the bell."""
    with db.read() as session:
        return Count(unread=notices.unread(session, reader.actor))


@router.post(HERE + "/read", tags=[TAG], response_model=Read)
def read_all(change: Changing, reader: Myself) -> Response:
    """All have been read."""
    return change.do(lambda session: Read(read=notices.read(session, reader.actor)))


@router.post(HERE + "/{notice_id}/read", tags=[TAG], response_model=Changed)
def read_one(change: Changing, reader: Myself, notice_id: Id) -> Response:
    """One has been read."""

    def work(session: Session) -> Changed:
        row = session.get(Notification, notice_id)
        if row is None or row.who != reader.actor:
            raise Refused(404)
        return Changed(id=notice_id, changed=notices.read(session, reader.actor, number=notice_id) > 0)

    return change.do(work)


@router.get(CHOICES, tags=[TAG])
def choices(reader: Myself) -> Choices:
    """How the token's owner wants to be told, for each kind. Browsers ask for push themselves."""
    with db.read() as session:
        chosen = notices.choice(session, reader.actor)
    return Choices(
        channels={kind: list(ways) for kind, ways in notices.channels(chosen).items()},
        quiet_from=clock.written(chosen.quiet_from) or None, quiet_until=clock.written(chosen.quiet_until) or None,
        mail=chosen.mail, mail_at=clock.written(chosen.mail_at), mail_is_set_up=mail.is_set_up(),
    )  # fmt: skip


@router.post(CHOICES, tags=[TAG], response_model=Changed)
def choose(change: Changing, reader: Myself, body: Choose) -> Response:
    """Say how one wants to be told; notifications that are there already stay as they are."""

    def work(session: Session) -> Changed:
        kept = notices.choice(session, reader.actor)
        before = kept.model_dump()
        chosen = NotificationChoice(**before)
        picked = {kind: list(ways) for kind, ways in notices.channels(kept).items()}
        if body.channels is not None:
            for kind, ways in body.channels.items():
                picked[kind] = [one for one in notices.CHANNELS if one in ways]
            chosen.channels = picked
        if "quiet_from" in body.model_fields_set:
            chosen.quiet_from = clock.minute(body.quiet_from or "")
            chosen.quiet_until = clock.minute(body.quiet_until or "")
        chosen.mail = body.mail or chosen.mail
        at = clock.minute(body.mail_at or "")
        chosen.mail_at = chosen.mail_at if at is None else at
        changed = chosen.model_dump() != before
        if changed:
            notices.choose(session, chosen)
        return Changed(id=reader.user_id, changed=changed)

    return change.do(work)
