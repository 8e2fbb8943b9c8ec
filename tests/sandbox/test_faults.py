"""Faults strike as ordered, and the log counts what really struck."""

from __future__ import annotations

import httpx
import pytest

from sandbox.faults import Faults
from tests.sandbox.conftest import Running


def test_a_fault_strikes_as_often_as_ordered(sandbox: Running) -> None:
    sandbox.control.post("/_faults", json={"service": "mastodon", "kind": "503", "count": 2})
    statuses = [sandbox.mastodon.get("/api/v1/instance").status_code for _ in range(3)]
    assert statuses == [503, 503, 200]
    assert sandbox.control.get("/_log.json").json()["faults_by_service"]["mastodon"]["503"] == 2


def test_a_dropped_connection_answers_nothing(sandbox: Running) -> None:
    sandbox.control.post("/_faults", json={"service": "bluesky", "kind": "drop"})
    with pytest.raises(httpx.TransportError):
        sandbox.bluesky.get("/_health")
    assert sandbox.bluesky.get("/_health").status_code == 200


def test_orders_can_be_taken_back(sandbox: Running) -> None:
    sandbox.control.post("/_faults", json={"service": "telegram", "kind": "500", "count": 99})
    sandbox.control.delete("/_faults")
    assert sandbox.call("getMe").status_code == 200


def test_an_order_that_makes_no_sense_is_refused(sandbox: Running) -> None:
    answer = sandbox.control.post("/_faults", json={"service": "telegram"})
    assert (answer.status_code, answer.json()["error"]) == (400, "a fault needs a service and a kind")


def test_a_service_takes_faults_of_its_own_kinds() -> None:
    faults = Faults()
    faults.add({"service": "salesforce", "kind": "lock", "path": "/services/data"})
    assert faults.take("salesforce", "lock", "POST", "/oauth") is None
    assert faults.take("salesforce", "lock", "POST", "/services/data/v1") is not None
    assert faults.take("salesforce", "lock", "POST", "/services/data/v1") is None
    assert faults.log()["faults"] == {"lock": 1}
