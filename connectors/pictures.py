"""Pictures that customers sent, fetched by the hub: whoever reads a thread calls no host of a stranger."""

from __future__ import annotations

import threading
import time
from urllib.parse import urlsplit

from connectors.client import Client
from core.errors import Rejected, TryLater, WiderhallError
from core.settings import settings
from inbox import filetypes

LARGEST = 12_000_000
SECONDS = 8.0
REST = 600.0
"""Seconds for which an address is left alone after it failed."""
AT_ONCE = 6
"""Pictures that a process fetches side by side; others wait shortly."""
NO_PICTURE = "There is no picture at this address."

_gate = threading.BoundedSemaphore(AT_ONCE)
_failed: dict[str, float] = {}


def fetch(url: str) -> bytes:
    """The picture at an address of somebody's, never one in our own network; Rejected when there is none."""
    parts = urlsplit(url)
    allowed = ("https", "http") if settings().allow_private_hosts else ("https",)
    if parts.scheme not in allowed or not parts.hostname or _failed.get(url, 0.0) > time.monotonic():
        raise Rejected(NO_PICTURE)
    if not _gate.acquire(timeout=SECONDS):
        raise TryLater(NO_PICTURE)
    try:
        return _fetched(url, f"{parts.scheme}://{parts.netloc}")
    except WiderhallError as error:
        if len(_failed) > 10_000:
            _failed.clear()
        _failed[url] = time.monotonic() + REST
        raise Rejected(NO_PICTURE) from error
    finally:
        _gate.release()


def _fetched(url: str, base: str) -> bytes:
    client = Client(
        base, allow_private=settings().allow_private_hosts, max_bytes=LARGEST, headers={"Accept": "image/*"}
    )
    data = client.get(url, timeout=SECONDS).body
    if filetypes.told(data, "")[1] not in filetypes.SHOWN:
        raise Rejected(NO_PICTURE)
    return data
