"""Saved replies: written once, in several languages, with places that are filled in for each conversation.

A place is `{name}`; `{name|friend}` says what stands there when the conversation does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import sharing
from inbox.models import SavedReply
from inbox.text import fold

PLACES = ("name", "first_name", "agent", "account", "number")
"""What can be filled in: the customer, their first name, who answers, our account, the conversation's number."""
LIMIT = 5_000
"""Characters of a text."""
NAME_LIMIT, SHORTCUT_LIMIT = 80, 30
_PLACE = re.compile(r"\{\s*(\w+)\s*(?:\|([^{}|]*))?\}")
_SPACED = re.compile("( ?)" + _PLACE.pattern)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_SHORTCUT = re.compile(r"[^\W_][\w-]*")


def every(session: Session, asked: str = "") -> list[SavedReply]:
    """All of them by name; with `asked` those whose name, shortcut or texts hold every one of its words."""
    s = db.table(SavedReply)
    found = list(session.scalars(sa.select(SavedReply).order_by(sa.func.lower(s.c.name), s.c.id)))
    words = fold(asked).split()
    return [one for one in found if all(word in _searched(one) for word in words)]


def of(session: Session, actor: str, asked: str = "") -> list[SavedReply]:
    """Those of them that somebody (`user:3`) uses: their own, and what is shared with them."""
    found = every(session, asked)
    mine = sharing.groups(session, actor, (one.shared for one in found))
    return [one for one in found if one.made_by == actor or mine & set(one.shared)]


def find(session: Session, reply_id: int, actor: str) -> SavedReply | None:
    """One of those; None when there is none for this person."""
    row = session.get(SavedReply, reply_id) if 0 < reply_id < 2**62 else None
    return row if row is not None and sharing.visible(session, row.made_by, row.shared, actor) else None


def _searched(one: SavedReply) -> str:
    return fold(" ".join([one.name, one.shortcut or "", *one.texts.values()]))


def save(
    session: Session,
    reply_id: int | None,
    *,
    name: str,
    shortcut: str = "",
    texts: Mapping[str, str],
    actor: str,
    shared: Collection[str] | None = (sharing.ALL,),
    others: bool = False,
) -> int:
    """Keep a reply, a new one without `reply_id`; returns its id. Rejected says which field is wrong, and why.

    Without `shared` an old one stays shared as it is. `others` for who may change what others share.
    """
    name, shortcut = db.sound(name).strip(), db.sound(shortcut).strip().removeprefix("/").lower()
    kept = {language: db.sound(text).strip() for language, text in texts.items() if text.strip()}
    _check(name, shortcut, kept)
    _mine(session, reply_id, actor, others=others)
    row = (
        session.get(SavedReply, reply_id)
        if reply_id is not None
        else SavedReply(name=name, made_by=actor, changed_by=actor)
    )
    if row is None:
        raise Rejected("This saved reply is gone.")
    _unlike(session, row.id or 0, name, shortcut, actor)
    if shared is not None:
        row.shared = sorted(shared)
    row.name, row.shortcut, row.texts = name, shortcut or None, kept
    row.changed_by, row.changed_at = actor, db.now()
    session.add(row)
    session.flush()
    assert row.id is not None  # noqa: S101  # flushed
    audit.record(session, actor, "saved_reply.changed" if reply_id else "saved_reply.made", f"saved_reply:{row.id}")
    return row.id


def _mine(session: Session, reply_id: int | None, actor: str, *, others: bool) -> None:
    row = session.get(SavedReply, reply_id) if reply_id is not None else None
    if row is not None and not sharing.changes(row.made_by, row.shared, actor, others=others):
        raise Wrong("name", NOT_YOURS)


def remove(session: Session, reply_id: int, actor: str, *, others: bool = False) -> bool:
    """Throw a reply away; False when it is gone already. What was sent with it stays."""
    row = session.get(SavedReply, reply_id)
    if row is None:
        return False
    _mine(session, reply_id, actor, others=others)
    session.delete(row)
    session.flush()
    audit.record(session, actor, "saved_reply.removed", f"saved_reply:{reply_id}")
    return True


