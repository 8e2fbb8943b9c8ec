"""An answer before it is sent: whom its connector names in front by itself, and whether it is too long with that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from connectors import registry
from connectors.attaching import Wrong
from connectors.capabilities import Capability
from connectors.lengths import URL_LENGTH, length
from connectors.refusals import TOO_LONG


class Naming(Protocol):
    """What a platform's package has as `naming` when its connector puts names in front of an answer by itself."""

    def in_front(self, ref: str, us: str, *, private: bool) -> list[str]:
        """Whom an answer to a message with this reference names, without @; `us` is our handle."""

    def addressed(self, text: str, people: list[str], host: str) -> str:
        """The text with those in front whom it does not name yet."""


def _naming(platform: str) -> Naming | None:
    return cast("Naming | None", getattr(registry.module(platform), "naming", None))


def in_front(platform: str, ref: str, us: str, *, private: bool) -> tuple[str, ...]:
    """The names that come before the text of an answer to this reference, without @; `us` is our handle there."""
    naming = _naming(platform)
    return tuple(naming.in_front(ref, us, private=private)) if naming is not None else ()


def too_long(
    row: Capability, most: int, text: str, front: Sequence[str] = (), us: str = "", url_length: int = 0
) -> Wrong | None:
    """What its platform would say of the length; None when it takes it, or says no limit."""
    naming = _naming(row.name) if front else None
    whole = text if naming is None else naming.addressed(text, list(front), us.rpartition("@")[2])
    count = length(whole.rstrip(), row.counting, url_length or URL_LENGTH)
    if not most or count <= most:
        return None
    return Wrong(TOO_LONG, {"count": count, "platform": row.title, "most": most})
