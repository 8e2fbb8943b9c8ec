"""Files before their status. https://docs.joinmastodon.org/methods/media/

Kept by size and digest, not by content. Pictures are ready at once; videos and sounds are worked on for a while (the
quirk ``media_seconds``) and fail then with the quirk ``media_fails``.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import Response

from sandbox.mastodon.access import Denied, state_of, viewer
from sandbox.mastodon.state import DOMAIN, Mastodon
from sandbox.web import reply

Doc = dict[str, Any]
IMAGE_BYTES, VIDEO_BYTES, DESCRIPTION = 16_777_216, 103_809_024, 1500
IMAGES = ["image/jpeg", "image/png", "image/gif", "image/webp"]
VIDEOS = ["video/webm", "video/mp4", "video/quicktime"]
SOUNDS = ["audio/mpeg", "audio/mp4", "audio/ogg"]
MAX_MEDIA = 4
UNREADY = "Cannot attach files that have not finished processing. Try again in a moment!"


async def upload(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/media/#v2"""
    state, who = state_of(request), viewer(request, "write:media")
    async with request.form() as form:
        return _shown(state, await _taken_in(state, who, form))


async def _taken_in(state: Mastodon, who: Doc, form: FormData) -> str:
    """The id of a new file."""
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise Denied(422, "Validation failed: File can't be blank")
    mime = str(file.content_type)
    if mime not in [*IMAGES, *VIDEOS, *SOUNDS]:
        raise Denied(422, "Validation failed: File content type is not supported")
    content = await file.read()
    most = IMAGE_BYTES if mime in IMAGES else int(state.quirks.get("video_bytes", VIDEO_BYTES))
    if len(content) > most:
        raise Denied(422, f"Validation failed: File must be less than {most // 1_048_576} MB")
    if len(str(form.get("description") or "")) > DESCRIPTION:
        raise Denied(422, f"Validation failed: Description is too long (maximum is {DESCRIPTION} characters)")
    key = str(110_000_000_000_000_000 + len(state.media))
    url = f"https://{DOMAIN}/media/{key}.{mime.partition('/')[2]}"
    work = 0.0 if mime in IMAGES else float(state.quirks.get("media_seconds", 0.5))
    state.media[key] = {
        "id": key,
        "type": mime.partition("/")[0],
        "url": url,
        "preview_url": url,
        "remote_url": None,
        "meta": {},
        "description": form.get("description"),
        "blurhash": None,
        "owner": who["id"],
        "bytes": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "ready_at": time.time() + work,
        "fails": mime not in IMAGES and bool(state.quirks.get("media_fails")),
    }
    return key


async def media(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/media/#get: 206 while it is worked on, 422 when that failed."""
    state, who = state_of(request), viewer(request, "write:media")
    doc = state.media.get(request.path_params["id"])
    if doc is None or doc["owner"] != who["id"] or doc["id"] in _taken(state):
        raise Denied(404, "Record not found")
    if doc.get("fails") and _ready(doc):
        raise Denied(422, "Error processing thumbnail for uploaded media")
    return _shown(state, doc["id"], 206)


def _shown(state: Mastodon, key: str, unready: int = 202) -> Response:
    """As an entity; without an address while it is worked on."""
    doc = state.views.media(key)
    return reply(doc) if _ready(state.media[key]) else reply({**doc, "url": None}, unready)


def _ready(doc: Doc) -> bool:
    return float(doc.get("ready_at", 0.0)) <= time.time()


def _taken(state: Mastodon) -> set[str]:
    return {key for status in state.statuses.values() for key in status["media"]}


def of_status(state: Mastodon, doc: Doc, who: Doc) -> list[str]:
    """The files that a new status names: four pictures, or one of anything else, each ready and in no other status."""
    wanted = doc.get("media_ids") or []
    keys = [str(key) for key in (wanted if isinstance(wanted, list) else [wanted])]
    if any(key not in state.media or state.media[key]["owner"] != who["id"] for key in keys):
        raise Denied(422, "Validation failed: Media attachment not found")
    if len(keys) > MAX_MEDIA:
        raise Denied(422, f"Validation failed: Cannot attach more than {MAX_MEDIA} files")
    if len(keys) > 1 and any(state.media[key]["type"] != "image" for key in keys):
        raise Denied(422, "Validation failed: Cannot attach a video to a post that already contains images")
    if used := sorted(set(keys) & _taken(state)):
        raise Denied(422, f"Media {', '.join(used)} not found or already attached to another post")
    if any(not _ready(state.media[key]) or state.media[key].get("fails") for key in keys):
        raise Denied(422, UNREADY)
    return keys
