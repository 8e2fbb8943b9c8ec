"""The outbox's handlers of brands: learn their names, judge what names several of them, forget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, rows
from core.outbox import DONE, Item, Outcome
from inbox.models import Message
from sentiment import active
from sentiment.brands.models import Brand, MessageTowards
from sentiment.clauses import mark
from sentiment.language import UNKNOWN
from sentiment.port import Annotator
from sentiment.towards import classifier, towards

LONGEST = 4000
"""Characters of a text that are read."""


def learn(items: list[Item]) -> Outcome:
    """subject.changed: the names that texts may call it by; none, and the brand is gone with what was said of it."""
    names = {int(item.payload["subject_id"]): [str(name) for name in item.payload["names"]] for item in items}

    def write(session: Session) -> None:
        brands, said = db.table(Brand), db.table(MessageTowards)
        gone = [subject_id for subject_id, some in names.items() if not some]
        session.execute(sa.delete(brands).where(brands.c.subject_id.in_(list(names))))
        session.execute(sa.delete(said).where(said.c.subject_id.in_(gone)))
        rows = [{"subject_id": subject_id, "names": some} for subject_id, some in sorted(names.items()) if some]
        if rows:
            session.execute(sa.insert(brands), rows)

    return Outcome(write)


def judge(items: list[Item]) -> Outcome:
    """message.annotated: what each message that names at least two brands says of each; gathered letters."""
    wanted: dict[int, int] = {}
    for item in items:
        wanted.update(zip(item.payload["message_id"], item.payload["version"], strict=True))
    with db.read() as session:
        brands = known(session)
        if len(brands) < 2:
            return DONE
        rows = _messages(session, wanted)
        in_use = active.current(session)
    named = [row for row in rows if _names_several(row.text, list(brands.values()))]
    try:
        found = _judged(named, brands, in_use.annotator)
    except Exception as error:
        if in_use.wanted == "lexicon" or in_use.error:
            raise
        found = _judged(named, brands, active.failed(in_use.wanted, error).annotator)

    def write(session: Session) -> None:
        _put(session, {row.id: row.version for row in rows}, found)

    return Outcome(write)


def known(session: Session) -> dict[int, list[str]]:
    """{subject id: its names} of every brand, in their order."""
    brands = db.table(Brand)
    return {row.subject_id: row.names for row in session.execute(sa.select(brands).order_by(brands.c.subject_id))}


def of(session: Session, message_ids: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """{message id: [(a brand's name, the sentiment towards it)]} of messages that name several."""
    sql = (
        "SELECT t.message_id, b.names, t.sentiment FROM message_towards t JOIN brand b ON b.subject_id = t.subject_id "  # noqa: S608  # our own names
        f"JOIN message m ON m.id = t.message_id AND m.version = t.version WHERE {bulk.among('t.message_id')} "
        "ORDER BY t.message_id, t.subject_id"
    )
    found: dict[int, list[tuple[str, str]]] = {}
    for row in rows.read(session, _Towards, sql, bulk.listed(list(message_ids))):
        found.setdefault(row.message_id, []).append((row.names[0], row.sentiment))
    return found


@dataclass(frozen=True, slots=True)
class _Towards:
    message_id: int
    names: list[str]
    sentiment: str


def _messages(session: Session, wanted: Mapping[int, int]) -> list[sa.Row[Any]]:
    m = db.table(Message)
    query = sa.select(m.c.id, m.c.version, m.c.text, m.c.language).where(
        m.c.id.in_(list(wanted)), m.c.deleted_at.is_(None), ~m.c.erased, m.c.direction == "inbound",
        m.c.origin != "context",
    )  # fmt: skip
    return [row for row in session.execute(query.order_by(m.c.id)) if row.version == wanted[row.id]]


def _names_several(text: str, names: Sequence[Sequence[str]]) -> bool:
    return len({*mark(text[:LONGEST], names).brands}) > 1


def _judged(
    rows: Sequence[sa.Row[Any]], brands: Mapping[int, Sequence[str]], annotator: Annotator
) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for row in rows:
        language = row.language if row.language not in ("", UNKNOWN) else None
        found = towards(row.text[:LONGEST], list(brands.values()), classifier(annotator, language))
        for subject_id, one in zip(brands, found, strict=True):
            if one is not None:
                negative, neutral, positive = one.probabilities
                made.append(
                    {"message_id": row.id, "subject_id": subject_id, "version": row.version,
                     "sentiment": one.sentiment, "p_neg": negative, "p_neu": neutral, "p_pos": positive,
                     "model": annotator.name, "model_version": annotator.version}
                )  # fmt: skip
    return made


def _put(session: Session, versions: Mapping[int, int], made: Sequence[Mapping[str, Any]]) -> None:
    """What was found replaces what stood there, where the message still has the version that was read."""
    m, said, brands = db.table(Message), db.table(MessageTowards), db.table(Brand)
    query = sa.select(m.c.id, m.c.version).where(m.c.id.in_(list(versions)), m.c.deleted_at.is_(None), ~m.c.erased)
    stands = {row.id for row in session.execute(query) if versions[row.id] == row.version}
    session.execute(sa.delete(said).where(said.c.message_id.in_(stands)))
    there = set(session.scalars(sa.select(brands.c.subject_id)))
    rows = [dict(one) for one in made if one["message_id"] in stands and one["subject_id"] in there]
    if rows:
        session.execute(sa.insert(said), rows)


def forget(items: list[Item]) -> Outcome:
    """person.erased, message.deleted: what was said there goes."""
    ids = {int(one) for item in items for one in item.payload.get("message_ids", ())}
    ids |= {int(item.payload["message_id"]) for item in items if "message_id" in item.payload}

    def write(session: Session) -> None:
        said = db.table(MessageTowards)
        for start in range(0, len(ids), 500):
            session.execute(sa.delete(said).where(said.c.message_id.in_(sorted(ids)[start : start + 500])))

    return Outcome(write)
