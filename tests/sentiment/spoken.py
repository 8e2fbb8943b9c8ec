"""How often the language is told, by set and by length: `python -m tests.sentiment.spoken FOLDER`.

The folder holds the sets that docs/annotation.md names, as published. Nothing says what the platform
claims, so that a text stands alone. Where a text is cut, handles and addresses do not count.
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from sentiment import language

UMSAB = {
    "en": "english", "de": "german", "fr": "french", "es": "spanish",
    "it": "italian", "pt": "portuguese", "ar": "arabic", "hi": "hindi",
}  # fmt: skip
LENGTHS = (20, 40, 80, 0)
"""Characters of a text that are read; 0 is all of it."""
_BESIDE = re.compile(r"[@＠][\w.\-]+|https?(?:://\S+)?\s|\bRT\b|\|LBR\|")


def sets(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """(name, language, texts) of every set that is there."""
    for code, name in UMSAB.items():
        files = [folder / "xlm-t" / name / f"{part}_text.txt" for part in ("train", "val")]
        yield f"UMSAB {name}", code, [line for file in files for line in _lines(file)]
    tweets = sorted((folder / "semeval2017").glob("twitter-*-A.tsv"))
    yield "SemEval-2017", "en", [row.split("\t")[2] for file in tweets for row in _lines(file)]
    yield "SB10k", "de", [row.split("\t")[-1] for row in _lines(folder / "sb10k" / "corpus_label_text.tsv")]
    germeval = sorted((folder / "germeval2018").glob("*.txt"))
    yield "GermEval-2018", "de", [row.split("\t")[0] for file in germeval for row in _lines(file)]
    for name, file in (("MSD Japanese", "msd_ja/valid.tsv"), ("WRIME", "wrime/val_d.tsv")):
        yield name, "ja", [row[0] for row in csv.reader(_lines(folder / file)[1:], delimiter="\t") if row]


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text("utf-8").split("\n") if line.strip()] if file.exists() else []


def measure(texts: list[str], length: int = 0) -> Counter[str]:
    """How many texts are taken for which language."""
    read = [_BESIDE.sub(" ", text).strip(" :")[:length] for text in texts] if length else texts
    return Counter(guess for guess, _ in language.identify(read))


def main(folder: Path, say: Callable[[str], object] = sys.stdout.write) -> None:
    """Print a line per set: n, the share told right by length, and what the whole text is taken for besides."""
    say("set | n | " + " | ".join(f"first {n}" if n else "whole" for n in LENGTHS) + " | taken for besides\n")
    for name, code, texts in sets(folder):
        if not texts:
            continue
        found = [measure(texts, length) for length in LENGTHS]
        shares = " | ".join(f"{100 * one[code] / len(texts):.1f}" for one in found)
        besides = ", ".join(f"{one} {100 * n / len(texts):.1f}" for one, n in found[-1].most_common(5) if one != code)
        say(f"{name} ({code}) | {len(texts):,} | {shares} | {besides}\n")
    texts = [text for _, _, some in sets(folder) for text in some[:2000]]
    language.identify(texts[:10])
    start = time.process_time()
    language.identify([f"{text} " for text in texts])
    say(f"{len(texts) / (time.process_time() - start):,.0f} texts a CPU-second, {len(texts):,} texts\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
