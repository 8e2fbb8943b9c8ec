"""Rules at work: handlers of the outbox that ask each rule about what happened, and do its deeds.

Once per rule and event: a row of `rule_run` is written in the transaction of the deeds, and its unique key stops a
repeat. What rules did never asks rules again; a conversation sees at most MOST_AN_HOUR deeds of rules in an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.outbox import DONE, Item, Outcome
from inbox import actions, happened, hours, notices, rules, teams
from inbox.actions import Action
from inbox.conditions import known, predicate, tree
from inbox.conditions.tree import Asker
from inbox.happened import Happened
from inbox.models import Activity, Message
from inbox.rule_models import RuleRun
from inbox.rules import Hours, Ready

MOST_AN_HOUR = 30
FRESH = timedelta(days=1)
"""A message that was stored longer ago is history: it may be annotated again, and asks no rule."""
LIMIT = "Too many deeds of rules in an hour: a rule may be going in circles."


def on_message(items: list[Item]) -> Outcome:
    """message.annotated, .sorted, .heard: a message that came asks the rules; once they have fired, never again."""
    heard = [one for one in items if one.topic == "message.heard"]
    fresh = [one for one in items if one.topic != "message.heard"]
    with db.read() as session:
        ready = [one for one in rules.enabled(session) if one.trigger in ("message", "opened")]
        if not ready:
            return DONE
        m = db.table(Message)
        found = []
        for items_of, heard_of in ((fresh, False), (heard, True)):
            wanted = (m.c.id.in_(_ids(items_of, "message_id")), m.c.stored_at > db.now() - FRESH)
            found += happened.received(session, *wanted, heard=heard_of)
        found = _held(session, ready, found)
    return Outcome(lambda session: run(session, found)) if found else DONE


def on_activity(items: list[Item]) -> Outcome:
    """activity.recorded: what people or the clock did to a conversation asks the rules."""
    with db.read() as session:
        ready = [one for one in rules.enabled(session) if one.trigger not in ("message", "opened")]
        named = db.table(Activity).c.id.in_(_ids(items, "activity_id"))
        found = _held(session, ready, happened.done(session, named)) if ready else []
    return Outcome(lambda session: run(session, found)) if found else DONE


def _ids(items: Sequence[Item], name: str) -> list[int]:
    """Numbers out of letters, of gathered ones too."""
    given = (item.payload[name] for item in items)
    return sorted({int(one) for value in given for one in (value if isinstance(value, list) else [value])})


# --- who is asked ---------------------------------------------------------------------------------------


def _held(session: Session, ready: Sequence[Ready], found: Sequence[Happened]) -> list[Happened]:
    """Those for which some rule holds: the others cost no write."""
    return [one for one in found if any(_holds(session, rule, one) for rule in ready)]


def _holds(session: Session, rule: Ready, one: Happened) -> bool:
    if rule.trigger not in one.triggers or one.at < rule.since:
        return False
    if rule.trigger in ("message", "opened") and tree.asks(rule.group, "subject", "query") != one.heard:
        return False
    if rule.hours is not None and not _in_time(session, rule.hours, one.at):
        return False
    talks = known.read(session, [one.conversation_id], rule.group)
    return bool(talks) and predicate.holds(rule.group, talks[0], Asker("", db.now()))


def _in_time(session: Session, wanted: Hours, moment: datetime) -> bool:
    """The moment at which it happened counts, not the one at which it is asked; of a team that is gone, none does."""
    found = teams.calendars(session).get(wanted.team_id)
    return found is not None and hours.within(found, moment) is wanted.inside


# --- deeds ----------------------------------------------------------------------------------------------


def run(session: Session, found: Sequence[Happened]) -> None:
    """Ask all rules in their order about each event, and do what they say, in this transaction."""
    ready = rules.enabled(session)
    for one in found:
        for rule in ready:
            if not _holds(session, rule, one):
                continue
            number = _begin(session, rule, one)
            if number is not None:
                _do(session, rule, one, number)
            if rule.last:
                break


def _begin(session: Session, rule: Ready, one: Happened) -> int | None:
    """The row that says it was at work; None when it was so already."""
    r = db.table(RuleRun)
    row = {"rule_id": rule.id, "event": one.key, "conversation_id": one.conversation_id, "at": db.now(), "done": 0,
           "outcome": []}  # fmt: skip
    made = session.execute(db.upsert(RuleRun).on_conflict_do_nothing().returning(r.c.id), row)
    found: int | None = made.scalar()
    return found


def _do(session: Session, rule: Ready, one: Happened, number: int) -> None:
    r = db.table(RuleRun)
    recent = (r.c.conversation_id == one.conversation_id, r.c.at > db.now() - timedelta(hours=1))
    used = int(session.scalar(sa.select(sa.func.coalesce(sa.func.sum(r.c.done), 0)).where(*recent)) or 0)
    outcome: list[dict[str, Any]] = []
    done = 0
    for place, deed in enumerate(rule.deeds):
        said = LIMIT if used + done >= MOST_AN_HOUR else _deed(session, rule, one, deed, f"rule:{number}:{place}")
        done += said in ("done", "submitted")
        if deed.do in rules.ANSWERS and said not in rules.WELL:
            notices.answer_failed(session, f"rule:{rule.id}", one.conversation_id, f"run:{number}")
        outcome.append({**deed.written(), "said": said})
    session.execute(sa.update(r).where(r.c.id == number).values(done=done, outcome=outcome))


def _deed(session: Session, rule: Ready, one: Happened, deed: Action, kept: str) -> str:
    """done, submitted, same, or why not; a deed that is refused leaves nothing behind."""
    try:
        with session.begin_nested():
            done = actions.act(session, one.conversation_id, deed, f"rule:{rule.id}", kept)
            return "submitted" if done.waits else "done" if done.changed else "same"
    except Rejected as error:
        return str(error)
