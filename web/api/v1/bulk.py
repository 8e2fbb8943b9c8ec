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
from web import actors
from web.api.v1 import deeds
from web.api.v1.change import Changing
from web.api.v1.conversations import HERE
from web.api.v1.deeds import VALUES, DoneDeed, MacroDeed
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
    back: list[MacroDeed] = Field(min_length=1, max_length=actions.MOST)


class Backs(Given):
    """What takes it back, as it was answered."""

    items: list[Back] = Field(min_length=1, max_length=MOST)


NOT_THERE = "There is no such conversation."


@router.post(f"{HERE}/bulk", tags=[TAG], response_model=All[Result])
def bulk(change: Changing, reader: Managing, body: Many) -> Response:
    """One deed, or one macro, on up to 200 conversations: each wholly or not at all, with an answer of its own."""

    def work(session: Session) -> All[Result]:
        run = _run(session, body, reader)
        seen = visibility.of(session, reader.sight, body.ids)
        return All(items=[_one(session, number, run, seen=number in seen) for number in dict.fromkeys(body.ids)])

    return change.do(work)


Run = Callable[[int], Result]


def _run(session: Session, body: Many, reader: Reader) -> Run:
    """What is done to one conversation."""
    if body.macro is not None:
        macro = macros.find(session, body.macro, reader.actor)
        return lambda number: _result(number, macros.run(session, macro, number, reader.actor), changed=True)
    one = actions.action({"do": body.do, "value": body.value}, DEEDS)
    if one.do == "assign" and one.value.startswith("user:") and one.value not in dict(actors.answering(session)):
        raise Refused(422, "A conversation is given to somebody who works here, or to nobody.", "rejected")
    return lambda number: _did(session, number, [one], reader)


def _did(session: Session, number: int, wanted: Sequence[Action], reader: Reader) -> Result:
    done = actions.each(session, number, wanted, reader.actor)
    return _result(number, actions.back(done), changed=any(one.changed for one in done))


def _result(number: int, back: Sequence[Action], *, changed: bool) -> Result:
    return Result(id=number, changed=changed, back=deeds.shown(back))


def _one(session: Session, number: int, run: Run, *, seen: bool) -> Result:
    """Wholly or not at all."""
    if not seen:
        return Result(id=number, changed=False, refused=NOT_THERE)
    try:
        with session.begin_nested():
            return run(number)
    except Rejected as error:
        return Result(id=number, changed=False, refused=str(error))


@router.post(f"{HERE}/bulk/undo", tags=[TAG], response_model=All[Result])
def undo(change: Changing, reader: Managing, body: Backs) -> Response:
    """Take back what was done to many, as far as it can be: `items` are those of the answer with their `back`."""

    def work(session: Session) -> All[Result]:
        backs = {one.id: deeds.macro(one.back) for one in body.items}
        seen = visibility.of(session, reader.sight, list(backs))
        run: Run = lambda number: _did(session, number, backs[number], reader)  # noqa: E731  # one use
        return All(items=[_one(session, number, run, seen=number in seen) for number in backs])

    return change.do(work)
