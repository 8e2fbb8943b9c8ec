"""`/people/{id}/record`: making a lead or contact of the CRM out of a person, with what is known filled in."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from core import db
from core.errors import Rejected, WiderhallError
from enrichment import person
from enrichment.crm import Needed
from enrichment.making import form, looking, store
from enrichment.person import Person
from web import making_words, place, render
from web.permissions import allow
from web.reader import Reader

router = APIRouter()
Opening = Annotated[Reader, Depends(allow("cases.open"))]
MOST = 2_000


@router.get("/people/{identity_id:int}/record/{object}")
def new(request: Request, reader: Opening, identity_id: int, object: str) -> Response:
    """The form, with what is known here and what this org needs."""
    _known(object)
    return _form(request, reader, identity_id, object, None)


@router.post("/people/{identity_id:int}/record/{object}")
async def make(request: Request, reader: Opening, identity_id: int, object: str) -> Response:
    """Have it made; it is on its way then."""
    _known(object)
    sent = await request.form()
    typed = {name[2:]: " ".join(str(sent.get(name, ""))[:MOST].split()) for name in sent if name.startswith("r_")}
    return await render.quickly(_make, request, reader, identity_id, object, typed)


def _make(request: Request, reader: Reader, identity_id: int, object: str, typed: dict[str, str]) -> Response:
    _person(identity_id)
    try:
        fields = looking.fields(object)
        wrong = form.wrong(object, fields, typed)
        if wrong:
            return _form(request, reader, identity_id, object, typed, wrong, 422)
        names = {one.name for one in fields}
        with db.write() as session:
            wanted = {name: value for name, value in typed.items() if name in names}
            store.want(session, identity_id, object, wanted, reader.actor)
    except Rejected as error:
        return _form(request, reader, identity_id, object, typed, status=422, problem=reader.words(str(error)))
    except WiderhallError as error:
        return _form(request, reader, identity_id, object, typed, status=422, problem=str(error))
    return render.to(f"/people/{identity_id}#crm", "record-wanted")


@router.post("/people/{identity_id:int}/record-back")
def back(reader: Opening, identity_id: int) -> Response:
    """Want it no more, while it waits or was refused."""
    _person(identity_id)
    with db.write() as session:
        done = store.take_back(session, identity_id, reader.actor)
    return render.to(f"/people/{identity_id}#crm", "undone" if done else "")


def _known(object: str) -> None:
    if object not in form.OBJECTS:
        raise HTTPException(404)


def _person(identity_id: int) -> Person:
    with db.read() as session:
        found = person.find(session, identity_id) if identity_id < place.LARGEST else None
    if found is None:
        raise HTTPException(404)
    return found


def _form(
    request: Request, reader: Reader, identity_id: int, object: str, typed: dict[str, str] | None,
    wrong: dict[str, str] | None = None, status: int = 200, problem: str = "",
) -> Response:  # fmt: skip
    found = _person(identity_id)
    with db.read() as session:
        why = store.may_make(session, identity_id)
        near = [] if why else looking.near(session, found)
    fields: list[Needed] = []
    if not why:
        try:
            fields = looking.fields(object)
        except Rejected as error:
            why = str(error)
        except WiderhallError as error:
            problem = problem or str(error)
    suggested = form.suggested(object, found.facts)
    values: dict[str, Any] = {name: value for name, (value, _) in suggested.items()} if typed is None else typed
    told = {name: reader.words(making_words.WRONG[what]) for name, what in (wrong or {}).items()}
    return render.page(
        request, reader, "make_record.html", status, person=found, object=object, fields=fields, values=values,
        suggested=suggested, wrong=told, why=reader.words(why) if why else "", near=near, problem=problem,
    )  # fmt: skip
