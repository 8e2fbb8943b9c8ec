"""The API's description: OpenAPI 3.1, made from the routes, with every answer that a request may get."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from web import permissions
from web.api.v1.problem import HERE, MEDIA, WHAT, Problem

ADDRESS = f"{HERE}/openapi.json"
ABOUT = (
    "Everything the pages do, for programs. Send a token: `Authorization: Bearer whk_…`; it may what its scopes name "
    "and its owner may. Lists are read with `cursor` and `limit`; a POST with an `Idempotency-Key` is done once; "
    "refusals are `application/problem+json` (RFC 9457); moments are RFC 3339 in UTC."
)
LIMITS = {
    "RateLimit-Policy": "Requests a minute that the token may send.",
    "RateLimit": "How many are left.",
}
MORE = {
    409: "A request with this Idempotency-Key is still at work.",
    422: "Some values do not fit, or the deed was refused; `detail` says why.",
    429: "The token has sent as much as it may; wait for Retry-After seconds.",
}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an answer that is kept: while it looks the same, it is 304 without a body.",
    "schema": {"type": "string"},
}

REF = re.compile(r'"#/components/schemas/([^"]+)"')
TWICE = re.compile(r"web__api__v1__([a-z_]+?)__(\w+)")
"""How FastAPI names a shape whose name stands in two modules."""

router = APIRouter()


@router.get(ADDRESS)
def document(request: Request) -> JSONResponse:
    """The description of the JSON API."""
    return JSONResponse(of(request.app))


def concerns(route: Any) -> bool:
    """A route of the API."""
    return isinstance(route, APIRoute) and route.path.startswith(f"{HERE}/") and route.path != ADDRESS


def of(app: FastAPI) -> dict[str, Any]:
    """The document of an application, made at first use."""
    found: dict[str, Any] | None = getattr(app.state, "api", None)
    if found is None:
        found = app.state.api = described([route for route in app.routes if concerns(route)])
    return found


def described(routes: Sequence[Any]) -> dict[str, Any]:
    """The document of these routes."""
    made = get_openapi(title="Widerhall", version="1", openapi_version="3.1.0", description=ABOUT, routes=routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas |= {**problem.pop("$defs", {}), "Problem": {**problem, "required": ["type", "title", "status"]}}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    made = _renamed(made)
    made["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"token": []}]
    for route in routes:
        for method in sorted(route.methods or ()):
            _complete(made["paths"][route.path][method.lower()], method, route)
    return made


def _complete(operation: dict[str, Any], method: str, route: APIRoute) -> None:
    """Add the refusals, the limit's headers and the permission that is asked for."""
    operation["x-permission"] = " or ".join(permissions.permissions_of(route)) or None
    answers = operation["responses"]
    for one in answers.values():
        one["headers"] = {name: _header(words) for name, words in LIMITS.items()}
    if method == "GET":
        operation.setdefault("parameters", []).append(IF_NONE_MATCH)
        told = answers["200"]["headers"] | {"ETag": _header("What it looks like now, for If-None-Match.")}
        answers["200"]["headers"] = told
        answers["304"] = {"description": "It looks as the tag says that was sent.", "headers": told}
    asked = [401, 403, 422, 429, 503]
    asked += [404] if "{" in route.path else []
    asked += [400, 409, 413] if method == "POST" else []
    asked += [415] if route.body_field is not None else []
    for status in sorted(asked):
        answers[str(status)] = {
            "description": WHAT.get(status) or MORE[status],
            "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    answers["429"]["headers"] = {"Retry-After": _header("Seconds until one more request may come.", "integer")}


def _renamed(made: dict[str, Any]) -> dict[str, Any]:
    """With names that clients can be made of: a shape whose name two subjects have is named after its own, too."""
    schemas = made["components"]["schemas"]
    names = {name: _name(name, schemas) for name in schemas}
    assert len(set(names.values())) == len(names)  # noqa: S101  # a name stands for one shape
    text = REF.sub(lambda found: f'"#/components/schemas/{names.get(found[1], found[1])}"', json.dumps(made))
    renamed: dict[str, Any] = json.loads(text)
    renamed["components"]["schemas"] = {names[old]: shape for old, shape in renamed["components"]["schemas"].items()}
    return renamed


def _name(name: str, schemas: Mapping[str, Any]) -> str:
    """`web__api__v1__rules__Run` is RulesRun; a list is named after what is in it."""
    found = TWICE.fullmatch(name)
    if found is None:
        return name.replace("-", "")
    if found[1] != "shapes":
        return "".join(part.capitalize() for part in found[1].split("_")) + found[2]
    if "items" not in schemas[name].get("properties", {}):
        return found[2]
    held = schemas[name]["properties"]["items"]["items"]["$ref"].rpartition("/")[2]
    return f"{found[2].partition('_')[0]}_{_name(held, schemas)}_"


def _header(words: str, kind: str = "string") -> dict[str, Any]:
    return {"description": words, "schema": {"type": kind}}
