"""Rules as they are kept: when something happens, if conditions hold, then deeds; in an order, each with its switch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import actions, teams
from inbox.actions import Action
from inbox.conditions import tree
from inbox.conditions.tree import Group
from inbox.models import ReplyRow
from inbox.rule_models import Rule, RuleRun

NAME = 80
ANSWERS = ("reply", "reply_private")
"""Deeds that write to the customer."""
WELL = ("done", "submitted", "same")
"""What is said of a deed that was not refused."""
LATELY = 50
"""So many times at work say how a rule does."""
TRIGGERS = ("message", "opened", "assigned", "tagged", "closed", "updated", "sla", "survey")
NO_NAME = "Give the rule a name."
LONG_NAME = "The name is too long: 80 characters at most."
NO_TRIGGER = "Say when the rule is asked."
PERSONAL = "A rule has no reader: it cannot ask what is unread, or who looks."
GONE = "This rule is gone."
NOBODY_LOOKS = "A rule gives a conversation to somebody by name, not to whoever looks."
NO_TEAM = "The team of these business hours is gone. Choose another one, or any time."
NO_HOURS = "This team works around the clock: nothing happens outside of that."
REFUSALS = (NO_NAME, LONG_NAME, NO_TRIGGER, PERSONAL, GONE, NOBODY_LOOKS, NO_TEAM, NO_HOURS)


@dataclass(frozen=True, slots=True)
class Hours:
    """Within the business hours of a team, or outside of them."""

    inside: bool
    team_id: int


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule that is switched on, ready to be asked."""

    id: int
    trigger: str
    group: Group
    deeds: tuple[Action, ...]
    last: bool
    since: datetime
    hours: Hours | None = None


def every(session: Session) -> list[Rule]:
    """All rules in their order."""
    r = db.table(Rule)
    return list(session.scalars(sa.select(Rule).where(~r.c.removed).order_by(r.c.place, r.c.id)))


def get(session: Session, rule_id: int) -> Rule:
    """One rule; Rejected when there is none."""
    row = session.get(Rule, rule_id) if 0 < rule_id < 2**62 else None
    if row is None or row.removed:
        raise Rejected(GONE)
    return row


def enabled(session: Session) -> list[Ready]:
    """Those that are switched on, in their order; one that this version cannot read is left out."""
    r = db.table(Rule)
    found = []
    for row in session.execute(sa.select(r).where(r.c.enabled, ~r.c.removed).order_by(r.c.place, r.c.id)).mappings():
        try:
            deeds = tuple(actions.read(row["actions"], actions.RULE))
            asked, hours = group(row["conditions"]), Hours(**row["hours"]) if row["hours"] else None
            found.append(Ready(row["id"], row["trigger"], asked, deeds, row["last"], row["since"], hours))
        except Rejected:
            continue
    return found


def group(raw: object) -> Group:
    """Its conditions; empty ones always hold."""
    return tree.read(raw) if raw else tree.EVERYTHING


def save(
    session: Session,
    rule_id: int | None,
    *,
    name: str,
    trigger: str,
    asked: Group,
    deeds: Sequence[Action],
    last: bool,
    actor: str,
    hours: Hours | None = None,
) -> int:
    """Keep a rule, a new one switched off; returns its number. Rejected says what is wrong."""
    title = " ".join(db.sound(name).split())
    if not title:
        raise Rejected(NO_NAME)
    if len(title) > NAME:
        raise Rejected(LONG_NAME)
    if trigger not in TRIGGERS:
        raise Rejected(NO_TRIGGER)
    if tree.personal(asked):
        raise Rejected(PERSONAL)
    if hours is not None:
        _worked(session, hours)
    kept = [one.written() for one in deeds]
    actions.read(kept, actions.RULE)
    kept = [one.written() for one in actions.settled(session, deeds)]
    if Action("assign", tree.ME) in deeds:
        raise Rejected(NOBODY_LOOKS)
    moment, r = db.now(), db.table(Rule)
    if rule_id is None:
        last_place = session.scalar(sa.select(sa.func.max(r.c.place))) or 0
        row = Rule(name=title, place=last_place + 1, trigger=trigger, since=moment, changed_by=actor, changed_at=moment)
    else:
        row = get(session, rule_id)
    row.name, row.trigger, row.actions, row.last = title, trigger, kept, last
    row.conditions, row.hours = tree.written(asked) if asked.of else {}, asdict(hours) if hours is not None else None
    row.changed_by, row.changed_at, row.since = actor, moment, moment
    session.add(row)
    session.flush()
    audit.record(session, actor, "rule.saved", f"rule:{row.id}")
    return row.id or 0


