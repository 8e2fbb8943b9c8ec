"""What arrives made fit for the store: each key once, sound text, bounded sizes; pure and done before any lock."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from core import bulk, db
from core.event import Event
from core.settings import settings

RAW_LIMIT = 65_536
"""Characters of the platform's own words kept per message."""

_TEXTS = ("key", "text", "subject", "url", "ref", "language", "parent_key", "thread_key")
_own_words = itemgetter(*_TEXTS[:6])
_author_words = itemgetter("id", "handle", "name", "url", "avatar_url", "bio", "location", "language")


def prepared(events: Iterable[Event]) -> list[Event]:
    """The events of a page as they may be stored, in the order of their keys."""
    return merged(map(clean, events))


def merged(events: Iterable[Event]) -> list[Event]:
    """Each key once, as the page's newest word about it, and behind it its deletion if there is one."""
    latest: dict[str, Event] = {}
    gone: dict[str, Event] = {}
    for event in events:
        if event.action == "delete":
            gone.setdefault(event.key, event)
            continue
        before = latest.get(event.key)
        if before is None or not _supersedes(before, event):
            latest[event.key] = event
    return sorted([*latest.values(), *gone.values()], key=lambda event: event.key)


def _supersedes(before: Event, event: Event) -> bool:
    if before.origin == "inbox" and event.origin in ("context", "listening"):
        return True  # addressed to us weighs more than found
    return (before.edited_at or before.posted_at) > (event.edited_at or event.posted_at)


def clean(event: Event) -> Event:
    """Without what a store refuses (NUL, lone surrogates), and no longer than the settings allow."""
    facts = vars(event)  # a model's attributes are three times as slow, and here every message passes
    words = _own_words(facts) + (_author_words(vars(event.author)) if event.author is not None else ())
    line = "".join((*words, facts["parent_key"] or "", facts["thread_key"] or ""))
    if len(line) <= settings().max_text and db.sound(line) is line:
        return event
    return _cleaned(event)


def _cleaned(event: Event) -> Event:
    limit = settings().max_text
    changes: dict[str, Any] = {
        name: db.sound(value)[:limit] for name in _TEXTS if (value := getattr(event, name)) is not None
    }
    if len(event.text) > limit:
        changes["text"] += "…"
        changes["raw"] = {**event.raw, "widerhall_cut": len(event.text)}
    if event.author is not None:
        words = {name: db.sound(value) for name, value in event.author if isinstance(value, str)}
        changes["author"] = event.author.model_copy(update=words)
    return event.model_copy(update=changes)


def raw(event: Event) -> str:
    """The platform's own words as JSON; of very long ones the beginning."""
    text = bulk.json_text(event.raw)
    return text if len(text) <= RAW_LIMIT else bulk.json_text({"widerhall_cut": len(text), "start": text[:1000]})
