"""What the provider knows: its people, its one client, codes that are out, its key, and what it is to do wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, CLIENT_SECRET = "widerhall", "oidc-secret"
CODE_SECONDS, TOKEN_SECONDS = 60.0, 300
FAULTS = ("nonce", "audience", "issuer", "unsigned", "expired", "unknown_key", "wrong_key", "no_subject", "future",
          "authorized_party")  # fmt: skip
"""Ways in which the next id_token can be wrong."""
SAYS = ("always", "asked", "never", "deaf")
"""When a token says when somebody proved who they are (`auth_time`): always, only where `max_age` asks for it, never;
deaf: always, but nobody is asked anew whatever `max_age` says."""
PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {"sub": "248289761001", "email": "anna@north.example", "email_verified": True, "name": "Anna Berg",
             "groups": ["support"]},
    "kenji": {"sub": "248289761002", "email": "kenji@north.example", "email_verified": True, "name": "佐藤 健二",
              "groups": ["marketing"]},
    "mallory": {"sub": "248289761003", "email": "anna@north.example", "email_verified": False, "name": "Mallory",
                "groups": []},
}  # fmt: skip


class Refused(Exception):
    """An error of RFC 6749, section 5.2, with its status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status


@dataclass
class Grant:
    """What a code stands for."""

    person: str
    redirect_uri: str
    challenge: str
    nonce: str
    until: float
    since: int
    """When they said who they are."""
    told: bool
    """The token says it."""


@dataclass
class Provider:
    """One provider with one client. `redirect_uris` empty: any address of this machine is registered."""

    issuer: str = ""
    redirect_uris: tuple[str, ...] = ()
    people: dict[str, dict[str, Any]] = field(default_factory=lambda: {name: {**one} for name, one in PEOPLE.items()})
    wrong: str = ""
    """One of FAULTS, for the next token; empty: the token is as it should be."""
    says: str = "always"
    """One of SAYS."""
    grants: dict[str, Grant] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    since: dict[str, int] = field(default_factory=dict)
    """Who is signed in here since when; nobody else is asked anything while `max_age` allows it."""
    key: RSAKey = field(default_factory=lambda: _key("first"))

    def registered(self, redirect_uri: str) -> bool:
        """The client may be sent back to this address: compared letter by letter."""
        if self.redirect_uris:
            return redirect_uri in self.redirect_uris
        return redirect_uri.startswith(("http://127.0.0.1", "http://localhost")) and redirect_uri.endswith(
            "/signin/oidc/callback"
        )

    def rotate(self) -> None:
        """Sign with another key from now on; the old one is no longer published."""
        self.key = _key(secrets.token_hex(4))

    def grant(self, person: str, redirect_uri: str, challenge: str, nonce: str, max_age: float = math.inf) -> str:
        """A code for somebody who said yes, anew where that is longer ago than `max_age` seconds."""
        code, now = secrets.token_urlsafe(24), time.time()
        since = self.since.get(person, 0)
        since = since if since and (now - since <= max_age or self.says == "deaf") else int(now)
        told = self.says in ("always", "deaf") or (self.says == "asked" and max_age != math.inf)
        self.grants[code] = Grant(person, redirect_uri, challenge, nonce, now + CODE_SECONDS, since, told)
        return code

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> dict[str, Any]:
        """Tokens for a code, once, for whoever asked for it. Raises Refused."""
        grant = self.grants.pop(code, None)
        if grant is None:
            why = "The code was used already." if code in self.used else "There is no such code."
            raise Refused("invalid_grant", why)
        self.used.add(code)
        if grant.until < time.time():
            raise Refused("invalid_grant", "The code has expired.")
        if grant.redirect_uri != redirect_uri:
            raise Refused("invalid_grant", "redirect_uri is another one than before.")
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if not hmac.compare_digest(digest, grant.challenge):
            raise Refused("invalid_grant", "code_verifier does not fit.")
        return {"access_token": secrets.token_urlsafe(24), "token_type": "Bearer", "expires_in": TOKEN_SECONDS,
                "id_token": self.token(grant)}  # fmt: skip

    def token(self, grant: Grant) -> str:
        """The id_token, right or wrong as ordered."""
        wrong, self.wrong = self.wrong, ""
        moment = int(time.time())
        claims = {**self.people[grant.person], "iss": self.issuer, "aud": CLIENT_ID, "nonce": grant.nonce,
                  "iat": moment, "exp": moment + TOKEN_SECONDS}  # fmt: skip
        claims |= {"auth_time": grant.since} if grant.told else {}
        spoiled: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "another"},
            "audience": {"aud": "another-client"},
            "issuer": {"iss": "https://evil.example"},
            "expired": {"iat": moment - 7200, "exp": moment - 3600},
            "future": {"iat": moment + 3600, "exp": moment + 7200},
            "authorized_party": {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
        }
        claims |= spoiled.get(wrong, {})
        if wrong == "no_subject":
            del claims["sub"]
        if wrong == "unsigned":
            return _unsigned(claims)
        key = _key("unpublished") if wrong in ("unknown_key", "wrong_key") else self.key
        kid = self.key.kid if wrong == "wrong_key" else key.kid
        return jwt.encode({"alg": "RS256", "kid": kid}, claims, key)


def _key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})


def _unsigned(claims: dict[str, Any]) -> str:
    import json

    parts = [json.dumps(one).encode() for one in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts), ""])
