"""From a stored account to its connector: sealed secrets, one renewal at a time, a budget that outlives the broker."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import AccountRef
from connectors.session import AccountTokens, GivenTokens, TolerantBudget, open_account, ref
from core import crypto, db
from core.errors import NotConfigured, TryLater
from core.settings import settings
from inbox.models import Account


@pytest.fixture
def account(database: str) -> int:
    with db.write() as session:
        row = Account(platform="mastodon", external_id="1", base_url="https://social.example", created_at=db.now())
        row.secrets = crypto.seal('{"token": "old"}')
        session.add(row)
        session.flush()
        return row.id or 0


def slow(number: int = 1) -> AccountRef:
    """An account that may call once in an hour."""
    return AccountRef(number, "mastodon", "https://social.example", config={"rate": [1, 3600]})


def test_renewed_secrets_are_stored_sealed(account: int) -> None:
    AccountTokens(account).save({"token": "new"})
    assert AccountTokens(account).get() == {"token": "new"}
    with db.read() as session:
        stored = session.get(Account, account)
        assert stored is not None
        assert "new" not in stored.secrets


def test_one_worker_at_a_time_renews_a_sign_in(account: int, valkey: str) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(5)
        with AccountTokens(account).lock():
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with AccountTokens(account).lock():
        inside.set()
        thread.join(0.3)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_without_a_broker_a_renewal_waits(account: int) -> None:
    with pytest.raises(TryLater, match="broker is away"), AccountTokens(account).lock():
        pytest.fail("it must not come in here")


def test_a_lock_that_ran_out_meanwhile_is_no_error(account: int, valkey: str) -> None:
    from core import broker

    with AccountTokens(account).lock():
        broker.client().flushall()


def test_all_workers_share_one_budget(valkey: str, database: str) -> None:
    TolerantBudget(slow()).take(interactive=True)
    with pytest.raises(TryLater, match="used up"):
        TolerantBudget(slow()).take(interactive=True)
    TolerantBudget(slow(2)).take(interactive=True)


def test_without_a_broker_each_process_counts_for_itself(database: str) -> None:
    budget = TolerantBudget(slow())
    budget.take(interactive=True)
    with pytest.raises(TryLater, match="used up"):
        budget.take(interactive=True)
    budget.observe(300, 200, None)
    budget.block(datetime.now(UTC) + timedelta(hours=1))


def test_secrets_that_are_not_stored_yet_stay_in_memory() -> None:
    tokens = GivenTokens({"token": "a"})
    tokens.get()["token"] = "changed"
    with tokens.lock():
        tokens.save({**tokens.get(), "refresh": "b"})
    assert tokens.get() == {"token": "a", "refresh": "b"}


def test_a_removed_account_has_no_connector(account: int) -> None:
    with db.write() as session:
        stored = session.get(Account, account)
        assert stored is not None
        stored.state = "removed"
        session.add(stored)
    with pytest.raises(NotConfigured, match="Connect it again"):
        open_account(account)


def test_an_override_goes_over_the_accounts_own_settings(account: int) -> None:
    with db.read() as session:
        stored = session.get(Account, account)
        assert stored is not None
        stored.config = {"history_days": 5}
        assert ref(stored).config["history_days"] == 5
        assert ref(stored, {"history_days": 9}).config["history_days"] == 9
        stored.config = {}
        assert ref(stored).config["history_days"] == settings().history_days
