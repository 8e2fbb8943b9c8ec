"""All our cases in the CRM against those here. People there work on them, so nothing is written there: what the
regular read missed is taken over here, as if it had brought it, and what nobody knows is only reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa
from sqlmodel import Session

from core import db, outbox
from enrichment.cases import following
from enrichment.crm import CRM, CaseNews
from enrichment.models import CrmCase, SyncState

PORTION = 500


def compare(crm: CRM, begun: datetime) -> tuple[Counter[str], list[str]]:
    """Figures, and keys there that nobody here knows.

    A case of ours that is not even in the CRM's bin counts as deleted there, and stays so.
    """
    counts: Counter[str] = Counter()
    unknown: list[str] = []
    seen: set[str] = set()
    for chunk in _chunks(crm.cases(None)):
        outbox.keep_alive()
        seen |= {one.hub_id for one in chunk}
        living = [one for one in chunk if not one.deleted]
        counts["there"] += len(living)
        with db.write() as session:
            known = _known(session, [one.hub_id for one in chunk])
            unknown += sorted(one.hub_id for one in living if one.hub_id not in known)
            ours = [(one, known[one.hub_id]) for one in chunk if one.hub_id in known]
            counts["missing"] += sum(one.deleted and not case.deleted for one, case in ours)
            counts["differing"] += sum(not one.deleted and _differs(one, case) for one, case in ours)
            following.follow(session, [one for one, _ in ours], [], begun)
    with db.write() as session:
        gone = [one for one in _standing(session, begun) if one.hub_id not in seen]
        counts["missing"] += len(gone)
        news = [CaseNews(one.hub_id, "", one.number, one.status, one.closed, begun, deleted=True) for one in gone]
        following.follow(session, news, [], begun)
    with db.read() as session:
        k = db.table(CrmCase)
        counts["here"] = session.scalar(sa.select(sa.func.count()).select_from(k).where(~k.c.deleted)) or 0
    counts["unknown"] = len(unknown)
    return counts, unknown


def _differs(news: CaseNews, case: CrmCase) -> bool:
    """The CRM told something else last; of one that is deleted here, or was not told of yet, nothing is compared."""
    return (
        not case.deleted
        and case.number != ""
        and (news.number, news.status, news.closed) != (case.number, case.status, case.closed)
    )


def _known(session: Session, keys: Sequence[str]) -> dict[str, CrmCase]:
    k = db.table(CrmCase)
    return {one.hub_id: one for one in session.scalars(sa.select(CrmCase).where(k.c.hub_id.in_(sorted(keys))))}


def _standing(session: Session, begun: datetime) -> list[CrmCase]:
    """Cases that the CRM acknowledged before the comparison began, and that nobody sends just now."""
    k, s = db.table(CrmCase), db.table(SyncState)
    query = (
        sa.select(CrmCase)
        .join(s, s.c.hub_id == k.c.hub_id)
        .where(~k.c.deleted, s.c.state == "synced", s.c.record_id != "", s.c.claim == "", s.c.at < begun)
    )
    return list(session.scalars(query.order_by(k.c.hub_id)))


def _chunks(news: Iterator[CaseNews]) -> Iterable[list[CaseNews]]:
    while chunk := list(islice(news, PORTION)):
        yield chunk
