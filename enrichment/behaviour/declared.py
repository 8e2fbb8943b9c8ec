"""What customers say of themselves in their traits, as far as it is shown: interests, channel, address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from enrichment.behaviour import messages
from enrichment.behaviour.orders import ADDRESSES, address, plain, text

CHANNELS = ("preferred_channel", "preferredChannel")


def said(traits: Mapping[str, Any]) -> dict[str, list[str]]:
    """interest, channel and address → the words on it; what is not said is left out."""
    found = {
        "interest": messages.interests(traits.get("interests")),
        "channel": [next((word for one in CHANNELS if (word := text(traits.get(one), 60))), "")],
        "address": [in_one_line(address(traits))],
    }
    return {name: [one for one in values if one] for name, values in found.items() if any(values)}


def in_one_line(parts: Mapping[str, Any]) -> str:
    """An address as people write it in one line."""
    town = " ".join(one for one in (parts.get("postal_code"), parts.get("city")) if one)
    return ", ".join(one for one in (parts.get("street"), town, parts.get("state"), parts.get("country")) if one)


def subjects(traits: Mapping[str, Any]) -> set[str]:
    """On what these traits are somebody's word; an empty list of interests is one for segments."""
    return {*said(traits), *(("interests",) if traits.get("interests") is not None else ())}


def bare(traits: Mapping[str, Any]) -> dict[str, Any]:
    """The traits without everything that is not shown."""
    return {
        name: value
        for name, value in traits.items()
        if name == "interests" or name in CHANNELS or plain(name) in ADDRESSES
    }
