"""The outbox's handlers of this room: annotate what was stored, forget erased people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, outbox
from core.outbox import Item, Outcome
from inbox import facts
from inbox.models import Account, Message
from sentiment import active, answers, corrections, passes, speed
from sentiment.active import Active
from sentiment.examples.marker import marker
from sentiment.language import identify
from sentiment.models import AnnotationRow, MessageEmbedding
from sentiment.port import Annotation

LANGUAGE_ONLY = "language"
"""The model's name on annotations that tell the language and nothing else."""

_LANGUAGE_VERSION = "1"
_SHOWN = ("language", "sentiment", "intent", "urgency", "emotion", "offensive", "labels")
_COLUMNS = (
    "message_id", "message_version", "model", "model_version", "language", "language_confidence",
    "sentiment", "p_neg", "p_neu", "p_pos", "intent", "urgency", "emotion", "offensive", "details", "at",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO annotation ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608  # ours
    "ON CONFLICT (message_id, message_version, model, model_version) DO NOTHING"
)

_EMBED = (
    "INSERT INTO message_embedding (message_id, version, model_version, vector) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (message_id) DO UPDATE SET version = excluded.version, "
    "model_version = excluded.model_version, vector = excluded.vector"
)


@dataclass(frozen=True)
class _Verdict:
    """What goes onto one version of a message."""

    message_id: int
    version: int
    annotation: Annotation | None
    language: tuple[str, float]
    labels: list[str]

    @property
    def facts(self) -> dict[str, Any]:
        """The inbox's columns."""
        found = self.annotation
        return {
            "language": self.language[0],
            "sentiment": found.sentiment if found else "",
            "intent": (found.intent or "") if found else "",
            "urgency": (found.urgency or "") if found else "",
            "emotion": answers.answer(found, "emotion") if found else "",
            "offensive": found.offensive if found else None,
            "labels": self.labels,
        }


def annotate(items: list[Item]) -> Outcome:
    """message.stored: language, sentiment, intent, urgency and labels, as rows, facts and an event.

    Our own messages and those that only give context get a language and nothing else. An older version
    than the stored one, and a deleted message, are left alone: a newer letter is on its way.
    """
    write = judged({int(item.payload["message_id"]): int(item.payload.get("version", 1)) for item in items})

    def keep(session: Session) -> None:
        write(session)

    return Outcome(keep)


def judged(wanted: Mapping[int, int], using: Active | None = None, *, again: bool = False) -> Callable[[Session], int]:
    """Annotate these versions of messages ({id: version}); returns what writes it down.

    `again`: only messages whose facts are others than before are announced, and the writing returns how many
    those are; else everything is, and it returns how many messages stood.
    """
    with db.read() as session:
        rows = _messages(session, wanted)
        marks = marker(session)
        in_use = using or active.current(session)
        known_error = active.state(session).error
    asked = [row for row in rows if _to_rate(row)]
    started = time.perf_counter()
    moment = db.now()
    annotations, in_use = _annotate(in_use, asked, again)
    seconds = time.perf_counter() - started
    rated = dict(zip((row.id for row in asked), annotations, strict=True))
    others = [row for row in rows if row.id not in rated]
    spoken = dict(
        zip(
            (row.id for row in others),
            identify([_text(row) for row in others], [_claim(row) for row in others]),
            strict=True,
        )
    )
    encoder = _encoder(in_use.annotator.version)
    carried = marks.of([_text(row) for row in asked], [one.embedding for one in annotations], encoder)
    named = dict(zip((row.id for row in asked), carried, strict=True))
    verdicts = [_verdict(row, rated.get(row.id), spoken.get(row.id), named.get(row.id, [])) for row in rows]

    def write(session: Session) -> int:
        if in_use.error != known_error:
            active.write_state(session, in_use.wanted, in_use.error)
            if not known_error:  # what the lexicon says meanwhile is looked at again when the model works
                passes.begin(session, "system", rated_since=moment)
        speed.note(session, in_use.annotator.name, len(asked), seconds)
        return _write(session, verdicts, again)

    return write


def _messages(session: Session, wanted: Mapping[int, int]) -> list[sa.Row[Any]]:
    m, a = db.table(Message), db.table(Account)
    columns = (m.c.id, m.c.version, m.c.text, m.c.subject, m.c.language, m.c.direction, m.c.origin, m.c.kind)
    query = (
        sa.select(*columns, a.c.language.label("usual"))
        .join(a, a.c.id == m.c.account_id)
        .where(m.c.id.in_(list(wanted)), m.c.deleted_at.is_(None), ~m.c.erased)
        .order_by(m.c.id)
    )
    return [row for row in session.execute(query) if row.version == wanted[row.id]]


def _text(row: sa.Row[Any]) -> str:
    return f"{row.subject}\n{row.text}" if row.subject else str(row.text)


