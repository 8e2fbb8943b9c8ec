"""Request and answer pieces that every simulated service needs."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

Doc = dict[str, Any]


def dumps(doc: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode()


def reply(doc: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer; bytes are taken as ready-made JSON."""
    body = doc if isinstance(doc, bytes) else dumps(doc)
    return Response(body, status, headers, "application/json; charset=utf-8")


def bearer(request: Request) -> str | None:
    """The token of an ``Authorization: Bearer`` header."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token else None


async def parameters(request: Request) -> Doc:
    """Query, form and JSON body in one mapping; ``name[]`` becomes a list under ``name``."""
    found: Doc = {}
    pairs: list[tuple[str, Any]] = list(request.query_params.multi_items())
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        body = await request.body()
        doc = json.loads(body) if body.strip() else {}
        pairs += list(doc.items()) if isinstance(doc, dict) else []
    elif "form" in kind:
        pairs += list((await request.form()).multi_items())
    for name, value in pairs:
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(value)
        else:
            found[name] = value
    return found


def truth(value: Any) -> bool:
    """Booleans as forms and JSON write them."""
    return value in (True, 1, "1", "true", "True", "on", "t")


def whole(value: Any, default: int, most: int) -> int:
    """A page size within 1 and ``most``."""
    try:
        return max(1, min(int(value), most))
    except (TypeError, ValueError):
        return default
