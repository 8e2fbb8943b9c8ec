"""Before a lead or contact is made: what this org asks for, and records that may be the same person."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session

from core.errors import Rejected
from enrichment import byhand, connection, person
from enrichment.crm import Needed
from enrichment.making import form
from enrichment.person import Person

NOT_THERE = "Your org does not let the hub make such records yet. An administrator installs the newest package."
MOST = 8


@dataclass(frozen=True, slots=True)
class Near:
    """A record that may be this person."""

    object: str
    name: str
    company: str
    how: str
    """proposed or found."""


def fields(object_: str) -> list[Needed]:
    """What the org asks for; asks it. Rejected where none can be made there."""
    needed = connection.crm().needed("lead" if object_ == "Lead" else "contact")
    if needed is None:
        raise Rejected(NOT_THERE)
    return form.asked(object_, needed)


def near(session: Session, found: Person) -> list[Near]:
    """Records of the CRM that may be this person: those proposed, and those with their e-mail address or name."""
    links = [one for one in person.links(session, found.identity.id) if one.decision == "review"]
    known = {(one.object, one.called, one.company): "proposed" for one in links}
    words = [one.value for one in found.facts if one.name == "email"] + [found.name]
    for word in words:
        for record in byhand.search(session, word, 5) if word else ():
            known.setdefault((record.object, record.name, record.company), "found")
    return [Near(*key, how) for key, how in known.items()][:MOST]