class Wrong(Rejected):
    """A field cannot be kept: `field` is name, shortcut or the language of a text; `values` fill the sentence."""

    def __init__(self, field: str, sentence: str, **values: str) -> None:
        super().__init__(sentence % values)
        self.field, self.sentence, self.values = field, sentence, values


EMPTY_NAME = "Give it a name, so that it is found again."
LONG_NAME = "The name is too long: 80 characters at most."
BAD_SHORTCUT = "A shortcut has letters, digits and hyphens only, 30 at most."
NO_TEXT = "Write it in at least one language."
LONG_TEXT = "The text is too long: 5,000 characters at most."
NO_PLACE = "There is no place {%(place)s}. There are: %(places)s."
SAME_NAME = "Another saved reply has this name."
SAME_SHORTCUT = "Another saved reply has this shortcut: %(name)s."
HIDDEN_SHORTCUT = "Another saved reply has this shortcut."
NOT_YOURS = "Only who made a saved reply can change it, or who may change what is shared."
SENTENCES = (
    EMPTY_NAME,
    LONG_NAME,
    BAD_SHORTCUT,
    NO_TEXT,
    LONG_TEXT,
    NO_PLACE,
    SAME_NAME,
    SAME_SHORTCUT,
    HIDDEN_SHORTCUT,
    NOT_YOURS,
)


def _check(name: str, shortcut: str, texts: Mapping[str, str]) -> None:
    if not name:
        raise Wrong("name", EMPTY_NAME)
    if len(name) > NAME_LIMIT:
        raise Wrong("name", LONG_NAME)
    if shortcut and (len(shortcut) > SHORTCUT_LIMIT or _SHORTCUT.fullmatch(shortcut) is None):
        raise Wrong("shortcut", BAD_SHORTCUT)
    if not texts:
        raise Wrong("texts", NO_TEXT)
    for language, text in texts.items():
        if len(text) > LIMIT:
            raise Wrong(language, LONG_TEXT)
        for place, _ in _PLACE.findall(text):
            if place not in PLACES:
                raise Wrong(language, NO_PLACE, place=place, places=", ".join(f"{{{one}}}" for one in PLACES))


def _unlike(session: Session, reply_id: int, name: str, shortcut: str, actor: str) -> None:
    """No other one may have the same name or shortcut, however it is written."""
    for other in every(session):
        if other.id == reply_id:
            continue
        if fold(other.name) == fold(name):
            raise Wrong("name", SAME_NAME)
        if shortcut and other.shortcut == shortcut:
            seen = sharing.visible(session, other.made_by, other.shared, actor)
            raise Wrong("shortcut", SAME_SHORTCUT, name=other.name) if seen else Wrong("shortcut", HIDDEN_SHORTCUT)


# --- filling in ---------------------------------------------------------------------------------------


def language(texts: Mapping[str, object], wanted: Sequence[str]) -> str:
    """The language to take: the first of `wanted` there is a text in, else English, else any."""
    return next((one for one in [*wanted, "en"] if one in texts), next(iter(sorted(texts)), ""))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its places filled in; where nothing is known, what the place itself says, else it closes up."""

    def put(found: re.Match[str]) -> str:
        value = values.get(found[2], "").strip() or (found[3] or "").strip()
        return f"{found[1]}{value}" if value else ""

    return _SPACED.sub(put, text)


def unknown(text: str, values: Mapping[str, str]) -> list[str]:
    """The places of a text of which nothing is known, and which say nothing themselves: they close up."""
    return sorted(
        {place for place, said in _PLACE.findall(text) if not (values.get(place, "").strip() or said.strip())}
    )


def first_name(name: str) -> str:
    """How one calls somebody of this name: the first of several words in Latin letters, else all of it."""
    words = name.split()
    return words[0] if len(words) > 1 and _LATIN.match(name) else name
