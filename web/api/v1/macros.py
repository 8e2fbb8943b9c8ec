"""Macros: deeds that are done together to a conversation, kept under a name."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import actions, macros
from inbox.rule_models import Macro
from web import field_words, sharing, thread
from web.api.v1 import deeds
from web.api.v1.change import Changing
from web.api.v1.deeds import BackDeed, DoneDeed, MacroDeed
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Number, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/macros"
TALK = "/api/v1/conversations/{conversation_id}/macro"
TAG = "macros"
WITH = "Who runs it besides its owner: `all`, or teams as `team:3`; empty for its owner alone."

router = _router()
Replying = Annotated[Reader, Depends(allow("conversations.reply"))]
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


class OneMacro(Shown):
    """Deeds under a name."""

    id: int
    name: str
    owner: str
    shared: list[str] = Field(description=WITH)
    actions: list[DoneDeed] = Field(description="Done in this order, all or none.")
    changed_at: Moment


class NewMacro(Given):
    """Deeds under a name."""

    name: Text = Field(min_length=1, max_length=macros.NAME)
    actions: list[MacroDeed] = Field(min_length=1, max_length=actions.MOST)
    shared: list[Annotated[Text, Field(max_length=60)]] = Field(default_factory=list, max_length=100, description=WITH)


class Which(Given):
    """Which one is run."""

    macro_id: Number


class Back(Given):
    """What takes a macro back."""

    back: list[BackDeed] = Field(
        min_length=1, max_length=actions.MOST, description="As it was answered when the macro was run."
    )


class Ran(BaseModel):
    """What became of a macro."""

    id: int = Field(description="The conversation.")
    back: list[DoneDeed] = Field(description="What takes it back, as far as it can be: send it to `/macro/undo`.")


@router.get(HERE, tags=[TAG])
def index(reader: Replying) -> All[OneMacro]:
    """The macros that the token's owner can run, by name."""
    with db.read() as session:
        return All(items=[OneMacro.model_validate(one) for one in macros.of(session, reader.actor)])


@router.get(HERE + "/{macro_id}", tags=[TAG])
def one(reader: Replying, macro_id: Id) -> OneMacro:
    """One macro."""
    with db.read() as session:
        return OneMacro.model_validate(_macro(session, macro_id, reader))


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Replying, body: NewMacro) -> Response:
    """Keep a new macro."""
    return change.do(lambda session: Made(id=_save(session, None, body, reader)), 201)


@router.post(HERE + "/{macro_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Replying, macro_id: Id, body: NewMacro) -> Response:
    """Change a macro as a whole: one's own, or with the right to (`shared.edit`) one that others share."""

    def work(session: Session) -> Changed:
        _macro(session, macro_id, reader)
        return Changed(id=_save(session, macro_id, body, reader), changed=True)

    return change.do(work)


@router.post(HERE + "/{macro_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Replying, macro_id: Id) -> Response:
    """Forget a macro; what it did stays."""

    def work(session: Session) -> Changed:
        _macro(session, macro_id, reader)
        macros.remove(session, macro_id, reader.actor, all_of_them=reader.may("shared.edit"))
        return Changed(id=macro_id, changed=True)

    return change.do(work)


@router.post(TALK, tags=[TAG], response_model=Ran)
def run(change: Changing, reader: Managing, conversation_id: Id, body: Which) -> Response:
    """Do what a macro says, wholly or not at all; on many conversations by `POST /conversations/bulk`."""

    def work(session: Session) -> Ran:
        thread.find(session, conversation_id, reader)
        found = macros.find(session, body.macro_id, reader.actor)
        back = macros.run(session, found, conversation_id, reader.actor)
        return Ran(id=conversation_id, back=deeds.shown(back))

    return change.do(work)


@router.post(TALK + "/undo", tags=[TAG], response_model=Ran)
def undo(change: Changing, reader: Managing, conversation_id: Id, body: Back) -> Response:
    """Take back what a macro did, as far as it can be; the answer's `back` does it again."""

    def work(session: Session) -> Ran:
        thread.find(session, conversation_id, reader)
        back = deeds.back(body.back)
        field_words.check(session, back, reader, conversation_id)
        done = actions.all_of(session, conversation_id, back, reader.actor)
        return Ran(id=conversation_id, back=deeds.shown(done))

    return change.do(work)


def _macro(session: Session, macro_id: int, reader: Reader) -> Macro:
    try:
        return macros.find(session, macro_id, reader.actor)
    except Rejected as error:
        raise Refused(404) from error


def _save(session: Session, macro_id: int | None, body: NewMacro, reader: Reader) -> int:
    kept = session.get(Macro, macro_id) if macro_id else None
    shared = sharing.chosen(body.shared, sharing.options(session, reader), kept.shared if kept is not None else ())
    wanted = deeds.macro(body.actions)
    field_words.check_macro(session, wanted, kept.actions if kept is not None else (), reader)
    return macros.save(
        session, macro_id, body.name, wanted, reader.actor, shared=shared,
        all_of_them=reader.may("shared.edit"),
    )  # fmt: skip
