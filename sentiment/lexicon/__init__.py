"""The annotator that needs no model: our own word lists for German, English and Japanese."""

from __future__ import annotations

from functools import cached_property

from sentiment.language import UNKNOWN, identify
from sentiment.lexicon import data, japanese, spaced
from sentiment.lexicon.intent import intent, urgency
from sentiment.lexicon.spaced import Reading
from sentiment.lexicon.weigh import probabilities
from sentiment.port import Annotation, decide

_RULES = "1"
"""Raise it when rules or weights change; the word lists are in the version by their digest."""

LONGEST = 4000
"""Characters of a text that are read."""


class LexiconAnnotator:
    """Tone, intent and urgency by words and rules; fast, and the same on every machine.

    A text in another language is judged by its emoji alone; without any it is "unsure".
    """

    name = "lexicon"

    @cached_property
    def version(self) -> str:
        """Rules and word lists."""
        return f"{_RULES}-{data.digest()}"

    @cached_property
    def _scorers(self) -> dict[str, spaced.Scorer | japanese.Scorer]:
        return {
            "de": spaced.Scorer(data.read("de"), "de"),
            "en": spaced.Scorer(data.read("en"), "en"),
            "ja": japanese.Scorer(data.read("ja")),
            UNKNOWN: spaced.Scorer(data.Lexicon(), "en"),
        }

    def annotate(self, texts: list[str], languages: list[str | None] | None = None) -> list[Annotation]:
        """One annotation per text, in order."""
        guesses = identify(texts, languages)
        return [self._one(text[:LONGEST], *guess) for text, guess in zip(texts, guesses, strict=True)]

    def _one(self, text: str, language: str, confidence: float) -> Annotation:
        reading, lexicon = self.read(text, language)
        shares = probabilities(reading, lexicon)
        wanted = intent(reading, shares, "://" in text or "www." in text)
        return Annotation(
            language=language,
            language_confidence=confidence,
            sentiment=decide(shares),
            probabilities=shares,
            intent=wanted,
            urgency=urgency(reading, wanted, shares),
            model=self.name,
            version=self.version,
        )

    def read(self, text: str, language: str) -> tuple[Reading, str]:
        """What is found in a text, and with which language's words."""
        scorers = self._scorers
        if language != UNKNOWN:
            return scorers.get(language, scorers[UNKNOWN]).read(text), language
        readings = [(scorers[name].read(text), name) for name in ("en", "de")]
        best = max(readings, key=lambda pair: pair[0].hits)
        return best if best[0].hits else (best[0], UNKNOWN)
