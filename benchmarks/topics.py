"""Topics: how well themes meet intents that people labelled, how steady their ids are, how quick it is.

Banking77 (77 intents) and CLINC150 (150 intents), train texts, no label used. NMI is 1 where clusters and intents
are the same and 0 where they have nothing to do with each other. The folder of the sets is `../shared/data`, or the
one that SHARED_DATA names.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import NotConfigured
from inbox.text import fold, words
from sentiment.themes import cluster, kmeans
from sentiment.themes.cluster import Themes, grow, place, tend

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
SEEDS = 3
PIECE = 500
"""Messages that arrive between two searches of the pool."""
DAYS = 4
"""Pieces between two nights."""
TERMS = 3_000
COMPONENTS = 100
MANY = 100_000

Array = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


def run(folder: Path) -> dict[str, Any]:
    """The figures of both sets; nothing but the reason where a set or the model is missing."""
    from sentiment.embedded import encoder  # it may not be loadable here, which is an answer too

    if not (DATA / "banking77").is_dir():
        return {"skipped": f"{DATA} has no Banking77: set SHARED_DATA to the folder of the labelled sets."}
    try:
        encode = encoder.shared().encode
    except (NotConfigured, OSError) as error:
        return {"ok": False, "error": f"The embedded model cannot be loaded: {error}"}
    found: dict[str, Any] = {}
    rows: Array | None = None
    for name, texts, intents in (("banking77", *banking77()), ("clinc150", *clinc150())):
        started = time.perf_counter()
        rows = _encoded(encode, texts)
        found[f"{name} texts per second"] = round(len(texts) / (time.perf_counter() - started), 1)
        found |= {f"{name} {what}": value for what, value in measure(rows, texts, intents).items()}
    assert rows is not None  # noqa: S101  # both sets were read
    found |= {f"{what} per 100,000 messages": value for what, value in many(rows).items()}
    return found


def _encoded(encode: Callable[[list[str]], Array], texts: list[str]) -> Array:
    return np.concatenate([encode(texts[n : n + 512]) for n in range(0, len(texts), 512)])


def banking77() -> tuple[list[str], list[str]]:
    """Texts and intents, in an order that mixes the intents."""
    with (DATA / "banking77" / "train.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return _mixed([row["text"] for row in rows], [row["category"] for row in rows])


def clinc150() -> tuple[list[str], list[str]]:
    """Texts and intents, without those that are out of scope."""
    rows = json.loads((DATA / "clinc150" / "data_full.json").read_text("utf-8"))["train"]
    return _mixed([row[0] for row in rows], [row[1] for row in rows])


def _mixed(texts: list[str], intents: list[str]) -> tuple[list[str], list[str]]:
    order = np.random.default_rng(0).permutation(len(texts)).tolist()
    return [texts[n] for n in order], [intents[n] for n in order]


def measure(rows: Array, texts: Sequence[str], intents: Sequence[str]) -> dict[str, Any]:
    """The figures of one set."""
    truth = np.unique(np.array(intents), return_inverse=True)[1]
    k = int(truth.max()) + 1
    seen = cluster.unit(rows - rows.mean(axis=0))
    themes, ids = grow(Themes.none(rows.shape[1]), rows)
    return {
        f"NMI, k-means, {k} given": _mean(seen, k, truth),
        f"NMI, TF-IDF and SVD, k-means, {k} given": _mean(tf_idf_svd(texts), k, truth),
        f"NMI, themes as discovered ({len(themes.ids)})": round(nmi(ids, truth), 3),
        "share of messages in a theme": round(float((ids > 0).mean()), 3),
        **stream(rows, truth),
    }


def _mean(rows: Array, k: int, truth: Ids) -> float:
    return round(float(np.mean([nmi(kmeans.spherical(rows, k, seed), truth) for seed in range(SEEDS)])), 3)


def stream(rows: Array, truth: Ids) -> dict[str, Any]:
    """The messages one after another: placed, grown, tended at night; what their ids do meanwhile."""
    themes, ids = Themes.none(rows.shape[1]), np.zeros(len(rows), np.int64)
    first, nights, merged, split = ids.copy(), list[float](), 0, 0
    for number, start in enumerate(range(0, len(rows), PIECE), 1):
        end = min(start + PIECE, len(rows))
        ids[start:end] = place(themes, rows[start:end])
        pool = np.flatnonzero(ids[:end] == 0)
        themes, ids[pool] = grow(themes, rows[pool])
        first[:end] = np.where(first[:end] == 0, ids[:end], first[:end])
        if number % DAYS == 0:
            tended = tend(themes, rows[:end], ids[:end], np.zeros(end))
            had = ids[:end] > 0
            nights.append(float((tended.ids[had] == ids[:end][had]).mean()))
            themes, ids[:end] = tended.themes, tended.ids
            merged, split = merged + len(tended.merged), split + len(tended.split)
    had = first > 0
    return {
        f"NMI, themes after a stream ({len(themes.ids)})": round(nmi(ids, truth), 3),
        "share that keeps its theme to the end": round(float((first[had] == ids[had]).mean()), 4),
        "share that keeps its theme over a night": round(float(np.mean(nights)), 4) if nights else None,
        "themes merged, split": f"{merged}, {split}",
    }


def many(rows: Array) -> dict[str, float]:
    """Seconds of placing, growing and tending for many messages, made of real ones with a little noise."""
    chance = np.random.default_rng(1)
    noise = chance.normal(size=(MANY, rows.shape[1])).astype(np.float32) * 0.01
    whole = cluster.unit(rows[chance.integers(len(rows), size=MANY)] + noise)
    themes, ids = Themes.none(rows.shape[1]), np.zeros(MANY, np.int64)
    seconds = {"placing": 0.0, "growing": 0.0, "a night's care": 0.0}
    for start in range(0, MANY, 5_000):
        part = slice(start, start + 5_000)
        began = time.perf_counter()
        ids[part] = place(themes, whole[part])
        seconds["placing"] += time.perf_counter() - began
        began = time.perf_counter()
        pool = np.flatnonzero(ids[: part.stop] == 0)[-10_000:]
        themes, ids[pool] = grow(themes, whole[pool])
        seconds["growing"] += time.perf_counter() - began
    began = time.perf_counter()
    newest = slice(MANY - 20_000, MANY)
    tend(themes, whole[newest], ids[newest], np.zeros(20_000))
    seconds["a night's care"] += time.perf_counter() - began
    return {f"seconds of {what}": round(value, 2) for what, value in seconds.items()}


# --- measures and the baseline -----------------------------------------------------------------------------


def nmi(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> float:
    """Normalised mutual information of two clusterings, by the arithmetic mean of their entropies."""
    a, b = np.unique(left, return_inverse=True)[1], np.unique(right, return_inverse=True)[1]
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    joint = table / table.sum()
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    there = joint > 0
    shared = float((joint[there] * np.log(joint[there] / np.outer(rows, columns)[there])).sum())
    both = _entropy(rows) + _entropy(columns)
    return 2 * shared / both if both > 0 else 1.0


def _entropy(shares: npt.NDArray[np.float64]) -> float:
    return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def tf_idf_svd(texts: Sequence[str]) -> Array:
    """The baseline: words, weighed, in 100 dimensions by a randomised SVD; unit rows."""
    bags = [Counter(words(fold(text))) for text in texts]
    spread = Counter(term for bag in bags for term in bag)
    kept = {term: n for n, (term, _) in enumerate(spread.most_common(TERMS))}
    matrix = np.zeros((len(bags), len(kept)), np.float32)
    for row, bag in enumerate(bags):
        for term, number in bag.items():
            if term in kept:
                matrix[row, kept[term]] = (1 + np.log(number)) * np.log(len(bags) / spread[term])
    matrix = cluster.unit(matrix)
    sketch = matrix @ np.random.default_rng(0).normal(size=(len(kept), COMPONENTS + 10)).astype(np.float32)
    for _ in range(3):
        sketch = matrix @ (matrix.T @ np.linalg.qr(sketch)[0])
    base = np.linalg.qr(sketch)[0]
    small, strength, _ = np.linalg.svd(base.T @ matrix, full_matrices=False)
    return cluster.unit((base @ small * strength)[:, :COMPONENTS])
