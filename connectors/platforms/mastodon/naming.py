"""Whom a status names in front: Mastodon reaches people by their names in the text alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any


def addressed(text: str, people: list[str], host: str) -> str:
    """The text with `@acct` in front for everybody it does not name yet."""
    lower = text.lower()

    def named(acct: str) -> bool:
        short = acct.split("@")[0] if acct.endswith("@" + host) or "@" not in acct else acct
        names = {acct.lower(), short.lower()}
        return any(re.search(rf"(?<![\w@])@{re.escape(name)}(?![\w@.-]*\w)", lower) for name in names)

    missing = [acct for acct in dict.fromkeys(people) if acct and not named(acct)]
    return " ".join([*(f"@{acct}" for acct in missing), text])


def in_front(ref: str, us: str, *, private: bool) -> list[str]:
    """Whom an answer to a message with this reference names by itself; `us` is our handle."""
    try:
        parent = json.loads(ref)
    except ValueError:
        return []
    if not isinstance(parent, dict):
        return []
    ours = {us.lstrip("@").lower(), us.lstrip("@").partition("@")[0].lower()}
    people = said_to(parent, direct=private or parent.get("visibility") == "direct")
    return [acct for acct in dict.fromkeys(people) if acct and acct.lower() not in ours]


def said_to(parent: Mapping[str, Any], *, direct: bool) -> list[str]:
    """Who wrote the parent; in private everybody there."""
    mentions = parent.get("mentions") or () if direct else ()
    return [str(parent.get("acct") or ""), *(str(acct) for acct in mentions)]
