"""What the command palette (Ctrl K) leads to: pages, views, conversations and people, each only to who may open it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from enrichment import directory
from inbox import listing, views
from web import inbox_query, shell
from web.i18n import N_
from web.inbox_query import Asked
from web.reader import Reader
from web.render import query

MOST = 5
"""Conversations and people shown."""
SHORTEST = 2
"""Characters for which conversations and people are searched."""


@dataclass(frozen=True)
class Command:
    """One line: `more` stands behind the label in grey, `icon` before it, or the mark of a `platform`."""

    label: str
    href: str
    icon: str = ""
    platform: str = ""
    more: str = ""


@dataclass(frozen=True)
class Section:
    """Lines under one heading."""

    label: str
    commands: list[Command]


def found(session: Session, text: str, reader: Reader, recent: Sequence[int] = ()) -> list[Section]:
    """Whatever fits what was typed; without a word the places one goes to most, `recent` conversations first."""
    text = text.strip()
    sections = [
        Section(N_("Open lately"), _recent(session, recent, reader) if not text else []),
        Section(N_("Go to"), [one for one in _pages(reader, everything=bool(text)) if _fits(one, text)]),
        Section(N_("Views"), [one for one in _views(session, reader) if _fits(one, text)]),
    ]
    if len(text) >= SHORTEST or text.isdecimal():
        sections += [
            Section(N_("Conversations"), _conversations(session, text, reader)),
            Section(N_("People"), _people(session, text, reader)),
        ]
    return [one for one in sections if one.commands]


def _fits(one: Command, text: str) -> bool:
    """Every word typed stands in the label or behind it."""
    inside = f"{one.label} {one.more}".casefold()
    return all(word in inside for word in text.casefold().split())


def _pages(reader: Reader, *, everything: bool) -> list[Command]:
    made = [Command(reader.words(one.label), one.href, one.icon) for one in shell.rail(reader)]
    if not everything:
        return made
    setup = reader.words(N_("Setup"))
    return made + [Command(reader.words(one.label), one.href, one.icon, more=setup) for one in shell.settings(reader)]


def _views(session: Session, reader: Reader) -> list[Command]:
    if not reader.may("messages.read"):
        return []
    fixed = [
        Command(reader.words(label), f"/inbox{query(view=name)}", "inbox") for name, label in inbox_query.NAMES.items()
    ]
    kept = views.of(session, reader.actor, reader.role)
    named = [(one.key, reader.words(one.name) if one in views.BUILT_IN else one.name) for one in kept]
    return fixed + [Command(name, f"/inbox{query(saved=key)}", "star") for key, name in named]


def _conversations(session: Session, text: str, reader: Reader) -> list[Command]:
    """Those that have the words, and before them the one with that number."""
    if not reader.may("messages.read"):
        return []
    wanted = inbox_query.wanted(Asked(view="all", q=text), reader)
    rows = listing.page(session, wanted, None, MOST).rows
    if text.lstrip("#").isdecimal() and len(text) < 18:
        everything = inbox_query.wanted(Asked(view="all"), reader)
        rows = [*listing.rows(session, [int(text.lstrip("#"))], everything), *rows]
    return [_line(one) for one in rows[:MOST]]


def _recent(session: Session, numbers: Sequence[int], reader: Reader) -> list[Command]:
    """Those of them that the reader sees, in the order given."""
    if not numbers or not reader.may("messages.read"):
        return []
    everything = inbox_query.wanted(Asked(view="all"), reader)
    rows = {one.id: one for one in listing.rows(session, list(numbers), everything)}
    return [_line(rows[one]) for one in numbers if one in rows][:MOST]


def _line(one: listing.Row) -> Command:
    href = f"/inbox/{one.id}{query(view='all')}#conversation"
    return Command(one.name or one.handle or f"#{one.id}", href, "", one.platform, one.excerpt)


def _people(session: Session, text: str, reader: Reader) -> list[Command]:
    if not reader.may("people.read"):
        return []
    rows = directory.page(session, directory.Filter(q=text), "", MOST).rows
    return [
        Command(one.shown, f"/people/{one.id}", "", one.platform, one.contact or (one.handle if one.name else ""))
        for one in rows
    ]
