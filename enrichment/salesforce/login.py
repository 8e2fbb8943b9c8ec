"""Signing in to an org: client credentials or JWT bearer, on the org's own domain.

https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_client_credentials_flow.htm
https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_jwt_flow.htm
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from core.errors import AuthExpired, BadPayload, NotConfigured, TryLater

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 180
SALESFORCE_DOMAINS = (".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com")


@dataclass(frozen=True, slots=True)
class Login:
    """How the hub signs in; with a private key as `username`, else with the secret as the app's own user."""

    url: str
    """The org's own domain, `https://yourdomain.my.salesforce.com`."""
    client_id: str
    client_secret: str = field(default="", repr=False)
    username: str = ""
    private_key: str = field(default="", repr=False)
    """RSA key in PEM form; its certificate stands in the External Client App."""


@dataclass(frozen=True, slots=True)
class Token:
    access: str = field(repr=False)
    instance: str
    """Scheme and host that calls go to; a path only where an org is mounted under one."""
    user: str = ""
    """Record id of the user that is signed in."""


def fetch(session: requests.Session, login: Login) -> Token:
    """A fresh token.

    Raises AuthExpired when the sign-in is refused, NotConfigured when something must be set first, TryLater
    and BadPayload.
    """
    url = login.url.rstrip("/") + "/services/oauth2/token"
    try:
        answer = session.post(url, data=_form(login), allow_redirects=False)
    except requests.RequestException as error:
        raise TryLater(f"Salesforce did not answer at {login.url}: {type(error).__name__}.") from error
    if answer.status_code == 429 or answer.status_code >= 500:
        raise TryLater(f"Salesforce answered {answer.status_code} to the sign-in.", 60)
    body = _body(answer, login)
    if answer.status_code != 200:
        word, text = str(body.get("error", "")), str(body.get("error_description", ""))
        raise AuthExpired(
            f"Salesforce refuses the sign-in ({word}: {text}). Check consumer key, secret or certificate of "
            "the External Client App, that its flow is enabled, and that its user is active."
        )
    user = str(body.get("id", "")).rpartition("/")[2]
    return Token(str(body["access_token"]), _instance(str(body.get("instance_url", login.url)), login), user)


def _form(login: Login) -> dict[str, str]:
    if not login.private_key:
        if not login.client_id or not login.client_secret:
            raise NotConfigured("Salesforce needs the consumer key and secret of an External Client App.")
        return {
            "grant_type": "client_credentials",
            "client_id": login.client_id,
            "client_secret": login.client_secret,
        }
    host = urlsplit(login.url).hostname or ""
    audience = "https://test.salesforce.com" if ".sandbox." in host else "https://login.salesforce.com"
    claims = {
        "iss": login.client_id,
        "sub": login.username,
        "aud": audience,
        "exp": int(time.time()) + ASSERTION_SECONDS,
    }
    try:
        key = RSAKey.import_key(login.private_key)
        assertion = jwt.encode({"alg": "RS256"}, claims, key)
    except (JoseError, ValueError) as error:
        raise NotConfigured("The private key for Salesforce cannot be read: it must be an RSA key in PEM.") from error
    return {"grant_type": JWT_GRANT, "assertion": assertion}


def _body(answer: requests.Response, login: Login) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if isinstance(body, dict) and (answer.status_code != 200 or "access_token" in body):
        return body
    if answer.status_code in (301, 302, 303, 307, 308, 404, 405):
        raise NotConfigured(
            f"{login.url} is no Salesforce org: use the org's own domain, https://yourdomain.my.salesforce.com."
        )
    raise BadPayload(f"Salesforce answered the sign-in with something unreadable ({answer.status_code}).")


def _instance(given: str, login: Login) -> str:
    """Where calls go: the host signed in at, or another one of Salesforce's; the token goes nowhere else."""
    asked, found = urlsplit(login.url), urlsplit(given)
    host = found.hostname or ""
    same = (found.hostname, found.port) == (asked.hostname, asked.port)
    if not same and not (found.scheme == "https" and host.endswith(SALESFORCE_DOMAINS)):
        raise NotConfigured(f"The sign-in at {login.url} names {host} as the org's host, which is not Salesforce's.")
    return given.rstrip("/")
