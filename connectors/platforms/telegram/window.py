"""Until when Telegram lets a bot answer: for a business account only for a while after somebody wrote."""

from __future__ import annotations

from datetime import datetime, timedelta

BUSINESS_HOURS = timedelta(hours=24)
"""A bot answers for a business account where somebody wrote in the last 24 hours
(https://core.telegram.org/bots/api#businessbotrights)."""


def closes_at(ref: str, wrote_at: datetime) -> datetime | None:
    """The moment from which on a message with this reference is answered no more; None where there is none."""
    return wrote_at + BUSINESS_HOURS if "business_connection_id" in ref else None
