"""OAuth for the AT Protocol: metadata, pushed requests, consent and tokens. https://atproto.com/specs/oauth"""

from __future__ import annotations

import hashlib
import html
import secrets
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.bluesky import dpop
from sandbox.bluesky.auth import state_of
from sandbox.web import parameters, reply

Doc = dict[str, Any]
ACCESS_SECONDS = 3600
LOCAL_REDIRECTS = ("http://127.0.0.1/", "http://[::1]/")


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


async def protected_resource(request: Request) -> Response:
    """RFC 9728."""
    base = _base(request)
    return reply(
        {
            "resource": base,
            "authorization_servers": [base],
            "scopes_supported": [],
            "bearer_methods_supported": ["header"],
            "resource_documentation": "https://atproto.com",
        }
    )


async def authorization_server(request: Request) -> Response:
    """RFC 8414."""
    base = _base(request)
    return reply(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "pushed_authorization_request_endpoint": f"{base}/oauth/par",
            "require_pushed_authorization_requests": True,
            "scopes_supported": ["atproto", "transition:generic", "transition:chat.bsky", "transition:email"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": True,
            "client_id_metadata_document_supported": True,
            "subject_types_supported": ["public"],
            "protected_resources": [base],
        }
    )


async def par(request: Request) -> Response:
    """Take the parameters of an authorization request; PKCE S256, state and a DPoP proof are required."""
    state = state_of(request)
    try:
        key = dpop.check(request, state)
    except dpop.BadProof as problem:
        return _refuse(request, problem.code, problem.message)
    doc = {name: str(value) for name, value in (await parameters(request)).items()}
    trouble = _trouble(doc)
    if trouble:
        return _refuse(request, *trouble)
    uri = f"urn:ietf:params:oauth:request_uri:req-{secrets.token_hex(16)}"
    state.grants[uri] = {**doc, "jkt": key, "until": time.time() + 300}
    return reply({"request_uri": uri, "expires_in": 299}, 201, {"DPoP-Nonce": dpop.nonce(state)})


def _trouble(doc: dict[str, str]) -> tuple[str, str] | None:
    client, redirect = doc.get("client_id", ""), doc.get("redirect_uri", "")
    parts = urlsplit(client)
    if parts.scheme == "http" and parts.netloc == "localhost" and parts.path in ("", "/"):
        allowed = parse_qs(parts.query).get("redirect_uri", list(LOCAL_REDIRECTS))
        plain = {_without_port(uri) for uri in allowed}
        if _without_port(redirect) not in plain:
            return "invalid_request", "Invalid redirect_uri for a loopback client"
        granted = parse_qs(parts.query).get("scope", ["atproto"])[0]
    elif parts.scheme == "https" and parts.path:
        if urlsplit(redirect).scheme != "https":
            return "invalid_request", "Invalid redirect_uri"
        granted = doc.get("scope", "")
    else:
        return "invalid_client_metadata", f"Client ID {client} is neither https nor http://localhost"
    if "atproto" not in doc.get("scope", "").split():
        return "invalid_scope", 'The "atproto" scope is required'
    if not set(doc["scope"].split()) <= set(granted.split()):
        return "invalid_scope", "The client did not declare this scope"
    if doc.get("response_type") != "code" or not doc.get("state"):
        return "invalid_request", "response_type=code and state are required"
    if doc.get("code_challenge_method") != "S256" or not doc.get("code_challenge"):
        return "invalid_request", "code_challenge with S256 is required"
    return None


def _without_port(uri: str) -> tuple[str | None, str]:
    parts = urlsplit(uri)
    return parts.hostname, parts.path