def _claim(row: sa.Row[Any]) -> str | None:
    return row.language or row.usual or None


def _to_rate(row: sa.Row[Any]) -> bool:
    return row.direction == "inbound" and row.origin != "context" and bool(row.text.strip())


def _annotate(in_use: Active, rows: list[sa.Row[Any]], again: bool = False) -> tuple[list[Annotation], Active]:
    texts, claims = [_text(row) for row in rows], [_claim(row) for row in rows]
    try:
        return in_use.annotator.annotate(texts, claims), in_use
    except Exception as error:
        if again or in_use.wanted == "lexicon" or in_use.error:
            raise
        in_use = active.failed(in_use.wanted, error)
        return in_use.annotator.annotate(texts, claims), in_use


def _verdict(
    row: sa.Row[Any],
    annotation: Annotation | None,
    spoken: tuple[str, float] | None,
    carried: list[str],
) -> _Verdict:
    if annotation is not None:
        language = (annotation.language, annotation.language_confidence)
        return _Verdict(row.id, row.version, annotation, language, carried)
    language = spoken or ("", 0.0)
    return _Verdict(row.id, row.version, None, language if _text(row).strip() else ("", 0.0), [])


def _write(session: Session, verdicts: list[_Verdict], again: bool = False) -> int:
    m = db.table(Message)
    ids = [verdict.message_id for verdict in verdicts]
    shown = [m.c[name] for name in _SHOWN] if again else []
    query = sa.select(m.c.id, m.c.version, *shown).where(m.c.id.in_(ids), m.c.deleted_at.is_(None), ~m.c.erased)
    stands = {(row.id, row.version): row for row in session.execute(query)}
    kept = [verdict for verdict in verdicts if (verdict.message_id, verdict.version) in stands]
    moment = db.now()
    rows = [(*_row(verdict), moment) for verdict in kept if verdict.language[0]]
    bulk.run(session, _INSERT, bulk.plain(rows))
    bulk.run(session, _EMBED, [row for verdict in kept if (row := _embedding(verdict))])
    known_better = corrections.over(session, [verdict.message_id for verdict in kept])
    found = {verdict.message_id: {**verdict.facts, **known_better.get(verdict.message_id, {})} for verdict in kept}
    if again:
        kept = [one for one in kept if _other(stands[one.message_id, one.version], found[one.message_id])]
        found = {one.message_id: found[one.message_id] for one in kept}
    facts.set(session, found)
    outbox.emit(
        session,
        "message.annotated",
        [
            (
                f"message:{verdict.message_id}",
                {"message_id": verdict.message_id, "version": verdict.version, **found[verdict.message_id]},
            )
            for verdict in kept
        ],
    )
    return len(kept)


def _other(row: sa.Row[Any], found: Mapping[str, Any]) -> bool:
    """The message shows something else than was found now."""
    return any(getattr(row, name) != value for name, value in found.items())


def _row(verdict: _Verdict) -> tuple[Any, ...]:
    found = verdict.annotation
    head = (verdict.message_id, verdict.version)
    if found is None:
        return (*head, LANGUAGE_ONLY, _LANGUAGE_VERSION, *verdict.language, "", None, None, None, "", "", "", None, {})
    return (
        *head, found.model, found.version, *verdict.language,
        found.sentiment, *found.probabilities, found.intent or "", found.urgency or "",
        found.emotion, found.offensive, dict(found.details),
    )  # fmt: skip


def _encoder(version: str) -> str:
    """Whose rows an annotator's version makes: other heads over the same encoder leave them as they are."""
    return version.partition(".")[0][:40]


def _embedding(verdict: _Verdict) -> tuple[Any, ...] | None:
    found = verdict.annotation
    if found is None or found.embedding is None:
        return None
    return (verdict.message_id, verdict.version, _encoder(found.version), found.embedding.astype("<f2").tobytes())


def forget(items: list[Item]) -> Outcome:
    """person.erased: what was said about the messages of an erased person, by a model or by people, goes."""
    ids = sorted({int(message_id) for item in items for message_id in item.payload.get("message_ids", ())})

    def write(session: Session) -> None:
        rows = db.table(AnnotationRow)
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            for table in (rows, db.table(MessageEmbedding)):
                session.execute(sa.delete(table).where(table.c.message_id.in_(some)))
        corrections.forget(session, ids)

    return Outcome(write)


def wipe(items: list[Item]) -> Outcome:
    """message.deleted: what the text meant as numbers goes with the text."""
    ids = sorted({int(item.payload["message_id"]) for item in items})
    rows = db.table(MessageEmbedding)

    def write(session: Session) -> None:
        session.execute(sa.delete(rows).where(rows.c.message_id.in_(ids)))

    return Outcome(write)
