"""Languages of the pages: gettext catalogues read from their .po files when the process starts."""

from __future__ import annotations

import gettext
import io
from functools import lru_cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "de": "Deutsch", "ja": "日本語"}
"""What can be chosen, each in its own words. English stands in the code; the others in the catalogues."""

FOLDER = Path(__file__).parent / "locale"


def N_(text: str) -> str:  # gettext's own name for it
    """Mark a text for translation where it stands; it is translated where it is shown."""
    return text


def po_file(language: str) -> Path:
    """Where the words of a language are kept."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> gettext.NullTranslations:
    """The words of a language; what is not translated stays English."""
    with po_file(language).open("rb") as file:
        words = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, words)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def pick(accept: str) -> str:
    """The best language for an Accept-Language header; English when none fits."""
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept[:500].split(",")):
        name, _, rest = part.strip().partition(";")
        try:
            weight = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            weight = 0.0
        code = name.strip().lower().partition("-")[0]
        if code in LANGUAGES and weight > 0:
            wishes.append((-weight, position, code))
    return min(wishes)[2] if wishes else "en"
