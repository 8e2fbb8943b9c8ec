"""The query language of the simulated org."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.salesforce_org import Api

PEOPLE: list[dict[str, Any]] = [
    {"attributes": {"type": "Contact"}, "FirstName": "Jana", "LastName": "Weber", "Email": "jana@example.org",
     "Account": {"Name": "Nordwind", "NumberOfEmployees": 40}, "Birthdate": "1990-05-01"},
    {"attributes": {"type": "Contact"}, "FirstName": "Kenji", "LastName": "Satō", "Title": "100% owner",
     "Account": {"Name": "Nordwind", "NumberOfEmployees": 40}, "Birthdate": "1985-01-31"},
    {"attributes": {"type": "Contact"}, "FirstName": "O'Neil", "LastName": "Adams",
     "Account": {"Name": "Acme", "NumberOfEmployees": 7}},
    {"attributes": {"type": "Contact"}, "LastName": "weber", "Email": "w@example.org"},
]  # fmt: skip


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(records=PEOPLE)


def names(api: Api, where: str) -> list[str]:
    found = api.query(" ".join(("SELECT Name FROM Contact", where)))
    assert found["totalSize"] == len(found["records"])
    return [r["Name"] for r in found["records"]]


JANA, KENJI, ONEIL, WEBER = "Jana Weber", "Kenji Satō", "O'Neil Adams", "weber"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("WHERE LastName = 'WEBER'", [JANA, WEBER]),
        ("WHERE FirstName = 'O\\'Neil'", [ONEIL]),
        ("WHERE Email != null", [JANA, WEBER]),
        ("WHERE Email = null", [KENJI, ONEIL]),
        ("WHERE FirstName != 'Jana'", [KENJI, ONEIL, WEBER]),
        ("WHERE LastName LIKE 'we%'", [JANA, WEBER]),
        ("WHERE LastName LIKE '_eber'", [JANA, WEBER]),
        ("WHERE Title LIKE '100\\%%'", [KENJI]),
        ("WHERE NOT LastName LIKE 'we%'", [KENJI, ONEIL]),
        ("WHERE LastName IN ('Adams', 'Satō')", [KENJI, ONEIL]),
        ("WHERE LastName NOT IN ('Adams', 'Satō')", [JANA, WEBER]),
        ("WHERE Account.Name = 'Nordwind' AND FirstName > 'K'", [KENJI]),
        ("WHERE (FirstName = 'Jana' OR FirstName = 'Kenji') AND Email = null", [KENJI]),
        ("WHERE Account.NumberOfEmployees <= 7", [ONEIL]),
        ("WHERE AccountId IN (SELECT Id FROM Account WHERE Name = 'Acme')", [ONEIL]),
        ("WHERE Birthdate < 1990-01-01", [KENJI]),
        ("WHERE CreatedDate = TODAY", [JANA, KENJI, ONEIL, WEBER]),
        ("WHERE CreatedDate < TODAY", []),
        ("WHERE CreatedDate = LAST_N_DAYS:3 AND CreatedDate > YESTERDAY", [JANA, KENJI, ONEIL, WEBER]),
        ("WHERE SystemModstamp >= 2026-11-22T11:00:00+01:00", [JANA, KENJI, ONEIL, WEBER]),
        ("WHERE SystemModstamp > 2026-11-22T10:00:00Z", []),
        ("WHERE IsDeleted = false LIMIT 1", [JANA]),
        ("ORDER BY LastName, FirstName DESC", [ONEIL, KENJI, WEBER, JANA]),
        ("ORDER BY FirstName", [WEBER, JANA, KENJI, ONEIL]),
        ("ORDER BY FirstName NULLS LAST", [JANA, KENJI, ONEIL, WEBER]),
        ("ORDER BY FirstName DESC NULLS LAST LIMIT 2 OFFSET 1", [KENJI, JANA]),
        ("ORDER BY Account.Name DESC NULLS LAST, FirstName LIMIT 1", [JANA]),
    ],
)
def test_conditions_order_and_cut(api: Api, where: str, expected: list[str]) -> None:
    assert names(api, where) == expected


def test_keywords_and_names_mind_no_case(api: Api) -> None:
    assert api.query("select lastname from CONTACT where FIRSTNAME = 'Jana'")["records"][0]["LastName"] == "Weber"


def test_parents_are_nested_with_their_attributes(api: Api) -> None:
    row = api.query("SELECT Account.Name, Account.Owner.Username FROM Contact WHERE FirstName = 'Jana'")["records"][0]
    assert row["attributes"]["type"] == "Contact"
    assert row["Account"]["attributes"]["type"] == "Account"
    assert (row["Account"]["Name"], row["Account"]["Owner"]["Username"]) == (
        "Nordwind",
        "admin@widerhall.example",
    )


def test_a_missing_parent_is_null(api: Api) -> None:
    assert api.query("SELECT Account.Name FROM Contact WHERE Name = 'weber'")["records"][0]["Account"] is None


def test_children_are_answers_of_their_own(api: Api) -> None:
    row = api.query("SELECT Name, (SELECT Name FROM Contacts ORDER BY Name DESC) FROM Account WHERE Name = 'Nordwind'")
    assert [c["Name"] for c in row["records"][0]["Contacts"]["records"]] == [KENJI, JANA]


def test_count_alone_is_the_total(api: Api) -> None:
    assert api.query("SELECT COUNT() FROM Contact") == {"totalSize": 4, "done": True, "records": []}


def test_groups_are_counted(api: Api) -> None:
    found = api.query("SELECT Account.Name, COUNT(Id) n FROM Contact GROUP BY Account.Name ORDER BY COUNT(Id) DESC")
    assert [(r["Name"], r["n"]) for r in found["records"]] == [("Nordwind", 2), ("Acme", 1), (None, 1)]
    assert found["records"][0]["attributes"] == {"type": "AggregateResult"}


def test_aggregates_without_a_name_are_numbered(api: Api) -> None:
    row = api.query("SELECT MAX(NumberOfEmployees), SUM(NumberOfEmployees) FROM Account")["records"][0]
    assert (row["expr0"], row["expr1"]) == (40, 47)


def test_all_fields_need_a_limit(api: Api) -> None:
    assert "Mastodon_Handle__c" in api.query("SELECT FIELDS(ALL) FROM Contact LIMIT 200")["records"][0]
    answer = api.get("query", q="SELECT FIELDS(ALL) FROM Contact")
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("query", "code", "shown"),
    [
        ("SELECT Id FORM Contact", "MALFORMED_QUERY", "Row:1:Column:11\nunexpected token: 'FORM'"),
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY", "unexpected token: <EOF>"),
        ("SELECT Id FROM Contact WHERE A = 1 AND B = 2 OR C = 3", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Contact WHERE A = 1 OR B = 2 AND C = 3", "MALFORMED_QUERY", "'AND'"),
        ("SELECT Id FROM Contact LIMIT x", "MALFORMED_QUERY", "'x'"),
        ("SELECT Id, Nope__c FROM Contact", "INVALID_FIELD", "Row:1:Column:12\nNo such column 'Nope__c'"),
        ("SELECT Nope.Name FROM Contact", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
        ("SELECT Id FROM Nope__c", "INVALID_TYPE", "sObject type 'Nope__c' is not supported"),
        (
            "SELECT Id FROM Contact WHERE Birthdate = '1990-01-01'",
            "INVALID_FIELD",
            "not be enclosed in quotes",
        ),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Contact WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Contact WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Contact OFFSET 3000", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
    ],
)
def test_mistakes_are_named_with_their_place(api: Api, query: str, code: str, shown: str) -> None:
    answer = api.get("query", q=query)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)
    assert shown in answer.json()[0]["message"]


def test_long_answers_come_in_pages() -> None:
    api = Api(records=[{"attributes": {"type": "Account"}, "Name": f"A{n}"} for n in range(450)])
    api.headers["Sforce-Query-Options"] = "batchSize=10"
    page = api.query("SELECT Name FROM Account")
    seen = [r["Name"] for r in page["records"]]
    while not page["done"]:
        page = api.http.get(page["nextRecordsUrl"], headers=api.headers).json()
        seen += [r["Name"] for r in page["records"]]
    assert len(page["records"]) == 50  # 200 is the smallest page
    assert seen == [f"A{n}" for n in range(450)]


def test_an_unknown_page_is_refused(api: Api) -> None:
    assert api.get("query/01gr00000000009AAA-200").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_only_query_all_shows_the_deleted() -> None:
    api = Api(records=PEOPLE[:1])
    id_ = api.query("SELECT Id FROM Contact")["records"][0]["Id"]
    api.delete(f"sobjects/Contact/{id_}")
    assert api.query("SELECT Id FROM Contact")["totalSize"] == 0
    assert api.query("SELECT Id FROM Contact WHERE IsDeleted = true", deleted=True)["totalSize"] == 1


def test_an_object_may_be_called_order(api: Api) -> None:
    assert api.query("SELECT Id FROM Order ORDER BY Id LIMIT 1")["records"] == []
    assert api.get("query", q="SELECT Id FROM ORDER BY Id").status_code == 400
