"""`/people/segments/…/campaigns`: hand a segment on to a campaign of Salesforce."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response

from core import db
from core.errors import Rejected, WiderhallError
from enrichment.crm import Campaign
from enrichment.segments import campaign, store
from web import render
from web.permissions import allow
from web.reader import Reader

HERE = "/people/segments/{segment_id:int}/campaigns"

router = APIRouter()

Exporting = Annotated[Reader, Depends(allow("segments.export"))]


@router.get(HERE)
def choose(request: Request, segment_id: int, reader: Exporting) -> Response:
    """The active campaigns of the org."""
    return _page(request, reader, segment_id)


@router.post(HERE)
def chosen(request: Request, segment_id: int, reader: Exporting, campaign_id: Annotated[str, Form()] = "") -> Response:
    """Hand the segment on to one of them."""
    try:
        found = campaign.chosen(campaign.active(), campaign_id[:18])
        with db.write() as session:
            campaign.add(session, segment_id, found, reader.actor)
    except WiderhallError as error:
        return _page(request, reader, segment_id, 422, reader.words(str(error)))
    return render.to(f"/people/segments/{segment_id}#receivers", "campaign-chosen")


def _page(request: Request, reader: Reader, segment_id: int, status: int = 200, problem: str = "") -> Response:
    try:
        with db.read() as session:
            segment = store.get(session, segment_id)
    except Rejected as error:
        raise HTTPException(404) from error
    campaigns: Sequence[Campaign] = ()
    try:
        campaigns = campaign.active()
    except WiderhallError as error:
        problem = problem or reader.words(str(error))
    rows = [(one, datetime.combine(one.ends, time(12), reader.zone) if one.ends else None) for one in campaigns]
    return render.page(request, reader, "segment_campaigns.html", status, segment=segment, rows=rows, problem=problem)
