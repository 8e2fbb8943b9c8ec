"""What the pages of a person show of orders, events and the figures out of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import Request
from sqlmodel import Session

from core import db
from enrichment.behaviour import figures, retention
from web.reader import Reader


def values(
    session: Session, reader: Reader, contact_id: str, identity_ids: Sequence[int], request: Request
) -> dict[str, Any]:
    """For `parts/customer.html`; nothing but an empty timeline for somebody who is no contact."""
    if not contact_id:
        return {"customer": None, "timeline": [], "timeline_after": 0, "timeline_next": 0, "events_since": None}
    skip = request.query_params.get("past", "")
    after = int(skip) if skip.isascii() and skip.isdecimal() and len(skip) < 6 else 0
    known = figures.of_contact(session, contact_id, identity_ids, sight=reader.sight)
    entries, more = figures.timeline(session, contact_id, identity_ids, sight=reader.sight, after=after)
    return {
        "customer": known,
        "timeline": entries,
        "timeline_after": after,
        "timeline_next": after + len(entries) if more else 0,
        "events_since": None if known.why else retention.reaches(db.now()),
    }
