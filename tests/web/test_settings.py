"""Claims about the set-up: accounts, stuck work, the CRM, contacts out of a file, purposes, the system."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import setup
from core import backlog, db, outbox
from core.errors import AuthExpired, TryLater
from core.event import Bad, Page
from core.outbox import OutboxRow
from enrichment import connection, csv, policies
from enrichment.crm import CrmStatus, Problem
from enrichment.models import CrmConnection, CrmJob, CrmReconciliation, CrmRecord, SyncState
from inbox import accounts, consent, ingest
from inbox.fields import store as fields
from inbox.fields.store import Wanted
from inbox.models import Account, Feed
from tests.conftest import BOTH
from tests.web.api.conftest import program
from tests.web.conftest import account
from web import doctor

__all__ = ["program"]

pytestmark = BOTH
ORG = {"url": "https://org.example", "client_id": "key", "secret": "hush"}
FILE = b"name;email\nKim;kim@a.example\nNobody;\n"


def connect(**values: str) -> None:
    with db.write() as session:
        connection.connect(
            session, url="https://org.example", client_id="c", client_secret="s", actor="t", **{"basis": "", **values}
        )


# --- tabs --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "tabs"),
    [
        (
            "admin",
            [
                "accounts",
                "replies",
                "macros",
                "rules",
                "custom",
                "translation",
                "views",
                "users",
                "signin",
                "roles",
                "teams",
                "sla",
                "surveys",
                "salesforce",
                "keys",
                "purposes",
                "model",
                "stuck",
                "system",
                "webhooks",
                "tokens",
                "me",
            ],
        ),
        ("agent", ["accounts", "replies", "macros", "views", "tokens", "me"]),
        ("dpo", ["salesforce", "purposes", "tokens", "me"]),
        ("marketer", ["accounts", "views", "model", "tokens", "me"]),
    ],
)
def test_tabs_are_those_a_role_may_open(database: str, as_role, role: str, tabs: list[str]) -> None:
    browser = as_role(role)
    text = browser.get("/settings/me").text
    assert [tab for tab in [*tabs] if f'href="/settings/{tab}"' not in text] == []
    assert text.count('class="tab"') == len(tabs)
    assert [browser.get(f"/settings/{tab}").status_code for tab in tabs] == [200] * len(tabs)


@pytest.mark.parametrize("old", ["/accounts", "/dead"])
def test_old_addresses_are_gone(database: str, as_role, old: str) -> None:
    assert as_role("admin").get(old).status_code == 404


# --- accounts ----------------------------------------------------------------------------------------


def test_account_is_paused_resumed_and_removed(database: str, as_role) -> None:
    row, browser = account(), as_role("admin")
    for state in ("paused", "active"):
        browser.post(f"/settings/accounts/{row}/state", {"state": state})
        with db.read() as session:
            assert accounts.get(session, row).state == state
    assert browser.post(f"/settings/accounts/{row}/state", {"state": "removed"}).status_code == 400
    assert browser.post(f"/settings/accounts/{row}/remove").status_code == 303
    with db.read() as session:
        assert (accounts.get(session, row).state, accounts.get(session, row).secrets) == ("removed", "")
    assert browser.post(f"/settings/accounts/{row}/state", {"state": "active"}).status_code == 404


def test_what_fails_stands_first_and_says_so(database: str, as_role) -> None:
    fine, bad = account(handle="@fine@a.example"), account(handle="@bad@a.example")
    with db.write() as session:
        for row in (fine, bad):
            session.add(Feed(account_id=row, name="notifications", due_at=db.now(), pulled_at=db.now()))
        session.execute(sa.update(Feed).where(db.table(Feed).c.account_id == bad).values(error="It is away."))
    text = as_role("agent").get("/settings/accounts").text
    assert text.index("@bad@a.example") < text.index("@fine@a.example")
    assert "It is away." in text
    assert "All is well." in text


def test_telegram_is_told_when_its_account_goes(database: str, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Bot:
        def subscribe(self, address: str) -> None:
            told.append(address)
            raise AuthExpired("The token is dead.")

    row = account("telegram", "bot")
    with db.write() as session:
        session.execute(sa.update(Account).values(config={"webhook": "https://hub.example/hooks/telegram/1"}))
    monkeypatch.setattr(setup, "open_account", lambda _: (None, Bot()))
    answer = as_role("admin").post(f"/settings/accounts/{row}/remove")
    assert told == [""]
    assert "The token is dead." in answer.text
    with db.read() as session:
        assert accounts.get(session, row).state == "removed"


def test_failed_connection_keeps_what_was_typed_but_no_secret(database: str, as_role) -> None:
    data = {"platform": "mastodon", "base_url": "http://127.0.0.1:1", "token": "s3cret-token"}
    answer = as_role("admin").post("/settings/accounts", data)
    assert answer.status_code == 422
    assert "http://127.0.0.1:1" in answer.text
    assert "s3cret-token" not in answer.text


# --- stuck work --------------------------------------------------------------------------------------


@pytest.fixture
def stuck(database: str) -> None:
    with db.write() as session:
        outbox.emit(session, "query.changed", [(str(n), {"query_id": n}) for n in range(3)])
        session.execute(sa.update(outbox.OutboxRow).values(dead=1, reason="It cannot be read."))
        outbox.pause(session, "listening.tasks.match", "Everything failed at once.")


def dead() -> int:
    return sum(row.dead for row in backlog.overview())


def test_letters_stand_with_their_subscriber_and_reason(stuck: None, as_role) -> None:
    text = as_role("admin").get("/settings/stuck").text
    assert text.count("It cannot be read.") == 3
    assert "Searching again after a change" in text
    assert text.index("Everything failed at once.") < text.index("It cannot be read.")


def test_letter_is_retried_and_dropped(stuck: None, as_role) -> None:
    browser = as_role("admin")
    assert browser.post("/settings/stuck/1/retry").status_code == 303
    assert browser.post("/settings/stuck/2/drop").status_code == 303
    assert browser.post("/settings/stuck/2/drop").status_code == 404
    assert dead() == 1


@pytest.mark.parametrize(("what", "left"), [("retry", 3), ("drop", 0)])
def test_all_letters_of_a_subscriber_at_once(stuck: None, as_role, what: str, left: int) -> None:
    browser, name = as_role("admin"), "listening.tasks.rematch"
    assert browser.post("/settings/stuck/all", {"subscriber": name, "what": what}).status_code == 303
    assert (dead(), sum(row.due for row in backlog.overview() if row.subscriber == name)) == (0, left)
    assert browser.post("/settings/stuck/all", {"subscriber": "odd", "what": what}).status_code == 400


def test_paused_subscriber_goes_on(stuck: None, as_role) -> None:
    as_role("admin").post("/settings/stuck/resume", {"subscriber": "listening.tasks.match"})
    assert [row.paused for row in backlog.overview() if row.subscriber == "listening.tasks.match"] == [""]


def test_unreadable_item_is_shown_and_dropped(database: str, as_role) -> None:
    ingest.store_page(account(), Page(bad=(Bad(source="notifications", reason="the field 'id' is missing", raw="{}"),)))
    browser = as_role("admin")
    assert "the field &#39;id&#39; is missing" in browser.get("/settings/stuck").text
    browser.post("/settings/stuck/items/1/drop")
    assert "Nothing is stuck" in browser.get("/settings/stuck").text


# --- the CRM -----------------------------------------------------------------------------------------


def status(*problems: Problem) -> CrmStatus:
    return CrmStatus("66.0", "https://org.example", used=18, limit=5000, problems=problems)


def test_org_is_tried_before_it_is_kept(database: str, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: str) -> CrmStatus:
        raise TryLater("Salesforce did not answer.")

    browser = as_role("admin")
    monkeypatch.setattr(connection, "probe", away)
    answer = browser.post("/settings/salesforce", ORG)
    assert (answer.status_code, "Salesforce did not answer." in answer.text) == (422, True)
    assert "https://org.example" in answer.text
    assert "hush" not in answer.text
    monkeypatch.setattr(connection, "probe", lambda *_: status())
    assert browser.post("/settings/salesforce", {**ORG, "basis": "contract"}).status_code == 303
    with db.read() as session:
        assert connection.standing(session).usable


@pytest.mark.parametrize("change", [{"url": ""}, {"secret": " "}, {"basis": "because"}])
def test_incomplete_org_is_not_tried(database: str, as_role, change: dict[str, str]) -> None:
    assert as_role("admin").post("/settings/salesforce", {**ORG, **change}).status_code == 422


def test_basis_switches_the_sync_on(database: str, as_role) -> None:
    connect()
    browser = as_role("admin")
    assert browser.post("/settings/salesforce/sync").status_code == 422
    assert browser.post("/settings/salesforce/basis", {"basis": ""}).status_code == 422
    assert browser.post("/settings/salesforce/basis", {"basis": "contract"}).status_code == 303
    assert browser.post("/settings/salesforce/sync").status_code == 303


def test_check_names_what_is_missing(database: str, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(basis="contract")

    class Org:
        def check(self) -> CrmStatus:
            return status(Problem("The object is missing.", "Deploy it."))

    monkeypatch.setattr(connection, "crm", Org)
    text = as_role("admin").post("/settings/salesforce/check").text
    assert "The object is missing." in text
    assert "Deploy it." in text
    assert "18 of 5,000" in text


def test_refused_records_are_shown_with_the_crms_words_and_sent_again(database: str, as_role) -> None:
    connect(basis="contract")
    with db.write() as session:
        for number in range(2):
            row: dict[str, Any] = {
                "kind": "profile",
                "hub_id": f"h{number}",
                "state": "quarantined",
                "code": "TOO_LONG",
            }
            session.add(SyncState(**row, message="Handle: data value too large", record_id="a01", at=db.now()))
    browser = as_role("admin")
    text = browser.get("/settings/salesforce").text
    assert text.count("Handle: data value too large") == 2
    assert "https://org.example/lightning/r/SocialProfile__c/a01/view" in text
    browser.post("/settings/salesforce/retry", {"hub_id": "h0"})
    browser.post("/settings/salesforce/retry")
    with db.read() as session:
        assert {one.state for one in session.scalars(sa.select(SyncState))} == {"pending"}


def test_a_sync_that_leaves_the_calls_to_people_says_so(database: str, as_role) -> None:
    connect(basis="contract")
    with db.write() as session:
        session.execute(sa.update(CrmConnection).values(state="spent", calls_used=80_012, calls_limit=100_000))
        session.add(CrmJob(kind="profile", rows=4000, state="uploaded", at=db.now()))
    text = as_role("admin").get("/settings/salesforce").text
    assert "stands still: 80,012 of 100,000 API calls" in text
    assert "at 80% it stops" in text
    assert "A bulk job with 4,000 records" in text


def test_figure_opens_the_records_it_counts(database: str, as_role) -> None:
    connect(basis="contract")
    with db.write() as session:
        for number in range(60):
            row: dict[str, Any] = {"kind": "interaction", "hub_id": f"h{number}", "state": "synced"}
            session.add(SyncState(**row, at=db.now()))
    browser = as_role("dpo")
    assert "/settings/salesforce/records?state=synced" in browser.get("/settings/salesforce").text
    first = browser.get("/settings/salesforce/records?state=synced&kind=interaction").text
    second = browser.get("/settings/salesforce/records?state=synced&kind=interaction&before=11").text
    assert (first.count("<tr>") - 1, second.count("<tr>") - 1) == (50, 10)
    assert "No record stands there" in browser.get("/settings/salesforce/records?state=failed").text
    assert browser.get("/settings/salesforce/records?state=odd&kind=odd").status_code == 200


def test_org_is_forgotten(database: str, as_role) -> None:
    connect(basis="contract")
    as_role("admin").post("/settings/salesforce/disconnect")
    with db.read() as session:
        assert session.get(CrmConnection, 1) is None


def test_package_for_the_org_is_downloaded(database: str, as_role) -> None:
    answer = as_role("admin").get("/settings/salesforce/package")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        assert "package.xml" in package.namelist()


def test_data_protection_officer_looks_but_changes_nothing(database: str, as_role) -> None:
    connect(basis="contract")
    text = as_role("dpo").get("/settings/salesforce").text
    assert "https://org.example" in text
    assert "/settings/salesforce/disconnect" not in text


# --- contacts out of a file --------------------------------------------------------------------------


def test_file_is_looked_at_mapped_and_imported(database: str, as_role) -> None:
    browser = as_role("admin")
    text = browser.post("/settings/contacts/preview", files={"file": ("people.csv", FILE)}).text
    assert "1 contact can be stored" in text
    assert "Line 3" in text
    with db.read() as session:
        assert not csv.holds(session)
    columns = {"name": "0", "email": "1"}
    data = {"text": FILE.decode(), "name": "people.csv", "column": [columns.get(one, "") for one in csv.FIELDS]}
    assert "Line 3" in browser.post("/settings/contacts/import", {**data, "again": "yes"}).text
    out = browser.post("/settings/contacts/import", {**data, "rejected": "yes"})
    assert out.headers["content-type"].startswith("text/csv")
    first, *rows = out.text.removeprefix("\ufeff").splitlines()
    assert first == "line,reason,name,email"
    assert [row.split(",")[0] for row in rows] == ["3"]
    assert rows[0].endswith(",Nobody,")
    where = browser.post("/settings/contacts/import", data).headers["location"]
    assert "people.csv" in browser.get(where).text
    with db.read() as session:
        assert csv.holds(session)
        assert csv.files(session)[0].bad == [[3, "nobody"]]


def test_a_column_of_a_file_can_be_a_custom_field(database: str, as_role, program) -> None:
    with db.write() as session:
        wanted = Wanted("person", "number", {"en": "Seats <b>", "de": "Plätze"})
        number = fields.save(session, None, wanted, "user:1")
    name, file = f"field:{number}", "email,Plätze\nkim@b.example,12\nben@b.example,many\n"
    browser = as_role("admin")
    text = browser.post("/settings/contacts/preview", files={"file": ("seats.csv", file.encode())}).text
    assert f'value="{name}"' in text
    assert "Seats &lt;b&gt;: Write a number, like 12 or 12.5." in text
    assert "1 contact can be stored" in text
    data = {"text": file, "name": "seats.csv", "field": ["email", name, "field:999"], "column": ["0", "1", "1"]}
    out = browser.post("/settings/contacts/import", {**data, "rejected": "yes"})
    assert '3,"Seats <b>: Write a number, like 12 or 12.5.",ben@b.example,many' in out.text
    where = browser.post("/settings/contacts/import", data).headers["location"]
    assert "Seats &lt;b&gt;: Write a number" in browser.get(where).text
    with db.read() as session:
        assert session.scalars(sa.select(CrmRecord.own)).one()["values"] == {str(number): "12"}
    one = program("admin")
    body = {"name": "a.csv", "text": file, "mapping": {"email": 0, name: 1}}
    assert one.post("imports/contacts/preview", body).json()["bad"][0]["reason"].startswith(f"{name}:Write a number")
    assert one.post("imports/contacts", body).json()["unchanged"] == 1
    assert one.post("imports/contacts", {**body, "mapping": {"email": 0, "field:999": 1}}).status_code == 422


@pytest.mark.parametrize("content", [b"", b"PK\x00\x00", b"only a heading\n"])
def test_what_is_no_table_is_refused(database: str, as_role, content: bytes) -> None:
    answer = as_role("admin").post("/settings/contacts/preview", files={"file": ("odd.csv", content)})
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)


# --- purposes, the system ----------------------------------------------------------------------------


def test_purpose_is_switched_with_its_basis(database: str, as_role) -> None:
    browser = as_role("dpo")
    assert browser.post("/settings/purposes", {"purpose": "crm_sync", "enabled": "yes"}).status_code == 422
    browser.post("/settings/purposes", {"purpose": "crm_sync", "enabled": "yes", "basis": "consent"})
    browser.post("/settings/purposes", {"purpose": "match", "enabled": "no"})
    with db.read() as session:
        assert consent.standing(session)["crm_sync"] == (True, "consent")
        assert not consent.switched_on(session, "match")
    assert browser.post("/settings/purposes", {"purpose": "odd", "enabled": "no"}).status_code == 400


def test_system_page_says_what_is_wrong_and_how_to_mend_it(
    database: str, as_role, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = doctor.told("accounts", "wrong", "%(words)s", "Connect it again.", words="The token is dead.")
    monkeypatch.setattr(doctor, "examine", lambda: [finding])
    browser = as_role("admin")
    assert "The token is dead." not in browser.get("/settings/system").text
    text = browser.get("/settings/system?run=yes").text
    assert "The token is dead." in text
    assert "Connect it again." in text
    part = browser.get("/settings/system/checks", headers={"hx-request": "true"}).text
    assert "The token is dead." in part
    assert "<html" not in part
    assert browser.get("/settings/system/checks").status_code == 303


# --- rules of fields ------------------------------------------------------------------------------------


def test_rules_of_fields_are_set_as_the_page_names_them(database: str, as_role) -> None:
    browser = as_role("admin")
    assert "SocialInteraction__c" in browser.get("/settings/salesforce/fields").text
    form = {"field": ["SocialProfile__c.Handle__c", "Case.Subject"], "rule": ["crm", ""]}
    assert browser.post("/settings/salesforce/fields", form).status_code == 303
    with db.read() as session:
        found = [one for one in policies.listed(session) if one["rule"]]
    assert found == [{"object": "SocialProfile__c", "field": "Handle__c", "rule": "crm"}]
    for wrong in ({"field": ["Case.Nothing"], "rule": ["crm"]}, {"field": ["Case.Subject"], "rule": []}):
        assert browser.post("/settings/salesforce/fields", wrong).status_code == 400
    assert as_role("dpo").post("/settings/salesforce/fields", form).status_code == 403


def test_a_comparison_is_put_on_the_list_and_its_figures_are_shown(database: str, as_role) -> None:
    connect(basis="contract")
    browser = as_role("admin")
    assert "Not compared yet" in browser.get("/settings/salesforce").text
    assert browser.post("/settings/salesforce/compare").status_code == 303
    counts = {"there": 7, "here": 6, "missing": 0, "differing": 2, "unknown": 1, "removed": 0}
    with db.write() as session:
        assert [row.topic for row in session.scalars(sa.select(OutboxRow)) if row.topic == "reconcile.due"]
        moment, unknown = db.now(), [["profile", "k1"]]
        session.add(
            CrmReconciliation(at=moment, ended_at=moment, actor="t", counts={"profile": counts}, unknown=unknown)
        )
    text = browser.get("/settings/salesforce").text
    assert "widerhall crm reconcile --remove-unknown" in text
