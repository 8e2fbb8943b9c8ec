"""What training adds to the encoder's weights, small enough to live in the repository.

For each trained matrix two int8 factors and a scale per output row, so that their product is an exact
sum of integers on every machine; for each matrix the range of its input per channel.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SHIPPED = Path(__file__).parent / "assets" / "deltas.npz"

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Deltas:
    """`pieces`: the packed bitmap of kept pieces; `factors`: (up int8, down int8, scale) by matrix name such as
    `l4.q`; `ranges`: the largest input per channel of `l0.qkv`, `l0.ao`, `l0.fi` and so on."""

    pieces: bytes
    factors: Mapping[str, tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], Array]]
    ranges: Mapping[str, Array]

    def correction(self, name: str) -> Array | None:
        """What is added to a matrix, shape (out, in); None where nothing was trained."""
        if name not in self.factors:
            return None
        up, down, scale = self.factors[name]
        product = up.astype(np.int32) @ down.astype(np.int32)
        return np.asarray(product.astype(np.float32) * scale[:, None], np.float32)


def quantised(up: Array, down: Array) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8], Array]:
    """Factors of shape (out, rank) and (rank, in) as int8: the scale of `down` moves into `up`."""
    inner = np.maximum(np.abs(down).max(axis=1, keepdims=True), 1e-12) / 127
    whole = up * inner.T
    outer = np.maximum(np.abs(whole).max(axis=1), 1e-12) / 127
    return (
        np.rint(whole / outer[:, None]).astype(np.int8),
        np.rint(down / inner).astype(np.int8),
        outer.astype(np.float32),
    )


def load(path: Path = SHIPPED) -> Deltas:
    """Read what `save` wrote."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
        names = [name.removesuffix(".up") for name in file.files if name.endswith(".up")]
        return Deltas(
            file["pieces"].tobytes(),
            {name: (file[f"{name}.up"], file[f"{name}.down"], file[f"{name}.scale"]) for name in names},
            {name.removeprefix("range."): file[name] for name in file.files if name.startswith("range.")},
        )


def save(deltas: Deltas, path: Path) -> None:
    """One compressed file without pickles."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"pieces": np.frombuffer(deltas.pieces, np.uint8)}
    for name, (up, down, scale) in deltas.factors.items():
        arrays |= {f"{name}.up": up, f"{name}.down": down, f"{name}.scale": scale}
    for name, values in deltas.ranges.items():
        arrays[f"range.{name}"] = values
    with path.open("wb") as stream:
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # arrays of several types
