"""`/api/track`, `/api/identify`, `/api/batch`: what customers do, in the shape of Segment's HTTP API v1."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from core import db, log
from core.errors import NotConfigured, TryLater
from enrichment.behaviour import intake, keys
from enrichment.behaviour.messages import LARGEST, LARGEST_BATCH, MOST, TOO_LARGE, Unreadable, load
from web.api import limit

NO_KEY = "Send the write key as the user name of HTTP Basic authentication, with an empty password."
WRONG_KEY = "This write key does not hold. An administrator makes one under Setup, Customer data."
TOO_FAST = "This write key sends more messages a minute than this hub takes. Send this again after Retry-After seconds."

router = APIRouter()
logger = log.get("web.api")


@router.post("/api/track", max_body_size=LARGEST_BATCH)
async def track(request: Request) -> Response:
    """One event of a customer."""
    return await _answer(request, "track")


@router.post("/api/identify", max_body_size=LARGEST_BATCH)
async def identify(request: Request) -> Response:
    """What a customer said about themselves."""
    return await _answer(request, "identify")


@router.post("/api/batch", max_body_size=LARGEST_BATCH)
async def batch(request: Request) -> Response:
    """Several messages at once, each with its `type`; a bad one does not stop the others."""
    return await _answer(request, "")


async def _answer(request: Request, kind: str) -> Response:
    """200 once the messages are in the database; 400, 401, 403 and 413 are for good, 429 and 503 to be sent again."""
    key = _key(request.headers.get("authorization", ""))
    body = await request.body()
    try:
        return await run_in_threadpool(_take, key, kind, body)
    except Unreadable as error:
        return _refuse(400, str(error))
    except NotConfigured as error:
        return _refuse(403, str(error))
    except (TryLater, sa.exc.OperationalError) as error:
        logger.warning("events not stored", error=type(error).__name__)
        return _refuse(503, "The hub cannot store this now. Send it again later.")


def _take(key: str, kind: str, body: bytes) -> Response:
    with db.read() as session:
        key_id = keys.find(session, key)
    if key_id is None:
        headers = {"WWW-Authenticate": 'Basic realm="write key"'}
        return _refuse(401, WRONG_KEY if key else NO_KEY, headers)
    try:
        raw, problem = _messages(kind, body), None
    except Unreadable as error:
        raw, problem = [None], error
    if wait := limit.take(key_id, len(raw)):
        return _refuse(429, TOO_FAST, {"Retry-After": str(wait)})
    if problem:
        raise problem
    taken = intake.take(key_id, raw, kind)
    if len(taken.refused) == len(raw):
        raise Unreadable(taken.refused[0][1] if kind else _worded(taken.refused))
    refused = [{"index": place, "reason": reason} for place, reason in taken.refused]
    return JSONResponse({"success": True} | ({"refused": refused} if refused else {}))


def _messages(kind: str, body: bytes) -> list[Any]:
    if kind and len(body) > LARGEST:
        raise Unreadable(TOO_LARGE)
    found = load(body)
    return [found] if kind else _several(found)


def _worded(refused: list[tuple[int, str]]) -> str:
    shown = "; ".join(f"{place}: {reason}" for place, reason in refused[:20])
    return f"No message of the batch can be taken. {shown}"


def _several(found: Any) -> list[Any]:
    several = found.get("batch") if isinstance(found, dict) else None
    if not isinstance(several, list) or not several:
        raise Unreadable("Name the messages: batch, a list of JSON objects.")
    if len(several) > MOST:
        raise Unreadable(f"A batch has {MOST} messages at most.")
    return several


def _key(header: str) -> str:
    """The user name of HTTP Basic authentication; empty when there is none."""
    scheme, _, coded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded.strip(), validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _refuse(status: int, words: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"success": False, "message": words}, status, headers)
