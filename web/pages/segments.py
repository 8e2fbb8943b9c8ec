"""`/people/segments`: saved filters over people: counted live, made and changed, listed, handed on as CSV."""

from __future__ import annotations

import io
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from core import db
from core.errors import Rejected
from core.settings import settings
from enrichment.models import CrmConnection
from enrichment.segments import activation, campaign, conditions, store, testing
from enrichment.segments.conditions import Group
from enrichment.segments.models import Segment
from listening import subjects
from web import refusals, render, segment_form, segment_words
from web.permissions import allow
from web.reader import Reader
from web.segment_form import Draft

HERE = "/people/segments"

NOTES = {"pause": "receiver-paused", "resume": "receiver-resumed", "remove": "receiver-removed",
         "retry": "receiver-retried"}  # fmt: skip

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("segments.read"))]
Managing = Annotated[Reader, Depends(allow("segments.manage"))]
Exporting = Annotated[Reader, Depends(allow("segments.export"))]


@router.get(HERE)
def index(request: Request, reader: Reading) -> Response:
    """All segments with how many people are in each now."""
    with db.read() as session:
        rows = [(one, store.count(session, conditions.read(one.conditions))) for one in store.every(session)]
    return render.page(request, reader, "segments.html", rows=rows)


@router.get(f"{HERE}/new")
def new(request: Request, reader: Managing) -> Response:
    """An empty form."""
    return _form(request, reader, Draft())


@router.post(HERE)
async def create(request: Request, reader: Managing) -> Response:
    """Keep a new segment, or do what another button of the form says."""
    return await run_in_threadpool(_edited, request, reader, dict(await request.form()), None)


@router.post(f"{HERE}/count")
async def count(request: Request, reader: Managing) -> Response:
    """How many people the form's filter finds, and some of them, as a part of the page."""
    form = dict(await request.form())
    return await run_in_threadpool(_counted, reader, segment_form.read(form))


@router.get(f"{HERE}/{{segment_id:int}}")
def one(request: Request, segment_id: int, reader: Reading, after: str = "") -> Response:
    """A segment: its conditions, its numbers, the people in it page by page."""
    return _one(request, reader, segment_id, after)


def _one(
    request: Request, reader: Reader, segment_id: int, after: str = "", status: int = 200, secret: str = "",
    url: str = "", url_problem: str = "", tested: testing.Tested | None = None,
) -> Response:  # fmt: skip
    segment, group = _known(segment_id)
    with db.read() as session:
        found = store.count(session, group)
        rows, following = store.page(session, group, after[:60])
        receivers = activation.standing(session, segment_id) if reader.may("segments.export") else []
        refusals = {one.activation.id: campaign.refusals(session, one.activation.id or 0) for one in receivers}
        names = store.names(session, [bad.person for some in refusals.values() for bad in some])
        crm = session.get(CrmConnection, 1)
        followed = _subjects(session)
        asking = segment_words.of(session, reader, group)
        org = crm.url if crm is not None else ""
    return render.page(
        request, reader, "segment.html", status, segment=segment, group=group, count=found, rows=rows, first=not after,
        receivers=receivers, refusals=refusals, names=names, org=org, secret=secret, url=url, url_problem=url_problem,
        following=f"{HERE}/{segment_id}?after={quote(following)}" if following else "", asking=asking,
        subjects=followed, tested=tested, beyond=_beyond(group),
    )  # fmt: skip


@router.get(f"{HERE}/{{segment_id:int}}/edit")
def edit(request: Request, segment_id: int, reader: Managing) -> Response:
    """The form with what is kept."""
    segment, group = _known(segment_id)
    draft = segment_form.of(segment.name, group)
    if draft is None:
        return render.to(f"{HERE}/{segment_id}", "segment-deep")
    return _form(request, reader, draft, segment_id)


@router.post(f"{HERE}/{{segment_id:int}}")
async def change(request: Request, segment_id: int, reader: Managing) -> Response:
    """Keep a changed segment, or do what another button of the form says."""
    form = dict(await request.form())
    await run_in_threadpool(_known, segment_id)
    return await run_in_threadpool(_edited, request, reader, form, segment_id)


@router.post(f"{HERE}/{{segment_id:int}}/remove")
def remove(segment_id: int, reader: Managing) -> Response:
    """Forget a segment."""
    _known(segment_id)
    try:
        with db.write() as session:
            store.remove(session, segment_id, reader.actor)
    except Rejected:
        return render.to(f"{HERE}/{segment_id}#receivers", "segment-handed")
    return render.to(HERE, "segment-removed")