async def authorize(request: Request) -> Response:
    """The page on which the owner of a brand's account agrees."""
    state = state_of(request)
    doc = await parameters(request)
    uri = str(doc.get("request_uri") or "")
    pushed = state.grants.get(uri)
    if pushed is None or pushed["until"] < time.time() or pushed["client_id"] != doc.get("client_id"):
        return HTMLResponse("<!doctype html><title>Error</title><p>Unknown or expired request_uri.</p>", 400)
    if request.method == "GET":
        return _consent(pushed, uri, [actor for actor in state.actors.values() if actor["ours"]])
    answer = {"iss": _base(request), "state": pushed["state"]}
    del state.grants[uri]
    if doc.get("decision") == "allow":
        code = f"cod-{secrets.token_hex(24)}"
        state.grants[code] = {**pushed, "did": str(doc["account"]), "until": time.time() + 60}
        answer["code"] = code
    else:
        answer["error"] = "access_denied"
    joint = "&" if "?" in pushed["redirect_uri"] else "?"
    return RedirectResponse(f"{pushed['redirect_uri']}{joint}{urlencode(answer)}", 303)


def _consent(pushed: Doc, uri: str, actors: list[Doc]) -> Response:
    hint = pushed.get("login_hint", "")
    choices = "".join(
        f'<option value="{actor["did"]}"{" selected" if hint in (actor["handle"], actor["did"]) else ""}>'
        f"{actor['handle']}</option>"
        for actor in actors
    )
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title>'
        f"<h1>{html.escape(pushed['client_id'])} wants to use your account</h1>"
        f"<p>It asks for: {html.escape(pushed['scope'])}</p>"
        '<form method="post" action="/oauth/authorize">'
        f'<input type="hidden" name="request_uri" value="{html.escape(uri)}">'
        f'<input type="hidden" name="client_id" value="{html.escape(pushed["client_id"])}">'
        f'<label>Account <select name="account">{choices}</select></label> '
        '<button name="decision" value="allow">Accept</button> '
        '<button name="decision" value="deny">Deny</button></form></html>'
    )


async def token(request: Request) -> Response:
    """Exchange a code or a refresh token; both are bound to the client's DPoP key and work once."""
    state = state_of(request)
    try:
        key = dpop.check(request, state)
    except dpop.BadProof as problem:
        return _refuse(request, problem.code, problem.message)
    doc = await parameters(request)
    kind = doc.get("grant_type")
    value = str(doc.get("code" if kind == "authorization_code" else "refresh_token") or "")
    grant = state.grants.get(value)
    prefix = {"authorization_code": "cod-", "refresh_token": "ref-"}.get(str(kind), "?")
    if (
        grant is None
        or not value.startswith(prefix)
        or grant["until"] < time.time()
        or grant["jkt"] != key
        or grant["client_id"] != doc.get("client_id")
    ):
        return _refuse(request, "invalid_grant", "Invalid or expired grant")
    if kind == "authorization_code" and not _proves(grant, doc):
        return _refuse(request, "invalid_grant", "code_verifier or redirect_uri do not match")
    del state.grants[value]
    kept = {name: grant[name] for name in ("client_id", "scope", "did", "jkt")}
    access, refresh = f"tok-{secrets.token_urlsafe(32)}", f"ref-{secrets.token_urlsafe(32)}"
    seconds = float(state.quirks.get("access_seconds", ACCESS_SECONDS))
    state.grants[access] = {**kept, "until": time.time() + seconds}
    state.grants[refresh] = {**kept, "until": time.time() + 14 * 86400}
    body = {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "DPoP",
        "scope": kept["scope"],
        "expires_in": int(seconds),
        "sub": kept["did"],
    }
    return reply(body, 200, {"DPoP-Nonce": dpop.nonce(state), "Cache-Control": "no-store"})


def _proves(grant: Doc, doc: Doc) -> bool:
    digest = hashlib.sha256(str(doc.get("code_verifier") or "").encode()).digest()
    proved: bool = dpop.encode(digest) == grant["code_challenge"]
    return proved and bool(doc.get("redirect_uri") == grant["redirect_uri"])


async def revoke(request: Request) -> Response:
    """Forget a token."""
    state = state_of(request)
    value = str((await parameters(request)).get("token") or "")
    if value.startswith(("tok-", "ref-")) and value in state.grants:
        del state.grants[value]
    return reply({})


def _refuse(request: Request, name: str, text: str) -> Response:
    headers = {"DPoP-Nonce": dpop.nonce(state_of(request))}
    return reply({"error": name, "error_description": text}, 400, headers)
