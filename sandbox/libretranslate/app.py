"""`/languages`, `/detect` and `/translate`. https://docs.libretranslate.com/api/operations/translate/

Refusals and their words are those of the server's own source, `libretranslate/app.py`: a wrong key is 403, a missing
one 400, an unknown language and a text over the limit 400, too many requests 429.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.libretranslate.words import LANGUAGES, detect, translate
from sandbox.limits import Limits, Window
from sandbox.web import reply

KEY = "sandbox-translation-key"
CHARACTERS, TEXTS = 2000, 25
RATE, SECONDS = 80, 60

Doc = dict[str, Any]


class Refused(Exception):
    """A status with the server's words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


def create_app(limits: Limits | None = None) -> Starlette:
    """The server; with limits, eighty requests a minute for each key."""
    routes = [
        Route("/languages", languages),
        Route("/frontend/settings", settings),
        Route("/detect", detected, methods=["POST"]),
        Route("/translate", translated, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={Refused: _refused})
    app.state.window = Window(limits or Limits(on=False), RATE, SECONDS)
    return app


async def languages(request: Request) -> Response:
    """Asks for no key."""
    codes = list(LANGUAGES)
    return reply([{"code": code, "name": name, "targets": codes} for code, name in LANGUAGES.items()])


async def settings(request: Request) -> Response:
    return reply({"charLimit": CHARACTERS, "keyRequired": True, "apiKeys": True})


async def detected(request: Request) -> Response:
    doc = await _asked(request)
    if not doc.get("q"):
        raise Refused(400, "Invalid request: missing q parameter")
    return reply([detect([str(doc["q"])])])


async def translated(request: Request) -> Response:
    """One text, or a list of them; with `auto` one language is found for all of them."""
    doc = await _asked(request)
    for name in ("q", "source", "target"):
        if not doc.get(name):
            raise Refused(400, f"Invalid request: missing {name} parameter")
    several = isinstance(doc["q"], list)
    texts = [str(one) for one in doc["q"]] if several else [str(doc["q"])]
    _within(texts, several=several)
    found = detect(texts)
    source, target = found["language"] if doc["source"] == "auto" else str(doc["source"]), str(doc["target"])
    for code in (source, target):
        if code not in LANGUAGES:
            raise Refused(400, f"{code} is not supported")
    if doc.get("format") not in (None, "text", "html"):
        raise Refused(400, f"{doc['format']} format is not supported")
    made = [translate(one, source, target) for one in texts]
    body: Doc = {"translatedText": made if several else made[0]}
    if doc["source"] == "auto":
        body["detectedLanguage"] = [found] * len(texts) if several else found
    return reply(body)


def _within(texts: list[str], *, several: bool) -> None:
    if several and len(texts) > TEXTS:
        raise Refused(400, f"Invalid request: request ({len(texts)}) exceeds text limit ({TEXTS})")
    for one in texts:
        if len(one) > CHARACTERS:
            raise Refused(400, f"Invalid request: request ({len(one)}) exceeds text limit ({CHARACTERS})")


async def _asked(request: Request) -> Doc:
    """The body, of somebody who has the key and has not asked too often."""
    try:
        doc = json.loads(await request.body())
    except ValueError as error:
        raise Refused(400, "Invalid JSON format") from error
    if not isinstance(doc, dict):
        raise Refused(400, "Invalid JSON format")
    key = str(doc.get("api_key") or "")
    if key and key != KEY:
        raise Refused(403, "Invalid API key")
    if not key:
        raise Refused(400, "Please contact the server operator to get an API key")
    if not request.app.state.window.spend(key)[0]:
        raise Refused(429, f"Slowdown: {RATE} per 1 minute")
    return doc


async def _refused(request: Request, problem: Exception) -> Response:
    return reply({"error": str(problem)}, problem.status if isinstance(problem, Refused) else 500)
