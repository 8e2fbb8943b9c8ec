"""Translating for people who work here: who is asked, whose texts may go there, and what is kept of the answer.

A text leaves only while a server is set up, the purpose is switched on with its lawful basis, and the person who wrote
it has not objected; texts of private messages only where that was chosen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from connectors.translation import port
from connectors.translation.deepl import DeepL
from connectors.translation.libretranslate import LibreTranslate
from connectors.translation.port import Languages, Translated, Translator
from core import audit, crypto, db, webhook
from core.errors import NotConfigured, Rejected, TryLater, Unknown, WiderhallError
from core.settings import settings
from inbox import consent, translations
from inbox.models import Conversation, Message
from inbox.translation_models import Translation
from inbox.translation_models import Translator as Row

TITLES = {"libretranslate": "LibreTranslate", "deepl": "DeepL"}
"""The servers there are, as their makers write them."""
LONGEST_KEY = 500
MOST = 60
"""Messages of a conversation that one press translates, the newest ones."""
SAMPLE = "Hello"

OFF = "Nothing is set up here that translates."
NO_PURPOSE = "Translating is switched off under data protection. It needs a lawful basis first."
OBJECTS = "This person objects to it: their messages are not sent to a translation server."
PRIVATE = "Private messages are not sent to the translation server here. An administrator can allow it."
GONE = "There is no text any more that could be translated."
NO_KEY = "Enter the key that the provider gave you."
NO_BASIS = "Choose the lawful basis on which texts of customers may go there."
SENTENCES = (OFF, NO_PURPOSE, OBJECTS, PRIVATE, GONE, NO_KEY, NO_BASIS, webhook.NO_URL)

T = TypeVar("T")


def make(provider: str, url: str, key: str) -> Translator:
    """The server behind a name of TITLES; makes no call."""
    maker = DeepL if provider == "deepl" else LibreTranslate
    return maker(url, key, allow_private=settings().allow_private_hosts)


# --- the set-up ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the form says. An empty `key` keeps the one there is at the same address."""

    provider: str
    url: str = ""
    key: str = ""
    basis: str = ""
    private: bool = False


def ask(session: Session, wanted: Wanted) -> tuple[str, str]:
    """The address and the key to try; Rejected when the form cannot be right."""
    if wanted.provider not in TITLES:
        raise Rejected(OFF)
    if wanted.basis not in consent.BASES and not consent.switched_on(session, translations.PURPOSE):
        raise Rejected(NO_BASIS)
    url = webhook.checked(wanted.url).rstrip("/") if wanted.url.strip() or wanted.provider != "deepl" else ""
    kept = translations.translator(session)
    same = kept is not None and (kept.provider, kept.url) == (wanted.provider, url)
    key = wanted.key.strip()[:LONGEST_KEY] or (
        crypto.unseal(kept.key) if kept is not None and same and kept.key else ""
    )
    if wanted.provider == "deepl" and not key:
        raise Rejected(NO_KEY)
    if not key.isascii() or not key.isprintable():
        raise Rejected(port.KEY)
    return url, key


def probe(provider: str, url: str, key: str) -> Languages:
    """Ask a server for its languages, and for one word; Rejected or TryLater say what is wrong."""
    server = _plainly(lambda: make(provider, url, key))
    found = _plainly(server.languages)
    source = translations.offered("en", found.sources)
    target = next((one for one in found.targets if translations.base(one) != "en"), "")
    if not target:
        raise Rejected(port.LANGUAGE)
    _plainly(lambda: server.translate([SAMPLE], source, target))
    return found


def save(session: Session, wanted: Wanted, url: str, key: str, offered: Languages, actor: str) -> None:
    """Keep the server, and switch the purpose on for its lawful basis."""
    row = session.get(Row, 1) or Row(id=1, provider=wanted.provider, checked_at=db.now())
    row.provider, row.url, row.private = wanted.provider, url, wanted.private
    row.key = crypto.seal(key) if key else ""
    row.sources, row.targets, row.checked_at = list(offered.sources), list(offered.targets), db.now()
    session.add(row)
    if wanted.basis:
        consent.switch(session, translations.PURPOSE, enabled=True, basis=wanted.basis, actor=actor)
    audit.record(session, actor, "translation.set_up", "installation", {"provider": wanted.provider, "url": url})


def remove(session: Session, actor: str) -> None:
    """Nothing is translated any more; what is kept stays, as it stands in the threads."""
    session.execute(sa.delete(Row))
    audit.record(session, actor, "translation.removed", "installation")


# --- messages -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Text:
    """One message that is to be translated."""

    message_id: int
    version: int
    text: str
    language: str


@dataclass(frozen=True)
class Done:
    """How many were translated, and a sentence on those that were not, or nothing."""

    number: int
    left: str = ""


def message(message_id: int, target: str) -> None:
    """Translate one message and keep it; a sentence says why not."""
    done = _translate(target, lambda session: [message_id])
    if not done.number and done.left:
        raise Rejected(done.left)


