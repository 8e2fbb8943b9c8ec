"""Records of the CRM that may be one person: found by the keys and the scorer of matching, decided by a person.

Nothing is linked by a proposal: only the two records of the one that somebody accepts become one person here
(enrichment.merging). Merging them in the CRM is for a user of the CRM.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, names
from core.errors import Rejected
from enrichment import calibration, contacts, index, merging
from enrichment.keys import Key
from enrichment.match import GENERIC_FROM, MOST_SURE, RULES, CandidateView, Evidence, fingerprint, person, weight
from enrichment.matching import agreement, score
from enrichment.matching import people as sides
from enrichment.matching.keys import OWN
from enrichment.matching.weights import Weights
from enrichment.models import CrmRecord, Duplicate
from inbox import consent
from inbox import people as persons
from inbox.knowledge import ContactEdge

PORTION = 500
DECISIONS = ("accept", "reject", "undo")
GONE = "One of the two records is gone or was merged in the CRM. Look at the list anew."
PROVING = frozenset({"handle", "proven_site", "said_site", "email", "phone"})
"""Agreements of which one is enough beside the name."""
LOOKED_UP = frozenset((*OWN, "name"))


@dataclass(frozen=True, slots=True)
class Found:
    """Two records that may be one person."""

    left: int
    right: int
    score: float
    evidence: tuple[Evidence, ...]


# --- deciding ----------------------------------------------------------------------------------------


def compare(left: CandidateView, right: CandidateView, crm: agreement.Crm, weights: Weights) -> Found | None:
    """Whether two records are worth a person's look: the name agrees, and something else does. Pure."""
    if left.objects or right.objects or left.person == right.person:
        return None
    judged = score.judge(_shown(left), person(right), crm, weights)
    if judged.level not in agreement.VOUCHED:
        return None
    strong = any(one.name in PROVING and one.times > 1.0 for one in judged.signals)
    likely = score.calibrated(judged.odds / (1.0 + judged.odds), weights)
    if not strong and not (likely >= weights.review and judged.families() & {"company", "place"}):
        return None
    evidence = tuple(_evidence(one) for one in judged.signals if one.family or one.value)
    return Found(min(left.id, right.id), max(left.id, right.id), round(min(likely, MOST_SURE), 4), evidence)


def _shown(record: CandidateView) -> sides.Account:
    """A record as the scorer takes the other side: its values, all only said."""
    values: dict[str, list[str]] = defaultdict(list)
    for key in sorted(record.keys):
        values[key.kind].append(key.value)
    name = record.name or names.whole(record.first_name, record.last_name)
    made = sides.account(sides.Profile(str(record.id), "crm", name=name, bio=record.company, location=record.city))
    return replace(
        made,
        emails=tuple(values["email"]),
        phones=tuple(values["phone"]),
        said=tuple(values["site"]),
        own_handles=tuple(values["handle"]),
        organisation=False,
    )


SAME: Mapping[str, str] = {
    "handle": "handle", "proven_site": "site", "said_site": "site", "email": "email", "phone": "phone",
    "company": "company", "company_part": "company", "domain": "company",
}  # fmt: skip
"""Signal of the scorer → what both records have."""


def _evidence(signal: agreement.Signal) -> Evidence:
    kind, _, value = signal.value.partition(":")
    short = fingerprint(Key(kind, value)) if value else ""  # type: ignore[arg-type]  # kinds of the scorer are ours
    same = SAME.get(signal.name)
    name, words = (f"same_{same}", merging.WORDS[same][0]) if same else (signal.name, signal.words)
    return Evidence(name, words, weight(signal.times), signal.supports, short)


# --- finding -----------------------------------------------------------------------------------------


def find(session: Session, record_ids: Collection[int]) -> tuple[list[Found], set[int]]:
    """Pairs with one of these records, and the records that were looked at; none while nobody may be matched."""
    if not consent.switched_on(session, "match"):
        return [], set()
    keys = index.stored_keys(session, record_ids)
    mine = {key for found in keys.values() for key in found if key.kind in LOOKED_UP}
    blocks = {key: rows for key, rows in index.records_with(session, mine).items() if len(rows) <= index.BLOCK}
    views = index.look_at(session, {one for rows in blocks.values() for one in rows} | set(record_ids))
    views = {one: view for one, view in views.items() if view.object != contacts.FILE}
    crm, weights = _crm(session, blocks, views), calibration.active()
    pairs = {
        (min(one, other), max(one, other))
        for one in record_ids
        for key in keys.get(one, ())
        for other in blocks.get(key, ())
        if other != one and one in views and other in views
    }
    found = [compare(views[left], views[right], crm, weights) for left, right in sorted(pairs)]
    return [one for one in found if one is not None], set(record_ids)


def _crm(session: Session, blocks: Mapping[Key, Sequence[int]], views: Mapping[int, CandidateView]) -> agreement.Crm:
    """How often each value occurs: by persons, a value on two records of one counts once."""
    carriers = {
        f"{key.kind}:{key.value}": len({views[one].person for one in rows if one in views})
        for key, rows in blocks.items()
    }
    sizes = index.frequencies(session, views.values())
    records = index.size(session)

    def count(key: str) -> int:
        kind = key.partition(":")[0]
        known = carriers.get(key, GENERIC_FROM if kind in OWN else 0)  # a block too large to look at is everybody's
        return max(known, sizes.get(key, 0))

    return agreement.Crm(max(records, len(views)), count)


