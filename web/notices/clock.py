"""When somebody is told outside of the page: times of the day, quiet hours, when mails are due. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

GATHER = timedelta(seconds=60)
"""What happens at once goes into one mail."""


def minute(text: str) -> int | None:
    """The minute of the day that `18:30` names; None when it names none."""
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    return int(found[1]) * 60 + int(found[2]) if found else None


def written(at: int | None) -> str:
    """`18:30`; empty for none."""
    return "" if at is None else f"{at // 60:02}:{at % 60:02}"


def quiet(since: int | None, until: int | None, zone: tzinfo, now: datetime) -> bool:
    """The clock on the person's wall stands in their quiet hours, which may go over midnight."""
    if since is None or until is None or since == until:
        return False
    here = now.astimezone(zone)
    at = here.hour * 60 + here.minute
    return since <= at < until if since < until else at >= since or at < until


def edge(mail: str, mail_at: int, zone: tzinfo, now: datetime) -> datetime:
    """What happened before this moment belongs into a mail that is due now: the end of the last period.

    The same period has the same edge however often it is asked for; the edge of an immediate mail moves on.
    """
    if mail == "now":
        return now - GATHER
    if mail == "hourly":
        return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    here = now.astimezone(zone)
    today = datetime.combine(here.date(), time(mail_at // 60, mail_at % 60), tzinfo=zone)
    if today > now:
        today = datetime.combine(here.date() - timedelta(days=1), time(mail_at // 60, mail_at % 60), tzinfo=zone)
    return today.astimezone(UTC)
