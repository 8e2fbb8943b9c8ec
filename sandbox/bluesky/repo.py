"""Writing records and blobs. https://docs.bsky.app/docs/api/com-atproto-repo-create-record"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.bluesky.auth import state_of, viewer
from sandbox.bluesky.errors import Refused, invalid
from sandbox.bluesky.ids import cid
from sandbox.bluesky.state import POST, Bluesky
from sandbox.web import parameters, reply, whole

Doc = dict[str, Any]
MAX_GRAPHEMES, MAX_BYTES, MAX_BLOB, MAX_IMAGES, MAX_VIDEO_ALT = 300, 3000, 1_000_000, 4, 1000
RECORD_KEY = re.compile(r"^[A-Za-z0-9._:~-]{1,512}$")
TID = re.compile(r"^[234567abcdefghij][234567a-z]{12}$")
JOINER, REGIONAL = "\u200d", range(0x1F1E6, 0x1F200)


def graphemes(text: str) -> int:
    """User-perceived characters: marks, joiners, skin tones, flags and Hangul jamo join their neighbours."""
    count, previous, flags = 0, "", 0
    for sign in text:
        extends = (
            unicodedata.category(sign) in ("Mn", "Me", "Mc")
            or sign in (JOINER, "\ufe0f")
            or 0x1F3FB <= ord(sign) <= 0x1F3FF
            or (previous == "\r" and sign == "\n")
            or 0x1160 <= ord(sign) <= 0x11FF
        )
        flags = flags + 1 if ord(sign) in REGIONAL else 0
        joined = extends or previous == JOINER or (flags and flags % 2 == 0)
        count += 0 if joined and previous else 1
        previous = sign
    return count


async def create_record(request: Request) -> Response:
    """A used rkey is answered by 500 InternalServerError, as the real PDS does: look before retrying."""
    state, who = state_of(request), viewer(request)
    doc = await parameters(request)
    _own_repo(state, who, doc)
    collection, value = str(doc.get("collection") or ""), doc.get("record")
    if not collection or not isinstance(value, dict):
        raise invalid('Input must have the property "collection" and "record"')
    _validate(state, collection, value)
    embed = (value.get("embed") or {}) if collection == POST else {}
    _validate_images(state, embed)
    _validate_video(state, embed)
    rkey = str(doc.get("rkey") or "") or None
    if rkey is not None and (not RECORD_KEY.match(rkey) or (collection == POST and not TID.match(rkey))):
        raise invalid(f"Invalid record key: {rkey}")
    if rkey is not None and state.live(f"at://{who['did']}/{collection}/{rkey}"):
        raise Refused(500, "InternalServerError", "Internal Server Error")
    record = state.create(who["did"], collection, {"$type": collection, **value}, rkey, origin="api")
    state.sent[record["uri"]] = {
        "account": who["did"],
        "key": rkey,
        "answered": not request.scope.get("answer_lost"),
        "kind": "record",
    }
    commit = {"cid": cid(record["uri"]), "rev": state.new_tid(state.clock())}
    body = {"uri": record["uri"], "cid": record["cid"], "commit": commit, "validationStatus": "valid"}
    return reply(body)


async def delete_record(request: Request) -> Response:
    """Deleting what does not exist succeeds."""
    state, who = state_of(request), viewer(request)
    doc = await parameters(request)
    _own_repo(state, who, doc)
    record = state.live(f"at://{who['did']}/{doc.get('collection')}/{doc.get('rkey')}")
    if record is not None:
        state.delete(record)
    return reply({})


async def get_record(request: Request) -> Response:
    """Public; 400 RecordNotFound when there is none."""
    state, query = state_of(request), request.query_params
    actor = state.find_actor(query.get("repo", ""))
    if actor is None:
        raise invalid(f"Could not find repo: {query.get('repo', '')}")
    uri = f"at://{actor['did']}/{query.get('collection')}/{query.get('rkey')}"
    record = state.live(uri)
    if record is None:
        raise Refused(400, "RecordNotFound", f"Could not locate record: {uri}")
    return reply({"uri": uri, "cid": record["cid"], "value": record["value"]})


async def list_records(request: Request) -> Response:
    """Public; newest first by record key."""
    state, query = state_of(request), request.query_params
    actor = state.find_actor(query.get("repo", ""))
    if actor is None:
        raise invalid(f"Could not find repo: {query.get('repo', '')}")
    collection, cursor = query.get("collection", ""), query.get("cursor", "~")
    limit = whole(query.get("limit"), 50, 100)
    mine = [
        doc
        for doc in state.records.values()
        if doc["did"] == actor["did"] and doc["collection"] == collection and not doc["deleted_at"]
    ]
    older = sorted((doc for doc in mine if doc["rkey"] < cursor), key=lambda doc: doc["rkey"], reverse=True)[:limit]
    body: Doc = {"records": [{name: doc[name] for name in ("uri", "cid", "value")} for doc in older]}
    if len(older) == limit:
        body["cursor"] = older[-1]["rkey"]
    return reply(body)


async def upload_blob(request: Request) -> Response:
    """Up to 1 MB; kept by size, not by content."""
    state, _ = state_of(request), viewer(request)
    content = await request.body()
    if not content or len(content) > MAX_BLOB:
        raise Refused(400, "BlobTooLarge", f"This file is too large. The maximum is {MAX_BLOB} bytes")
    link = "bafkrei" + cid(hashlib.sha256(content).hexdigest())[7:]
    mime = request.headers.get("content-type", "application/octet-stream")
    blob = {"$type": "blob", "ref": {"$link": link}, "mimeType": mime, "size": len(content)}
    state.blobs[link] = blob
    return reply({"blob": blob})


def _own_repo(state: Bluesky, who: Doc, doc: Doc) -> None:
    if state.find_actor(str(doc.get("repo") or "")) is not who:
        raise Refused(401, "AuthenticationRequired", "Authentication Required")


def _validate(state: Bluesky, collection: str, value: Doc) -> None:
    if value.get("$type", collection) != collection:
        raise invalid(f"Invalid $type: expected {collection}, got {value['$type']}")
    bad = f"Invalid {collection} record: "
    if not isinstance(value.get("createdAt"), str):
        raise invalid(f'{bad}Record must have the property "createdAt"')
    if collection in ("app.bsky.feed.like", "app.bsky.feed.repost"):
        _validate_ref(f"{bad}Record/subject", value.get("subject"))
    if collection == POST:
        _validate_post(bad, value)


def _validate_post(bad: str, value: Doc) -> None:
    text = value.get("text")
    if not isinstance(text, str):
        raise invalid(f'{bad}Record must have the property "text"')
    if len(text.encode()) > MAX_BYTES:
        raise invalid(f"{bad}Record/text must not be longer than {MAX_BYTES} bytes")
    if graphemes(text) > MAX_GRAPHEMES:
        raise invalid(f"{bad}Record/text must not be longer than {MAX_GRAPHEMES} graphemes")
    for facet in value.get("facets") or []:
        _validate_facet(bad, facet)
    for part in ("root", "parent") if "reply" in value else ():
        _validate_ref(f"{bad}Record/reply/{part}", value["reply"].get(part))


def _validate_ref(where: str, ref: Any) -> None:
    if not isinstance(ref, dict) or not ref.get("uri") or not ref.get("cid"):
        raise invalid(f'{where} must have the properties "uri" and "cid"')


def _validate_images(state: Bluesky, embed: Doc) -> None:
    """https://docs.bsky.app/docs/api/app-bsky-embed-images: four at most, each with a text, each uploaded before."""
    if embed.get("$type") != "app.bsky.embed.images":
        return
    bad, images = "Invalid app.bsky.feed.post record: Record/embed/images", embed.get("images")
    if not isinstance(images, list) or len(images) > MAX_IMAGES:
        raise invalid(f"{bad} must not have more than {MAX_IMAGES} elements")
    for place, one in enumerate(images):
        if not isinstance(one.get("alt"), str):
            raise invalid(f'{bad}/{place} must have the property "alt"')
        blob = one.get("image") or {}
        if not str(blob.get("mimeType", "")).startswith("image/"):
            raise invalid(f"{bad}/{place}/image should be a blob of image/*")
        link = (blob.get("ref") or {}).get("$link")
        if link not in state.blobs:
            raise Refused(400, "BlobNotFound", f"Could not find blob: {link}")


