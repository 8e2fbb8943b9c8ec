"""An annotator that says what it is told to, quickly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sentiment.port import CLASSES, Annotation, decide

SURE = 0.8


class Fake:
    """A text `joy/en: …` is answered by what `says` has for its first word; everything else is neutral English.

    `says` is {first word: {task: class or probabilities}}; the batches it was asked are kept.
    """

    def __init__(
        self, says: Mapping[str, Mapping[str, object]] | None = None, name: str = "fake", version: str = "1"
    ) -> None:
        self.says, self.name, self.version = says or {}, name, version
        self.asked: list[list[str]] = []
        self.hints: list[str | None] = []

    def annotate(self, texts: list[str], languages: Sequence[str | None] | None = None) -> list[Annotation]:
        self.asked.append(texts)
        self.hints += languages or [None] * len(texts)
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Annotation:
        said = dict(self.says.get((text.split() or [""])[0], {}))
        shares = said.get("sentiment", "neutral")
        if isinstance(shares, str):
            shares = tuple(SURE if one == shares else (1 - SURE) / 2 for one in CLASSES)
        assert isinstance(shares, tuple)
        offensive = said.get("offensive")
        return Annotation(
            language=str(said.get("language", "en")),
            language_confidence=0.9,
            sentiment=decide(shares),
            probabilities=shares,
            intent=said.get("intent"),
            urgency=said.get("urgency"),
            model=self.name,
            version=self.version,
            emotion=str(said.get("emotion", "")),
            offensive=None if offensive is None else offensive == "yes",
            details=said.get("details", {}),
        )
