"""The keys by which identities and CRM records find each other: pure, from one view to its set of keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from enrichment.matching import keys as index_keys
from enrichment.matching import people
from enrichment.normalise import handles, mail, phones, sites

KeyKind = Literal["email", "phone", "handle", "site", "name", "given", "surname", "work", "town"]
"""given, surname, work and town only say how often what a record has occurs; nobody is found by them alone."""
KINDS: frozenset[str] = frozenset(get_args(KeyKind))
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
    """Our contact it is linked to already, after all merges."""
    home: str | None = None
    """The contact it was linked to."""


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
        names=_keys("name", index_keys.shown_pairs(people.account(profile(identity)))),
    )


def profile(identity: IdentityView) -> people.Profile:
    """An account as the scorer takes it."""
    return people.Profile(
        id=str(identity.id),
        platform=identity.platform,
        handle=identity.handle,
        name=identity.name,
        bio=identity.bio,
        location=identity.location,
        links=tuple((str(link.get("url", "")), bool(link.get("verified"))) for link in identity.links),
        language=identity.language,
        domain_handle=identity.domain_handle,
    )


def _own_handles(identity: IdentityView) -> set[str]:
    spellings = [identity.handle, identity.external_id]
    if identity.platform == "mastodon":
        spellings.append(identity.url)
    found = {handles.comparable(identity.platform, one) for one in spellings if one}
    return {f"{identity.platform}:{one}" for one in found if one}


def of_record(record: people.Contact) -> frozenset[Key]:
    """All keys of a CRM record."""
    person = people.person(record)
    cut = (one.partition(":") for one in index_keys.of_person(person))
    return frozenset(
        Key(kind, value)  # type: ignore[arg-type]  # one of KINDS
        for kind, _, value in cut
        if kind in KINDS and value and len(value) <= LONGEST
    )


def _keys(kind: KeyKind, values: Any) -> frozenset[Key]:
    found: Sequence[str] = [value for value in values if value and len(value) <= LONGEST]
    return frozenset(Key(kind, value) for value in found)
