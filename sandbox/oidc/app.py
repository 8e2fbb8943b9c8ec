"""The provider's addresses. https://openid.net/specs/openid-connect-core-1_0.html, RFC 6749, RFC 7636, RFC 9207"""

from __future__ import annotations

import base64
import hmac
import html
import math
from typing import Any
from urllib.parse import unquote, urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.oidc.state import CLIENT_ID, CLIENT_SECRET, FAULTS, SAYS, Provider, Refused
from sandbox.web import parameters, reply


def create_app(provider: Provider | None = None) -> Starlette:
    """The provider; without one given, a new one with people of its own."""
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", configuration),
            Route("/authorize", authorize, methods=["GET", "POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/jwks", jwks),
            Route("/_oidc", control, methods=["POST"]),
        ],
        exception_handlers={Refused: _refused},
    )
    app.state.provider = provider or Provider()
    return app


def _provider(request: Request) -> Provider:
    found: Provider = request.app.state.provider
    found.issuer = str(request.base_url).rstrip("/")
    return found


async def configuration(request: Request) -> Response:
    """OpenID Connect Discovery 1.0."""
    base = _provider(request).issuer
    return reply(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }
    )


async def authorize(request: Request) -> Response:
    """The page on which somebody says who they are. What is wrong with client or address is never sent back there."""
    provider, asked = _provider(request), await parameters(request)
    back = str(asked.get("redirect_uri", ""))
    if asked.get("client_id") != CLIENT_ID or not provider.registered(back):
        return HTMLResponse("<h1>Error 400: redirect_uri_mismatch</h1>", 400)
    problem = _problem(asked)
    if problem:
        return _back(provider, back, asked, {"error": problem})
    person = str(asked.get("person", ""))
    if request.method == "GET" and not person:
        return HTMLResponse(_choose(provider, asked))
    if person not in provider.people:
        return _back(provider, back, asked, {"error": "access_denied"})
    code = provider.grant(person, back, str(asked["code_challenge"]), str(asked.get("nonce", "")), _age(asked))
    return _back(provider, back, asked, {"code": code})


def _problem(asked: dict[str, Any]) -> str:
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in str(asked.get("scope", "")).split():
        return "invalid_scope"
    if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
        return "invalid_request"
    return ""


def _age(asked: dict[str, Any]) -> float:
    given = str(asked.get("max_age", ""))
    return float(given) if given.isdecimal() else math.inf


def _back(provider: Provider, back: str, asked: dict[str, Any], said: dict[str, str]) -> Response:
    query = urlencode({**said, "state": str(asked.get("state", "")), "iss": provider.issuer})
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{query}", 303)


def _choose(provider: Provider, asked: dict[str, Any]) -> str:
    kept = "".join(
        f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(str(value))}">'
        for name, value in asked.items()
    )
    people = {**{name: one["name"] for name, one in provider.people.items()}, "": "Cancel"}
    buttons = "".join(f'<button name="person" value="{name}">{html.escape(shown)}</button> '
                      for name, shown in people.items())  # fmt: skip
    return f'<!doctype html><title>Sign in</title><h1>Who are you?</h1><form method="post">{kept}{buttons}</form>'


async def token(request: Request) -> Response:
    """A code becomes an id_token."""
    provider, sent = _provider(request), await parameters(request)
    client, secret = _client(request, sent)
    if client != CLIENT_ID or not hmac.compare_digest(secret.encode(), CLIENT_SECRET.encode()):
        raise Refused("invalid_client", "The client is unknown or its secret is wrong.", 401)
    if sent.get("grant_type") != "authorization_code":
        raise Refused("unsupported_grant_type", "Only authorization_code.")
    words = [str(sent.get(name, "")) for name in ("code", "redirect_uri", "code_verifier")]
    return reply(provider.redeem(*words), headers={"cache-control": "no-store"})


def _client(request: Request, sent: dict[str, Any]) -> tuple[str, str]:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic":
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return unquote(name), unquote(secret)
    return str(sent.get("client_id", "")), str(sent.get("client_secret", ""))


async def jwks(request: Request) -> Response:
    """The public keys."""
    return reply({"keys": [_provider(request).key.as_dict(private=False)]})


async def control(request: Request) -> Response:
    """``{"wrong": one of FAULTS}`` for the next token, ``{"says": one of SAYS}``, ``{"rotate": true}``,
    ``{"person": name, …claims}``.
    """
    provider, order = _provider(request), await parameters(request)
    wrong = str(order.get("wrong", ""))
    if wrong and wrong not in FAULTS:
        return reply({"error": f"Known are: {', '.join(FAULTS)}."}, 400)
    says = str(order.get("says", provider.says))
    if says not in SAYS:
        return reply({"error": f"Known are: {', '.join(SAYS)}."}, 400)
    provider.wrong, provider.says = wrong, says
    if order.get("rotate"):
        provider.rotate()
    name = str(order.pop("person", ""))
    if name:
        provider.people[name] = {key: value for key, value in order.items() if key not in ("wrong", "says", "rotate")}
    return reply({"people": sorted(provider.people), "wrong": provider.wrong})


async def _refused(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Refused)  # noqa: S101  # registered for it alone
    return reply({"error": problem.error, "error_description": problem.description}, problem.status)
