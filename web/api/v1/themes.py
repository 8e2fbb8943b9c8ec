"""Themes: what people write about, found out without being told."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from sentiment.themes import deeds
from sentiment.themes.models import Theme
from sentiment.themes.trend import Trend
from web import topics
from web.api.v1.change import Changing
from web.api.v1.labels import Course
from web.api.v1.messages import many
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Number, Text
from web.api.v1.threads import OneMessage
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/themes"
TAG = "themes"
NEAREST = 20

router = _router()
Reading = Annotated[Reader, Depends(allow("listening.read"))]
Managing = Annotated[Reader, Depends(allow("listening.manage"))]


class OneTheme(BaseModel):
    """Messages about one thing."""

    id: int
    name: str = Field(description="As the pages call it in the language of the token's owner.")
    named: bool = Field(description="A person named it: the name stays.")
    terms: dict[str, list[str]] = Field(description="The words that set it apart, by language.")
    hidden: bool
    merged_into: int | None = Field(description="The theme it has become.")
    ended: bool = Field(description="Nobody has written about it for long.")
    born_at: Moment
    trend: Course


class OtherTheme(Given):
    """What changes about a theme."""

    name: Text | None = Field(None, max_length=deeds.LONGEST_NAME, description="Empty: its words name it again.")
    hidden: bool | None = None


class Into(Given):
    """The theme that stays."""

    into: Number


class LabelOf(Given):
    """The label to make."""

    name: Text = Field(min_length=1, max_length=80)


@router.get(HERE, tags=[TAG])
def index(
    reader: Reading,
    state: Annotated[Literal["emerging", "rising", "stable", "falling", ""], Query()] = "",
    hidden: Annotated[bool, Query(description="Those that were taken out of the list.")] = False,
) -> All[OneTheme]:
    """The themes that messages are put into, those most written about in the last seven days first."""
    with db.read() as session:
        trends = topics.by_theme(session, reader)
        found = [_shown(reader, one, trends.get(one.id, topics.NOTHING)) for one in deeds.living(session)]
    chosen = [one for one in found if one.hidden == hidden and state in ("", one.trend.state)]
    return All(items=sorted(chosen, key=lambda one: (-one.trend.week, -one.trend.month, one.id)))


@router.get(f"{HERE}/{{theme_id}}", tags=[TAG])
def one(reader: Reading, theme_id: Id) -> OneTheme:
    """One theme, those that have become another one too."""
    with db.read() as session:
        theme = _theme(session, theme_id)
        return _shown(reader, theme, topics.by_theme(session, reader).get(theme_id, topics.NOTHING))


def _shown(reader: Reader, theme: Theme, trend: Trend) -> OneTheme:
    return OneTheme(
        id=theme.id, name=topics.named(theme, reader), named=theme.edited, terms=theme.terms, hidden=theme.hidden,
        merged_into=theme.merged_into, ended=theme.ended, born_at=theme.born_at, trend=Course.of(trend),
    )  # fmt: skip


def _theme(session: Session, theme_id: int) -> Theme:
    found = session.get(Theme, theme_id)
    if found is None:
        raise Refused(404)
    return found


@router.get(f"{HERE}/{{theme_id}}/messages", tags=[TAG])
def messages(reader: Reading, theme_id: Id) -> All[OneMessage]:
    """The messages that stand for it, the clearest first, at most 20; all of them: `GET /messages?theme=`."""
    with db.read() as session:
        _theme(session, theme_id)
        return All(items=many(session, deeds.nearest(session, theme_id, NEAREST, sight=reader.sight)))


# --- deeds --------------------------------------------------------------------------------------------


@router.post(f"{HERE}/{{theme_id}}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, theme_id: Id, body: OtherTheme) -> Response:
    """Name a theme, take it out of the list or put it back."""

    def work(session: Session) -> Changed:
        _theme(session, theme_id)
        if body.name is not None:
            deeds.rename(session, theme_id, body.name, reader.actor)
        if body.hidden is not None:
            deeds.hide(session, theme_id, body.hidden, reader.actor)
        return Changed(id=theme_id, changed=body.name is not None or body.hidden is not None)

    return change.do(work)


@router.post(f"{HERE}/{{theme_id}}/merge", tags=[TAG], response_model=Changed)
def merge(change: Changing, reader: Managing, theme_id: Id, body: Into) -> Response:
    """Put all its messages into another theme; answers with that theme's number."""

    def work(session: Session) -> Changed:
        _theme(session, theme_id)
        deeds.merge(session, theme_id, body.into, reader.actor)
        return Changed(id=body.into, changed=True)

    return change.do(work)


@router.post(f"{HERE}/{{theme_id}}/label", tags=[TAG], response_model=Made, status_code=201)
def to_label(change: Changing, reader: Managing, theme_id: Id, body: LabelOf) -> Response:
    """Make a label that learns from the messages which stand for the theme."""

    def work(session: Session) -> Made:
        _theme(session, theme_id)
        return Made(id=deeds.to_label(session, theme_id, body.name, reader.actor))

    return change.do(work, 201)
