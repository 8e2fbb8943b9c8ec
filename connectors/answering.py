"""An answer before it is sent: whom its connector names in front by itself, and whether it is too long with that."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.attaching import Wrong
from connectors.capabilities import Capability
from connectors.lengths import URL_LENGTH, length
from connectors.platforms.mastodon import sending as mastodon
from connectors.refusals import TOO_LONG


def in_front(platform: str, ref: str, us: str, *, private: bool) -> tuple[str, ...]:
    """The names that come before the text of an answer to this reference, without @; `us` is our handle there."""
    return tuple(mastodon.in_front(ref, us, private=private)) if platform == "mastodon" else ()


def too_long(
    row: Capability, most: int, text: str, front: Sequence[str] = (), us: str = "", url_length: int = 0
) -> Wrong | None:
    """What its platform would say of the length; None when it takes it, or says no limit."""
    whole = mastodon.addressed(text, list(front), us.rpartition("@")[2]).rstrip() if front else text.rstrip()
    count = length(whole, row.counting, url_length or URL_LENGTH)
    if not most or count <= most:
        return None
    return Wrong(TOO_LONG, {"count": count, "platform": row.title, "most": most})
