"""Texts in three languages over vocabularies in which few words are frequent, as in speech."""

from __future__ import annotations

import random

from inbox.search import body

SOUNDS = {
    "en": ("th", "ing", "er", "on", "st", "ra", "le", "op", "and", "ea", "ly", "pro"),
    "de": ("sch", "ung", "er", "ein", "st", "ra", "ich", "ob", "und", "au", "lich", "ver"),
    "ja": ("配", "送", "返", "金", "商", "品", "お", "い", "ます", "です", "の", "に", "を", "修", "理", "電"),
}
WORDS, TEXTS = 3000, 3000
"""Of each language."""


class Vocabulary:
    """Texts ready made, each with the tokens under which it is found."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._texts = {language: _texts(rng, language) for language in SOUNDS}

    def text(self, language: str) -> tuple[str, str]:
        """A text of 8 to 30 words (or as long in Japanese), and its tokens."""
        return self._rng.choice(self._texts[language])


def _texts(rng: random.Random, language: str) -> list[tuple[str, str]]:
    words = ["".join(rng.choices(SOUNDS[language], k=rng.randint(1, 4))) for _ in range(WORDS)]
    joined = "" if language == "ja" else " "
    made = []
    for _ in range(TEXTS):
        text = joined.join(words[int(rng.random() ** 3 * WORDS)] for _ in range(rng.randint(8, 30)))
        made.append((text, body(text)))
    return made
