"""What a segment can ask about, in words: its own fields beside those of the organisation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal
from sqlmodel import Session

from enrichment.segments import conditions
from enrichment.segments.conditions import FIELDS, Condition, Field, Group
from inbox.fields import store
from inbox.fields.kinds import CHOSEN
from web import field_words, people_words
from web.i18n import N_
from web.reader import Reader

REFUSALS = (N_("Give a number, like 12 or -12.5."), N_("Give a day, like 2026-12-24."))


@dataclass(frozen=True, slots=True)
class Asking:
    """Fields by name: those to choose from, and those of the filter that is shown."""

    fields: Mapping[str, Field]
    labels: Mapping[str, str]
    offered: Mapping[str, Sequence[str]]
    """Heading → names of what can be chosen."""
    options: Mapping[str, Sequence[tuple[str, str]]]
    """Options of custom fields with their words."""
    reader: Reader

    def ops(self, name: str) -> Sequence[str]:
        """How it is asked."""
        return conditions.ops(self.fields[name])

    def value(self, one: Condition) -> str:
        """The value of a condition on a custom field as people read it."""
        kind = self.fields[one.field].kind
        if kind == "choice":
            return dict(self.options.get(one.field, ())).get(one.value, one.value)
        if kind == "number":
            return str(format_decimal(Decimal(one.value), format="#,##0.######", locale=self.reader.babel))
        return self.reader.date(date.fromisoformat(one.value)) if kind == "date" else one.value


def asking(session: Session, reader: Reader, names: Collection[str] = ()) -> Asking:
    """Everything that can be asked, and what `names` asks about though it is archived or gone."""
    every = store.every(session, "person", archived=True)
    own = {field_words.name(one): one for one in every}
    used = [name for name, one in own.items() if not one.archived or name in names]
    gone = [name for name in names if name not in FIELDS and name not in own]
    found = {name: conditions.asked(name) for name in (*FIELDS, *used, *gone)}
    fields = {name: one for name, one in found.items() if one is not None}
    labels = {name: reader.words(people_words.SEGMENT_FIELDS[name]) for name in FIELDS}
    labels |= {name: field_words.titled(own[name], reader) for name in used}
    labels |= {name: reader.words(field_words.NO_SUCH) for name in gone}
    offered = {
        reader.words(title): [one.name for one in FIELDS.values() if one.group == group]
        for group, title in people_words.SEGMENT_GROUPS.items()
    }
    title = field_words.OWN["person"]
    offered[reader.words(title)] = [name for name in used if not own[name].archived]
    options = {
        name: [(each.key, field_words.option(each, reader)) for each in own[name].options]
        for name in used
        if own[name].kind in CHOSEN
    }
    return Asking(fields, labels, {title: some for title, some in offered.items() if some}, options, reader)


def of(session: Session, reader: Reader, group: Group) -> Asking:
    """The same for a filter that is kept."""
    return asking(session, reader, {one.field for one in conditions.leaves(group)})
