"""How often an account may call its platform: a token bucket, shared by all workers through Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, cast

from redis import Redis

from core.errors import TryLater

SHORT_WAIT = 2.0
"""Seconds a call waits here; longer waits are `TryLater`."""
RESERVE = 0.1
"""Share of the limit that only interactive calls may use."""
LONGEST_BLOCK = 6 * 3600.0


@dataclass(frozen=True)
class Rate:
    """`limit` calls in `seconds`."""

    limit: int
    seconds: float

    def __post_init__(self) -> None:
        if self.limit < 1 or self.seconds <= 0:
            raise ValueError("a rate is at least one call in more than no time")


# KEYS: bucket. ARGV: operation, limit, seconds, a, b, reserve. Times are the server's own, in seconds.
# `take` answers the seconds to wait as text, "0" when the tokens were taken.
SCRIPT = """
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local op, seconds = ARGV[1], tonumber(ARGV[3])
local row = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'limit', 'blocked', 'reset')
local limit = tonumber(row[3]) or tonumber(ARGV[2])
local tokens = tonumber(row[1]) or limit
local at = tonumber(row[2]) or now
local blocked = tonumber(row[4]) or 0
local reset = tonumber(row[5]) or 0
tokens = math.min(limit, tokens + math.max(0, now - at) * limit / seconds)
if reset > 0 and now >= reset then tokens = limit; reset = 0 end
local wait = 0
if op == 'take' then
  local cost = tonumber(ARGV[4])
  local reserve = math.min(limit * tonumber(ARGV[6]), math.max(0, limit - cost))
  if blocked > now then
    wait = blocked - now
  elseif tokens - cost < reserve then
    wait = (reserve + cost - tokens) * seconds / limit
  else
    tokens = tokens - cost
  end
elseif op == 'observe' then
  if ARGV[4] ~= '' then limit = tonumber(ARGV[4]) end
  if ARGV[5] ~= '' then tokens = math.min(limit, tonumber(ARGV[5])) end
  if tonumber(ARGV[6]) > 0 then reset = now + tonumber(ARGV[6]) end
elseif op == 'block' then
  blocked = math.max(blocked, now + tonumber(ARGV[4]))
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now), 'limit', tostring(limit),
  'blocked', tostring(blocked), 'reset', tostring(reset))
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(seconds, blocked - now, 60) * 2000))
return tostring(wait)
"""


def _wait_for(ask: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Ask until there is room, for at most `SHORT_WAIT` seconds; raises `TryLater` beyond."""
    left = SHORT_WAIT
    while (wait := ask()) > 0:
        if wait > left:
            raise TryLater("the rate budget of this account is used up", wait)
        pause = max(wait, 0.005)
        sleep(pause)
        left -= pause


def _seconds_until(moment: datetime) -> float:
    return min(max(moment.timestamp() - time.time(), 0.001), LONGEST_BLOCK)


class RedisBudget:
    """The bucket of one account in Redis or Valkey; every step is one atomic script."""

    def __init__(self, redis: Redis, name: str, rate: Rate) -> None:
        self._script = redis.register_script(SCRIPT)
        self._key, self._rate = f"budget:{name}", rate

    def _run(self, operation: str, a: object = "", b: object = "", reserve: float = 0.0) -> float:
        arguments: list[Any] = [operation, self._rate.limit, self._rate.seconds, a, b, reserve]
        return float(cast(Any, self._script(keys=[self._key], args=arguments)))

    def take(self, cost: int = 1, interactive: bool = False) -> None:
        reserve = 0.0 if interactive else RESERVE
        _wait_for(lambda: self._run("take", cost, reserve=reserve), time.sleep)

    def observe(self, limit: int | None, remaining: int | None, reset_at: datetime | None) -> None:
        used_up = remaining == 0 and reset_at is not None
        full_in = _seconds_until(reset_at) if used_up and reset_at is not None else 0.0
        self._run("observe", "" if limit is None else limit, "" if remaining is None else remaining, full_in)
        if used_up and reset_at is not None:
            self.block(reset_at)

    def block(self, until: datetime) -> None:
        self._run("block", _seconds_until(until))


@dataclass
class LocalBudget:
    """The same bucket inside one process: for tests and for single commands without a broker."""

    rate: Rate
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _tokens: float = field(default=-1.0, init=False)
    _at: float = field(default=0.0, init=False)
    _limit: int = field(default=0, init=False)
    _blocked: float = field(default=0.0, init=False)
    _reset: float = field(default=0.0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def __post_init__(self) -> None:
        self._limit, self._tokens, self._at = self.rate.limit, float(self.rate.limit), self.clock()

    def _ask(self, cost: int, reserve: float) -> float:
        with self._lock:
            now = self.clock()
            speed = self._limit / self.rate.seconds
            self._tokens = min(self._limit, self._tokens + max(0.0, now - self._at) * speed)
            self._at = now
            if self._reset and now >= self._reset:
                self._tokens, self._reset = float(self._limit), 0.0
            if self._blocked > now:
                return self._blocked - now
            kept = min(self._limit * reserve, max(0.0, self._limit - cost))
            if self._tokens - cost < kept:
                return (kept + cost - self._tokens) / speed
            self._tokens -= cost
            return 0.0

    def take(self, cost: int = 1, interactive: bool = False) -> None:
        _wait_for(lambda: self._ask(cost, 0.0 if interactive else RESERVE), self.sleep)

    def observe(self, limit: int | None, remaining: int | None, reset_at: datetime | None) -> None:
        with self._lock:
            self._limit = limit or self._limit
            if remaining is not None:
                self._tokens = float(min(remaining, self._limit))
            if remaining == 0 and reset_at is not None:
                self._reset = reset_at.timestamp()
        if remaining == 0 and reset_at is not None:
            self.block(reset_at)

    def block(self, until: datetime) -> None:
        self._blocked = max(self._blocked, min(until.timestamp(), self.clock() + LONGEST_BLOCK))
