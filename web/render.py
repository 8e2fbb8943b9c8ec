"""From values to pages: Jinja with the words of one language, always escaping."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, ParamSpec
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.runtime import Context
from starlette.concurrency import run_in_threadpool

from core import db
from web import (
    approval_words,
    bidi,
    casework,
    crm_words,
    field_words,
    i18n,
    live,
    making_words,
    note_words,
    people_words,
    refusals,
    shell,
    survey_words,
    translating,
    words,
)
from web.folding import FoldingEnvironment
from web.reader import Reader

HTMX = json.dumps(
    {
        "allowEval": False,
        "includeIndicatorStyles": False,
        "selfRequestsOnly": True,
        "attributesToSettle": ["class"],
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "scrollBehavior": "auto",
        "defaultFocusScroll": False,
        "globalViewTransitions": False,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)
"""What htmx may do: nothing inline, nothing elsewhere; a refused form (422) is shown like any other answer."""

HERE = Path(__file__).parent
STATIC = HERE / "static"


@lru_cache(maxsize=64)
def static(name: str) -> str:
    """The address of a static file with a mark of its content, so that browsers may keep it."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={mark}"


_reader: ContextVar[Reader] = ContextVar("reader")


class _Reading:
    """The reader of the page that is being written, for macros: they are made once, not for each page."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_reader.get(), name)


class _Context(Context):
    """Calls without Jinja's question what each function wants to know: none of those in our templates does."""

    def call(self, called: Callable[..., Any], /, *args: Any, **values: Any) -> Any:
        if values:
            values.pop("_loop_vars", None)
            values.pop("_block_vars", None)
        return called(*args, **values)


@lru_cache(maxsize=len(i18n.LANGUAGES))
def environment(language: str) -> Environment:
    """The templates in one language."""
    made = FoldingEnvironment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.context_class = _Context
    made.globals.update(bidi.speaking(i18n.catalogue(language)))
    made.globals.update(
        reader=_Reading(),
        static=static,
        words=words,
        people_words=people_words,
        crm_words=crm_words,
        casework=casework,
        translating=translating,
        faces=survey_words,
        own=field_words,
        making=making_words,
        refused=refusals.said,
        faces_of_why=approval_words.WHY,
        shell=shell,
        languages=i18n.LANGUAGES,
        query=query,
        htmx_config=HTMX,
    )
    return made


def query(**values: object) -> str:
    """`?a=1&b=2` without the empty ones; empty when nothing is left."""
    kept = {name: value for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else ""


def text(template: str, reader: Reader, **values: Any) -> str:
    """A template as text."""
    mark = _reader.set(reader)
    try:
        return environment(reader.language).get_template(template).render(reader=reader, **values)
    finally:
        _reader.reset(mark)


P = ParamSpec("P")


async def quickly(work: Callable[P, Response], *args: P.args, **values: P.kwargs) -> Response:
    """A page whose few small reads are over sooner than a thread has begun: at once with SQLite, else in a thread."""
    if db.dialect() == "sqlite":
        return work(*args, **values)
    return await run_in_threadpool(work, *args, **values)


def page(request: Request, reader: Reader, template: str, status: int = 200, **values: Any) -> Response:
    """A whole page, with the frame around it.

    `?note=…` names a sentence of `note_words.NOTES` that says what was just done.
    """
    note = note_words.NOTES.get(request.query_params.get("note", ""), "")
    values = {"here": request.url.path, "note": note, "undo": "", "problem": "", **values}
    if "position" not in values:
        values["position"] = position(request) if reader.user_id else ""
    return HTMLResponse(text(template, reader, **values), status, headers={"Vary": "HX-Request"})


def position(request: Request) -> str:
    """The newest event's id, to be read before a page's rows are: what comes later arrives as an event."""
    known: str = request.app.state.hub.place()
    return known or live.position()


def wants_part(request: Request) -> bool:
    """htmx asks for a part of the page; going back in the history always gets the whole."""
    return "hx-request" in request.headers and "hx-history-restore-request" not in request.headers


def part(template: str, reader: Reader, status: int = 200, **values: Any) -> Response:
    """A part of a page, for htmx."""
    return HTMLResponse(text(template, reader, **values), status, headers={"Vary": "HX-Request"})


def told(
    response: Response, words_: str = "", kind: str = "ok", undo: str = "", values: Mapping[str, str] | None = None,
    events: Sequence[str] = (),
) -> Response:  # fmt: skip
    """Have an answer to htmx come with a toast, and with events for the page's script.

    `undo` is the address, `values` the form, that a press on the toast's button posts.
    """
    toast = {"text": words_, "kind": kind, "undo": undo, "values": values}
    shown = {"toast": {name: value for name, value in toast.items() if value}} if words_ else {}
    response.headers["HX-Trigger"] = json.dumps({**shown, **dict.fromkeys(events, "")})
    return response


def to(path: str, note: str = "") -> Response:
    """Go on to another page after a change, with a word about what was done."""
    if note:
        before, hash_mark, anchor = path.partition("#")
        joiner = "&" if "?" in before else "?"
        path = f"{before}{joiner}note={note}{hash_mark}{anchor}"
    return RedirectResponse(path, 303)
