"""The outbox's handlers of this room: annotate what was stored, forget erased people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, outbox
from core.outbox import Item, Outcome
from inbox import facts
from inbox.models import Account, Message
from sentiment import active, labels
from sentiment.active import Active
from sentiment.language import identify
from sentiment.models import AnnotationRow
from sentiment.port import Annotation

LANGUAGE_ONLY = "language"
"""The model's name on annotations that tell the language and nothing else."""

_LANGUAGE_VERSION = "1"
_COLUMNS = (
    "message_id", "message_version", "model", "model_version", "language", "language_confidence",
    "sentiment", "p_neg", "p_neu", "p_pos", "intent", "urgency", "at",
)  # fmt: skip
_INSERT = (
    f"INSERT INTO annotation ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "  # noqa: S608  # ours
    "ON CONFLICT (message_id, message_version, model, model_version) DO NOTHING"
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
            "labels": self.labels,
        }


def annotate(items: list[Item]) -> Outcome:
    """message.stored: language, sentiment, intent, urgency and labels, as rows, facts and an event.

    Our own messages and those that only give context get a language and nothing else. An older version
    than the stored one, and a deleted message, are left alone: a newer letter is on its way.
    """
    wanted = {int(item.payload["message_id"]): int(item.payload.get("version", 1)) for item in items}
    with db.read() as session:
        rows = _messages(session, wanted)
        matcher = labels.matcher(session)
        in_use = active.current(session)
        known_error = active.state(session).error
    asked = [row for row in rows if _to_rate(row)]
    annotations, in_use = _annotate(in_use, asked)
    rated = dict(zip((row.id for row in asked), annotations, strict=True))
    others = [row for row in rows if row.id not in rated]
    spoken = dict(
        zip(
            (row.id for row in others),
            identify([_text(row) for row in others], [_claim(row) for row in others]),
            strict=True,
        )
    )
    verdicts = [_verdict(row, rated.get(row.id), spoken.get(row.id), matcher) for row in rows]

    def write(session: Session) -> None:
        if in_use.error != known_error:
            active.write_state(session, in_use.wanted, in_use.error)
        _write(session, verdicts)

    return Outcome(write)


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


def _annotate(in_use: Active, rows: list[sa.Row[Any]]) -> tuple[list[Annotation], Active]:
    texts, claims = [_text(row) for row in rows], [_claim(row) for row in rows]
    try:
        return in_use.annotator.annotate(texts, claims), in_use
    except Exception as error:
        if in_use.wanted == "lexicon" or in_use.error:
            raise
        in_use = active.failed(in_use.wanted, error)
        return in_use.annotator.annotate(texts, claims), in_use


def _verdict(
    row: sa.Row[Any],
    annotation: Annotation | None,
    spoken: tuple[str, float] | None,
    matcher: labels.Matcher,
) -> _Verdict:
    if annotation is not None:
        language = (annotation.language, annotation.language_confidence)
        return _Verdict(row.id, row.version, annotation, language, matcher.of(_text(row)))
    language = spoken or ("", 0.0)
    return _Verdict(row.id, row.version, None, language if _text(row).strip() else ("", 0.0), [])


def _write(session: Session, verdicts: list[_Verdict]) -> None:
    m = db.table(Message)
    ids = [verdict.message_id for verdict in verdicts]
    query = sa.select(m.c.id, m.c.version).where(m.c.id.in_(ids), m.c.deleted_at.is_(None), ~m.c.erased)
    stands = {(row.id, row.version) for row in session.execute(query)}
    kept = [verdict for verdict in verdicts if (verdict.message_id, verdict.version) in stands]
    moment = db.now()
    rows = [(*_row(verdict), moment) for verdict in kept if verdict.language[0]]
    bulk.run(session, _INSERT, bulk.plain(rows))
    facts.set(session, {verdict.message_id: verdict.facts for verdict in kept})
    outbox.emit(
        session,
        "message.annotated",
        [
            (
                f"message:{verdict.message_id}",
                {"message_id": verdict.message_id, "version": verdict.version, **verdict.facts},
            )
            for verdict in kept
        ],
    )


def _row(verdict: _Verdict) -> tuple[Any, ...]:
    found = verdict.annotation
    head = (verdict.message_id, verdict.version)
    if found is None:
        return (*head, LANGUAGE_ONLY, _LANGUAGE_VERSION, *verdict.language, "", None, None, None, "", "")
    return (
        *head, found.model, found.version, *verdict.language,
        found.sentiment, *found.probabilities, found.intent or "", found.urgency or "",
    )  # fmt: skip


def forget(items: list[Item]) -> Outcome:
    """person.erased: what was said about the messages of an erased person goes."""
    ids = sorted({int(message_id) for item in items for message_id in item.payload.get("message_ids", ())})

    def write(session: Session) -> None:
        rows = db.table(AnnotationRow)
        for start in range(0, len(ids), 500):
            session.execute(sa.delete(rows).where(rows.c.message_id.in_(ids[start : start + 500])))

    return Outcome(write)
