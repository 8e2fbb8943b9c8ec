"""`/inbox/{number}/find`: words in one conversation, from the newest hit to the oldest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from core import db
from inbox import finding
from web import place, render, thread
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("messages.read"))]

WORDS = 200
"""Characters of a search."""


@router.get("/inbox/{conversation_id}/find")
def find(request: Request, conversation_id: int, reader: Reading, q: str = "") -> Response:
    """The hits with their places for the page's script; without it, on to the newest."""
    with db.read() as session:
        thread.find(session, conversation_id, reader)
        hits = finding.hits(session, conversation_id, q[:WORDS])
    if render.wants_part(request):
        return render.part("parts/found.html", reader, q=q.strip(), hits=hits, most=finding.MOST)
    here = f"/inbox/{conversation_id}"
    newest = next((one for one in hits if one.key.startswith("m")), None)
    if newest is None:
        return render.to(f"{here}#conversation", "nothing-found" if q.strip() else "")
    before = place.mark(newest.at, int(newest.key[1:]) + 1)  # the page that ends with it
    return render.to(f"{here}?earlier={before}#{newest.key}")
