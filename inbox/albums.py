"""Albums: several posts on their platform that are one message here, of ours and of customers.

Every post keeps its own key. What is said of one of them later – an edit, a deletion, an answer, a reaction – is said
of the message: edits and deletions change what it says as a whole, answers hang from it. Posts of customers come one by
one, in any order: the first to come begins the message, the others make it whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.event import MESSAGE_KINDS, Attachment, Event, Part
from inbox import attachments, tombstones
from inbox.album_models import AlbumItem
from inbox.models import Message, MessageVersion, ReplyRow


@dataclass
class Folded:
    """The events of a page as they concern whole messages."""

    events: list[Event]
    shortened: dict[int, str] = field(default_factory=dict)
    """What is left of messages of which a post was deleted."""


def folded(session: Session, events: Sequence[Event]) -> Folded:
    """What a page says of posts of albums as what it says of their messages; what answers a post answers these."""
    names, begun = _names(session, events), _begun(session, events)
    fresh = _fresh(session, events, names)
    if not names and not fresh:
        return Folded(list(events))
    found = Folded([])
    about: dict[str, list[Event]] = defaultdict(list)
    new: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        parent = names.get(event.parent_key or "")
        known = event.model_copy(update={"parent_key": parent}) if parent else event
        if event.key in names and not event.parts:
            about[names[event.key]].append(known)
        elif event.key in fresh and event.action == "upsert":
            there = _belongs(event, begun)
            (about[there] if there else new[event.album]).append(known)
        else:
            found.events.append(known)
    found.events += [_one(items) for items in new.values()]
    for key, changes in about.items():
        found.events += _change(session, key, changes, found.shortened)
    found.events.sort(key=lambda event: event.key)
    return found


def _fresh(session: Session, events: Sequence[Event], names: Mapping[str, str]) -> set[str]:
    """Posts of albums that are not known yet, and not deleted again by this very page."""
    gone = {event.key for event in events if event.action == "delete"}
    posts = {event.key for event in events if event.album and not event.parts and len(event.attachments) == 1}
    return posts - gone - names.keys() - _alone(session, posts)


def _alone(session: Session, keys: Collection[str]) -> set[str]:
    """Which of these are messages of their own."""
    query = f"SELECT key FROM message WHERE {bulk.among('key')}"  # noqa: S608  # constants
    return {key for (key,) in bulk.fetch(session, query, bulk.listed(keys))} if keys else set()


def _begun(session: Session, events: Sequence[Event]) -> dict[str, tuple[str, str]]:
    """Key and kind of the message for every album of which something came before."""
    wanted = {event.album for event in events if event.album and not event.parts}
    if not wanted:
        return {}
    query = (
        "SELECT i.album, m.key, m.kind FROM album_item i JOIN message m ON m.id = i.message_id "  # noqa: S608  # constants
        f"WHERE m.deleted_at IS NULL AND NOT m.erased AND {bulk.among('i.album')}"
    )
    found: dict[str, tuple[str, str]] = {}
    for album, key, kind in bulk.fetch(session, query, bulk.listed(wanted)):
        if album not in found or kind in MESSAGE_KINDS:
            found[album] = key, kind
    return found


def _belongs(event: Event, begun: Mapping[str, tuple[str, str]]) -> str:
    """The key of the message that a further post belongs to; empty when it begins one.

    One that speaks to us, among posts that do not, is a message of its own.
    """
    key, kind = begun.get(event.album, ("", ""))
    return key if kind in MESSAGE_KINDS or event.kind not in MESSAGE_KINDS else ""


def _natural(key: str) -> tuple[int, str]:
    """Posts in the order of their numbers, with which their keys end."""
    return len(key), key


def _one(items: Sequence[Event]) -> Event:
    """Posts of one album as their message; the first of them is the one that is answered."""
    ordered = sorted(items, key=lambda one: _natural(one.key))
    changes = {
        "kind": next((one.kind for one in ordered if one.kind in MESSAGE_KINDS), ordered[0].kind),
        "text": _words(one.text for one in ordered),
        "attachments": tuple(one.attachments[0] for one in ordered),
        "parts": tuple(Part(key=one.key, text=one.text) for one in ordered),
        "hashtags": tuple(dict.fromkeys(tag for one in ordered for tag in one.hashtags)),
        "edited_at": max((one.edited_at for one in ordered if one.edited_at), default=None),
        "raw": {"album": [one.raw for one in ordered]},
    }
    return ordered[0].model_copy(update=changes)


def _words(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text)


def _names(session: Session, events: Sequence[Event]) -> dict[str, str]:
    """The key of the message for every key of a post that the events name."""
    keys = {key for event in events for key in (event.key, event.parent_key) if key}
    query = (
        "SELECT i.key, m.key FROM album_item i JOIN message m ON m.id = i.message_id WHERE "  # noqa: S608  # constants
        + bulk.among("i.key")
    )
    stored = dict(bulk.fetch(session, query, bulk.listed(keys)))
    return stored | {part.key: event.key for event in events for part in event.parts}


def _change(session: Session, key: str, changes: Sequence[Event], shortened: dict[int, str]) -> Iterator[Event]:
    """What edits, deletions and further posts make of their message; nothing for what is known already."""
    m, i = db.table(Message), db.table(AlbumItem)
    row = session.execute(sa.select(m).where(m.c.key == key)).one()
    if row.deleted_at is not None or row.erased:
        return
    items = list(session.scalars(sa.select(AlbumItem).where(i.c.message_id == row.id)))
    there = sorted((one for one in items if not one.gone), key=lambda one: _natural(one.key))
    media = dict(zip((one.key for one in there), row.attachments, strict=False))
    known = {one.key for one in items}
    more = [one for one in changes if one.key not in known]
    edits = [one for one in changes if one.action == "upsert" and one.key in known and _edit(items, one, media)]
    gone = _delete(session, there, {one.key for one in changes if one.action == "delete"}, row.id)
    if gone and len(gone) == len(there) and not more:
        yield next(one for one in changes if one.action == "delete").model_copy(update={"key": key})
    elif gone or edits or more:
        parts = [Part(key=one.key, text=one.text) for one in there if not one.gone]
        parts += [Part(key=one.key, text=one.text) for one in more]
        parts.sort(key=lambda one: _natural(one.key))
        media |= {one.key: one.attachments[0].model_dump() for one in more}
        text = _words(one.text for one in parts)
        if gone:
            shortened[row.id] = text
        moments = [row.edited_at, *(one.edited_at for one in [*edits, *more]), db.now() if gone else None]
        before = [] if gone or edits else row.raw.get("album", [])
        tags = [tag for one in more for tag in one.hashtags]
        yield Event(
            key=key, platform=row.platform, kind=row.kind, direction=row.direction, text=text, subject=row.subject,
            posted_at=row.posted_at, edited_at=max((one for one in moments if one is not None), default=None),
            hashtags=tuple(dict.fromkeys([*row.hashtags, *tags])), album=next((one.album for one in more), ""),
            attachments=tuple(Attachment.model_validate(media[one.key]) for one in parts if one.key in media),
            parts=tuple(parts), raw={"album": [*before, *(one.raw for one in [*edits, *more])]},
        )  # fmt: skip


def _edit(items: Sequence[AlbumItem], event: Event, media: dict[str, Any]) -> bool:
    """Give a post its newer wording; False when it is no newer."""
    item = next(one for one in items if one.key == event.key)
    if item.gone or event.edited_at is None or (item.edited_at or event.edited_at) > event.edited_at:
        return False
    if item.edited_at == event.edited_at and item.text == event.text:
        return False
    item.text, item.edited_at = event.text, event.edited_at
    if event.attachments:
        media[item.key] = event.attachments[0].model_dump()
    return True


def _delete(session: Session, there: Sequence[AlbumItem], keys: set[str], message_id: int) -> list[AlbumItem]:
    """Those of an album's posts that are deleted now; their words and files go."""
    gone = [one for one in there if one.key in keys]
    r = db.table(ReplyRow)
    replies = session.scalars(sa.select(r.c.id).where(r.c.message_id == message_id)).all()
    for files in attachments.of(session, "reply_id", replies if gone else []).values():
        if len(files) == len(there):
            attachments.drop(session, [file.id or 0 for file, one in zip(files, there, strict=True) if one in gone])
    for one in gone:
        one.gone, one.text = True, ""
    return gone


