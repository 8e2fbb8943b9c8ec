"""Claims about the house by the API: Salesforce, write keys, purposes, imports, the model, the system, stuck work."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db
from core.errors import AuthExpired, TryLater
from core.outbox import OutboxRow, SubscriberState
from enrichment import connection
from enrichment.behaviour import keys
from enrichment.behaviour.models import CustomerOrder
from enrichment.crm import CrmStatus, Problem
from enrichment.models import CrmConnection, CrmRecord, SyncState
from inbox import consent
from tests.conftest import BOTH
from tests.enrichment.fake_crm import FakeCrm
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked

__all__ = ["full"]
Programs = Callable[..., Program]
ORG = {"url": "https://org.example", "client_id": "c", "secret": "hush-hush"}


# --- Salesforce ---------------------------------------------------------------------------------------


def topics() -> set[str]:
    with db.read() as session:
        return set(session.scalars(sa.select(db.table(OutboxRow).c.topic)))


@BOTH
def test_org_is_connected_when_it_lets_us_in(database: str, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    one, asked = program(), []

    def probe(*given: str) -> CrmStatus:
        asked.append(given)
        if len(asked) == 1:
            raise AuthExpired("Falscher Schlüssel.")
        return CrmStatus("62.0", "EU1", 10, 15000)

    monkeypatch.setattr(connection, "probe", probe)
    assert one.post("salesforce", ORG).status_code == 422
    assert one.get("salesforce").json()["connected"] is False
    assert one.post("salesforce", ORG, key="o").json() == one.post("salesforce", ORG, key="o").json()
    assert len(asked) == 2, "it is not asked again"
    found = one.get("salesforce")
    assert (found.json()["url"], found.json()["switched_on"]) == ("https://org.example", False)
    assert "hush" not in found.text
    for deed in ("sync", "compare"):
        assert one.post(f"salesforce/{deed}").status_code == 422, "no basis is named"
    assert one.post("salesforce/basis", {"basis": "habit"}).status_code == 422
    assert one.post("salesforce/basis", {"basis": "contract"}).status_code == 200
    assert one.get("salesforce").json()["basis"] == "contract"
    assert {one.post(f"salesforce/{deed}").status_code for deed in ("sync", "compare")} == {200}
    assert {"crm.due", "reconcile.due"} <= topics()
    assert [one.post("salesforce/disconnect").json()["changed"] for _ in "12"] == [True, False]
    assert program("agent").post("salesforce", ORG).status_code == 403


def test_org_is_checked(full: None, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    one, fake = program(), FakeCrm()
    lacks = CrmStatus("62.0", "EU1", 10, 15000, (Problem("Feld fehlt.", "Paket einspielen."),))
    monkeypatch.setattr(fake, "check", lambda: lacks)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        session.execute(sa.update(db.table(CrmConnection)).values(error="Weg."))
    found = one.post("salesforce/check").json()
    assert (found["ok"], found["problems"][0]["fix"], found["limit"]) == (False, "Paket einspielen.", 15000)
    assert one.get("salesforce").json()["error"] == ""

    def away() -> CrmStatus:
        raise TryLater("Ist weg.")

    monkeypatch.setattr(fake, "check", away)
    refused = one.post("salesforce/check")
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (422, "away", "Ist weg.")


@BOTH
def test_records_are_listed_and_sent_again(full: None, program: Programs) -> None:
    one = program()
    assert [(row["hub_id"], row["state"]) for row in walked(one, "salesforce/records", 1)] == [
        ("h2", "quarantined"), ("h1", "synced"),
    ]  # fmt: skip
    assert [row["hub_id"] for row in walked(one, "salesforce/records?state=synced&kind=profile", 1)] == ["h1"]
    assert one.get("salesforce/records?state=lost").status_code == 422
    assert one.post("salesforce/retry", {"hub_id": "h1"}).status_code == 422
    assert one.post("salesforce/retry", {}, key="y").json() == {"count": 1}
    assert one.post("salesforce/retry", {}, key="y").json() == {"count": 1}
    assert one.post("salesforce/retry", {}).json() == {"count": 0}
    with db.read() as session:
        assert session.scalar(sa.select(SyncState.state).where(SyncState.hub_id == "h2")) == "pending"


def test_rules_of_fields_are_set_together_or_not_at_all(full: None, program: Programs) -> None:
    one = program()
    (first, second, *_) = one.get("salesforce/fields").json()["items"]
    names = [f"{row['object']}.{row['field']}" for row in (first, second)]
    wrong = {"rules": [{"field": names[0], "rule": "crm"}, {"field": "Case.Nothing", "rule": "hub"}]}
    assert one.post("salesforce/fields", wrong).status_code == 422
    assert one.get("salesforce/fields").json()["items"][0]["rule"] == ""
    right = {"rules": [{"field": one_, "rule": "newest"} for one_ in names]}
    assert [one.post("salesforce/fields", right).json()["changed"] for _ in "12"] == [True, False]
    assert [row["rule"] for row in one.get("salesforce/fields").json()["items"][:2]] == ["newest"] * 2
    assert "package.xml" in str(zipfile.ZipFile(io.BytesIO(one.get("salesforce/package").content)).namelist())
    assert program("agent").get("salesforce/package").status_code == 403


# --- write keys, purposes -----------------------------------------------------------------------------


@BOTH
def test_write_key_is_shown_once_and_revoked(full: None, program: Programs) -> None:
    one = program()
    made = one.post("write-keys", {"name": "Киоск"}, key="w").json()
    assert one.post("write-keys", {"name": "Киоск"}, key="w").json() == made
    with db.read() as session:
        assert keys.find(session, made["key"]) == made["id"]
    answer = one.get("write-keys")
    assert made["key"] not in answer.text
    listed = {row["name"]: row for row in answer.json()["items"]}
    assert listed["Киоск"]["hint"] == made["key"][-4:]
    assert {row["reason"] for row in listed["Лавка"]["dropped"]} == {"payment"}
    assert [one.post(f"write-keys/{made['id']}/revoke").json()["changed"] for _ in "12"] == [True, False]
    with db.read() as session:
        assert keys.find(session, made["key"]) is None
    assert one.post("write-keys/99/revoke").status_code == 404
    assert program("agent").get("write-keys").status_code == 403


@BOTH
def test_purpose_is_switched_for_its_basis(full: None, program: Programs) -> None:
    one = program("dpo")
    before = {row["purpose"]: row for row in one.get("purposes").json()["items"]}
    assert (before["behaviour"]["basis"], before["crm_sync"]["objections"]) == ("contract", 1)
    assert one.post("purposes", {"purpose": "survey", "enabled": True}).status_code == 422
    on = {"purpose": "survey", "enabled": True, "basis": "consent"}
    assert [one.post("purposes", on).json()["changed"] for _ in "12"] == [True, False]
    with db.read() as session:
        assert consent.switched_on(session, "survey")
    assert one.post("purposes", {"purpose": "survey", "enabled": False}).json()["changed"] is True
    one.post("purposes", {"purpose": "crm_sync", "enabled": True, "basis": "contract"})
    assert "crm.due" in topics(), "what waited is woken"
    assert program("agent").get("purposes").status_code == 403


# --- imports ------------------------------------------------------------------------------------------

PEOPLE = "name;email\nКим;kim@a.example\nНикто;\n"
SALES = "number;email;total;currency;date\nN-1;kim@a.example;12.50;EUR;2026-11-01\nN-2;;1;EUR;2026-11-01\n"


@BOTH
def test_contacts_are_looked_at_and_imported(full: None, program: Programs) -> None:
    one, body = program(), {"name": "люди.csv", "text": PEOPLE}
    found = one.post("imports/contacts/preview", body).json()
    assert (found["mapping"], found["good"], found["bad"]) == (
        {"name": 0, "email": 1}, 1, [{"line": 3, "reason": "nobody"}],
    )  # fmt: skip
    with db.read() as session:
        assert session.scalar(sa.select(CrmRecord.id).where(CrmRecord.object == "csv")) is None
    made = one.post("imports/contacts", body, key="i").json()
    assert (made["rows"], made["stored"], made["bad"]) == (2, 1, 1)
    assert one.post("imports/contacts", body, key="i").json() == made
    assert one.post("imports/contacts", body).json()["unchanged"] == 1
    assert [row["id"] for row in one.get("imports/contacts").json()["items"]][-1] == made["id"]
    wrong = one.post("imports/contacts", {**body, "mapping": {"name": 0, "email": 7}})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "body.mapping.email")
    for bad in ({"text": "name\n"}, {"text": "x" * 700_001}, {"text": "я" * 400_000}, {"mapping": {"age": 0}}):
        assert one.post("imports/contacts/preview", {**body, **bad}).status_code == 422, str(bad)[:40]
    assert program("agent").post("imports/contacts", body).status_code == 403


@BOTH
def test_orders_are_imported_once(full: None, program: Programs) -> None:
    one, body = program(), {"name": "заказы.csv", "text": SALES}
    found = one.post("imports/orders/preview", body).json()
    assert (found["good"], len(found["bad"])) == (1, 1)
    made = one.post("imports/orders", body, key="i").json()
    assert (made["stored"], made["bad"]) == (1, 1)
    assert one.post("imports/orders", body, key="i").json() == made
    assert one.post("imports/orders", body).json()["unchanged"] == 1
    with db.read() as session:
        amounts = session.scalars(sa.select(CustomerOrder.amount).where(CustomerOrder.number == "N-1")).all()
    assert amounts == [12_500]
    assert len(one.get("imports/orders").json()["items"]) == 2
    one.post("purposes", {"purpose": "behaviour", "enabled": False})
    assert one.post("imports/orders", body).status_code == 422
    assert program("agent").get("imports/orders").status_code == 403


# --- the model, the system, stuck work ----------------------------------------------------------------


def test_model_tells_its_figures_and_rates_again(full: None, program: Programs) -> None:
    one = program()
    found = one.get("model").json()
    assert (found["name"], found["last"]["model"]) == ("embedded", "lexicon")
    assert found["speeds"][0]["per_second"] == 500
    assert sum(row["n"] for row in found["covered"]) > 0
    assert {row["language"] for row in one.get("model/drift").json()["items"]} >= {"de"}
    number = one.post("model/again").json()["id"]
    assert number == 2
    assert one.get("model").json()["again"]["ended_at"] is None
    assert program("agent").post("model/again").status_code == 403


def test_system_says_what_it_is_and_what_is_wrong(full: None, program: Programs) -> None:
    one = program()
    found = one.get("system").json()
    assert "SQLite" in found["database"]
    assert len(found["queues"]) == len(one.get("outbox").json()["items"])
    levels = {row["area"]: row["level"] for row in one.get("system/checks").json()["items"]}
    assert levels["database"] == "ok"
    assert program("agent").get("system").status_code == 403


@BOTH
def test_stuck_work_goes_on_or_is_dropped(full: None, program: Programs) -> None:
    one = program()
    (letter,) = walked(one, "dead-letters", 1)
    with db.write() as session:
        session.add(SubscriberState(name=letter["subscriber"], paused=True, reason="Ждём"))
    every = {"subscriber": letter["subscriber"], "what": "retry"}
    assert one.post("outbox/resume", {"subscriber": letter["subscriber"]}).status_code == 200
    assert [row["paused"] for row in one.get("outbox").json()["items"] if row["paused"]] == []
    assert one.post("dead-letters/all", every).json() == {"count": 1}
    assert one.post("dead-letters/all", every).json() == {"count": 0}
    for path in ("dead-letters/all", "outbox/resume"):
        assert one.post(path, {"subscriber": "nobody", "what": "drop"}).status_code == 422, path
    (item,) = walked(one, "unreadable", 1)
    assert (item["source"], item["raw"]) == ("уведомления", '{"а": 1}')
    assert one.get("failed-deliveries").json() == {"items": [], "next": None}
    assert one.post(f"unreadable/{item['id']}/drop").json()["changed"] is True
    assert one.post(f"unreadable/{item['id']}/drop").status_code == 404
    assert program("agent").get("unreadable").status_code == 403
