"""`/listening/themes`: what people write about, found out without being told."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from sentiment.themes import deeds
from sentiment.themes.models import Theme
from sentiment.themes.trend import STATES
from web import behind, place, render, topics
from web.permissions import allow
from web.reader import Reader
from web.reports.asked import number
from web.reports.say import Say

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("listening.read"))]
Managing = Annotated[Reader, Depends(allow("listening.manage"))]
Text = Annotated[str, Form(max_length=2_000)]

MOST = 100
"""Themes in the list."""
EXAMPLES = 8


@router.get("/listening/themes")
def index(request: Request, reader: Reading, state: str = "") -> Response:
    """The themes of the last sixty days, those most written about first."""
    with db.read() as session:
        trends = topics.by_theme(session, reader)
        living = deeds.living(session)
    shown = [
        (theme, trends.get(theme.id, topics.NOTHING))
        for theme in living
        if theme.hidden == (state == "hidden") and (theme.id in trends or theme.edited)
    ]
    counts = {one: sum(trend.state == one for _, trend in shown) for one in STATES} if state != "hidden" else {}
    if state in STATES:
        shown = [(theme, trend) for theme, trend in shown if trend.state == state]
    shown.sort(key=lambda pair: (-pair[1].now, -pair[1].month, pair[0].id))
    return render.page(
        request, reader, "themes.html", shown=shown[:MOST], more=len(shown) > MOST, state=state, counts=counts,
        total=sum(counts.values()), hidden=sum(theme.hidden for theme in living), any=bool(living), topics=topics,
        say=Say(reader), span=topics.span(reader, 7),
    )  # fmt: skip


@router.get("/listening/themes/{theme_id}")
def one(request: Request, reader: Reading, theme_id: int) -> Response:
    """A theme with its words, its trend and messages that stand for it."""
    with db.read() as session:
        theme = session.get(Theme, theme_id) if theme_id < place.LARGEST else None
    if theme is not None and theme.merged_into is not None:
        return render.to(f"/listening/themes/{theme.merged_into}")
    return _one(request, reader, theme_id)


def _one(request: Request, reader: Reader, theme_id: int, status: int = 200, **typed: Any) -> Response:
    with db.read() as session:
        theme = _theme(session, theme_id)
        trend = topics.by_theme(session, reader).get(theme_id, topics.NOTHING)
        ids = deeds.nearest(session, theme_id, EXAMPLES, sight=reader.sight)
        by_id = {row.id: row for row in behind.rows(session, ids)}
        others = [
            (str(other.id), topics.named(other, reader)) for other in deeds.living(session) if other.id != theme_id
        ]
    rows = [by_id[one] for one in ids if one in by_id]
    name = theme.names.get("", "")
    values = {"name_error": "", "name": name, "label_error": "", "label": topics.named(theme, reader), **typed}
    return render.page(
        request, reader, "theme.html", status, theme=theme, trend=trend, rows=rows,
        others=sorted(others, key=lambda pair: pair[1].lower()), topics=topics, say=Say(reader),
        span=topics.span(reader, 7), **values,
    )  # fmt: skip


def _theme(session: Session, theme_id: int) -> Theme:
    found = session.get(Theme, theme_id) if theme_id < place.LARGEST else None
    if found is None or found.merged_into is not None:
        raise HTTPException(404)
    return found


@router.post("/listening/themes/{theme_id}/name")
def rename(request: Request, reader: Managing, theme_id: int, name: Text = "") -> Response:
    """Give a theme a name that stays; an empty one lets its words name it again."""
    try:
        with db.write() as session:
            _theme(session, theme_id)
            deeds.rename(session, theme_id, name, reader.actor)
    except BadPayload as error:
        return _one(request, reader, theme_id, 422, name_error=topics.said(reader, error), name=name)
    return render.to(f"/listening/themes/{theme_id}", "theme-named" if name.strip() else "saved")


@router.post("/listening/themes/{theme_id}/merge")
def merge(reader: Managing, theme_id: int, into: Text = "") -> Response:
    """Put all its messages into another theme."""
    with db.write() as session:
        _theme(session, theme_id)
        _theme(session, number(into))
        if number(into) == theme_id:
            raise HTTPException(400)
        deeds.merge(session, theme_id, number(into), reader.actor)
    return render.to(f"/listening/themes/{number(into)}", "theme-merged")


@router.post("/listening/themes/{theme_id}/hide")
def hide(reader: Managing, theme_id: int, on: Text = "") -> Response:
    """Take a theme out of the list, or put it back."""
    with db.write() as session:
        _theme(session, theme_id)
        deeds.hide(session, theme_id, on == "yes", reader.actor)
    return render.to(f"/listening/themes/{theme_id}", "theme-hidden" if on == "yes" else "theme-shown")


@router.post("/listening/themes/{theme_id}/label")
def to_label(request: Request, reader: Managing, theme_id: int, label: Text = "") -> Response:
    """A label that learns from the messages which stand for the theme."""
    try:
        with db.write() as session:
            _theme(session, theme_id)
            label_id = deeds.to_label(session, theme_id, label, reader.actor)
    except BadPayload as error:
        return _one(request, reader, theme_id, 422, label_error=topics.said(reader, error), label=label)
    return render.to(f"/listening/labels/{label_id}", "label-added")
