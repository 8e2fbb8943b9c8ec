"""Reading by the API: every GET has an ETag, `If-None-Match` saves its body, and HEAD answers as GET without one.

The tag is a hash of the body (RFC 9110, 8.8.3): it spares the line, not the hub's work.
"""

from __future__ import annotations

import hashlib

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api.v1.problem import HERE

OF_A_BODY = ("content-length", "content-type")


def tagged(request: Request, response: Response) -> Response:
    """The response with its tag; 304 without a body for who has it already. What is streamed goes as it is."""
    if isinstance(response, StreamingResponse | FileResponse):
        return response
    tag = f'"{hashlib.sha256(response.body).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    named = [one.strip() for words in request.headers.getlist("if-none-match") for one in words.split(",")]
    if "*" not in named and tag not in [one.removeprefix("W/") for one in named]:
        return response
    return Response(None, 304, {name: said for name, said in response.headers.items() if name not in OF_A_BODY})


class Head:
    """HEAD of the API is answered as GET is, and the body left out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(f"{HERE}/"):
            await self.app(scope, receive, send)
            return
        asked = scope["method"]

        async def answered(message: Message) -> None:
            scope["method"] = asked  # the log says what was asked
            if message["type"] == "http.response.start":
                _allow(MutableHeaders(scope=message))
            elif asked == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        scope["method"] = "GET" if asked == "HEAD" else asked
        await self.app(scope, receive, answered)


def _allow(headers: MutableHeaders) -> None:
    """Where GET is taken, HEAD is."""
    if "GET" in headers.get("allow", "").split(", "):
        headers["Allow"] += ", HEAD"
