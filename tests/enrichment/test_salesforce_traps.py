"""What simple-salesforce does wrong, and our client, which stands on it, does not.

Each trap was seen in simple-salesforce 1.12; what is tested elsewhere is named there: a sign-in without end and
pages for people in test_salesforce_client.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from core.errors import AuthExpired, TryLater
from enrichment.salesforce import bulk, transport
from enrichment.salesforce import client as client_module
from enrichment.salesforce.client import Client
from enrichment.salesforce.login import Login
from tests.enrichment.org_server import RunningOrg, answers, running_org

PROFILE, KEY = "SocialProfile__c", "Hub_Id__c"


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    client_module._tokens.clear()
    with running_org() as found:
        yield found


@pytest.fixture
def client(org: RunningOrg) -> Client:
    return Client(org.login, allow_private=True)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every request as it leaves."""
    found: list[dict[str, Any]] = []
    real = requests.adapters.HTTPAdapter.send

    def send(self: Any, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        limits = more.get("timeout") or (args[1] if len(args) > 1 else None)
        found.append({"url": request.url, "headers": dict(request.headers), "limits": limits, "body": request.body})
        return real(self, request, *args, **more)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return found


def test_headers_and_body_survive_a_renewed_session(
    client: Client, org: RunningOrg, seen: list[dict[str, Any]]
) -> None:
    """There, the call after a renewal has lost its headers: a file would no longer be CSV."""
    job = bulk.begin(client, PROFILE, KEY)
    org.hook("expire")
    seen.clear()
    bulk.upload(client, job, [{KEY: "p1"}])
    first, second = [one for one in seen if one["url"].endswith("/batches")]
    assert first["headers"]["Authorization"] != second["headers"]["Authorization"]
    assert first["headers"]["Content-Type"] == second["headers"]["Content-Type"] == "text/csv; charset=UTF-8"
    assert first["body"] == second["body"]


def test_query_options_survive_a_renewed_session(client: Client, org: RunningOrg, seen: list[dict[str, Any]]) -> None:
    client.limits()
    org.hook("expire")
    seen.clear()
    list(client.query_all("SELECT Id FROM Contact"))
    asked = [one for one in seen if "/query/" in one["url"] or "/query?" in one["url"]]
    assert [one["headers"].get("Sforce-Query-Options") for one in asked] == ["batchSize=2000"] * 2


def test_every_call_has_time_limits(client: Client, seen: list[dict[str, Any]]) -> None:
    """There, a call waits for ever."""
    client.limits()
    client.describe(PROFILE)
    client.upsert(PROFILE, KEY, [{KEY: "p1"}])
    job = bulk.begin(client, PROFILE, KEY)
    bulk.upload(client, job, [{KEY: "p1"}])
    assert {one["limits"] for one in seen} == {(transport.CONNECT_SECONDS, transport.READ_SECONDS)}


def test_a_silent_org_is_given_up(org: RunningOrg, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.limits()
    monkeypatch.setattr(transport, "READ_SECONDS", 0.2)
    org.order("slow", delay=1.0)
    started = time.monotonic()
    with pytest.raises(TryLater, match="did not answer"):
        client.limits()
    assert time.monotonic() - started < 0.9


def test_usage_is_known_from_calls_about_one_object_too(client: Client) -> None:
    """There, only some calls read the header, and none that failed."""
    client.describe(PROFILE)
    assert client.usage is not None
    assert client.usage.used == 1
    client.upsert(PROFILE, KEY, [{KEY: "p1"}])
    bulk.begin(client, PROFILE, KEY)
    assert client.usage.used == client.calls == 3


@pytest.mark.parametrize("key", ["https://x.example//a//b", "a/b", "ü?&#%", "日本", "..", " "])
def test_a_key_with_slashes_arrives_whole(client: Client, org: RunningOrg, key: str) -> None:
    """There, keys go into paths, where `//` collapses; ours go into bodies and quoted queries only."""
    saved = client.upsert(PROFILE, KEY, [{KEY: f"k{key}", "Name": "A"}])
    assert saved[0].refusal is None
    assert [row[KEY] for row in org.rows(PROFILE)] == [f"k{key}".strip()]
    assert client.ids_by_external_id(PROFILE, KEY, [f"k{key}".strip()])


def test_a_session_that_stays_refused_ends_in_bulk_calls_too() -> None:
    client_module._tokens.clear()
    token = (200, "application/json", '{"access_token": "t", "token_type": "Bearer"}')
    html = (401, "text/html", "<html>Session expired</html>")
    with answers(token, html, token, html) as (url, asked), pytest.raises(AuthExpired):
        bulk.begin(Client(Login(url, "id", "secret"), allow_private=True), PROFILE, KEY)
    assert len(asked) == 4


def test_more_than_two_hundred_rows_are_several_calls(client: Client, seen: list[dict[str, Any]]) -> None:
    """There, collections are not known at all."""
    client.upsert(PROFILE, KEY, [{KEY: f"p{n}"} for n in range(401)])
    assert sum("composite/sobjects" in one["url"] for one in seen) == 3
