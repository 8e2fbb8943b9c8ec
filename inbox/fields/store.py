"""Which custom fields there are: making, changing, ordering and archiving them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, rows
from core.errors import Rejected
from inbox import refused
from inbox.fields import kinds
from inbox.fields.kinds import Definition
from inbox.fields.models import CustomField

MOST = 50
"""Fields of conversations, or of people, that are not archived."""
MOST_OPTIONS = 100
NAME = 60
HELP = 200

NO_NAME = "Give the field a name in English, so that everybody finds it."
LONG_NAME = "The name is too long: 60 characters at most."
LONG_HELP = "The help is too long: 200 characters at most."
SAME_NAME = "Another field has this name."
TOO_MANY = "There are 50 fields already. Archive one first."
NO_OPTIONS = "Write at least two options, one per line."
MANY_OPTIONS = "These are too many options: 100 at most."
BAD_KIND = "Choose what the field holds."
GONE = "This field is gone."
SENTENCES = (NO_NAME, LONG_NAME, LONG_HELP, SAME_NAME, TOO_MANY, NO_OPTIONS, MANY_OPTIONS, BAD_KIND, GONE)


class Wrong(Rejected):
    """A part of a definition cannot be kept: `field` names it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


@dataclass(frozen=True)
class Wanted:
    """A field as somebody wants it; options as one list of words per language, in the same order."""

    subject: str
    kind: str
    names: Mapping[str, str]
    helps: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    required: bool = False
    editors: Sequence[str] = ()


def definition(row: Any) -> Definition:
    """A row as a plain value."""
    return Definition(
        row.id or 0, row.subject, row.kind, row.names, row.helps, kinds.options(row.options), row.required,
        tuple(row.editors), row.archived,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A row as plain statements read it."""

    id: int
    subject: str
    kind: str
    names: dict[str, str]
    helps: dict[str, str]
    options: list[dict[str, Any]]
    required: bool
    editors: list[str]
    archived: bool


def shown(session: Session, subject: str) -> list[Definition]:
    """Those in use, in order: the short way, for pages that are opened often."""
    sql = f"SELECT {rows.columns(Row)} FROM custom_field WHERE subject = ? AND NOT archived ORDER BY place, id"  # noqa: S608  # our own names
    return [definition(row) for row in rows.read(session, Row, sql, subject)]


def every(session: Session, subject: str = "", *, archived: bool = False) -> list[Definition]:
    """The fields in order, of conversations or people or both; with `archived` those, too, at the end."""
    f = db.table(CustomField)
    query = sa.select(CustomField).order_by(f.c.archived, f.c.subject, f.c.place, f.c.id)
    if subject:
        query = query.where(f.c.subject == subject)
    if not archived:
        query = query.where(~f.c.archived)
    return [definition(row) for row in session.scalars(query)]


def find(session: Session, field_id: int, subject: str = "") -> Definition:
    """One that is in use; Rejected when there is none."""
    row = session.get(CustomField, field_id)
    if row is None or row.archived or (subject and row.subject != subject):
        raise Rejected(GONE)
    return definition(row)


# --- keeping --------------------------------------------------------------------------------------------


def save(session: Session, field_id: int | None, wanted: Wanted, actor: str) -> int:
    """Keep a field, a new one without `field_id`; returns its number. Wrong says which part, and why.

    What it holds and of whom stay as they are; options keep their keys by their places in the list.
    """
    row = session.get(CustomField, field_id) if field_id is not None else None
    if field_id is not None and row is None:
        raise Wrong("name", GONE)
    subject, kind = (row.subject, row.kind) if row is not None else (wanted.subject, wanted.kind)
    if kind not in kinds.KINDS or subject not in kinds.SUBJECTS:
        raise Wrong("kind", BAD_KIND)
    names, helps = _texts(wanted.names), _texts(wanted.helps)
    _check(session, field_id, subject, names, helps)
    options = _options(row.options if row is not None else [], wanted.options) if kind in kinds.CHOSEN else []
    if row is None:
        there = [one for one in every(session, subject)]
        if len(there) >= MOST:
            raise Wrong("name", TOO_MANY)
        row = CustomField(subject=subject, kind=kind, place=len(there), changed_by=actor, changed_at=db.now())
    row.names, row.helps, row.options = names, helps, options
    row.required = wanted.required and subject == "conversation"
    row.editors = sorted(set(wanted.editors))
    row.changed_by, row.changed_at = actor, db.now()
    session.add(row)
    session.flush()
    audit.record(session, actor, "field.changed" if field_id else "field.made", f"field:{row.id}")
    return row.id or 0


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    found = {language: " ".join(db.sound(text).split()) for language, text in texts.items()}
    return {language: text for language, text in found.items() if text}


def _check(
    session: Session, field_id: int | None, subject: str, names: Mapping[str, str], helps: Mapping[str, str]
) -> None:
    if not names.get("en"):
        raise Wrong("name", NO_NAME)
    if any(len(one) > NAME for one in names.values()):
        raise Wrong("name", LONG_NAME)
    if any(len(one) > HELP for one in helps.values()):
        raise Wrong("help", LONG_HELP)
    for one in names.values():
        why = refused.by_name(one)
        if why:
            raise Wrong("name", refused.WHY[why])
    others = {one.name("en").casefold() for one in every(session, subject) if one.id != field_id}
    if names["en"].casefold() in others:
        raise Wrong("name", SAME_NAME)


def _options(before: Sequence[Mapping[str, Any]], wanted: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """English decides which there are: a word that was there keeps its key, one that is left out is gone."""
    words = {language: [" ".join(db.sound(one).split())[:NAME] for one in some] for language, some in wanted.items()}
    english = [(place, one) for place, one in enumerate(words.get("en", ())) if one]
    if len(english) < 2:
        raise Wrong("options", NO_OPTIONS)
    if len(english) > MOST_OPTIONS:
        raise Wrong("options", MANY_OPTIONS)
    known = {str(one["names"].get("en", "")).casefold(): str(one["key"]) for one in before}
    following = max((int(str(one["key"])[1:]) for one in before), default=0) + 1
    found: dict[str, dict[str, Any]] = {}
    for place, word in english:
        key = known.get(word.casefold())
        if key is None:
            key, following = f"o{following}", following + 1
            known[word.casefold()] = key
        names = {language: some[place] for language, some in words.items() if place < len(some) and some[place]}
        found.setdefault(key, {"key": key, "names": names})
    gone = [{**one, "gone": True} for one in before if one["key"] not in found]
    return [*found.values(), *gone]


def archive(session: Session, field_id: int, actor: str, *, archived: bool = True) -> bool:
    """Put a field away, or have it back; its values stay. False when there is none, or it was like that."""
    row = session.get(CustomField, field_id)
    if row is None or row.archived == archived:
        return False
    if not archived:
        _check(session, field_id, row.subject, row.names, row.helps)
        if len(every(session, row.subject)) >= MOST:
            raise Wrong("name", TOO_MANY)
    row.archived = archived
    row.place = 0 if archived else len(every(session, row.subject))
    session.add(row)
    audit.record(session, actor, "field.archived" if archived else "field.restored", f"field:{field_id}")
    return True


def move(session: Session, field_id: int, actor: str) -> None:
    """One place further up."""
    ids = [one.id for one in every(session, find(session, field_id).subject)]
    at = ids.index(field_id)
    ids.insert(max(0, at - 1), ids.pop(at))
    f = db.table(CustomField)
    for place, one in enumerate(ids):
        session.execute(sa.update(f).where(f.c.id == one).values(place=place))
    audit.record(session, actor, "field.moved", f"field:{field_id}")
