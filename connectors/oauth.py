"""Connecting an account by OAuth with PKCE: Mastodon registers an app, Bluesky is a published client.

https://docs.joinmastodon.org/methods/oauth/ · https://atproto.com/specs/oauth
`start` gives the address to send the person to and what must be kept meanwhile (sealed, on our side);
`finish` takes that and the parameters the person comes back with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from connectors import identity
from connectors.base import AccountRef
from connectors.capabilities import capability
from connectors.client import Client
from connectors.dpop import ProofOnly, exchange, granted, new_key
from connectors.registry import connect
from core.errors import NotConfigured, Rejected
from core.event import Profile

CLIENT_NAME = "Widerhall"
MASTODON_SCOPE = "read write:statuses write:favourites write:media write:conversations"
BLUESKY_SCOPE = "atproto transition:generic transition:chat.bsky"
METADATA_PATH = "/oauth/client-metadata.json"
CALLBACK_PATH = "/oauth/callback"


@dataclass(frozen=True)
class Connected:
    """A finished sign-in: what to store as the account's secrets, where it lives, and who it is."""

    platform: str
    base_url: str
    tokens: dict[str, str]
    profile: Profile


class _Kept:
    """The tokens of an account that is not stored yet."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self.tokens = tokens

    def get(self) -> dict[str, str]:
        return dict(self.tokens)

    def save(self, new: dict[str, str]) -> None:
        self.tokens = dict(new)

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield


def start(
    platform: str,
    base_url: str,
    redirect_uri: str,
    *,
    identifier: str = "",
    allow_private: bool = False,
) -> tuple[str, dict[str, str]]:
    """The address to send the person to, and the pending state to keep.

    `identifier` is a handle or DID (Bluesky). Raises `NotConfigured` for a platform without OAuth.
    """
    if platform == "mastodon":
        return _start_mastodon(base_url.rstrip("/"), redirect_uri, allow_private)
    if platform == "bluesky":
        return _start_bluesky(base_url.rstrip("/"), redirect_uri, identifier.lstrip("@"), allow_private)
    raise NotConfigured(f"{capability(platform).title} is not connected by OAuth: use `accounts add`.")


def finish(pending: Mapping[str, str], params: Mapping[str, str], *, allow_private: bool = False) -> Connected:
    """Exchange what came back. Raises `Rejected` when the person declined or the state is not ours."""
    if not hmac.compare_digest(pending["state"].encode(), str(params.get("state", "")).encode()):
        raise Rejected("This sign-in was not started here, or is too old: start it again.", "bad_state")
    if params.get("error"):
        words = params.get("error_description") or params["error"]
        raise Rejected(f"The platform did not allow it: {words}", str(params["error"]))
    if not params.get("code"):
        raise Rejected("The platform came back without a code: start the sign-in again.", "no_code")
    end = _finish_mastodon if pending["platform"] == "mastodon" else _finish_bluesky
    return end(pending, params, allow_private)


def _pkce() -> tuple[str, str]:
    """A verifier and its S256 challenge (RFC 7636)."""
    verifier = secrets.token_urlsafe(64)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _checked(platform: str, base_url: str, tokens: dict[str, str], who: str, allow_private: bool) -> Connected:
    kept = _Kept(tokens)
    reference = AccountRef(0, platform, base_url, external_id=who)
    profile = connect(reference, kept, None, allow_private=allow_private).check()
    return Connected(platform, base_url, kept.tokens, profile)


# --- Mastodon ---------------------------------------------------------------------------------------


def _start_mastodon(base_url: str, redirect_uri: str, allow_private: bool) -> tuple[str, dict[str, str]]:
    """Register an app with this very server: each server keeps its own."""
    client = Client(base_url, allow_private=allow_private)
    form = {"client_name": CLIENT_NAME, "redirect_uris": redirect_uri, "scopes": MASTODON_SCOPE}
    app = client.call("POST", "/api/v1/apps", form=form).object()
    verifier, challenge = _pkce()
    pending = {
        "platform": "mastodon",
        "base_url": base_url,
        "redirect_uri": redirect_uri,
        "state": secrets.token_urlsafe(32),
        "verifier": verifier,
        "client_id": str(app["client_id"]),
        "client_secret": str(app["client_secret"]),
    }
    query = {
        "response_type": "code",
        "client_id": pending["client_id"],
        "redirect_uri": redirect_uri,
        "scope": MASTODON_SCOPE,
        "state": pending["state"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{base_url}/oauth/authorize?{urlencode(query)}", pending


def _finish_mastodon(pending: Mapping[str, str], params: Mapping[str, str], allow_private: bool) -> Connected:
    client = Client(pending["base_url"], allow_private=allow_private)
    form = {
        "grant_type": "authorization_code",
        "code": params["code"],
        "client_id": pending["client_id"],
        "client_secret": pending["client_secret"],
        "redirect_uri": pending["redirect_uri"],
        "code_verifier": pending["verifier"],
        "scope": MASTODON_SCOPE,
    }
    found = client.call("POST", "/oauth/token", form=form).object()
    tokens = {
        "token": str(found["access_token"]),
        "client_id": pending["client_id"],
        "client_secret": pending["client_secret"],
    }
    return _checked("mastodon", pending["base_url"], tokens, "", allow_private)


# --- Bluesky ----------------------------------------------------------------------------------------


def client_metadata(public_url: str) -> dict[str, Any]:
    """The document that says who we are, served at `METADATA_PATH` of our public https address."""
    base = public_url.rstrip("/")
    return {
        "client_id": base + METADATA_PATH,
        "client_name": CLIENT_NAME,
        "client_uri": base,
        "application_type": "web",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [base + CALLBACK_PATH],
        "scope": BLUESKY_SCOPE,
        "token_endpoint_auth_method": "none",
        "dpop_bound_access_tokens": True,
    }


def client_id(redirect_uri: str) -> tuple[str, str]:
    """Our client id and the redirect address to use with it.

    On https the id is the address of the metadata document; on this machine it is the development
    client `http://localhost`, whose redirect must name 127.0.0.1.
    """
    parts = urlsplit(redirect_uri)
    if parts.scheme == "https":
        return f"https://{parts.netloc}{METADATA_PATH}", redirect_uri
    if parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise NotConfigured("Bluesky signs in only to https addresses: set this installation's public address.")
    netloc = parts.netloc.replace("localhost", "127.0.0.1")
    redirect = urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))
    return "http://localhost?" + urlencode({"redirect_uri": redirect, "scope": BLUESKY_SCOPE}), redirect


def _start_bluesky(
    base_url: str, redirect_uri: str, identifier: str, allow_private: bool
) -> tuple[str, dict[str, str]]:
    """Push the request (RFC 9126) to the authorization server of the account's own server."""
    named = base_url not in ("", capability("bluesky").base_url)
    did = "" if named or not identifier else identity.did_of(identifier, allow_private)
    server = base_url if named or not did else identity.server_of(did, allow_private)
    about = identity.authorization_server(server or capability("bluesky").base_url, allow_private)
    client, redirect = client_id(redirect_uri)
    verifier, challenge = _pkce()
    pending = {
        "platform": "bluesky",
        "base_url": server if named else base_url or capability("bluesky").base_url,
        "named": "yes" if named else "",
        "did": did,
        "issuer": str(about["issuer"]),
        "token_endpoint": str(about["token_endpoint"]),
        "redirect_uri": redirect,
        "state": secrets.token_urlsafe(32),
        "verifier": verifier,
        "client_id": client,
        "dpop_key": new_key(),
    }
    form = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": redirect,
        "scope": BLUESKY_SCOPE,
        "state": pending["state"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **({"login_hint": identifier} if identifier else {}),
    }
    endpoint = str(about["pushed_authorization_request_endpoint"])
    pusher = Client(endpoint, auth=ProofOnly(pending["dpop_key"]), allow_private=allow_private)
    pushed = pusher.call("POST", endpoint, form=form).object()
    query = urlencode({"client_id": client, "request_uri": str(pushed["request_uri"])})
    return f"{about['authorization_endpoint']}?{query}", pending


