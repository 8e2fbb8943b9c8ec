"""Apps and OAuth 2 with PKCE. https://docs.joinmastodon.org/methods/oauth/"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import time
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.mastodon.access import Denied, state_of
from sandbox.web import bearer, parameters, reply

Doc = dict[str, Any]
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


async def metadata(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/oauth/#authorization-server-metadata"""
    base = str(request.base_url).rstrip("/")
    return reply(
        {
            "issuer": f"{base}/",
            "service_documentation": "https://docs.joinmastodon.org/",
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "app_registration_endpoint": f"{base}/api/v1/apps",
            "scopes_supported": ["read", "write", "follow", "push", "profile"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "code_challenge_methods_supported": ["S256"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


async def register(request: Request) -> Response:
    """Register a client; ``redirect_uris`` is one text with lines, or a list."""
    state = state_of(request)
    doc = await parameters(request)
    uris = doc.get("redirect_uris") or ""
    lines = uris if isinstance(uris, list) else str(uris).split()
    if not doc.get("client_name") or not lines:
        raise Denied(422, "Validation failed: Redirect URI must be an absolute URI.")
    key = str(len(state.apps) + 1)
    app = {
        "id": key,
        "name": doc["client_name"],
        "website": doc.get("website"),
        "scopes": str(doc.get("scopes") or "read").split(),
        "redirect_uris": lines,
        "redirect_uri": "\n".join(lines),
        "client_id": secrets.token_urlsafe(24),
        "client_secret": secrets.token_urlsafe(24),
        "client_secret_expires_at": 0,
        "vapid_key": "sandbox",
    }
    state.apps[app["client_id"]] = app
    return reply(app)


async def verify_app(request: Request) -> Response:
    """The application behind a token."""
    state = state_of(request)
    known = state.owner(bearer(request))
    if known is None:
        raise Denied(401, "The access token is invalid")
    app = state.apps.get(known[0].get("app") or "", {"id": "0", "name": "Sandbox", "website": None})
    public = {name: app.get(name) for name in ("id", "name", "website")}
    extra = {name: app.get(name, []) for name in ("scopes", "redirect_uris")}
    return reply(public | extra)


async def authorize(request: Request) -> Response:
    """A page on which the owner of a brand's account agrees."""
    state = state_of(request)
    doc = {name: str(value) for name, value in (await parameters(request)).items()}
    app = state.apps.get(doc.get("client_id", ""))
    if app is None:
        return _problem("Client authentication failed due to unknown client.", 401)
    if doc.get("redirect_uri") not in app["redirect_uris"]:
        return _problem("The redirect uri included is not valid.", 400)
    if doc.get("response_type") != "code":
        return _problem("The authorization server does not support this response type.", 400)
    if not set(doc.get("scope", "read").split()) <= set(app["scopes"]):
        return _problem("The requested scope is invalid, unknown, or malformed.", 400)
    if request.method == "GET":
        ours = [account for account in state.accounts.values() if account["ours"]]
        return _consent(app, doc, ours)
    if doc.get("decision") != "allow":
        refused = "The resource owner or authorization server denied the request."
        return _back(doc, {"error": "access_denied", "error_description": refused})
    code = secrets.token_urlsafe(24)
    kept = ("client_id", "redirect_uri", "scope", "account", "code_challenge", "code_challenge_method")
    state.codes[code] = {name: doc.get(name, "") for name in kept} | {"until": time.time() + 600}
    return _back(doc, {"code": code})


def _back(doc: dict[str, str], answer: dict[str, str]) -> Response:
    if doc["redirect_uri"] == OUT_OF_BAND:
        return HTMLResponse(f"<p><code>{html.escape(answer.get('code', 'denied'))}</code></p>")
    if doc.get("state"):
        answer["state"] = doc["state"]
    joint = "&" if "?" in doc["redirect_uri"] else "?"
    return RedirectResponse(f"{doc['redirect_uri']}{joint}{urlencode(answer)}", 302)


def _consent(app: Doc, doc: dict[str, str], accounts: list[Doc]) -> Response:
    hidden = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">' for name, value in doc.items()
    )
    choices = "".join(f'<option value="{account["id"]}">@{account["username"]}</option>' for account in accounts)
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorize</title>'
        f"<h1>{html.escape(app['name'])} wants to use an account on social.example</h1>"
        f"<p>It asks for: {html.escape(doc.get('scope', 'read'))}</p>"
        f'<form method="post" action="/oauth/authorize">{hidden}'
        f'<label>Account <select name="account">{choices}</select></label> '
        '<button name="decision" value="allow">Authorize</button> '
        '<button name="decision" value="deny">Deny</button></form></html>'
    )


def _problem(text: str, status: int) -> Response:
    page = f"<!doctype html><title>An error has occurred</title><p>{html.escape(text)}</p>"
    return HTMLResponse(page, status)


async def token(request: Request) -> Response:
    """Exchange a code (with its PKCE verifier) or client credentials for a token."""
    state = state_of(request)
    doc = await parameters(request)
    client_id, secret = _client(request, doc)
    app = state.apps.get(client_id)
    if app is None or not secrets.compare_digest(app["client_secret"], secret):
        return _refuse("invalid_client", "Client authentication failed due to unknown client.", 401)
    if doc.get("grant_type") == "client_credentials":
        return reply(_issue(request, app, None, str(doc.get("scope") or "read")))
    if doc.get("grant_type") != "authorization_code":
        return _refuse("unsupported_grant_type", "The authorization grant type is not supported.", 400)
    code = str(doc.get("code") or "")
    grant = state.codes.get(code)
    good = (
        grant is not None
        and grant["until"] > time.time()
        and grant["client_id"] == client_id
        and grant["redirect_uri"] == doc.get("redirect_uri")
        and _proves(grant, str(doc.get("code_verifier") or ""))
    )
    if grant is None or not good:
        return _refuse("invalid_grant", "The provided authorization grant is invalid, expired, or revoked.", 400)
    del state.codes[code]
    return reply(_issue(request, app, grant["account"], grant["scope"] or "read"))


async def revoke(request: Request) -> Response:
    """Forget a token."""
    state = state_of(request)
    doc = await parameters(request)
    known = state.tokens.get(str(doc.get("token") or ""))
    client_id, _ = _client(request, doc)
    if known is not None and known.get("app") not in (None, client_id):
        return _refuse("unauthorized_client", "You are not authorized to revoke this token", 403)
    if known is not None:
        del state.tokens[str(doc["token"])]
    return reply({})


def _client(request: Request, doc: Doc) -> tuple[str, str]:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return name, secret
    return str(doc.get("client_id") or ""), str(doc.get("client_secret") or "")


def _proves(grant: Doc, verifier: str) -> bool:
    if not grant["code_challenge"]:
        return True
    digest = hashlib.sha256(verifier.encode()).digest()
    return bool(base64.urlsafe_b64encode(digest).decode().rstrip("=") == grant["code_challenge"])


def _issue(request: Request, app: Doc, account: str | None, scopes: str) -> Doc:
    value = secrets.token_urlsafe(32)
    state_of(request).tokens[value] = {"account": account, "scopes": scopes, "app": app["client_id"]}
    return {"access_token": value, "token_type": "Bearer", "scope": scopes, "created_at": int(time.time())}


def _refuse(name: str, text: str, status: int) -> Response:
    return reply({"error": name, "error_description": text}, status)
