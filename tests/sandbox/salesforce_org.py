"""A simulated org without a network, for the tests of the org itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette

from sandbox.salesforce import CLIENT_ID, CLIENT_SECRET, create_app
from sandbox.salesforce.founding import Rows

VERSION = "66.0"


class Memory:
    """A store that forgets at the end."""

    def __init__(self) -> None:
        self.shelves: dict[str, dict[str, dict[str, Any]]] = {}

    def shelf(self, name: str) -> MutableMapping[str, dict[str, Any]]:
        return self.shelves.setdefault(name, {})


class Ordered:
    """Faults in the order of the list, each served once."""

    def __init__(self) -> None:
        self.due: list[str] = []

    def take(self, service: str, kind: str, method: str, path: str) -> Mapping[str, Any] | None:
        if kind not in self.due:
            return None
        self.due.remove(kind)
        return {"kind": kind}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 10, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


class Calls:
    """httpx in front of the application, without a socket and without await."""

    def __init__(self, app: Starlette) -> None:
        self.transport = httpx.ASGITransport(app)

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def call() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url="http://org.test") as client:
                return await client.request(method, path, **more)

        return asyncio.run(call())

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


class Api:
    """The org's REST interface as a signed-in program sees it."""

    base = f"/services/data/v{VERSION}/"

    def __init__(
        self,
        store: Memory | None = None,
        records: Rows = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.store, self.faults, self.clock = store or Memory(), Ordered(), Clock()
        self.http = Calls(create_app(self.store, self.faults, records, self.clock))
        if headers is None:
            token = self.token(grant_type="client_credentials").json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
        self.headers = dict(headers)

    def token(self, **form: str) -> httpx.Response:
        data = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **form}
        return self.http.post("/services/oauth2/token", data=data)

    def hook(self, name: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = self.http.post(f"/_org/{name}", json=dict(body or {}))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str, **query: str) -> httpx.Response:
        return self.http.request("GET", self.base + path, params=query or None, headers=self.headers)

    def delete(self, path: str, **query: str) -> httpx.Response:
        return self.http.request("DELETE", self.base + path, params=query or None, headers=self.headers)

    def post(self, path: str, body: Any) -> httpx.Response:
        return self.http.request("POST", self.base + path, json=body, headers=self.headers)

    def patch(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.http.request("PATCH", self.base + path, json=body, headers={**self.headers, **(headers or {})})

    def query(self, soql: str, *, deleted: bool = False) -> Any:
        answer = self.get("queryAll" if deleted else "query", q=soql)
        assert answer.status_code == 200, answer.text
        return answer.json()


def hub_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "attributes": {"type": "SocialProfile__c"},
            "Hub_Id__c": f"p{n}",
            "Name": f"Person {n}",
            "Network__c": "mastodon",
            "Handle__c": f"@{n}",
            "Followers__c": n,
            "Last_Seen__c": "2026-11-22T10:00:00Z",
        }
        for n in range(count)
    ]