def _worked(session: Session, hours: Hours) -> None:
    found = teams.calendars(session).get(hours.team_id)
    if found is None:
        raise Rejected(NO_TEAM)
    if found.always and not hours.inside:
        raise Rejected(NO_HOURS)


def switch(session: Session, rule_id: int, actor: str, *, on: bool) -> bool:
    """Switch a rule on or off; what happened before it was switched on is not touched."""
    row = get(session, rule_id)
    if row.enabled == on:
        return False
    row.enabled, row.since = on, db.now()
    session.add(row)
    audit.record(session, actor, "rule.switched", f"rule:{rule_id}", {"on": on})
    return True


def move(session: Session, rule_id: int, step: int, actor: str) -> None:
    """One place up (-1) or down (1)."""
    get(session, rule_id)
    ids = [one.id or 0 for one in every(session)]
    at, r = ids.index(rule_id), db.table(Rule)
    ids.insert(max(0, at + step), ids.pop(at))
    for place, one in enumerate(ids, 1):
        session.execute(sa.update(r).where(r.c.id == one).values(place=place))
    audit.record(session, actor, "rule.moved", f"rule:{rule_id}")


def remove(session: Session, rule_id: int, actor: str) -> None:
    """Take it away; its name and its log stay."""
    row = get(session, rule_id)
    row.removed, row.enabled = True, False
    session.add(row)
    audit.record(session, actor, "rule.removed", f"rule:{rule_id}")


def log(
    session: Session, rule_id: int = 0, before: int = 0, limit: int = 50, *, conversation_id: int = 0
) -> list[RuleRun]:
    """When rules were at work, the newest first: one of them, or all; anywhere, or in one conversation.

    `before` goes on after the run of that number.
    """
    r = db.table(RuleRun)
    asked = ((r.c.rule_id == rule_id, rule_id), (r.c.conversation_id == conversation_id, conversation_id))
    query = sa.select(RuleRun).where(*(one for one, wanted in asked if wanted), *([r.c.id < before] if before else []))
    return list(session.scalars(query.order_by(r.c.id.desc()).limit(limit)))


def newest(session: Session) -> dict[int, RuleRun]:
    """When each rule was at work last."""
    r = db.table(RuleRun)
    last = sa.select(sa.func.max(r.c.id)).group_by(r.c.rule_id)
    return {one.rule_id: one for one in session.scalars(sa.select(RuleRun).where(r.c.id.in_(last)))}


def refused(run: RuleRun) -> int:
    """How many deeds of a run could not be done."""
    return sum(one["said"] not in WELL for one in run.outcome)


def undelivered(session: Session, runs: Iterable[RuleRun]) -> dict[tuple[int, int], str]:
    """{(run, place of the deed): failed or unknown} of the answers that did not arrive."""
    keys = {
        f"rule:{run.id}:{place}": (run.id or 0, place)
        for run in runs
        for place, one in enumerate(run.outcome)
        if one["do"] in ANSWERS and one["said"] in WELL
    }
    r = db.table(ReplyRow)
    query = sa.select(r.c.key, r.c.state).where(r.c.key.in_(sorted(keys)), r.c.state.in_(("failed", "unknown")))
    return {keys[key]: state for key, state in session.execute(query)}


@dataclass(frozen=True)
class Lately:
    """The last deeds of a rule, and how many of them failed: could not be done, or were answers that did not arrive."""

    deeds: int
    failed: int


def lately(session: Session, rule_id: int) -> Lately:
    """Of the last times that a rule was at work."""
    runs = log(session, rule_id, limit=LATELY)
    failed = sum(refused(run) for run in runs) + len(undelivered(session, runs))
    return Lately(sum(len(run.outcome) for run in runs), failed)


def names(session: Session, numbers: Sequence[int]) -> dict[int, str]:
    """Their names, of those too that were taken away."""
    r = db.table(Rule)
    return {row.id: row.name for row in session.execute(sa.select(r.c.id, r.c.name).where(r.c.id.in_(numbers)))}
