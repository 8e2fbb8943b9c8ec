"""Messages a second of the annotator on one core: distinct texts, cache and dedupe of no use, the same batches for all.

torch in float32 (where it is installed), onnxruntime in float32, onnxruntime in int8 as shipped, the whole
annotator (reading, heads, annotations), its rows in the database, and the lexicon.
"""

from __future__ import annotations

import importlib.util
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from sentiment.embedded import build, deltas
from sentiment.embedded.annotator import EmbeddedAnnotator
from sentiment.embedded.encoder import Encoder
from sentiment.embedded.tokenizer import prepare, unpack
from sentiment.embedded.weights import Weights, find
from sentiment.lexicon import LexiconAnnotator
from sentiment.train.data import authored

LENGTHS = (12, 24, 48)
"""Tokens: a short post, a post, a long one; so many texts of each."""
EACH = 240
ROUNDS = 3
ANNOTATOR_TARGET, TORCH_TARGET, PEAK_TARGET = 0.9, 2.0, 700.0

Batches = list[npt.NDArray[np.int64]]


def run(folder: Path) -> dict[str, Any]:
    """Ratios of rates taken in turns in the same run; the best round of each counts."""
    home = build.ensure(folder / "models")
    encoder = Encoder(home, cached=0)
    texts = _texts(encoder)
    batches = _batches(encoder, texts)
    annotator = EmbeddedAnnotator(encoder)
    ways: dict[str, Callable[[], object]] = {
        "int8": lambda: [encoder.run(batch) for batch in batches],
        "annotator": lambda: [annotator.annotate(texts[start : start + 240]) for start in range(0, len(texts), 240)],
        "lexicon": lambda: LexiconAnnotator().annotate(texts),
    }
    if importlib.util.find_spec("onnx"):
        ways["float32"] = _float32(folder, batches)
    if importlib.util.find_spec("torch"):
        ways["torch"] = _torch(batches)
    rates = _rates(ways, len(texts))
    peak = psutil.Process().memory_info().rss / 1e6
    torch = rates.get("torch", 0.0)
    found = {
        "texts": len(texts),
        "tokens": int(sum(batch.size for batch in batches)),
        **{f"messages_per_second_{name}": round(rate) for name, rate in rates.items()},
        "annotator_of_onnxruntime": round(rates["annotator"] / rates["int8"], 3),
        "int8_of_torch": round(rates["int8"] / torch, 2) if torch else "torch is not installed",
        "annotator_of_torch": round(rates["annotator"] / torch, 2) if torch else "torch is not installed",
        "peak_mb": "with torch and float32 loaded: see `memory`" if torch else round(peak),
    }
    found["ok"] = (
        rates["annotator"] / rates["int8"] >= ANNOTATOR_TARGET
        and (not torch or rates["annotator"] / torch >= TORCH_TARGET)
        and (torch > 0 or peak <= PEAK_TARGET)
    )
    return found


def _texts(encoder: Encoder) -> list[str]:
    """Distinct texts of the stated lengths, put together from our own messages in three languages."""
    chance = random.Random(5)
    words = [example.text.split() or [example.text] for example in authored()]
    found: list[str] = []
    for length in LENGTHS:
        made: set[str] = set()
        while len(made) < EACH:
            text = ""
            while len(encoder.windows([prepare(text)])[0][0]) < length:
                text = f"{text} {chance.choice(chance.choice(words))}".strip()[:400]
            made.add(text)
        found += sorted(made)
    chance.shuffle(found)
    return found


def _batches(encoder: Encoder, texts: list[str]) -> Batches:
    """As the annotator itself makes them: of one length, of at most eight."""
    found: Batches = []
    for start in range(0, len(texts), 240):
        windows, _ = encoder.windows([prepare(text) for text in texts[start : start + 240]])
        found += [np.array([windows[place] for place in places]) for places in encoder.batches(windows)]
    return found


def _float32(folder: Path, batches: Batches) -> Callable[[], object]:
    import onnx
    import onnxruntime

    from sentiment.train import graph

    weights, learned = Weights(find()), deltas.load()
    kept = unpack(learned.pieces, len(weights.pieces))
    shape = weights.shape
    place = folder / "float32"
    place.mkdir()
    model = graph.make(
        build.tensors(weights, learned, kept, exact=True), shape.layers, shape.heads, shape.hidden, weights.epsilon
    )
    onnx.save(model, place / build.GRAPH)
    with (place / build.DATA).open("wb") as stream:
        for _, array in build.tensors(weights, learned, kept, exact=True):
            data = np.ascontiguousarray(array).tobytes()
            stream.write(data + bytes(-len(data) % build.ALIGNED))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(place / build.GRAPH), options, providers=["CPUExecutionProvider"])
    return lambda: [session.run(None, {"ids": batch}) for batch in batches]


def _torch(batches: Batches) -> Callable[[], object]:
    import torch

    from sentiment.train.network import merged

    torch.set_num_threads(1)
    encoder = merged(Weights(find()), deltas.load())
    tensors = [torch.from_numpy(batch) for batch in batches]

    def run() -> None:
        with torch.inference_mode():
            for ids in tensors:
                encoder(ids, torch.ones_like(ids, dtype=torch.bool))

    return run


def _rates(ways: dict[str, Callable[[], object]], texts: int) -> dict[str, float]:
    best = dict.fromkeys(ways, 0.0)
    for name, seconds in _timed(ways):
        best[name] = max(best[name], texts / seconds)
    return best


def _timed(ways: dict[str, Callable[[], object]]) -> Iterator[tuple[str, float]]:
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.process_time()
            way()
            yield name, time.process_time() - started
