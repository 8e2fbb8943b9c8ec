"""How often somebody may try to prove who they are: counted in the broker for all processes, else in this one."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time

import redis

from core import broker, crypto, log
from core.errors import TryLater

WINDOW = 900
"""Seconds after which attempts are forgotten."""

LIMITS: dict[str, dict[str, int]] = {
    "signin": {"pair": 5, "address": 50, "account": 100},
    "factor": {"pair": 5, "address": 50, "account": 20},
    "passkey": {"pair": 10, "address": 50, "account": 100},
    "question": {"address": 200},
    "link": {"pair": 3, "address": 20, "account": 5},
    "provider": {"pair": 20, "address": 200, "account": 100},
}
"""For each sort of proof, attempts in a window: of one address at one account, of one address, at one account.

Codes have six digits: at one account fewer are tried than passwords. A question is what a passkey answers. A link is
asked for by whoever forgot a password: each one is a mail.
"""

logger = log.get("web")
_lock = threading.Lock()
_local: dict[str, tuple[int, float]] = {}


def attempt(address: str, account: str, what: str = "signin") -> None:
    """Count one attempt before it is made; TryLater when there were too many. Without `account` only the address."""
    worst = 0.0
    for name, key in _keys(address, account, what).items():
        count, left = _count(key)
        if count > LIMITS[what][name]:
            worst = max(worst, left)
    if worst:
        raise TryLater("Too many attempts to sign in.", worst)


def succeeded(address: str, account: str, what: str = "signin") -> None:
    """A proof was right: what this address got wrong at this account before is forgiven."""
    key = _keys(address, account, what)["pair"]
    with _lock:
        _local.pop(key, None)
    try:
        broker.client().delete(key)
    except (redis.RedisError, OSError):
        logger.warning("no broker for throttling")


def _keys(address: str, account: str, what: str) -> dict[str, str]:
    words = {"address": address}
    if account:
        words |= {"pair": f"{address} {account}", "account": account}
    return {name: f"{broker.prefix()}{what}:{name}:{_mark(value)}" for name, value in words.items()}


def _mark(value: str) -> str:
    """Addresses and names do not stand in the broker in the clear."""
    return hmac.new(crypto.salt(), value.encode(), hashlib.sha256).hexdigest()[:24]


def _count(key: str) -> tuple[int, float]:
    """Attempts under a key with this one, and the seconds until they are forgotten."""
    try:
        with broker.client().pipeline() as pipe:
            pipe.set(key, 0, nx=True, ex=WINDOW)
            pipe.incr(key)
            pipe.ttl(key)
            _, count, left = pipe.execute()
        return int(count), float(max(1, left))
    except (redis.RedisError, OSError):
        logger.warning("no broker for throttling")
    moment = time.monotonic()
    with _lock:
        if len(_local) > 10_000:
            _local.clear()
        count, end = _local.get(key, (0, moment + WINDOW))
        if end <= moment:
            count, end = 0, moment + WINDOW
        _local[key] = (count + 1, end)
    return count + 1, end - moment
