"""Which pieces of the vocabulary are worth their bytes: those that cleared texts and our languages use."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sentiment.embedded.tokenizer import SPECIAL, make, prepare
from sentiment.embedded.weights import Weights


@dataclass(frozen=True)
class Cut:
    """So many pieces, and how deep into those of Han characters (Latin ones are 1)."""

    pieces: int
    han: float


LEARNED, KEPT = Cut(88_000, 1.06), Cut(64_000, 1.12)
"""What there is in training, and what is kept of it: each piece costs 388 bytes of the built model and 800 of the
loaded tokenizer."""

_SCRIPTS = {"HIRAGANA": 2.0, "KATAKANA": 2.0, "LATIN": 1.0, "ARABIC": 0.9, "DEVANAGARI": 0.9}
"""The other scripts that are kept, and how deep into each one's pieces."""


def choose(weights: Weights, texts: Sequence[str], cut: Cut = KEPT) -> npt.NDArray[np.bool_]:
    """A mask over the vocabulary, True for what is kept.

    First the special pieces, single characters of our scripts and whatever occurs in `texts`; then, by
    their own score, pieces of the scripts that the hub's languages are written in.
    """
    pieces, scores = weights.pieces, weights.scores
    usable = len(pieces)
    mask = np.zeros(usable, bool)
    mask[: len(SPECIAL)] = True
    whole = make(pieces, np.asarray(scores))
    found: Counter[int] = Counter()
    for start in range(0, len(texts), 2000):
        for encoding in whole.encode_batch([prepare(text) for text in texts[start : start + 2000]]):
            found.update(encoding.ids)
    mask[[number for number in found if number < usable]] = True
    scripts = _SCRIPTS | {"CJK": cut.han, "IDEOGRAPHIC": cut.han}
    depth = np.array([_depth(piece, scripts) for piece in pieces])
    single = np.array([len(piece.lstrip("▁")) <= 1 for piece in pieces])
    mask |= single & (depth > 0)
    rank = np.where(depth > 0, np.asarray(scores) / np.maximum(depth, 1e-6), -np.inf)
    rank[mask] = np.inf
    order = np.argsort(-rank, kind="stable")
    mask[order[: cut.pieces]] = True
    return mask


def _depth(piece: str, scripts: Mapping[str, float]) -> float:
    """How deep into the script of its letters (digits and signs count with any); 0 for scripts left out."""
    depths = [
        scripts.get(unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0], 0.0)
        for character in piece
        if character.isalpha()
    ]
    return min(depths, default=1.0)
