"""Pages that are open are told that something about a person changed that is no message."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from core import outbox


def person(session: Session, identity_ids: Iterable[int]) -> None:
    """Whoever has one of these accounts beside a conversation sees what is said about the person now."""
    outbox.emit(session, "person.changed", [(str(one), {"identity_id": one}) for one in identity_ids])
