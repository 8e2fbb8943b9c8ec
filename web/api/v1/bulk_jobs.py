"""One deed, or one macro, on a whole list however long: asked for, looked at, stopped, taken back."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import actions, listing, macros
from inbox.actions import Action
from inbox.many import jobs
from inbox.many.models import BulkJob
from web import field_words
from web.api.v1 import deeds, shapes
from web.api.v1.bulk import DEEDS, TAG, Verb, works_here
from web.api.v1.change import Changing
from web.api.v1.conversations import Conditions, wanted
from web.api.v1.deeds import VALUES, DoneDeed
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Cursor, Given, Id, Limit, Moment, Number, Page, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/bulk-jobs"

router = _router()
Managing = Annotated[Reader, Depends(allow("conversations.manage"))]


class Chosen(Conditions):
    """Which conversations: those that the inbox lists so at this moment, as the token's owner sees it."""

    model_config = ConfigDict(extra="forbid", strict=True)


class NewJob(Given):
    """One deed, or one macro, and to which list."""

    filter: Chosen = Field(description="The list, as `GET /conversations` narrows it; `{}` is every conversation.")
    do: Verb | None = Field(None, description="The deed; left out with `macro`.")
    value: Text = Field("", max_length=500, description=f"{VALUES}.")
    macro: Number | None = Field(None, description="Run this macro instead.")

    @model_validator(mode="after")
    def _one_of_them(self) -> NewJob:
        if (self.do is None) == (self.macro is None):
            raise ValueError("send either `do` or `macro`")
        return self


class Job(BaseModel):
    """How far it is, and what became of it."""

    id: int
    url: str = Field(description="Where to ask how far it is.")
    state: Literal["running", "stopped", "done", "undoing", "undone"]
    reason: str = Field(description="Why it was stopped, where nobody did that.")
    deeds: list[DoneDeed]
    macro: str = Field(description="The macro's name, where it is one.")
    total: int = Field(description="Conversations that were chosen; those that came later are not touched.")
    changed: int
    same: int = Field(description="Those that were like that already.")
    left: int = Field(description="Those that could not be changed: `/refused` says which and why.")
    back: int = Field(description="Of the changed ones, those that stand as before again.")
    kept: int = Field(description="Of the changed ones, those whose change could not be taken back.")
    made_at: Moment
    ended_at: Moment | None


class Refusal(BaseModel):
    """A conversation that was left, or whose change was kept."""

    conversation_id: int
    reason: str


def _shown(job: BulkJob) -> Job:
    done = [Action(one["do"], one.get("value", "")) for one in job.deeds]
    return Job.model_validate(
        {**job.model_dump(exclude={"actor", "shown"}), "url": f"{HERE}/{job.id}", "deeds": deeds.shown(done)}
    )


@router.post(HERE, tags=[TAG], response_model=Job, status_code=202)
def begin(change: Changing, reader: Managing, body: NewJob) -> Response:
    """One deed, or one macro, on every conversation of a list, however long; it goes on in the background.

    The conversations are those of this moment; the right to each is asked when it is done. Each is changed wholly or
    not at all.
    """
    deed = None if body.macro is not None else actions.action({"do": body.do, "value": body.value}, DEEDS)

    def work(session: Session) -> Job:
        done, name = [deed] if deed is not None else [], ""
        if body.macro is not None:
            macro = macros.find(session, body.macro, reader.actor)
            done, name = macros.deeds(macro), macro.name
        elif deed is not None and deed.do == "assign" and deed.value.startswith("user:"):
            works_here(session, deed.value)
        elif deed is not None:
            field_words.check(session, [deed], reader)
        chosen = listing.every(wanted(session, body.filter, reader))
        return _shown(jobs.begin(session, reader.actor, done, chosen, macro=name))

    return change.do(work, 202)


@router.get(HERE, tags=[TAG])
def index(reader: Managing, cursor: Cursor = "", limit: Limit = 50) -> Page[Job]:
    """What the token's owner has done to many, on the pages too, newest first; kept for 30 days."""
    before = _place(cursor)
    with db.read() as session:
        found = jobs.of(session, reader.actor, before, limit + 1)
    following = shapes.mark(found[limit - 1].id) if len(found) > limit else None
    return Page(items=[_shown(one) for one in found[:limit]], next=following)


@router.get(f"{HERE}/{{job_id}}", tags=[TAG])
def one(reader: Managing, job_id: Id) -> Job:
    """How far it is."""
    with db.read() as session:
        return _shown(_find(session, job_id, reader))


@router.get(f"{HERE}/{{job_id}}/refused", tags=[TAG])
def refused(reader: Managing, job_id: Id, cursor: Cursor = "", limit: Limit = 50) -> Page[Refusal]:
    """Which conversations were left or kept as they are, and why."""
    after = _place(cursor)
    with db.read() as session:
        _find(session, job_id, reader)
        found = jobs.unchanged(session, job_id, after, limit + 1)
    following = shapes.mark(found[limit - 1][0]) if len(found) > limit else None
    return Page(items=[Refusal(conversation_id=number, reason=why) for number, why in found[:limit]], next=following)


@router.post(f"{HERE}/{{job_id}}/stop", tags=[TAG], response_model=Job)
def stop(change: Changing, reader: Managing, job_id: Id) -> Response:
    """Leave the rest as it is, on the way there or back."""

    def work(session: Session) -> Job:
        _find(session, job_id, reader)
        jobs.stop(session, job_id, reader.actor)
        return _shown(_find(session, job_id, reader))

    return change.do(work)


@router.post(f"{HERE}/{{job_id}}/undo", tags=[TAG], response_model=Job, status_code=202)
def undo(change: Changing, reader: Managing, job_id: Id) -> Response:
    """Have all that it changed stand as before, but for what somebody changed since; the rest is not touched."""

    def work(session: Session) -> Job:
        _find(session, job_id, reader)
        return _shown(jobs.undo(session, job_id, reader.actor))

    return change.do(work, 202)


def _find(session: Session, job_id: int, reader: Reader) -> BulkJob:
    try:
        return jobs.find(session, job_id, reader.actor)
    except Rejected as error:
        raise Refused(404) from error


def _place(cursor: str) -> int:
    found = shapes.place(cursor)
    if found and not (found[0].isascii() and found[0].isdigit() and len(found[0]) < 16):
        raise shapes.wrong_place()
    return int(found[0]) if found else 0
