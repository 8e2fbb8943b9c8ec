"""A video before its post, by the recommended way of https://docs.bsky.app/docs/tutorials/video

Our server makes a token with which the video service may store a blob there; the service takes the video, works on
it, and answers the blob that the post names. Its job is kept as soon as it is known, so a later attempt, after a long
wait or a killed worker, goes on with the same upload; a video that came before is answered by 409 with the job it had.
https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky/video
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connectors import attaching
from connectors.answers import Answer, loads, reason
from connectors.base import Keep, keep_nothing
from connectors.client import Bearer, Client
from connectors.refusals import NO_VIDEO, NOT_NOW, REFUSED, UNFINISHED
from core.errors import BadPayload, Rejected, TryLater, WiderhallError
from core.event import File

SERVICE = "https://video.bsky.app"
LOOKS = 3
"""So often one attempt looks, a second apart, before it makes room for others."""
AGAIN_SECONDS = 10.0
LONGEST = 3600.0
"""Seconds after which nobody waits for the service any more."""
TOKEN_SECONDS = 1800
UPLOAD_SECONDS = 120.0
FORGOTTEN = {"state": "JOB_STATE_FAILED", "message": "its video service has forgotten it"}


class _Known(Rejected):
    """The service has this very video already; `job` is the one it made of it."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        super().__init__("The video service has this video already.", "already_exists")
        self.job = job


def service_of(server: str, config: Mapping[str, Any]) -> str:
    """The video service of an account: what its settings name, else Bluesky's.

    A server without https is one to try things out with, and its own video service.
    """
    return str(config.get("video_service") or (server if server.startswith("http://") else SERVICE))


class Videos:
    """Uploads of one account; `keep` stores jobs between attempts."""

    def __init__(
        self, client: Client, us: str, service: str = SERVICE, keep: Keep = keep_nothing, *, allow_private: bool = False
    ) -> None:
        self._client, self._us, self._service, self._keep = client, us, service, keep
        self._allow_private = allow_private

    def embed(self, file: File) -> dict[str, Any]:
        """`app.bsky.embed.video`. TryLater while the service works on it; Rejected when it cannot use it."""
        found: dict[str, Any] = {"$type": "app.bsky.embed.video", "video": self._blob(file), "alt": file.alt}
        if file.width and file.height:
            found["aspectRatio"] = {"width": file.width, "height": file.height}
        return found

    def _blob(self, file: File) -> dict[str, Any]:
        known = self._known(file)
        job, since = known or (self._uploaded(file), time.time())
        number = str(job.get("jobId") or "")
        if known is None:
            self._keep(file, json.dumps({"job": number, "at": since}))
        for look in range(LOOKS):
            if look:
                time.sleep(1.0)
                job = self._job(number) or FORGOTTEN
            if found := self._result(file, job):
                return found
        if time.time() - since > LONGEST:
            self._keep(file, "")
            raise Rejected(UNFINISHED % {"platform": "Bluesky", "name": file.name}, "video")
        raise TryLater(f"Bluesky still works on {file.name}", AGAIN_SECONDS)

    def _result(self, file: File, job: Mapping[str, Any]) -> dict[str, Any] | None:
        """The blob of a job; None while it is worked on."""
        if isinstance(blob := job.get("blob"), dict):
            return blob
        if job.get("state") != "JOB_STATE_FAILED":
            return None
        self._keep(file, "")
        words = str(job.get("message") or job.get("error") or "without a reason").rstrip(".")
        raise Rejected(NO_VIDEO % {"name": file.name, "why": words}, "video")

    def _known(self, file: File) -> tuple[dict[str, Any], float] | None:
        """The job of an earlier attempt, and since when; None when there was none, or the service has forgotten it."""
        try:
            kept = json.loads(file.uploaded or "{}")
            number, since = str(kept["job"]), float(kept["at"])
        except (ValueError, KeyError, TypeError):
            return None
        job = self._job(number)
        return None if job is None else (job, since)

    def _job(self, number: str) -> dict[str, Any] | None:
        try:
            answer = self._called(None).get("/xrpc/app.bsky.video.getJobStatus", {"jobId": number}, interactive=True)
        except Rejected:
            return None
        return _status(answer.object())

    def _uploaded(self, file: File) -> dict[str, Any]:
        place = attaching.place(file)
        self._room(file)
        token = self._token(f"did:web:{self._client.host}", "com.atproto.repo.uploadBlob")
        try:
            answer = self._called(token).call(
                "POST", "/xrpc/app.bsky.video.uploadVideo", params={"did": self._us, "name": _name(place)},
                content=place, headers={"Content-Type": file.mime}, keyed=True, interactive=True,
                timeout=UPLOAD_SECONDS,
            )  # fmt: skip
        except _Known as known:
            return _status(known.job)
        job = _status(answer.object())
        if not job.get("jobId"):
            raise BadPayload("Bluesky's video service took a video and did not say under which number.")
        return job

    def _room(self, file: File) -> None:
        """Rejected when this account may send no more videos today, in the service's words."""
        host = Client(self._service).host
        token = self._token(f"did:web:{host}", "app.bsky.video.getUploadLimits")
        found = self._called(token).get("/xrpc/app.bsky.video.getUploadLimits", interactive=True).object()
        left = found.get("remainingDailyBytes")
        if found.get("canUpload") is False or (isinstance(left, int) and left < file.size):
            words = found.get("message") or found.get("error") or "its limit for today is reached"
            raise Rejected(NOT_NOW % {"why": words}, "video_limit")

    def _token(self, audience: str, method: str) -> str:
        """https://docs.bsky.app/docs/api/com-atproto-server-get-service-auth"""
        params = {"aud": audience, "lxm": method, "exp": int(time.time()) + TOKEN_SECONDS}
        found = self._client.get("/xrpc/com.atproto.server.getServiceAuth", params, interactive=True).object()
        if not found.get("token"):
            raise BadPayload("Bluesky made no token for its video service.")
        return str(found["token"])

    def _called(self, token: str | None) -> Client:
        auth = Bearer(token) if token else None
        return Client(self._service, auth=auth, refusal=_refusal, allow_private=self._allow_private)


def _refusal(answer: Answer) -> WiderhallError | None:
    if answer.status == 409:
        try:
            body = loads(answer.body)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict) and _status(body).get("jobId"):
            return _Known(body)
    if answer.status in (400, 401, 403):  # of the token made for it, not of our sign-in
        code, words = reason(answer)
        return Rejected(REFUSED % {"platform": "Bluesky", "why": words or code or answer.status}, code)
    return None


def _status(body: Mapping[str, Any]) -> dict[str, Any]:
    """The job of an answer: the lexicon wraps it, the service does not always."""
    inner = body.get("jobStatus")
    return dict(inner if isinstance(inner, dict) else body)


def _name(place: Path) -> str:
    """One name for one content."""
    return f"{place.name[:16]}.mp4"
