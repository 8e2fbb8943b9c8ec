"""Signing in at a provider: OpenID Connect's authorization code with PKCE, state and nonce; every answer is checked.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, RFC 7636, RFC 9207. Keys and addresses are read anew
at each sign-in, so that a provider may change them at any time.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request

from connectors.client import Client
from core import log
from core.errors import Rejected, TryLater, WiderhallError
from core.settings import settings
from web.i18n import N_

CALLBACK = "/signin/oidc/callback"
SCOPE = "openid email profile"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures that only the provider can make: none, and those by our own secret, are not among them."""
LEEWAY = 60
"""Seconds that a clock may be off."""
ANEW = 60
"""Seconds for which what was proved there holds for somebody who signs in again: they are asked anew."""
LARGEST = 1024 * 1024
"""Bytes of an answer."""

AWAY = N_("The sign-in service cannot be reached just now. Try again in a minute, or sign in another way.")
MISFIT = N_("What the sign-in service said does not fit together, so nobody was signed in. Tell an administrator.")
REFUSED = N_("The sign-in service did not let you in. Try again, or ask whoever runs it.")
UNPROVED = N_(
    "The sign-in service did not ask you anew who you are, or did not say so: how you sign in stays as it is. "
    "Whoever runs the service has to let it heed max_age and send auth_time."
)
NOT_OURS = N_("This sign-in was not started here, or it took too long. Start it again.")
NO_ISSUER = N_("The issuer is an address that begins with https://, without anything after a question mark.")
CALLS_ITSELF = N_("The provider calls itself %(name)s. Write the issuer exactly like that.")
NOT_SAFE = N_("The provider names addresses that do not begin with https://.")
SILENT = N_("The provider cannot be reached at %(address)s. Check the address, and whether this hub may call it.")
NOTHING = N_("There is no OpenID configuration at %(address)s. Check the issuer.")
CONFIGURATION = "/.well-known/openid-configuration"

logger = log.get("web")


@dataclass(frozen=True)
class Provider:
    """Where people sign in, and as whom this hub comes there."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Metadata:
    """What the provider says of itself."""

    authorize: str
    token: str
    keys: str
    names_itself: bool
    """Its answers carry its name (RFC 9207)."""
    basic: bool
    """The secret goes in a header, else in the form."""


def back(request: Request) -> str:
    """The address the provider sends people back to; it has to be registered there."""
    return (settings().public_url.rstrip("/") or str(request.base_url).rstrip("/")) + CALLBACK


class Misfit(Exception):
    """Something the provider said is not as it must be; `str()` is for the log, `name` what it calls itself instead."""

    def __init__(self, why: str, name: str = "") -> None:
        super().__init__(why)
        self.name = name


class NotSafe(Misfit):
    """It names addresses of its own that anybody on the way can read."""


def checked_issuer(text: str) -> str:
    """An issuer as it is stored; Rejected when it cannot be one."""
    issuer = text.strip()
    parts = urlsplit(issuer)
    allowed = ("https", "http") if settings().allow_private_hosts else ("https",)
    if parts.scheme not in allowed or not parts.hostname or parts.query or parts.fragment or len(issuer) > 500:
        raise Rejected(NO_ISSUER)
    return issuer


def discover(issuer: str) -> Metadata:
    """The provider's addresses. Misfit when they do not fit; TryLater and others of the client's table."""
    said = _client(issuer).get(_path(issuer).rstrip("/") + CONFIGURATION).object()
    if said.get("issuer") != issuer:
        raise Misfit("it calls itself otherwise", str(said.get("issuer") or "")[:200])
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    found = [str(said.get(name, "")) for name in names]
    for name, address in zip(names, found, strict=True):
        if urlsplit(address).scheme != "https" and not settings().allow_private_hosts:
            raise NotSafe(f"{name} does not begin with https://")
    ways = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    named = said.get("authorization_response_iss_parameter_supported") is True
    return Metadata(found[0], found[1], found[2], named, "client_secret_basic" in ways)


@dataclass(frozen=True)
class Begun:
    """A sign-in that is under way: where the browser goes, and what must be kept for its return."""

    where: str
    kept: dict[str, str]


def start(provider: Provider, redirect_uri: str, state: str, again: bool = False) -> Begun:
    """Prepare a sign-in; `state` comes back with the answer. Who does it `again` is to prove anew who they are."""
    meta, verifier, nonce = discover(provider.issuer), secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect_uri, "scope": SCOPE,
        "state": state, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    joiner = "&" if "?" in meta.authorize else "?"
    if again:
        asked["max_age"] = str(ANEW)
    kept = {"verifier": verifier, "nonce": nonce, "redirect_uri": redirect_uri, "issuer": provider.issuer}
    kept |= {"again": str(int(time.time()))} if again else {}
    return Begun(f"{meta.authorize}{joiner}{urlencode(asked)}", kept)


def finish(provider: Provider, kept: Mapping[str, Any], answer: Mapping[str, str]) -> dict[str, Any]:
    """Who came back, as the checked claims of the id_token. Rejected says at the door what is wrong."""
    try:
        return _finish(provider, kept, answer)
    except (Denied, Unproved):
        raise
    except Misfit as error:
        logger.warning("provider refused", why=str(error))
        raise Rejected(MISFIT) from error
    except TryLater as error:
        raise Rejected(AWAY) from error
    except WiderhallError as error:
        logger.warning("provider refused", why=getattr(error, "code", "") or type(error).__name__)
        raise Rejected(MISFIT) from error


def _finish(provider: Provider, kept: Mapping[str, Any], answer: Mapping[str, str]) -> dict[str, Any]:
    if kept["issuer"] != provider.issuer:
        raise Misfit("it was changed meanwhile")
    meta = discover(provider.issuer)
    if (meta.names_itself or "iss" in answer) and answer.get("iss") != provider.issuer:
        raise Misfit("the answer names another issuer")
    if answer.get("error") or not answer.get("code"):
        raise Denied
    form = {
        "grant_type": "authorization_code", "code": answer["code"], "redirect_uri": str(kept["redirect_uri"]),
        "code_verifier": str(kept["verifier"]), **({} if meta.basic else {"client_id": provider.client_id}),
        **({} if meta.basic else {"client_secret": provider.secret}),
    }  # fmt: skip
    headers = {"Authorization": _basic(provider)} if meta.basic else {}
    said = _client(meta.token).call("POST", _path(meta.token), form=form, headers=headers).object()
    keys = _client(meta.keys).get(_path(meta.keys)).object()
    claims = verified(str(said.get("id_token", "")), keys, provider, str(kept["nonce"]), time.time())
    if "again" in kept and claims.get("auth_time", 0) < int(kept["again"]) - ANEW - LEEWAY:
        logger.warning("provider did not ask anew", says="auth_time" in claims)
        raise Unproved
    return claims


class Denied(Rejected):
    """The provider did not let them in, or they turned round there."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


