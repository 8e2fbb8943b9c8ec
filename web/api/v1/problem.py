"""What went wrong, for programs: RFC 9457, `application/problem+json`, the same shape for every refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from core.errors import TryLater, Unknown

MEDIA = "application/problem+json"
HERE = "/api/v1"
WHAT = {
    400: "The request cannot be read.",
    401: "Send a token that holds: Authorization: Bearer whk_… People make tokens under Setup, Tokens.",
    403: "The token may not do this: neither its scopes nor its owner's role may lack the permission.",
    404: "There is nothing at this address, or nothing that the token may see.",
    405: "This address does not take this method.",
    413: "The request is too large.",
    415: "Send the body as JSON, and say so: Content-Type: application/json",
    500: "Something broke here; it was noted in the log.",
    503: "A part of the hub is away for a moment. Send this again later.",
}


class Wrong(BaseModel):
    """One value that does not fit."""

    where: str = Field(description="Where it stands: body.text, query.limit, path.conversation_id.")
    why: str


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str = Field("", description="A short word for programs, where the status alone does not tell.")
    errors: list[Wrong] = Field(default_factory=list, description="With 422: each value that does not fit.")


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(self, status: int, detail: str = "", code: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.code = status, detail, code


@contextmanager
def asking() -> Iterator[None]:
    """Around a call of another program: one that does not answer now is told from a part of the hub that is away."""
    try:
        yield
    except (TryLater, Unknown) as error:
        raise Refused(422, str(error), "away") from error


class Unfit(Exception):
    """Values that do not fit: where each stands, and why."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("Some values do not fit.")
        self.wrong = [Wrong(where=where, why=why) for where, why in wrong.items()]


def concerns(request: Request) -> bool:
    """The request is one of the JSON API's."""
    path = request.url.path
    return path == HERE or path.startswith(f"{HERE}/")


def answer(
    status: int,
    detail: str = "",
    code: str = "",
    headers: Mapping[str, str] | None = None,
    errors: list[Wrong] = [],  # noqa: B006  # not changed
) -> Response:
    """A refusal."""
    found = Problem(
        title=HTTPStatus(status).phrase, status=status, detail=detail or WHAT.get(status, ""), code=code, errors=errors
    )
    more = {"WWW-Authenticate": 'Bearer realm="widerhall"'} if status == 401 else {}
    content = found.model_dump_json(exclude_defaults=True, exclude={"type"})
    body: dict[str, Any] = {"type": found.type, **json.loads(content)}
    return Response(json.dumps(body, ensure_ascii=False), status, {**more, **(headers or {})}, MEDIA)


def unfit(error: RequestValidationError) -> Response:
    """Values that do not fit: each with its place."""
    return several([_wrong(one) for one in error.errors()])


def _wrong(one: Mapping[str, Any]) -> Wrong:
    if one.get("type") == "json_invalid":
        why = str(one.get("ctx", {}).get("error", ""))
        return Wrong(where="body", why=f"This is no JSON (character {one['loc'][-1]}): {why}.".replace("..", "."))
    return Wrong(where=".".join(map(str, one.get("loc", ()))), why=str(one.get("msg", "")))


def several(wrong: list[Wrong]) -> Response:
    """The refusal of values that do not fit."""
    return answer(422, "Some values do not fit.", "invalid", errors=wrong[:50])
