"""The default annotator: one pass of the encoder, a linear head per task, language by its own rules."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from sentiment.embedded import lock
from sentiment.embedded.encoder import Encoder, shared
from sentiment.embedded.heads import Heads, load
from sentiment.language import identify
from sentiment.lexicon import LexiconAnnotator
from sentiment.port import CLASSES, Annotation, Intent, Urgency, decide

NAME = "embedded"


class EmbeddedAnnotator:
    """Everything that `Annotation` has, from one small multilingual model."""

    name = NAME

    def __init__(self, encoder: Encoder | None = None, heads: Heads | None = None) -> None:
        self._encoder = encoder or shared()
        self._heads = heads or load()
        self._lexicon = LexiconAnnotator()
        self.version = f"{lock.read().version}.{self._heads.version}"

    def annotate(self, texts: list[str], languages: list[str | None] | None = None) -> list[Annotation]:
        """One annotation per text, in order."""
        guesses = identify(texts, languages)
        return self.judge(self._encoder.encode(texts), guesses, texts)

    def judge(
        self, rows: npt.NDArray[np.float32], guesses: list[tuple[str, float]], texts: list[str]
    ) -> list[Annotation]:
        """Annotations from rows that are known already, shape (n, 384), their languages and texts."""
        spoken = [language for language, _ in guesses]
        words = {"sentiment": self._words(texts, spoken)}
        shares = {
            task: np.round(head.probabilities(rows, spoken, words.get(task)), 4)
            for task, head in self._heads.tasks.items()
        }
        likeliest = {task: shares[task].argmax(axis=1) for task in shares}
        return [
            self._one(
                *guess,
                {task: tuple(map(float, shares[task][place])) for task in shares},
                {task: self._heads.tasks[task].classes[int(likeliest[task][place])] for task in shares},
                rows[place],
            )
            for place, guess in enumerate(guesses)
        ]

    def _words(self, texts: list[str], spoken: list[str]) -> npt.NDArray[np.float32]:
        """What the lexicon says where it counts, shape (n, 3); even shares elsewhere."""
        found = np.full((len(texts), len(CLASSES)), 1 / len(CLASSES), np.float32)
        counts = self._heads.tasks["sentiment"].lexicon if "sentiment" in self._heads.tasks else {}
        places = [place for place, language in enumerate(spoken) if counts.get(language)]
        said = self._lexicon.annotate([texts[place] for place in places], [spoken[place] for place in places])
        for place, annotation in zip(places, said, strict=True):
            found[place] = annotation.probabilities
        return found

    def _one(
        self,
        language: str,
        confidence: float,
        shares: dict[str, tuple[float, ...]],
        said: dict[str, str],
        row: npt.NDArray[np.float32],
    ) -> Annotation:
        three = cast("tuple[float, float, float]", shares["sentiment"])
        return Annotation(
            language=language,
            language_confidence=confidence,
            sentiment=decide(three),
            probabilities=three,
            intent=cast("Intent | None", said.get("intent")),
            urgency=cast("Urgency | None", said.get("urgency")),
            model=self.name,
            version=self.version,
            emotion=said.get("emotion", ""),
            offensive=said["offensive"] == "yes" if "offensive" in said else None,
            details=shares,
            embedding=row,
        )
