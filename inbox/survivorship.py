"""Which of several statements about a person is shown: pure, and the only place for these rules.

rank    0 the CRM   1 typed by a colleague   2 a file   3 another program   4 declared by the person   5 inferred
within  what was said last; then the surer, then the source's name, so that the answer never depends on an order
MANY    each value once, from the best source that says so; of all others the best one alone
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

OWN = "field:"
"""How the names of custom fields begin; their number follows."""

Kind = Literal["crm", "typed", "file", "api", "identity", "inferred"]

RANK: Mapping[str, int] = {"crm": 0, "typed": 1, "file": 2, "api": 3, "identity": 4, "inferred": 5}
"""The first word of a source → its place; smaller wins. An account declares, a colleague types, the CRM knows."""

NAMES: Mapping[str, bool] = {
    "name": False,
    "company": False,
    "place": False,
    "language": False,
    "preferred_channel": False,
    "about": False,
    "site": True,
    "email": True,
    "phone": True,
}
"""Everything that is known by a name of ours, in the order it is shown → a person may have many of it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says about a person."""

    name: str
    value: str
    source: str
    """As in `inbox.knowledge.Attribute`."""
    at: datetime
    confidence: float = 1.0

    @property
    def kind(self) -> str:
        """The first word of the source."""
        return self.source.partition(":")[0]

    @property
    def proven(self) -> bool:
        """An account says so, and its platform has proven it."""
        return self.kind == "identity" and self.confidence == 1.0


def survive(said: Iterable[Statement]) -> list[Statement]:
    """What is shown of a person, in the order of NAMES; names that are not ours come last, as single values."""
    by_name: dict[str, list[Statement]] = {}
    for one in sorted(said, key=_order):
        if one.value.strip():
            by_name.setdefault(one.name, []).append(one)
    known = [name for name in NAMES if name in by_name]
    others = sorted(by_name.keys() - NAMES.keys())
    return [one for name in known + others for one in _kept(by_name[name], NAMES.get(name, False))]


def _order(one: Statement) -> tuple[bool, int, float, float, str, str]:
    """A site that is proven goes before one that is only said, whoever says it."""
    site = one.name == "site" and not one.proven
    return site, RANK.get(one.kind, len(RANK)), -one.at.timestamp(), -one.confidence, one.source, one.value


def _kept(said: list[Statement], many: bool) -> list[Statement]:
    if not many:
        return said[:1]
    seen: dict[str, Statement] = {}
    for one in said:
        seen.setdefault(one.value.strip().rstrip("/").casefold(), one)
    return list(seen.values())
