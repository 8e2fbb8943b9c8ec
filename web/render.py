"""From values to pages: Jinja with the words of one language, always escaping."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from web import i18n, words
from web.reader import Reader

HERE = Path(__file__).parent
STATIC = HERE / "static"


@lru_cache(maxsize=64)
def static(name: str) -> str:
    """The address of a static file with a mark of its content, so that browsers may keep it."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"


@lru_cache(maxsize=len(i18n.LANGUAGES))
def environment(language: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(i18n.catalogue(language), newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.globals.update(static=static, words=words, languages=i18n.LANGUAGES, query=query)
    return made


def query(**values: object) -> str:
    """`?a=1&b=2` without the empty ones; empty when nothing is left."""
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else ""


def text(template: str, reader: Reader, **values: Any) -> str:
    """A template as text."""
    return environment(reader.language).get_template(template).render(reader=reader, **values)


def page(request: Request, reader: Reader, template: str, status: int = 200, **values: Any) -> Response:
    """A whole page, with the frame around it.

    `?note=…` names a sentence of `words.NOTES` that says what was just done.
    """
    note = words.NOTES.get(request.query_params.get("note", ""), "")
    values = {"here": request.url.path, "note": note, "problem": "", **values}
    return HTMLResponse(text(template, reader, **values), status)


def to(path: str, note: str = "") -> Response:
    """Go on to another page after a change, with a word about what was done."""
    if note:
        before, hash_mark, anchor = path.partition("#")
        joiner = "&" if "?" in before else "?"
        path = f"{before}{joiner}note={note}{hash_mark}{anchor}"
    return RedirectResponse(path, 303)
