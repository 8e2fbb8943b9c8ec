"""One call of the REST interface, from outside or from inside a composite call, and its answer."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.meter import Meter
from sandbox.salesforce.org import Org
from sandbox.salesforce.query import Found

Fault = Callable[[str], Mapping[str, Any] | None]


class Works(Protocol):
    """Whoever works on bulk jobs: `sandbox.salesforce.bulk.work.Hands`."""

    held: bool

    def press(self, fault: Fault) -> None: ...

    def finish(self, fault: Fault) -> int: ...


@dataclass(slots=True)
class Desk:
    """What every call works on."""

    org: Org
    meter: Meter
    answer: Callable[[Call], Answer]
    """Runs a call inside another one."""
    hands: Works
    cursors: OrderedDict[str, Found] = field(default_factory=OrderedDict)
    """Answers that are handed out in pages."""
    answers: dict[str, Found] = field(default_factory=dict)
    """What query jobs found."""


@dataclass(frozen=True, slots=True)
class Call:
    desk: Desk
    method: str
    segments: tuple[str, ...]
    """The decoded path after the version."""
    version: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: Any = None
    fault: Fault = lambda kind: None
    """Use up an ordered fault of that kind."""
    raw: bytes = b""
    """The body as it came."""

    @property
    def org(self) -> Org:
        return self.desk.org

    def mapping(self) -> dict[str, Any]:
        """The body, which has to be one JSON object."""
        if not isinstance(self.body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be one JSON object")
        return self.body

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | None = None
    """CSV in place of JSON."""
