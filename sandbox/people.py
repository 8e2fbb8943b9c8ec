"""The world's people, the CRM's records about some of them, and the truth about who is who."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Doc = dict[str, Any]
DATA = Path(__file__).parent / "world_data"
PLATFORMS = ("mastodon", "bluesky", "telegram")
UNKNOWN = ["none", "", "", "nothing about this identity is in the CRM"]


def load(name: str) -> Any:
    """One of the world's data files."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def people() -> dict[str, Doc]:
    """Everybody by key."""
    return {doc["key"]: doc for doc in load("people.json")}


def crm_records() -> dict[str, list[Doc]]:
    """Object → rows of accounts, people, what they order; ``key`` names a row, ``Account`` its parent's."""
    found: dict[str, list[Doc]] = load("crm.json")
    return found


def truth(person: Doc | None, platform: str, ids: Mapping[str, Doc]) -> Doc:
    """What the hub must conclude about an identity, what else is acceptable, and why.

    ``ids`` tells the org's record ids by a row's key.
    """
    verdict, record, tier, why = (person or {}).get("truth", {}).get(platform, UNKNOWN)
    object_, _, key = record.partition(":")
    named = ids[key]["Id"] if key else None
    return {
        "expected": verdict,
        "accept": ["none", "review"] if verdict == "none" else [verdict],
        "contact": named if verdict != "none" else None,
        "object": object_ or None,
        "tier": tier,
        "really": named,
        "why": why,
    }
