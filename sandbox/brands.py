"""The five brands and our accounts for them, with fixed credentials."""

from __future__ import annotations

from functools import cache
from typing import Any

from sandbox.people import load

Doc = dict[str, Any]
SCOPES = "read write follow push"
GROUP = -1001987654321
BUSINESS = "biz-kumo-1"


@cache
def brands() -> dict[str, Doc]:
    """All brands by key."""
    found: dict[str, Doc] = load("brands.json")
    return {key: {"key": key, **doc} for key, doc in found.items()}


def shown_handle(brand: Doc) -> str:
    """Our handle as it stands in ``/_world.json`` and the announcement."""
    handle: str = brand["handle"]
    return {"mastodon": f"@{handle}@social.example", "telegram": f"@{handle}"}.get(brand["platform"], handle)


def accounts(urls: dict[str, str]) -> list[Doc]:
    """The announcement's list: where each account lives and how to sign in."""
    found = []
    for brand in brands().values():
        doc = {
            "platform": brand["platform"],
            "base_url": urls[brand["platform"]],
            "handle": shown_handle(brand),
        }
        if "token" in brand:
            doc["token"] = brand["token"]
        else:
            doc |= {"identifier": brand["handle"], "password": brand["password"]}
            doc["password_without_chat"] = brand["public_password"]
        found.append(doc | {"brand": brand["key"], "name": brand["name"]})
    return found
