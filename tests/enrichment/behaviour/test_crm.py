"""Claims about orders of the CRM: mirrored for contacts known and allowed, counted once, followed as they change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from core import db, outbox
from enrichment import mirror
from enrichment.behaviour import crm as behaviour
from enrichment.behaviour import figures
from enrichment.crm import CrmOrder
from enrichment.models import CrmConnection, CrmRecord
from enrichment.salesforce import client as client_module
from enrichment.salesforce.client import Client
from enrichment.salesforce.org import SalesforceOrg
from inbox import consent
from inbox.visibility import EVERYTHING
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.behaviour import shop
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.org_server import RunningOrg, running_org

DAY = datetime(2026, 11, 3, tzinfo=UTC)


def bought(id_: str = "801A", **values: object) -> CrmOrder:
    given = {"object": "Order", "number": id_, "contact": "003A", "placed_at": DAY, "amount": 59.98, **values}
    return CrmOrder(id=id_, modified=DAY, **{"currency": "EUR", "status": "completed", **given})  # type: ignore[arg-type]  # fields by name


def on() -> None:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="t")


def read() -> None:
    """One read of the CRM, as the clock asks for it."""
    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])
    house.work(waits=0)


@BOTH
def test_orders_of_known_contacts_are_mirrored(crm: FakeCrm) -> None:
    on()
    crm.sell(bought())
    crm.sell(bought("801B", contact=""))
    crm.sell(bought("801C", contact="003X"))
    read()
    order = shop.orders()["801A"]
    (record,) = shop.rows(CrmRecord)
    assert list(shop.orders()) == ["801A"]
    assert (order.amount, order.currency, order.status, order.source) == (59_980, "EUR", "completed", "crm")
    assert order.contact_id == record.contact_id is not None


@BOTH
def test_changes_are_followed_and_deleted_ones_go(crm: FakeCrm) -> None:
    on()
    crm.sell(bought())
    read()
    crm.sell(bought(amount=10.0, status="cancelled"))
    read()
    assert (shop.orders()["801A"].amount, shop.orders()["801A"].status) == (10_000, "cancelled")
    crm.sell(bought(status="completed"))
    read()
    assert shop.orders()["801A"].status == "completed"
    crm.sell(bought(deleted=True))
    read()
    assert shop.orders() == {}


@BOTH
def test_an_opportunity_that_became_an_order_counts_once(crm: FakeCrm) -> None:
    on()
    crm.sell(bought("006A", object="Opportunity"))
    crm.sell(bought("801A", opportunity="006A"))
    read()
    crm.sell(bought("006A", object="Opportunity", amount=70.0))
    read()
    assert {number: one.status for number, one in shop.orders().items()} == {"006A": "ordered", "801A": "completed"}
    with db.read() as session:
        known = figures.of_contact(session, str(shop.orders()["801A"].contact_id), (), sight=EVERYTHING).known
    assert [(one.n, one.amount) for one in known if one.name == "spent"] == [(1, 59_980)]


@BOTH
def test_nothing_is_read_while_the_purpose_is_off_and_everything_once_it_is_on(crm: FakeCrm) -> None:
    crm.sell(bought())
    read()
    assert shop.orders() == {}
    on()
    read()
    assert list(shop.orders()) == ["801A"]
    (row,) = shop.rows(CrmConnection)
    assert row.orders_watermark == crm.orders_["801A"].modified


@BOTH
def test_who_objects_is_left_out_and_what_was_there_goes(crm: FakeCrm) -> None:
    on()
    crm.sell(bought())
    read()
    with db.write() as session:
        consent.object_to(session, f"contact:{shop.orders()['801A'].contact_id}", "behaviour", "t", "t")
    crm.sell(bought(amount=1.0))
    read()
    assert shop.orders() == {}


@BOTH
def test_an_erased_contact_s_orders_do_not_come_back(crm: FakeCrm) -> None:
    from inbox import erasure

    on()
    crm.sell(bought())
    read()
    with db.write() as session:
        erasure.erase(session, f"contact:{shop.orders()['801A'].contact_id}", "t")
    house.work(waits=0)
    crm.sell(bought(amount=1.0))
    read()
    assert shop.orders() == {}


# --- over the simulated org ---------------------------------------------------------------------------


@pytest.fixture
def org() -> Iterator[RunningOrg]:
    client_module._tokens.clear()
    with running_org() as found:
        yield found


def test_an_org_s_orders_and_opportunities_are_read(org: RunningOrg) -> None:
    crm = SalesforceOrg(Client(org.login, allow_private=True))
    contact = org.make("Contact", LastName="Weber")
    won = org.make("Opportunity", Name="Tender", StageName="Closed Won", CloseDate="2026-11-01", Amount=900.5,
                   ContactId=contact)  # fmt: skip
    lost = org.make("Opportunity", Name="Other", StageName="Closed Lost", CloseDate="2026-11-02", Amount=1)
    order = org.make(
        "Order", Status="Activated", EffectiveDate="2026-11-03", BillToContactId=contact, OpportunityId=won,
        ShippingStreet="Weg 1", ShippingCity="Kiel", ShippingCountry="DE",
    )  # fmt: skip
    org.store.shelf("salesforce.Order")[order]["TotalAmount"] = 59.98  # the org adds lines up by itself
    found = {one.id: one for one in crm.orders(None)}
    assert list(found) == [won, lost, order]
    assert (found[won].status, found[won].amount, found[won].contact) == ("completed", 900.5, contact)
    assert (found[lost].status, found[lost].contact) == ("cancelled", "")
    one = found[order]
    assert (one.amount, one.opportunity, one.contact, one.status) == (59.98, won, contact, "completed")
    assert one.address == {"street": "Weg 1", "city": "Kiel", "country": "DE"}
    assert one.placed_at == DAY
    assert one.number.isdecimal()
    for row in (won, lost):
        org.store.shelf("salesforce.Opportunity")[row]["SystemModstamp"] = "2026-01-01T00:00:00.000+0000"
    assert [one.id for one in crm.orders(datetime.now(UTC) - timedelta(minutes=1))] == [order]


@BOTH
def test_an_order_names_its_person_from_the_org_to_the_page(org: RunningOrg, database: str) -> None:
    on()
    crm = SalesforceOrg(Client(org.login, allow_private=True))
    contact = org.make("Contact", LastName="Weber")
    org.make("Opportunity", Name="Tender", StageName="Closed Won", CloseDate="2026-11-01", Amount=900.5,
             ContactId=contact)  # fmt: skip
    with db.write() as session:
        mirror.store(session, list(crm.people(None)))
    pulled = behaviour.pull(crm, None)
    assert (pulled.read, pulled.changed) == (1, 1)
    order = shop.orders()["Tender"]
    assert (order.amount, order.channel) == (900_500, "Opportunity")
    r = db.table(CrmRecord)
    with db.read() as session:
        assert session.execute(sa.select(r.c.contact_id).where(r.c.record_id == contact)).scalar() == order.contact_id
    assert behaviour.pull(crm, None).changed == 0
