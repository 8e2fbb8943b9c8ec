"""When a conversation that is put away comes back: the moments a menu offers, in the reader's own days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from core import db
from web.i18n import N_
from web.reader import Reader

MORNING = 9
"""The hour of the day at which work begins."""
LABELS = {
    "hours": N_("In three hours"),
    "tomorrow": N_("Tomorrow morning"),
    "monday": N_("Monday morning"),
    "week": N_("In a week"),
}


def choices(reader: Reader) -> list[tuple[str, str, datetime]]:
    """(name, words, moment) of what the menu offers, soonest first; Monday only if it is not tomorrow."""
    found = [(name, moment(name, reader)) for name in LABELS]
    return [
        (name, reader.words(LABELS[name]), at)
        for name, at in found
        if at is not None and not (name == "monday" and at == dict(found)["tomorrow"])
    ]


def moment(text: str, reader: Reader) -> datetime | None:
    """One of the names above, or a local date and time (`2026-11-24T09:30`); None for anything else."""
    here = db.now().astimezone(reader.zone)
    if text == "hours":
        return (here + timedelta(hours=3)).astimezone(UTC)
    days = {"tomorrow": 1, "monday": 7 - here.weekday(), "week": 7}.get(text)
    if days is not None:
        day = (here + timedelta(days=days)).replace(hour=MORNING, minute=0, second=0, microsecond=0)
        return day.astimezone(UTC)
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (given if given.tzinfo is not None else given.replace(tzinfo=reader.zone)).astimezone(UTC)
