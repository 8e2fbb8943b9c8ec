"""Refusals in the Bot API's words. https://core.telegram.org/bots/api#making-requests"""

from __future__ import annotations


class Refused(Exception):
    """Answered as ``{"ok": false, "error_code": code, "description": text}`` with the same HTTP status."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def bad(text: str) -> Refused:
    return Refused(400, f"Bad Request: {text}")
