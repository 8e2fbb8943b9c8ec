"""A simulated org without a network, for the tests of the org itself."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
from starlette.applications import Starlette

from enrichment.salesforce.metadata import package
from enrichment.salesforce.soap import XMLNS, envelope, text
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
        *,
        installed: bool = True,
    ) -> None:
        self.store, self.faults, self.clock = store or Memory(), Ordered(), Clock()
        self.http = Calls(create_app(self.store, self.faults, records, self.clock))
        if headers is None:
            token = self.token(grant_type="client_credentials").json()["access_token"]
            headers = {"Authorization": f"Bearer {token}"}
            self.headers = dict(headers)
            if installed:
                self.install()
        self.headers = dict(headers)

    def install(self) -> None:
        """Have the hub's objects, as `widerhall crm install` brings them, and the day's calls anew."""
        assert self.deploy(package())["status"] == "Succeeded"
        user = next(r["Id"] for r in self.query("SELECT Id, Username FROM User")["records"] if "integ" in r["Username"])
        (set_,) = self.query("SELECT Id FROM PermissionSet")["records"]
        rows = {"AssigneeId": user, "PermissionSetId": set_["Id"]}
        assert self.post("sobjects/PermissionSetAssignment", rows).status_code == 201
        self.hook("limits", {"used": 0})

    def soap(self, call: str, body: str, session: str | None = None) -> tuple[int, ElementTree.Element]:
        """Status and the element in the answer's body."""
        session = self.headers["Authorization"].removeprefix("Bearer ") if session is None else session
        raw = envelope(session, f"<{call}>{body}</{call}>")
        answer = self.http.post(f"/services/Soap/m/{VERSION}", content=raw, headers={"Content-Type": "text/xml"})
        root = ElementTree.fromstring(answer.text)  # noqa: S314 - the sandbox's own answer
        return answer.status_code, root[0][0]

    def deploy(self, archive: bytes, *, check_only: bool = False) -> dict[str, Any]:
        """A deployment to its end: status, and each component's name with its problem or nothing."""
        options = f"<checkOnly>{str(check_only).lower()}</checkOnly><singlePackage>true</singlePackage>"
        zip_ = f"<ZipFile>{b64encode(archive).decode()}</ZipFile><DeployOptions>{options}</DeployOptions>"
        id_ = self.soap("deploy", zip_)[1].findtext(f".//{XMLNS}id")
        asking = f"<asyncProcessId>{id_}</asyncProcessId><includeDetails>true</includeDetails>"
        seen = []
        while True:
            found = self.soap("checkDeployStatus", asking)[1]
            seen.append(found.findtext(f".//{XMLNS}status"))
            if found.findtext(f".//{XMLNS}done") == "true":
                break
        said = {
            text(one, "fullName"): text(one, "problem")
            for kind in ("componentSuccesses", "componentFailures")
            for one in found.iter(f"{XMLNS}{kind}")
        }
        new = {
            text(one, "fullName") for one in found.iter(f"{XMLNS}componentSuccesses") if text(one, "created") == "true"
        }
        return {"status": seen[-1], "seen": seen, "said": said, "new": new}

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
