"""Whether a value as the CRM gives it back is the one that was sent: pure, for answers in JSON and in CSV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from enrichment.crm import HUB_ID

CLOSE = 1e-6


def alike(ours: Any, there: Any) -> bool:
    """Empty in any form is empty; times and numbers count by what they mean; texts without their edges."""
    if isinstance(ours, Mapping):
        return alike(ours.get(HUB_ID), there.get(HUB_ID) if isinstance(there, Mapping) else there)
    if isinstance(ours, bool):
        return str(there if there not in (None, "") else False).lower() == str(ours).lower()
    if ours in (None, "") or there in (None, ""):
        return ours in (None, "") and there in (None, "")
    if isinstance(ours, int | float):
        try:
            return abs(float(ours) - float(there)) < CLOSE
        except (TypeError, ValueError):
            return False
    return _text(ours) == _text(there)


def _text(value: Any) -> str:
    text = "\n".join(str(value).splitlines()).strip()
    if len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T":
        try:
            return datetime.fromisoformat(text).isoformat()
        except ValueError:
            return text
    return text
