"""A rule tried out: how often it would have run lately, at its time of day; nothing is done."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from core import db
from core.event import Page
from inbox import desk, facts, teams, trial
from inbox.conditions import tree
from inbox.ingest import store_page
from inbox.models import Message
from inbox.rule_models import RuleRun
from inbox.rules import Hours
from inbox.visibility import EVERYTHING, Sight
from tests.conftest import BOTH

from .conftest import event, person

GERMAN = tree.read({"match": "all", "of": [{"field": "language", "op": "is", "value": "de"}]})


def came(account: int, number: int, language: str, stored: datetime, name: str) -> None:
    (row,) = store_page(account, Page(events=(event(number, author=person(name)),))).new.values()
    with db.write() as session:
        facts.set(session, {row: {"language": language}})
        m = db.table(Message)
        session.execute(sa.update(m).where(m.c.id == row).values(stored_at=stored))


def tried(
    trigger: str, asked: tree.Group = tree.EVERYTHING, hours: Hours | None = None, sight: Sight = EVERYTHING
) -> tuple[int, int, list[int]]:
    with db.read() as session:
        found = trial.trial(session, trigger, asked, hours, sight)
    return found.looked_at, found.times, list(found.conversations)


@BOTH
def test_it_counts_what_happened_in_the_last_days_and_does_nothing(account: int) -> None:
    now = db.now()
    came(account, 1, "de", now - timedelta(days=8), "anna")
    came(account, 2, "de", now - timedelta(days=6), "bo")
    came(account, 3, "en", now, "cleo")
    assert tried("message", GERMAN) == (2, 1, [2])
    assert tried("message") == (2, 2, [3, 2])
    assert tried("opened", GERMAN) == (2, 1, [2])
    assert tried("message", sight=Sight(accounts=())) == (0, 0, [])
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(db.table(RuleRun))) == 0


@BOTH
def test_what_people_did_is_counted_and_what_rules_did_is_not(account: int) -> None:
    came(account, 1, "de", db.now(), "anna")
    came(account, 2, "en", db.now(), "bo")
    with db.write() as session:
        for number, actor in ((1, "user:1"), (2, "rule:4"), (2, "user:1")):
            desk.tag(session, number, f"from {actor}", actor)
        desk.close(session, 2, "user:1")
    assert tried("tagged", GERMAN) == (2, 1, [1])
    assert tried("closed") == (1, 1, [2])
    assert tried("updated") == (3, 3, [2, 1])


def test_the_time_of_day_counts_at_which_it_happened(account: int) -> None:
    with db.write() as session:
        week = {str(day): [["09:00", "17:00"]] for day in range(7)}
        office = teams.save(session, None, teams.Wanted("Service", "Asia/Tokyo", week), "user:1")
    morning = (db.now() - timedelta(days=2)).replace(hour=0, minute=30)
    came(account, 1, "de", morning, "anna")  # 9:30 in Tokyo
    came(account, 2, "de", morning + timedelta(hours=9), "bo")  # 18:30
    assert tried("message", hours=Hours(True, office)) == (2, 1, [1])
    assert tried("message", hours=Hours(False, office)) == (2, 1, [2])
    assert tried("message", hours=Hours(True, office + 1)) == (2, 0, []), "the team is gone"