def forget(session: Session, shortened: Mapping[int, str]) -> None:
    """What was deleted with a post stands in no older wording and in no reply."""
    v, r = db.table(MessageVersion), db.table(ReplyRow)
    session.execute(sa.delete(v).where(v.c.message_id.in_(sorted(shortened))))
    for message_id, text in shortened.items():
        session.execute(sa.update(r).where(r.c.message_id == message_id).values(text=text))


# --- keeping them --------------------------------------------------------------------------------------


def claim(session: Session, events: Iterable[Event]) -> None:
    """Answers to posts of albums that are new came earlier: they answer the messages."""
    for event in events:
        others = [part.key for part in event.parts if part.key != event.key]
        if others:
            sql = f"UPDATE message SET parent_key = ? WHERE {bulk.among('parent_key')}"  # noqa: S608  # constants
            bulk.change(session, sql, event.key, bulk.listed(others))


def keep(session: Session, events: Iterable[Event], ids: Mapping[str, int]) -> None:
    """Keep the posts of albums; one that came as a message of its own before stays that."""
    parts = [(event, place, part) for event in events for place, part in enumerate(event.parts)]
    if not parts:
        return
    alone = _alone(session, [part.key for event, _, part in parts if part.key != event.key])
    rows = [
        {
            "key": part.key, "message_id": ids[event.key], "place": place, "text": db.sound(part.text),
            "edited_at": event.edited_at, "gone": False, "album": event.album,
        }
        for event, place, part in parts
        if part.key not in alone
    ]  # fmt: skip
    session.execute(db.upsert(AlbumItem).on_conflict_do_nothing(), rows)


def erase(session: Session, message_ids: Sequence[int]) -> None:
    """Nothing is left of these albums, and their posts do not come back."""
    i = db.table(AlbumItem)
    gone = session.scalars(sa.delete(i).where(i.c.message_id.in_(message_ids)).returning(i.c.key)).all()
    tombstones.bury(session, "event", gone)