def _finish_bluesky(pending: Mapping[str, str], params: Mapping[str, str], allow_private: bool) -> Connected:
    if params.get("iss") != pending["issuer"]:
        raise Rejected("The answer came from another server than the one that was asked.", "bad_issuer")
    form = {
        "grant_type": "authorization_code",
        "code": params["code"],
        "redirect_uri": pending["redirect_uri"],
        "client_id": pending["client_id"],
        "code_verifier": pending["verifier"],
    }
    found = exchange(pending["token_endpoint"], pending["dpop_key"], form, allow_private)
    did = str(found.get("sub") or "")
    if not did.startswith("did:") or (pending["did"] and did != pending["did"]):
        raise Rejected("Somebody else signed in than the account that was named.", "other_account")
    server = _home(pending, did, allow_private)
    kept = ("dpop_key", "token_endpoint", "client_id", "issuer")
    tokens = {**{name: pending[name] for name in kept}, **granted(found), "did": did, "pds": server}
    connected = _checked("bluesky", pending["base_url"], tokens, did, allow_private)
    if connected.profile.author.id != did:
        raise Rejected("The server shows another account than the one that signed in.", "other_account")
    return connected


def _home(pending: Mapping[str, str], did: str, allow_private: bool) -> str:
    """The account's server, which must name this authorization server, unless a person named the server."""
    if pending["named"]:
        return pending["base_url"]
    server = identity.server_of(did, allow_private)
    if str(identity.authorization_server(server, allow_private)["issuer"]) != pending["issuer"]:
        raise Rejected("The account's own server does not know this authorization server.", "bad_issuer")
    return server
