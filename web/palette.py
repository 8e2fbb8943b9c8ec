"""The colours of charts, by the names the style sheet has for them: one list for screen and paper."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

NAMES = (
    "c1", "c2", "c3", "c4", "c5", "c6", "c7",
    "d-neg3", "d-neg2", "d-neg1", "d-0", "d-pos1", "d-pos2", "d-pos3",
    "q1", "q2", "q3", "q4", "q5", "q6",
    "line", "line-strong", "surface", "surface-3", "text-3",
)  # fmt: skip
"""Tokens a chart may use; no two have the same light value, so that a drawing can be told apart by it."""

SENTIMENTS = {"negative": "d-neg2", "neutral": "d-0", "positive": "d-pos2", "unrated": "surface-3"}
BRANDS = ("c1", "c2", "c3", "c4", "c5", "c6")
OTHERS = "c7"
LEVELS = ("q1", "q2", "q3", "q4", "q5", "q6")

_STYLE = Path(__file__).with_name("static") / "tokens.css"
_TOKEN = re.compile(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}),\s*(#[0-9a-f]{6})\)")


@cache
def tokens() -> dict[str, tuple[str, str]]:
    """Every colour of the style sheet: name → (light, dark), as `#rrggbb`."""
    return {name: (light, dark) for name, light, dark in _TOKEN.findall(_STYLE.read_text("utf-8"))}


def light(name: str) -> str:
    """A colour on paper."""
    return tokens()[name][0]


@cache
def by_light() -> dict[str, str]:
    """The way back: a light value's name."""
    return {light(name): name for name in NAMES}
