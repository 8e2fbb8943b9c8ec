"""A test delivery to a webhook: without people, signed like all others."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from core import audit
from core.errors import WiderhallError
from enrichment.segments import activation, webhook
from enrichment.segments.activation import Change


@dataclass(frozen=True, slots=True)
class Tested:
    """What became of a test delivery."""

    id: int
    """Of the receiver."""
    status: int = 0
    """Of its answer; 0 when there was none."""
    error: str = ""
    taken: bool = False


def prepared(session: Session, activation_id: int, actor: str) -> Change:
    """What is to be sent; noted in the audit trail. Rejected when there is no such webhook."""
    found = activation.probe(session, activation_id)
    audit.record(session, actor, "activation.tested", f"activation:{activation_id}", {"delivery": found.delivery})
    return found


def sent(found: Change) -> Tested:
    """Send it."""
    number = found.activation.id or 0
    try:
        status = webhook.call(found.activation.url, found.secret, found.delivery, found.body)
    except WiderhallError as error:
        return Tested(number, error=str(error))
    return Tested(number, status, taken=webhook.takes(status))
