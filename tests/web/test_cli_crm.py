"""Salesforce and people on the command line: off until a basis is named, synced, reviewed, objected to, erased."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.settings import settings
from enrichment.profile import hub_id
from inbox.models import Identity, Message
from tests.living import Sandbox, done, refused, widerhall
from web.demo.compare import query

pytestmark = pytest.mark.xdist_group("living")


def person(name: str) -> Identity:
    with db.read() as session:
        i = db.table(Identity)
        return session.scalars(sa.select(Identity).where(i.c.name == name)).one()


def profile_of(home: Sandbox, who: Identity) -> list[dict[str, Any]]:
    """What the org itself answers about somebody, by SOQL over HTTP."""
    key = hub_id("profile", f"{who.platform}:{who.external_id}")
    soql = "SELECT Id, Contact__c FROM SocialProfile__c WHERE Hub_Id__c = "
    return query(home.announced, f"{soql}'{key}'")


def interactions_of(home: Sandbox, who: Identity) -> list[dict[str, Any]]:
    key = hub_id("profile", f"{who.platform}:{who.external_id}")
    soql = "SELECT Id, Text__c FROM SocialInteraction__c WHERE Profile__r.Hub_Id__c = "
    return query(home.announced, f"{soql}'{key}'")


def total(home: Sandbox) -> int:
    return len(query(home.announced, "SELECT Id FROM SocialInteraction__c"))


# --- connecting -------------------------------------------------------------------------------------


def test_without_an_org_every_command_says_how_to_connect_one(hub: None) -> None:
    for words in (["check"], ["sync"], ["sync", "--dry-run"]):
        assert "widerhall crm connect" in refused("crm", *words)
    assert done("crm", "status")[0]["connected"] is False
    assert "--client-secret together" in refused("crm", "connect", "--url", "https://x.example")
    assert "together" in refused("crm", "connect")


def test_nothing_leaves_until_a_basis_is_named(platforms: Sandbox, hub: None) -> None:
    done("accounts", "add", *platforms.sign_in("lindenbahn"))
    said = widerhall("crm", "connect", *platforms.org())
    assert (said.code, "--basis" in said.out) == (0, True)
    checked = widerhall("crm", "check", "--json")
    assert checked.code == 1
    assert [problem["what"] for problem in checked.json[0]["problems"]] == [
        "The sync is switched off: no lawful basis is named."
    ]
    before = total(platforms)
    platforms.post("lindenbahn", "Geht das jetzt schon zu Salesforce?", person="anna")
    done("pull", "--wait")
    done("crm", "sync")
    assert total(platforms) == before
    assert "--basis" in refused("crm", "sync", "--dry-run")
    assert "legitimate_interest" in refused("crm", "connect", "--basis", "curiosity")
    done("crm", "connect", "--basis", "consent")
    done("crm", "sync")
    assert total(platforms) > 0
    assert widerhall("crm", "check").code == 0


def test_a_wrong_secret_is_said_in_words(platforms: Sandbox, hub: None) -> None:
    words = [*platforms.org()[:-1], "wrong"]
    done("crm", "connect", *words, "--basis", "consent")
    assert "sign-in" in refused("crm", "check")


@pytest.mark.parametrize(
    ("address", "words"), [("http://127.0.0.1", "HTTPS only"), ("https://127.0.0.1", "WIDERHALL_ALLOW_PRIVATE_HOSTS=1")]
)
def test_a_private_address_is_refused(hub: None, monkeypatch: pytest.MonkeyPatch, address: str, words: str) -> None:
    monkeypatch.delenv("WIDERHALL_ALLOW_PRIVATE_HOSTS")
    settings.cache_clear()
    done("crm", "connect", "--url", address, "--client-id", "x", "--client-secret", "y")
    assert words in refused("crm", "check")


# --- syncing ----------------------------------------------------------------------------------------


def test_a_dry_run_shows_what_a_sync_then_does_and_sends_nothing(home: Sandbox) -> None:
    done("pull", "--wait")  # what other tests said meanwhile
    done("crm", "sync")
    home.post("lindenbahn", "Noch ein Satz für die Akte.", person="anna")
    before = total(home)
    done("outbox", "pause", "enrichment.tasks.send")
    done("pull", "--wait")
    (plan,) = done("crm", "sync", "--dry-run")
    created = [row for row in plan["records"] if row["action"] == "create" and row["kind"] == "interaction"]
    assert [row["fields"]["Text__c"][1] for row in created] == ["@lindenbahn Noch ein Satz für die Akte."]
    assert "Noch ein Satz" in widerhall("crm", "sync", "--dry-run").out
    assert total(home) == before
    done("outbox", "resume", "enrichment.tasks.send")
    done("crm", "sync")
    assert total(home) == before + 1
    assert set(done("crm", "sync", "--dry-run")[0]["counts"]) <= {"skip"}


def test_the_status_and_the_check_are_content(home: Sandbox) -> None:
    (status,) = done("crm", "status")
    assert (status["connected"], status["switched_on"], status["basis"]) == (True, True, "legitimate_interest")
    (checked,) = done("crm", "check")
    assert (checked["ok"], checked["problems"]) == (True, [])
    assert "All is well." in widerhall("crm", "check").out


def test_the_package_for_the_administrator_is_a_zip(hub: None, tmp_path: Path) -> None:
    said = done("crm", "install", "--zip", tmp_path / "package.zip")
    with zipfile.ZipFile(said["zip"]) as package:
        assert any(name.endswith("SocialInteraction__c.object") for name in package.namelist())


def test_the_package_says_nothing_of_what_the_org_does_not_have(
    hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_CRM_WITHOUT", "order")
    settings.cache_clear()
    path = tmp_path / "package.zip"
    assert done("crm", "install", "--zip", path, "--without", "campaign")["without"] == [
        "Campaign",
        "CampaignMember",
        "Order",
    ]
    with zipfile.ZipFile(path) as package:
        said = package.read("permissionsets/Widerhall.permissionset").decode()
    assert not [name for name in ("Order", "Campaign", "CampaignMember") if f">{name}" in said]
    assert ">Opportunity<" in said
    assert "may be without" in refused("crm", "install", "--zip", path, "--without", "Contact")


def test_installing_again_changes_nothing_and_a_dry_run_says_so(home: Sandbox) -> None:
    for words in (["--dry-run"], []):
        (said,) = done("crm", "install", *words)
        assert (said["counts"]["created"], said["counts"]["changed"]) == (0, 0)
    assert said["assigned"] == "already"
    assert "Deployed: 0 created" in widerhall("crm", "install").out


def test_rules_of_fields_are_set_and_listed(hub: None) -> None:
    field = "SocialProfile__c.Location__c"
    found = done("crm", "fields", "--set", f"{field}=crm", "--set", "Case.Subject=empty")
    assert {f"{one['object']}.{one['field']}": one["rule"] for one in found if one["rule"]} == {
        field: "crm",
        "Case.Subject": "empty",
    }
    assert all(not one["rule"] for one in done("crm", "fields", "--set", f"{field}=", "--set", "Case.Subject="))
    assert "There is no rule 'mine'" in refused("crm", "fields", "--set", f"{field}=mine")
    assert "Object.Field=RULE" in refused("crm", "fields", "--set", field)


def test_records_are_compared_and_unknown_ones_removed_only_when_asked(home: Sandbox) -> None:
    before = total(home)
    counts = done("crm", "reconcile")["counts"]["interaction"]
    assert (counts["there"], counts["missing"], counts["differing"]) == (before, 0, 0)
    assert "interaction: " in widerhall("crm", "reconcile").out


def test_comparing_needs_a_basis(hub: None) -> None:
    assert "--basis" in refused("crm", "reconcile")


def test_installing_needs_a_connected_org(hub: None) -> None:
    assert "widerhall crm connect" in refused("crm", "install")


# --- people -----------------------------------------------------------------------------------------


def test_people_are_listed_and_found(home: Sandbox) -> None:
    assert len(done("people", "list", "--limit", "60")) >= 50
    (anna,) = done("people", "list", "--search", "annab@troet")
    assert (anna["name"], anna["contact"]) == ("Anna Bergmann", "Anna Bergmann")
    assert "Anna Bergmann" in widerhall("people", "list", "--search", "ANNAB").out
    assert widerhall("people", "list", "--search", "%").out == "Nobody yet.\n"


def test_a_proposal_is_accepted_and_stands_in_the_org(home: Sandbox) -> None:
    proposals = done("people", "review")
    assert proposals
    first = proposals[0]
    with db.read() as session:
        i = db.table(Identity)
        who = session.scalars(
            sa.select(Identity).where(i.c.platform == first["platform"], i.c.handle == first["handle"])
        ).one()
    assert profile_of(home, who) == []
    assert done("people", "accept", first["id"])["contact"]
    done("crm", "sync")
    assert len(profile_of(home, who)) == 1
    assert first["id"] not in [row["id"] for row in done("people", "review")]
    assert first["id"] in [row["id"] for row in done("people", "review", "--decision", "accepted")]


def test_a_rejected_proposal_does_not_come_back(home: Sandbox) -> None:
    last = done("people", "review")[-1]
    assert done("people", "reject", last["id"])["rejected"]
    done("pull", "--wait")
    assert last["id"] not in [row["id"] for row in done("people", "review")]
    assert "no proposal" in refused("people", "accept", 999999).lower()


def test_an_objection_takes_somebody_out_of_the_org_until_it_is_withdrawn(home: Sandbox) -> None:
    jonas = person("Jonas Krüger")
    assert len(profile_of(home, jonas)) == 1
    done("people", "object", f"identity:{jonas.id}", "--purpose", "crm_sync")
    done("crm", "sync")
    assert (profile_of(home, jonas), interactions_of(home, jonas)) == ([], [])
    done("people", "object", f"identity:{jonas.id}", "--purpose", "crm_sync", "--withdraw")
    done("crm", "sync")
    assert len(profile_of(home, jonas)) == 1
    assert interactions_of(home, jonas)


def test_an_objection_of_nobody_is_refused(home: Sandbox) -> None:
    assert "no purpose" in refused("people", "object", "1", "--purpose", "fun")
    assert "There is no" in refused("people", "object", "identity:999999")
    assert "There is no" in refused("people", "object", "contact:nobody")


def test_an_erased_person_is_gone_here_and_in_the_org(home: Sandbox) -> None:
    sabine = person("Sabine Öztürk")
    assert len(profile_of(home, sabine)) == 1
    assert interactions_of(home, sabine)
    with db.read() as session:
        m = db.table(Message)
        texts = list(session.scalars(sa.select(m.c.text).where(m.c.identity_id == sabine.id, m.c.text != "")))
    said = done("people", "erase", f"identity:{sabine.id}", "--yes")
    assert (said["identities"], said["contacts"], said["waiting"]) == (1, 1, [])
    assert (profile_of(home, sabine), interactions_of(home, sabine)) == ([], [])
    listed = widerhall("messages", "--jsonl").out
    assert sabine.external_id not in listed
    assert not [text for text in texts if len(text) > 30 and text in listed]
    done("pull", "--wait")
    assert done("people", "list", "--search", sabine.handle) == []
    assert "There is no person" in refused("people", "erase", f"identity:{sabine.id}", "--yes")


def test_erasing_asks_first(home: Sandbox) -> None:
    number = f"identity:{person('Clara Hoffmann').id}"
    for answer, code in (("n\n", 1), ("y\n", 0)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.StringIO(answer))
            assert widerhall("people", "erase", number).code == code
