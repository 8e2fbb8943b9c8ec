"""Signing in: client credentials, JWT bearer, and refresh of a web sign-in.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flows.htm
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from sandbox.salesforce.org import INTEGRATION_USER, Org

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # the sandbox's own, it guards made-up people
LIFETIME = timedelta(hours=2)
LONGEST_ASSERTION = timedelta(minutes=5)
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
Shelf = MutableMapping[str, dict[str, Any]]


class Refused(Exception):
    """A sign-in that is refused: `{"error", "error_description"}` with status 400."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


class Door:
    """Apps that may sign in, and the tokens that are out."""

    def __init__(self, org: Org, apps: Shelf, tokens: Shelf) -> None:
        self.org, self.apps, self.tokens = org, apps, tokens
        if CLIENT_ID not in apps:
            apps[CLIENT_ID] = {"secret": CLIENT_SECRET, "user": INTEGRATION_USER, "public_key": ""}

    def sign_in(self, form: Mapping[str, str], authorization: str, base: str) -> dict[str, Any]:
        """The answer of the token endpoint; `base` is the org's own address. Raises Refused."""
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            if base.split("//")[-1].startswith(("login.", "test.")):
                raise Refused("invalid_grant", "request not supported on this domain")
            return self._answer(self._app(form, authorization)["user"], base)
        if grant == JWT_GRANT:
            return self._answer(self._assertion(form.get("assertion", ""), base), base)
        if grant == "refresh_token":
            app = self._app(form, authorization, secret_needed=False)
            kept = self.tokens.get(f"refresh {form.get('refresh_token', '')}")
            if kept is None:
                raise Refused("invalid_grant", "expired access/refresh token")
            return self._answer(app["user"], base)
        raise Refused("unsupported_grant_type", "grant type not supported")

    def new_refresh_token(self) -> str:
        """As a web sign-in would hand it out."""
        token = "5Aep" + secrets.token_urlsafe(32)
        self.tokens[f"refresh {token}"] = {"user": INTEGRATION_USER}
        return token

    def valid(self, authorization: str) -> str | None:
        """Username behind a header `Bearer …` or `OAuth …`; a session in use stays open."""
        kind, _, token = authorization.partition(" ")
        found = self.tokens.get(token)
        if kind.lower() not in ("bearer", "oauth") or found is None or token.startswith("refresh "):
            return None
        now = self.org.clock()
        if datetime.fromisoformat(found["until"]) <= now:
            return None
        return str(found["user"])

    def expire_all(self) -> int:
        """End every session; refresh tokens stay."""
        open_ = [t for t in self.tokens if not t.startswith("refresh ")]
        for token in open_:
            del self.tokens[token]
        return len(open_)

    def _app(self, form: Mapping[str, str], authorization: str, *, secret_needed: bool = True) -> dict[str, Any]:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.lower().startswith("basic "):
            try:
                client, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
            except ValueError:
                raise Refused("invalid_client", "invalid client credentials") from None
        app = self.apps.get(client)
        if app is None:
            raise Refused("invalid_client_id", "client identifier invalid")
        if (secret or secret_needed) and not hmac.compare_digest(secret.encode(), app["secret"].encode()):
            raise Refused("invalid_client", "invalid client credentials")
        return app

    def _assertion(self, assertion: str, base: str) -> str:
        """The user a signed assertion names; signature, audience and expiry are checked."""
        try:
            claims = json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
            app = self.apps.get(str(claims["iss"]))
            if app is None:
                raise Refused("invalid_client_id", "client identifier invalid")
            jwt.decode(assertion, RSAKey.import_key(app["public_key"]), algorithms=["RS256"])
        except (JoseError, ValueError, LookupError, TypeError):
            raise Refused("invalid_grant", "invalid assertion") from None
        audiences = {base, "https://login.salesforce.com", "https://test.salesforce.com"}
        if str(claims.get("aud", "")).rstrip("/") not in audiences:
            raise Refused("invalid_grant", "audience is invalid")
        now = self.org.clock().timestamp()
        if not now < float(claims.get("exp", 0)) <= now + LONGEST_ASSERTION.total_seconds():
            raise Refused("invalid_grant", "expired authorization code")
        if claims.get("sub") != app["user"]:
            raise Refused("invalid_grant", "user hasn't approved this consumer")
        return str(claims["sub"])

    def _answer(self, user: str, base: str) -> dict[str, Any]:
        token = f"{self.org.id[:15]}!{secrets.token_urlsafe(48)}"
        now = self.org.clock().astimezone(UTC)
        self.tokens[token] = {"user": user, "until": (now + LIFETIME).isoformat()}
        issued = str(int(now.timestamp() * 1000))
        identity = f"{base}/id/{self.org.id}/{self.org.user_ids[user]}"
        signature = hmac.new(CLIENT_SECRET.encode(), (identity + issued).encode(), hashlib.sha256)
        return {
            "access_token": token,
            "signature": base64.b64encode(signature.digest()).decode(),
            "scope": "api",
            "instance_url": base,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
            "api_instance_url": "https://api.salesforce.com",
        }
