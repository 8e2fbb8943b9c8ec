"""The server itself, its accounts and search."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.mastodon.access import Denied, maybe_viewer, state_of, viewer
from sandbox.mastodon.media import DESCRIPTION, IMAGE_BYTES, IMAGES, SOUNDS, VIDEO_BYTES, VIDEOS
from sandbox.mastodon.state import CHARACTERS_PER_URL, DOMAIN, MAX_CHARACTERS
from sandbox.web import reply, whole

Doc = dict[str, Any]
SEARCHED = 5000


async def verify_credentials(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/accounts/#verify_credentials"""
    return reply(state_of(request).views.credential(viewer(request, "read:accounts")))


async def account(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/accounts/#get"""
    state = state_of(request)
    maybe_viewer(request)
    found = state.accounts.get(request.path_params["id"])
    if found is None:
        raise Denied(404, "Record not found")
    return reply(state.views.account(found))


async def lookup(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/accounts/#lookup"""
    state = state_of(request)
    name, _, domain = request.query_params.get("acct", "").lstrip("@").partition("@")
    found = state.find_account(name, domain or None)
    if found is None:
        raise Denied(404, "Record not found")
    return reply(state.views.account(found))


async def search_accounts(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/accounts/#search"""
    state = state_of(request)
    viewer(request, "read:accounts")
    return reply(b"[" + b",".join(_accounts(request)) + b"]") if state.accounts else reply([])


async def search(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/search/#v2 (newest first; type accounts, hashtags or statuses)"""
    state, who = state_of(request), viewer(request, "read:search")
    query = request.query_params
    text, only = query.get("q", "").strip().lower(), query.get("type")
    if not text:
        raise Denied(400, "missing parameter: q")
    limit, offset = whole(query.get("limit"), 20, 40), max(0, int(query.get("offset") or 0))
    found: list[str] = []
    if only in (None, "statuses"):
        ceiling = int(query["max_id"]) if query.get("max_id", "").isdigit() else None
        floor = query.get("min_id") or query.get("since_id") or ""
        for number in reversed(state.public[-SEARCHED:]):
            late = ceiling is not None and number >= ceiling
            if late or (floor.isdigit() and number <= int(floor)):
                continue
            if all(word in state.statuses[str(number)]["plain"].lower() for word in text.split()):
                found.append(str(number))
            if len(found) >= offset + limit:
                break
    found = found[offset:]
    for key in found:
        state.serve(key)
    bodies = b",".join(state.views.status(state.statuses[key], who["id"]) for key in found)
    people = b",".join(_accounts(request)) if only in (None, "accounts") else b""
    tags = [tag for tag in state.tagged if text.lstrip("#") in tag] if only in (None, "hashtags") else []
    shown = [{"name": tag, "url": f"https://{DOMAIN}/tags/{tag}", "history": []} for tag in tags[:limit]]
    return reply(b'{"accounts":[' + people + b'],"statuses":[' + bodies + b'],"hashtags":' + _dump(shown) + b"}")


def _dump(doc: Any) -> bytes:
    return json.dumps(doc, ensure_ascii=False).encode()


def _accounts(request: Request) -> list[bytes]:
    state = state_of(request)
    text = request.query_params.get("q", "").strip().lower().lstrip("@")
    limit = whole(request.query_params.get("limit"), 20, 40)
    found = [
        doc
        for doc in state.accounts.values()
        if text and (text in doc["acct"].lower() or text in doc["display_name"].lower())
    ]
    return [state.views.account(doc) for doc in found[:limit]]


async def instance(request: Request) -> Response:
    """https://docs.joinmastodon.org/methods/instance/#v2"""
    state = state_of(request)
    base = str(request.base_url).rstrip("/")
    contact = next(iter(state.accounts.values()))
    picture = f"https://{DOMAIN}/instance.png"
    return reply(
        {
            "domain": DOMAIN,
            "title": "social.example",
            "version": "4.5.0",
            "source_url": "https://github.com/mastodon/mastodon",
            "description": "A simulated server",
            "usage": {"users": {"active_month": len(state.accounts)}},
            "thumbnail": {"url": picture, "blurhash": None, "versions": {}},
            "icon": [{"src": picture, "size": "192x192"}],
            "languages": ["de", "ja", "en"],
            "configuration": {
                "urls": {"streaming": base, "status": None, "about": f"https://{DOMAIN}/about"},
                "vapid": {"public_key": "sandbox"},
                "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5, "max_profile_fields": 4},
                "statuses": {
                    "max_characters": MAX_CHARACTERS,
                    "max_media_attachments": 4,
                    "characters_reserved_per_url": CHARACTERS_PER_URL,
                },
                "media_attachments": {
                    "supported_mime_types": [*IMAGES, *VIDEOS, *SOUNDS],
                    "description_limit": DESCRIPTION,
                    "image_size_limit": IMAGE_BYTES,
                    "image_matrix_limit": 33_177_600,
                    "video_size_limit": VIDEO_BYTES,
                    "video_frame_rate_limit": 120,
                    "video_matrix_limit": 8_294_400,
                },
                "polls": {
                    "max_options": 4,
                    "max_characters_per_option": 50,
                    "min_expiration": 300,
                    "max_expiration": 2_629_746,
                },
                "translation": {"enabled": False},
                "limited_federation": False,
            },
            "registrations": {
                "enabled": False,
                "approval_required": False,
                "reason_required": False,
                "message": None,
                "min_age": None,
                "url": None,
            },
            "api_versions": {"mastodon": 7},
            "contact": {"email": "admin@social.example", "account": json.loads(state.views.account(contact))},
            "rules": [],
        }
    )
