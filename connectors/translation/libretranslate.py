"""LibreTranslate, on a server of one's own or elsewhere: https://docs.libretranslate.com/api/operations/translate/

A wrong key is 403, a missing one 400; a text over the limit and a language it does not have are 400, told apart by
their words. With `auto` one language is found for all texts of a call, so texts of unknown language go one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.answers import Answer, reason
from connectors.client import Client
from connectors.translation import port
from connectors.translation.port import Languages, Translated
from core.errors import BadPayload, Rejected, WiderhallError

SECONDS = 25.0
LARGEST = 2_000_000
MOST = 20
"""Texts of one call: servers are set up with limits from here on."""


class LibreTranslate:
    """One server; `key` is empty where it asks for none."""

    def __init__(self, url: str, key: str, *, allow_private: bool) -> None:
        self._key = key
        self._client = Client(url, refusal=refusal, allow_private=allow_private, max_bytes=LARGEST)

    def languages(self) -> Languages:
        rows = self._client.get("/languages", timeout=SECONDS).list()
        try:
            sources = tuple(str(row["code"])[:20] for row in rows)
            targets = {str(one)[:20] for row in rows for one in row.get("targets") or sources}
        except (TypeError, KeyError, AttributeError) as error:
            raise BadPayload(port.STRANGE) from error
        return Languages(sources, tuple(sorted(targets)))

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        step = MOST if source else 1
        parts = [list(texts[at : at + step]) for at in range(0, len(texts), step)]
        return [one for part in parts for one in self._part(part, source, target)]

    def _part(self, texts: list[str], source: str, target: str) -> list[Translated]:
        body: dict[str, Any] = {"q": texts, "source": source or "auto", "target": target, "format": "text"}
        if self._key:
            body["api_key"] = self._key
        said = self._client.post("/translate", body, timeout=SECONDS).object()
        found = said.get("translatedText")
        if not isinstance(found, list) or len(found) != len(texts) or not all(isinstance(one, str) for one in found):
            raise BadPayload(port.STRANGE)
        return [Translated(one, source or _detected(said)) for one in found]


def _detected(said: dict[str, Any]) -> str:
    found = said.get("detectedLanguage")
    first = found[0] if isinstance(found, list) and found else found
    return str(first.get("language", ""))[:20] if isinstance(first, dict) else ""


def refusal(answer: Answer) -> WiderhallError | None:
    """What a refusal means; None for what is no business of this server's own."""
    words = reason(answer)[1].lower()
    if answer.status == 403:
        return Rejected(port.BUSY if "too many" in words else port.KEY, "key")
    if answer.status != 400:
        return None
    if "exceeds text limit" in words:
        return Rejected(port.LONG, "long")
    if "api key" in words:
        return Rejected(port.NEEDS_KEY, "key")
    if "not supported" in words or "not available" in words:
        return Rejected(port.LANGUAGE, "language")
    return None
