"""What rules, macros and filters still name although it can no longer be chosen: people, teams, fields, in words."""

from __future__ import annotations

import re

from core import db
from inbox.conditions import tree
from inbox.fields import store
from inbox.fields.kinds import Definition
from web import actors, field_words
from web.i18n import N_
from web.reader import Reader

PERSON = N_("%(name)s (no longer answers)")
NUMBERED = N_("No. %(number)s (gone)")
NUMBER = re.compile(r"(?:team:)?(\d{1,15})", re.ASCII)


def value(kept: str, reader: Reader) -> str:
    """`user:4`, `team:2` or `7` as people read it; what is neither stands as it is."""
    if kept.startswith("user:"):
        with db.read() as session:
            name = actors.names(session, [kept]).get(kept)
        return reader.words(PERSON, name=name) if name else reader.words(NUMBERED, number=kept[5:])
    found = NUMBER.fullmatch(kept)
    return reader.words(NUMBERED, number=found[1]) if found else kept


def answer(field: str, kept: str, reader: Reader) -> str:
    """The value of a condition that is not among what can be chosen: a word as it is, a number as what is gone."""
    asked = tree.asked(field)
    return value(kept, reader) if asked is not None and asked.pattern and asked.kind != "ranked" else kept


def field(number: str, reader: Reader) -> tuple[Definition | None, str]:
    """A conversation's custom field, archived or not, and what it is called."""
    with db.read() as session:
        known = store.every(session, "conversation", archived=True)
    found = next((one for one in known if str(one.id) == number), None)
    if found is None:
        return None, reader.words(NUMBERED, number=number)
    return found, field_words.titled(found, reader)
