"""What somebody typed for a program to read: numbers, times and days."""

from __future__ import annotations

import unicodedata

_SIGNS = str.maketrans(dict.fromkeys("–—−―ー〜~", "-") | {"、": ",", "。": "."})


def plain(text: str) -> str:
    """Digits and signs as ASCII has them, whatever the keyboard wrote: `９：００〜１７：００` is `9:00-17:00`."""
    return unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
