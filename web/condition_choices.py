"""What the fields of conditions can be, with words: read for the fields that are asked about alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment.segments.models import Segment
from inbox import accounts, desk, teams
from inbox.conditions.tree import FIELDS, ME, NOBODY
from listening.models import Query, Subject
from sentiment.models import Label
from sentiment.themes.models import Theme
from web import actors, casework, field_words, survey_words, words
from web.i18n import N_
from web.reader import Reader

Options = Sequence[tuple[str, str]]
THEMES = 300
"""Themes offered, the weightiest first."""
LOOKED_AT = N_("Whoever looks")
NO_TYPE = N_("No type")
NOT_RATED = N_("not answered")
PROMISES = {
    "on_time": N_("on time"), "near": N_("due soon"), "breached": N_("broken"), "paused": N_("stands still"),
    NOBODY: N_("nothing promised"),
}  # fmt: skip
"""How a promise stands."""


def choices(session: Session, reader: Reader, names: Collection[str] = tuple(FIELDS)) -> dict[str, Options]:
    """{field: values with their words} of these fields; one that is not chosen from a list is left out."""
    found = {name: _OPTIONS[name](session, reader) for name in names if name in _OPTIONS}
    return found | field_words.choices(session, reader, names)


def _table(values: Mapping[str, str]) -> Callable[[Session, Reader], Options]:
    return lambda session, reader: [(value, reader.words(text)) for value, text in values.items()]


def _known(session: Session) -> Sequence[tuple[str, str, str]]:
    return [(str(one.id), one.platform, one.handle) for one in accounts.all_accounts(session)]


def _accounts(session: Session, reader: Reader) -> Options:
    return [(number, f"{words.platform(platform)} · {handle}") for number, platform, handle in _known(session)]


def _platforms(session: Session, reader: Reader) -> Options:
    return [(one, words.platform(one)) for one in sorted({platform for _, platform, _ in _known(session)})]


def labels(session: Session, reader: Reader) -> Options:
    """The labels in use, by name."""
    t = db.table(Label)
    rows = session.execute(sa.select(t.c.name, t.c.names).where(t.c.enabled).order_by(t.c.name))
    return [(row.name, row.names.get(reader.language) or row.name) for row in rows]


def _themes(session: Session, reader: Reader) -> Options:
    t = db.table(Theme)
    living = (t.c.merged_into.is_(None), ~t.c.hidden)
    rows = session.execute(sa.select(t.c.id, t.c.names).where(*living).order_by(t.c.weight.desc()).limit(THEMES))
    return sorted(
        ((str(row.id), row.names.get(reader.language) or row.names.get("") or f"#{row.id}") for row in rows),
        key=lambda pair: pair[1].casefold(),
    )


def _subjects(session: Session, reader: Reader) -> Options:
    s = db.table(Subject)
    rows = session.execute(sa.select(s.c.id, s.c.name).where(~s.c.removed).order_by(s.c.name))
    return [(str(row.id), row.name) for row in rows]


def _queries(session: Session, reader: Reader) -> Options:
    s, q = db.table(Subject), db.table(Query)
    rows = sa.select(q.c.id, q.c.name, s.c.name.label("subject")).join(s, s.c.id == q.c.subject_id)
    found = session.execute(rows.where(~q.c.removed, ~s.c.removed).order_by(s.c.name, q.c.name))
    return [(str(row.id), f"{row.subject} · {row.name}") for row in found]


def _tags(session: Session, reader: Reader) -> Options:
    return [(one, one) for one in desk.known_tags(session, reader.sight)]


def _takers(session: Session, reader: Reader) -> Options:
    people = [(actor, name) for actor, name in actors.answering(session)]
    return [(ME, reader.words(LOOKED_AT)), (NOBODY, reader.words("Nobody")), *people]


def _teams(session: Session, reader: Reader) -> Options:
    return [(NOBODY, reader.words("No team")), *((str(number), name) for number, name in teams.names(session))]


def _mentioned(session: Session, reader: Reader) -> Options:
    people = [(actor, name) for actor, name in actors.everybody(session)]
    return [
        (ME, reader.words(LOOKED_AT)), *people, *((f"team:{number}", name) for number, name in teams.names(session))
    ]  # fmt: skip


def _watchers(session: Session, reader: Reader) -> Options:
    return [(ME, reader.words(LOOKED_AT)), *actors.everybody(session)]


def _types(session: Session, reader: Reader) -> Options:
    return [*_table(casework.TYPES)(session, reader), (NOBODY, reader.words(NO_TYPE))]


def _surveys(session: Session, reader: Reader) -> Options:
    words_ = [(value, reader.words(word)) for value, (_, _, word) in survey_words.VERDICTS.items()]
    return [*words_, (NOBODY, reader.words(NOT_RATED))]


def _segments(session: Session, reader: Reader) -> Options:
    s = db.table(Segment)
    rows = session.execute(sa.select(s.c.id, s.c.name).order_by(s.c.name))
    return [(str(row.id), row.name) for row in rows]


_OPTIONS: Mapping[str, Callable[[Session, Reader], Options]] = {
    "state": _table(words.STATES),
    "platform": _platforms,
    "account": _accounts,
    "kind": _table({name: words.KINDS[name] for name in FIELDS["kind"].options}),
    "language": _table(words.LANGUAGES),
    "sentiment": _table({value: pair[1] for value, pair in words.SENTIMENTS.items()}),
    "intent": _table(words.INTENTS),
    "urgency": _table(words.URGENCIES),
    "emotion": _table(words.EMOTIONS),
    "label": labels,
    "theme": _themes,
    "subject": _subjects,
    "query": _queries,
    "tag": _tags,
    "assignee": _takers,
    "team": _teams,
    "mentions": _mentioned,
    "watched": _watchers,
    "priority": _table({name: text for name, (_, text) in casework.PRIORITIES.items()}),
    "type": _types,
    "survey": _surveys,
    "sla": _table(PROMISES),
    "segment": _segments,
}
