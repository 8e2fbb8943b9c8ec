"""Everything at once, in the middle of a run: faults, killed workers, merges, conversions, deletions, objections, bad
rows. Afterwards the org holds exactly what it should, nothing twice, and each bad row has its reason."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.event import Author
from core.outbox import OutboxRow
from core.queue import handler
from core.settings import settings
from core.topics import SUBSCRIBERS
from enrichment import connection, reconcile, sending
from enrichment.cases import opening
from enrichment.crm import Campaign, Kind, RowResult
from enrichment.models import CrmConnection, SyncState
from enrichment.profile import hub_id
from enrichment.salesforce import client as client_module
from enrichment.salesforce.client import Client
from enrichment.salesforce.login import Login
from enrichment.salesforce.org import SalesforceOrg
from enrichment.segments import campaign, conditions, store
from inbox import consent
from inbox.models import Conversation, Message
from sandbox.salesforce.errors import RowError
from sandbox.salesforce.org import Org
from tests.enrichment import house
from tests.enrichment.house import event
from tests.enrichment.org_server import RunningOrg, running_org

PEOPLE, MESSAGES, BAD = 18, 3, 2
FAULTS = ("lock", "limit", "expired", "html401", "500", "503", "429", "timeout_after_commit", "drop")
REFUSED = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


class Killed(BaseException):
    """The worker is gone, with whatever it knew."""


@dataclass
class Someone:
    """A person who writes, and their record in the org as it is now."""

    number: int
    record: str
    living: bool = True
    objects: bool = False
    case: bool = False

    @property
    def author(self) -> Author:
        name = f"p{self.number}"
        return Author(platform="mastodon", id=f"https://x.example/users/{name}", handle=f"{name}@x.example", name=name)

    @property
    def profile(self) -> str:
        return hub_id("profile", f"mastodon:{self.author.id}")

    def messages(self) -> list[str]:
        return [f"{self.number * 100 + n}" for n in range(MESSAGES)]


@dataclass
class Storm:
    """What happens between the calls of a run, by one seed's dice."""

    org: RunningOrg
    dice: random.Random
    people: list[Someone]
    blowing: bool = True
    kills: int = 3
    did: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Each deed and each fault comes once, in any order, before the dice choose."""
        self.due = [self.merge, self.convert, self.delete, self.object]
        self.faults = list(FAULTS)
        self.dice.shuffle(self.due)
        self.dice.shuffle(self.faults)

    def before(self) -> None:
        """Something, perhaps, just before a call that writes."""
        if not self.blowing:
            return
        if self.due or self.dice.random() < 0.6:
            deeds = (self.merge, self.convert, self.delete, self.object)
            self._note(self.due.pop()() if self.due else self.dice.choice(deeds)())
        if self.faults or self.dice.random() < 0.7:
            kind = self.faults.pop() if self.faults else self.dice.choice(FAULTS)
            self.org.order(kind, path="/services/data", retry_after=0.01)
            self._note(kind)

    def after(self) -> None:
        """The worker may die when the org has answered."""
        if self.blowing and self.kills and self.dice.random() < 0.15:
            self.kills -= 1
            self._note("killed")
            raise Killed

    def _note(self, what: str) -> None:
        self.did[what] = self.did.get(what, 0) + 1

    def of(self, object_: str) -> list[Someone]:
        """Living people whose record is one of these."""
        prefix = {"Contact": "003", "Lead": "00Q"}[object_]
        return [one for one in self.people if one.living and one.record.startswith(prefix)]

    def merge(self) -> str:
        records = sorted({one.record for one in self.of("Contact")})
        if len(records) < 4:
            return "nothing"
        master, loser = self.dice.sample(records, 2)
        self.org.hook("merge", master=master, losers=[loser])
        for one in self.people:
            one.record = master if one.record == loser else one.record
        return "merge"

    def convert(self) -> str:
        leads = self.of("Lead")
        if not leads:
            return "nothing"
        chosen = self.dice.choice(leads)
        lead = chosen.record
        contacts = sorted({one.record for one in self.of("Contact")})
        into = {"contact": self.dice.choice(contacts)} if contacts and self.dice.random() < 0.3 else {}
        contact = self.org.hook("convert", lead=lead, **into)["contactId"]
        for one in self.people:
            one.record = contact if one.record == lead else one.record
        return "convert"

    def delete(self) -> str:
        cases = {row.get("ContactId") for row in self.org.rows("Case")}
        possible = [one for one in self.of("Contact") if one.record not in cases and not one.case]
        busy = {one.record for one in self.people if one.case}
        possible = [one for one in possible if one.record not in busy]
        if len(possible) < 6:
            return "nothing"
        gone = self.dice.choice(possible).record
        self.org.hook("delete", id=gone)
        for one in self.people:
            one.living = one.living and one.record != gone
        return "delete"

    def object(self) -> str:
        willing = [one for one in self.people if not (one.objects or one.case)]
        if len(willing) < 8:
            return "nothing"
        chosen = self.dice.choice(willing)
        with db.write() as session:
            consent.object_to(session, f"identity:{house.identity(chosen.author).id}", "crm_sync", "t", "t")
        chosen.objects = True
        return "object"


class InTheStorm(SalesforceOrg):
    """The CRM, with something going on around each call that writes."""

    storm: Storm

    def upsert(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        self.storm.before()
        found = super().upsert(kind, rows)
        self.storm.after()
        return found

    def delete(self, kind: Kind, hub_ids: Sequence[str]) -> list[RowResult]:
        self.storm.before()
        found = super().delete(kind, hub_ids)
        self.storm.after()
        return found


@pytest.fixture
def org(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningOrg]:
    """A connected hub that sends five records a call; the org bars the rows of two people."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    monkeypatch.setenv("WIDERHALL_CRM_GATHER_SECONDS", "0")
    settings.cache_clear()
    client_module._tokens.clear()
    monkeypatch.setattr(sending, "ROWS", 5)
    monkeypatch.setattr(campaign, "MOST", 4)
    barred = {Someone(n, "").profile for n in range(BAD)} | {hub_id("interaction", f"mastodon:{(BAD + 1) * 100}")}
    insert = Org.insert

    def ruled(self: Org, table: Any, given: Any) -> str:
        if any(one.name == "Hub_Id__c" and value in barred for one, value in given.items()):
            raise RowError(REFUSED, "Not this one.")
        return insert(self, table, given)

    monkeypatch.setattr(Org, "insert", ruled)
    with running_org() as found:
        with db.write() as session:
            login = {"client_id": found.login.client_id, "client_secret": found.login.client_secret}
            connection.connect(session, url=found.url, basis="contract", actor="t", **login)
            consent.switch(session, "marketing", enabled=True, basis="consent", actor="t")
        yield found


