"""Making a lead of a person: the form with its sources, what is missing, what Salesforce said, and the way back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db
from enrichment import connection
from enrichment.crm import RowResult
from enrichment.making import store
from inbox.models import Identity
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.test_making import ZOE
from tests.web.conftest import Browser

As = Callable[[str], Browser]


@pytest.fixture
def crm(database: str, monkeypatch: pytest.MonkeyPatch) -> FakeCrm:
    fake = FakeCrm()
    fake.put(house.CRM_ANNA)
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.connect(
            session, url="https://fake.example", client_id="c", client_secret="s", basis="contract", actor="t"
        )
    house.work(waits=0)
    return fake


def test_a_lead_is_made_from_the_page_of_a_person(as_role: As, crm: FakeCrm) -> None:
    agent, marketer = as_role("agent"), as_role("marketer")
    house.store(house.account(), house.event("m7", ZOE))
    house.work()
    i = db.table(Identity)
    with db.read() as session:
        zoe = int(session.scalars(sa.select(i.c.id).where(i.c.external_id == ZOE.id)).one())
    here = f"/people/{zoe}/record/Lead"
    assert here in agent.get(f"/people/{zoe}").text
    assert here in agent.get("/inbox/1").text
    assert marketer.get(here).status_code == 403
    assert agent.get(f"/people/{zoe}/record/Account").status_code == 404
    shown = agent.get(here).text
    assert 'value="Kahn"' in shown
    assert "From: Mastodon" in shown.replace("\u2068", "").replace("\u2069", "")
    missing = agent.post(here, {"r_LastName": "Kahn", "r_FirstName": "Zoë", "r_Other": "x"})
    assert missing.status_code == 422
    assert "Salesforce needs this" in missing.text
    assert 'value="Zoë"' in missing.text
    crm.refuse = lambda kind, given: RowResult(
        given["Hub_Id__c"], False, "", False, "human", "DUPLICATES_DETECTED", "<b>Use one of these?</b>"
    )
    assert agent.post(here, {"r_LastName": "Kahn", "r_Company": "Chor"}).status_code == 303
    assert "on its way" in agent.get(f"/people/{zoe}").text
    house.work()
    refused = agent.get("/inbox/1").text
    assert "takes this for somebody who is there already" in refused
    assert "&lt;b&gt;Use one" in refused
    assert agent.post(f"/people/{zoe}/record-back").status_code == 303
    with db.read() as session:
        assert store.shown(session, [zoe]) is None
    crm.refuse = lambda kind, given: None
    assert agent.post(here, {"r_LastName": "Kahn", "r_Company": "Chor"}).status_code == 303
    house.work()
    assert "Open in Salesforce" in agent.get(f"/people/{zoe}").text
    assert "stands in the CRM already" in agent.get(here).text
