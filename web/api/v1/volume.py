"""How many messages came in over time, of the conversations of a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from core import db
from inbox import accounts, listing
from inbox.listing import Bucket
from web import volume
from web.api.v1.conversations import HERE, TAG, Conditions, wanted
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import Moment
from web.permissions import allow
from web.reader import Reader, zone

YEARS = range(1990, 2201)

router = _router()
Reading = Annotated[Reader, Depends(allow("messages.read"))]


class Asked(Conditions):
    """Of which conversations and how it is parted; `since` and `until` are the ends of the figure."""

    by: Literal["account", ""] = Field("", description="`account`: also for each of our accounts.")
    timezone: str = Field("UTC", max_length=60, description="Whose days are counted; a name of the IANA database.")


class Part(BaseModel):
    """What came in within a part of the period."""

    start: Moment
    end: Moment
    messages: int
    negative: int


class OfAccount(BaseModel):
    """The same for one account of ours."""

    account_id: int
    platform: str
    handle: str
    messages: int
    negative: int
    parts: list[Part]


class Volume(BaseModel):
    """Inbound messages over time."""

    since: Moment
    until: Moment
    messages: int
    negative: int
    parts: list[Part] = Field(description="Quarters of an hour, hours, days, weeks or quarters of a year, as fits.")
    accounts: list[OfAccount] = Field(description="With `by=account`: accounts with messages in the period.")


@router.get(f"{HERE}/volume", tags=[TAG])
def over_time(reader: Reading, asked: Annotated[Asked, Query()]) -> Volume:
    """Inbound messages over time of the conversations that a list has; the last 14 days unless asked otherwise."""
    if any(end is not None and end.year not in YEARS for end in (asked.since, asked.until)):
        raise Refused(422, "Choose a period between 1990 and 2200.", "invalid")
    if asked.timezone not in available_timezones():
        raise Refused(422, "There is no such time zone.", "invalid")
    edges = volume.parts(asked.since, asked.until, replace(reader, zone=zone(asked.timezone)))
    with db.read() as session:
        one = replace(wanted(session, asked, reader), since=None, until=None)
        whole = _parts(listing.volume(session, one, edges), edges)
        ours = accounts.all_accounts(session) if asked.by else []
        mine = reader.sight.accounts
        found = [
            (row, _parts(listing.volume(session, replace(one, account=row.id or 0), edges), edges))
            for row in ours
            if (mine is None or row.id in mine) and one.account in (0, row.id)
        ]
    return Volume(
        since=edges[0], until=edges[-1], messages=sum(part.messages for part in whole),
        negative=sum(part.negative for part in whole), parts=whole,
        accounts=[
            OfAccount(
                account_id=row.id or 0, platform=row.platform, handle=row.handle,
                messages=sum(part.messages for part in parts), negative=sum(part.negative for part in parts),
                parts=parts,
            )
            for row, parts in found
            if any(part.messages for part in parts)
        ],
    )  # fmt: skip


def _parts(buckets: Sequence[Bucket], edges: Sequence[datetime]) -> list[Part]:
    return [
        Part(start=one.start, end=end, messages=one.total, negative=one.negative)
        for one, end in zip(buckets, edges[1:], strict=True)
    ]
