"""From a stored account to a working connector: its secrets, its shared budget, its lock."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import redis

from connectors.base import AccountRef, Budget, Connector
from connectors.budget import LocalBudget
from connectors.registry import connect, rate, shared_budget
from core import broker, crypto, db
from core.errors import NotConfigured, TryLater
from core.settings import settings
from inbox import accounts
from inbox.models import Account

LOCK_SECONDS = 60


class AccountTokens:
    """The sealed secrets of one account, refreshed by one worker at a time."""

    def __init__(self, account_id: int) -> None:
        self._id = account_id

    def get(self) -> dict[str, str]:
        with db.read() as session:
            return accounts.secrets(accounts.get(session, self._id))

    def save(self, new: dict[str, str]) -> None:
        with db.write() as session:
            account = accounts.get(session, self._id)
            account.secrets = crypto.seal(json.dumps(new))
            session.add(account)

    @contextmanager
    def lock(self) -> Iterator[None]:
        name = f"{broker.prefix()}refresh:{self._id}"
        held = broker.client().lock(name, timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS)
        try:
            if not held.acquire():
                raise TryLater("Another worker renews this account's sign-in.", 5)
        except redis.RedisError as error:
            raise TryLater("The broker is away; sign-ins are renewed when it is back.", 5) from error
        try:
            yield
        finally:
            with suppress(redis.RedisError):  # it ran out by itself, or the broker is gone: the next one may take it
                held.release()


class GivenTokens:
    """Secrets of an account that is not stored yet: the first check when it is connected."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.secrets = dict(secrets)

    def get(self) -> dict[str, str]:
        return dict(self.secrets)

    def save(self, new: dict[str, str]) -> None:
        self.secrets = dict(new)

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield


class TolerantBudget:
    """The shared budget; while the broker is away each process counts by itself, and nothing stops."""

    def __init__(self, ref: AccountRef) -> None:
        self._shared = shared_budget(broker.client(), ref)
        self._local = LocalBudget(rate(ref))

    def take(self, cost: int = 1, interactive: bool = False) -> None:
        try:
            self._shared.take(cost, interactive)
        except (redis.RedisError, OSError):
            self._local.take(cost, interactive)

    def observe(self, limit: int | None, remaining: int | None, reset_at: object) -> None:
        try:
            self._shared.observe(limit, remaining, reset_at)  # type: ignore[arg-type]  # a datetime or None
        except (redis.RedisError, OSError):
            return

    def block(self, until: object) -> None:
        try:
            self._shared.block(until)  # type: ignore[arg-type]  # a datetime
        except (redis.RedisError, OSError):
            self._local.block(until)  # type: ignore[arg-type]  # a datetime


def ref(account: Account, override: Mapping[str, Any] | None = None) -> AccountRef:
    """What a connector may know of an account."""
    assert account.id is not None  # noqa: S101  # it comes from the store
    config = {"history_days": settings().history_days, **account.config, **(override or {})}
    return AccountRef(account.id, account.platform, account.base_url, account.external_id, account.handle, config)


def open_account(account_id: int, override: Mapping[str, Any] | None = None) -> tuple[Account, Connector]:
    """A stored account with its connector; NotConfigured when it was removed. `override` goes over its config."""
    with db.read() as session:
        account = accounts.get(session, account_id)
    if account.state == "removed":
        raise NotConfigured("This account was removed. Connect it again to go on.")
    reference = ref(account, override)
    budget: Budget = TolerantBudget(reference)
    return account, connect(
        reference, AccountTokens(reference.id), budget, allow_private=settings().allow_private_hosts
    )
