"""``/bot<token>/<method>`` and the answers' envelope."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.telegram import media, methods, updates
from sandbox.telegram.errors import Refused
from sandbox.telegram.state import Telegram
from sandbox.web import parameters, reply

Doc = dict[str, Any]
METHODS: dict[str, Callable[[Telegram, Doc], Awaitable[Any]]] = {
    "getme": methods.get_me,
    "getchat": methods.get_chat,
    "getfile": methods.get_file,
    "sendmessage": methods.send_message,
    "sendphoto": media.send_photo,
    "sendvideo": media.send_video,
    "sendaudio": media.send_audio,
    "senddocument": media.send_document,
    "sendmediagroup": media.send_media_group,
    "editmessagetext": methods.edit_text,
    "deletemessage": methods.delete_message,
    "deletemessages": methods.delete_messages,
    "getupdates": updates.get_updates,
    "setwebhook": updates.set_webhook,
    "deletewebhook": updates.delete_webhook,
    "getwebhookinfo": updates.webhook_info,
}
JSON_FIELDS = (
    "allowed_updates", "reply_parameters", "entities", "reply_markup", "link_preview_options", "media", "message_ids",
)  # fmt: skip
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "0500017a5eab3f0000000049454e44ae426082"
)


def create_app(state: Telegram) -> ASGIApp:
    """The Bot API over ``state``."""
    routes = [
        Route("/file/bot{token}/{path:path}", _file),
        Route("/bot{token}/{method}", _call, methods=["GET", "POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={404: _not_found})
    app.state.telegram = state
    return app


async def _call(request: Request) -> Response:
    state: Telegram = request.app.state.telegram
    try:
        if request.path_params["token"] != state.bot["token"]:
            raise Refused(401, "Unauthorized")
        method = METHODS.get(request.path_params["method"].lower())
        if method is None:
            raise Refused(404, "Not Found")
        doc = await parameters(request)
        for name in JSON_FIELDS:
            if isinstance(doc.get(name), str):
                doc[name] = json.loads(doc[name]) if doc[name] else None
        doc["_answer_lost"] = bool(request.scope.get("answer_lost"))
        return reply({"ok": True, "result": await method(state, doc)})
    except Refused as problem:
        return _error(problem.code, problem.text)
    except (ValueError, TypeError) as problem:
        return _error(400, f"Bad Request: can't parse the request: {problem}")
    finally:
        await request.close()


async def _file(request: Request) -> Response:
    state: Telegram = request.app.state.telegram
    paths = [file["file_path"] for file in state.files.values()]
    if request.path_params["token"] != state.bot["token"] or request.path_params["path"] not in paths:
        return _error(404, "Not Found")
    return Response(PIXEL, media_type="application/octet-stream")


async def _not_found(request: Request, problem: Exception) -> Response:
    return _error(404, "Not Found")


def _error(code: int, text: str) -> Response:
    return reply({"ok": False, "error_code": code, "description": text}, code)
