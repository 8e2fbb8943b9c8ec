"""Rules: what is done by itself when something happens and conditions hold."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import actions, rules, trial
from inbox.conditions import tree
from inbox.conditions.tree import Group
from inbox.rule_models import Rule
from web.api.v1 import deeds, shapes
from web.api.v1.change import Changing
from web.api.v1.deeds import DoneDeed, RuleDeed
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Cursor, Given, Id, Limit, Made, Moment, Page, Shown, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/rules"
TAG = "rules"
TREE = "A filter tree as `GET /conversations` takes it; {} always holds. It cannot ask who looks or what is unread."

router = _router()
Ruling = Annotated[Reader, Depends(allow("rules.manage"))]
Trigger = Literal["message", "opened", "assigned", "tagged", "closed", "updated", "sla", "survey"]


class RuleHours(Given):
    """Business hours of a team; what counts is the moment at which something happens."""

    inside: bool = Field(description="Within them; false: outside of them.")
    team_id: Id


class OneRule(Shown):
    """What is done by itself."""

    id: int
    name: str
    enabled: bool
    trigger: Trigger = Field(description="What has to happen for it to be asked.")
    conditions: dict[str, Any] = Field(description=TREE)
    hours: RuleHours | None = Field(description="When it is asked; null is at any time.")
    actions: list[DoneDeed]
    last: bool = Field(description="Where it was at work, later rules are not asked.")
    since: Moment = Field(description="What happened before is not touched.")
    changed_by: str
    changed_at: Moment


class Lately(Shown):
    """How a rule does."""

    deeds: int = Field(description=f"Its deeds of the last {rules.LATELY} times it was at work.")
    failed: int = Field(description="Those that could not be done, and answers that did not arrive.")


class Kept(OneRule):
    """A rule, and how it does."""

    lately: Lately


class NewRule(Given):
    """What is done by itself."""

    name: Text = Field(min_length=1, max_length=rules.NAME)
    trigger: Trigger
    conditions: dict[str, Any] = Field(default_factory=dict, description=TREE)
    hours: RuleHours | None = Field(None, description="When it is asked; null is at any time.")
    actions: list[RuleDeed] = Field(min_length=1, max_length=actions.MOST)
    last: bool = Field(False, description="Where it was at work, later rules are not asked.")


class Switch(Given):
    """On or off."""

    enabled: bool


class Step(Given):
    """Where to."""

    step: Literal["up", "down"]


class Trial(Given):
    """A rule to try out."""

    trigger: Trigger = Field("message", description="What has to happen for it to be asked.")
    conditions: dict[str, Any] = Field(description=TREE)
    hours: RuleHours | None = Field(None, description="When it is asked; null is at any time.")


class Tried(BaseModel):
    """What a rule would have done in the last 7 days, in conversations that the owner sees."""

    looked_at: int = Field(description=f"How often what it waits for happened; the newest {trial.MOST:,} at most.")
    times: int = Field(description="For how many of these it would have run.")
    conversations: list[int] = Field(description="In these conversations, as they stand now; the newest first.")


class Outcome(BaseModel):
    """What became of a deed."""

    do: str
    value: str = ""
    said: str = Field(
        description="done, submitted (it has to be approved), same (it was like that), or why not, as a sentence."
    )
    delivery: Literal["", "failed", "unknown"] = Field("", description="Of an answer that did not arrive.")


class Run(BaseModel):
    """A rule that was at work once."""

    id: int
    at: Moment
    rule_id: int
    conversation_id: int
    event: str = Field(description="What it was asked about: `message:12` or `activity:7`.")
    done: int = Field(description="Deeds that changed something.")
    outcome: list[Outcome]


@router.get(HERE, tags=[TAG])
def index(reader: Ruling) -> All[Kept]:
    """All rules in the order in which they are asked."""
    with db.read() as session:
        return All(items=[_kept(session, one) for one in rules.every(session)])


def _kept(session: Session, one: Rule) -> Kept:
    how = Lately.model_validate(rules.lately(session, one.id or 0))
    return Kept(**OneRule.model_validate(one).model_dump(), lately=how)


@router.get(HERE + "/{rule_id}", tags=[TAG])
def one(reader: Ruling, rule_id: Id) -> Kept:
    """One rule."""
    with db.read() as session:
        return _kept(session, _rule(session, rule_id))


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Ruling, body: NewRule) -> Response:
    """Keep a new rule, switched off and the last to be asked."""
    return change.do(lambda session: Made(id=_save(session, None, body, reader)), 201)


@router.post(HERE + "/try", tags=[TAG], response_model=Tried)
def try_out(reader: Ruling, body: Trial) -> Tried:
    """For what of the last 7 days a rule would have run, at its time of day; nothing is done."""
    group, hours = _group(body.conditions), body.hours
    wanted = rules.Hours(hours.inside, hours.team_id) if hours is not None else None
    with db.read() as session:
        found = trial.trial(session, body.trigger, group, wanted, reader.sight)
    return Tried(looked_at=found.looked_at, times=found.times, conversations=list(found.conversations))


@router.post(HERE + "/{rule_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Ruling, rule_id: Id, body: NewRule) -> Response:
    """Change a rule as a whole; it goes for what happens from now on."""

    def work(session: Session) -> Changed:
        _rule(session, rule_id)
        return Changed(id=_save(session, rule_id, body, reader), changed=True)

    return change.do(work)


@router.post(HERE + "/{rule_id}/switch", tags=[TAG], response_model=Changed)
def switch(change: Changing, reader: Ruling, rule_id: Id, body: Switch) -> Response:
    """Switch a rule on or off; what happened before it was switched on is not touched."""

    def work(session: Session) -> Changed:
        _rule(session, rule_id)
        return Changed(id=rule_id, changed=rules.switch(session, rule_id, reader.actor, on=body.enabled))

    return change.do(work)


@router.post(HERE + "/{rule_id}/move", tags=[TAG], response_model=Changed)
def move(change: Changing, reader: Ruling, rule_id: Id, body: Step) -> Response:
    """One place up or down: rules are asked from the top."""

    def work(session: Session) -> Changed:
        _rule(session, rule_id)
        before = [one.id for one in rules.every(session)]
        rules.move(session, rule_id, -1 if body.step == "up" else 1, reader.actor)
        return Changed(id=rule_id, changed=before != [one.id for one in rules.every(session)])

    return change.do(work)


@router.post(HERE + "/{rule_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Ruling, rule_id: Id) -> Response:
    """Take a rule away; what it did stays."""

    def work(session: Session) -> Changed:
        _rule(session, rule_id)
        rules.remove(session, rule_id, reader.actor)
        return Changed(id=rule_id, changed=True)

    return change.do(work)


@router.get(HERE + "/{rule_id}/log", tags=[TAG])
def log(reader: Ruling, rule_id: Id, cursor: Cursor = "", limit: Limit = 50) -> Page[Run]:
    """When a rule was at work and what became of each deed, newest first."""
    with db.read() as session:
        _rule(session, rule_id)
    return _log(rule_id, 0, cursor, limit)


@router.get("/api/v1/rule-runs", tags=[TAG])
def runs(
    reader: Ruling,
    conversation_id: Annotated[int, Query(ge=0, le=shapes.LARGEST)] = 0,
    rule_id: Annotated[int, Query(ge=0, le=shapes.LARGEST)] = 0,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> Page[Run]:
    """When rules were at work, newest first: all of them or one, anywhere or in one conversation."""
    return _log(rule_id, conversation_id, cursor, limit)


def _log(rule_id: int, conversation_id: int, cursor: str, limit: int) -> Page[Run]:
    place = shapes.place(cursor)
    before = shapes.number(place[0]) if place else 0
    with db.read() as session:
        found = rules.log(session, rule_id, before, limit + 1, conversation_id=conversation_id)
        lost = rules.undelivered(session, found)
    items = [
        Run(
            id=run.id or 0, at=run.at, rule_id=run.rule_id, conversation_id=run.conversation_id, event=run.event,
            done=run.done,
            outcome=[
                Outcome.model_validate({**one, "delivery": lost.get((run.id or 0, at), "")})
                for at, one in enumerate(run.outcome)
            ],
        )
        for run in found[:limit]
    ]  # fmt: skip
    return Page(items=items, next=shapes.mark(items[-1].id) if len(found) > limit else None)


def _rule(session: Session, rule_id: int) -> Rule:
    try:
        return rules.get(session, rule_id)
    except Rejected as error:
        raise Refused(404) from error


def _group(raw: dict[str, Any]) -> Group:
    group = rules.group(raw)
    if tree.personal(group):
        raise Rejected(rules.PERSONAL)
    return group


def _save(session: Session, rule_id: int | None, body: NewRule, reader: Reader) -> int:
    return rules.save(
        session, rule_id, name=body.name, trigger=body.trigger, asked=_group(body.conditions),
        deeds=deeds.rule(body.actions), last=body.last, actor=reader.actor,
        hours=rules.Hours(body.hours.inside, body.hours.team_id) if body.hours is not None else None,
    )  # fmt: skip
