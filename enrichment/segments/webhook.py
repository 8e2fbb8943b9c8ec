"""Calling a receiver: signed as core.webhook does it; what its answer means for the activation."""

from __future__ import annotations

from core import webhook
from core.errors import Rejected, TryLater

LATER = frozenset({408, 425, 429})


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
    return webhook.post(url, [secret], delivery, body).status
