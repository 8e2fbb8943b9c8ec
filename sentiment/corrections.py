"""What people know better: a correction overrides the annotator's word at once, survives it, and later trains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, outbox, rows
from core.errors import Rejected
from core.event import MESSAGE_KINDS
from inbox import facts
from inbox.models import Message
from sentiment.answers import ASKED, LANGUAGE
from sentiment.language import code
from sentiment.models import AnnotationRow
from sentiment.port import OFFENSIVE, TASKS
from sentiment.upkeep import Correction

NOT_THERE = "There is nothing to correct: only what somebody else wrote, and what is still there, is rated."
_MANY = 500
_WRITTEN = frozenset({*MESSAGE_KINDS, "post"})

Value = str | bool | None


def correct(session: Session, message_id: int, task: str, label: str, author: str) -> str:
    """Say what a message is; returns the correction that stood before, empty when the annotator's word stood.

    `label` is a class of the task, a code for `language`. The message shows it at once, and everybody who waits
    for its annotation is told. The same as the annotator said confirms it. Rejected for a message that is not
    rated, and for a label that is none.
    """
    message = _message(session, message_id)
    label = _checked(task, label)
    before = _standing(session, message, task)
    stood = before.label if before is not None else ""
    row = before or Correction(
        message_id=message_id, message_version=message.version, task=task, label=label,
        was=label_of(task, getattr(message, task)), author=author, at=db.now(),
    )  # fmt: skip
    row.label, row.author, row.at = label, author, db.now()
    session.add(row)
    _show(session, message, task, label)
    audit.record(session, author, "annotation.corrected", f"message:{message_id}", {"task": task, "label": label})
    return stood


def undo(session: Session, message_id: int, task: str, author: str) -> bool:
    """Let the annotator's word stand again; False when nobody had corrected it."""
    message = _message(session, message_id)
    row = _standing(session, message, task)
    if row is None:
        return False
    session.delete(row)
    session.flush()
    _show(session, message, task, _said(session, message, task, row.was))
    audit.record(session, author, "annotation.uncorrected", f"message:{message_id}", {"task": task})
    return True


def over(session: Session, message_ids: Iterable[int]) -> dict[int, dict[str, Value]]:
    """The facts that people set on the newest version of these messages: {message id: {column: value}}."""
    found: dict[int, dict[str, Value]] = defaultdict(dict)
    for row in _rows(session, message_ids):
        found[row.message_id][row.task] = fact_of(row.task, row.label)
    return dict(found)


def standing(session: Session, message_ids: Iterable[int]) -> dict[int, dict[str, Correction]]:
    """The corrections of the newest version of these messages: {message id: {task: correction}}."""
    found: dict[int, dict[str, Correction]] = defaultdict(dict)
    for row in _rows(session, message_ids):
        found[row.message_id][row.task] = row
    return dict(found)


def forget(session: Session, message_ids: Iterable[int]) -> None:
    """Remove every correction of these messages."""
    c, ids = db.table(Correction), sorted(set(message_ids))
    for start in range(0, len(ids), _MANY):
        session.execute(sa.delete(c).where(c.c.message_id.in_(ids[start : start + _MANY])))


def correctable(message: Message) -> bool:
    """Somebody else wrote it, it is still there, and there is something to read."""
    return (
        message.direction == "inbound"
        and message.origin != "context"
        and message.kind in _WRITTEN
        and message.deleted_at is None
        and not message.erased
        and bool(message.text.strip())
    )


def fact_of(task: str, label: str) -> Value:
    """A label as the inbox's column holds it."""
    if task == "offensive":
        return OFFENSIVE.index(label) == 1 if label in OFFENSIVE else None
    return label


def label_of(task: str, value: Value) -> str:
    """The inbox's column as a label; empty where nothing is known."""
    if task == "offensive":
        return "" if value is None else OFFENSIVE[bool(value)]
    return str(value or "")


def _checked(task: str, label: str) -> str:
    if task not in ASKED:
        raise Rejected(f"{task!r} is nothing a message is rated by. Choose one of: {', '.join(ASKED)}.")
    label = label.strip().casefold()
    if task == LANGUAGE:
        found = code(label) or ""
        if not (found.isascii() and found.isalpha() and 2 <= len(found) <= 3):
            raise Rejected(f"{label!r} is no language code. Give one such as de, en or ja.")
        return found
    if label not in TASKS[task]:
        raise Rejected(f"{label!r} is no class of {task}. Choose one of: {', '.join(TASKS[task])}.")
    return label


def _message(session: Session, message_id: int) -> Message:
    message = session.get(Message, message_id, with_for_update=True)
    if message is None or not correctable(message):
        raise Rejected(NOT_THERE)
    return message


def _standing(session: Session, message: Message, task: str) -> Correction | None:
    c = db.table(Correction)
    where = (c.c.message_id == message.id, c.c.message_version == message.version, c.c.task == task)
    return session.scalars(sa.select(Correction).where(*where)).first()


def _said(session: Session, message: Message, task: str, was: str) -> str:
    """The newest annotator's word on this version; what stood when it was corrected, where none is kept."""
    a = db.table(AnnotationRow)
    where = [a.c.message_id == message.id, a.c.message_version == message.version]
    if task != LANGUAGE:
        where.append(a.c.sentiment != "")
    row = session.execute(sa.select(a.c[task]).where(*where).order_by(a.c.id.desc()).limit(1)).first()
    return label_of(task, row[0]) if row is not None else was


def _show(session: Session, message: Message, task: str, label: str) -> None:
    number, value = int(message.id or 0), fact_of(task, label)
    facts.set(session, {number: {task: value}})
    shown = {column: getattr(message, column) for column in sorted(facts.COLUMNS - {"hits", "queries"})}
    payload: dict[str, Any] = {"message_id": number, "version": message.version, **shown, task: value}
    outbox.emit(session, "message.annotated", [(f"message:{number}", payload)])
    session.expire(message)


def _rows(session: Session, message_ids: Iterable[int]) -> list[Correction]:
    sql = (
        f"SELECT {rows.columns(Correction, 'c')} FROM correction c JOIN message m "  # noqa: S608  # our own names
        f"ON m.id = c.message_id AND m.version = c.message_version WHERE {bulk.among('c.message_id')}"
    )
    return rows.read(session, Correction, sql, bulk.listed(sorted(set(message_ids))))
