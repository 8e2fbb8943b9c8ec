"""How many messages a write key may send: a token bucket in the broker that all web processes share.

The bucket holds a minute's messages and is kept as the one moment at which it will be full again, so a changed
setting holds at once and an idle key leaves nothing behind. Without a broker each process counts for itself.
"""

from __future__ import annotations

import math
import threading
import time

import redis

from core import broker, log
from core.settings import settings

MINUTE = 60.0

# KEYS: bucket. ARGV: seconds of the bucket's refilling that these messages cost. Times are the broker's own.
# Answers the seconds to wait as text, "0" when the messages may come.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + tonumber(ARGV[1])
local wait = full - now - 60
if wait > 0.000001 then return string.format('%.6f', wait) end
redis.call('SET', KEYS[1], string.format('%.6f', full), 'PX', math.ceil((full - now) * 1000) + 1)
return '0'
"""

logger = log.get("web.api")
_lock = threading.Lock()
_local: dict[str, float] = {}


def take(key_id: int, messages: int) -> int:
    """0 when the key may send so many messages now; else whole seconds to wait, and nothing was taken.

    More than a minute's messages at once take the whole bucket.
    """
    rate = settings().track_per_minute
    if not rate:
        return 0
    cost = min(messages, rate) * MINUTE / rate
    return math.ceil(_ask(f"{broker.prefix()}track:{key_id}", cost))


def _ask(key: str, cost: float) -> float:
    try:
        return float(str(broker.client().eval(SCRIPT, 1, key, repr(cost))))
    except (redis.RedisError, OSError):
        logger.warning("no broker to count messages of write keys")
    moment = time.monotonic()
    with _lock:
        full = max(_local.get(key, 0.0), moment) + cost
        if full - moment > MINUTE + 1e-6:
            return full - moment - MINUTE
        _local[key] = full
    return 0.0