def _validate_video(state: Bluesky, embed: Doc) -> None:
    """https://docs.bsky.app/docs/api/app-bsky-embed-video: one, MP4, stored on the server before."""
    if embed.get("$type") != "app.bsky.embed.video":
        return
    bad, blob = "Invalid app.bsky.feed.post record: Record/embed", embed.get("video") or {}
    if "images" in embed or blob.get("mimeType") != "video/mp4":
        raise invalid(f"{bad}/video should be a blob of video/mp4")
    if graphemes(str(embed.get("alt") or "")) > MAX_VIDEO_ALT:
        raise invalid(f"{bad}/alt must not be longer than {MAX_VIDEO_ALT} graphemes")
    ratio = embed.get("aspectRatio", {"width": 1, "height": 1})
    if not all(isinstance(ratio.get(side), int) and ratio[side] > 0 for side in ("width", "height")):
        raise invalid(f"{bad}/aspectRatio must have the properties width and height")
    link = (blob.get("ref") or {}).get("$link")
    if link not in state.blobs:
        raise Refused(400, "BlobNotFound", f"Could not find blob: {link}")


def _validate_facet(bad: str, facet: Doc) -> None:
    index = facet.get("index")
    if not isinstance(index, dict) or not facet.get("features"):
        raise invalid(f'{bad}Record/facets must have the properties "index" and "features"')
    start, end = index.get("byteStart"), index.get("byteEnd")
    if not isinstance(start, int) or not isinstance(end, int) or start < 0 or end < 0:
        raise invalid(f"{bad}Record/facets/index must hold byteStart and byteEnd as integers from 0")
