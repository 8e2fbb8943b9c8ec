"""Albums: answers of ours that are several posts on their platform and one message here.

Every post keeps its own key. What is said of one of them later – an edit, a deletion, an answer, a reaction – is said
of the message: edits and deletions change what it says as a whole, answers hang from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.event import Attachment, Event, Part
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
    names = _names(session, events)
    if not names:
        return Folded(list(events))
    found, about = Folded([]), defaultdict(list)
    for event in events:
        parent = names.get(event.parent_key or "")
        known = event.model_copy(update={"parent_key": parent}) if parent else event
        if event.key in names and not event.parts:
            about[names[event.key]].append(known)
        else:
            found.events.append(known)
    for key, changes in about.items():
        found.events += _change(session, key, changes, found.shortened)
    found.events.sort(key=lambda event: event.key)
    return found


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
    """What edits and deletions of posts make of their message; nothing for what is known already."""
    m, i = db.table(Message), db.table(AlbumItem)
    row = session.execute(sa.select(m).where(m.c.key == key)).one()
    if row.deleted_at is not None or row.erased:
        return
    items = list(session.scalars(sa.select(AlbumItem).where(i.c.message_id == row.id).order_by(i.c.place)))
    there = [one for one in items if not one.gone]
    media = dict(zip((one.key for one in there), row.attachments, strict=False))
    edits = [one for one in changes if one.action == "upsert" and _edit(items, one, media)]
    gone = _delete(session, there, {one.key for one in changes if one.action == "delete"}, row.id)
    if gone and len(gone) == len(there):
        yield next(one for one in changes if one.action == "delete").model_copy(update={"key": key})
    elif gone or edits:
        left = [one for one in there if not one.gone]
        text = "\n\n".join(one.text for one in left if one.text)
        if gone:
            shortened[row.id] = text
        moments = [row.edited_at, *(one.edited_at for one in edits), db.now() if gone else None]
        yield Event(
            key=key, platform=row.platform, kind=row.kind, direction=row.direction, text=text, subject=row.subject,
            posted_at=row.posted_at, edited_at=max(one for one in moments if one is not None), hashtags=row.hashtags,
            attachments=tuple(Attachment.model_validate(media[one.key]) for one in left if one.key in media),
            parts=tuple(Part(key=one.key, text=one.text) for one in left),
            raw={"album": [one.raw for one in edits]},
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
    query = f"SELECT key FROM message WHERE {bulk.among('key')}"  # noqa: S608  # constants
    others = [part.key for event, _, part in parts if part.key != event.key]
    alone = {key for (key,) in bulk.fetch(session, query, bulk.listed(others))}
    rows = [
        {
            "key": part.key, "message_id": ids[event.key], "place": place, "text": db.sound(part.text),
            "edited_at": event.edited_at, "gone": False,
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
