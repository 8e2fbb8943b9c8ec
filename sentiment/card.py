"""The model card that comes along: how good the shipped heads are, and on what data each was trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentiment import embedded

FILE = Path(embedded.__file__).parent / "assets" / "card.json"


@dataclass(frozen=True)
class Measure:
    """Agreement with one labelled set in one language; figures are fractions, `low` and `high` bound the macro-F1."""

    task: str
    language: str
    set: str
    n: int
    macro_f1: float
    low: float
    high: float
    calibration_error: float | None


@dataclass(frozen=True)
class HeadCard:
    """One head: the data it was trained on, and whether there is enough of it to speak of."""

    task: str
    data: str
    supported: bool


@dataclass(frozen=True)
class Card:
    """Empty where none came along."""

    measures: Sequence[Measure]
    heads: Sequence[HeadCard]


def card(file: Path = FILE) -> Card:
    """The card; what cannot be read in it is left out."""
    try:
        value = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return Card((), ())
    heads, measures = (_part(value, name) for name in ("heads", "measures"))
    return Card(
        tuple(
            found for one in (measures if isinstance(measures, list) else ()) if (found := _measure(one)) is not None
        ),
        tuple(
            HeadCard(str(task), _data(one.get("data", "")), bool(one.get("supported")))
            for task, one in (heads.items() if isinstance(heads, Mapping) else ())
            if isinstance(one, Mapping)
        ),
    )


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _measure(one: Any) -> Measure | None:
    try:
        error = one.get("calibration_error")
        return Measure(
            str(one["task"]), str(one["language"]), str(one["set"]), int(one["n"]), float(one["macro_f1"]),
            float(one["low"]), float(one["high"]), None if error is None else float(error),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _data(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
