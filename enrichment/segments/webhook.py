"""Calling a receiver: over judged addresses only, signed, without following it elsewhere.

The signature is `t=SECONDS,v1=HEX` in the header Widerhall-Signature: HMAC-SHA256, with the secret, of the
time, a full stop and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import urlsplit

from core.errors import NotConfigured, Rejected, TryLater
from core.settings import settings

SECONDS = (5.0, 20.0)
"""To connect, and to answer."""
LATER = frozenset({408, 425, 429})
NO_URL = "Give an address that begins with https://."


def checked(url: str) -> str:
    """The address as it is kept; Rejected when it is none that may be called."""
    url = url.strip()
    parts = urlsplit(url)
    schemes = ("https", "http") if settings().allow_private_hosts else ("https",)
    if parts.scheme not in schemes or not parts.hostname or len(url) > 500 or parts.username or parts.fragment:
        raise Rejected(NO_URL)
    return url


def signature(secret: str, body: bytes, moment: int) -> str:
    """What goes into the header."""
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post(url: str, secret: str, delivery: str, body: bytes) -> None:
    """Deliver a body: TryLater when it may work later, Rejected when the receiver refuses it for good."""
    status = call(url, secret, delivery, body)
    if status in LATER or status >= 500:
        raise TryLater(f"The receiver answered with {status}.", 60)
    if not takes(status):
        raise Rejected(f"The receiver answered with {status}.")


def takes(status: int) -> bool:
    """What a receiver answers that has taken a delivery."""
    return 200 <= status < 300


def call(url: str, secret: str, delivery: str, body: bytes) -> int:
    """The status of the answer. TryLater when there is none, Rejected for an address that may not be called."""
    import requests  # with what it stands on 6 MB: only a process that calls has it

    from enrichment.salesforce.transport import Adapter

    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Widerhall",
        "Widerhall-Delivery": delivery,
        "Widerhall-Signature": signature(secret, body, int(time.time())),
    }
    try:
        with requests.Session() as session:
            session.trust_env = False
            adapter = Adapter(allow_private=settings().allow_private_hosts, plain=False)
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            answer = session.post(url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False, stream=True)
            answer.close()
            return answer.status_code
    except NotConfigured as error:  # a private address
        raise Rejected(str(error)) from error
    except requests.RequestException as error:
        raise TryLater(f"The receiver did not answer: {type(error).__name__}.", 60) from error
