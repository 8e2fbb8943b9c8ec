"""How much a key may send: a token bucket in the broker that all web processes share.

The bucket holds a minute's messages (of a write key) or requests (of a token) and is kept as the one moment at which
it will be full again, so a changed setting holds at once and an idle key leaves nothing behind. Without a broker each
process counts for itself.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import threading
import time
from dataclasses import dataclass

import redis

from core import broker, crypto, log
from core.settings import settings

MINUTE = 60.0

# KEYS: bucket. ARGV: seconds of the bucket's refilling that these messages cost. Times are the broker's own.
# Answers as text the seconds until the bucket is full again, and 1 when they were taken from it, else 0.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + tonumber(ARGV[1])
local wait = full - now - 60
if wait > 0.000001 then return string.format('%.6f 0', full - now) end
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000) + 1)
return string.format('%.6f 1', full - now)
"""

logger = log.get("web.api")
_lock = threading.Lock()
_local: dict[str, float] = {}


@dataclass(frozen=True)
class Stand:
    """How a token stands: requests a minute, how many are left, and seconds until one is again (0: now)."""

    rate: int
    left: int
    wait: int

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers says it, and Retry-After when it has to wait."""
        found = {
            "RateLimit-Policy": f'"minute";q={self.rate};w={int(MINUTE)}',
            "RateLimit": f'"minute";r={self.left};t={self.wait}',
        }
        return found | ({"Retry-After": str(self.wait)} if self.wait else {})


def request(token_id: int) -> Stand | None:
    """Count one request of a token; None when any number may come."""
    rate = settings().api_per_minute
    if not rate:
        return None
    wait, full = _ask(f"{broker.prefix()}api:{token_id}", MINUTE / rate)
    return Stand(rate, 0 if wait else int((MINUTE - full) * rate / MINUTE + 1e-6), math.ceil(wait))


def take(key_id: int, messages: int) -> int:
    """0 when the write key may send so many messages now; else whole seconds to wait, and nothing was taken.

    More than a minute's messages at once take the whole bucket.
    """
    rate = settings().track_per_minute
    if not rate:
        return 0
    cost = min(messages, rate) * MINUTE / rate
    return math.ceil(_ask(f"{broker.prefix()}track:{key_id}", cost)[0])


VISITS = 60
"""Requests a minute from one address to pages that need no sign-in."""


def visitor(address: str) -> int:
    """0 when somebody without a sign-in may go on now; else whole seconds to wait."""
    mark = hmac.new(crypto.salt(), address.encode(), hashlib.sha256).hexdigest()[:24]
    return math.ceil(_ask(f"{broker.prefix()}visitor:{mark}", MINUTE / VISITS)[0])


TRANSLATIONS = 30
"""Translations a minute that one person may ask for."""


def translation(user_id: int) -> int:
    """0 when this person may have something translated now; else whole seconds to wait."""
    return math.ceil(_ask(f"{broker.prefix()}translation:{user_id}", MINUTE / TRANSLATIONS)[0])


TESTS = 6
"""Test notifications a minute that one person may send to their browsers."""


def push_test(user_id: int) -> int:
    """0 when this person may have a test sent now; else whole seconds to wait."""
    return math.ceil(_ask(f"{broker.prefix()}push-test:{user_id}", MINUTE / TESTS)[0])


def _ask(key: str, cost: float) -> tuple[float, float]:
    """Seconds to wait, 0 when it was taken; and the seconds until the bucket is full."""
    try:
        full, taken = map(float, str(broker.client().eval(SCRIPT, 1, key, repr(cost))).split())
        return (0.0 if taken else full - MINUTE), full
    except (redis.RedisError, OSError):
        logger.warning("no broker to count what keys send")
    moment = time.monotonic()
    with _lock:
        full = max(_local.get(key, 0.0), moment) + cost - moment
        if full > MINUTE + 1e-6:
            return full - MINUTE, full
        _local[key] = moment + full
    return 0.0, full
