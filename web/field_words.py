"""Custom fields in words: what they hold, what is refused, labels and values as pages and conditions show them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.typed import plain
from inbox import actions
from inbox.actions import Action
from inbox.conditions.tree import NOBODY
from inbox.fields import kinds, naming, store, values
from inbox.fields.kinds import CHOSEN, Definition, Option
from web.i18n import N_
from web.reader import Reader

KINDS = {
    "text": N_("Text"),
    "number": N_("Number"),
    "date": N_("Date"),
    "flag": N_("Yes or no"),
    "choice": N_("One of several options"),
    "several": N_("Several options"),
    "link": N_("Link"),
}
SUBJECTS = {"conversation": N_("Conversations"), "person": N_("People")}
OWN = {"conversation": N_("Fields of conversations"), "person": N_("Fields of people")}
"""Headings among the conditions."""
FLAGS = {"yes": N_("yes"), "no": N_("no")}
REFUSALS = (
    N_("That is too long: 500 characters at most."),
    N_("Write a number, like 12 or 12.5."),
    N_("This number can be read in two ways. Write it without signs between thousands, like 1234.5."),
    N_("Write a day, like 2026-12-24."),
    N_("This is yes or no."),
    N_("Choose one of the options."),
    N_("Write an address that begins with https:// or http://."),
    N_("Give the field a name in English, so that everybody finds it."),
    N_("The name is too long: 60 characters at most."),
    N_("The help is too long: 200 characters at most."),
    N_("Another field has this name."),
    N_("There are 50 fields already. Archive one first."),
    N_("Write at least two options, one per line."),
    N_("These are too many options: 100 at most."),
    N_("Choose what the field holds."),
    N_("This field is gone."),
    N_("Fill in the marked fields first: they are needed before this is closed."),
)
NOT_SO = N_("Write a number like 1,234.5: with a comma between thousands and a point before the rest.")
NOT_YOURS = N_("Your role does not fill this field in.")
NO_SUCH = N_("a field that is gone")
ARCHIVED = N_("%(name)s (archived)")
OUTGROWN = N_("%(name)s (no longer offered)")


def may_fill(field: Definition, reader: Reader) -> bool:
    """This person fills it in, as far as they may change conversations or people at all."""
    needed = "conversations.manage" if field.subject == "conversation" else "people.review"
    return reader.may(needed) and (not field.editors or reader.role in field.editors or reader.may("fields.manage"))


def check(session: Session, deeds: Iterable[Action], reader: Reader, conversation_id: int = 0) -> None:
    """Rejected where a deed fills in a field that the reader's role does not.

    With a conversation what the reader did last may be taken back, as after a colleague's macro.
    """
    known = {one.id: one for one in store.every(session, "conversation")}
    for one in deeds:
        number, _, value = one.value.partition("=")
        field = known.get(int(number)) if one.do == "field" else None
        if field is None or may_fill(field, reader):
            continue
        if not conversation_id or values.newest(session, conversation_id, field.id) != (reader.actor, value):
            raise Rejected(NOT_YOURS)


def check_macro(session: Session, deeds: Sequence[Action], before: Sequence[Mapping[str, str]], reader: Reader) -> None:
    """The same of the deeds of a macro; those that it had before stay. Rejected, too, for what a field cannot hold."""
    check(session, (one for one in actions.settled(session, deeds) if one.written() not in before), reader)


def typed(field: Definition, said: Sequence[str], reader: Reader) -> Sequence[str]:
    """What somebody typed, numbers as their language writes them; Rejected for one that it writes otherwise."""
    if field.kind != "number":
        return said
    text = next((one for one in map(plain, said) if one), "")
    signs = reader.babel.number_symbols["latn"]
    number = kinds.decimal(text, signs["group"], signs["decimal"])
    if text and not number:
        raise Rejected(NOT_SO)
    return [number]


def shown(field: Definition, value: str, reader: Reader) -> str:
    """A canonical value as people read it; empty for none."""
    if not value:
        return ""
    if field.kind in CHOSEN:
        return ", ".join(field.words(value, reader.language))
    if field.kind == "flag":
        return reader.words(FLAGS.get(value, value))
    if field.kind == "number":
        return str(format_decimal(Decimal(value), format="#,##0.######", locale=reader.babel))
    if field.kind == "date":
        return reader.date(date.fromisoformat(value))
    return value


def marked(field: Definition, value: str, reader: Reader) -> str:
    """The same for what is to be filled in: options that are no longer offered say so."""
    if field.kind not in CHOSEN:
        return shown(field, value, reader)
    known = {one.key: option(one, reader) for one in field.options}
    return ", ".join(known.get(key, key) for key in kinds.keys(value))


# --- in conditions --------------------------------------------------------------------------------------


def name(field: Definition) -> str:
    """How conditions name it."""
    return naming.name(field.subject, field.kind, field.id)


def label(condition: str, reader: Reader) -> str:
    """What the field of a condition is called."""
    with db.read() as session:
        found = {name(one): titled(one, reader) for one in store.every(session, archived=True)}
    return found.get(condition) or reader.words(NO_SUCH)


def titled(field: Definition, reader: Reader) -> str:
    """What it is called where archived ones are named, too."""
    said = field.name(reader.language)
    return reader.words(ARCHIVED, name=said) if field.archived else said


def option(one: Option, reader: Reader) -> str:
    """What can be chosen, or could be, where both are named."""
    said = one.name(reader.language)
    return reader.words(OUTGROWN, name=said) if one.gone else said


def groups(reader: Reader) -> dict[str, list[tuple[str, str]]]:
    """The fields that can be asked about, under their headings."""
    with db.read() as session:
        found = store.every(session)
    return {
        reader.words(title): [(name(one), one.name(reader.language)) for one in found if one.subject == subject]
        for subject, title in OWN.items()
    }


def choices(session: Session, reader: Reader, names: Collection[str]) -> dict[str, Sequence[tuple[str, str]]]:
    """{condition's name: options with their words} of those that are chosen from."""
    asked = {one for one in names if (parts := naming.parts(one)) is not None and parts[1] in CHOSEN}
    if not asked:
        return {}
    nothing = (NOBODY, reader.words(N_("not filled in")))
    return {
        name(one): [*((each.key, option(each, reader)) for each in one.options), nothing]
        for one in store.every(session, archived=True)
        if name(one) in asked
    }