@pytest.fixture
def people(org: RunningOrg) -> list[Someone]:
    """Each stands in the CRM by their handle: two in three as contacts, the others as leads."""
    found = []
    for n in range(PEOPLE):
        handle = {"LastName": f"P{n}", "Mastodon_Handle__c": f"@p{n}@x.example"}
        lead = n % 3 == 2
        found.append(Someone(n, org.make("Lead", Company="C", **handle) if lead else org.make("Contact", **handle)))
    return found


def go(*, waits: int) -> None:
    """Run the room; workers that die are replaced, leases and marks run out, and what waits is brought forward."""
    o, s = db.table(OutboxRow), db.table(SyncState)
    for _ in range(waits):
        try:
            while sum(outbox.step(SUBSCRIBERS[name], handler(name)) for name in house.ROOM):
                pass
        except Killed:
            pass
        with db.write() as session:
            session.execute(sa.update(o).where(o.c.dead == 0).values(due_at=0.0))
            session.execute(sa.update(s).where(s.c.claim != "").values(claimed_at=db.now() - timedelta(hours=1)))
            session.execute(sa.update(db.table(CrmConnection)).values(state="active"))


def read() -> None:
    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])


SEEDS = [("sqlite", one) for one in range(6)] + [("postgresql", one) for one in (6, 7)]


