"""The default annotator: one pass of the encoder, a linear head per task, language by its own rules."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt

from sentiment.embedded import build
from sentiment.embedded.encoder import Encoder, shared
from sentiment.embedded.heads import Heads, load
from sentiment.language import identify
from sentiment.port import Annotation, Intent, Urgency, decide

NAME = "embedded"


class EmbeddedAnnotator:
    """Everything that `Annotation` has, from one small multilingual model."""

    name = NAME

    def __init__(self, encoder: Encoder | None = None, heads: Heads | None = None) -> None:
        self._encoder = encoder or shared()
        self._heads = heads or load()
        self.version = f"{build.lock().version}.{self._heads.version}"

    def annotate(self, texts: list[str], languages: list[str | None] | None = None) -> list[Annotation]:
        """One annotation per text, in order."""
        guesses = identify(texts, languages)
        rows = self._encoder.encode(texts)
        return self.judge(rows, guesses)

    def judge(self, rows: npt.NDArray[np.float32], guesses: list[tuple[str, float]]) -> list[Annotation]:
        """Annotations from rows that are known already, shape (n, 384), and their languages."""
        spoken = [language for language, _ in guesses]
        shares = {task: np.round(head.probabilities(rows, spoken), 4) for task, head in self._heads.tasks.items()}
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
