"""The weights of the scorer, read from `enrichment/weights.toml` once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class NameWeight:
    """keep: how well the level keeps true pairs; namesakes: strangers of that name however rare it is."""

    keep: float
    namesakes: float
    words: str


@dataclass(frozen=True, slots=True)
class Weight:
    """What a signal multiplies the odds by, and the family of evidence it belongs to."""

    times: float
    words: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class Weights:
    """Everything in the file, by its sections."""

    version: str
    in_crm: float
    audience: float
    together: float
    auto: float
    review: float
    rival: float
    slope: float
    shift: float
    smoothing: Mapping[str, float]
    names: Mapping[str, NameWeight]
    others: Mapping[str, Weight]
    own: Mapping[str, Weight]
    shared: Mapping[str, Weight]


@lru_cache(maxsize=1)
def shipped() -> Weights:
    """The weights as they come with this version."""
    return read(files("enrichment").joinpath("weights.toml").read_text("utf-8"))


def read(text: str) -> Weights:
    """Weights out of TOML; KeyError or TypeError names what is missing or misplaced."""
    found: dict[str, Any] = tomllib.loads(text)
    return Weights(
        version=found["version"],
        **found["prior"],
        **found["thresholds"],
        **found["calibration"],
        smoothing=found["smoothing"],
        names={level: NameWeight(**one) for level, one in found["names"].items()},
        others=_weights(found["others"]),
        own=_weights(found["own"]),
        shared=_weights(found["shared"]),
    )


def _weights(part: Mapping[str, Mapping[str, Any]]) -> dict[str, Weight]:
    return {name: Weight(**one) for name, one in part.items()}
