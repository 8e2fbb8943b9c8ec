"""The catalogues' upkeep: `python -m web.catalogues` takes new texts of code and templates into every .po file."""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from web.i18n import LANGUAGES, po_file

HERE = Path(__file__).parent
METHODS = [
    ("cli/**", "ignore"),
    ("demo/**", "ignore"),
    ("**.py", "python"),
    ("templates/**.html", "jinja2"),
]
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2), "words": None}

HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""


def texts() -> Catalog:
    """Every text that is marked for translation, in the order of the files."""
    found = Catalog(charset="utf-8")
    options = {"templates/**.html": {"silent": "false"}}
    for path, _, message, comments, context in extract_from_dir(str(HERE), METHODS, options, KEYWORDS):
        found.add(message, locations=[(path, 0)], auto_comments=comments, context=context)
    return found


def read(language: str) -> Catalog:
    """The words of a language as the file has them."""
    with po_file(language).open("rb") as file:
        return read_po(file, locale=language)


def refreshed(language: str) -> bytes:
    """The file of a language with new texts added, empty, and obsolete ones removed."""
    kept = read(language)
    kept.update(texts(), no_fuzzy_matching=True, update_creation_date=False)
    kept.obsolete.clear()
    out = io.BytesIO()
    write_po(out, kept, width=110, no_location=True, omit_header=True, ignore_obsolete=True)
    header = HEADER.format(language=language, plural=kept.plural_forms)
    return header.encode() + out.getvalue().lstrip(b"\n")


def main() -> None:
    """Write the files."""
    for language in LANGUAGES:
        po_file(language).write_bytes(refreshed(language))


if __name__ == "__main__":
    main()
