"""The labelled sets that what is shipped may learn from, and those that only measure it.

Cleared for training: UMSAB (Apache-2.0), SemEval-2017 4A (MIT), GermEval-2018 (CC BY 4.0), Banking77
(CC BY 4.0), CLINC150 (CC BY 3.0) and our own messages in `authored/`. Texts that a measuring split
holds are taken out of every training set.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sentiment.embedded.tokenizer import prepare
from sentiment.port import CLASSES, TASKS

UMSAB = ("arabic", "english", "french", "german", "hindi", "italian", "portuguese", "spanish")
CODES = dict(zip(UMSAB, ("ar", "en", "fr", "de", "hi", "it", "pt", "es"), strict=True))
HELD = ("germeval", "banking", "authored")
AUTHORED = Path(__file__).parent / "authored"


SOURCES = {
    "sentiment": "UMSAB (Apache-2.0), SemEval-2017 4A (MIT), our own messages",
    "emotion": "our own messages",
    "intent": "our own messages",
    "urgency": "our own messages",
    "offensive": "GermEval-2018 (CC BY 4.0), our own messages",
}
"""What each head learned from."""


@dataclass(frozen=True)
class Example:
    """One text with what is known of it: a class number by task."""

    text: str
    source: str
    language: str
    labels: dict[str, int] = field(default_factory=dict)


def training(folder: Path) -> list[Example]:
    """Every cleared example, repeats and measuring texts taken out."""
    held = {key(example.text) for example in measuring(folder)}
    kept, seen = [], set()
    for example in _cleared(folder):
        one = (key(example.text), *sorted(example.labels))
        if one[0] not in held and one not in seen:
            seen.add(one)
            kept.append(example)
    return kept


def for_heads() -> list[Example]:
    """Our messages that only the heads learn from, once the encoder stands."""
    return [example for example in authored(AUTHORED / "heads") if not held_back(example.text)]


def measuring(folder: Path) -> list[Example]:
    """The splits that choose and measure: never trained on."""
    found = [example for name in UMSAB for example in _tweets(folder / "xlm-t" / name, "val", "umsab", CODES[name])]
    found += _tweets(folder / "tweeteval" / "sentiment", "val", "tweeteval", "en")
    rest = [*_cleared(folder), *authored(AUTHORED / "heads")]
    found += [example for example in rest if example.source in HELD and held_back(example.text)]
    return found


def evaluation(folder: Path) -> list[Example]:
    """Sets that only measure: their licences or origins keep them out of everything that is shipped."""
    found = list(_table(folder / "msd_ja" / "valid.tsv"))
    found += _tweets(folder / "tweeteval" / "offensive", "val", "tweeteval", "en", "offensive")
    found += _tweets(folder / "tweeteval" / "emotion", "val", "tweeteval", "en", "emotion")
    return found


def _table(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Example(row["text"], "msd", "ja", {"sentiment": CLASSES.index(row["label"])})


def held_back(text: str) -> bool:
    """Every tenth text of the sets that have no split of their own for measuring."""
    return hashlib.sha256(key(text).encode()).digest()[0] % 10 == 0


def _cleared(folder: Path) -> Iterator[Example]:
    for name in UMSAB:
        yield from _tweets(folder / "xlm-t" / name, "train", "umsab", CODES[name])
    yield from _semeval(folder / "semeval2017")
    yield from _germeval(folder / "germeval2018")
    yield from _banking(folder / "banking77" / "train.csv")
    yield from _clinc(folder / "clinc150" / "data_full.json")
    yield from authored()


def authored(folder: Path = AUTHORED) -> Iterator[Example]:
    """Our own messages: every task is labelled."""
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
                labels = {task: classes.index(row[task]) for task, classes in TASKS.items()}
                yield Example(row["text"], "authored", path.stem, labels)


def key(text: str) -> str:
    """What two copies of a text have in common."""
    return "".join(character for character in prepare(text).lower() if character.isalnum())


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _tweets(folder: Path, split: str, source: str, language: str, task: str = "sentiment") -> Iterator[Example]:
    texts, labels = _lines(folder / f"{split}_text.txt"), _lines(folder / f"{split}_labels.txt")
    for text, label in zip(texts, labels, strict=True):
        yield Example(text, source, language, {task: int(label)})


def _semeval(folder: Path) -> Iterator[Example]:
    for path in sorted(folder.glob("*.tsv")):
        for line in _lines(path):
            parts = line.rstrip("\r").split("\t")
            if len(parts) >= 3 and parts[1] in CLASSES:
                yield Example(" ".join(parts[2:]).strip(), "semeval", "en", {"sentiment": CLASSES.index(parts[1])})


def _germeval(folder: Path) -> Iterator[Example]:
    for path in sorted(folder.glob("*.txt")):
        for line in _lines(path):
            parts = line.rstrip("\r").split("\t")
            if len(parts) >= 2 and parts[1] in ("OTHER", "OFFENSE"):
                text = parts[0].replace("|LBR|", "\n")
                yield Example(text, "germeval", "de", {"offensive": int(parts[1] == "OFFENSE")})


def _banking(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    yield from _numbered(((row["text"], row["category"]) for row in rows), "banking")


def _clinc(path: Path) -> Iterator[Example]:
    data = json.loads(path.read_text(encoding="utf-8"))
    yield from _numbered(((text, name) for text, name in data["train"]), "clinc")


def _numbered(rows: Iterable[tuple[str, str]], task: str) -> Iterator[Example]:
    pairs = list(rows)
    order = {name: number for number, name in enumerate(sorted({name for _, name in pairs}))}
    for text, name in pairs:
        yield Example(text, task, "en", {task: order[name]})
