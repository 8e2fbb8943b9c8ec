"""What a build of the encoder must come to: written when the deltas were trained, held against every build."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"


@dataclass(frozen=True)
class Lock:
    """The size and sha256 of the weights, the sha256 of the vocabulary."""

    version: str
    size: int
    weights: str
    vocabulary: str


def read(folder: Path = ASSETS) -> Lock:
    """The lock that the repository carries."""
    return Lock(**json.loads((folder / "lock.json").read_text("utf-8")))
