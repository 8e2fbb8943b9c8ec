"""What the clock asks for: feeds and look-ups whose time has come, fewer where a stream stands."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from connectors import schedule
from core import broker, db
from core.outbox import OutboxRow
from core.settings import settings
from inbox.models import Account, Feed


def account(platform: str = "mastodon", state: str = "active", *, minutes: int = -1) -> int:
    moment = db.now() + timedelta(minutes=minutes)
    with db.write() as session:
        row = Account(platform=platform, external_id=platform, state=state, created_at=db.now(), recheck_at=moment)
        session.add(row)
        session.flush()
        session.add(Feed(account_id=row.id, name="notifications", due_at=moment))
        session.add(Feed(account_id=row.id, name="off", due_at=moment, enabled=False))
        return row.id or 0


def letters() -> list[str]:
    with db.read() as session:
        return sorted(session.scalars(sa.select(db.table(OutboxRow).c.subscriber)))


def test_what_is_due_is_asked_for_once(database: str) -> None:
    account()
    schedule.due()
    assert letters() == ["connectors.tasks.pull", "connectors.tasks.recheck"]
    schedule.due()
    assert len(letters()) == 2


@pytest.mark.parametrize("state", ["paused", "auth_expired", "removed"])
def test_accounts_that_rest_are_left_alone(database: str, state: str) -> None:
    account(state=state)
    schedule.due()
    assert letters() == []


def test_what_is_not_due_waits(database: str) -> None:
    account(minutes=5)
    schedule.due()
    assert letters() == []


def test_platforms_without_look_up_are_not_looked_up(database: str) -> None:
    account("telegram")
    schedule.due()
    assert letters() == ["connectors.tasks.pull"]


def test_a_platform_this_version_does_not_know_is_no_error(database: str) -> None:
    account("orkut")
    schedule.due()
    assert letters() == ["connectors.tasks.pull"]


def test_the_next_time_is_the_platforms_interval_later(database: str) -> None:
    account("bluesky")
    before = db.now()
    schedule.due()
    with db.read() as session:
        due = session.scalars(sa.select(db.table(Feed).c.due_at).where(db.table(Feed).c.enabled)).one()
        check = session.scalars(sa.select(db.table(Account).c.recheck_at)).one()
    assert 19 < (due - before).total_seconds() < 25
    assert abs((check - before).total_seconds() - settings().recheck_seconds) < 5


def test_a_stream_makes_pulls_a_net_under_it(database: str, valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    number = account()
    assert schedule.interval("mastodon", number) == 30
    broker.client().set(f"{broker.prefix()}streaming:{number}", "1")
    assert schedule.interval("mastodon", number) == schedule.STREAMED_EVERY
    monkeypatch.setenv("WIDERHALL_POLL_SECONDS", "3")
    settings.cache_clear()
    assert schedule.interval("bluesky", number) == 3


def test_without_a_broker_nothing_is_streamed(database: str) -> None:
    assert schedule.streaming(1) is False
