"""What Alembic compares, for the environment and for the test that holds models and revisions together."""

from __future__ import annotations

from typing import Any


def ours(_: object, name: str | None, kind: str, __: bool, ___: object) -> bool:
    """The search index is no model, and the index of figures differs by engine: their revisions make them by hand."""
    return not (kind in ("table", "index") and (name or "").startswith(("message_search", "message_figures")))


OPTIONS: dict[str, Any] = {"include_object": ours, "compare_type": True, "render_as_batch": True}
