"""What the CRM holds about a person and a message: pure, from plain values to the CRM's fields."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from enrichment.crm import HUB_ID, Kind

Fields = dict[str, Any]
EVIDENCE_LENGTH = 4000
TEXT_LENGTH = 32_000
TOPICS_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class ProfileView:
    """An identity with its link and what its messages of the last 90 days show."""

    platform: str
    external_id: str
    handle: str = ""
    name: str = ""
    url: str = ""
    avatar_url: str = ""
    followers: int | None = None
    language: str = ""
    location: str = ""
    last_seen: datetime | None = None
    contact: str = ""
    """Record ids in the CRM; of contact and lead at most one is set."""
    lead: str = ""
    account: str = ""
    tier: Literal["A", "A-", "review"] = "A"
    confidence: float = 1.0
    evidence: tuple[str, ...] = ()
    """In words, what supports first."""
    rated: int = 0
    """Inbound messages with a sentiment."""
    negative: int = 0
    topics: tuple[str, ...] = ()
    hub_url: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message and whose profile it belongs to."""

    key: str
    profile: str
    """Hub id of the customer's profile."""
    direction: Literal["inbound", "outbound"]
    kind: str
    text: str
    posted_at: datetime
    url: str = ""
    private: bool = False
    deleted: bool = False
    sentiment: str = ""
    topics: tuple[str, ...] = ()
    case: str = ""
    """Hub id of the Salesforce Case of its conversation, where one stands in the CRM."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How much of a message's text leaves the hub, in characters; 0 is none."""

    public_excerpt: int = 255
    private_text: bool = field(default=False)


def hub_id(kind: Kind, key: str) -> str:
    """The opaque key of a record in the CRM: 26 letters and digits, the same for ever.

    `key` is `platform:external id` for a profile and the event's key for an interaction.
    """
    digest = hashlib.sha256(f"{kind}:{key}".encode()).digest()[:16]
    return base64.b32encode(digest).decode().rstrip("=").lower()


def build_profile(view: ProfileView) -> Fields:
    """The fields of SocialProfile__c, each within its length; None empties a field."""
    return {
        HUB_ID: hub_id("profile", f"{view.platform}:{view.external_id}"),
        "Name": _cut(view.name or view.handle or view.external_id, 80),
        "Contact__c": view.contact or None,
        "Lead__c": view.lead or None,
        "Account__c": view.account or None,
        "Network__c": _cut(view.platform, 40),
        "Handle__c": _cut(view.handle, 255),
        "Profile_Url__c": _address(view.url),
        "Avatar_Url__c": _address(view.avatar_url),
        "Followers__c": view.followers,
        "Language__c": _cut(view.language, 10),
        "Location__c": _cut(view.location, 255),
        "Negative_Share__c": round(100 * view.negative / view.rated, 2) if view.rated else None,
        "Rated_Messages__c": view.rated,
        "Topics__c": _cut("; ".join(view.topics), TOPICS_LENGTH),
        "Match_Tier__c": view.tier,
        "Match_Confidence__c": round(view.confidence, 4),
        "Match_Evidence__c": _cut("\n".join(view.evidence), EVIDENCE_LENGTH),
        "Last_Seen__c": _moment(view.last_seen),
        "Hub_Url__c": _address(view.hub_url),
    }


def build_interaction(view: MessageView, policy: Policy) -> Fields:
    """The fields of SocialInteraction__c; a deleted or private message has no text there."""
    return {
        HUB_ID: hub_id("interaction", view.key),
        "Profile__r": {HUB_ID: view.profile},
        "Direction__c": view.direction,
        "Kind__c": _kind(view),
        "Text__c": _text(view, policy),
        "Sentiment__c": _cut(view.sentiment, 10),
        "Topic__c": _cut("; ".join(view.topics), 255),
        "Posted_At__c": _moment(view.posted_at),
        "Permalink__c": None if view.private else _address(view.url),
        "Private__c": view.private,
        "Deleted__c": view.deleted,
        **({"Case__r": {HUB_ID: view.case}} if view.case else {}),
    }


def excerpt(text: str, length: int) -> str:
    """The start of a text, with an ellipsis as its last character where something is cut off."""
    return text if len(text) <= length else text[: length - 1] + "…"


def changed_fields(new: Mapping[str, Any], sent: Mapping[str, Any]) -> Fields:
    """What the CRM does not know yet, with the key; empty when it knows everything."""
    changed = {name: value for name, value in new.items() if name not in sent or sent[name] != value}
    if not changed:
        return {}
    return {HUB_ID: new[HUB_ID], **changed}


def payload_hash(fields: Mapping[str, Any]) -> str:
    """One short text for a payload: equal exactly when all fields are."""
    text = json.dumps(fields, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _kind(view: MessageView) -> str:
    if view.direction == "outbound":
        return "dm" if view.private else "reply"
    return view.kind


def _text(view: MessageView, policy: Policy) -> str | None:
    if view.deleted or not view.text:
        return None
    if view.private:
        return excerpt(view.text, TEXT_LENGTH) if policy.private_text else None
    return excerpt(view.text, policy.public_excerpt) if policy.public_excerpt else None


def _cut(text: str, length: int) -> str | None:
    return text.strip()[:length].strip() or None


def _address(url: str) -> str | None:
    """Half an address leads nowhere: one that is too long is left out."""
    return url if 0 < len(url) <= 255 else None


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
