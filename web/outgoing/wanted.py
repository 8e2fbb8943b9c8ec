"""What rules ask for: one endpoint is told of one conversation, whatever else it wants to hear."""

from __future__ import annotations

from sqlmodel import Session

from core import db
from core.outbox import DONE, Item, Outcome
from web.outgoing import events, tasks


def call(items: list[Item]) -> Outcome:
    """Handler of `webhook.wanted`: a delivery for each; of an endpoint or conversation that is gone, none."""
    with db.read() as session:
        found = [
            (int(item.payload["endpoint_id"]), told)
            for item in items
            if (told := events.asked(session, int(item.payload["conversation_id"]), str(item.payload["actor"])))
        ]
    if not found:
        return DONE

    def write(session: Session) -> None:
        tasks.tell(session, found)

    return Outcome(write)
