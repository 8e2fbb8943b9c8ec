"""A person's name out of its parts, in the order in which it is written where it comes from."""

from __future__ import annotations

import re

_KANJI_KANA = re.compile(
    "[\u3005-\u3007\u3041-\u309f\u30a0-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f ]+"
)


def whole(given: str, family: str) -> str:
    """Both together: the family name comes first where both are written in kanji or kana."""
    given, family = given.strip(), family.strip()
    return " ".join(part for part in ((family, given) if _japanese(given, family) else (given, family)) if part)


def called(name: str, given: str, family: str) -> str:
    """The whole name that somebody else put together, unless its parts show that the order is another.

    A CRM that is set to English writes the given name of everybody first.
    """
    return name if name and not _japanese(given.strip(), family.strip()) else whole(given, family) or name


def _japanese(given: str, family: str) -> bool:
    return _KANJI_KANA.fullmatch(given) is not None and _KANJI_KANA.fullmatch(family) is not None
