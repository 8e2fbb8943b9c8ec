"""Refusals in XRPC's words. https://atproto.com/specs/xrpc#error-responses"""

from __future__ import annotations


class Refused(Exception):
    """Answered as ``{"error": name, "message": message}`` with this status."""

    def __init__(self, status: int, name: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.name, self.message, self.headers = status, name, message, headers or {}


def invalid(message: str) -> Refused:
    return Refused(400, "InvalidRequest", message)
