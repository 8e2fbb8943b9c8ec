"""Who is in the big hub: users, accounts, subjects, people, and those of them the CRM knows."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, repeat
from typing import Any

from sqlmodel import Session, SQLModel

from core.event import Author, Profile
from enrichment.match import Evidence
from enrichment.models import CrmConnection, CrmRecord, MatchLink, SyncState
from inbox import accounts
from inbox.attributes import DECLARED
from inbox.knowledge import Attribute
from inbox.models import Contact, Identity
from inbox.worker_models import User
from listening.models import Query, Subject

ROLES = ("admin", *("agent",) * 10, "marketer", "dpo")
BRANDS = (
    ("mastodon", "lindenbahn"), ("mastodon", "fjellvik"), ("bluesky", "hoshizora.example"),
    ("bluesky", "marlowe.example"), ("telegram", "kumobot"), ("archive", "letters"),
)  # fmt: skip
SUBJECTS = ("Lindenbahn", "Fjellvik", "Hoshizora", "Marlowe", "Kumo", "Rivals", "Delivery", "Autumn campaign")
FIRST = {
    "en": ("Priya", "Tom", "Grace", "Owen", "Sian", "Jack", "Amara", "Neil"),
    "de": ("Katrin", "Sönke", "Lina", "Jörg", "Mirjam", "Anke", "Uwe", "Frauke"),
    "ja": ("美咲", "健一", "陽子", "翔太", "由美", "大輔", "さくら", "誠"),
}
LAST = {
    "en": ("Raman", "Whitfield", "Okafor", "Penrose", "Mistry", "Hale", "Byrne", "Lockwood"),
    "de": ("Oldenburg", "Petersen", "Abendroth", "Schäfer", "Weißmüller", "Krüger", "Brandt", "Vogelsang"),
    "ja": ("高橋", "佐藤", "小林", "渡辺", "伊藤", "中村", "山本", "斎藤"),
}
BIO = "Just a person who writes now and then, mostly about trains and coffee"
EVIDENCE = [
    Evidence("handle", "the CRM names this very account", 9.1).row(),
    Evidence("name_full", "the same name", 3.2).row(),
]


@dataclass(frozen=True)
class People:
    """The people's ids and, in the same order, where they are and what they speak."""

    ids: range
    platforms: Sequence[str]
    languages: Sequence[str]
    linked: frozenset[int]


def connect(session: Session) -> list[tuple[int, str]]:
    """Our accounts: (id, platform)."""
    found = []
    for platform, handle in BRANDS:
        author = Author(platform=platform, id=f"https://ours.example/{handle}", handle=handle, name=handle.title())
        number = accounts.add(
            session, platform=platform, profile=Profile(author=author), base_url="", secrets={}, feeds=()
        )
        found.append((number, platform))
    return found


