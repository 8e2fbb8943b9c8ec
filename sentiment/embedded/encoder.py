"""Texts to rows of meaning: tokenise, batch texts of one length, run the graph, average the tokens.

A row does not depend on what else is in its batch: a batch holds windows of one length only, so that there
is no padding, every activation is scaled by constants or by its own token, and sums are made per text.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.settings import settings
from sentiment.embedded import build
from sentiment.embedded.tokenizer import prepare, read

BATCH, TOKENS = 8, 512
"""Windows and tokens per run: more at once is no quicker on a processor and takes more memory."""
WINDOWS = 4
"""So many windows of a long text are read; the rest is left out."""
OVERLAP = 16
"""Tokens that two windows share."""
CACHED = 2_000
"""Rows that are kept of texts seen last (1.5 kB each)."""
_DONT_NEED = 4
ASKED = 512
"""Texts that are worked on at once, so that memory stays bounded."""

Array = npt.NDArray[np.float32]


class Encoder:
    """The built model, loaded. Threads may share it."""

    def __init__(self, folder: Path, threads: int = 1, cached: int = CACHED) -> None:
        runtime = importlib.import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.enable_mem_pattern = False  # each length would keep a plan of its own
        self._session = runtime.InferenceSession(str(folder / build.GRAPH), options, providers=["CPUExecutionProvider"])
        _give_back(folder / build.DATA)
        self._tokenizer = read(folder / build.TOKENIZER)
        self._rows: OrderedDict[str, Array] = OrderedDict()
        self._cached = cached
        self._guard = threading.Lock()

    def encode(self, texts: Sequence[str]) -> Array:
        """Rows of length 1, shape (n, 384), in order. Repeats are worked out once."""
        read_as = [prepare(text) for text in texts]
        known = self._known(read_as)
        new = [text for text in dict.fromkeys(read_as) if text not in known]
        for start in range(0, len(new), ASKED):
            part = new[start : start + ASKED]
            known.update(zip(part, self._encode(part), strict=True))
        self._keep(known)
        return np.stack([known[text] for text in read_as]) if read_as else np.zeros((0, 384), np.float32)

    def windows(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        """Token ids of every window, and which text each belongs to."""
        found: list[list[int]] = []
        owners: list[int] = []
        inside = build.POSITIONS - 2
        for owner, encoding in enumerate(self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=True)):
            ids = encoding.ids
            if len(ids) <= build.POSITIONS:
                found.append(ids)
                owners.append(owner)
                continue
            body, step = ids[1:-1], inside - OVERLAP
            starts = range(0, min(len(body) - OVERLAP, step * WINDOWS), step)
            found += [[ids[0], *body[start : start + inside], ids[-1]] for start in starts]
            owners += [owner] * len(starts)
        return found, owners

    @staticmethod
    def batches(windows: Sequence[Sequence[int]]) -> list[list[int]]:
        """Places of windows that are run together: of one length, within `BATCH` and `TOKENS`."""
        by_length: dict[int, list[int]] = defaultdict(list)
        for place, window in enumerate(windows):
            by_length[len(window)].append(place)
        found = []
        for length, places in by_length.items():
            step = max(1, min(BATCH, TOKENS // length))
            found += [places[start : start + step] for start in range(0, len(places), step)]
        return found

    def run(self, ids: npt.NDArray[np.int64]) -> Array:
        """The graph alone: windows of one length, shape (batch, tokens), to the mean of each, shape (batch, 384)."""
        tokens = self._session.run(None, {"ids": ids})[0]
        return np.asarray(tokens.sum(axis=1) / np.float32(tokens.shape[1]), np.float32)

    def _encode(self, texts: list[str]) -> Array:
        windows, owners = self.windows(texts)
        means = np.zeros((len(windows), 384), np.float32)
        for places in self.batches(windows):
            means[places] = self.run(np.array([windows[place] for place in places], np.int64))
        rows = np.zeros((len(texts), 384), np.float32)
        for mean, window, owner in zip(means, windows, owners, strict=True):
            rows[owner] += mean * np.float32(len(window))
        return np.asarray(rows / np.sqrt((rows * rows).sum(axis=1, keepdims=True)), np.float32)

    def _known(self, texts: list[str]) -> dict[str, Array]:
        with self._guard:
            return {text: self._rows[text] for text in texts if text in self._rows}

    def _keep(self, rows: dict[str, Array]) -> None:
        with self._guard:
            for text, row in rows.items():
                self._rows[text] = row
                self._rows.move_to_end(text)
            while len(self._rows) > self._cached:
                self._rows.popitem(last=False)


def _give_back(file: Path) -> None:
    """Let go of the pages of a mapped file: what was packed for the processor is in memory twice by now.

    They are clean: a row of the vocabulary that is needed is simply read again.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith(str(file)):
            start, end = (int(number, 16) for number in line.split(" ", 1)[0].split("-"))
            library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _DONT_NEED)


@lru_cache(maxsize=1)
def _loaded(home: Path, threads: int) -> Encoder:
    return Encoder(build.ensure(home), threads)


_loading = threading.Lock()


def release() -> None:
    """Give the memory back, when another annotator is to work."""
    with _loading:
        _loaded.cache_clear()


def shared() -> Encoder:
    """The process's encoder, built and loaded at the first call; NotConfigured when it cannot be."""
    with _loading:
        return _loaded(settings().models, settings().annotator_threads)
