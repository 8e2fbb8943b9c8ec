"""The keys by which identities and CRM records find each other: pure, from one view to its set of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from enrichment.normalise import handles, mail, names, phones, sites

KeyKind = Literal["email", "phone", "handle", "site", "name"]
MOST_OF_A_KIND = 5
"""So many e-mails or numbers a person has at most; a bio with more is a directory, and none counts."""
LONGEST = 300


class Key(NamedTuple):
    """A normalised value; a handle carries its platform: `mastodon:user@server`."""

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True)
class IdentityView:
    """An account as its platform describes it."""

    id: int
    platform: str
    external_id: str
    handle: str = ""
    name: str = ""
    url: str = ""
    bio: str = ""
    links: tuple[Mapping[str, Any], ...] = ()
    """url, label, verified."""
    location: str = ""
    language: str = ""
    domain_handle: bool = False
    contact_id: str | None = None
    """Our contact it is linked to already."""


@dataclass(frozen=True, slots=True)
class IdentityKeys:
    """What an identity says about itself, by how much it proves."""

    handles: frozenset[Key] = frozenset()
    proven_sites: frozenset[Key] = frozenset()
    """Verified by rel=me, or the domain that is the handle."""
    said_sites: frozenset[Key] = frozenset()
    emails: frozenset[Key] = frozenset()
    phones: frozenset[Key] = frozenset()
    names: frozenset[Key] = field(default=frozenset())

    def all(self) -> frozenset[Key]:
        return self.handles | self.proven_sites | self.said_sites | self.emails | self.phones | self.names


def of_identity(identity: IdentityView) -> IdentityKeys:
    """All keys of an identity."""
    emails = mail.found_in(identity.bio)
    country = phones.region(identity.location, identity.language)
    numbers = phones.found_in(identity.bio, country)
    verified = [str(link.get("url", "")) for link in identity.links if link.get("verified")]
    declared = [str(link.get("url", "")) for link in identity.links if not link.get("verified")]
    if identity.domain_handle:
        verified.append(identity.handle.lstrip("@"))
    proven = _keys("site", map(sites.comparable, verified))
    return IdentityKeys(
        handles=_keys("handle", _own_handles(identity)),
        proven_sites=proven,
        said_sites=_keys("site", map(sites.comparable, declared)) - proven,
        emails=_keys("email", emails if len(emails) <= MOST_OF_A_KIND else ()),
        phones=_keys("phone", numbers if len(numbers) <= MOST_OF_A_KIND else ()),
        names=_keys("name", names.keys(shown_name(identity))),
    )


def shown_name(identity: IdentityView) -> str:
    """The name to compare: as shown, or the user name where none is shown."""
    shown = identity.name.strip()
    user = identity.handle.lstrip("@").split("@")[0]
    if shown and shown.lower() not in (user.lower(), identity.handle.lower()):
        return shown
    return names.of_handle(identity.handle)


def _own_handles(identity: IdentityView) -> set[str]:
    spellings = [identity.handle, identity.external_id]
    if identity.platform == "mastodon":
        spellings.append(identity.url)
    found = {handles.comparable(identity.platform, one) for one in spellings if one}
    return {f"{identity.platform}:{one}" for one in found if one}


@dataclass(frozen=True, slots=True)
class RecordView:
    """A contact or lead of the CRM, texts as typed there."""

    record_id: str
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: Mapping[str, str] = field(default_factory=dict)
    websites: tuple[str, ...] = ()
    company: str = ""


def of_record(record: RecordView) -> frozenset[Key]:
    """All keys of a CRM record."""
    whole = record.name or f"{record.first_name} {record.last_name}"
    country = phones.record_region(whole, record.emails)
    typed = (f"{platform}:{handles.comparable(platform, one)}" for platform, one in record.handles.items())
    return (
        _keys("email", map(mail.canonical, record.emails))
        | _keys("phone", (phones.e164(number, country) for number in record.phones))
        | _keys("handle", (one for one in typed if not one.endswith(":")))
        | _keys("site", map(sites.comparable, record.websites))
        | _keys("name", names.record_keys(record.first_name, record.last_name, record.name))
    )


def _keys(kind: KeyKind, values: Any) -> frozenset[Key]:
    found: Sequence[str] = [value for value in values if value and len(value) <= LONGEST]
    return frozenset(Key(kind, value) for value in found)
