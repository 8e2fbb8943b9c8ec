"""Names inside of sentences: whichever way they are written, the words after them stay in place.

What stands in an element of its own is isolated by the style sheet; `isolated` is for what is filled into a sentence,
`contained` for every text that a page shows.
https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from gettext import NullTranslations
from typing import Any

from markupsafe import Markup, escape

_TURNS = re.compile("[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]")
_ORDERS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that open and close directions: one too many would reach beyond the name."""

_SIGNS = tuple("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""The same one by one: looking for each is faster than the pattern."""
_OVERRIDES = re.compile("[\u202a-\u202e]")
_ISOLATES = re.compile("([\u2066-\u2069])")

LIMIT = 5000
"""Sentences kept ready: more than there are."""
FILLED = 500
"""Sentences kept with the one value in them: each row of a list says them again."""


@lru_cache(LIMIT)
def _safe(text: str) -> Markup:
    return escape(text)


def isolated(value: Any) -> Any:
    """A text that may turn its surroundings, enclosed; every other value as it is."""
    if not isinstance(value, str) or isinstance(value, Markup) or not _TURNS.search(value):
        return value
    return f"\u2068{_ORDERS.sub('', value)}\u2069"


def contained(text: str) -> str:
    """A text that reaches over its end with no sign: as pages show what strangers wrote; what is stored stays."""
    for sign in _SIGNS:
        if sign in text:
            break
    else:
        return text
    kept, depth = [], 0
    for part in _ISOLATES.split(_OVERRIDES.sub("", text)):
        if part == "\u2069":
            if not depth:
                continue
            depth -= 1
        elif _ISOLATES.fullmatch(part):
            depth += 1
        kept.append(part)
    return "".join(kept) + "\u2069" * depth


def filled(text: str, values: dict[str, Any]) -> Markup:
    """A sentence with values in it, enclosed where they may turn it; the sentence and what is no markup is escaped."""
    sentence = _safe(str(text))  # none of our sentences has markup, and a stored text may be handed in for one
    try:
        return sentence % {name: isolated(value) for name, value in values.items()}
    except (ValueError, TypeError, KeyError):
        if values:
            raise
        return sentence  # a stored text with a per cent sign in it


def speaking(words: NullTranslations) -> dict[str, Callable[..., Any]]:
    """gettext for templates in one language: each text is looked up once, and filled-in values are enclosed."""
    known: dict[str, Markup] = {}

    @lru_cache(FILLED)
    def filled_once(text: str, name: str, value: str) -> Markup:
        return filled(words.gettext(text), {name: value})

    def spoken(text: str, /, **values: Any) -> Markup:
        if values:
            name, value = next(iter(values.items()))
            if len(values) == 1 and type(value) is str:  # a text and no markup: as a key they would be the same
                return filled_once(text, name, value)
            return filled(words.gettext(text), values)
        found = known.get(text)
        if found is None:
            found = filled(words.gettext(text), {})
            if len(known) < LIMIT:
                known[text] = found
        return found

    def counted(one: str, many: str, number: int, /, **values: Any) -> Markup:
        return filled(words.ngettext(one, many, number), {"num": number, **values})

    return {"_": spoken, "gettext": spoken, "ngettext": counted}
