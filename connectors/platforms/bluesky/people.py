"""Whole profiles: most views name only handle and picture, so bio and counts are asked for, 25 at once.

https://docs.bsky.app/docs/api/app-bsky-actor-get-profiles
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.client import Client
from core.errors import BadPayload, Rejected

AT_ONCE = 25
KEPT_SECONDS = 6 * 3600.0
MOST = 20_000

_kept: dict[tuple[str, str], tuple[float, Mapping[str, Any]]] = {}


def profiles(client: Client, dids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Detailed profiles by DID, kept for some hours; those that cannot be had are left out."""
    if len(_kept) > MOST:
        _kept.clear()
    server, wanted = str(client.base), list(dict.fromkeys(dids))
    start = time.monotonic()
    missing = [did for did in wanted if start - _kept.get((server, did), (-KEPT_SECONDS, {}))[0] >= KEPT_SECONDS]
    for first in range(0, len(missing), AT_ONCE):
        part = missing[first : first + AT_ONCE]
        try:
            found = client.get("/xrpc/app.bsky.actor.getProfiles", [("actors", did) for did in part]).object()
        except (Rejected, BadPayload):
            break
        for profile in found.get("profiles") or ():
            if isinstance(profile, dict) and profile.get("did"):
                _kept[server, str(profile["did"])] = (start, profile)
    return {did: kept[1] for did in wanted if (kept := _kept.get((server, did))) is not None}
