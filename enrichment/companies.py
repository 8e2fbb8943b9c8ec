"""Accounts of the CRM, the companies that contacts belong to, in a table of ours; what they say reaches their contacts.

Name, website and switchboard of a company stand on each of its contacts (`crm_record.company…`), so that matching
reads one row. Salesforce does not say that a contact changed when its account did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import crm
from enrichment.models import CrmAccount, CrmRecord

FIELDS = ("company", "company_id", "company_site", "company_phone")
"""What an account fills in on its contacts."""
_NONE = dict.fromkeys(FIELDS, "")
_LONGEST_CHAIN = 20


def store(session: Session, found: Iterable[crm.CrmAccount]) -> None:
    """Make these what is known about the accounts; of one that is gone only the ids stay."""
    newest = {one.id: _row(one) for one in found}
    insert = db.upsert(CrmAccount)
    changes = {name: insert.excluded[name] for name in _row(crm.CrmAccount("")) if name != "record_id"}
    if newest:
        query = insert.on_conflict_do_update(index_elements=["record_id"], set_=changes)
        session.execute(query, [newest[one] for one in sorted(newest)])


def _row(one: crm.CrmAccount) -> dict[str, Any]:
    gone = one.deleted or bool(one.merged_into)
    return {
        "record_id": one.id,
        "name": "" if gone else db.sound(one.name),
        "website": "" if gone else db.sound(one.website),
        "phone": "" if gone else db.sound(one.phone),
        "modified": one.modified,
        "deleted": gone,
        "successor": one.merged_into,
    }


def fill(session: Session, rows: Sequence[dict[str, Any]], before: Mapping[str, CrmRecord]) -> None:
    """Fill in what their accounts say in these columns of contacts; `before` are the records so far, by record id.

    Where an account is not known, what stood there of it stays.
    """
    known = _known(session, {row["company_id"] for row in rows if row["company_id"]})
    for row in rows:
        told, old = says(row["company_id"], known), before.get(row["record_id"])
        if told:
            row |= told
        elif old is not None and row["company_id"] and row["company_id"] == old.company_id and not row["company"]:
            row |= {name: getattr(old, name) for name in FIELDS}


def says(account: str, known: Mapping[str, CrmAccount]) -> dict[str, str]:
    """What stands on the contacts of a known account: nothing when it is gone, its survivor's when it was merged.

    Empty when the survivor is not known yet: its own news, or its contacts', will tell.
    """
    one = known.get(account)
    for _ in range(_LONGEST_CHAIN):
        if one is None or not one.successor:
            break
        one = known.get(one.successor)
    if one is None:
        return {}
    if one.deleted:
        return dict(_NONE)
    return dict(zip(FIELDS, (one.name, one.record_id, one.website, one.phone), strict=True))


def _known(session: Session, accounts: Collection[str]) -> dict[str, CrmAccount]:
    """These accounts and all that survived them."""
    a = db.table(CrmAccount)
    found: dict[str, CrmAccount] = {}
    wanted = set(accounts)
    while wanted:
        query = sa.select(CrmAccount).where(a.c.record_id.in_(sorted(wanted)))
        rows = {one.record_id: one for one in session.scalars(query)}
        found |= rows
        wanted = {one.successor for one in rows.values() if one.successor} - set(found)
    return found


def contacts_of(session: Session, accounts: Collection[str], after: int, limit: int) -> list[CrmRecord]:
    """Living contacts of these accounts beyond a row id, in the order of their ids."""
    r = db.table(CrmRecord)
    query = sa.select(CrmRecord).where(r.c.company_id.in_(sorted(accounts)), r.c.id > after, ~r.c.deleted)
    return list(session.scalars(query.order_by(r.c.id).limit(limit).with_for_update()))
