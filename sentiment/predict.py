"""Texts in, annotations out, line by line: whatever length the stream has, only a batch of it is held."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from core import db
from core.errors import BadPayload
from sentiment import answers
from sentiment.port import Annotator

BATCH = 64
"""Lines read before their answers are written."""


def predictions(lines: Iterable[bytes], annotator: Annotator, language: str = "") -> Iterator[dict[str, Any]]:
    """One answer per line, in order; a line is a text, or a JSON object with "text" (and, if known, "language").

    An "id" of such an object stands in its answer. BadPayload names a line that is not UTF-8; answers to
    those before it are out by then.
    """
    numbered = enumerate(lines, 1)
    while batch := list(islice(numbered, BATCH)):
        asked = [_read(number, line, language) for number, line in batch]
        found = annotator.annotate([text for text, _, _ in asked], [hint for _, hint, _ in asked])
        for (_, _, kept), one in zip(asked, found, strict=True):
            yield {**kept, **answers.as_dict(one)}


def _read(number: int, line: bytes, language: str) -> tuple[str, str | None, dict[str, Any]]:
    """The text of a line, the language claimed for it, and what its answer repeats."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadPayload(f"Line {number} is not UTF-8: {error.reason} at byte {error.start}.") from error
    value = _object(text)
    if value is None:
        return text, language or None, {}
    hint = value.get("language")
    kept = {"id": value["id"]} if "id" in value else {}
    return db.sound(value["text"]), hint if isinstance(hint, str) and hint else language or None, kept


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object a line is; None for every other text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("text"), str) else None
