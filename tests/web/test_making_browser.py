"""A lead out of a person in a real browser, by keyboard: refused in place, taken back, refused by the CRM, made."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from core import db
from enrichment import connection
from enrichment.crm import RowResult
from tests.enrichment import house
from tests.enrichment.fake_crm import FakeCrm
from tests.enrichment.test_making import ZOE
from tests.web.chromium import Seen, needs_chromium
from tests.web.hands import forgive, press, reach, said, type_in, wrong
from web import making_words

pytestmark = [pytest.mark.browser, needs_chromium]
SAVE = ".actions .btn-primary"


@pytest.fixture
def zoe(database: str, monkeypatch: pytest.MonkeyPatch) -> FakeCrm:
    """A connected CRM, and somebody who is not in it: identity 2 in conversation 1."""
    fake = FakeCrm()
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        connection.connect(
            session, url="https://fake.example", client_id="c", client_secret="s", basis="contract", actor="t"
        )
    house.store(house.account(), house.event("m7", ZOE))
    house.work()
    return fake


@pytest.mark.parametrize(("language", "width"), [("de", 1280), ("ja", 390)])
def test_a_lead_by_keyboard(zoe: FakeCrm, seen: Seen, language: str, width: int) -> None:
    number = house.identity(ZOE).id
    here = f"/people/{number}/record/Lead"
    page = seen.page("agent", language=language, width=width)
    page.goto(f"{seen.address}/people/{number}")
    press(page, f'a[href="{here}"]')
    page.wait_for_url("**" + here)
    expect(page.locator("#f-r_LastName")).to_have_value("Kahn")
    type_in(page, "#f-r_FirstName", "Zoë")
    type_in(page, "#f-r_Company", "   ")  # the browser lets it pass, Salesforce would not
    press(page, SAVE)
    wrong(page, "r_Company", said(language, making_words.WRONG["empty"]))
    expect(page.locator("#f-r_FirstName")).to_have_value("Zoë")
    type_in(page, "#f-r_Company", "Chor")
    page.keyboard.press("Enter")
    waits = page.locator("#crm .badge", has_text=said(language, "on its way"))
    expect(waits).to_be_visible()
    press(page, 'form[action$="/record-back"] button')
    expect(waits).to_have_count(0)
    house.work()
    assert zoe.records["lead"] == {}, "what was taken back is not made"

    zoe.refuse = lambda kind, given: RowResult(
        given["Hub_Id__c"], False, "", False, "human", "DUPLICATES_DETECTED", "Use one of these?"
    )
    for company, ends in (("Chor", "refused"), ("Orchester", "made")):
        press(page, f'a[href="{here}"]')
        page.wait_for_url("**" + here)
        type_in(page, "#f-r_Company", company)
        page.keyboard.press("Enter")
        expect(waits).to_be_visible()
        house.work()
        page.reload()
        if ends == "refused":
            expect(page.locator("#crm")).to_contain_text(said(language, making_words.CODES["DUPLICATES_DETECTED"]))
            expect(page.locator("#crm samp")).to_contain_text("Use one of these?")
            zoe.refuse = lambda kind, given: None
    expect(page.locator("#crm")).to_contain_text("Orchester")
    assert [one["Company"] for one in zoe.records["lead"].values()] == ["Orchester"]
    reach(page, "#crm a")
    expect(page.locator(f'a[href="{here}"]')).to_have_count(0)
    forgive(seen)
