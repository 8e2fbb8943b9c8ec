"""Calling an address of somebody's program: signed as Standard Webhooks says, never into our own network.

Three headers go with each delivery: `webhook-id`, the same for every attempt; `webhook-timestamp`, in seconds; and
`webhook-signature`: for each secret that holds, `v1,` and base64 of HMAC-SHA256 over id, time and body with full
stops between (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from core import hosts
from core.errors import NotConfigured, Rejected, TryLater
from core.settings import settings

PREFIX = "whsec_"
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 15.0
"""Until there is a line, and until an answer has come as a whole, however slowly it trickles."""
READ = 1000
"""Bytes of an answer that are looked at."""
LONGEST = 500
"""Characters of an address."""
SILENT = "The receiver did not answer in time."
UNREACHED = (
    "The receiver cannot be reached: its name is not known, nothing listens there, or its certificate is not valid."
)
BROKEN = "The receiver ended the connection without an answer."
NO_URL = "Give an address that begins with https://."


@dataclass(frozen=True)
class Answer:
    """What the program said: its status, the start of its words, and how long it took."""

    status: int
    text: str
    milliseconds: int
    wait: float | None = None
    """Seconds after which it wants to be asked again, where it said so."""

    @property
    def taken(self) -> bool:
        """The delivery has arrived."""
        return 200 <= self.status < 300


def new_secret() -> str:
    """A fresh secret."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def checked(url: str) -> str:
    """The address as it is kept; Rejected when it is none that may be called."""
    url = url.strip()
    schemes = ("https", "http") if settings().allow_private_hosts else ("https",)
    try:
        parts = urlsplit(url)
        whole = parts.scheme in schemes and parts.hostname and not parts.username and not parts.fragment
        whole = whole and (parts.port is None or parts.port > 0)
    except ValueError as error:
        raise Rejected(NO_URL) from error
    if not whole or len(url) > LONGEST or not url.isascii() or any(one.isspace() for one in url):
        raise Rejected(NO_URL)
    if not hosts.may_be_called(parts.hostname or "", settings().allow_private_hosts):
        raise Rejected(hosts.PRIVATE % {"host": parts.hostname})
    return url


def signature(secret: str, identifier: str, moment: int, body: bytes) -> str:
    """One signature."""
    signed = f"{identifier}.{moment}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()}"


def _key(secret: str) -> bytes:
    coded = secret.removeprefix(PREFIX)
    try:
        return base64.b64decode(coded.replace("-", "+").replace("_", "/") + "=" * (-len(coded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return coded.encode()


def post(url: str, held: Sequence[str], identifier: str, body: bytes) -> Answer:
    """Deliver a body, signed with each secret that holds.

    TryLater when nobody answers, Rejected when the address may not be called. Redirects are not followed.
    """
    moment = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": identifier,
        "webhook-timestamp": str(moment),
        "webhook-signature": " ".join(signature(one, identifier, moment, body) for one in held),
    }
    return call(url, body, headers)


def call(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST a body to an address of somebody's; TryLater when nobody answers, Rejected when it may not be called."""
    import httpx  # with what it stands on several MB: only a process that calls has it

    from core import ssrf

    headers = {"User-Agent": "Widerhall", "Accept-Encoding": "identity", **headers}
    text = ""
    limits, begun = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS), time.monotonic()
    client = httpx.Client(transport=ssrf.transport(settings().allow_private_hosts), trust_env=False, timeout=limits)
    until = ssrf.deadline.set(begun + ANSWER_SECONDS)
    try:  # the client is not closed: it shares its connections
        with client.stream("POST", url, content=body, headers=headers) as answer:
            with contextlib.suppress(httpx.HTTPError):  # its status is what counts
                text = _start(answer.iter_raw())
            took = round((time.monotonic() - begun) * 1000)
            return Answer(answer.status_code, text, took, _wait(answer.headers.get("retry-after", "")))
    except NotConfigured as error:  # a private address
        raise Rejected(str(error)) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        late, cut = (httpx.ReadTimeout, httpx.WriteTimeout), (httpx.ReadError, httpx.WriteError, httpx.ProtocolError)
        raise TryLater(
            SILENT if isinstance(error, late) else BROKEN if isinstance(error, cut) else UNREACHED, 60
        ) from error
    finally:
        ssrf.deadline.reset(until)


def _wait(said: str) -> float | None:
    """Retry-After, in seconds or as a date (RFC 9110, 10.2.3)."""
    if said.isascii() and said.isdigit():
        return float(said[:9])
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(said)
        return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - time.time())
    return None


def _start(chunks: Iterator[bytes]) -> str:
    return next(chunks, b"")[:READ].decode("utf-8", "replace")
