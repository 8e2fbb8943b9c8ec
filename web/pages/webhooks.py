"""`/settings/webhooks`: programs that are told what happens here; every delivery, and making it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from web import actors, refusals, render, snoozing
from web.i18n import N_
from web.outgoing import store, tasks
from web.outgoing.events import TYPES
from web.outgoing.models import Told
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/webhooks"
SHOWN = 50
"""Deliveries of one page."""
EVENTS = {
    "conversation.opened": N_("Somebody waits for an answer"),
    "conversation.updated": N_("A conversation was worked on"),
    "message.received": N_("A message came"),
    "message.updated": N_("A message was edited"),
    "message.deleted": N_("A message was deleted"),
    "reply.queued": N_("An answer waits to be sent"),
    "reply.sent": N_("An answer was sent"),
    "reply.failed": N_("An answer failed"),
    "reply.cancelled": N_("An answer was taken back"),
    "reply.submitted": N_("An answer waits for approval"),
    "reply.rejected": N_("An answer was not approved"),
    "survey.answered": N_("A survey was answered"),
    "person.linked": N_("An account was linked, or unlinked"),
    "person.merged": N_("Two people were merged"),
    "person.split": N_("A person was split"),
    "person.erased": N_("A person was erased"),
    "webhook.test": N_("A test"),
    "webhook.asked": N_("A rule asked for it"),
}
TEXTS = {
    "none": N_("no text, only ids and states"),
    "public": N_("the text of public messages"),
    "all": N_("the text of every message, private ones too"),
}
STATES = {"active": N_("active"), "paused": N_("paused"), "disabled": N_("disabled")}
DONE = {
    "pause": "webhook-paused", "resume": "webhook-resumed", "test": "webhook-tested", "remove": "webhook-removed",
    "replay": "webhook-replayed",
}  # fmt: skip
"""Deeds, and the notes that say they were done."""
DELIVERIES = {"waiting": N_("waits"), "delivered": N_("arrived"), "failed": N_("failed")}


@dataclass(frozen=True)
class Wanted:
    """Which deliveries are shown."""

    before: int = 0
    """Those with a smaller number."""
    state: str = ""
    type: str = ""


ALL = Wanted()

router = APIRouter()

Managing = Annotated[Reader, Depends(allow("webhooks.manage"))]
Types = Annotated[list[str] | None, Form()]
Words = Annotated[str, Form()]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """Every endpoint, and the form for a new one."""
    return _page(request, reader)


@router.post(HERE)
def add(request: Request, reader: Managing, url: Words = "", texts: Words = "none", events: Types = None) -> Response:
    """A new endpoint; the answer shows its secret, and nothing does later."""
    try:
        with db.write() as session:
            _, secret = store.add(session, url, events or [], texts, reader.actor)
    except Rejected as error:
        return _page(request, reader, 422, wrong=_wrong(reader, error), url=url, texts=texts, chosen=events or [])
    return _page(request, reader, secret=secret)


@router.get(HERE + "/{endpoint_id}")
def one(
    request: Request, endpoint_id: int, reader: Managing, before: str = "", state: str = "", type: str = ""
) -> Response:
    """One endpoint with its deliveries; `state` and `type` show some of them alone."""
    wanted = Wanted(_number(before), state if state in DELIVERIES else "", type if type in EVENTS else "")
    return _one(request, reader, endpoint_id, wanted=wanted)


@router.get(HERE + "/{endpoint_id}/deliveries/{delivery_id}")
def delivery(request: Request, endpoint_id: int, delivery_id: int, reader: Managing) -> Response:
    """One delivery: what is sent, and every attempt with its answer; never the text of a message."""
    _known(endpoint_id)
    with db.read() as session:
        endpoint, row = store.get(session, endpoint_id), _delivery(session, endpoint_id, delivery_id)
    texts = endpoint.texts != "none" and row.type.startswith("message.")
    head = f"POST {endpoint.url}\ncontent-type: application/json\nwebhook-id: {row.event}\n\n"
    sent = head + json.dumps(tasks.shaped(row, row.data), ensure_ascii=False, indent=2)
    return render.page(
        request, reader, "settings/webhook_delivery.html", endpoint=endpoint, one=row, sent=sent, texts=texts,
        told=DELIVERIES, events=EVENTS,
    )  # fmt: skip


@router.post(HERE + "/{endpoint_id}")
def change(
    request: Request, endpoint_id: int, reader: Managing, url: Words = "", texts: Words = "none", events: Types = None
) -> Response:
    """Another address, other events or texts."""
    _known(endpoint_id)
    try:
        with db.write() as session:
            store.change(session, endpoint_id, url, events or [], texts, reader.actor)
    except Rejected as error:
        wrong, chosen = _wrong(reader, error), events or []
        return _one(request, reader, endpoint_id, 422, wrong=wrong, url=url, texts=texts, chosen=chosen)
    return render.to(f"{HERE}/{endpoint_id}", "webhook-saved")


@router.post(HERE + "/{endpoint_id}/rotate")
def rotate(request: Request, endpoint_id: int, reader: Managing) -> Response:
    """A new secret, shown once; the one before signs beside it for a day."""
    _known(endpoint_id)
    with db.write() as session:
        secret = store.rotate(session, endpoint_id, reader.actor)
    return _one(request, reader, endpoint_id, secret=secret)


@router.post(HERE + "/{endpoint_id}/{deed}")
def do(request: Request, endpoint_id: int, deed: str, reader: Managing, since: Words = "") -> Response:
    """Pause it, let it go on, test it, remove it, or make again what failed since a moment."""
    _known(endpoint_id)
    moment = snoozing.moment(since, reader) if deed == "replay" else None
    if deed == "replay" and moment is None:
        raise HTTPException(400)

    def work(session: Session) -> str:
        if deed in store.STATES:
            store.switch(session, endpoint_id, store.STATES[deed], reader.actor)
        elif deed == "test":
            store.test(session, endpoint_id, reader.actor)
        elif deed == "remove":
            store.remove(session, endpoint_id, reader.actor)
        elif moment is None:
            raise HTTPException(404)
        elif not store.replay_failed(session, endpoint_id, moment, reader.actor):
            return "webhook-none-failed"
        return DONE[deed]

    return _done(request, reader, endpoint_id, work, HERE if deed == "remove" else f"{HERE}/{endpoint_id}")


@router.post(HERE + "/{endpoint_id}/deliveries/{delivery_id}/replay")
def again(request: Request, endpoint_id: int, delivery_id: int, reader: Managing) -> Response:
    """Make one delivery again, under its own id."""
    with db.read() as session:
        _delivery(session, endpoint_id, delivery_id)

    def work(session: Session) -> str:
        store.replay(session, endpoint_id, delivery_id, reader.actor)
        return DONE["replay"]

    return _done(request, reader, endpoint_id, work, f"{HERE}/{endpoint_id}/deliveries/{delivery_id}")


def _done(request: Request, reader: Reader, endpoint_id: int, work: Callable[[Session], str], where: str) -> Response:
    """Do it, and say so there; or the endpoint's page with what is wrong."""
    try:
        with db.write() as session:
            note = work(session)
    except Rejected as error:
        return _one(request, reader, endpoint_id, 422, problem=reader.words(str(error)))
    return render.to(where, note)


