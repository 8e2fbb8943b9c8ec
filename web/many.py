"""The way back of a deed on many conversations, short enough for a header: `pending~3.1.1!~9`.

Conversations by what stood there before, their numbers in order as distances in base 36.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
LONGEST = 40_000
"""Characters that are read."""


def written(stood: Mapping[int, str]) -> str:
    """{conversation: what stood there before} as text."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number in sorted(stood):
        groups[stood[number]].append(number)
    return "!".join(f"{before}~{_distances(numbers)}" for before, numbers in groups.items())


def read(text: str) -> dict[int, str]:
    """The same, read; what is none is left out."""
    found: dict[int, str] = {}
    for group in text[:LONGEST].split("!"):
        before, _, distances = group.rpartition("~")
        number = 0
        for one in distances.split("."):
            if not one or len(one) > 11 or set(one) - set(DIGITS):
                break
            number += int(one, 36)
            found[number] = before
    return found


def _distances(numbers: list[int]) -> str:
    return ".".join(_base36(here - last) for last, here in zip([0, *numbers], numbers, strict=False))


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text or "0"
