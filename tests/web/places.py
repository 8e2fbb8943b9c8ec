"""The addresses of all pages of the hub in `tests.web.lived`, found from the application's own routes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.routing import Mount

from tests.web import lived
from web.app import create_app
from web.permissions import API, permission_of

MORE = ("/nothing",)
"""Pages besides those of a plain route."""
NO_PAGES = frozenset(
    {
        "/live",
        "/live/mine",
        "/live/notices",
        "/settings/me/push",
        "/healthz",
        "/readyz",
        "/metrics",
        "/oauth/client-metadata.json",
    }
)


NUMBERS = (
    "conversation_id", "identity_id", "subject_id", "subject", "query_id", "account_id", "reply_id", "link_id",
    "user_id", "row_id", "item_id", "note_id", "message_id", "proposal_id", "share_id", "label_id", "theme_id",
    "key_id", "segment_id", "token_id", "saved_id", "endpoint_id", "delivery_id", "activation_id", "decision_id",
    "duplicate_id",
    "view_id", "macro_id", "rule_id", "notice_id",
    "forward_id", "team_id", "policy_id", "survey_id", "passkey_id", "role_id", "field_id", "part_id", "file_id",
    "job_id",
)  # fmt: skip
"""Parameters of addresses."""


def values() -> dict[str, str]:
    """What stands for each of them: a thing that there is."""
    return {
        **dict.fromkeys(NUMBERS, "1"),
        "conversation_id": str(lived.talk("y:4")),
        "message_id": str(lived.message("y:4")),
        "identity_id": str(lived.who(lived.KIM.handle)),
        "user_id": "2",
        "endpoint_id": "2",
        "place": "0",
        "contact_id": lived.CONTACT,
        "deed": "pause",
        "step": "up",
        "object": "Lead",
        "proposal_id": "2",
        "state": "closed",
        "token": lived.made["token"],
        "mark": "0" * 16,
    }


def filled(path: str, found: Mapping[str, str] | None = None) -> str:
    """An address with what there is in the place of its parameters; KeyError names one that nothing stands for."""
    found = (
        values()
        if found is None
        else {
            **dict.fromkeys(NUMBERS, "1"),
            "state": "closed",
            "place": "0",
            "token": "x",
            "mark": "x",
            "contact_id": "x",
            "deed": "x",
            "step": "up",
            "object": "Lead",
            **found,
        }
    )
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda place: found[place[1]], path)


def pages(found: Mapping[str, str] | None = None) -> list[str]:
    """Every address that a signed-in person can open; `found` says what stands for the parameters."""
    opened = []
    for route in create_app().routes:
        if isinstance(route, Mount) or route.path in NO_PAGES or "GET" not in (route.methods or ()):
            continue
        if route.path.startswith(API):  # for programs: a sign-in does not open it
            continue
        if permission_of(route) is not None:
            opened.append(filled(route.path, found))
    return [*opened, *MORE]
