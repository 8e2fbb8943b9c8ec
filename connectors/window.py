"""Until when a platform lets us answer: some take answers only for a while after somebody wrote."""

from __future__ import annotations

from datetime import datetime, timedelta

BUSINESS_HOURS = timedelta(hours=24)
"""Telegram: a bot answers for a business account where somebody wrote in the last 24 hours
(https://core.telegram.org/bots/api#businessbotrights)."""


def closes_at(platform: str, ref: str, wrote_at: datetime) -> datetime | None:
    """The moment from which on the message of `ref` is answered no more; None where there is no such moment.

    `wrote_at` is when somebody wrote last in that chat.
    """
    return wrote_at + BUSINESS_HOURS if platform == "telegram" and "business_connection_id" in ref else None
