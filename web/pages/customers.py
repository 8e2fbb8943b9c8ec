"""`/people/contacts/{id}`: a contact by its own number: the page of its first account, or its own without any."""

from __future__ import annotations

from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from core import db
from enrichment.behaviour import customers
from enrichment.models import CrmRecord
from inbox import people
from inbox.models import Contact, Identity
from web import customer, render
from web.permissions import allow
from web.reader import Reader

router = APIRouter()

Reading = Annotated[Reader, Depends(allow("people.read"))]


@router.get("/people/contacts/{contact_id}")
def contact(request: Request, contact_id: str, reader: Reading) -> Response:
    """A customer: the page of their first account, else what orders, events and the CRM tell."""
    i, r = db.table(Identity), db.table(CrmRecord)
    with db.read() as session:
        found = session.get(Contact, people.survivor(session, contact_id[:26]))
        if found is None:
            raise HTTPException(404)
        first = session.execute(sa.select(sa.func.min(i.c.id)).where(i.c.contact_id == found.id)).scalar()
        if first is not None:
            return RedirectResponse(f"/people/{first}", 303)
        records = session.scalars(
            sa.select(CrmRecord).where(r.c.contact_id == found.id, ~r.c.deleted, r.c.successor == "").order_by(r.c.id)
        ).all()
        values = customer.values(session, reader, found.id, [], request)
        keys = customers.keys_of(session, people.members(session, found.id)) if not values["customer"].why else []
    return render.page(request, reader, "customer.html", contact=found, records=records, keys=keys, **values)
