"""Live events: from the outbox into a stream of the broker, from there to every open page (SSE).

    publish       outbox subscriber (in the worker): XADD {prefix}live, at most about 10,000 entries
    web.fanout    one reader per web process: stream -> a queue per open page
    /live         the page's connection (web/pages/stream.py); continues after `Last-Event-ID`

An event's id is `<epoch>.<stream id>`. The epoch is a random word beside the stream: when the broker was
emptied it is another one, and the page is told to load anew ("resync"), as it is when it was away for
longer than the stream reaches back or reads more slowly than events come.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from typing import Any, cast

import redis
import sqlalchemy as sa

from core import broker, db
from core.errors import TryLater
from core.outbox import DONE, Item, Outcome
from inbox.models import Message, ReplyRow

KEEP = 10_000
SESSION = "session"
"""Topic of the event that ends a stream, or makes it look anew what its reader sees: no page is told of it."""
Entry = tuple[str, dict[str, str]]
"""A stream's entry as redis-py gives it: id and fields."""

_ID = re.compile(r"^([0-9a-f]{8})\.(\d+)-(\d+)$")


# --- in -----------------------------------------------------------------------------------------------


def publish(items: list[Item]) -> Outcome:
    """Outbox subscriber: tell every open page which rows changed. A repeat is harmless: pages fetch by id."""
    events = _events(items)
    try:
        with broker.client().pipeline(transaction=False) as pipe:
            for event in events:
                pipe.xadd(stream(), {"json": json.dumps(event)}, maxlen=KEEP, approximate=True)
            pipe.execute()
    except (redis.RedisError, OSError) as error:
        raise TryLater("The broker does not answer.", 1.0) from error
    return DONE


def stream() -> str:
    """The stream's key."""
    return f"{broker.prefix()}live"


def epoch_key() -> str:
    """The key of the word that changes when the broker was emptied."""
    return f"{broker.prefix()}live-epoch"


def _events(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Small JSON per thing that changed: ids and the version, never a text."""
    changes = [
        (item.topic, dict(zip(item.payload, values, strict=True)))
        for item in items
        for values in zip(*item.payload.values(), strict=True)
    ]
    messages, replies = _places([change for _, change in changes])
    events: list[dict[str, Any]] = []
    for topic, change in changes:
        if topic.startswith("notification."):
            events.append({"topic": "notice", "who": int(change["who"].removeprefix("user:"))})
        elif topic == "session.changed":
            events.append({"topic": SESSION, "who": int(change["who"].removeprefix("user:"))})
        elif topic.startswith("person."):
            events.append({"topic": "person", "identity_id": change["identity_id"]})
        elif topic == "conversation.changed":
            events.append({"topic": topic, "conversation_id": change["conversation_id"]})
        elif "reply_id" in change and change["reply_id"] in replies:
            events.append(
                {
                    "topic": topic,
                    "reply_id": change["reply_id"],
                    "conversation_id": replies[change["reply_id"]],
                    "state": change.get("state", ""),
                }
            )
        elif (row := messages.get(change.get("message_id", 0))) is not None:
            events.append(
                {
                    "topic": topic,
                    "message_id": row.id,
                    "conversation_id": row.conversation_id,
                    "account_id": row.account_id,
                    "version": change.get("version", 1),
                }
            )
    return events


def _places(changes: list[dict[str, Any]]) -> tuple[dict[int, sa.Row[Any]], dict[int, int]]:
    """The rows of the messages, and the conversations of the replies, that still exist."""
    m, r = db.table(Message), db.table(ReplyRow)
    wanted = sorted({change["message_id"] for change in changes if "message_id" in change})
    answered = sorted({change["reply_id"] for change in changes if "reply_id" in change})
    with db.read() as session:
        found = session.execute(sa.select(m.c.id, m.c.conversation_id, m.c.account_id).where(m.c.id.in_(wanted)))
        messages = {row.id: row for row in found}
        replies = session.execute(sa.select(r.c.id, r.c.conversation_id).where(r.c.id.in_(answered)))
        return messages, {reply_id: conversation for reply_id, conversation in replies}


def of_session(data: str) -> int:
    """The user of whom an event says that a sign-in of theirs, or what they may, has changed; 0 for any other event."""
    if f'"{SESSION}"' not in data:
        return 0
    found = json.loads(data)
    return int(found["who"]) if found["topic"] == SESSION else 0


# --- where a page stands ------------------------------------------------------------------------------


def position() -> str:
    """The newest event's id, to be read before a page's rows are: what comes later arrives as an event.

    Empty when the broker is away; the page then begins with what is new when it connects.
    """
    try:
        with broker.client().pipeline(transaction=False) as pipe:
            pipe.set(epoch_key(), secrets.token_hex(4), nx=True)
            pipe.get(epoch_key())
            pipe.xrevrange(stream(), count=1)
            _, epoch, newest = cast(tuple[Any, str, list[Entry]], pipe.execute())
    except (redis.RedisError, OSError):
        return ""
    return f"{epoch}.{newest[0][0] if newest else '0-0'}"


def parse(event_id: str) -> tuple[str, str] | None:
    """Epoch and stream id of an event's id; None when it is none of ours."""
    found = _ID.match(event_id)
    return (found[1], f"{found[2]}-{found[3]}") if found else None


def order(stream_id: str) -> tuple[int, int]:
    """A stream id as something to compare."""
    milliseconds, _, number = stream_id.partition("-")
    return int(milliseconds), int(number or 0)
