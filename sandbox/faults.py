"""Faults on demand, and the log of what was really asked and really failed."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMON = ("429", "500", "503", "slow", "timeout_after_commit", "drop")
LOG_LENGTH = 500


@dataclass
class Fault:
    """One order: the next ``count`` matching requests of ``service`` fail in the way of ``kind``."""

    service: str
    kind: str
    count: int = 1
    retry_after: float = 1.0
    method: str | None = None
    path: str | None = None
    probability: float = 1.0
    delay: float = 0.0
    id: int = 0

    def fits(self, service: str, method: str, path: str) -> bool:
        """Whether this order is meant for that request; open-ended streams fail only when named by path."""
        if self.path is None and "/streaming" in path:
            return False
        return (
            self.count > 0
            and self.service in (service, "*")
            and (self.method is None or self.method.upper() == method.upper())
            and (self.path is None or path.startswith(self.path) or re.search(self.path, path) is not None)
        )


class Faults:
    """Ordered faults, and counts of what was served."""

    def __init__(self, seed: int = 0) -> None:
        self._orders: list[Fault] = []
        self._ids = itertools.count(1)
        self._dice = random.Random(seed)
        self.requests: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.by_service: dict[str, Counter[str]] = {}
        self.entries: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)

    def add(self, order: dict[str, Any]) -> dict[str, Any]:
        """Take an order; raises ValueError when it names no service or kind or its path is no expression."""
        known = {name: order[name] for name in Fault.__dataclass_fields__ if name in order and name != "id"}
        if not known.get("service") or not known.get("kind"):
            raise ValueError("a fault needs a service and a kind")
        known["kind"] = str(known["kind"])
        try:
            re.compile(known.get("path") or "")
        except re.error as problem:
            raise ValueError(f"the path is no regular expression: {problem}") from problem
        fault = Fault(**known, id=next(self._ids))
        self._orders.append(fault)
        return asdict(fault)

    def clear(self) -> None:
        """Forget all orders; the counts of what was served stay."""
        self._orders.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """Orders that are not used up."""
        return [asdict(fault) for fault in self._orders if fault.count > 0]

    def take(self, service: str, kind: str, method: str, path: str) -> dict[str, Any] | None:
        """Use up one fault of a kind that the service serves by itself; None when none is due."""
        return self._take(service, (kind,), method, path)

    def take_common(self, service: str, method: str, path: str) -> dict[str, Any] | None:
        """Use up one fault that the middleware can serve for any service."""
        return self._take(service, COMMON, method, path)

    def _take(self, service: str, kinds: tuple[str, ...], method: str, path: str) -> dict[str, Any] | None:
        for fault in self._orders:
            if fault.kind not in kinds or not fault.fits(service, method, path):
                continue
            if self._dice.random() >= fault.probability:
                continue
            fault.count -= 1
            if fault.kind not in COMMON:
                self.count(service, fault.kind)
            if fault.count <= 0:
                self._orders.remove(fault)
            return asdict(fault)
        return None

    def count(self, service: str, kind: str) -> None:
        """Note one fault that was really served."""
        self.served[kind] += 1
        self.by_service.setdefault(service, Counter())[kind] += 1

    def log(self) -> dict[str, Any]:
        """What ``GET /_log.json`` answers."""
        return {
            "requests": dict(self.requests),
            "faults": dict(self.served),
            "faults_by_service": {name: dict(counts) for name, counts in self.by_service.items()},
            "waiting": self.waiting(),
            "entries": list(self.entries),
        }


class FaultMiddleware:
    """ASGI middleware around one service: logs each request and serves the common faults."""

    def __init__(self, app: ASGIApp, faults: Faults, service: str) -> None:
        self.app, self.faults, self.service = app, faults, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        fault = self.faults.take_common(self.service, method, path)
        entry = {
            "at": time.time(),
            "service": self.service,
            "method": method,
            "path": path,
            "query": scope["query_string"].decode("latin-1"),
            "status": None,
            "fault": fault["kind"] if fault else None,
        }
        self.faults.requests[self.service] += 1
        self.faults.entries.append(entry)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        if fault is None:
            await self.app(scope, receive, noting)
        else:
            await self._serve(fault, scope, receive, noting, send)

    async def _serve(self, fault: dict[str, Any], scope: Scope, receive: Receive, noting: Send, send: Send) -> None:
        kind = fault["kind"]
        if kind == "timeout_after_commit":
            scope["answer_lost"] = True
            await self.app(scope, receive, _nowhere)
            await asyncio.sleep(fault["delay"])
            await _hang_up(send)
        elif kind == "drop":
            await asyncio.sleep(fault["delay"])
            await _hang_up(send)
        elif kind == "slow":
            await asyncio.sleep(fault["delay"] or fault["retry_after"])
            if not getattr(getattr(send, "__self__", None), "disconnected", False):
                await self.app(scope, receive, noting)
        else:
            await _refuse(noting, self.service, int(kind), fault["retry_after"])
        self.faults.count(self.service, kind)


async def _nowhere(message: Message) -> None:
    """Swallow an answer."""


async def _hang_up(send: Send) -> None:
    """Close the connection without an answer; uvicorn's request cycle holds the transport."""
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if cycle is None or transport is None:
        raise ConnectionAbortedError("the sandbox dropped this connection as ordered")
    cycle.disconnected = True
    transport.abort()


async def _refuse(send: Send, service: str, status: int, retry_after: float) -> None:
    headers, body, kind = refusal(service, status, retry_after)
    raw = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    raw += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def refusal(service: str, status: int, retry_after: float) -> tuple[dict[str, str], bytes, str]:
    """Headers, body and media type of a 429, 500 or 503 in the service's own words."""
    wait = max(1, round(retry_after))
    limited = status == 429
    headers = {"retry-after": str(wait)} if status in (429, 503) else {}
    doc: Any
    if service == "mastodon":
        if not limited:
            return (
                headers,
                b"<!DOCTYPE html><title>We're sorry, but something went wrong</title>",
                "text/html",
            )
        reset = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + wait))
        headers = {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
        doc = {"error": "Too many requests"}
    elif service == "bluesky":
        if limited:
            reset = str(int(time.time()) + wait)
            headers |= {"ratelimit-limit": "3000", "ratelimit-remaining": "0", "ratelimit-reset": reset}
        name = {429: "RateLimitExceeded", 503: "NotEnoughResources"}.get(status, "InternalServerError")
        doc = {"error": name, "message": "Rate Limit Exceeded" if limited else "Internal Server Error"}
    elif service == "telegram":
        text = f"Too Many Requests: retry after {wait}" if limited else "Internal Server Error"
        doc = {"ok": False, "error_code": status, "description": text}
        if limited:
            doc["parameters"] = {"retry_after": wait}
        headers = {"retry-after": str(wait)} if limited else {}
    else:
        code = {429: "REQUEST_LIMIT_EXCEEDED", 503: "SERVER_UNAVAILABLE"}.get(status, "UNKNOWN_EXCEPTION")
        doc = [{"message": "An unexpected error occurred. Please try again.", "errorCode": code}]
    return headers, json.dumps(doc).encode(), "application/json"