@pytest.mark.parametrize(("db_url", "seed"), SEEDS, indirect=["db_url"])
def test_after_a_storm_the_org_holds_what_it_should(
    org: RunningOrg, people: list[Someone], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    storm = Storm(org, random.Random(seed), people)
    login = Login(org.url, org.login.client_id, org.login.client_secret)

    def crm() -> SalesforceOrg:
        found = InTheStorm(Client(login, allow_private=True))
        found.storm = storm
        return found

    monkeypatch.setattr(connection, "crm", crm)
    ours = house.account()
    go(waits=1)
    house.store(ours, *(event(key, one.author) for one in people for key in one.messages()), sentiment="neutral")
    with db.write() as session:
        group = conditions.read({"match": "all", "of": [{"field": "linked", "op": "yes"}]})
        number = store.save(session, "All", group, "t")
        campaign.add(session, number, Campaign(org.make("Campaign", Name="Spring", IsActive=True), "Spring"), "t")
    go(waits=4)
    read()
    (talking,) = [one for one in people if one.number == BAD]
    if talking.living and not talking.objects:
        talking.case = True
        with db.write() as session:
            m, c = db.table(Message), db.table(Conversation)
            first = sa.select(m.c.conversation_id).where(m.c.key == f"mastodon:{talking.messages()[0]}")
            chosen = session.scalars(sa.select(c.c.id).where(c.c.id.in_(first))).one()
            talking.case = not opening.may_open(session, chosen)
            if talking.case:
                opening.open_case(session, chosen, "t")
    gone = people[-1]
    house.store(ours, event(gone.messages()[1], gone.author, action="delete"), event("9000", gone.author))
    go(waits=6)
    storm.blowing = False
    org.faults.clear()
    for _ in range(4):
        read()
        go(waits=6)

    assert {"merge", "convert", "delete", "object", *FAULTS} <= storm.did.keys()
    _compare(org, people, gone)
    assert [name for name in house.waiting() if name != "enrichment.segments.tasks.hand_on"] == []
    for counts in reconcile.run(crm(), actor="t")["counts"].values():
        assert (counts["missing"], counts["differing"], counts["unknown"]) == (0, 0, 0)


def _compare(org: RunningOrg, people: Sequence[Someone], gone: Someone) -> None:
    """The org's own rows against the world, which never asked the hub."""
    against = {one.record for one in people if one.objects}  # who became one with somebody that objects is left out too
    may = [one for one in people if one.living and one.record not in against]
    good = [one for one in may if one.number >= BAD]
    profiles = org.rows("SocialProfile__c")
    expected = [(one.profile, one.record if one.record.startswith("003") else "", one.record) for one in good]
    found = [
        (row["Hub_Id__c"], row.get("Contact__c", ""), row.get("Contact__c") or row.get("Lead__c")) for row in profiles
    ]
    assert sorted(found) == sorted(expected)

    barred = f"{(BAD + 1) * 100}"
    messages = {
        hub_id("interaction", f"mastodon:{key}"): (one.profile, f"text {key}")
        for one in good
        for key in [*one.messages(), *(["9000"] if one is gone else [])]
        if key != barred
    }
    if gone in good:
        messages[hub_id("interaction", f"mastodon:{gone.messages()[1]}")] = (gone.profile, "")
    keys = {row["Id"]: row["Hub_Id__c"] for row in profiles}
    rows = org.rows("SocialInteraction__c")
    told = [(row["Hub_Id__c"], (keys[row["Profile__c"]], row.get("Text__c") or "")) for row in rows]
    assert sorted(told) == sorted(messages.items())

    with db.read() as session:
        s = db.table(SyncState)
        refused = session.execute(sa.select(s.c.hub_id, s.c.code).where(s.c.state == "quarantined")).all()
    bad = {one.profile for one in may if one.number < BAD}
    bad |= {hub_id("interaction", f"mastodon:{barred}")} if people[BAD + 1] in good else set()
    assert {tuple(row) for row in refused} == {(one, REFUSED) for one in bad}

    cases = org.rows("Case")
    assert len(cases) == sum(one.case for one in people)
    inside = [row.get("ContactId") or row["LeadId"] for row in org.rows("CampaignMember")]
    assert sorted(inside) == sorted({one.record for one in may})
