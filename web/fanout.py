"""From the broker's stream to every open page: one reader per process, a bounded queue per page.

Nothing is lost or doubled over a reconnect: the page's queue exists and the reader's place is fixed
before the past is read from the stream; what the past already brought is skipped in the queue.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis import asyncio as aredis

from core import broker, log, metrics
from web import live
from web.live import Entry

QUEUE = 1000
"""Events a slow page may lag behind before it is told to load anew."""
HEARTBEAT = 15.0
BLOCK_MS = 1000
CHUNK = 500

logger = log.get("web.live")


@dataclass(frozen=True)
class Event:
    """One event on its way to a page; without `data` it says that the page must load anew."""

    id: str
    data: str = ""

    def sse(self) -> bytes:
        """As the browser reads it."""
        if not self.data:
            return f"id: {self.id}\nevent: resync\ndata: {{}}\n\n".encode()
        return f"id: {self.id}\ndata: {self.data}\n\n".encode()


Waiting = asyncio.Queue[Event | None]
"""None ends the stream."""


class Hub:
    """This process's reader of the stream and the queues of its open pages."""

    def __init__(self) -> None:
        self._queues: set[Waiting] = set()
        self._reader: asyncio.Task[None] | None = None
        self._client: aredis.Redis | None = None
        self._ready = asyncio.Event()
        self._closed = False
        self._epoch = ""
        self._read = "0-0"

    def place(self) -> str:
        """The id of the newest event read so far, to stand in a page before its rows are read; empty: not known.

        What the broker has beyond it comes to the page as events.
        """
        known = self._epoch and self._reader is not None and not self._reader.done()
        return f"{self._epoch}.{self._read}" if known else ""

    async def events(self, last: str) -> AsyncIterator[Event | None]:
        """Everything after the event id `last` (from now on, when it is empty); None at a heartbeat."""
        waiting: Waiting = asyncio.Queue(QUEUE)
        self._queues.add(waiting)
        metrics.STREAMS.inc()
        try:
            self._start()
            while not self._closed and not await self._placed():
                yield None
            done = ""
            async for event in self._missed(last):
                done = event.id
                yield event
            while not self._closed:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        one = await waiting.get()
                except TimeoutError:
                    yield None
                    continue
                if one is None:
                    return
                if _follows(one, done):
                    yield one
        finally:
            self._queues.discard(waiting)
            metrics.STREAMS.dec()

    def stop(self) -> None:
        """End every stream, so that the server can go down without waiting for them."""
        self._closed = True
        self._ready.set()
        for waiting in self._queues:
            _clear(waiting)
            waiting.put_nowait(None)

    async def close(self) -> None:
        """Stop, and give the connections back."""
        self.stop()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _placed(self) -> bool:
        """The reader knows its place in the stream; False after a heartbeat's time without a broker."""
        try:
            async with asyncio.timeout(HEARTBEAT):
                await self._ready.wait()
        except TimeoutError:
            return False
        return True

    # --- what a page missed ---------------------------------------------------------------------------

    async def _missed(self, last: str) -> AsyncIterator[Event]:
        """What a page that comes back has not seen."""
        known = live.parse(last)
        if known is None:
            if last:
                yield await self._resync()
            return
        epoch, start = known
        try:
            if epoch != await self._present_epoch() or await self._forgotten(start):
                yield await self._resync()
                return
            while True:
                rows = await self._range(start)
                for start, fields in rows:  # the next chunk begins after the last entry
                    yield Event(f"{epoch}.{start}", fields["json"])
                if len(rows) < CHUNK:
                    return
        except (redis.RedisError, OSError):
            yield await self._resync()

    async def _range(self, start: str) -> list[Entry]:
        rows = await self.client().xrange(live.stream(), min=f"({start}", max="+", count=CHUNK)
        return cast(list[Entry], rows)

    async def _forgotten(self, start: str) -> bool:
        """The stream no longer reaches back to `start`."""
        try:
            info: dict[str, Any] = await self.client().xinfo_stream(live.stream())
        except redis.ResponseError:  # no stream yet
            return False
        first = info.get("first-entry")
        trimmed = int(info["entries-added"]) > int(info["length"])
        return trimmed and first is not None and live.order(start) < live.order(first[0])

    async def _resync(self) -> Event:
        """Load anew, and go on from what is newest now."""
        try:
            return Event(f"{await self._present_epoch()}.{await self._newest()}")
        except (redis.RedisError, OSError):
            return Event("")

    # --- the broker -----------------------------------------------------------------------------------

    def client(self) -> aredis.Redis:
        """This loop's own connections."""
        if self._client is None:
            self._client = aredis.Redis.from_url(
                broker.url(), decode_responses=True, socket_timeout=10, socket_connect_timeout=2
            )
        return self._client

    async def _newest(self) -> str:
        rows = cast(list[Entry], await self.client().xrevrange(live.stream(), count=1))
        return rows[0][0] if rows else "0-0"

    async def _present_epoch(self) -> str:
        client = self.client()
        found = await client.get(live.epoch_key())
        if found is None:
            await client.set(live.epoch_key(), secrets.token_hex(4), nx=True)
            found = await client.get(live.epoch_key())
        return str(found)

    # --- the one reader -------------------------------------------------------------------------------

    def _start(self) -> None:
        if not self._closed and (self._reader is None or self._reader.done()):
            self._ready.clear()
            self._epoch = ""
            self._reader = asyncio.create_task(self._run())

    async def _run(self) -> None:
        """Read until the last page is gone; an absent broker is waited for."""
        while self._queues and not self._closed:
            try:
                await self._step()
            except (redis.RedisError, OSError) as error:
                logger.warning("no broker to read events from", error=type(error).__name__)
                await asyncio.sleep(0.5)

    async def _step(self) -> None:
        epoch = await self._present_epoch()
        if epoch != self._epoch:
            newest = await self._newest()
            if self._epoch:  # the broker was emptied, and nobody knows with what in it
                self._tell([Event(f"{epoch}.{newest}")])
            self._epoch, self._read = epoch, newest
            self._ready.set()
        found = await self.client().xread({live.stream(): self._read}, count=CHUNK, block=BLOCK_MS)
        for _, entries in cast(list[tuple[str, list[Entry]]], found or []):
            self._tell([Event(f"{epoch}.{stream_id}", fields["json"]) for stream_id, fields in entries])
            self._read = entries[-1][0]

    def _tell(self, events: list[Event]) -> None:
        for waiting in self._queues:
            for event in events:
                if waiting.full():  # too slow: forget what waits, and say so
                    _clear(waiting)
                    event = Event(event.id)  # the same place, without data
                waiting.put_nowait(event)


def _clear(waiting: Waiting) -> None:
    while not waiting.empty():
        waiting.get_nowait()


def _follows(event: Event, done: str) -> bool:
    """The event is newer than what was already sent from the stream's past."""
    mine, theirs = live.parse(event.id), live.parse(done)
    if not event.data or mine is None or theirs is None or mine[0] != theirs[0]:
        return True
    return live.order(mine[1]) > live.order(theirs[1])