class Unproved(Rejected):
    """They were to prove anew who they are, and the provider does not say that they did (Core, 3.1.2.1)."""

    def __init__(self) -> None:
        super().__init__(UNPROVED)


def proved_at(claims: Mapping[str, Any]) -> datetime:
    """When they proved there who they are; long ago where the provider does not say."""
    return datetime.fromtimestamp(max(0.0, min(float(claims.get("auth_time", 0)), time.time())), UTC)


def verified(token: str, keys: Mapping[str, Any], provider: Provider, nonce: str, moment: float) -> dict[str, Any]:
    """The claims of an id_token. Misfit when signature, issuer, audience, times or nonce are not as they must be."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry

    try:
        start = token.partition(".")[0]
        head = json.loads(base64.urlsafe_b64decode(start + "=" * (-len(start) % 4)))
        algorithm = str(head.get("alg"))
        if algorithm not in ALGORITHMS:
            raise Misfit(f"signed by {algorithm[:20]!r}")
        key = JWKRegistry.import_key(_key(keys, head.get("kid"), algorithm))
        claims = dict(jwt.decode(token, key, algorithms=[algorithm]).claims)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise Misfit(f"the id_token cannot be read: {type(error).__name__}") from error
    _judge(claims, provider, nonce, moment)
    return claims


def _key(keys: Mapping[str, Any], kid: object, algorithm: str) -> dict[str, Any]:
    """The one published key that a token names; without a name, the only one there is."""
    listed = [one for one in keys.get("keys") or [] if isinstance(one, dict) and one.get("use", "sig") == "sig"]
    fitting = [one for one in listed if one.get("alg", algorithm) == algorithm and one.get("kty") != "oct"]
    found = [one for one in fitting if one.get("kid") == kid] if kid is not None else fitting
    if len(found) != 1:
        raise Misfit("the id_token names a key that is not published")
    return {name: value for name, value in found[0].items() if name in PUBLIC}


PUBLIC = ("kty", "n", "e", "crv", "x", "y", "kid")
"""What of a published key is taken."""


def _judge(claims: Mapping[str, Any], provider: Provider, nonce: str, moment: float) -> None:
    audience = claims.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    ends, begins = claims.get("exp"), claims.get("iat")
    wrong = {
        "issuer": claims.get("iss") != provider.issuer,
        "audience": provider.client_id not in several,
        "authorized party": (len(several) > 1 or "azp" in claims) and claims.get("azp") != provider.client_id,
        "nonce": not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()),
        "expired": not isinstance(ends, int | float) or ends < moment - LEEWAY,
        "time of the proof": not isinstance(claims.get("auth_time", 0), int | float),
        "from the future": not isinstance(begins, int | float) or begins > moment + LEEWAY,
        "nobody": not isinstance(claims.get("sub"), str) or not 0 < len(claims["sub"]) <= 255,
    }
    if any(wrong.values()):
        raise Misfit("the id_token has the wrong " + ", ".join(name for name, bad in wrong.items() if bad))


def _client(address: str) -> Client:
    """The project's one client, for the host of an address."""
    parts = urlsplit(address)
    return Client(f"{parts.scheme}://{parts.netloc}", allow_private=settings().allow_private_hosts, max_bytes=LARGEST)


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _basic(provider: Provider) -> str:
    """RFC 6749, section 2.3.1: both halves are form-encoded first."""
    pair = f"{quote(provider.client_id, safe='')}:{quote(provider.secret, safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()
