"""What every request passes: host check, security headers, access log."""

from __future__ import annotations

import ipaddress
import secrets
import socket
import time
from urllib.parse import urlsplit

import structlog
from prometheus_client import Histogram
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import log
from core.settings import settings

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
WRONG_HOST = "This hub does not answer to that name. Set WIDERHALL_PUBLIC_URL to the address people use.\n"
HSTS = "max-age=31536000"

SECONDS = Histogram(
    "widerhall_web_seconds",
    "Seconds until a web request was answered",
    ["route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

logger = log.get("web")


def host_allowed(header: str) -> bool:
    """We answer to addresses in numbers, to this machine's names, and to the host of the public address.

    Any other name may be a stranger's that points here (DNS rebinding).
    """
    name = urlsplit(f"//{header}").hostname if header else None
    if not name:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = {"localhost", socket.gethostname().lower(), settings().host.lower()}
        public = urlsplit(settings().public_url).hostname
        return name in own or name == public
    return True


class Hosts:
    """Refuses requests that name a host we are not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            header = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
            if not host_allowed(header):
                await PlainTextResponse(WRONG_HOST, 421)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Headers:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", HSTS)
            await send(message)

        await self.app(scope, receive, with_headers)


class AccessLog:
    """One line per request with ids only: the route's template, never the address with what it carries."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, begun, told = 500, time.perf_counter(), False

        async def watched(message: Message) -> None:
            nonlocal status, told
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not told:  # after it: nobody waits for our line
                told = True
                _seen(scope, status, time.perf_counter() - begun)

        structlog.contextvars.bind_contextvars(request_id=secrets.token_hex(4))
        try:
            await self.app(scope, receive, watched)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")


def _seen(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "") or ("/static" if scope["path"].startswith("/static/") else "-")
    SECONDS.labels(route, str(status)).observe(seconds)
    say = logger.debug if route in ("/healthz", "/readyz", "/metrics", "/static") else logger.info
    say(
        "request",
        method=scope["method"],
        route=route,
        status=status,
        milliseconds=round(seconds * 1000),
        user_id=scope.get("state", {}).get("user_id"),
    )
