"""DeepL: https://developers.deepl.com/api-reference/translate

The key of a free plan ends in `:fx` and belongs to a host of its own; 456 means that the plan's characters are used up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.answers import Answer, reason
from connectors.client import Client
from connectors.translation import port
from connectors.translation.port import Languages, Translated
from core.errors import BadPayload, Rejected, WiderhallError

FREE, PAID = "https://api-free.deepl.com", "https://api.deepl.com"
SECONDS = 25.0
LARGEST = 2_000_000
MOST = 50


def address(key: str) -> str:
    """The host that a key belongs to."""
    return FREE if key.endswith(":fx") else PAID


class DeepL:
    """One account; an empty `url` is the host of its key."""

    def __init__(self, url: str, key: str, *, allow_private: bool) -> None:
        headers = {"Authorization": f"DeepL-Auth-Key {key}"}
        where = url or address(key)
        self._client = Client(where, refusal=refusal, allow_private=allow_private, headers=headers, max_bytes=LARGEST)

    def languages(self) -> Languages:
        return Languages(self._codes("source"), self._codes("target"))

    def _codes(self, kind: str) -> tuple[str, ...]:
        rows = self._client.get("/v2/languages", {"type": kind}, timeout=SECONDS).list()
        try:
            return tuple(sorted(str(row["language"])[:20] for row in rows))
        except (TypeError, KeyError) as error:
            raise BadPayload(port.STRANGE) from error

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translated]:
        parts = [list(texts[at : at + MOST]) for at in range(0, len(texts), MOST)]
        return [one for part in parts for one in self._part(part, source, target)]

    def _part(self, texts: list[str], source: str, target: str) -> list[Translated]:
        body: dict[str, Any] = {"text": texts, "target_lang": target.upper()}
        if source:
            body["source_lang"] = source.upper()
        said = self._client.post("/v2/translate", body, timeout=SECONDS).object()
        try:
            found = [
                Translated(str(one["text"]), str(one["detected_source_language"])[:20]) for one in said["translations"]
            ]
        except (TypeError, KeyError) as error:
            raise BadPayload(port.STRANGE) from error
        if len(found) != len(texts):
            raise BadPayload(port.STRANGE)
        return found


def _read(one: dict[str, Any]) -> Translated:
    return Translated(str(one["text"]), str(one["detected_source_language"])[:20])


def refusal(answer: Answer) -> WiderhallError | None:
    """What a refusal means; None for what is no business of this server's own."""
    if answer.status in (401, 403):
        return Rejected(port.KEY, "key")
    if answer.status == 413:
        return Rejected(port.LONG, "long")
    if answer.status == 456:
        return Rejected(port.QUOTA, "quota")
    if answer.status == 400 and "lang" in reason(answer)[1].lower():
        return Rejected(port.LANGUAGE, "language")
    return None