def put(session: Session, found: Iterable[Found], looked: Collection[int]) -> int:
    """Store proposals; those of records that were looked at and are none any more go. What a person said stays."""
    d = db.table(Duplicate)
    pairs = {(one.left, one.right): one for one in found}
    alive = set(session.scalars(sa.select(db.table(CrmRecord).c.id).where(
        db.table(CrmRecord).c.id.in_(sorted({row for pair in pairs for row in pair}))
    )))  # fmt: skip
    touched = sorted(looked)
    known = {
        (row.left_id, row.right_id): row
        for row in session.scalars(sa.select(Duplicate).where(d.c.left_id.in_(touched) | d.c.right_id.in_(touched)))
    }
    new = 0
    for pair, one in sorted(pairs.items()):
        row = known.get(pair)
        if (row is not None and row.decision in ("accepted", "rejected")) or not set(pair) <= alive:
            continue
        shown = [signal.row() for signal in one.evidence]
        values: dict[str, Any] = {"score": one.score, "decision": "review", "evidence": shown, "rules": RULES}
        if row is not None and all(getattr(row, name) == value for name, value in values.items()):
            continue
        new += row is None
        row = row or Duplicate(left_id=pair[0], right_id=pair[1], score=0.0, decision="", rules=RULES, at=db.now())
        for name, value in {**values, "at": db.now()}.items():
            setattr(row, name, value)
        session.add(row)
    for pair, row in known.items():
        if row.decision == "review" and pair not in pairs:
            row.decision, row.at = "none", db.now()
            session.add(row)
    session.flush()
    return new


def find_all() -> int:
    """Look at every record, portion by portion; how many proposals are new."""
    new, after = 0, 0
    r = db.table(CrmRecord)
    while True:
        with db.read() as session:
            query = sa.select(r.c.id).where(r.c.id > after).order_by(r.c.id).limit(PORTION)
            ids = list(session.scalars(query))
            found, looked = find(session, ids)
        if not ids:
            return new
        with db.write() as session:
            new += put(session, found, looked)
        after = ids[-1]


# --- what a person says ------------------------------------------------------------------------------


def decide(session: Session, duplicate_id: int, decision: str, actor: str) -> None:
    """One of DECISIONS. Rejected when it cannot be made any more."""
    {"accept": accept, "reject": reject, "undo": undo}[decision](session, duplicate_id, actor)


def accept(session: Session, duplicate_id: int, actor: str) -> None:
    """The two records are one person: their contacts are merged here. Accepting again changes nothing."""
    row, left, right = _open(session, duplicate_id)
    if row.decision == "accepted":
        return
    if any(one.deleted or one.successor or one.objects for one in (left, right)):
        raise Rejected(GONE)
    before = {"id": row.id, "decision": row.decision, "actor": row.actor, "at": row.at.isoformat()}
    _set(session, row, "accepted", actor)
    pair = [merging.contact_for_record(session, one) for one in (left, right)]
    if persons.survivor(session, pair[0]) != persons.survivor(session, pair[1]):
        merging.merge(session, pair[0], pair[1], actor, evidence=row.evidence, detail={"duplicate": before})


def reject(session: Session, duplicate_id: int, actor: str) -> None:
    """They are two persons; never proposed again, and never merged while this stands."""
    row, _, _ = _open(session, duplicate_id)
    if row.decision == "accepted":
        undo(session, duplicate_id, actor)
    _set(session, row, "rejected", actor)


def undo(session: Session, duplicate_id: int, actor: str) -> None:
    """Take a decision back: the proposal is open again, and what was merged by it is two again."""
    row, left, right = _open(session, duplicate_id)
    e = db.table(ContactEdge)
    homes = [contacts.home(left), contacts.home(right)]
    merged = sa.select(e.c.decision_id).where(e.c.left_id.in_(homes), e.c.right_id.in_(homes))
    for number in session.scalars(merged).all() if row.decision == "accepted" else ():
        merging.unmerge(session, number, actor)
    _set(session, row, "review", actor)


def _open(session: Session, duplicate_id: int) -> tuple[Duplicate, CrmRecord, CrmRecord]:
    row = session.get(Duplicate, duplicate_id)
    left = session.get(CrmRecord, row.left_id) if row is not None else None
    right = session.get(CrmRecord, row.right_id) if row is not None else None
    if row is None or left is None or right is None:
        raise Rejected(GONE)
    return row, left, right


def _set(session: Session, row: Duplicate, decision: str, actor: str) -> None:
    row.decision, row.actor, row.at = decision, actor, db.now()
    session.add(row)
    session.flush()
    detail = {"left": row.left_id, "right": row.right_id}
    audit.record(session, actor, f"duplicate.{decision}", f"duplicate:{row.id}", detail)
