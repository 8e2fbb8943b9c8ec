"""Sessions by app password, and who stands behind a request. https://docs.bsky.app/docs/api/com-atproto-server-create-session"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.bluesky import dpop
from sandbox.bluesky.errors import Refused, invalid
from sandbox.bluesky.state import ACCESS_SECONDS, Bluesky
from sandbox.web import bearer, parameters, reply

Doc = dict[str, Any]
REFRESH_SECONDS = 90 * 86400
AUDIENCE = "did:web:pds.example"
ACCESS = ("com.atproto.access", "com.atproto.appPass", "com.atproto.appPassPrivileged")
CHAT = "did:web:api.bsky.chat"


def state_of(request: Request) -> Bluesky:
    state: Bluesky = request.app.state.bluesky
    return state


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def make_jwt(state: Bluesky, claims: Doc) -> str:
    """An HS256 token of this server."""
    head = _encode(json.dumps({"typ": "at+jwt", "alg": "HS256"}).encode())
    text = f"{head}.{_encode(json.dumps(claims).encode())}"
    return f"{text}.{_encode(hmac.new(state.secret, text.encode(), hashlib.sha256).digest())}"


def read_jwt(state: Bluesky, token: str, scopes: tuple[str, ...]) -> Doc:
    """The claims of a token; ExpiredToken and InvalidToken are 400 here, as on a real PDS."""
    try:
        text, _, signature = token.rpartition(".")
        good = hmac.new(state.secret, text.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(_encode(good), signature):
            raise ValueError
        middle = text.split(".")[1]
        claims: Doc = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (ValueError, IndexError):
        raise Refused(400, "InvalidToken", "Token could not be verified") from None
    if claims["exp"] <= time.time():
        raise Refused(400, "ExpiredToken", "Token has expired")
    if claims["scope"] not in scopes:
        raise Refused(400, "InvalidToken", "Bad token scope")
    return claims


def viewer(request: Request) -> Doc:
    """The actor behind the request; refuses when there is none."""
    state = state_of(request)
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "dpop":
        return state.actors[dpop.check_resource(request, state, value.strip())["did"]]
    token = bearer(request)
    if token is None:
        raise Refused(401, "AuthMissing", "Authentication Required")
    claims = read_jwt(state, token, ACCESS)
    return state.actors[claims["sub"]]


def chat_viewer(request: Request) -> Doc:
    """The actor, if the request is proxied to the chat service and its password may read messages."""
    target = request.headers.get("atproto-proxy", "")
    if target != f"{CHAT}#bsky_chat":
        raise Refused(501, "MethodNotImplemented", "Method Not Implemented")
    who, state = viewer(request), state_of(request)
    token = bearer(request)
    if token and read_jwt(state, token, ACCESS)["scope"] == "com.atproto.appPass":
        raise Refused(400, "InvalidToken", "Bad token method")
    if not token:
        grant = state.grants[request.headers["authorization"].partition(" ")[2].strip()]
        if "transition:chat.bsky" not in grant["scope"].split():
            raise Refused(403, "ScopeMissingError", 'Missing required scope "rpc:chat.bsky"')
    return who


def _session(state: Bluesky, actor: Doc, scope: str, jti: str | None = None) -> Doc:
    now = int(time.time())
    seconds = float(state.quirks.get("access_seconds", ACCESS_SECONDS))
    common = {"sub": actor["did"], "iat": now, "aud": AUDIENCE}
    key = jti or secrets.token_urlsafe(24)
    state.sessions[key] = {"did": actor["did"], "scope": scope, "used": False}
    access = make_jwt(state, {**common, "scope": scope, "exp": time.time() + seconds, "jti": secrets.token_hex(8)})
    refresh = {**common, "scope": "com.atproto.refresh", "exp": now + REFRESH_SECONDS, "jti": key}
    return {"accessJwt": access, "refreshJwt": make_jwt(state, refresh), **_about(actor)}


def _about(actor: Doc) -> Doc:
    return {
        "handle": actor["handle"],
        "did": actor["did"],
        "didDoc": {
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": actor["did"],
            "alsoKnownAs": [f"at://{actor['handle']}"],
        },
        "email": f"social@{actor['handle']}",
        "emailConfirmed": True,
        "emailAuthFactor": False,
        "active": True,
    }


async def create_session(request: Request) -> Response:
    """``identifier`` is a handle, DID or e-mail; ``password`` an app password."""
    state = state_of(request)
    doc = await parameters(request)
    name = str(doc.get("identifier") or "")
    if not name or not doc.get("password"):
        raise invalid('Input must have the property "identifier" and "password"')
    actor = state.find_actor(name.removeprefix("social@"))
    known = state.passwords.get(str(doc["password"]))
    if actor is None or known is None or known["did"] != actor["did"]:
        raise Refused(401, "AuthenticationRequired", "Invalid identifier or password")
    return reply(_session(state, actor, known["scope"]))


async def refresh_session(request: Request) -> Response:
    """The refresh token stands in the Authorization header and works once."""
    state = state_of(request)
    claims = read_jwt(state, bearer(request) or "", ("com.atproto.refresh",))
    known = state.sessions.get(claims["jti"])
    if known is None or known["used"]:
        raise Refused(400, "ExpiredToken", "Token has been revoked")
    state.sessions[claims["jti"]] = known | {"used": True}
    actor = state.actors[known["did"]]
    fresh = _session(state, actor, known["scope"])
    return reply({name: fresh[name] for name in ("accessJwt", "refreshJwt", "handle", "did", "didDoc", "active")})


async def get_session(request: Request) -> Response:
    """Who am I."""
    return reply(_about(viewer(request)))


async def delete_session(request: Request) -> Response:
    """Forget the session of a refresh token."""
    state = state_of(request)
    claims = read_jwt(state, bearer(request) or "", ("com.atproto.refresh",))
    if claims["jti"] in state.sessions:
        del state.sessions[claims["jti"]]
    return Response(status_code=200)
