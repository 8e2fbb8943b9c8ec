"""One deed on many conversations, and taking it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field, model_validator
from sqlmodel import Session

from core.errors import Rejected
from inbox import actions, macros, visibility
from inbox.actions import Action
from web import actors, field_words
from web.api.v1 import deeds
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.deeds import VALUES, BackDeed, DoneDeed
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Given, Number, Text
from web.permissions import allow
from web.reader import Reader

TAG = "conversations"
MOST = 200
"""Conversations in one go."""
DEEDS = ("assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze")

router = _router()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]
Verb = Literal["assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze"]


class Many(Given):
    """One deed, or one macro, and to which conversations."""

    ids: list[Number] = Field(min_length=1, max_length=MOST)
    do: Verb | None = Field(None, description="The deed; left out with `macro`.")
    value: Text = Field("", max_length=500, description=f"{VALUES}.")
    macro: Number | None = Field(None, description="Run this macro instead.")

    @model_validator(mode="after")
    def _one_of_them(self) -> Many:
        if (self.do is None) == (self.macro is None):
            raise ValueError("send either `do` or `macro`")
        return self


class Result(BaseModel):
    """What became of one conversation."""

    id: int
    changed: bool = Field(description="False when it was like that already, or it was refused.")
    refused: str = Field("", description="Why not, as a sentence; nothing of it was done then.")
    back: list[DoneDeed] = Field(default_factory=list, description="What takes it back: send it to `/bulk/undo`.")


class Back(Given):
    """What takes a deed back on one conversation."""

    id: Number
    back: list[BackDeed] = Field(min_length=1, max_length=actions.MOST)


class Backs(Given):
    """What takes it back, as it was answered."""

    items: list[Back] = Field(min_length=1, max_length=MOST)


NOT_THERE = "There is no such conversation."


@router.post(f"{HERE}/bulk", tags=[TAG], response_model=All[Result])
def bulk(change: Changing, reader: Managing, body: Many) -> Response:
    """One deed, or one macro, on up to 200 conversations: each wholly or not at all, with an answer of its own."""
    deed = None if body.macro is not None else actions.action({"do": body.do, "value": body.value}, DEEDS)

    def check(session: Session) -> None:
        if body.macro is not None:
            macros.find(session, body.macro, reader.actor)
        elif deed is not None and deed.do == "assign" and deed.value.startswith("user:"):
            works_here(session, deed.value)
        elif deed is not None:
            field_words.check(session, [deed], reader)

    def run(session: Session, number: int) -> Result:
        if deed is not None:
            return _did(session, number, [deed], reader)
        macro = macros.find(session, body.macro or 0, reader.actor)
        return _result(number, macros.run(session, macro, number, reader.actor), changed=True)

    return change.each(list(dict.fromkeys(body.ids)), check, _one(reader, run))


def works_here(session: Session, actor: str) -> None:
    """Refused when a conversation cannot be given to this person."""
    if actor not in dict(actors.answering(session)):
        raise Refused(422, "A conversation is given to somebody who works here, or to nobody.", "rejected")


def _did(session: Session, number: int, wanted: Sequence[Action], reader: Reader) -> Result:
    done = actions.each(session, number, wanted, reader.actor)
    return _result(number, actions.back(done), changed=any(one.changed for one in done))


def _result(number: int, back: Sequence[Action], *, changed: bool) -> Result:
    return Result(id=number, changed=changed, back=deeds.shown(back))


def _one(reader: Reader, run: Callable[[Session, int], Result]) -> Callable[[Session, int], Result]:
    """Wholly or not at all, to a conversation that is seen."""

    def work(session: Session, number: int) -> Result:
        if not visibility.of(session, reader.sight, [number]):
            return Result(id=number, changed=False, refused=NOT_THERE)
        try:
            with session.begin_nested():
                return run(session, number)
        except Rejected as error:
            return Result(id=number, changed=False, refused=str(error))

    return work


@router.post(f"{HERE}/bulk/undo", tags=[TAG], response_model=All[Result])
def undo(change: Changing, reader: Managing, body: Backs) -> Response:
    """Take back what was done to many, as far as it can be: `items` are those of the answer with their `back`."""
    backs = {one.id: deeds.back(one.back) for one in body.items}

    def run(session: Session, number: int) -> Result:
        field_words.check(session, backs[number], reader, number)
        return _did(session, number, backs[number], reader)

    return change.each(list(backs), lambda session: None, _one(reader, run))
