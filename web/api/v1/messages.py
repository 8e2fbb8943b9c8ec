"""Single messages, whatever conversation they stand in: what stands behind a figure, and one with its annotations."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session

from core import db
from inbox import visibility
from inbox.models import Message
from listening.figures import behind
from listening.figures.period import period
from listening.figures.scope import Scope
from sentiment import corrections
from sentiment.models import AnnotationRow
from web import place
from web.api.v1 import shapes
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Cursor, Id, Limit, Moment, Page, Shown
from web.api.v1.threads import OneMessage
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/messages"
TAG = "messages"

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Day = r"^(\d{4}-\d\d-\d\d|)$"
Row = Annotated[int, Query(ge=0, le=shapes.LARGEST)]
Word = Annotated[str, Query(max_length=120)]


class Asked(BaseModel):
    """Which messages; days are those of the time zone. Nothing is all of them that the token's owner sees."""

    model_config = ConfigDict(extra="forbid")
    q: str = Query("", max_length=200, description="Words that stand in them.")
    since: str = Query("", alias="from", pattern=Day, description="First day; alone, that day.")
    until: str = Query("", alias="to", pattern=Day, description="Last day; alone, that day.")
    timezone: str = Query("UTC", max_length=60, description="A name of the IANA database.")
    subject: Row = Query(0, description="About a subject, by its number.")
    account: Row = Query(0, description="On an account of ours, by its number.")
    theme: Row = Query(0, description="In a theme, by its number.")
    author: str = Query(
        "", pattern=r"^(none|[1-9]\d{0,14}|)$",
        description="By the person behind an account; none: the source names nobody.",
    )  # fmt: skip
    hashtag: Word = ""
    platform: Word = ""
    language: Word = Query("", description="A code; und: nobody could tell.")
    sentiment: Word = Query("", description="unrated: unsure, or none.")
    label: Word = ""
    intent: Word = ""
    kind: Word = ""
    clock: int | None = Query(None, ge=0, lt=168, description="Hour of the week, Monday 0:00 is 0; needs days.")
    public: bool = Query(False, description="Only what everybody can read.")

    def scope(self, reader: Reader) -> Scope:
        """What is asked for, within what the reader sees; BadPayload for days that are none."""
        names = ("subject", "account", "theme", "author", "hashtag", "public")
        filters = ("platform", "language", "sentiment", "label", "intent", "kind")
        values: dict[str, Any] = {name: getattr(self, name) for name in (*names, *filters)}
        found: dict[str, Any] = {name: db.sound(one) if isinstance(one, str) else one for name, one in values.items()}
        first, last = self.since or self.until, self.until or self.since
        span = period(first, last, self.timezone) if first else None
        if self.clock is not None and span is None:
            raise Refused(422, "An hour of the week needs days: send from, or to.", "rejected")
        return Scope(
            subject_id=found.pop("subject"), period=span, clock=self.clock, words=db.sound(self.q).strip(),
            sight=reader.sight, **found,
        )  # fmt: skip


class Listed(Asked):
    """Which messages, and which page of them."""

    cursor: Cursor = ""
    limit: Limit = 50


class Sums(BaseModel):
    """What a report says of these messages as a whole."""

    messages: int
    negative: int
    neutral: int
    positive: int
    unsure: int
    authors: int = Field(description="Different known people.")
    unknown: int = Field(description="Messages whose source names nobody.")
    in_crm: int = Field(description="Known people that are linked to a record of the CRM.")
    reach: int = Field(description="Followers of their accounts.")
    engagement: int = Field(description="Likes, reposts and replies, as last counted.")


class Annotation(Shown):
    """One annotator's word on one version of a message."""

    model: str
    model_version: str
    message_version: int
    language: str
    language_confidence: float
    sentiment: str
    p_neg: float | None
    p_neu: float | None
    p_pos: float | None
    intent: str
    urgency: str
    emotion: str
    offensive: bool | None
    at: Moment


class Corrected(Shown):
    """What somebody said it is instead."""

    task: str = Field(description="sentiment, intent, emotion, urgency, offensive or language.")
    label: str
    was: str = Field(description="What the annotator had said.")
    author: str
    at: Moment


class Rated(OneMessage):
    """A message with what annotators and people said of it."""

    annotations: list[Annotation] = Field(description="Newest first; the message itself shows what counts.")
    corrections: list[Corrected]


@router.get(HERE, tags=[TAG])
def index(reader: Reading, asked: Annotated[Listed, Query()]) -> Page[OneMessage]:
    """Single messages that others wrote, over all conversations, newest first: what stands behind a figure."""
    edge = place.read(asked.cursor) if asked.cursor else None
    if asked.cursor and edge is None:
        raise shapes.wrong_place()
    scope = asked.scope(reader)
    with db.read() as session:
        found = behind.ids(session, scope, edge, asked.limit + 1)
        rows = many(session, found[: asked.limit])
    following = place.mark(rows[-1].posted_at, rows[-1].id) if len(found) > asked.limit else None
    return Page(items=rows, next=following)


def many(session: Session, ids: list[int]) -> list[OneMessage]:
    """These messages, in this order."""
    m = db.table(Message)
    rows = {row.id: row for row in session.scalars(sa.select(Message).where(m.c.id.in_(ids)))}
    return [OneMessage.model_validate(rows[one]) for one in ids if one in rows]


@router.get(f"{HERE}/sums", tags=[TAG])
def sums(reader: Reading, asked: Annotated[Asked, Query()]) -> Sums:
    """How many they are, by whom, and how they are rated."""
    scope = asked.scope(reader)
    with db.read() as session:
        found = behind.sums(session, scope)
    names = ("authors", "unknown", "in_crm", "reach", "engagement")
    rated = ("messages", "negative", "neutral", "positive", "unsure")
    return Sums(
        **{name: getattr(found, name) for name in names}, **{name: getattr(found.tally, name) for name in rated}
    )


@router.get(f"{HERE}/{{message_id}}", tags=[TAG])
def one(reader: Reading, message_id: Id) -> Rated:
    """One message with what annotators and people said of it."""
    a = db.table(AnnotationRow)
    with db.read() as session:
        row = session.get(Message, message_id)
        if row is None or not visibility.messages_of(session, reader.sight, [message_id]):
            raise Refused(404)
        said = session.scalars(
            sa.select(AnnotationRow).where(a.c.message_id == message_id).order_by(a.c.id.desc())
        ).all()
        found = corrections.standing(session, [message_id]).get(message_id, {})
        return Rated(
            **OneMessage.model_validate(row).model_dump(),
            annotations=[Annotation.model_validate(one) for one in said],
            corrections=[Corrected.model_validate(one) for _, one in sorted(found.items())],
        )
