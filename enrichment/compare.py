"""An account and a CRM record side by side: what each says, field by field, and where they agree. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import names
from enrichment.models import CrmRecord
from enrichment.normalise import mail, phones
from inbox.models import Identity

AGREES: Mapping[str, frozenset[str]] = {
    "name": frozenset({"name_full", "name_reading", "name_nickname", "name_initial", "name_given_initial"}),
    "handle": frozenset({"handle"}),
    "email": frozenset({"email"}),
    "phone": frozenset({"phone"}),
    "site": frozenset({"proven_site", "said_site"}),
    "company": frozenset({"company", "company_part", "domain", "company_site", "switchboard"}),
    "place": frozenset({"same_town"}),
}
DISAGREES: Mapping[str, frozenset[str]] = {
    "name": frozenset({"name_different", "name_other_given", "name_other_surname", "name_stranger"}),
    "handle": frozenset({"other_handle"}),
    "place": frozenset({"other_town", "other_country"}),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One field on both sides; empty where a side says nothing."""

    field: str
    """name, handle, email, phone, site, company, place or about."""
    left: tuple[str, ...]
    right: tuple[str, ...]
    verdict: str
    """same, other, or empty when nothing can be said."""


def lines(identity: Identity, record: CrmRecord, evidence: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The fields in a fixed order; a field neither side knows is left out."""
    supports = {str(one["signal"]) for one in evidence if one.get("supports")}
    against = {str(one["signal"]) for one in evidence if not one.get("supports")}
    country = phones.region(identity.location, identity.language)
    handle = record.handles.get(identity.platform, "")
    name = names.called(record.name, record.first_name, record.last_name)
    pairs: tuple[tuple[str, Sequence[str], Sequence[str]], ...] = (
        ("name", [identity.name], [name]),
        ("handle", [identity.handle], [handle]),
        ("email", sorted(mail.found_in(identity.bio)), list(record.emails)),
        ("phone", sorted(phones.found_in(identity.bio, country)), list(record.phones)),
        ("site", [str(link.get("url", "")) for link in identity.links], list(record.websites)),
        ("company", [record.company if supports & AGREES["company"] else ""], [record.company]),
        ("place", [identity.location], [place(record)]),
        ("about", [identity.bio], []),
    )
    found = [Line(field, _kept(left), _kept(right), _verdict(field, supports, against)) for field, left, right in pairs]
    return [one for one in found if one.left or one.right]


def place(record: CrmRecord) -> str:
    """Town and country as they stand there."""
    return ", ".join(one for one in (record.city, record.country) if one)


def _kept(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values if value and value.strip()))


def _verdict(field: str, supports: Collection[str], against: Collection[str]) -> str:
    if AGREES.get(field, frozenset()) & set(supports):
        return "same"
    return "other" if DISAGREES.get(field, frozenset()) & set(against) else ""
