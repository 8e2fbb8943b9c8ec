"""Linear heads over the encoder's rows: one per task, with a temperature per language."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import NotConfigured

SHIPPED = Path(__file__).parent / "assets" / "heads.npz"

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """One task: `weight` of shape (classes, 384), `bias` (classes,); `temperatures` by language, "" any other.

    `lexicon` says by language how much the word lists' opinion counts beside the encoder's (0 where it is not named).
    """

    task: str
    classes: tuple[str, ...]
    weight: Array
    bias: Array
    temperatures: Mapping[str, float]
    lexicon: Mapping[str, float] = field(default_factory=dict)

    def probabilities(self, embeddings: Array, languages: Sequence[str], words: Array | None = None) -> Array:
        """Calibrated shares of shape (n, classes) for rows of shape (n, 384) in these languages.

        `words` are the lexicon's shares of shape (n, classes); without them the encoder decides alone.
        """
        usual = self.temperatures.get("", 1.0)
        heat = np.array([self.temperatures.get(language, usual) for language in languages], np.float32)
        logits = self.logits(embeddings)
        if words is not None:
            weight = np.array([self.lexicon.get(language, 0.0) for language in languages], np.float32)
            logits = logits + weight[:, None] * np.log(words + np.float32(0.001))
        logits = logits / heat[:, None]
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)

    def logits(self, embeddings: Array) -> Array:
        """Shape (n, classes), row by row the same whatever the other rows are."""
        products = embeddings[:, None, :] * self.weight[None, :, :]
        return np.asarray(products.sum(axis=2, dtype=np.float32) + self.bias, np.float32)


@dataclass(frozen=True)
class Heads:
    """All heads of one model."""

    tasks: Mapping[str, Head]

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits over everything that decides an answer."""
        total = hashlib.sha256()
        for task in sorted(self.tasks):
            head = self.tasks[task]
            total.update(
                json.dumps(
                    [task, head.classes, sorted(head.temperatures.items()), sorted(head.lexicon.items())]
                ).encode()
            )
            total.update(np.ascontiguousarray(head.weight, "<f4").tobytes())
            total.update(np.ascontiguousarray(head.bias, "<f4").tobytes())
        return total.hexdigest()[:12]


def load(path: Path | None = None) -> Heads:
    """The shipped heads, or those of a file that `save` wrote; NotConfigured when it cannot be read."""
    path = path or SHIPPED
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            return Heads(
                {
                    task: Head(
                        task,
                        tuple(one["classes"]),
                        file[f"{task}.weight"],
                        file[f"{task}.bias"],
                        one["temperatures"],
                        one["lexicon"],
                    )
                    for task, one in about.items()
                }
            )
    except (OSError, ValueError, KeyError) as error:
        raise NotConfigured(
            f"The heads in {path.name} cannot be read ({error}): train or install them again."
        ) from error


def save(heads: Heads, path: Path) -> None:
    """Write in one go: a reader sees the old file or the new one."""
    about = {
        task: {"classes": head.classes, "temperatures": dict(head.temperatures), "lexicon": dict(head.lexicon)}
        for task, head in heads.tasks.items()
    }
    arrays: dict[str, npt.NDArray[np.float32]] = {}
    for task, head in heads.tasks.items():
        arrays[f"{task}.weight"], arrays[f"{task}.bias"] = head.weight, head.bias
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    with half.open("wb") as stream:
        np.savez_compressed(stream, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]  # a str array
    half.replace(path)
