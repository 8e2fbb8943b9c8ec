"""Files before their status: https://docs.joinmastodon.org/methods/media/#v2

The server takes a file at once (202) and works on it afterwards: https://docs.joinmastodon.org/methods/media/#get
answers 206 meanwhile, 200 when a status may name it, 422 when it could not be read. Its id is kept as soon as it is
known, so a later attempt, after a long wait or a killed worker, goes on with the same upload. One that was cut off
before its id was kept is made again; the first is named by no status then, and the server removes it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from connectors import attaching
from connectors.base import Keep, keep_nothing
from connectors.client import Client
from connectors.platforms.mastodon.places import gone
from connectors.refusals import UNFINISHED, UNUSABLE
from core.errors import BadPayload, Rejected, TryLater
from core.event import File

LOOKS = 3
"""So often one attempt looks, a second apart, before it makes room for others."""
AGAIN_SECONDS = 10.0
LONGEST = 3600.0
"""Seconds after which nobody waits for a server any more."""
UPLOAD_SECONDS = 120.0
"""Silence of a server that has the whole file: some make the small picture of a video before they answer."""


@dataclass(frozen=True)
class _Upload:
    """The server's id of a file, since when (epoch seconds), and whether a status may name it."""

    id: str
    at: float
    ready: bool


class Uploads:
    """The files of one answer; `keep` stores their ids between attempts."""

    def __init__(self, client: Client, keep: Keep = keep_nothing) -> None:
        self._client, self._keep = client, keep

    def ids(self, files: Sequence[File]) -> list[str]:
        """The ids a status names. TryLater while the server works on one; Rejected when it cannot read it."""
        begun = [self._known(one) or self._uploaded(one) for one in files]
        for file, upload in zip(files, begun, strict=True):
            self._await(file, upload)
        return [one.id for one in begun]

    def _known(self, file: File) -> _Upload | None:
        """The upload of an earlier attempt; None when there was none, or the server has forgotten it."""
        try:
            kept = json.loads(file.uploaded or "{}")
            number, at = str(kept["id"]), float(kept["at"])
        except (ValueError, KeyError, TypeError):
            return None
        ready = self._state(file, number)
        return None if ready is None else _Upload(number, at, ready)

    def _uploaded(self, file: File) -> _Upload:
        form = {"description": file.alt} if file.alt else {}
        fields = {"file": (file.name, attaching.place(file), file.mime)}
        answer = self._client.call(
            "POST", "/api/v2/media", form=form, files=fields, keyed=True, interactive=True, timeout=UPLOAD_SECONDS
        )
        made = _Upload(str(answer.object().get("id") or ""), time.time(), answer.status != 202)
        if not made.id:
            raise BadPayload(f"{answer.host} took a file and did not say under which id")
        self._keep(file, json.dumps({"id": made.id, "at": made.at}))
        return made

    def _await(self, file: File, upload: _Upload) -> None:
        ready: bool | None = upload.ready
        for look in range(LOOKS):
            if ready is not False:
                break
            time.sleep(1.0 if look else 0.0)
            ready = self._state(file, upload.id)
        if ready:
            return
        if ready is None or time.time() - upload.at > LONGEST:
            self._keep(file, "")
            raise Rejected(UNFINISHED % {"platform": self._client.host, "name": file.name}, "media")
        raise TryLater(f"{self._client.host} still works on {file.name}", AGAIN_SECONDS)

    def _state(self, file: File, number: str) -> bool | None:
        """True: ready; False: it is being worked on; None: the server does not know it."""
        try:
            return self._client.get(f"/api/v1/media/{number}", interactive=True).status != 206
        except Rejected as refused:
            if gone(refused):
                return None
            self._keep(file, "")
            raise Rejected(UNUSABLE % {"why": refused, "name": file.name}, "media") from refused
