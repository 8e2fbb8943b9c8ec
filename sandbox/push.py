"""A simulated push service of a browser: it takes what RFC 8030 and 8292 allow, and refuses what real ones refuse.

Each browser has an address of its own under `/push/`; the service knows with which hub key it was asked for, and,
unlike a real one, the browser's keys, so that it can show what the browser would read.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

LARGEST = 4096
DAY = 86_400


def coded(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    """The other way."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """A browser with its keys, and what it was told."""

    name: str
    hub_key: str
    """The public key that it was asked with."""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    told: list[Any] = field(default_factory=list)
    gone: bool = False

    @property
    def p256dh(self) -> str:
        """Its public key."""
        kind = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return coded(self.key.public_key().public_bytes(*kind))

    def read(self, body: bytes) -> Any:
        """What the browser's page would see."""
        import http_ece

        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


class Service:
    """The service: its browsers by name, and what it answers next instead (`refuse`, with `retry_after` beside it)."""

    def __init__(self) -> None:
        self.browsers: dict[str, Browser] = {}
        self.refuse: list[int] = []
        self.retry_after = ""

    def subscribe(self, name: str, hub_key: str) -> Browser:
        """A browser asks to be reached."""
        self.browsers[name] = Browser(name, hub_key)
        return self.browsers[name]

    def app(self) -> Starlette:
        """The service as an application."""
        return Starlette(routes=[Route("/push/{name}", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        if self.refuse:
            headers = {"retry-after": self.retry_after} if self.retry_after else None
            return PlainTextResponse("refused", self.refuse.pop(0), headers)
        browser = self.browsers.get(request.path_params["name"])
        if browser is None:
            return PlainTextResponse("no such subscription", 404)
        if browser.gone:
            return PlainTextResponse("unsubscribed", 410)
        wrong = _wrong(request, browser, f"{request.url.scheme}://{request.url.netloc}")
        if wrong is not None:
            return PlainTextResponse(wrong[1], wrong[0])
        if len(body) > LARGEST:
            return PlainTextResponse("payload too large", 413)
        browser.told.append(browser.read(body))
        return Response(status_code=201)


def _wrong(request: Request, browser: Browser, origin: str) -> tuple[int, str] | None:
    """Status and words for what a real service would not take."""
    if not request.headers.get("ttl", "").isdigit():
        return 400, "TTL header is missing"
    if request.headers.get("content-encoding") != "aes128gcm":
        return 400, "unknown content encoding"
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    parts = dict(one.strip().partition("=")[::2] for one in given.split(","))
    if kind.lower() != "vapid" or not parts.get("t") or not parts.get("k"):
        return 401, "no VAPID authorization"
    if parts["k"] != browser.hub_key:
        return 403, "another key than the one of the subscription"
    return _token_wrong(parts["t"], raw(parts["k"]), origin)


def _token_wrong(token: str, point: bytes, origin: str) -> tuple[int, str] | None:
    said, _, signature = token.rpartition(".")
    try:
        claims, mark = json.loads(raw(said.split(".")[1])), raw(signature)
        signed = encode_dss_signature(int.from_bytes(mark[:32], "big"), int.from_bytes(mark[32:], "big"))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(signed, said.encode(), ec.ECDSA(hashes.SHA256()))
    except (ValueError, IndexError, InvalidSignature):
        return 403, "the token is not signed with this key"
    if claims.get("aud") != origin:
        return 403, "the token is for another audience"
    if not time.time() < claims.get("exp", 0) <= time.time() + DAY:
        return 403, "the token has expired, or holds for more than a day"
    if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
        return 403, "the token does not say who can be reached"
    return None
