"""What the API's parts share: ids, moments, pages, and what a change answers."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from core import db
from web.api.v1.problem import Refused

LARGEST = 2**53 - 1
"""The largest id: what JSON readers everywhere hold exactly."""
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def _written(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _read(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("a moment is written as RFC 3339 says, with its zone: 2026-11-22T08:30:00Z")
    return datetime.fromisoformat(value)


def _sound(value: str) -> str:
    return db.sound(value)


Moment = Annotated[datetime, BeforeValidator(_read), PlainSerializer(_written, when_used="json")]
"""A moment: RFC 3339, answered in UTC."""
Id = Annotated[int, Path(ge=1, le=LARGEST)]
Number = Annotated[int, Field(ge=1, le=LARGEST, strict=True)]
Text = Annotated[str, AfterValidator(_sound)]
Cursor = Annotated[
    str, Query(max_length=500, description="Where the page begins: `next` of the page before. Empty: at the top.")
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


class Given(BaseModel):
    """The body of a request: no field that is not known, no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Shown(BaseModel):
    """Part of an answer; reads its fields from any object."""

    model_config = ConfigDict(from_attributes=True)


T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some of a list, and where the next page begins."""

    items: list[T]
    next: str | None = Field(description="Send it as `cursor` for the next page; null at the end.")


class All(BaseModel, Generic[T]):
    """A whole list."""

    items: list[T]


class Changed(BaseModel):
    """What became of a deed."""

    id: int = Field(description="What was changed.")
    changed: bool = Field(description="False when it was like that already.")


class Made(BaseModel):
    """Something that is new."""

    id: int


# --- places in lists that are ordered by their ids -------------------------------------------------------


def mark(*parts: object) -> str:
    """A place as a cursor."""
    return base64.urlsafe_b64encode("|".join(map(str, parts)).encode()).decode().rstrip("=")


def place(cursor: str, parts: int = 1) -> list[str]:
    """A cursor as the place it was made of; empty at the top. Refused when it is none."""
    if not cursor:
        return []
    try:
        found = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
    except (binascii.Error, ValueError) as error:
        raise wrong_place() from error
    if len(found) != parts:
        raise wrong_place()
    return found


def number(text: str) -> int:
    """A row id out of a cursor."""
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise wrong_place()
    return int(text)


def wrong_place() -> Refused:
    """A cursor that was not made here."""
    return Refused(422, "This cursor is not one of ours. Send `next` of the page before, or none.", "bad-cursor")