@router.get(f"{HERE}/{{segment_id:int}}/people.csv")
def export(segment_id: int, reader: Exporting) -> Response:
    """Everybody in it who may be addressed for marketing, as CSV; noted in the audit trail."""
    segment, _ = _known(segment_id)
    stream = io.StringIO()
    with db.write() as session:
        store.export(session, segment, stream, reader.actor)
    name = quote(f"{segment.name}.csv", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response("\ufeff" + stream.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post(f"{HERE}/{{segment_id:int}}/receivers")
def receiver(request: Request, segment_id: int, reader: Exporting, url: Annotated[str, Form()] = "") -> Response:
    """Hand a segment on to an address; the answer shows the secret, and nothing does later."""
    _known(segment_id)
    try:
        with db.write() as session:
            _, secret = activation.add(session, segment_id, url[:600], reader.actor)
    except Rejected as error:
        return _one(request, reader, segment_id, "", 422, url=url[:600], url_problem=refusals.said(str(error), reader))
    return _one(request, reader, segment_id, secret=secret)


@router.post("/people/receivers/{activation_id:int}/test")
def test(request: Request, activation_id: int, reader: Exporting) -> Response:
    """Send a webhook a delivery without people, signed like all others, and show what it answers."""
    try:
        with db.write() as session:
            found = testing.prepared(session, activation_id, reader.actor)
    except Rejected as error:
        raise HTTPException(404) from error
    return _one(request, reader, found.activation.segment_id, tested=testing.sent(found))


@router.post("/people/receivers/{activation_id:int}/{deed}")
def receiving(activation_id: int, deed: str, reader: Exporting) -> Response:
    """Pause a receiver, let it go on, try again whom a campaign refused, or remove it."""
    try:
        with db.write() as session:
            if deed == "remove":
                row = activation.remove(session, activation_id, reader.actor)
            elif deed == "retry":
                row = campaign.try_again(session, activation_id, reader.actor)
            elif deed in ("pause", "resume"):
                row = activation.switch(session, activation_id, "active" if deed == "resume" else deed, reader.actor)
            else:
                raise HTTPException(404)
    except Rejected as error:
        raise HTTPException(404) from error
    note = "receiver-ending" if row.state == "ending" else NOTES[deed]
    return render.to(f"{HERE}/{row.segment_id}#receivers", note)


def _known(segment_id: int) -> tuple[Segment, Group]:
    try:
        with db.read() as session:
            segment = store.get(session, segment_id)
        return segment, conditions.read(segment.conditions)
    except Rejected as error:
        raise HTTPException(404) from error


def _subjects(session: Session) -> dict[str, str]:
    """What is followed: number → name."""
    return {str(one.id): one.name for one in subjects.all_subjects(session)}


def _edited(request: Request, reader: Reader, form: dict[str, Any], segment_id: int | None) -> Response:
    draft = segment_form.read(form)
    deed = str(form.get("do", ""))
    if deed != "save":
        segment_form.change(draft, deed, form)
        return _form(request, reader, draft, segment_id)
    group = draft.group()
    if group is None:
        problem = "" if any(part.rows for part in draft.parts) else reader.words(conditions.EMPTY)
        return _form(request, reader, draft, segment_id, 422, problem)
    try:
        with db.write() as session:
            kept = store.save(session, draft.name, group, reader.actor, segment_id)
    except Rejected as error:
        where = "problem" if str(error) == conditions.NO_FIELD else "name_problem"
        return _form(request, reader, draft, segment_id, 422, **{where: reader.words(str(error))})
    return render.to(f"{HERE}/{kept}", "segment-saved")


def _form(
    request: Request, reader: Reader, draft: Draft, segment_id: int | None = None, status: int = 200,
    problem: str = "", name_problem: str = "",
) -> Response:  # fmt: skip
    found, rows = _found(draft)
    group = draft.group()
    if status == 200:  # a row that was only just added is not wrong yet
        for row in (row for part in draft.parts for row in part.rows if not row.value):
            row.problem = ""
    with db.read() as session:
        options, names = store.options(session), _subjects(session)
        asking = segment_words.asking(session, reader, {row.field for part in draft.parts for row in part.rows})
    return render.page(
        request, reader, "segment_form.html", status, draft=draft, segment_id=segment_id, asking=asking,
        options=options, subjects=names, count=found, rows=rows, problem=problem, name_problem=name_problem,
        beyond=_beyond(group), action=f"{HERE}/{segment_id}" if segment_id else HERE,
    )  # fmt: skip


def _found(draft: Draft) -> tuple[store.Count | None, list[store.Person]]:
    group = draft.group()
    if group is None:
        return None, []
    with db.read() as session:
        rows, _ = store.page(session, group, limit=store.SAMPLE)
        return store.count(session, group), rows


def _counted(reader: Reader, draft: Draft) -> Response:
    found, rows = _found(draft)
    return render.part("parts/segment_count.html", reader, count=found, rows=rows, beyond=_beyond(draft.group()))


def _beyond(group: Group | None) -> int:
    """The days for which events are kept where a condition looks further back; else nothing."""
    kept = settings().behaviour_days
    return kept if group is not None and conditions.beyond(group, kept) else 0
