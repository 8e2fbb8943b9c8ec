"""A full disk and a database that is briefly gone: a clear message, nothing lost, and work goes on afterwards."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import backlog, db, outbox
from core.event import Page
from core.outbox import DONE, OutboxRow
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox.ingest import FeedStep, in_store_trouble, store_page
from inbox.models import Feed, Message

from .conftest import event

MATCH = SUBSCRIBERS["enrichment.tasks.match"]


def count(model) -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(db.table(model))).scalar_one()


def feed() -> Feed:
    with db.read() as session:
        return session.scalars(sa.select(Feed)).one()


def page(number: int) -> Page:
    events = tuple(event(number * 50 + n, text="x" * 2000) for n in range(50))
    return Page(events=events, cursor=str(number + 1))


def store(account: int, number: int, cursor: str | None) -> None:
    store_page(account, page(number), step=FeedStep(feed().id, cursor))


def store_until_full(account: int) -> int:
    """How many pages fitted."""
    for number in range(1000):
        try:
            store(account, number, str(number) if number else None)
        except sa.exc.OperationalError as error:
            return number if "is full" in str(in_store_trouble(error)) else -1
    raise AssertionError("it never became full")


def limit(monkeypatch, pages: int) -> None:
    monkeypatch.setenv("WIDERHALL_SQLITE_MAX_PAGES", str(pages))
    settings.cache_clear()
    db.configure(str(db.engine().url))


def test_a_full_disk_stores_a_page_whole_or_not_at_all(account, monkeypatch) -> None:
    with db.engine().connect() as connection:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit(monkeypatch, used + 100)
    stored = store_until_full(account)
    assert (count(Message), feed().cursor) == (stored * 50, str(stored) if stored else None)
    limit(monkeypatch, 0)
    store(account, stored, str(stored) if stored else None)
    assert count(Message) == (stored + 1) * 50


@pytest.mark.parametrize("db_url", ["postgresql"], indirect=True)
def test_a_database_that_is_briefly_gone_loses_nothing(account, database, postgres) -> None:
    store(account, 0, None)
    name = sa.make_url(database).database
    admin = sa.create_engine(
        sa.make_url(database).set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        connection.execute(
            sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
    with pytest.raises(sa.exc.OperationalError) as gone:
        store(account, 1, "1")
    assert "away" in str(in_store_trouble(gone.value))
    with pytest.raises(sa.exc.OperationalError):
        outbox.step(MATCH, lambda items: DONE)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    store(account, 1, "1")
    assert count(Message) == 100
    assert outbox.step(MATCH, lambda items: DONE) > 0
    assert count(OutboxRow) > 0


def test_a_handler_that_meets_database_trouble_is_not_blamed(account) -> None:
    store(account, 0, None)

    def away(items):
        raise sa.exc.OperationalError("SELECT", {}, Exception("server closed the connection"))

    for _ in range(30):
        outbox.step(MATCH, away)
        with db.write() as session:
            session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))
    assert not [row for row in backlog.overview() if row.dead or row.paused]
