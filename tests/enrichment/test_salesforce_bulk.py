"""Bulk jobs and bulk answers over the simulated org."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from core.errors import TryLater
from enrichment.crm import CrmPerson, Progress, RowResult
from enrichment.salesforce import bulk
from enrichment.salesforce import client as client_module
from enrichment.salesforce.client import Client
from enrichment.salesforce.org import SalesforceOrg
from tests.enrichment.org_server import RunningOrg, running_org


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    client_module._tokens.clear()
    with running_org() as found:
        yield found


@pytest.fixture
def crm(org: RunningOrg, monkeypatch: pytest.MonkeyPatch) -> SalesforceOrg:
    monkeypatch.setattr(bulk, "FIRST_LOOK", 0.01)
    return SalesforceOrg(Client(org.login, allow_private=True))


def ended(crm: SalesforceOrg, job: str) -> Progress:
    while (found := crm.progress(job)).stage == "working":
        time.sleep(0.01)
    return found


def sent(crm: SalesforceOrg, rows: list[dict[str, Any]], kind: Any = "profile") -> dict[str, RowResult]:
    job = crm.begin(kind)
    crm.upload(job, rows)
    return {one.hub_id: one for one in crm.results(job, ended(crm, job))}


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"Hub_Id__c": f"p{n}", "Name": f"Person {n}", **fields} for n in range(count)]


# --- writing


def test_each_row_has_its_own_result(crm: SalesforceOrg, org: RunningOrg) -> None:
    many = rows(450)
    many[7]["Handle__c"] = "x" * 256
    found = sent(crm, many)
    assert len(found) == 450
    assert found["p7"] == RowResult(
        "p7", False, "", False, "quarantine", "STRING_TOO_LONG",
        f"Handle: data value too large: {'x' * 256} (max length=255)", ("Handle__c",),
    )  # fmt: skip
    names = {row["Id"]: row["Name"] for row in org.rows("SocialProfile__c")}
    assert all(names[one.record_id] == f"Person {key[1:]}" for key, one in found.items() if one.ok)


def test_a_repeat_changes_and_never_doubles(crm: SalesforceOrg, org: RunningOrg) -> None:
    sent(crm, rows(300))
    assert {one.created for one in sent(crm, rows(300)).values()} == {False}
    assert len(org.rows("SocialProfile__c")) == 300


def test_what_a_row_does_not_have_is_left_alone_and_none_empties(crm: SalesforceOrg, org: RunningOrg) -> None:
    sent(crm, [{"Hub_Id__c": "p1", "Name": "A", "Handle__c": "@a", "Location__c": "Kiel", "Followers__c": 3}])
    sent(crm, [{"Hub_Id__c": "p1", "Location__c": None}, {"Hub_Id__c": "p2", "Handle__c": "@b"}])
    first = next(row for row in org.rows("SocialProfile__c") if row["Hub_Id__c"] == "p1")
    assert (first["Handle__c"], first["Followers__c"], "Location__c" in first) == ("@a", 3.0, False)


@pytest.mark.parametrize(
    "text", ["one\ntwo", "one\r\ntwo", 'he said "no", twice', "=1+1", "日本語、\n改行", "a;b\tc", "'"]
)
def test_every_text_arrives_as_it_is(crm: SalesforceOrg, org: RunningOrg, text: str) -> None:
    sent(crm, [{"Hub_Id__c": "p1", "Topics__c": text}])
    assert org.rows("SocialProfile__c")[0]["Topics__c"] == text.replace("\r\n", "\n").strip()


def test_a_text_that_would_empty_its_field_goes_another_way(crm: SalesforceOrg) -> None:
    assert not crm.fits({"Hub_Id__c": "p1", "Name": "#N/A"})
    assert not crm.fits({"Hub_Id__c": "p1", "Name": " #N/A\n"})
    assert crm.fits({"Hub_Id__c": "p1", "Name": "#N/A?", "Handle__c": None})


def test_an_interaction_finds_its_profile_by_key(crm: SalesforceOrg, org: RunningOrg) -> None:
    sent(crm, rows(1))
    parents = [{"Profile__r": {"Hub_Id__c": key}} for key in ("p0", "nobody")]
    many = [
        {"Hub_Id__c": f"i{n}", "Kind__c": "dm", "Private__c": True, "Posted_At__c": "2026-11-20T12:00:00Z", **parent}
        for n, parent in enumerate(parents)
    ]
    found = sent(crm, many, "interaction")
    assert (found["i0"].ok, found["i1"].verdict, found["i1"].code) == (True, "relink", "INVALID_FIELD")
    (row,) = org.rows("SocialInteraction__c")
    assert (row["Profile__c"], row["Private__c"]) == (org.rows("SocialProfile__c")[0]["Id"], True)


def test_a_locked_row_is_worth_another_try(crm: SalesforceOrg, org: RunningOrg) -> None:
    org.order("lock", method="BULK")
    assert sorted(one.verdict for one in sent(crm, rows(3)).values()) == ["done", "done", "retry"]


def test_an_unknown_column_fails_the_job_and_says_so(crm: SalesforceOrg) -> None:
    job = crm.begin("profile")
    crm.upload(job, rows(2, Nope__c="x"))
    found = ended(crm, job)
    assert (found.stage, found.message) == ("failed", "InvalidBatch : Field name not found : Nope__c")
    assert crm.results(job, found) == []


def test_an_answer_lost_after_the_start_is_found_again(crm: SalesforceOrg, org: RunningOrg) -> None:
    job = crm.begin("profile")
    org.order("timeout_after_commit", method="PATCH")
    with pytest.raises(TryLater):
        crm.upload(job, rows(3))
    assert ended(crm, job).processed == 3


@pytest.mark.parametrize("upload", [True, False])
def test_a_dropped_job_leaves_nothing_there(crm: SalesforceOrg, org: RunningOrg, upload: bool) -> None:
    org.hook("bulk", hold=True)
    job = crm.begin("profile")
    if upload:
        crm.upload(job, rows(3))
    for _ in range(2):
        crm.drop(job)
    assert crm.progress(job).stage == "gone"
    assert org.store.shelf("salesforce.bulk.contents") == {}


def test_ten_thousand_rows_cost_a_handful_of_calls(crm: SalesforceOrg) -> None:
    job = crm.begin("profile")
    crm.upload(job, rows(5000))
    while crm.progress(job).stage == "working":
        time.sleep(0.2)
    crm.results(job, crm.progress(job))
    crm.drop(job)
    assert crm.cost().calls <= 20
    assert crm.cost().used == crm.cost().calls


@pytest.mark.parametrize(
    ("text", "code", "message", "fields"),
    [
        ("REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
         "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ("LastName",)),
        ("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access: 001, 002:--",
         "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access: 001, 002", ()),
        ("DUPLICATES_DETECTED:Use one of these records?:--", "DUPLICATES_DETECTED", "Use one of these records?", ()),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION:first\nsecond:A__c,B__c --",
         "FIELD_CUSTOM_VALIDATION_EXCEPTION", "first\nsecond", ("A__c", "B__c")),
        ("something else", "UNKNOWN", "something else", ()),
    ],
)  # fmt: skip
def test_an_error_is_taken_apart(text: str, code: str, message: str, fields: tuple[str, ...]) -> None:
    found = bulk.refusal(text)
    assert (found.code, found.message, found.fields) == (code, message, fields)


# --- reading


def test_many_people_come_by_a_bulk_answer_just_as_by_a_query(
    crm: SalesforceOrg, org: RunningOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PAGE", 2)
    individual = org.make("Individual", LastName="Weber", HasOptedOutProcessing=True)
    org.make("Contact", LastName="Weber", FirstName="Jana", Email="j@example.org", IndividualId=individual)
    kept = org.make("Contact", LastName="Sato", Account={"Name": 'Nord "und" Süd, AG'}, MobilePhone="+81 3")
    gone = org.make("Contact", LastName="Gone")
    org.hook("merge", master=kept, losers=[gone])
    lead = org.make("Lead", LastName="Öz", Company="X\nY")
    org.hook("convert", lead=lead)
    by_query = {one.id: one for one in crm.people(None)}
    crm.load_from = 2
    by_job = {one.id: one for one in crm.people(None)}
    assert by_job == by_query
    assert (by_job[gone].merged_into, by_job[gone].deleted) == (kept, True)
    assert org.store.shelf("salesforce.bulk") == {}


def test_a_bulk_answer_needs_few_calls(crm: SalesforceOrg, org: RunningOrg) -> None:
    people = [{"attributes": {"type": "Contact"}, "LastName": f"P{n}"} for n in range(3000)]
    org.hook("records", records=people)
    crm.load_from = 1000
    before = crm.cost().calls
    assert sum(one.object == "Contact" for one in crm.people(None)) == 3000
    assert crm.cost().calls - before <= 11


def test_an_org_without_bulk_queries_is_read_by_pages(
    crm: SalesforceOrg, org: RunningOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    org.make("Contact", LastName="Weber")
    crm.load_from = 0
    real = requests.Session.request

    def refuse(self: requests.Session, method: str, url: str, **more: Any) -> requests.Response:
        return real(self, method, url.replace("jobs/query", "jobs/none"), **more)

    monkeypatch.setattr(requests.Session, "request", refuse)
    assert [one.last_name for one in crm.people(None)] == ["Weber"]


def test_changes_are_read_as_ever(crm: SalesforceOrg, org: RunningOrg) -> None:
    crm.load_from = 0
    id_ = org.make("Contact", LastName="Weber")
    found: list[CrmPerson] = list(crm.people(datetime.now(UTC)))
    assert [one.id for one in found] == [id_]
    assert org.store.shelf("salesforce.bulk") == {}
