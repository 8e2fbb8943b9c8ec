"""Tokens bound to a key (DPoP, RFC 9449) as the AT Protocol wants them: https://atproto.com/specs/oauth"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from connectors.answers import Answer, reason
from connectors.base import TokenStore
from connectors.client import Client
from core.errors import AuthExpired, Rejected

EARLY = 60.0
"""Seconds before its end at which a token is renewed."""

_nonces: dict[tuple[str, str, int | None], str] = {}
"""The newest nonce of each server (they are asked for anew when they run out)."""


def new_key() -> str:
    """A fresh ES256 key as JSON, private part included."""
    return json.dumps(ECKey.generate_key("P-256").as_dict(private=True))


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port


def proof(key_json: str, method: str, url: str, access_token: str = "") -> str:
    """A proof for one request; `url` counts without its query."""
    key = ECKey.import_key(json.loads(key_json))
    claims: dict[str, Any] = {
        "jti": secrets.token_urlsafe(16),
        "htm": method,
        "htu": str(httpx.URL(url).copy_with(query=None, fragment=None)),
        "iat": int(time.time()),
    }
    if nonce := _nonces.get(_origin(url)):
        claims["nonce"] = nonce
    if access_token:
        digest = hashlib.sha256(access_token.encode()).digest()
        claims["ath"] = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": key.as_dict(private=False)}
    return jwt.encode(header, claims, key)


def took_nonce(answer: Answer) -> bool:
    """Keep the nonce of an answer; True when the answer asked for just that."""
    if nonce := answer.headers.get("dpop-nonce"):
        _nonces[_origin(answer.url)] = nonce
    code, _ = reason(answer)
    return bool(nonce) and (code == "use_dpop_nonce" or "use_dpop_nonce" in answer.headers.get("www-authenticate", ""))


class ProofOnly:
    """Proofs without a token, for the authorization server's own endpoints."""

    def __init__(self, key_json: str) -> None:
        self._key = key_json

    def apply(self, request: httpx.Request) -> None:
        request.headers["DPoP"] = proof(self._key, request.method, str(request.url))

    def renew(self, answer: Answer) -> bool:
        return took_nonce(answer)


def exchange(token_endpoint: str, key_json: str, form: dict[str, str], allow_private: bool) -> dict[str, Any]:
    """A call of the token endpoint. Raises `AuthExpired` when the grant is no longer good."""
    client = Client(token_endpoint, auth=ProofOnly(key_json), allow_private=allow_private)
    try:
        return client.call("POST", token_endpoint, form=form).object()
    except Rejected as refused:
        if refused.code in ("invalid_grant", "invalid_token"):
            raise AuthExpired(f"{client.host} has ended this sign-in: connect the account again") from refused
        raise


class BoundTokens:
    """The tokens of one account, with proofs, renewed by one worker at a time.

    Secrets: `access_token`, `refresh_token`, `dpop_key`, `token_endpoint`, `client_id`, `expires_at`.
    """

    def __init__(self, tokens: TokenStore, allow_private: bool) -> None:
        self._tokens, self._allow_private = tokens, allow_private
        self._now = tokens.get()

    def apply(self, request: httpx.Request) -> None:
        if float(self._now.get("expires_at") or "inf") - time.time() < EARLY:
            self._refresh(self._now["access_token"])
        token = self._now["access_token"]
        request.headers["Authorization"] = f"DPoP {token}"
        request.headers["DPoP"] = proof(self._now["dpop_key"], request.method, str(request.url), token)

    def renew(self, answer: Answer) -> bool:
        if took_nonce(answer):
            return True
        code, _ = reason(answer)
        if answer.status == 401 and (code in ("invalid_token", "ExpiredToken", "InvalidToken") or not code):
            self._refresh(self._now["access_token"])
            return True
        return False

    def _refresh(self, stale: str) -> None:
        with self._tokens.lock():
            self._now = self._tokens.get()
            if self._now["access_token"] != stale:
                return
            form = {
                "grant_type": "refresh_token",
                "refresh_token": self._now["refresh_token"],
                "client_id": self._now["client_id"],
            }
            found = exchange(self._now["token_endpoint"], self._now["dpop_key"], form, self._allow_private)
            self._now = {**self._now, **granted(found)}
            self._tokens.save(self._now)


def granted(found: dict[str, Any]) -> dict[str, str]:
    """What is kept of a token endpoint's answer."""
    kept = {name: str(found[name]) for name in ("access_token", "refresh_token", "scope") if found.get(name)}
    return {**kept, "expires_at": str(time.time() + float(found.get("expires_in") or 300))}
