"""The video service, on the server's own address. https://docs.bsky.app/docs/tutorials/video

A video is worked on for a while (the quirk ``video_seconds``), fails when the quirk ``video_fails`` gives a reason, and
is not taken when ``video_limit`` says why. The same video again is 409 with the job it had.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.bluesky.auth import make_jwt, read_jwt, state_of, viewer
from sandbox.bluesky.errors import Refused, invalid
from sandbox.bluesky.ids import cid
from sandbox.bluesky.state import Bluesky
from sandbox.web import bearer, reply

Doc = dict[str, Any]
SERVICE = "did:web:"
MAX_VIDEO = 100_000_000
DAILY_VIDEOS, DAILY_BYTES = 25, 10_000_000_000
LONGEST_TOKEN = 1800
UPLOAD, LIMITS = "com.atproto.repo.uploadBlob", "app.bsky.video.getUploadLimits"


async def service_auth(request: Request) -> Response:
    """https://docs.bsky.app/docs/api/com-atproto-server-get-service-auth"""
    state, who, query = state_of(request), viewer(request), request.query_params
    if not query.get("aud", "").startswith(SERVICE):
        raise invalid('Params must have the property "aud"')
    until = int(query.get("exp") or time.time() + 60)
    if until > time.time() + 3600 or (not query.get("lxm") and until > time.time() + 60):
        raise Refused(400, "BadExpiration", "cannot request a token with an expiration more than an hour in the future")
    claims = {"iss": who["did"], "aud": query["aud"], "lxm": query.get("lxm"), "exp": until, "scope": "service"}
    return reply({"token": make_jwt(state, claims)})


def _sender(request: Request, method: str) -> Doc:
    """Who stands behind a token that was made for this method."""
    state = state_of(request)
    claims = read_jwt(state, bearer(request) or "", ("service",))
    if claims["lxm"] != method:
        raise Refused(401, "InvalidToken", f"bad lexicon method: expected {method}")
    return state.actors[claims["iss"]]


async def upload_limits(request: Request) -> Response:
    state, who = state_of(request), _sender(request, LIMITS)
    if told := state.quirks.get("video_limit"):
        return reply({"canUpload": False, "message": str(told), "error": "limit"})
    mine = [job for job in state.jobs.values() if job["did"] == who["did"]]
    left = DAILY_BYTES - sum(job["size"] for job in mine)
    return reply({
        "canUpload": len(mine) < DAILY_VIDEOS, "remainingDailyVideos": max(0, DAILY_VIDEOS - len(mine)),
        "remainingDailyBytes": left,
    })  # fmt: skip


async def upload_video(request: Request) -> Response:
    state, who = state_of(request), _sender(request, UPLOAD)
    if request.query_params.get("did") != who["did"] or not request.query_params.get("name"):
        raise invalid("did and name are required, did that of the token")
    if request.headers.get("content-type") != "video/mp4":
        raise invalid("unsupported video type")
    content = await request.body()
    if not content or len(content) > MAX_VIDEO:
        raise Refused(400, "file_too_large", f"The maximum is {MAX_VIDEO} bytes")
    digest = hashlib.sha256(content).hexdigest()
    number = f"job-{digest[:20]}-{who['did'][-8:]}"
    if number in state.jobs:
        job = state.jobs[number]
        state.jobs[number] = job | {"asked": job["asked"] + 1}
        return reply({**_shown(state, number), "error": "already_exists", "message": "Video already processed"}, 409)
    state.jobs[number] = {
        "did": who["did"], "digest": digest, "size": len(content), "asked": 1,
        "ready_at": time.time() + float(state.quirks.get("video_seconds", 0.5)),
        "fails": str(state.quirks.get("video_fails") or ""),
    }  # fmt: skip
    return reply({"jobStatus": _shown(state, number)})


async def job_status(request: Request) -> Response:
    state, number = state_of(request), request.query_params.get("jobId", "")
    if number not in state.jobs:
        raise Refused(400, "InvalidRequest", "Job not found")
    return reply({"jobStatus": _shown(state, number)})


def _shown(state: Bluesky, number: str) -> Doc:
    """A job as `app.bsky.video.defs#jobStatus`; when it is done, its blob is on the server."""
    job = state.jobs[number]
    found: Doc = {"jobId": number, "did": job["did"]}
    if job["ready_at"] > time.time():
        return {**found, "state": "JOB_STATE_ENCODING", "progress": 40}
    if job["fails"]:
        return {**found, "state": "JOB_STATE_FAILED", "error": "encoding_failure", "message": job["fails"]}
    link = "bafkrei" + cid(job["digest"])[7:]
    state.blobs[link] = {"$type": "blob", "ref": {"$link": link}, "mimeType": "video/mp4", "size": job["size"]}
    return {**found, "state": "JOB_STATE_COMPLETED", "progress": 100, "blob": state.blobs[link]}
