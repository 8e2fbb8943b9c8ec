"""The API's description as a page shows it: addresses by subject, with what each takes and answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JSON = "application/json"
DEEPEST = 3
"""Objects in objects that are told."""


@dataclass(frozen=True)
class Value:
    """A parameter or a field."""

    name: str
    kind: str
    where: str
    """path, query, header, body or answer."""
    needed: bool
    text: str


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    method: str
    path: str
    text: str
    permission: str
    takes: Sequence[Value]
    answers: Sequence[Value]
    many: bool
    """The answer is a list; `answers` are the fields of one of it."""


def told(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Operations by subject, in the document's order."""
    found: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            found.setdefault(one.get("tags", ["other"])[0], []).append(_operation(document, method, path, one))
    return found


def _operation(document: Mapping[str, Any], method: str, path: str, one: Mapping[str, Any]) -> Operation:
    takes = [
        Value(p["name"], _kind(document, p["schema"]), p["in"], p.get("required", False), p.get("description", ""))
        for p in one.get("parameters", ())
    ]
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    takes += _fields(document, body, "body") if body else []
    good: Mapping[str, Any] = next(
        (answer for status, answer in one["responses"].items() if status.startswith("2")), {}
    )
    shape = _followed(document, good.get("content", {}).get("application/json", {}).get("schema", {}))
    items = shape.get("properties", {}).get("items", {}).get("items")
    answers = list(_fields(document, items or shape, "answer"))
    answers += [Value(kind, "file", "answer", True, "") for kind in good.get("content", ()) if kind != JSON]
    text = " ".join((one.get("description") or one.get("summary", "")).split())
    return Operation(
        method.upper(), path, text, one.get("x-permission") or "", takes, answers, items is not None
    )  # fmt: skip


def _fields(
    document: Mapping[str, Any], schema: Mapping[str, Any], where: str, under: str = "", depth: int = 0
) -> Iterator[Value]:
    """The fields of an object, each followed by those of the object that it holds: `hours[].start`."""
    shape = _followed(document, schema)
    needed = shape.get("required", ())
    for name, one in shape.get("properties", {}).items():
        yield Value(f"{under}{name}", _kind(document, one), where, name in needed, one.get("description", ""))
        held, mark = _held(one)
        if held and depth < DEEPEST:
            yield from _fields(document, held, where, f"{under}{name}{mark}.", depth + 1)


def _held(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    """The object that a value is, or is a list or a table of, and how that is written; nothing for other values."""
    for one in (schema, *schema.get("anyOf", ())):
        if "$ref" in one:
            return one, ""
        for inner, mark in ((one.get("items"), "[]"), (one.get("additionalProperties"), "{}")):
            if isinstance(inner, Mapping) and "$ref" in inner:
                return inner, mark
        for inner in one.get("patternProperties", {}).values():
            if "$ref" in inner:
                return inner, "{}"
    return {}, ""


def _followed(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Mapping[str, Any] = document["components"]["schemas"].get(name, schema) if name else schema
    return found


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The type of a value in a word or two."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_kind(document, one) for one in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    if schema.get("type") == "array":
        return f"[{_kind(document, schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")
