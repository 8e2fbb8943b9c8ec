"""Saved replies as pages show them: filled in for a conversation, in the customer's language first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlmodel import Session

from inbox import saved
from inbox.models import Account, Conversation, Identity
from web.reader import Reader

SHOWN = 50
"""Replies in the menu; more are found by searching."""


class Talk(Protocol):
    """The conversation they are filled in for."""

    @property
    def conversation(self) -> Conversation: ...
    @property
    def account(self) -> Account: ...
    @property
    def person(self) -> Identity | None: ...


@dataclass(frozen=True)
class Offer:
    """One reply for one conversation: what would be put into the box, by language."""

    id: int
    name: str
    shortcut: str
    language: str
    """The one that is offered first."""
    texts: dict[str, str]
    unknown: dict[str, list[str]]
    """The places that close up, by language: nothing is known here."""


def offers(session: Session, talk: Talk, reader: Reader, asked: str = "") -> tuple[list[Offer], int]:
    """(the first of them, how many there are); those with a text in the customer's language stand first."""
    values, wanted = places(talk, reader), languages(talk, reader)
    found = saved.of(session, reader.actor, asked)
    theirs = talk.conversation.language
    found.sort(key=lambda one: theirs not in one.texts)
    return [
        Offer(
            id=one.id or 0,
            name=one.name,
            shortcut=one.shortcut or "",
            language=saved.language(one.texts, wanted),
            texts={code: saved.fill(text, values) for code, text in one.texts.items()},
            unknown={code: saved.unknown(text, values) for code, text in one.texts.items()},
        )
        for one in found[:SHOWN]
    ], len(found)


def languages(talk: Talk, reader: Reader) -> Sequence[str]:
    """The customer's language, the account's, the reader's."""
    return [talk.conversation.language, talk.account.language, reader.language]


def places(talk: Talk, reader: Reader) -> dict[str, str]:
    """What the places of a text stand for here."""
    name = talk.person.name if talk.person is not None else ""
    return {
        "name": name or (talk.person.handle if talk.person is not None else ""),
        "first_name": saved.first_name(name),
        "agent": reader.name,
        "account": talk.account.handle,
        "number": str(talk.conversation.id),
    }
