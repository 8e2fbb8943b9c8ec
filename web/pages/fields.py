"""`/settings/custom`: fields that the organisation adds to conversations and people."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from sqlmodel import Session
from starlette.datastructures import FormData

from core import db
from inbox.fields import kinds, store
from inbox.fields.kinds import Definition
from inbox.fields.models import CustomField
from inbox.fields.store import Wanted, Wrong
from web import place, render, role_words
from web.i18n import LANGUAGES
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/custom"

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("fields.manage"))]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """All of them, in the order in which they are shown."""
    with db.read() as session:
        found = store.every(session, archived=True)
        roles = role_words.named(session, reader)
    return render.page(request, reader, "settings/custom.html", found=found, roles=roles)


@router.get(HERE + "/new")
def new(request: Request, reader: Managing, of: str = "conversation") -> Response:
    """An empty form."""
    subject = of if of in kinds.SUBJECTS else "conversation"
    return _form(request, reader, None, {"subject": subject, "kind": "text"})


@router.get(HERE + "/{field_id:int}")
def one(request: Request, reader: Managing, field_id: int) -> Response:
    """The form with what is kept."""
    with db.read() as session:
        field = _found(session, field_id)
    typed = {
        "subject": field.subject, "kind": field.kind, "names": field.names, "helps": field.helps,
        "options": {code: [each.names.get(code, "") for each in field.options if not each.gone] for code in LANGUAGES},
        "required": field.required, "editors": list(field.editors),
    }  # fmt: skip
    return _form(request, reader, field, typed)


@router.post(HERE)
async def add(request: Request, reader: Managing) -> Response:
    """Keep a new one."""
    return _keep(request, reader, None, _typed(await request.form()))


@router.post(HERE + "/{field_id:int}")
async def change(request: Request, reader: Managing, field_id: int) -> Response:
    """Keep it in its new form."""
    with db.read() as session:
        field = _found(session, field_id)
    return _keep(request, reader, field, _typed(await request.form()))


@router.post(HERE + "/{field_id:int}/up")
def up(reader: Managing, field_id: int) -> Response:
    """One place further up."""
    with db.write() as session:
        if not _found(session, field_id).archived:
            store.move(session, field_id, reader.actor)
    return render.to(HERE, "saved")


@router.post(HERE + "/{field_id:int}/archive")
def archive(reader: Managing, field_id: int) -> Response:
    """Show it no more; its values stay."""
    with db.write() as session:
        _found(session, field_id)
        store.archive(session, field_id, reader.actor)
    return render.to(HERE, "field-archived")


@router.post(HERE + "/{field_id:int}/restore")
def restore(request: Request, reader: Managing, field_id: int) -> Response:
    """Have it back."""
    try:
        with db.write() as session:
            _found(session, field_id)
            store.archive(session, field_id, reader.actor, archived=False)
    except Wrong as error:
        with db.read() as session:
            found, roles = store.every(session, archived=True), role_words.named(session, reader)
        said = reader.words(error.sentence)
        return render.page(request, reader, "settings/custom.html", 422, found=found, roles=roles, problem=said)
    return render.to(HERE, "field-restored")


def _typed(form: FormData) -> dict[str, Any]:
    texts = {name: str(form.get(name, ""))[:20_000].replace("\r\n", "\n") for name in form}
    return {
        "subject": texts.get("subject", ""),
        "kind": texts.get("kind", ""),
        "names": {code: texts.get(f"name_{code}", "") for code in LANGUAGES},
        "helps": {code: texts.get(f"help_{code}", "") for code in LANGUAGES},
        "options": {code: texts.get(f"options_{code}", "").split("\n") for code in LANGUAGES},
        "required": texts.get("required") == "yes",
        "editors": [str(one) for one in form.getlist("editor")],
    }


def _keep(request: Request, reader: Reader, field: Definition | None, typed: dict[str, Any]) -> Response:
    try:
        with db.write() as session:
            known = role_words.named(session, reader)
            editors = [one for one in typed["editors"] if one in known]
            store.save(session, field.id if field else None, Wanted(**{**typed, "editors": editors}), reader.actor)
    except Wrong as error:
        return _form(request, reader, field, typed, {error.field: reader.words(error.sentence)}, 422)
    return render.to(HERE, "field-kept")


def _form(
    request: Request, reader: Reader, field: Definition | None, typed: dict[str, Any],
    wrong: dict[str, str] | None = None, status: int = 200,
) -> Response:  # fmt: skip
    empty = {"names": {}, "helps": {}, "options": {}, "required": False, "editors": []}
    with db.read() as session:
        roles = role_words.named(session, reader)
    return render.page(
        request, reader, "settings/custom_field.html", status, kept=field, typed={**empty, **typed},
        wrong=wrong or {}, roles=roles, chosen=kinds.CHOSEN,
    )  # fmt: skip


def _found(session: Session, field_id: int) -> Definition:
    row = session.get(CustomField, field_id) if field_id < place.LARGEST else None
    if row is None:
        raise HTTPException(404)
    return store.definition(row)
