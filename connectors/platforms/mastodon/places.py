"""From our server's status ids to event keys: answers name their parent only by that id.

Every status that passes is remembered in the process; parents nobody has seen are looked up, twenty
in one call where the server can do that (Mastodon 4.3,
https://docs.joinmastodon.org/methods/statuses/#index), else one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from connectors.client import Client
from connectors.platforms.mastodon.to_event import Place, status_key
from core.errors import BadPayload, Rejected

Doc = Mapping[str, Any]
AT_ONCE = 20
MOST = 100_000

_known: dict[tuple[str, str], Place] = {}
_one_by_one: set[str] = set()
"""Servers that cannot answer several statuses in one call."""


class Places:
    """The places of one server's statuses."""

    def __init__(self, client: Client, host: str) -> None:
        self._client, self._host = client, host

    def note(self, status: Doc) -> None:
        """Remember a status that was seen; its thread is known when its parent's is."""
        if len(_known) > MOST:
            _known.clear()
        key, parent = status_key(status, self._host), status.get("in_reply_to_id")
        above = _known.get((self._host, str(parent)))
        thread = (above.thread if above else None) if parent else key
        _known[self._host, str(status["id"])] = Place(key, thread)

    def of(self, statuses: Iterable[Doc]) -> dict[str, Place]:
        """The places of these statuses' parents, by id; those that cannot be had are left out."""
        rows = sorted((row for row in statuses if row.get("id")), key=lambda row: str(row.get("created_at")))
        for row in rows:
            self.note(row)
        wanted = {str(row["in_reply_to_id"]) for row in rows if row.get("in_reply_to_id")}
        missing = sorted(name for name in wanted if (self._host, name) not in _known)
        for found in self.fetch(missing):
            self.note(found)
        for row in rows:
            self.note(row)
        return {name: place for name in wanted if (place := _known.get((self._host, name))) is not None}

    def known(self, status_id: str) -> Place | None:
        """The place of a status that was seen in this process."""
        return _known.get((self._host, status_id))

    def fetch(self, ids: list[str]) -> Iterator[Doc]:
        """The statuses with these ids that exist and that we may see."""
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            several = self._several(part) if len(part) > 1 else None
            yield from several if several is not None else self._single(part)

    def _several(self, ids: list[str]) -> list[Doc] | None:
        if self._client.host in _one_by_one:
            return None
        try:
            rows = self._client.get("/api/v1/statuses", [("id[]", name) for name in ids]).list()
        except (Rejected, BadPayload):
            _one_by_one.add(self._client.host)
            return None
        return [row for row in rows if isinstance(row, dict) and row.get("id") and row.get("account")]

    def _single(self, ids: list[str]) -> Iterator[Doc]:
        for name in ids:
            found = self.one(name)
            if found is not None:
                yield found

    def one(self, status_id: str) -> Doc | None:
        """A status, or None when the server knows none or does not show it to us."""
        try:
            return self._client.get(f"/api/v1/statuses/{status_id}").object()
        except Rejected as refused:
            if gone(refused):
                return None
            raise


def gone(refused: Rejected) -> bool:
    """Whether a refusal says that there is no such status."""
    return refused.code in ("404", "410", "Record not found", "Not Found", "Can't find user")
