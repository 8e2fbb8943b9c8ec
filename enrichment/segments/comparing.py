"""All members of campaigns under keys of ours in the CRM against those here: who is missing is put in again, and what
nobody knows is reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db, log, outbox
from core.errors import Rejected
from enrichment.crm import CRM, HUB_ID
from enrichment.segments import activation, campaign
from enrichment.segments.models import Activation, ActivationMember

PORTION = 2000
STANDS = ("in", "kept")
logger = log.get("crm")


@dataclass(frozen=True, slots=True)
class Known:
    """A member here."""

    activation: int
    person: str
    record_id: str
    state: str


def compare(crm: CRM) -> tuple[Counter[str], list[str]]:
    """Figures, and keys there that nobody here knows; nothing where the CRM does not let members be read.

    Who stands here already while the comparison runs is left alone, for what was read is older.
    """
    counts: Counter[str] = Counter()
    unknown: list[str] = []
    seen: set[str] = set()
    with db.read() as session:
        before = {key for key, one in _members(session) if one.state in STANDS}
    try:
        for rows in _portions(crm.everything("member")):
            outbox.keep_alive()
            there = {str(row[HUB_ID]): str(row.get("ContactId") or row.get("LeadId") or "") for row in rows}
            seen |= there.keys()
            with db.write() as session:
                known = {key: one for key, one in _members(session) if key in there}
                unknown += sorted(there.keys() - known.keys())
                counts["differing"] += _believe(session, there, known)
    except Rejected as error:
        logger.warning("members of campaigns cannot be read", code=error.code)
        return Counter(), []
    counts["there"], counts["unknown"] = len(seen), len(unknown)
    with db.write() as session:
        standing = {key: one for key, one in _members(session) if one.state in STANDS}
        counts["here"] = len(standing)
        counts["missing"] = _again(session, [standing[one] for one in sorted(before - seen) if one in standing])
    return counts, unknown


def _members(session: Session) -> Iterator[tuple[str, Known]]:
    """Everybody here in campaigns that are not being emptied, under our keys."""
    m, a = db.table(ActivationMember), db.table(Activation)
    query = (
        sa.select(a.c.campaign, m.c.activation_id, m.c.person, m.c.record_id, m.c.state)
        .join(a, a.c.id == m.c.activation_id)
        .where(a.c.kind == "campaign", a.c.state != "ending")
    )
    for row in session.execute(query.execution_options(yield_per=PORTION)):
        yield campaign.key(row.campaign, row.person), Known(*row[1:])


def _believe(session: Session, there: Mapping[str, str], known: Mapping[str, Known]) -> int:
    """Members that stand there for another record, or that were thought to be refused or somebody else's."""
    found = {
        key: one
        for key, one in known.items()
        if (one.state in STANDS and one.record_id != there[key]) or one.state in ("there", "refused")
    }
    for key, one in sorted(found.items()):
        state = one.state if one.state in STANDS else "in"
        values = {"record_id": there[key], "state": state, "code": "", "message": ""}
        session.execute(sa.update(db.table(ActivationMember)).where(*_is(one)).values(**values))
    _look(session, found.values())
    return len(found)


def _again(session: Session, missing: Iterable[Known]) -> int:
    """Who stood in a campaign and does not any more is put in again, once the campaign is looked at."""
    found = list(missing)
    m = db.table(ActivationMember)
    for one in found:
        session.execute(sa.update(m).where(*_is(one)).values(state="sending"))
    _look(session, found)
    return len(found)


def _is(one: Known) -> tuple[Any, ...]:
    m = db.table(ActivationMember)
    return m.c.activation_id == one.activation, m.c.person == one.person, m.c.state == one.state


def _look(session: Session, changed: Iterable[Known]) -> None:
    for number in sorted({one.activation for one in changed}):
        activation.remind(session, number, timedelta())


def _portions(rows: Iterator[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    while chunk := list(islice(rows, PORTION)):
        yield chunk
