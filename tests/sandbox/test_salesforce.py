"""The simulated org answers, and refuses, as Salesforce does."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.sandbox.salesforce_org import Api, hub_rows

PROFILES = "composite/sobjects/SocialProfile__c/Hub_Id__c"


@pytest.fixture
def api() -> Api:
    return Api()


def code(answer: Any) -> str:
    return str(answer.json()[0]["errorCode"])


def contact(api: Api, **fields: Any) -> str:
    made = api.post("sobjects/Contact", {"LastName": "Weber", **fields})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


# --- signing in


def test_client_credentials_give_a_token_for_this_org(api: Api) -> None:
    answer = api.token(grant_type="client_credentials")
    assert answer.status_code == 200
    assert answer.json()["instance_url"] == "http://org.test"
    assert answer.json()["token_type"] == "Bearer"


def test_a_wrong_secret_is_invalid_client(api: Api) -> None:
    answer = api.token(grant_type="client_credentials", client_secret="wrong")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_refresh_token_gives_a_new_session(api: Api) -> None:
    refresh = api.hook("refresh_token")["refresh_token"]
    assert api.token(grant_type="refresh_token", refresh_token=refresh).status_code == 200
    assert api.token(grant_type="refresh_token", refresh_token="no").json()["error"] == "invalid_grant"


def test_a_session_ends_after_two_hours(api: Api) -> None:
    api.clock.forward(hours=3)
    answer = api.get("limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_an_expired_token_on_order_is_served_once(api: Api) -> None:
    api.faults.due = ["expired"]
    assert code(api.get("limits")) == "INVALID_SESSION_ID"
    assert api.get("limits").status_code == 200


def test_a_page_for_people_can_stand_where_json_should(api: Api) -> None:
    api.faults.due = ["html401"]
    answer = api.get("limits")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")


# --- limits and versions


def test_each_answer_counts_and_says_so(api: Api) -> None:
    first, second = api.get("sobjects"), api.get("sobjects/Nothing/describe")
    assert first.headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert second.headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    assert api.get("limits").json()["DailyApiRequests"] == {"Max": 100000, "Remaining": 99997}


def test_over_the_limit_everything_is_refused(api: Api) -> None:
    api.hook("limits", {"used": 5, "limit": 5})
    answer = api.get("limits")
    assert (answer.status_code, code(answer)) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert "Retry-After" not in answer.headers


def test_retired_versions_are_gone_and_the_newest_is_listed(api: Api) -> None:
    assert api.http.get("/services/data").json()[-1]["url"] == "/services/data/v68.0"
    assert api.http.get("/services/data/v20.0/limits").status_code == 410


# --- ids


def test_ids_come_in_both_lengths_and_any_case(api: Api) -> None:
    id_ = contact(api)
    assert len(id_) == 18
    for form in (id_[:15], id_.lower(), id_.upper()):
        assert api.get(f"sobjects/Contact/{form}").json()["Id"] == id_


# --- one record


def test_a_record_is_created_read_changed_and_deleted(api: Api) -> None:
    id_ = contact(api, FirstName="Jana", Email="jana@example.org")
    path = f"sobjects/Contact/{id_}"
    assert api.patch(path, {"Title": "Ärztin"}).status_code == 204
    found = api.get(path).json()
    assert (found["Name"], found["Title"], found["IsDeleted"]) == ("Jana Weber", "Ärztin", False)
    assert found["CreatedDate"] == "2026-11-22T10:00:00.000+0000"
    assert api.delete(path).status_code == 204
    assert (api.get(path).status_code, code(api.get(path))) == (404, "ENTITY_IS_DELETED")


def test_asking_for_some_fields_gives_those(api: Api) -> None:
    found = api.get(f"sobjects/Contact/{contact(api)}", fields="LastName,Email").json()
    assert set(found) == {"attributes", "LastName", "Email"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Nope__c": 1}, "INVALID_FIELD"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"LastName": 5}, "JSON_PARSER_ERROR"),
        ({"Birthdate": "yesterday"}, "JSON_PARSER_ERROR"),
        ({"Email": "jana at example"}, "INVALID_EMAIL_ADDRESS"),
        ({"AccountId": "0015"}, "MALFORMED_ID"),
        ({"AccountId": "0015g00000ZZZZZAAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"AccountId": "0035g0000000001AAA"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Name": "Jana Weber"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
    ],
)
def test_what_salesforce_refuses_is_refused(api: Api, fields: dict[str, Any], expected: str) -> None:
    answer = api.post("sobjects/Contact", {"LastName": "Weber", **fields})
    assert (answer.status_code, code(answer)) == (400, expected)


def test_a_restricted_picklist_takes_its_values_only(api: Api) -> None:
    answer = api.post("sobjects/SocialInteraction__c", {"Hub_Id__c": "a", "Kind__c": "shout"})
    assert code(answer) == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def test_a_lookup_to_a_deleted_record_is_refused(api: Api) -> None:
    id_ = contact(api)
    api.delete(f"sobjects/Contact/{id_}")
    assert code(api.post("sobjects/Case", {"ContactId": id_})) == "ENTITY_IS_DELETED"


def test_a_body_that_is_no_json_is_refused(api: Api) -> None:
    answer = api.http.post(api.base + "sobjects/Contact", content=b"{", headers=api.headers)
    assert (answer.status_code, code(answer)) == (400, "JSON_PARSER_ERROR")


def test_a_record_changed_meanwhile_is_not_overwritten(api: Api) -> None:
    id_ = contact(api)
    api.clock.forward(seconds=5)
    api.patch(f"sobjects/Contact/{id_}", {"Title": "A"})
    headers = {"If-Unmodified-Since": "Sun, 22 Nov 2026 10:00:01 GMT"}
    answer = api.patch(f"sobjects/Contact/{id_}", {"Title": "B"}, headers=headers)
    assert answer.status_code == 412


def test_a_contact_with_cases_cannot_be_deleted(api: Api) -> None:
    id_ = contact(api)
    api.post("sobjects/Case", {"ContactId": id_, "Subject": "Broken"})
    assert code(api.delete(f"sobjects/Contact/{id_}")) == "DELETE_FAILED"


# --- external ids


def test_an_upsert_creates_once_and_changes_then(api: Api) -> None:
    path = "sobjects/SocialProfile__c/Hub_Id__c/p1"
    first = api.patch(path, {"Handle__c": "@a@b"})
    second = api.patch(path, {"Handle__c": "@a@c"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert api.get(path).json()["Handle__c"] == "@a@c"


def test_the_key_may_hold_a_slash_and_minds_case(api: Api) -> None:
    for key in ("a%2Fb", "A%2Fb", "a%2F%2Fb"):
        assert api.patch(f"sobjects/SocialProfile__c/Hub_Id__c/{key}", {}).status_code == 201
    assert api.get("sobjects/SocialProfile__c/Hub_Id__c/a%2F%2Fb").json()["Hub_Id__c"] == "a//b"


def test_the_key_may_not_stand_in_the_body_too(api: Api) -> None:
    assert code(api.patch("sobjects/SocialProfile__c/Hub_Id__c/p1", {"Hub_Id__c": "p1"})) == "INVALID_FIELD"


def test_a_key_that_matches_twice_gives_300_with_both(api: Api) -> None:
    ids = [contact(api, Customer_Number__c="77"), contact(api, Customer_Number__c="77")]
    answer = api.patch("sobjects/Contact/Customer_Number__c/77", {"Title": "x"})
    assert answer.status_code == 300
    assert [address.rsplit("/", 1)[1] for address in answer.json()] == ids


def test_a_field_that_is_no_external_id_is_no_key(api: Api) -> None:
    assert api.patch("sobjects/SocialProfile__c/Handle__c/x", {}).status_code == 404


def test_a_unique_value_stands_once(api: Api) -> None:
    api.post("sobjects/SocialProfile__c", {"Hub_Id__c": "p1"})
    assert code(api.post("sobjects/SocialProfile__c", {"Hub_Id__c": "p1"})) == "DUPLICATE_VALUE"


def test_a_parent_is_named_by_its_key(api: Api) -> None:
    profile = api.patch("sobjects/SocialProfile__c/Hub_Id__c/p1", {}).json()["id"]
    path = "sobjects/SocialInteraction__c/Hub_Id__c/i1"
    assert api.patch(path, {"Profile__r": {"Hub_Id__c": "p1"}}).status_code == 201
    assert api.get(path).json()["Profile__c"] == profile
    lost = api.patch(path, {"Profile__r": {"Hub_Id__c": "none"}})
    assert "Foreign key external ID: none not found" in lost.json()[0]["message"]


# --- collections


def test_results_come_in_request_order_with_errors_in_their_rows(api: Api) -> None:
    rows = hub_rows(3)
    rows[1]["Handle__c"] = "x" * 256
    found = api.patch(PROFILES, {"records": rows})
    assert found.status_code == 200
    assert [r["success"] for r in found.json()] == [True, False, True]
    error = found.json()[1]["errors"][0]
    assert (error["statusCode"], error["fields"]) == ("STRING_TOO_LONG", ["Handle__c"])


def test_all_or_none_rolls_back_for_good(api: Api) -> None:
    api.patch(PROFILES, {"records": hub_rows(1)})
    rows = hub_rows(3)
    rows[0]["Handle__c"] = "changed"
    rows[2]["Handle__c"] = "x" * 256
    found = api.patch(PROFILES, {"records": rows, "allOrNone": True}).json()
    codes = [r["errors"][0]["statusCode"] for r in found]
    rolled = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes == [rolled, rolled, "STRING_TOO_LONG"]
    assert api.query("SELECT COUNT() FROM SocialProfile__c")["totalSize"] == 1
    assert api.get("sobjects/SocialProfile__c/Hub_Id__c/p0").json()["Handle__c"] == "@0"


def test_a_rolled_back_key_is_free_again(api: Api) -> None:
    rows = hub_rows(2)
    rows[1]["Handle__c"] = "x" * 256
    api.patch(PROFILES, {"records": rows, "allOrNone": True})
    assert api.patch(PROFILES, {"records": hub_rows(2)}).json()[0]["created"] is True


def test_more_than_200_records_are_refused(api: Api) -> None:
    assert code(api.patch(PROFILES, {"records": hub_rows(201)})) == "EXCEEDED_ID_LIMIT"


def test_a_key_twice_in_one_call_is_refused_on_both_rows(api: Api) -> None:
    found = api.patch(PROFILES, {"records": [*hub_rows(2), hub_rows(1)[0]]}).json()
    assert [r["success"] for r in found] == [False, True, False]
    assert found[0]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_a_value_of_the_wrong_type_refuses_the_whole_call(api: Api) -> None:
    rows = hub_rows(2)
    rows[1]["Followers__c"] = "many"
    assert code(api.patch(PROFILES, {"records": rows})) == "JSON_PARSER_ERROR"
    assert api.query("SELECT COUNT() FROM SocialProfile__c")["totalSize"] == 0


def test_a_locked_row_is_a_row_error(api: Api) -> None:
    api.faults.due = ["lock"]
    found = api.patch(PROFILES, {"records": hub_rows(2)}).json()
    assert found[0]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"
    assert found[1]["success"] is True


def test_collections_insert_update_read_and_delete(api: Api) -> None:
    types = [{"attributes": {"type": "Contact"}, "LastName": n} for n in ("A", "B")]
    ids = [r["id"] for r in api.post("composite/sobjects", {"records": types}).json()]
    changes = [{"attributes": {"type": "Contact"}, "id": i, "Title": "T"} for i in ids]
    assert all(r["success"] for r in api.patch("composite/sobjects", {"records": changes}).json())
    read = api.get("composite/sobjects/Contact", ids=",".join([*ids, "003000000000000AAA"]), fields="Title").json()
    assert [r and r["Title"] for r in read] == ["T", "T", None]
    gone = api.delete("composite/sobjects", ids=",".join(ids)).json()
    assert [r["success"] for r in gone] == [True, True]


def test_200_upserts_take_little_time(api: Api) -> None:
    api.patch(PROFILES, {"records": hub_rows(200)})
    times = []
    for _ in range(5):
        start = time.perf_counter()
        api.patch(PROFILES, {"records": hub_rows(200)})
        times.append(time.perf_counter() - start)
    assert min(times) < 0.1  # 20 ms on a quiet machine; loaded ones get room


# --- composite


def test_a_composite_call_uses_earlier_results(api: Api) -> None:
    requests = [
        {
            "method": "POST",
            "url": f"{api.base}sobjects/Account",
            "referenceId": "a",
            "body": {"Name": "Nordwind"},
        },
        {
            "method": "POST",
            "url": f"{api.base}sobjects/Contact",
            "referenceId": "c",
            "body": {"LastName": "W", "AccountId": "@{a.id}"},
        },
        {"method": "GET", "url": f"{api.base}query?q=SELECT+Account.Name+FROM+Contact", "referenceId": "q"},
    ]
    found = api.post("composite", {"compositeRequest": requests}).json()["compositeResponse"]
    assert [r["httpStatusCode"] for r in found] == [201, 201, 200]
    assert found[2]["body"]["records"][0]["Account"]["Name"] == "Nordwind"


def test_a_composite_call_can_be_all_or_none(api: Api) -> None:
    requests = [
        {"method": "POST", "url": f"{api.base}sobjects/Account", "referenceId": "a", "body": {"Name": "N"}},
        {"method": "POST", "url": f"{api.base}sobjects/Account", "referenceId": "b", "body": {}},
    ]
    found = api.post("composite", {"compositeRequest": requests, "allOrNone": True}).json()["compositeResponse"]
    assert [r["body"][0]["errorCode"] for r in found] == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"]
    assert api.query("SELECT COUNT() FROM Account")["totalSize"] == 0


def graph(api: Api, name: str, *bodies: dict[str, Any]) -> dict[str, Any]:
    """Accounts in a row, each the child of the one before."""
    requests = [
        {"method": "POST", "url": f"{api.base}sobjects/Account", "referenceId": f"n{number}",
         "body": {**body, **({"ParentId": f"@{{n{number - 1}.id}}"} if number else {})}}
        for number, body in enumerate(bodies)
    ]  # fmt: skip
    return {"graphId": name, "compositeRequest": requests}


def test_each_graph_is_all_or_nothing_and_none_takes_others_along(api: Api) -> None:
    good, bad = graph(api, "good", {"Name": "A"}, {"Name": "B"}), graph(api, "bad", {"Name": "C"}, {})
    found = api.post("composite/graph", {"graphs": [good, bad]}).json()["graphs"]
    assert [(one["graphId"], one["isSuccessful"]) for one in found] == [("good", True), ("bad", False)]
    codes = [one["httpStatusCode"] for one in found[0]["graphResponse"]["compositeResponse"]]
    halted = [one["body"][0]["errorCode"] for one in found[1]["graphResponse"]["compositeResponse"]]
    assert (codes, halted) == ([201, 201], ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING"])
    names = {one["Name"] for one in api.query("SELECT Name FROM Account WHERE Name IN ('A','B','C')")["records"]}
    assert names == {"A", "B"}


def test_a_graph_may_not_be_larger_than_the_platform_takes(api: Api) -> None:
    named = [{"Name": "x"}]
    for graphs in (
        [graph(api, str(number), *named) for number in range(76)],
        [graph(api, str(number), *named * 10) for number in range(51)],
        [graph(api, "deep", *named * 16)],
    ):
        assert code(api.post("composite/graph", {"graphs": graphs})) == "LIMIT_EXCEEDED"
    assert api.post("composite/graph", {"graphs": [graph(api, "deep", *named * 15)]}).status_code == 200


# --- duplicate rules


def test_a_duplicate_rule_refuses_what_looks_alike_and_names_it(api: Api) -> None:
    there = contact(api, Email="Kim@a.example")
    api.hook("duplicate_rule", {"name": "Same_mail", "object": "Contact", "fields": ["Email"]})
    answer = api.post("sobjects/Contact", {"LastName": "Other", "Email": "kim@A.example"})
    (error,) = answer.json()
    assert (answer.status_code, error["errorCode"]) == (400, "DUPLICATES_DETECTED")
    (match,) = error["duplicateResult"]["matchResults"]
    assert [one["record"]["Id"] for one in match["matchRecords"]] == [there]
    assert api.patch(f"sobjects/Contact/{there}", {"Email": "KIM@a.example"}).status_code == 204
    rows = [{"attributes": {"type": "Contact"}, "LastName": name, "Email": mail}
            for name, mail in (("A", "kim@a.example"), ("B", "b@a.example"), ("C", None))]  # fmt: skip
    found = api.post("composite/sobjects", {"records": rows}).json()
    assert [one["success"] for one in found] == [False, True, True]
    assert found[0]["errors"][0]["statusCode"] == "DUPLICATES_DETECTED"
    rule = api.query("SELECT MasterLabel, SobjectType FROM DuplicateRule WHERE IsActive = true")["records"]
    assert [(one["MasterLabel"], one["SobjectType"]) for one in rule] == [("Same_mail", "Contact")]


# --- what changed


def test_updated_and_deleted_tell_what_changed_in_a_span(api: Api) -> None:
    kept, gone = contact(api), contact(api)
    api.clock.forward(minutes=5)
    api.delete(f"sobjects/Contact/{gone}")
    span = {"start": "2026-11-22T09:59:00+00:00", "end": "2026-11-22T10:30:00+00:00"}
    assert api.get("sobjects/Contact/updated", **span).json()["ids"] == [kept]
    deleted = api.get("sobjects/Contact/deleted", **span).json()
    assert [r["id"] for r in deleted["deletedRecords"]] == [gone]
    assert deleted["latestDateCovered"] == "2026-11-22T10:30:00.000+0000"


def test_updated_reaches_back_30_days_only(api: Api) -> None:
    answer = api.get("sobjects/Contact/updated", start="2026-10-01T00:00:00Z", end="2026-11-22T00:00:00Z")
    assert code(answer) == "INVALID_REPLICATION_DATE"


def test_a_merge_moves_children_and_names_the_survivor(api: Api) -> None:
    master, loser = contact(api), contact(api)
    case = api.post("sobjects/Case", {"ContactId": loser}).json()["id"]
    api.hook("merge", {"master": master, "losers": [loser]})
    assert api.get(f"sobjects/Case/{case}").json()["ContactId"] == master
    assert api.query("SELECT Id FROM Contact")["totalSize"] == 1
    deleted = "SELECT MasterRecordId FROM Contact WHERE IsDeleted = true"
    row = api.query(deleted, deleted=True)["records"][0]
    assert row["MasterRecordId"] == master


def test_a_converted_lead_refuses_writes_and_names_its_contact(api: Api) -> None:
    lead = api.post("sobjects/Lead", {"LastName": "Sato", "Company": "Nordwind"}).json()["id"]
    made = api.hook("convert", {"lead": lead})
    row = api.get(f"sobjects/Lead/{lead}").json()
    assert (row["IsConverted"], row["ConvertedContactId"]) == (True, made["contactId"])
    assert code(api.patch(f"sobjects/Lead/{lead}", {"Title": "x"})) == "CANNOT_UPDATE_CONVERTED_LEAD"
    refused = api.post("sobjects/SocialProfile__c", {"Hub_Id__c": "p", "Lead__c": lead})
    assert code(refused) == "CANNOT_UPDATE_CONVERTED_LEAD"


# --- field-level security and missing objects


def test_a_hidden_field_does_not_exist_for_the_caller(api: Api) -> None:
    api.hook("security", {"hidden": ["Contact.Email"], "read_only": ["Contact.Title"], "missing": ["Case"]})
    names = [f["name"] for f in api.get("sobjects/Contact/describe").json()["fields"]]
    assert "Email" not in names
    assert code(api.post("sobjects/Contact", {"LastName": "W", "Email": "a@b.de"})) == "INVALID_FIELD"
    assert code(api.post("sobjects/Contact", {"LastName": "W", "Title": "x"})) == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert api.get("sobjects/Case/describe").status_code == 404


# --- for people, and over a restart


def test_a_person_finds_a_contact_with_profile_and_interactions(api: Api) -> None:
    id_ = contact(api, LastName="<Weber>")
    api.patch("sobjects/SocialProfile__c/Hub_Id__c/p1", {"Contact__c": id_, "Handle__c": "@jana@example.social"})
    api.patch(
        "sobjects/SocialInteraction__c/Hub_Id__c/i1",
        {"Profile__r": {"Hub_Id__c": "p1"}, "Text__c": "Hallo & danke"},
    )
    shown = api.http.get(f"/page/Contact/{id_}").text
    assert "@jana@example.social" in shown
    assert "Hallo &amp; danke" in shown
    assert "&lt;Weber&gt;" in shown
    assert "Contacts" in api.http.get("/").text


def test_records_tokens_and_the_count_survive_a_restart(api: Api) -> None:
    api.patch("sobjects/SocialProfile__c/Hub_Id__c/p1", {})
    again = Api(store=api.store, headers=api.headers)
    assert again.get("sobjects/SocialProfile__c/Hub_Id__c/p1").status_code == 200
    assert again.patch("sobjects/SocialProfile__c/Hub_Id__c/p1", {}).json()["created"] is False
    assert again.get("limits").headers["Sforce-Limit-Info"] == "api-usage=4/100000"


def test_the_founding_records_are_made_once_with_their_parents(api: Api) -> None:
    rows = [{"attributes": {"type": "Contact"}, "LastName": "W", "Account": {"Name": "Nordwind"}}] * 2
    first = Api(records=rows)
    Api(store=first.store, records=rows)
    assert first.query("SELECT COUNT() FROM Contact")["totalSize"] == 2
    assert first.query("SELECT COUNT() FROM Account")["totalSize"] == 1


def test_founding_records_can_name_each_other_by_key() -> None:
    people = [{"key": "jana", "LastName": "Weber", "Account": "nord"}]
    api = Api(records={"Account": [{"key": "nord", "Name": "Nordwind"}], "Contact": people})
    row = api.query("SELECT Id, Account.Name FROM Contact")["records"][0]
    assert row["Account"]["Name"] == "Nordwind"
    assert api.store.shelf("salesforce.keys")["jana"] == {"object": "Contact", "Id": row["Id"]}
