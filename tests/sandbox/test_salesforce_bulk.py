"""Bulk jobs of the simulated org: whole files in, whole answers out, refused where Salesforce refuses them."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from tests.sandbox.salesforce_org import Api

UPSERT = {"object": "SocialProfile__c", "operation": "upsert", "externalIdFieldName": "Hub_Id__c"}


@pytest.fixture
def api() -> Api:
    found = Api()
    found.hook("bulk", {"hold": True})
    return found


def made(api: Api, **more: Any) -> str:
    answer = api.post("jobs/ingest", {**UPSERT, **more})
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "Open"
    return str(answer.json()["id"])


def put(api: Api, job: str, text: str, kind: str = "text/csv") -> httpx.Response:
    path = f"{api.base}jobs/ingest/{job}/batches"
    return api.http.request("PUT", path, content=text.encode(), headers={**api.headers, "Content-Type": kind})


def ended(api: Api, text: str, **more: Any) -> dict[str, Any]:
    """A job with this file, worked on to its end."""
    job = made(api, **more)
    assert put(api, job, text).status_code == 201
    assert api.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"}).status_code == 200
    api.hook("bulk", {"finish": True})
    found: dict[str, Any] = api.get(f"jobs/ingest/{job}").json()
    return found


def table(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=UTF-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.json()[0]["errorCode"])


# --- ingest


def test_a_file_becomes_records_and_its_repeat_doubles_none(api: Api) -> None:
    lines = "".join(f'p{n},"Person {n}"\n' for n in range(450))
    first = ended(api, f"Hub_Id__c,Name\n{lines}")
    assert (first["state"], first["numberRecordsProcessed"], first["numberRecordsFailed"]) == ("JobComplete", 450, 0)
    again = ended(api, f"Hub_Id__c,Name\n{lines}")
    rows = table(api.get(f"jobs/ingest/{again['id']}/successfulResults"))
    assert {row["sf__Created"] for row in rows} == {"false"}
    assert api.query("SELECT COUNT() FROM SocialProfile__c")["totalSize"] == 450


def test_one_bad_row_fails_alone(api: Api) -> None:
    job = ended(api, f"Hub_Id__c,Handle__c\np1,fine\np2,{'x' * 256}\np3,fine\n")
    assert (job["state"], job["numberRecordsFailed"]) == ("JobComplete", 1)
    (bad,) = table(api.get(f"jobs/ingest/{job['id']}/failedResults"))
    assert bad["Hub_Id__c"] == "p2"
    assert bad["sf__Error"].startswith("STRING_TOO_LONG:Handle: data value too large")
    assert bad["sf__Error"].endswith(":Handle__c --")
    assert {row["Hub_Id__c"] for row in table(api.get(f"jobs/ingest/{job['id']}/successfulResults"))} == {"p1", "p3"}


def test_an_empty_cell_changes_nothing_and_na_empties(api: Api) -> None:
    ended(api, "Hub_Id__c,Handle__c,Location__c\np1,@a,Kiel\n")
    ended(api, "Hub_Id__c,Handle__c,Location__c\np1,,#N/A\n")
    (row,) = api.query("SELECT Handle__c, Location__c FROM SocialProfile__c")["records"]
    assert (row["Handle__c"], row["Location__c"]) == ("@a", None)


def test_a_parent_is_named_by_its_key(api: Api) -> None:
    ended(api, "Hub_Id__c,Name\np1,Anna\n")
    text = "Hub_Id__c,Profile__r.Hub_Id__c,Kind__c,Private__c\ni1,p1,dm,true\ni2,nobody,dm,false\n"
    job = ended(api, text, object="SocialInteraction__c")
    (bad,) = table(api.get(f"jobs/ingest/{job['id']}/failedResults"))
    assert bad["sf__Error"].startswith("INVALID_FIELD:Foreign key external ID: nobody not found")
    (row,) = api.query("SELECT Profile__r.Name, Private__c FROM SocialInteraction__c")["records"]
    assert (row["Profile__r"]["Name"], row["Private__c"]) == ("Anna", True)


def test_an_unknown_column_fails_the_whole_job(api: Api) -> None:
    job = ended(api, "Hub_Id__c,Nope__c\np1,x\n")
    assert (job["state"], job["errorMessage"]) == ("Failed", "InvalidBatch : Field name not found : Nope__c")
    assert table(api.get(f"jobs/ingest/{job['id']}/successfulResults")) == []
    (row,) = table(api.get(f"jobs/ingest/{job['id']}/unprocessedrecords"))
    assert row == {"Hub_Id__c": "p1", "Nope__c": "x"}


@pytest.mark.parametrize(("setting", "text"), [("LF", "Hub_Id__c\r\np1\r\n"), ("CRLF", "Hub_Id__c\np1\n")])
def test_line_ends_that_are_not_the_jobs_fail_it(api: Api, setting: str, text: str) -> None:
    job = ended(api, text, lineEnding=setting)
    assert job["errorMessage"].endswith(f"LineEnding is invalid on user data. Current LineEnding setting is {setting}")


def test_another_delimiter_must_be_named(api: Api) -> None:
    text = "Hub_Id__c;Name\np1;Anna\n"
    assert ended(api, text)["errorMessage"] == "InvalidBatch : Field name not found : Hub_Id__c;Name"
    assert ended(api, text, columnDelimiter="SEMICOLON")["state"] == "JobComplete"


@pytest.mark.parametrize(
    ("job", "code"),
    [
        ({**UPSERT, "contentType": "JSON"}, "INVALIDJOB"),
        ({**UPSERT, "object": "Nope__c"}, "INVALIDJOB"),
        ({**UPSERT, "externalIdFieldName": "Name"}, "INVALIDJOB"),
        ({**UPSERT, "externalIdFieldName": None}, "INVALIDJOB"),
        ({**UPSERT, "operation": "merge"}, "JSON_PARSER_ERROR"),
        ({**UPSERT, "lineEnding": "CR"}, "JSON_PARSER_ERROR"),
    ],
)
def test_a_job_that_cannot_be_is_refused(api: Api, job: dict[str, Any], code: str) -> None:
    assert refusal(api.post("jobs/ingest", job)) == (400, code)


def test_only_csv_is_taken_and_only_once(api: Api) -> None:
    job = made(api)
    assert refusal(put(api, job, "{}", "application/json")) == (415, "UNSUPPORTED_MEDIA_TYPE")
    for _ in range(2):
        put(api, job, "Hub_Id__c\np1\n")
    answer = api.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert answer.json()["state"] == "Failed"
    assert "Found multiple contents" in api.get(f"jobs/ingest/{job}").json()["errorMessage"]


def test_each_step_has_its_state(api: Api) -> None:
    job = made(api)
    assert refusal(api.get(f"jobs/ingest/{job}/successfulResults")) == (400, "INVALIDJOBSTATE")
    assert refusal(api.delete(f"jobs/ingest/{job}")) == (400, "INVALIDJOBSTATE")
    put(api, job, "Hub_Id__c\np1\n")
    api.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    assert refusal(put(api, job, "Hub_Id__c\np2\n")) == (400, "INVALIDJOBSTATE")
    assert refusal(api.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})) == (400, "INVALIDJOBSTATE")
    assert api.patch(f"jobs/ingest/{job}", {"state": "Aborted"}).json()["state"] == "Aborted"
    assert api.delete(f"jobs/ingest/{job}").status_code == 204
    assert refusal(api.get(f"jobs/ingest/{job}")) == (404, "NOT_FOUND")


def test_a_locked_row_and_a_failing_job_come_on_order(api: Api) -> None:
    job = made(api)
    put(api, job, "Hub_Id__c\np1\np2\n")
    api.patch(f"jobs/ingest/{job}", {"state": "UploadComplete"})
    api.hook("bulk", {"hold": False})
    api.faults.due = ["lock"]
    for _ in range(3):
        api.get(f"jobs/ingest/{job}")
    api.hook("bulk", {"finish": True})
    (bad,) = table(api.get(f"jobs/ingest/{job}/failedResults"))
    assert bad["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:")


def test_calls_about_jobs_count_and_rows_do_not(api: Api) -> None:
    before = int(api.get("limits").headers["Sforce-Limit-Info"].split("=")[1].split("/")[0])
    ended(api, "Hub_Id__c\n" + "".join(f"p{n}\n" for n in range(1000)))
    after = int(api.get("limits").headers["Sforce-Limit-Info"].split("=")[1].split("/")[0])
    assert after - before == 5


# --- queries


def asked(api: Api, soql: str, operation: str = "query") -> str:
    answer = api.post("jobs/query", {"operation": operation, "query": soql})
    assert answer.status_code == 200, answer.text
    job = str(answer.json()["id"])
    states = [api.get(f"jobs/query/{job}").json()["state"] for _ in range(2)]
    assert states == ["UploadComplete", "JobComplete"]
    return job


def test_an_answer_comes_in_pages(api: Api) -> None:
    ended(api, "Hub_Id__c\n" + "".join(f"p{n}\n" for n in range(5)))
    job, found, locator = asked(api, "SELECT Hub_Id__c FROM SocialProfile__c ORDER BY Hub_Id__c"), [], ""
    while locator != "null":
        more = {"locator": locator} if locator else {}
        page = api.get(f"jobs/query/{job}/results", maxRecords="2", **more)
        found += [row["Hub_Id__c"] for row in table(page)]
        locator = page.headers["Sforce-Locator"]
    assert found == [f"p{n}" for n in range(5)]
    assert refusal(api.get(f"jobs/query/{job}/results", locator="%%%")) == (400, "INVALID_QUERY_LOCATOR")


def test_fields_of_parents_and_deleted_rows_are_there(api: Api) -> None:
    made_ = api.hook("records", {"records": [
        {"attributes": {"type": "Contact"}, "LastName": "Weber", "Account": {"Name": "Nord, AG"}},
        {"attributes": {"type": "Contact"}, "LastName": "Gone"},
    ]})["ids"]  # fmt: skip
    api.delete(f"sobjects/Contact/{made_[1]}")
    job = asked(api, "SELECT LastName, Account.Name, IsDeleted FROM Contact ORDER BY LastName", "queryAll")
    rows = [tuple(row.values()) for row in table(api.get(f"jobs/query/{job}/results"))]
    assert rows == [("Gone", "", "true"), ("Weber", "Nord, AG", "false")]


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT COUNT() FROM Contact",
        "SELECT LastName, COUNT(Id) FROM Contact GROUP BY LastName",
        "SELECT Id FROM Contact OFFSET 3",
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account",
    ],
)
def test_what_bulk_queries_cannot_do_is_refused(api: Api, soql: str) -> None:
    assert refusal(api.post("jobs/query", {"operation": "query", "query": soql})) == (400, "API_ERROR")


def test_results_before_the_end_are_refused(api: Api) -> None:
    job = api.post("jobs/query", {"operation": "query", "query": "SELECT Id FROM Contact"}).json()["id"]
    assert refusal(api.get(f"jobs/query/{job}/results")) == (400, "INVALIDJOBSTATE")
    assert api.patch(f"jobs/query/{job}", {"state": "Aborted"}).json()["state"] == "Aborted"