def conversation(conversation_id: int, target: str) -> Done:
    """Translate the newest messages of a conversation that are in another language."""

    def newest(session: Session) -> Sequence[int]:
        m = db.table(Message)
        query = sa.select(m.c.id).where(
            m.c.conversation_id == conversation_id, m.c.text != "", m.c.deleted_at.is_(None)
        )
        return session.scalars(query.order_by(m.c.posted_at.desc(), m.c.id.desc()).limit(MOST)).all()

    return _translate(target, newest, foreign=True)


def _translate(target: str, which: Callable[[Session], Sequence[int]], *, foreign: bool = False) -> Done:
    """Read, ask the server outside every transaction, keep. `foreign` leaves out what is in the language already."""
    with db.read() as session:
        row, into = _ready(session, target)
        todo, left = _allowed(session, row, which(session), target, foreign=foreign)
    groups: dict[str, list[_Text]] = defaultdict(list)
    for one in todo:
        groups[translations.offered(one.language, row.sources)].append(one)
    server, number = _server(row), 0
    for source, texts in groups.items():
        answers = _plainly(partial(server.translate, [one.text for one in texts], source, into))
        kept = [_kept(one, said, target, row.provider) for one, said in zip(texts, answers, strict=True)]
        with db.write() as session:
            number += translations.keep(session, kept)
    return Done(number, left)


def _kept(one: _Text, said: Translated, target: str, provider: str) -> Translation:
    return Translation(
        message_id=one.message_id, target=target, provider=provider, version=one.version,
        source=translations.base(said.source or one.language), text=db.sound(said.text), at=db.now(),
    )  # fmt: skip


def _ready(session: Session, target: str) -> tuple[Row, str]:
    """The server, and its code of a language; Rejected when it may not be asked, or does not have it."""
    row = translations.translator(session)
    if row is None:
        raise Rejected(OFF)
    if not consent.switched_on(session, translations.PURPOSE):
        raise Rejected(NO_PURPOSE)
    into = translations.offered(target, row.targets)
    if not into:
        raise Rejected(port.LANGUAGE)
    return row, into


def _allowed(session: Session, row: Row, ids: Sequence[int], target: str, *, foreign: bool) -> tuple[list[_Text], str]:
    """Those that may go to the server and are not kept yet; why others may not, or nothing."""
    m, c = db.table(Message), db.table(Conversation)
    query = (
        sa.select(
            m.c.id, m.c.version, m.c.text, m.c.language, m.c.direction, m.c.visibility, m.c.identity_id, c.c.identity_id
        )
        .join(c, c.c.id == m.c.conversation_id)
        .where(m.c.id.in_(ids), m.c.deleted_at.is_(None), ~m.c.erased, m.c.text != "")
        .order_by(m.c.posted_at, m.c.id)
    )
    rows = session.execute(query).all()
    kept = translations.shown(session, list(ids), target).kept
    people = {one for found in rows for one in (found[6], found[7]) if one is not None}
    may = consent.may_many(session, people, translations.PURPOSE)
    todo, left = [], "" if rows else GONE
    for number, version, text, language, direction, visibility, author, customer in rows:
        if number in kept or (foreign and translations.base(language) == translations.base(target)):
            continue
        concerned = author if direction == "inbound" else customer
        if visibility == "private" and not row.private:
            left = PRIVATE
        elif concerned is not None and concerned not in may:
            left = OBJECTS
        else:
            todo.append(_Text(number, version, text, language))
    return todo, left


# --- what an agent writes -----------------------------------------------------------------------------


def text(conversation_id: int, words: str, target: str, *, private: bool) -> str:
    """What somebody has written, in another language; nothing is kept. Private answers go as private messages do."""
    with db.read() as session:
        row, into = _ready(session, target)
        if private and not row.private:
            raise Rejected(PRIVATE)
        found = session.get(Conversation, conversation_id)
        customer = found.identity_id if found is not None else None
        if customer is not None and not consent.may(session, customer, translations.PURPOSE):
            raise Rejected(OBJECTS)
    server = _server(row)
    return _plainly(lambda: server.translate([words], "", into))[0].text


def _server(row: Row) -> Translator:
    return _plainly(lambda: make(row.provider, row.url, crypto.unseal(row.key) if row.key else ""))


def _plainly(call: Callable[[], T]) -> T:
    """The answer, or an error whose sentence is one of ours: what a server says stays out of the pages."""
    try:
        return call()
    except TryLater as error:
        raise TryLater(port.BUSY if "asks to wait" in str(error) else port.AWAY, error.after) from error
    except Unknown as error:
        raise TryLater(port.AWAY) from error
    except Rejected as error:
        raise Rejected(str(error) if str(error) in port.SENTENCES else port.STRANGE, error.code) from error
    except NotConfigured as error:
        raise Rejected(port.ELSEWHERE) from error
    except WiderhallError as error:
        raise Rejected(port.STRANGE) from error
