"""`/listening`: what is followed, its queries, and what a query would find before it is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from listening import preview as previews
from listening import subjects
from listening.figures import glance
from listening.figures.period import Period, period
from listening.models import Query, Subject
from web import render
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader
from web.reports.refusals import position, said
from web.reports.say import SUBJECT_KINDS, Say

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("listening.read"))]
Managing = Annotated[Reader, Depends(allow("listening.manage"))]
Text = Annotated[str, Form(max_length=20_000)]
WEEK = 7
GRAMMAR = (
    ("storm warning", N_("both words")),
    ("storm OR warning", N_("one or both")),
    ("-sale", N_("not this")),
    ('"late delivery"', N_("side by side, in this order")),
    ("storm NEAR/5 warning", N_("at most five words apart")),
    ("deliver*", N_("any ending")),
    ("返品", N_("these characters anywhere")),
    ("#tag @shop", N_("a hashtag, a handle")),
    ("lang:de platform:mastodon", N_("language, platform")),
    ("sentiment:negative topic:price", N_("what was found out about it")),
)
"""The query language at a glance; docs/listening.md has the whole."""


@router.get("/listening")
def index(request: Request, reader: Reading) -> Response:
    """Every subject with its queries and its last seven days."""
    return _list(request, reader)


def _list(request: Request, reader: Reader, status: int = 200, **typed: Any) -> Response:
    with db.read() as session:
        found = subjects.all_subjects(session)
        queries = {one.id: subjects.queries(session, one.id or 0) for one in found}
        seen = _seen(session, reader, found)
    values = {"error": "", "name": "", "kind": "brand", **typed}
    return render.page(
        request, reader, "listening.html", status, subjects=found, queries=queries, seen=seen, say=Say(reader),
        kinds=SUBJECT_KINDS, kind_options=_kinds(reader), backfill=backfill, **values,
    )  # fmt: skip


def _kinds(reader: Reader) -> list[tuple[str, str]]:
    return [(name, reader.words(label)) for name, label in SUBJECT_KINDS.items()]


def _week(reader: Reader) -> Period:
    today = db.now().astimezone(reader.zone).date()
    return period(None, today, reader.zone).last_days(WEEK)


def _seen(session: Session, reader: Reader, found: Any) -> dict[int, glance.Glance]:
    ids = [one.id or 0 for one in found]
    return glance.glances(session, ids, _week(reader), sight=reader.sight)


def backfill(query: Query) -> float:
    """How much of what was stored when a query was saved has been looked at, 0 to 1."""
    return 1.0 if query.matched_to >= query.matched_goal else query.matched_to / query.matched_goal


@router.post("/listening")
def add(request: Request, reader: Managing, name: Text = "", kind: Text = "brand") -> Response:
    """Follow something new."""
    try:
        with db.write() as session:
            number = subjects.create(session, name, kind, reader.actor)
    except BadPayload as error:
        return _list(request, reader, 422, error=said(reader, error), name=name, kind=kind)
    return render.to(f"/listening/{number}", "subject-added")


@router.post("/listening/preview")
def preview(reader: Managing, text: Text = "") -> Response:
    """What a text would find, as a part of the page."""
    found, error, at = None, "", 0
    if text.strip():
        try:
            with db.read() as session:
                found = previews.preview(session, text, sight=reader.sight)
        except BadPayload as problem:
            error, at = said(reader, problem), position(problem)
    return render.part(
        "parts/preview.html", reader, preview=found, error=error, error_at=at, text=text, say=Say(reader),
        days=previews.DAYS,
    )  # fmt: skip


@router.get("/listening/{subject_id}")
def one(request: Request, reader: Reading, subject_id: int) -> Response:
    """A subject with its queries."""
    return _one(request, reader, subject_id)


def _one(request: Request, reader: Reader, subject_id: int, status: int = 200, **typed: Any) -> Response:
    with db.read() as session:
        subject = _subject(session, subject_id)
        queries = subjects.queries(session, subject_id)
        seen = _seen(session, reader, [subject])
    values = {"error": "", "wrong": 0, "typed": "", "typed_name": "", "subject_error": "", **typed}
    return render.page(
        request, reader, "subject.html", status, subject=subject, queries=queries, seen=seen[subject_id],
        say=Say(reader), kinds=SUBJECT_KINDS, kind_options=_kinds(reader), backfill=backfill, grammar=GRAMMAR,
        preview=None, **values,
    )  # fmt: skip


def _subject(session: Session, subject_id: int) -> Subject:
    for subject in subjects.all_subjects(session):
        if subject.id == subject_id:
            return subject
    raise HTTPException(404)


@router.post("/listening/{subject_id}")
def change(request: Request, reader: Managing, subject_id: int, name: Text = "", kind: Text = "brand") -> Response:
    """Rename a subject or change its kind."""
    try:
        with db.write() as session:
            _subject(session, subject_id)
            subjects.update(session, subject_id, name, kind, reader.actor)
    except BadPayload as error:
        return _one(request, reader, subject_id, 422, subject_error=said(reader, error))
    return render.to(f"/listening/{subject_id}", "saved")


@router.post("/listening/{subject_id}/remove")
def remove(reader: Managing, subject_id: int) -> Response:
    """Stop following a subject; its messages stay."""
    with db.write() as session:
        _subject(session, subject_id)
        subjects.remove(session, subject_id, reader.actor)
    return render.to("/listening", "subject-removed")


# --- queries -------------------------------------------------------------------------------------------


@router.post("/listening/{subject_id}/queries")
def add_query(request: Request, reader: Managing, subject_id: int, text: Text = "", name: Text = "") -> Response:
    """Save a new query."""

    def save(session: Session) -> None:
        subjects.add_query(session, subject_id, name.strip()[:180] or text.strip()[:60], text, reader.actor)

    return _saved(request, reader, subject_id, save, "query-added", typed=text, typed_name=name)


@router.post("/listening/{subject_id}/queries/{query_id}")
def change_query(request: Request, reader: Managing, subject_id: int, query_id: int, text: Text = "") -> Response:
    """Change a query's text."""

    def save(session: Session) -> None:
        _query(session, subject_id, query_id)
        subjects.update_query(session, query_id, text=text, actor=reader.actor)

    return _saved(request, reader, subject_id, save, "query-changed", typed=text, wrong=query_id)


def _saved(
    request: Request, reader: Reader, subject_id: int, save: Callable[[Session], None], note: str, **typed: Any
) -> Response:
    try:
        with db.write() as session:
            _subject(session, subject_id)
            save(session)
    except BadPayload as error:
        return _one(request, reader, subject_id, 422, error=said(reader, error), **typed)
    return render.to(f"/listening/{subject_id}", note)


@router.post("/listening/{subject_id}/queries/{query_id}/switch")
def switch(reader: Managing, subject_id: int, query_id: int, on: Text = "") -> Response:
    """Switch a query on or off."""
    with db.write() as session:
        _query(session, subject_id, query_id)
        subjects.update_query(session, query_id, enabled=on == "yes", actor=reader.actor)
    return render.to(f"/listening/{subject_id}", "saved")


@router.post("/listening/{subject_id}/queries/{query_id}/remove")
def remove_query(reader: Managing, subject_id: int, query_id: int) -> Response:
    """Remove a query; its hits go in the background."""
    with db.write() as session:
        _query(session, subject_id, query_id)
        subjects.remove_query(session, query_id, reader.actor)
    return render.to(f"/listening/{subject_id}", "query-removed")


def _query(session: Session, subject_id: int, query_id: int) -> Query:
    for query in subjects.queries(session, subject_id):
        if query.id == query_id:
            return query
    raise HTTPException(404)
