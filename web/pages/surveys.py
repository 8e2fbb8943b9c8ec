"""`/settings/surveys`: what customers are asked after a conversation was closed, previews, and whom it was sent to."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.settings import settings
from inbox import consent
from inbox.conditions.tree import EVERYTHING
from inbox.surveys import questions, sending, store
from inbox.surveys.models import Survey
from inbox.surveys.store import Wrong
from web import asking, condition_choices, condition_form, condition_words, place, render, survey_form
from web.condition_form import Part
from web.i18n import LANGUAGES
from web.permissions import allow
from web.reader import Reader
from web.survey_form import Draft

HERE = "/settings/surveys"
PER_PAGE = 50

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("surveys.manage"))]
Text = Annotated[str, Form(max_length=1_000)]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """All of them, in the order in which they are asked."""
    return _index(request, reader)


@router.post(HERE)
def add(request: Request, reader: Managing, name: Text = "", kind: Text = "") -> Response:
    """A new one in our words, switched off, to be changed."""
    try:
        with db.write() as session:
            number = store.save(session, None, kind, survey_form.begun(kind, name), reader.actor)
    except Rejected as error:
        field = error.field if isinstance(error, Wrong) else "name"
        return _index(request, reader, 422, {field: reader.words(str(error))}, name, kind)
    return render.to(f"{HERE}/{number}", "survey-made")


@router.post(HERE + "/fields")
async def fields(request: Request, reader: Managing) -> Response:
    """The conditions drawn anew."""
    form = await request.form()
    with db.read() as session:
        values = _builder(session, condition_form.read(form, reader), reader)
    return render.part("parts/conditions.html", reader, **values)


@router.get(HERE + "/{survey_id:int}")
def one(request: Request, reader: Managing, survey_id: int) -> Response:
    """The form with what is kept."""
    with db.read() as session:
        row = _found(session, survey_id)
        return _form(request, session, reader, row, survey_form.of(row), condition_form.of(store.group(row)))


@router.post(HERE + "/{survey_id:int}")
async def change(request: Request, reader: Managing, survey_id: int) -> Response:
    """Keep it in its new form, or change questions and conditions in the form."""
    form = await request.form()
    with db.read() as session:
        row = _found(session, survey_id)
    draft, asked = survey_form.read(form, row.kind), condition_form.read(form, reader)
    deed = str(form.get("do", ""))
    if deed and deed != "keep":
        if ":c" in deed:
            condition_form.change(asked, deed, form)
        else:
            survey_form.change(draft, deed, str(form.get("ask_kind", "")))
        with db.read() as session:
            return _form(request, session, reader, row, draft, asked)
    group = condition_form.group(asked)
    if group is None:  # a row says what is wrong with it
        with db.read() as session:
            return _form(request, session, reader, row, draft, asked, 422)
    try:
        with db.write() as session:
            store.save(session, survey_id, row.kind, draft.wanted(group), reader.actor)
    except Rejected as error:
        wrong = {error.field if isinstance(error, Wrong) else "name": reader.words(str(error))}
        with db.read() as session:
            return _form(request, session, reader, row, draft, asked, 422, wrong)
    return render.to(f"{HERE}/{survey_id}", "survey-kept")


@router.post(HERE + "/{survey_id:int}/switch")
def switch(reader: Managing, survey_id: int, on: Text = "no") -> Response:
    """Switch it on or off."""
    with db.write() as session:
        _found(session, survey_id)
        store.switch(session, survey_id, reader.actor, on=on == "yes")
    return render.to(HERE, "survey-on" if on == "yes" else "survey-off")


@router.post(HERE + "/{survey_id:int}/up")
def up(reader: Managing, survey_id: int) -> Response:
    """Asked one place earlier."""
    with db.write() as session:
        _found(session, survey_id)
        store.move(session, survey_id, reader.actor)
    return render.to(HERE, "saved")


@router.post(HERE + "/{survey_id:int}/remove")
def remove(reader: Managing, survey_id: int) -> Response:
    """Ask it no more; answers stay."""
    with db.write() as session:
        _found(session, survey_id)
        store.remove(session, survey_id, reader.actor)
    return render.to(HERE, "survey-removed")


@router.get(HERE + "/{survey_id:int}/preview")
def preview(request: Request, reader: Managing, survey_id: int, lang: str = "", q: str = "") -> Response:
    """The survey as customers see it, to be tried out: what is answered stands in the address and is kept nowhere."""
    with db.read() as session:
        row = _found(session, survey_id)
    spoken = Reader(asking.language(row, lang, reader.language))
    found = questions.read(row.questions)
    given = {one.id: request.query_params.getlist(one.id)[:20] for one in found if one.id in request.query_params}
    given |= {one.id: [""] for one in found if one.id == request.query_params.get("from") and one.id not in given}
    values = asking.values(found, given)
    shown = asking.standing(row, values, spoken.words("Preview"), spoken, at=q, test=True)
    done, _ = questions.way(found, values)
    kept = {number: asking.texts(values[number]) or [""] for number in done if shown.question is None
            or number != shown.question.id}  # fmt: skip
    return render.page(
        request, spoken, "survey.html", shown=shown, action=f"{HERE}/{survey_id}/preview",
        kept=kept,
    )  # fmt: skip


@router.get(HERE + "/{survey_id:int}/log")
def log(request: Request, reader: Managing, survey_id: int, before: int = 0) -> Response:
    """Whom it was sent to and whom not, and why."""
    with db.read() as session:
        row = _found(session, survey_id)
        found = sending.of_survey(session, survey_id, before if 0 < before < place.LARGEST else 0, PER_PAGE + 1)
    onward = found[PER_PAGE - 1].id if len(found) > PER_PAGE else 0
    return render.page(
        request, reader, "settings/survey_log.html", survey=row, found=found[:PER_PAGE], onward=onward,

    )  # fmt: skip


# --- what they share --------------------------------------------------------------------------------------


def _index(
    request: Request, reader: Reader, status: int = 200, wrong: dict[str, str] | None = None, name: str = "",
    kind: str = "csat",
) -> Response:  # fmt: skip
    with db.read() as session:
        found = store.every(session)
        counts = sending.counts(session)
        allowed = consent.switched_on(session, sending.PURPOSE)
    return render.page(
        request, reader, "settings/surveys.html", status, found=found, counts=counts, wrong=wrong or {}, name=name,
        kind=kind, allowed=allowed, address=settings().public_url,
    )  # fmt: skip


def _builder(session: Session, draft: Part, reader: Reader) -> dict[str, Any]:
    choices = condition_choices.choices(session, reader, {row.field for row in draft.rows()})
    return {"draft": draft, "choices": choices, "fields": condition_words, "refresh": HERE + "/fields"}


def _form(
    request: Request, session: Session, reader: Reader, row: Survey, typed: Draft, asked: Part | None,
    status: int = 200, wrong: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    return render.page(
        request, reader, "settings/survey.html", status, survey=row, typed=typed, wrong=wrong or {},
        spoken=LANGUAGES, scores=questions.SCORES, branches=questions.BRANCHES,
        **_builder(session, asked or condition_form.of(EVERYTHING), reader),
    )  # fmt: skip


def _found(session: Session, survey_id: int) -> Survey:
    row = session.get(Survey, survey_id) if survey_id < place.LARGEST else None
    if row is None or row.removed:
        raise HTTPException(404)
    return row
