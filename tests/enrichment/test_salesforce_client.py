"""The client against the simulated org, and against answers that no org would give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater, WiderhallError
from enrichment.salesforce import client as module
from enrichment.salesforce.client import Client, quote
from enrichment.salesforce.errors import wait
from enrichment.salesforce.login import Login
from tests.enrichment.org_server import RunningOrg, answers, running_org

PROFILE, KEY = "SocialProfile__c", "Hub_Id__c"
TOKEN = (200, "application/json", json.dumps({"access_token": "t", "token_type": "Bearer"}))
HTML = (401, "text/html", "<html>Session expired</html>")


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    with running_org() as found:
        yield found


@pytest.fixture
def client(org: RunningOrg) -> Client:
    return Client(org.login, allow_private=True)


@pytest.fixture(autouse=True)
def no_kept_tokens() -> None:
    module._tokens.clear()


def rows(count: int, **fields: Any) -> list[dict[str, Any]]:
    return [{KEY: f"p{n}", "Handle__c": f"@{n}", **fields} for n in range(count)]


def against(url: str) -> Client:
    return Client(Login(url, "id", "secret"), allow_private=True)


# --- writing


def test_a_repeated_upsert_changes_and_never_doubles(client: Client, org: RunningOrg) -> None:
    first = client.upsert(PROFILE, KEY, rows(450))
    again = client.upsert(PROFILE, KEY, rows(450))
    assert [r.created for r in first] == [True] * 450
    assert [r.id for r in again] == [r.id for r in first]
    assert len(org.rows(PROFILE)) == 450


def test_450_rows_are_three_calls(client: Client) -> None:
    before = client.limits().used
    client.upsert(PROFILE, KEY, rows(450))
    assert client.usage is not None
    assert client.usage.used == before + 3


def test_one_bad_row_fails_alone(client: Client, org: RunningOrg) -> None:
    given = rows(5)
    given[2]["Handle__c"] = "x" * 256
    found = client.upsert(PROFILE, KEY, given)
    assert [r.refusal.code if r.refusal else "" for r in found] == ["", "", "STRING_TOO_LONG", "", ""]
    assert found[2].refusal is not None
    assert found[2].refusal.fields == ("Handle__c",)


def test_a_row_that_cannot_be_read_fails_alone_too(client: Client, org: RunningOrg) -> None:
    given = rows(20)
    given[7]["Followers__c"] = "many"
    found = client.upsert(PROFILE, KEY, given)
    assert [n for n, r in enumerate(found) if r.refusal] == [7]
    assert len(org.rows(PROFILE)) == 19


def test_rows_with_an_unknown_column_cost_one_call(client: Client) -> None:
    given = rows(100)
    for row in given[:50]:
        row["Nope__c"] = 1
    before = client.limits().used
    found = client.upsert(PROFILE, KEY, given)
    assert [bool(r.refusal) for r in found] == [True] * 50 + [False] * 50
    assert client.usage is not None
    assert client.usage.used == before + 2


def test_the_same_key_twice_ends_with_the_later_row(client: Client, org: RunningOrg) -> None:
    found = client.upsert(PROFILE, KEY, [{KEY: "a", "Handle__c": "old"}, {KEY: "a", "Handle__c": "new"}])
    assert [r.created for r in found] == [True, False]
    assert org.rows(PROFILE)[0]["Handle__c"] == "new"


def test_a_locked_row_is_that_rows_matter(client: Client, org: RunningOrg) -> None:
    org.order("lock")
    found = client.upsert(PROFILE, KEY, rows(2))
    assert [r.refusal.code if r.refusal else "" for r in found] == ["UNABLE_TO_LOCK_ROW", ""]


def test_rows_behind_a_call_that_must_wait_are_named(client: Client, org: RunningOrg) -> None:
    client.upsert(PROFILE, KEY, rows(1))
    org.hook("limits", used=8, limit=9)
    found = client.upsert(PROFILE, KEY, rows(300))
    assert [bool(r.refusal) for r in found] == [False] * 200 + [True] * 100
    assert found[-1].refusal is not None
    assert found[-1].refusal.code == "NOT_SENT"


def test_deleting_by_key_is_done_when_nothing_is_there(client: Client, org: RunningOrg) -> None:
    client.upsert(PROFILE, KEY, rows(3))
    found = client.delete_by_external_id(PROFILE, KEY, ["p0", "nobody", "p2"])
    assert [r.refusal for r in found] == [None, None, None]
    assert [bool(r.id) for r in found] == [True, False, True]
    assert [r[KEY] for r in org.rows(PROFILE)] == ["p1"]


def test_a_key_with_quotes_is_found(client: Client) -> None:
    key = "it's a \\ key"
    client.upsert(PROFILE, KEY, [{KEY: key}])
    assert list(client.ids_by_external_id(PROFILE, KEY, [key])) == [key]


def test_names_cannot_smuggle_a_query(client: Client) -> None:
    with pytest.raises(Rejected, match="no name"):
        client.ids_by_external_id("Contact WHERE Id != null", KEY, ["a"])
    assert quote("a' OR Id != '") == "'a\\' OR Id != \\''"


# --- reading


def test_a_long_answer_is_read_to_its_end(client: Client) -> None:
    client.upsert(PROFILE, KEY, rows(2300))
    assert len(list(client.query_all("SELECT Id FROM SocialProfile__c"))) == 2300


def test_an_object_that_is_not_there_has_no_description(client: Client) -> None:
    assert client.describe("Nope__c") is None
    described = client.describe(PROFILE)
    assert described is not None
    assert described["keyPrefix"] == "a01"


def test_changes_and_deletions_are_listed(client: Client, org: RunningOrg) -> None:
    saved = client.upsert(PROFILE, KEY, rows(2))
    client.delete([saved[1].id])
    now = datetime.now(UTC)
    span = (now - timedelta(minutes=5), now + timedelta(minutes=5))
    assert client.get_updated(PROFILE, *span)[0] == [saved[0].id]
    assert client.get_deleted(PROFILE, *span)[0] == [saved[1].id]


def test_usage_is_known_after_a_refusal_too(client: Client) -> None:
    with pytest.raises(Rejected):
        list(client.query_all("SELECT nonsense"))
    assert client.usage is not None
    assert client.usage.used == 1


# --- sessions


def test_an_ended_session_is_renewed_once_and_unseen(client: Client, org: RunningOrg) -> None:
    client.limits()
    org.hook("expire")
    assert client.limits().limit == 100000


def test_a_page_instead_of_json_with_401_is_an_ended_session(client: Client, org: RunningOrg) -> None:
    org.order("html401")
    assert client.limits().limit == 100000


def test_a_session_that_stays_refused_ends_after_one_renewal() -> None:
    with answers(TOKEN, HTML, TOKEN, HTML) as (url, asked), pytest.raises(AuthExpired):
        against(url).limits()
    assert len(asked) == 4


def test_two_clients_share_a_token(org: RunningOrg) -> None:
    for _ in range(2):
        Client(org.login, allow_private=True).limits()
    assert len(org.store.shelf("salesforce.tokens")) == 1


def test_a_wrong_secret_asks_for_a_person(org: RunningOrg) -> None:
    login = Login(org.url, org.login.client_id, "wrong")
    with pytest.raises(AuthExpired, match=r"invalid_client.*Check consumer key"):
        Client(login, allow_private=True).limits()


def test_a_signed_assertion_signs_in(org: RunningOrg) -> None:
    key = RSAKey.generate_key(2048)
    user = org.hook("app", public_key=key.as_pem(private=False).decode())["user"]
    login = Login(org.url, org.login.client_id, username=user, private_key=key.as_pem(private=True).decode())
    assert Client(login, allow_private=True).limits().limit == 100000


def test_a_key_that_is_none_says_so(org: RunningOrg) -> None:
    with pytest.raises(NotConfigured, match="RSA key in PEM"):
        Client(Login(org.url, "id", private_key="nonsense"), allow_private=True).limits()


# --- answers that are wrong


def test_too_many_calls_at_once_wait_shortly() -> None:
    assert wait("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.") == 30


def test_over_the_daily_limit_waits_long(client: Client, org: RunningOrg) -> None:
    org.order("limit")
    with pytest.raises(TryLater, match="REQUEST_LIMIT_EXCEEDED") as caught:
        client.limits()
    assert caught.value.after == 900


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((500, "text/plain", "oops"), TryLater),
        ((503, "application/json", '[{"errorCode":"SERVER_UNAVAILABLE","message":"busy"}]'), TryLater),
        ((429, "application/json", "[]"), TryLater),
        ((200, "text/html", "<html>"), BadPayload),
        ((404, "application/json", '[{"errorCode":"NOT_FOUND","message":"no"}]'), Rejected),
        ((403, "application/json", '[{"errorCode":"API_DISABLED_FOR_ORG","message":"no"}]'), Rejected),
        ((400, "text/html", "<html>"), Rejected),
    ],
)
def test_each_wrong_answer_becomes_its_error(answer: tuple[int, str, str], error: type[WiderhallError]) -> None:
    with answers(TOKEN, answer) as (url, _), pytest.raises(error):
        against(url).limits()


def test_a_sign_in_at_no_salesforce_says_so() -> None:
    with (
        answers((404, "text/html", "nothing here")) as (url, _),
        pytest.raises(NotConfigured, match="own domain"),
    ):
        against(url).limits()


def test_nobody_there_is_worth_another_try() -> None:
    with pytest.raises(TryLater, match="did not answer"):
        against("http://127.0.0.1:9").limits()


def test_a_batch_answered_with_too_few_rows_is_not_believed() -> None:
    with (
        answers(TOKEN, (200, "application/json", '[{"success": true}]')) as (url, _),
        pytest.raises(BadPayload),
    ):
        against(url).upsert(PROFILE, KEY, rows(2))


def test_a_next_page_elsewhere_is_not_followed() -> None:
    page = {"records": [{}], "done": False, "nextRecordsUrl": "//evil.example/x"}
    with answers(TOKEN, (200, "application/json", json.dumps(page))) as (url, _), pytest.raises(BadPayload):
        list(against(url).query_all("SELECT Id FROM Contact"))


# --- where it may call


def test_private_hosts_need_the_operators_word() -> None:
    with pytest.raises(NotConfigured, match="ALLOW_PRIVATE_HOSTS"):
        Client(Login("https://127.0.0.1:9", "id", "secret")).limits()


def test_plain_http_needs_it_too() -> None:
    with pytest.raises(NotConfigured, match="HTTPS only"):
        Client(Login("http://example.com", "id", "secret"))


def test_cloud_metadata_is_never_called() -> None:
    with pytest.raises(NotConfigured, match="private network"):
        against("http://169.254.169.254").limits()


def test_a_token_is_not_carried_to_a_foreign_host() -> None:
    body = json.dumps({"access_token": "t", "instance_url": "https://evil.example"})
    with (
        answers((200, "application/json", body)) as (url, _),
        pytest.raises(NotConfigured, match=r"evil\.example"),
    ):
        against(url).limits()


def test_an_org_beneath_a_path_is_called_there() -> None:
    with running_org("/salesforce") as org:
        client = Client(org.login, allow_private=True)
        client.upsert(PROFILE, KEY, rows(2100))
        assert len(list(client.query_all("SELECT Id FROM SocialProfile__c"))) == 2100
        assert client.describe("Nope__c") is None


def test_an_answer_lost_after_the_commit_doubles_nothing(client: Client, org: RunningOrg) -> None:
    client.limits()
    org.order("timeout_after_commit", method="PATCH")
    with pytest.raises(TryLater, match="did not answer"):
        client.upsert(PROFILE, KEY, rows(3))
    assert len(org.rows(PROFILE)) == 3
    assert [r.created for r in client.upsert(PROFILE, KEY, rows(3))] == [False] * 3
    assert len(org.rows(PROFILE)) == 3


@pytest.mark.parametrize("kind", ["429", "500", "503", "drop"])
def test_a_busy_or_broken_org_is_asked_again_later(client: Client, org: RunningOrg, kind: str) -> None:
    client.limits()
    org.order(kind)
    with pytest.raises(TryLater):
        client.upsert(PROFILE, KEY, rows(1))
