"""Promises: within what time somebody is answered, for which conversations; and the clocks of one conversation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from inbox import clocks, policies
from inbox.conditions import tree
from inbox.conditions.tree import EVERYTHING
from inbox.policies import Wanted
from inbox.sla_models import SlaPolicy
from web import promises, thread
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Moment, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/policies"
TAG = "promises"
TREE = "A filter tree as `GET /conversations` takes it; {} for every conversation. It asks only what stays."
ZERO = "Minutes; 0 for no promise."

router = _router()
Managing = Annotated[Reader, Depends(allow("teams.manage"))]
Reading = Annotated[Reader, Depends(allow("messages.read"))]
Minutes = Annotated[int, Field(ge=0, le=policies.LONGEST)]


class OnePolicy(Shown):
    """What is promised, and for which conversations: the first that fits counts."""

    id: int
    name: str
    enabled: bool
    conditions: dict[str, Any] = Field(description=TREE)
    first_reply: int = Field(description=ZERO)
    next_reply: int = Field(description=ZERO)
    resolution: int = Field(description=ZERO)
    business: bool = Field(description="Minutes count in the hours of the conversation's team, else around the clock.")
    warn: int = Field(description="It is warned when so many per cent of the time are left; 0 for never.")


class NewPolicy(Given):
    """What is promised, and for which conversations."""

    name: Text = Field(min_length=1, max_length=80)
    enabled: bool = True
    conditions: dict[str, Any] = Field(default_factory=dict, description=TREE)
    first_reply: Minutes = Field(0, description=ZERO)
    next_reply: Minutes = Field(0, description=ZERO)
    resolution: Minutes = Field(0, description=ZERO)
    business: bool = True
    warn: int = Field(20, ge=0, le=90)


class Span(BaseModel):
    """A stretch of a clock."""

    since: Moment
    until: Moment | None = Field(description="null: it lasts.")
    runs: bool
    why: Literal["", "pending", "snoozed", "closed", "spam", "hours"] = Field(
        description="Why it stood still: it waited for them, was put away, closed, spam, or outside business hours."
    )
    days_off: list[str] = Field(description="Names of days off in it.")


class OneClock(BaseModel):
    """One promise of a conversation."""

    kind: Literal["first", "next", "resolution"]
    state: Literal["running", "paused", "met", "breached", "ended"]
    started_at: Moment
    due_at: Moment | None = Field(description="While it runs.")
    warn_at: Moment | None
    stopped_at: Moment | None
    over_at: Moment | None = Field(description="When the time was over, if it was before it was met.")
    seconds_left: int = Field(description="Of counted time where its last span began; below 0 after a breach.")
    spans: list[Span]


class Clocks(BaseModel):
    """How the promises of a conversation stand, and why."""

    policy_id: int | None = Field(description="null: nothing is promised for it.")
    policy: str
    timezone: str = Field(description="Of the business hours that count.")
    clocks: list[OneClock]


@router.get(HERE, tags=[TAG])
def index(reader: Managing) -> All[OnePolicy]:
    """All policies in the order in which they are asked."""
    with db.read() as session:
        return All(items=[OnePolicy.model_validate(one) for one in policies.every(session)])


@router.get(HERE + "/{policy_id}", tags=[TAG])
def one(reader: Managing, policy_id: Id) -> OnePolicy:
    """One policy."""
    with db.read() as session:
        return OnePolicy.model_validate(_policy(session, policy_id))


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewPolicy) -> Response:
    """Promise something: a new policy, asked after the others."""
    return change.do(lambda session: Made(id=policies.save(session, None, _wanted(body), reader.actor)), 201)


@router.post(HERE + "/{policy_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, policy_id: Id, body: NewPolicy) -> Response:
    """Change a policy as a whole; clocks are counted anew."""

    def work(session: Session) -> Changed:
        _policy(session, policy_id)
        return Changed(id=policies.save(session, policy_id, _wanted(body), reader.actor), changed=True)

    return change.do(work)


@router.post(HERE + "/{policy_id}/up", tags=[TAG], response_model=Changed)
def up(change: Changing, reader: Managing, policy_id: Id) -> Response:
    """Have a policy asked one place earlier."""

    def work(session: Session) -> Changed:
        _policy(session, policy_id)
        return Changed(id=policy_id, changed=policies.move(session, policy_id, reader.actor))

    return change.do(work)


@router.post(HERE + "/{policy_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, policy_id: Id) -> Response:
    """Promise it no more; its clocks go too."""

    def work(session: Session) -> Changed:
        _policy(session, policy_id)
        return Changed(id=policy_id, changed=policies.remove(session, policy_id, reader.actor))

    return change.do(work)


@router.get("/api/v1/conversations/{conversation_id}/clocks", tags=[TAG])
def explained(reader: Reading, conversation_id: Id) -> Clocks:
    """Each promise of a conversation: how it stands, what ran, what stood still, and why."""
    now = db.now()
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        policy, calendar, found = clocks.of_conversation(session, conversation_id, now)
    items = []
    for clock in found:
        spans = [
            Span(since=each.since, until=each.until, runs=each.runs, why=each.why, days_off=list(each.days_off))
            for step in clock.steps
            for each in promises.stretched(step, calendar, now)
        ]
        items.append(
            OneClock(
                kind=clock.kind, state=clock.state, started_at=clock.started_at, due_at=clock.due_at,
                warn_at=clock.warn_at, stopped_at=clock.stopped_at, over_at=clock.over_at, seconds_left=clock.left,
                spans=spans,
            )
        )  # fmt: skip
    return Clocks(
        policy_id=policy.id if policy is not None else None, policy=policy.name if policy is not None else "",
        timezone=calendar.zone, clocks=items,
    )  # fmt: skip


def _policy(session: Session, policy_id: int) -> SlaPolicy:
    row = session.get(SlaPolicy, policy_id)
    if row is None:
        raise Refused(404)
    return row


def _wanted(body: NewPolicy) -> Wanted:
    times = body.model_dump(exclude={"conditions"})
    return Wanted(conditions=tree.read(body.conditions) if body.conditions else EVERYTHING, **times)
