"""What a translation server is to us: the protocol, and the sentences for people when it does not translate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

KEY = "The translation server does not take the key. An administrator can change it in the set-up."
NEEDS_KEY = "The translation server asks for a key. An administrator can enter one in the set-up."
QUOTA = "What the translation server may be asked for is used up. An administrator can see to it at the provider."
LONG = "This text is too long for the translation server."
LANGUAGE = "The translation server does not offer this language."
BUSY = "The translation server asks to wait. Try again in a moment."
AWAY = "The translation server does not answer. Try again in a moment."
STRANGE = "The translation server answered something that is no translation. An administrator can check its address."
ELSEWHERE = "There is no translation server at this address that may be called. An administrator can check it."
SENTENCES = (KEY, NEEDS_KEY, QUOTA, LONG, LANGUAGE, BUSY, AWAY, STRANGE, ELSEWHERE)


@dataclass(frozen=True)
class Translated:
    """A text in the language that was asked for; `source` is the one it was in, as the server's code, or empty."""

    text: str
    source: str = ""


@dataclass(frozen=True)
class Languages:
    """The server's own codes of what it translates from, and into."""

    sources: tuple[str, ...]
    targets: tuple[str, ...]


class Translator(Protocol):
    """One server. Rejected carries one of the sentences above; TryLater: the same call will work later."""

    def languages(self) -> Languages:
        """What it offers."""

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        """The texts in their order. `source` and `target` are its own codes; an empty source: it finds out.

        All texts of a call are in one language.
        """
