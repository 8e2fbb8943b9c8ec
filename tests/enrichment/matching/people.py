"""Contacts and accounts for tests of the matching, in the fewest words."""

from __future__ import annotations

from typing import Any

from enrichment.matching import memory, score
from enrichment.matching.people import Account, Contact, Profile, account

CROWD = [
    Contact(f"X{number}", first, last, emails=(f"x{number}@post.example",), company=company, city=city)
    for number, (first, last, company, city) in enumerate(
        [
            ("Petra", "Lohmeyer", "Alpenwerk GmbH", "Kiel"),
            ("James", "Whitlock", "Brightline Ltd", "Leeds"),
            ("翔太", "田中", "東海電機株式会社", "東京都"),
            ("Anna", "Huber", "Alpenwerk GmbH", "Wien"),
        ]
        * 5
    )
]


def crm(*contacts: Contact) -> memory.Index:
    """An index of these contacts among a few others."""
    return memory.filled([*contacts, *CROWD])


def seen(name: str = "", handle: str = "someone", **values: Any) -> Account:
    """An account as the scorer sees it."""
    return account(Profile("S1", values.pop("platform", "mastodon"), handle, name, **values))


def verdict(profile: Account, *contacts: Contact) -> score.Verdict:
    """The decision about an account with these contacts, and a crowd, in the CRM."""
    return crm(*contacts).match(profile)
