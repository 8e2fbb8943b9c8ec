"""Any text-classification checkpoint as an annotator: `hub:owner/model` or `hub:/path/to/folder`."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from sentiment.checkpoint import Checkpoint, load
from sentiment.language import identify
from sentiment.lexicon import LexiconAnnotator
from sentiment.lexicon.intent import intent, urgency
from sentiment.port import Annotation, decide

BATCH = 8
"""Texts per run: larger batches of short texts are slower on a processor."""

MAX_WINDOWS = 4
"""So many windows of a long text are read; the rest is left out."""

_OVERLAP = 16
_CHARACTERS = 20_000
_HANDLE = re.compile(r"(?<!\w)[@＠][\w.\-]+(?:@[\w.\-]+)?")
_ADDRESS = re.compile(r"https?://\S+")

Logits = npt.NDArray[np.float32]
Encoded = dict[str, list[int]]


class HubAnnotator:
    """Sentiment by a checkpoint; language, intent and urgency by the rules of the lexicon.

    `model` is what follows `hub:`; after `#` may stand the names of the outputs in their order. It is
    loaded at once, so that what is missing is said at once (NotConfigured).
    """

    def __init__(self, model: str, threads: int = 1) -> None:
        place, _, labels = model.partition("#")
        names = [label for label in labels.split(",") if label]
        self._checkpoint: Checkpoint = load(place, names, threads)
        self._lexicon = LexiconAnnotator()
        self.name = f"hub:{place}"
        self.version = self._checkpoint.version

    def annotate(self, texts: list[str], languages: list[str | None] | None = None) -> list[Annotation]:
        """One annotation per text, in order. Handles and addresses are hidden from the model."""
        guesses = identify(texts, languages)
        shares = self._classify([_prepare(text) for text in texts])
        return [self._one(text, *guess, share) for text, guess, share in zip(texts, guesses, shares, strict=True)]

    def _one(self, text: str, language: str, confidence: float, shares: tuple[float, float, float]) -> Annotation:
        reading, _ = self._lexicon.read(text[:4000], language)
        wanted = intent(reading, shares, "://" in text)
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

    def _classify(self, texts: list[str]) -> list[tuple[float, float, float]]:
        if not texts:
            return []
        windows, owners = self._encode(texts)
        order = sorted(range(len(windows)), key=lambda place: len(windows[place]["input_ids"]))
        found = np.zeros((len(windows), 3))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            found[places] = self._run([windows[place] for place in places])
        summed = np.zeros((len(texts), 3))
        for window, owner, share in zip(windows, owners, found, strict=True):
            summed[owner] += share * len(window["input_ids"])
        summed /= summed.sum(axis=1, keepdims=True)
        return [(float(row[0]), float(row[1]), float(row[2])) for row in np.round(summed, 4)]

    def _encode(self, texts: list[str]) -> tuple[list[Encoded], list[int]]:
        """Windows of at most `max_tokens`, and which text each belongs to."""
        limit = self._checkpoint.max_tokens
        encoded = self._checkpoint.tokenizer(
            texts,
            truncation=True,
            max_length=limit,
            stride=min(_OVERLAP, limit // 4),
            return_overflowing_tokens=True,
        )
        windows: list[Encoded] = []
        owners: list[int] = []
        names = [name for name in ("input_ids", "attention_mask", "token_type_ids") if name in encoded]
        seen: dict[int, int] = {}
        for place, owner in enumerate(encoded["overflow_to_sample_mapping"]):
            seen[owner] = seen.get(owner, 0) + 1
            if seen[owner] <= MAX_WINDOWS:
                windows.append({name: list(encoded[name][place]) for name in names})
                owners.append(owner)
        return windows, owners

    def _run(self, windows: list[Encoded]) -> npt.NDArray[np.float64]:
        width = max(1, *(len(window["input_ids"]) for window in windows))
        padding = {"input_ids": self._checkpoint.tokenizer.pad_token_id or 0}
        tokens = {
            name: np.array(
                [window[name] + [padding.get(name, 0)] * (width - len(window[name])) for window in windows],
                dtype=np.int64,
            )
            for name in windows[0]
        }
        logits = self._checkpoint.runner(tokens).astype(np.float64)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        classes = np.zeros((len(windows), 3))
        for column, target in enumerate(self._checkpoint.columns):
            classes[:, target] += shares[:, column]
        return classes


def _prepare(text: str) -> str:
    text = _ADDRESS.sub("http", _HANDLE.sub("@user", text[:_CHARACTERS]))
    return text.strip() or "."
