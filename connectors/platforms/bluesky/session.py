"""Signing in with an app password: https://docs.bsky.app/docs/api/com-atproto-server-create-session

Sessions are kept, since signing in is limited to some hundred times a day; an expired access token is
answered by 400 `ExpiredToken` and renewed by one worker at a time.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from connectors.answers import Answer, reason
from connectors.base import TokenStore
from connectors.client import Bearer, Client
from connectors.dpop import EARLY
from core.errors import AuthExpired, NotConfigured, Rejected, WiderhallError

DEAD = frozenset({"ExpiredToken", "InvalidToken", "AuthenticationRequired", "AuthMissing", "AccountTakedown"})


def refusal(answer: Answer) -> WiderhallError | None:
    """XRPC's error names, https://atproto.com/specs/xrpc#error-responses."""
    code, words = reason(answer)
    if answer.status in (400, 401) and code in DEAD:
        return AuthExpired(f"{answer.host} no longer accepts this sign-in ({words}): connect the account again")
    return None


def seconds_left(token: str) -> float:
    """How long an access token lives on, by its own claim; infinite where it cannot be read."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return float(claims["exp"]) - time.time()
    except (ValueError, KeyError, IndexError, TypeError):
        return float("inf")


def server_of(session: Mapping[str, Any], fallback: str) -> str:
    """The personal data server that a DID document names."""
    document = session.get("didDoc")
    services = document.get("service") if isinstance(document, dict) else None
    for service in services or ():
        if str(service.get("id", "")).endswith("#atproto_pds") and service.get("serviceEndpoint"):
            return str(service["serviceEndpoint"])
    return fallback


class PasswordSession:
    """The session of one account. Secrets: `identifier`, `password`; kept: `access`, `refresh`, `pds`."""

    def __init__(self, tokens: TokenStore, base_url: str, allow_private: bool) -> None:
        self._tokens, self._base, self._allow_private = tokens, base_url, allow_private
        self._now = tokens.get()

    def server(self) -> str:
        """Where this account lives; signs in when that was never done."""
        if not self._now.get("access"):
            self._change("")
        return self._now.get("pds") or self._base

    def apply(self, request: httpx.Request) -> None:
        access = self._now.get("access", "")
        if not access or seconds_left(access) < EARLY:
            self._change(access)
        request.headers["Authorization"] = f"Bearer {self._now['access']}"

    def renew(self, answer: Answer) -> bool:
        code, words = reason(answer)
        refused = "scope" in words.lower() or "method" in words.lower()
        if code not in ("ExpiredToken", "InvalidToken") or refused:
            return False
        self._change(self._now.get("access", ""))
        return True

    def _change(self, stale: str) -> None:
        """New tokens, unless another worker has fetched them meanwhile."""
        with self._tokens.lock():
            self._now = self._tokens.get()
            if self._now.get("access", "") != stale:
                return
            found = self._refreshed() or self._signed_in()
            self._now = {
                **self._now,
                "access": str(found["accessJwt"]),
                "refresh": str(found["refreshJwt"]),
                "pds": server_of(found, self._now.get("pds") or self._base),
            }
            self._tokens.save(self._now)

    def _refreshed(self) -> dict[str, Any] | None:
        refresh = self._now.get("refresh")
        if not refresh:
            return None
        client = self._client(self._now.get("pds") or self._base, Bearer(refresh))
        try:
            return client.call("POST", "/xrpc/com.atproto.server.refreshSession").object()
        except (AuthExpired, Rejected):
            return None

    def _signed_in(self) -> dict[str, Any]:
        identifier, password = self._now.get("identifier"), self._now.get("password")
        if not identifier or not password:
            raise NotConfigured("A Bluesky account needs its handle and an app password.")
        client = self._client(self._base, None)
        try:
            return client.post(
                "/xrpc/com.atproto.server.createSession",
                {"identifier": identifier.lstrip("@"), "password": password},
                keyed=True,
            ).object()
        except AuthExpired as error:
            raise AuthExpired(
                f"{client.host} refuses the handle or the app password: make a new one under Settings, "
                "Privacy and security, App passwords, and connect the account again."
            ) from error

    def _client(self, base: str, auth: Bearer | None) -> Client:
        return Client(base, auth=auth, refusal=refusal, allow_private=self._allow_private)