def plan(rng: random.Random, number: int, ours: int) -> People:
    """People in proportion to the platforms; three in ten are linked to a contact."""
    ids = range(ours + 1, ours + 1 + number)
    platforms = rng.choices(("mastodon", "bluesky", "telegram", "archive"), (4, 3, 2, 1), k=number)
    languages = rng.choices(("en", "de", "ja"), (4, 4, 2), k=number)
    return People(ids, platforms, languages, frozenset(rng.sample(ids, number * 3 // 10)))


def tables(rng: random.Random, people: People, moment: datetime) -> Iterator[tuple[type[SQLModel], dict[str, Any]]]:
    """Every table of this part, in the order of writing."""
    yield User, _users(moment)
    yield Subject, {"name": SUBJECTS, "created_at": repeat(moment)}
    yield Query, _queries()
    linked = sorted(people.linked)
    contacts = {one: f"01J{number:023d}" for number, one in enumerate(linked)}
    yield Contact, {"id": contacts.values(), "name": map(_name, repeat(people), linked), "created_at": repeat(moment)}
    yield Identity, _identities(rng, people, contacts, moment)
    yield CrmConnection, {"url": ["https://org.example"], "client_id": ["c"], "secret": [""], "pulled_at": [moment]}
    yield CrmRecord, _records(people, contacts, moment)
    yield MatchLink, _links(people, contacts, moment)
    yield SyncState, _sync(contacts, moment)
    yield Attribute, _attributes(people, contacts, moment)


def _users(moment: datetime) -> dict[str, Any]:
    return {
        "email": [f"user{number}@hub.example" for number in range(1, len(ROLES) + 1)],
        "name": [f"Colleague {number}" for number in range(1, len(ROLES) + 1)],
        "password": repeat("none"),
        "role": ROLES,
        "language": repeat("en"),
        "time_zone": repeat("Europe/Berlin"),
        "created_at": repeat(moment),
    }


def _queries() -> dict[str, Any]:
    return {
        "subject_id": [number for number in range(1, len(SUBJECTS) + 1) for _ in range(2)],
        "name": [f"{name} {half}" for name in SUBJECTS for half in ("name", "products")],
        "text": [f"{name.split()[0]} {half}" for name in SUBJECTS for half in ("", "OR parcel")],
    }


def _name(people: People, one: int) -> str:
    language = people.languages[one - people.ids.start]
    first, last = FIRST[language][one % 8], LAST[language][one // 8 % 8]
    return f"{last} {first}" if language == "ja" else f"{first} {last}"


def _identities(rng: random.Random, people: People, contacts: dict[int, str], moment: datetime) -> dict[str, Any]:
    return {
        "platform": people.platforms,
        "external_id": [f"https://social.example/users/u{one}" for one in people.ids],
        "handle": [f"u{one}@social.example" for one in people.ids],
        "name": [_name(people, one) for one in people.ids],
        "url": [f"https://social.example/@u{one}" for one in people.ids],
        "bio": repeat(BIO),
        "language": people.languages,
        "followers": [int(rng.paretovariate(0.8)) * 10 for _ in people.ids],
        "contact_id": map(contacts.get, people.ids),
        "first_seen": repeat(moment - timedelta(days=365)),
        "last_seen": [moment - timedelta(minutes=rng.randrange(500_000)) for _ in people.ids],
    }


def _records(people: People, contacts: dict[int, str], moment: datetime) -> dict[str, Any]:
    return {
        "record_id": [f"003{number:015d}" for number in range(len(contacts))],
        "object": repeat("Contact"),
        "name": [_name(people, one) for one in contacts],
        "emails": [[f"u{one}@mail.example"] for one in contacts],
        "company": repeat("Oldenburg Keramik GbR"),
        "modified": repeat(moment - timedelta(days=40)),
        "contact_id": contacts.values(),
    }


def _attributes(people: People, contacts: dict[int, str], moment: datetime) -> dict[str, Any]:
    """What each linked account and its record say."""
    rows = [
        (contact, name, value, source, 1.0 if source.startswith("crm:") else DECLARED)
        for number, (one, contact) in enumerate(contacts.items())
        for name, value, source in (
            ("name", _name(people, one), f"crm:Contact:003{number:015d}"),
            ("company", "Oldenburg Keramik GbR", f"crm:Contact:003{number:015d}"),
            ("email", f"u{one}@mail.example", f"crm:Contact:003{number:015d}"),
            ("name", _name(people, one), f"identity:{one}"),
            ("language", people.languages[one - people.ids.start], f"identity:{one}"),
            ("about", BIO, f"identity:{one}"),
        )
    ]
    columns = dict(zip(("contact_id", "name", "value", "source", "confidence"), zip(*rows, strict=True), strict=True))
    return {**columns, "at": repeat(moment), "purpose": repeat("profile"), "basis": repeat("legitimate_interest")}


def _links(people: People, contacts: dict[int, str], moment: datetime) -> dict[str, Any]:
    """Each linked person's link, and a proposal for every twentieth of the others."""
    proposed = [one for one in people.ids if one not in people.linked][::20]
    both = [*contacts, *proposed]
    known = len(contacts)
    return {
        "identity_id": both,
        "crm_record_id": [number % known + 1 for number in range(len(both))],
        "contact_id": [contacts.get(one) for one in both],
        "tier": ["A" if one in people.linked else "B" for one in both],
        "score": [0.99 if one in people.linked else 0.8 for one in both],
        "decision": ["auto" if one in people.linked else "review" for one in both],
        "evidence": repeat(EVIDENCE),
        "rules": repeat("1"),
        "at": repeat(moment),
    }


def _sync(contacts: dict[int, str], moment: datetime) -> dict[str, Any]:
    return {
        "kind": repeat("profile"),
        "hub_id": [f"hub{one:020d}" for one in contacts],
        "state": repeat("synced"),
        "record_id": [f"a01{number:015d}" for number, _ in zip(count(1), contacts, strict=False)],
        "at": repeat(moment),
        "contact_id": contacts.values(),
        "identity_id": contacts,
    }
