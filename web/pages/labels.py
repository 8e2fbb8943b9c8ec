"""`/listening/labels`: labels by words and by example, how well they are learnt, and how much carries them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from inbox import visibility
from inbox.models import Message
from sentiment import labels
from sentiment.examples import store
from sentiment.examples.fit import LEAST
from sentiment.models import Label
from web import behind, place, render, topics
from web.i18n import N_
from web.permissions import allow
from web.reader import Reader
from web.reports.asked import number
from web.reports.say import Say

router = APIRouter()
Reading = Annotated[Reader, Depends(allow("listening.read"))]
Managing = Annotated[Reader, Depends(allow("listening.manage"))]
Teaching = Annotated[Reader, Depends(allow("labels.teach"))]
Text = Annotated[str, Form(max_length=20_000)]

SHOWN = 40
"""Examples shown on a label's page."""
DOUBTFUL = 4


@router.get("/listening/labels")
def index(request: Request, reader: Reading) -> Response:
    """Every label with its trend and how well it is learnt."""
    return _list(request, reader)


def _list(request: Request, reader: Reader, status: int = 200, **typed: Any) -> Response:
    with db.read() as session:
        found, trends = labels.all_labels(session), topics.by_label(session, reader)
        learnt, counts = store.learnt(session), store.counts(session)
    values = {"error": "", "name": "", "terms": "", **typed}
    return render.page(
        request, reader, "labels.html", status, labels=found, trends=trends, learnt=learnt, counts=counts,
        nothing=topics.NOTHING, topics=topics, say=Say(reader), span=topics.span(reader, 7), **values,
    )  # fmt: skip


@router.post("/listening/labels")
def add(request: Request, reader: Managing, name: Text = "", terms: Text = "") -> Response:
    """A new label; without words it is learnt from examples alone."""
    try:
        with db.write() as session:
            label_id = labels.create(session, name, _terms(terms), actor=reader.actor, by_example=True)
    except BadPayload as error:
        return _list(request, reader, 422, error=topics.said(reader, error), name=name, terms=terms)
    return render.to(f"/listening/labels/{label_id}", "label-added")


@router.get("/listening/teach/{message_id}")
def teach(request: Request, reader: Teaching, message_id: int) -> Response:
    """One message, and every label it could be an example of."""
    with db.read() as session:
        row = _message(session, reader, message_id)
        shown = behind.rows(session, [row.id or 0])
        found = labels.all_labels(session)
        sides = {
            one.id: {e.message_id: e.positive for e in store.of(session, one.id or 0)}.get(row.id or 0) for one in found
        }
    return render.page(request, reader, "teach.html", rows=shown, labels=found, sides=sides, say=Say(reader))


@router.post("/listening/teach/{message_id}")
def taught(reader: Teaching, message_id: int, label: Text = "", side: Text = "for", then: Text = "") -> Response:
    """Name a message as an example or a counter-example of a label, or take that back."""
    with db.write() as session:
        row, chosen = _message(session, reader, message_id), _label(session, number(label))
        if side == "none":
            store.take_back(session, chosen, row.id or 0, reader.actor)
        else:
            store.add(session, chosen, [row.id or 0], positive=side == "for", actor=reader.actor)
    page = f"/listening/labels/{chosen.id}" if then == "label" else f"/listening/teach/{row.id}"
    return render.to(page, "label-taught")


def _message(session: Session, reader: Reader, message_id: int) -> Message:
    row = session.get(Message, message_id) if message_id < place.LARGEST else None
    if row is None or not store.usable(session, [message_id], reader.sight):
        raise HTTPException(404)
    return row


def _label(session: Session, label_id: int) -> Label:
    found = session.get(Label, label_id) if label_id < place.LARGEST else None
    if found is None:
        raise HTTPException(404)
    return found


@router.get("/listening/labels/{label_id}")
def one(request: Request, reader: Reading, label_id: int) -> Response:
    """A label with its words, its examples and its measure."""
    return _one(request, reader, label_id)


def _one(request: Request, reader: Reader, label_id: int, status: int = 200, **typed: Any) -> Response:
    with db.read() as session:
        label = _label(session, label_id)
        named = store.of(session, label_id)
        shown = visibility.messages_of(session, reader.sight, [e.message_id for e in named[:SHOWN]])
        rows = behind.rows(session, sorted(shown))
        doubtful = behind.rows(session, store.doubtful(session, label_id, DOUBTFUL, sight=reader.sight))
        trend = topics.by_label(session, reader).get(label.name, topics.NOTHING)
        learnt = store.learnt(session)[label_id]
    values = {"error": "", "terms": "\n".join(label.terms), "message_error": "", "typed": "", **typed}
    return render.page(
        request, reader, "label.html", status, label=label, rows=rows, sides={e.message_id: e.positive for e in named},
        number=len(named), doubtful=doubtful, trend=trend, learnt=learnt, topics=topics, say=Say(reader),
        span=topics.span(reader, 7), least=LEAST, **values,
    )  # fmt: skip


@router.post("/listening/labels/{label_id}")
def change(request: Request, reader: Managing, label_id: int, terms: Text = "") -> Response:
    """Other words; stored messages follow."""
    try:
        with db.write() as session:
            labels.update(session, _label(session, label_id).name, terms=_terms(terms), actor=reader.actor)
    except BadPayload as error:
        return _one(request, reader, label_id, 422, error=topics.said(reader, error), terms=terms)
    return render.to(f"/listening/labels/{label_id}", "saved")


@router.post("/listening/labels/{label_id}/examples")
def name_examples(
    request: Request, reader: Managing, label_id: int, messages: Text = "", side: Text = "for"
) -> Response:
    """Name messages by their numbers."""
    typed = [number(word.lstrip("#")) for word in messages.replace(",", " ").split()]
    try:
        with db.write() as session:
            label = _label(session, label_id)
            if not typed or 0 in typed:
                raise BadPayload(N_("Write the numbers of messages, with a space between two of them."))
            store.add(session, label, typed, positive=side == "for", actor=reader.actor, sight=reader.sight)
    except BadPayload as error:
        said = topics.said(reader, error)
        return _one(request, reader, label_id, 422, message_error=said, typed=messages)
    return render.to(f"/listening/labels/{label_id}", "label-taught")


@router.post("/listening/labels/{label_id}/switch")
def switch(reader: Managing, label_id: int, on: Text = "") -> Response:
    """Switch a label on or off; stored messages follow."""
    with db.write() as session:
        labels.update(session, _label(session, label_id).name, enabled=on == "yes", actor=reader.actor)
    return render.to(f"/listening/labels/{label_id}", "saved")


@router.post("/listening/labels/{label_id}/remove")
def remove(reader: Managing, label_id: int) -> Response:
    """Remove a label with its examples."""
    with db.write() as session:
        labels.remove(session, _label(session, label_id).name, reader.actor)
    return render.to("/listening/labels", "label-removed")


def _terms(text: str) -> list[str]:
    """One term a line, or between commas."""
    return [term for line in text.splitlines() for term in line.replace("、", ",").split(",")]
