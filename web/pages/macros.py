"""`/settings/macros`: deeds under a name; run from a conversation, or on many with the list's bulk bar."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Form, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import actions, macros
from inbox.actions import Action
from inbox.many import jobs, work
from inbox.many.models import BulkJob
from inbox.models import Conversation
from inbox.rule_models import Macro
from web import action_form, action_words, actors, field_words, render, sharing, thread
from web.action_form import Row
from web.i18n import N_
from web.pages.thread import do
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/macros"
KINDS = actions.MACRO

router = APIRouter()
Answering = Annotated[Reader, Depends(allow("conversations.reply"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


@router.get(HERE)
def index(request: Request, reader: Answering) -> Response:
    """All macros this reader can run."""
    with db.read() as session:
        found = macros.of(session, reader.actor)
        options = action_words.choices(session, reader, rule=False)
        names = actors.names(session, [one.owner for one in found])
        offered = sharing.options(session, reader)
    said = {
        one.id: [action_words.said(Action(row["do"], row.get("value", "")), reader, options) for row in one.actions]
        for one in found
    }
    return render.page(request, reader, "settings/macros.html", found=found, names=names, said=said, offered=offered)


@router.get(HERE + "/new")
def new(request: Request, reader: Answering) -> Response:
    """An empty form."""
    return _form(request, reader, None, [])


@router.get(HERE + "/{macro_id:int}")
def one(request: Request, reader: Answering, macro_id: int) -> Response:
    """The form with what is kept."""
    try:
        with db.read() as session:
            row = macros.find(session, macro_id, reader.actor)
    except Rejected as error:
        return render.page(request, reader, "settings/macros.html", 404, problem=reader.words(str(error)), found=[],
                           names={}, said={}, offered={})  # fmt: skip
    rows = action_form.of(row.actions, KINDS, reader)
    return _form(request, reader, macro_id, rows, name=row.name, shared=row.shared)


@router.post(HERE)
async def add(request: Request, reader: Answering) -> Response:
    """Keep a new one, or change the form."""
    return await _change(request, reader, None)


@router.post(HERE + "/{macro_id:int}")
async def change(request: Request, reader: Answering, macro_id: int) -> Response:
    """Keep it in its new form, or change the form."""
    return await _change(request, reader, macro_id)


@router.post(HERE + "/{macro_id:int}/remove")
def remove(request: Request, reader: Answering, macro_id: int) -> Response:
    """Forget it."""
    try:
        with db.write() as session:
            macros.remove(session, macro_id, reader.actor, all_of_them=reader.may("shared.edit"))
    except Rejected as error:
        return _form(request, reader, None, [], 422, problem=reader.words(str(error)))
    return render.to(HERE, "macro-removed")


async def _change(request: Request, reader: Reader, macro_id: int | None) -> Response:
    form = await request.form()
    rows, deed = action_form.read(form, KINDS), str(form.get("do", "save"))
    shared = [str(one) for one in form.getlist("shared")]
    typed: dict[str, Any] = {"name": str(form.get("name", ""))[:300], "shared": shared}
    if deed != "save":
        action_form.change(rows, deed, form, KINDS)
        return _form(request, reader, macro_id, rows, **typed)
    found = action_form.deeds(rows, KINDS, reader)
    if found is None:
        return _form(request, reader, macro_id, rows, 422, **typed)
    try:
        with db.write() as session:
            kept = session.get(Macro, macro_id) if macro_id else None
            before = kept.shared if kept is not None else ()
            shared = sharing.chosen(shared, sharing.options(session, reader), before)
            every = reader.may("shared.edit")
            field_words.check_macro(session, found, kept.actions if kept is not None else (), reader)
            macros.save(session, macro_id, typed["name"], found, reader.actor, shared=shared, all_of_them=every)
    except Rejected as error:
        return _form(request, reader, macro_id, rows, 422, wrong=reader.words(str(error)), **typed)
    return render.to(HERE, "macro-kept")


def _form(
    request: Request, reader: Reader, macro_id: int | None, rows: list[Row], status: int = 200, **values: Any
) -> Response:
    with db.read() as session:
        options = action_words.choices(session, reader, rule=False)
        shares = sharing.options(session, reader)
    given = {"name": "", "shared": [], "wrong": "", "problem": "", **values}
    return render.page(
        request, reader, "settings/macro.html", status, macro_id=macro_id, rows=rows, deed_kinds=KINDS,
        deed_words=action_words, deed_choices=options, shares=shares, **given,
    )  # fmt: skip


# --- in a conversation ----------------------------------------------------------------------------------


@router.post("/inbox/{conversation_id}/macro")
def run(request: Request, conversation_id: int, reader: Managing, macro: Annotated[str, Form()] = "") -> Response:
    """Do what the macro says, as a whole; the way back is kept as for many."""
    job = BulkJob(actor=reader.actor, made_at=db.now())
    name = ""

    def deed(session: Session) -> bool:
        nonlocal job, name
        found = macros.find(session, int(macro) if macro.isascii() and macro.isdigit() else 0, reader.actor)
        name = found.name
        c = db.table(Conversation)
        chosen = sa.select(c.c.id).where(c.c.id == conversation_id)
        job = jobs.begin(session, reader.actor, macros.deeds(found), chosen, macro=name, at_once=1)
        work.within(session, job.id or 0, lambda session, actor: reader.sight)
        for _, reason in jobs.unchanged(session, job.id or 0):
            raise Rejected(reason)
        return True

    answer = do(request, conversation_id, reader, deed, "", "macro-run")
    if answer.status_code != 200:
        return answer
    said = reader.words(N_("The macro %(name)s was run."), name=name)
    undo = f"/inbox/jobs/{job.id}/undo" if job.changed and jobs.reversible(job) else ""
    return render.told(answer, said, "ok", undo, events=["thread", "composer"])


def offered(session: Session, reader: Reader) -> list[tuple[int, str]]:
    """(number, name) of the macros of a menu."""
    return [(one.id or 0, one.name) for one in macros.of(session, reader.actor)]


@router.get("/inbox/macro-menu")
def bulk_menu(request: Request, reader: Managing) -> Response:
    """The macros of the list's bulk bar."""
    if not render.wants_part(request):
        return render.to("/inbox")
    with db.read() as session:
        return render.part("parts/macros_bulk.html", reader, offered=offered(session, reader))


@router.get("/inbox/{conversation_id}/macro-menu")
def menu(request: Request, conversation_id: int, reader: Managing) -> Response:
    """The macros of the conversation's menu."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        found = offered(session, reader)
    if not render.wants_part(request):
        return render.to(f"/inbox/{conversation_id}#conversation")
    return render.part("parts/macros.html", reader, offered=found, conversation_id=conversation_id)
