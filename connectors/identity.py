"""Who and where in the AT Protocol: handle → DID → server → authorization server.

https://atproto.com/specs/handle · https://atproto.com/specs/did · a handle counts only when the DID's
document names it back.
"""

from __future__ import annotations

from typing import Any

from connectors.client import Client
from core.errors import BadPayload, Rejected, TryLater

DIRECTORY = "https://plc.directory"
RESOLVER = "https://public.api.bsky.app"


def did_of(identifier: str, allow_private: bool = False) -> str:
    """The DID of a handle (or of a DID, as it is). Raises `Rejected` for one that does not exist."""
    if identifier.startswith("did:"):
        return identifier
    handle = identifier.lower()
    did = _asked(handle, allow_private) or _published(handle, allow_private)
    if not did:
        raise Rejected(f"There is no Bluesky account {handle}: check the handle.", "no_account")
    if f"at://{handle}" not in [str(name).lower() for name in document(did, allow_private).get("alsoKnownAs") or ()]:
        raise Rejected(f"The account behind {handle} does not name this handle as its own.", "bad_handle")
    return did


def _asked(handle: str, allow_private: bool) -> str:
    client = Client(RESOLVER, allow_private=allow_private)
    try:
        found = client.get("/xrpc/com.atproto.identity.resolveHandle", {"handle": handle}).object()
    except (Rejected, TryLater, BadPayload):
        return ""
    return str(found.get("did") or "")


def _published(handle: str, allow_private: bool) -> str:
    try:
        answer = Client(f"https://{handle}", allow_private=allow_private).get("/.well-known/atproto-did")
    except (Rejected, TryLater, BadPayload):
        return ""
    text = answer.body[:200].decode("ascii", "replace").strip()
    return text if text.startswith("did:") else ""


def document(did: str, allow_private: bool = False) -> dict[str, Any]:
    """A DID's document: from the directory (did:plc) or from its own host (did:web)."""
    method, _, name = did.removeprefix("did:").partition(":")
    if method == "plc":
        found = Client(DIRECTORY, allow_private=allow_private).get(f"/{did}").object()
    elif method == "web" and ":" not in name:
        found = Client(f"https://{name}", allow_private=allow_private).get("/.well-known/did.json").object()
    else:
        raise Rejected(f"{did} is no kind of identity that Bluesky uses.", "bad_did")
    if found.get("id") != did:
        raise BadPayload(f"The document of {did} is about somebody else.")
    return found


def server_of(did: str, allow_private: bool = False) -> str:
    """The personal data server of an account."""
    for service in document(did, allow_private).get("service") or ():
        if str(service.get("id", "")).endswith("#atproto_pds") and service.get("serviceEndpoint"):
            return str(service["serviceEndpoint"]).rstrip("/")
    raise Rejected(f"{did} names no server.", "no_server")


def authorization_server(server: str, allow_private: bool = False) -> dict[str, Any]:
    """The metadata of the authorization server that a data server trusts (RFC 9728, RFC 8414)."""
    try:
        resource = Client(server, allow_private=allow_private).get("/.well-known/oauth-protected-resource").object()
        issuer = str((resource.get("authorization_servers") or [server])[0]).rstrip("/")
    except Rejected:
        issuer = server
    about = Client(issuer, allow_private=allow_private).get("/.well-known/oauth-authorization-server").object()
    if str(about.get("issuer", "")).rstrip("/") != issuer:
        raise BadPayload(f"{issuer} calls itself by another name.")
    needed = ("authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint")
    if any(not about.get(name) for name in needed):
        raise BadPayload(f"{issuer} does not say where to sign in.")
    return about
