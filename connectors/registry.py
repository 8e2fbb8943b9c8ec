"""From an account to its connector: the table names the platform, the module of that name makes it."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from redis import Redis

from connectors.base import AccountRef, Budget, Connector, TokenStore
from connectors.budget import Rate, RedisBudget
from connectors.capabilities import capability


def rate(account: AccountRef) -> Rate:
    """How often this account may call: `config["rate"] = [requests, seconds]`, else the platform's rate."""
    limit, seconds = account.config.get("rate") or capability(account.platform).rate
    return Rate(int(limit), float(seconds))


def shared_budget(redis: Redis, account: AccountRef) -> RedisBudget:
    """The budget of an account that all workers share."""
    return RedisBudget(redis, f"account:{account.id}", rate(account))


def connect(
    account: AccountRef, tokens: TokenStore, budget: Budget | None, *, allow_private: bool = False
) -> Connector:
    """The connector of an account; makes no call. Raises `NotConfigured` for an unknown platform."""
    return cast(Connector, module(account.platform).connect(account, tokens, budget, allow_private=allow_private))


def module(platform: str) -> Any:
    """The package of a platform; NotConfigured for an unknown one."""
    return import_module(f"connectors.platforms.{capability(platform).name}")
