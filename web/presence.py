"""Who is looking at a conversation, and who is writing in it: kept in the broker alone, and only for moments.

One sorted set holds `conversation:user:page:what` with the moment at which it ends by itself, by the broker's clock,
so that several web processes agree. Pages say again in time that they are there; one that is closed says so, and one
that cannot say anything any more (asleep, without a network) is gone when its time is over. Others hear through the
live stream that something changed, by the conversation's number alone, and ask.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import cast

import redis
import sqlalchemy as sa
from sqlmodel import Session

from core import broker, db
from inbox import visibility
from inbox.models import Conversation
from web import actors, live
from web.reader import Reader

LOOKING, WRITING = "look", "write"
LASTS = {LOOKING: 50_000, WRITING: 9_000}
"""Milliseconds for which each holds: a page says every 20 seconds that it is there, every 4 that somebody writes."""
MOST = 400
"""Conversations that one question asks about."""
TOPIC = "presence"

_CHANGE = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local changed = {}
for i = 1, #ARGV, 2 do
  local many
  if tonumber(ARGV[i + 1]) > 0 then many = redis.call('ZADD', KEYS[1], now + ARGV[i + 1], ARGV[i])
  else many = redis.call('ZREM', KEYS[1], ARGV[i]) end
  if many > 0 then changed[#changed + 1] = ARGV[i] end
end
redis.call('PEXPIRE', KEYS[1], 600000)
return changed
"""
_READ = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local found = redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, '+inf', 'WITHSCORES')
for i = 2, #found, 2 do found[i] = found[i] - now end
return found
"""


@dataclass(frozen=True)
class Somebody:
    """Somebody at a conversation; `left` are the milliseconds after which they are gone if nothing is said."""

    user_id: int
    name: str
    writes: bool
    left: int


def _key() -> str:
    return f"{broker.prefix()}present"


def tell(user_id: int, page: str, conversation_id: int, *, before: int = 0, writes: bool = False) -> None:
    """This page shows a conversation now (0: none any more), and showed `before`; silent when the broker is away."""
    changes: dict[str, int] = {}
    for number in {before, conversation_id} - {0}:
        here = number == conversation_id
        changes[f"{number}:{user_id}:{page}:{LOOKING}"] = LASTS[LOOKING] if here else 0
        changes[f"{number}:{user_id}:{page}:{WRITING}"] = LASTS[WRITING] if here and writes else 0
    given = [str(one) for pair in changes.items() for one in pair]
    try:
        changed = cast(list[str], broker.client().eval(_CHANGE, 1, _key(), *given))
        with broker.client().pipeline(transaction=False) as pipe:
            for number in sorted({int(one.partition(":")[0]) for one in changed}):
                event = {"topic": TOPIC, "talk": number}
                pipe.xadd(live.stream(), {"json": json.dumps(event)}, maxlen=live.KEEP, approximate=True)
            pipe.execute()
    except (redis.RedisError, OSError):
        return


def there(conversation_ids: Collection[int], but: int) -> dict[int, dict[int, tuple[bool, int]]]:
    """{conversation: {user: (writes, milliseconds until that may be over)}} without the user `but`."""
    wanted = set(conversation_ids)
    try:
        raw = cast(list[str | int], broker.client().eval(_READ, 1, _key()))
    except (redis.RedisError, OSError):
        return {}
    ends: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    for member, left in zip(raw[::2], raw[1::2], strict=True):
        conversation, user, _, what = str(member).split(":")
        number, who = int(conversation), int(user)
        if number in wanted and who != but:
            ends[number, who][what] = max(int(left), ends[number, who].get(what, 0))
    found: dict[int, dict[int, tuple[bool, int]]] = defaultdict(dict)
    for (number, who), one in ends.items():
        found[number][who] = (WRITING in one, min(one.values()))
    return found


def of(session: Session, conversation_ids: Iterable[int], reader: Reader) -> dict[int, list[Somebody]]:
    """Who else is at those of the conversations that the reader may see, by name."""
    found = there(list(conversation_ids)[:MOST], reader.user_id)
    if not found:
        return {}
    c = db.table(Conversation)
    query = sa.select(c.c.id).where(c.c.id.in_(sorted(found)), *visibility.seen(reader.sight))
    names = actors.names(session, {f"user:{who}" for people in found.values() for who in people})
    return {
        number: sorted(
            (
                Somebody(who, names[f"user:{who}"], writes, left)
                for who, (writes, left) in found[number].items()
                if f"user:{who}" in names
            ),
            key=lambda one: (not one.writes, one.name, one.user_id),
        )
        for number in session.scalars(query)
    }
