"""Names inside of sentences: whichever way they are written, the words after them stay in place.

What stands in an element of its own is isolated by the style sheet; this is for what is filled into a sentence.
https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

_TURNS = re.compile("[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]")
_ORDERS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Signs that open and close directions: one too many would reach beyond the name."""


def isolated(value: Any) -> Any:
    """A text that may turn its surroundings, enclosed; every other value as it is."""
    if not isinstance(value, str) or isinstance(value, Markup) or not _TURNS.search(value):
        return value
    return f"\u2068{_ORDERS.sub('', value)}\u2069"


def isolating(call: Callable[..., Any]) -> Callable[..., Any]:
    """gettext for templates whose filled-in values are enclosed."""

    @pass_context
    def spoken(context: Context, *texts: Any, **values: Any) -> Any:
        return call(context, *texts, **{name: isolated(value) for name, value in values.items()})

    return spoken