def _known(endpoint_id: int) -> None:
    try:
        with db.read() as session:
            store.get(session, endpoint_id)
    except Rejected as error:
        raise HTTPException(404) from error


def _delivery(session: Session, endpoint_id: int, delivery_id: int) -> Told:
    try:
        return store.delivery(session, endpoint_id, delivery_id)
    except Rejected as error:
        raise HTTPException(404) from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _wrong(reader: Reader, error: Rejected) -> dict[str, str]:
    where = "events" if str(error) == store.NO_EVENT else "url"
    return {where: refusals.said(str(error), reader)}


def _page(request: Request, reader: Reader, status: int = 200, **given: Any) -> Response:
    with db.read() as session:
        endpoints = store.every(session)
        names = actors.names(session, [one.made_by for one in endpoints])
    values = {"secret": "", "wrong": {}, "url": "", "texts": "none", "chosen": list(TYPES), **given}
    return render.page(
        request, reader, "settings/webhooks.html", status, endpoints=endpoints, names=names, states=STATES, **_words(),
        **values,
    )  # fmt: skip


def _one(
    request: Request, reader: Reader, endpoint_id: int, status: int = 200, wanted: Wanted = ALL, **given: Any
) -> Response:
    _known(endpoint_id)
    with db.read() as session:
        endpoint = store.get(session, endpoint_id)
        waits = store.waiting(session, endpoint_id) if endpoint.state != "active" else 0
        found = store.deliveries(session, endpoint_id, wanted.before, SHOWN + 1, wanted.state, wanted.type)
    kept = {"url": endpoint.url, "texts": endpoint.texts, "chosen": endpoint.events}
    here, narrowed = f"{HERE}/{endpoint_id}", {"state": wanted.state, "type": wanted.type}
    older = here + render.query(**narrowed, before=str(found[SHOWN - 1].id)) if len(found) > SHOWN else ""
    values = {"secret": "", "wrong": {}, **kept, **given}
    return render.page(
        request, reader, "settings/webhook.html", status, endpoint=endpoint, deliveries=found[:SHOWN], older=older,
        newer=here + render.query(**narrowed) if wanted.before else "", wanted=wanted, states=STATES, told=DELIVERIES,
        said=(tasks.GONE, tasks.TIRED), waits=waits, held=tasks.HELD, **_words(), **values,
    )  # fmt: skip


def _words() -> dict[str, Any]:
    return {"types": list(TYPES), "events": EVENTS, "text_choices": TEXTS}
