"""Claims about the pages of orders and customers: the import, the card of a person, a contact without account."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa

from core import db
from core.settings import settings
from enrichment.behaviour import intake, keys
from enrichment.models import CrmCase
from enrichment.segments import conditions
from enrichment.segments import store as segments
from inbox import consent, membership, people
from tests.conftest import BOTH
from tests.web.conftest import account, event, store

pytestmark = BOTH
FILE = (
    b"order,customer_id,email,date,total,currency\n1001,u1,kim@a.example,2026-11-01,59.98,EUR\n,u1,,2026-11-01,1,EUR\n"
)


@pytest.fixture
def on(database: str) -> int:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="t")
        return keys.make(session, "shop", "t")[0]


def test_orders_are_looked_at_before_they_are_stored(on: int, as_role) -> None:
    browser = as_role("admin")
    text = browser.post("/settings/orders/preview", files={"file": ("orders.csv", FILE)}).text
    assert "1 order can be stored" in text
    assert "the order has no number" in text
    assert "€59.98" in text
    columns = re.findall(r'name="column">.*?</select>', text, re.DOTALL)
    data = {
        "name": "orders.csv", "text": unescape(text.partition("hidden>")[2].partition("</textarea>")[0]),
        "column": [(re.search(r'value="(\d+)" selected', one) or ["", ""])[1] for one in columns],
    }  # fmt: skip
    answer = browser.post("/settings/orders/import", data)
    assert answer.status_code == 303
    page = browser.get(answer.headers["location"]).text
    assert "orders.csv" in page
    assert "Line 3" in page


def test_import_is_refused_while_the_purpose_is_off(database: str, as_role) -> None:
    browser = as_role("admin")
    answer = browser.post("/settings/orders/import", {"text": FILE.decode(), "column": ["0", "2", "1", "", "3"]})
    assert (answer.status_code, "switched off" in answer.text) == (422, True)


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"x" * 800_000])
def test_odd_files_are_a_sentence(on: int, as_role, content: bytes) -> None:
    assert as_role("admin").post("/settings/orders/preview", files={"file": ("o.csv", content)}).status_code == 422


def order(on: int, user: str = "u1") -> str:
    values = {"order_id": "1001", "total": 59.98, "currency": "EUR", "products": [{"name": "Kettle", "quantity": 2}]}
    message = {"type": "track", "event": "Order Completed", "userId": user, "messageId": user, "properties": values}
    traits = {"type": "identify", "userId": user, "traits": {"name": "Kim Park", "interests": ["Trains"]}}
    intake.take(on, [message, traits])
    from enrichment.behaviour import customers

    with db.read() as session:
        return str(customers.known(session, [("user", user)])[("user", user)])


def test_contact_without_account_has_a_page(on: int, as_role) -> None:
    text = as_role("marketer").get(f"/people/contacts/{order(on)}").text
    for words in ("Kim Park", "€59.98", "Trains", "declared", "Order 1001", "2 × Kettle", "Customer number"):
        assert words in text


def test_the_timeline_says_from_when_on_it_has_events(on: int, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, page = as_role("marketer"), f"/people/contacts/{order(on)}"
    day = db.now() - timedelta(days=730)
    assert f"Events reach back to {day.day} {day:%B %Y}" in browser.get(page).text
    monkeypatch.setenv("WIDERHALL_BEHAVIOUR_DAYS", "0")
    settings.cache_clear()
    assert "Events reach back" not in browser.get(page).text


def test_contact_with_an_account_is_shown_on_its_page(on: int, as_role) -> None:
    contact = order(on)
    store(account(), event("m:1", "about coffee"))
    with db.write() as session:
        people.link(session, 2, contact, "t", "t")
    browser = as_role("agent")
    answer = browser.get(f"/people/contacts/{contact}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/people/2")
    page = browser.get("/people/2").text
    assert 'hx-get="/people/2/customer"' in page  # it comes after the page
    assert "Order 1001" not in page
    assert "Order 1001" in browser.get("/people/2?story=yes").text
    text = browser.get("/people/2/customer").text
    assert "<html" not in text
    timeline = text.partition('id="timeline"')[2].partition("</section>")[0]
    assert "Order 1001" in timeline
    assert "about coffee" in timeline


def test_panel_beside_the_thread_has_orders_segments_and_other_open_cases(on: int, as_role) -> None:
    contact = order(on)
    store(
        account(),
        event("m:1", "about coffee"),
        event("m:2", "about tea"),
        event("m:3", "between us", kind="dm", visibility="private"),
    )
    with db.write() as session:
        people.link(session, 2, contact, "t", "t")
        segment = segments.save(session, "Tea <drinkers>", conditions.Group("all", ()), "t")
        membership.change(session, segment, [2], [])
        for message in (1, 2, 3):
            session.add(
                CrmCase(
                    hub_id=f"case:{message}",
                    message_id=message,
                    number=f"0000{message}",
                    status="Working",
                    actor="t",
                    at=db.now(),
                )
            )
    panel = beside(as_role("agent").get("/inbox/1").text)
    for words in (
        "Order 1001",
        "€59.98",
        "Tea &lt;drinkers&gt;",
        f'href="/people/segments/{segment}"',
        "00002",
        'href="/inbox/2#conversation"',
        "00003",
        "What is known, and from where",
    ):
        assert words in panel
    assert panel.count("00001") == 1, "its own case stands where it stood"
    other = beside(as_role("marketer").get("/inbox/1").text)
    assert ("00002" in other, "00003" in other) == (True, False), "nobody hears of a conversation they do not see"
    with db.write() as session:
        session.execute(sa.update(db.table(CrmCase)).values(closed=True))
        consent.object_to(session, f"contact:{contact}", "behaviour", "t", "t")
    panel = beside(as_role("agent").get("/inbox/1").text)
    assert ("00002" in panel, "1001" in panel) == (False, False)


def beside(page: str) -> str:
    return page[page.index('id="person"') :]


def test_objection_hides_it(on: int, as_role) -> None:
    contact = order(on)
    assert "<span>u1 " in as_role("admin").get(f"/people/contacts/{contact}").text
    with db.write() as session:
        consent.object_to(session, f"contact:{contact}", "behaviour", "t", "t")
    text = as_role("admin").get(f"/people/contacts/{contact}").text
    assert "This person objects to it." in text
    assert "1001" not in text
    assert "<span>u1 " not in text


@pytest.mark.parametrize("number", ["x", "01J" + "0" * 23, "a" * 500])
def test_unknown_contact_is_not_found(on: int, as_role, number: str) -> None:
    assert as_role("admin").get(f"/people/contacts/{number}").status_code == 404


def test_what_a_sender_calls_things_is_text(on: int, as_role) -> None:
    named = {"type": "track", "userId": "u1", "event": "<b>x</b>", "properties": {"<b>y</b>": "<b>z</b>"}}
    bought = {"order_id": "<b>o</b>", "affiliation": "<b>a</b>", "total": 1, "products": [{"name": "<b>p</b>"}]}
    contact = order(on)
    intake.take(on, [named, {**named, "event": "Order Completed", "properties": bought}])
    text = as_role("agent").get(f"/people/contacts/{contact}").text
    assert [letter for letter in "xyzoap" if f"<b>{letter}</b>" in text] == []
    assert text.count("&lt;b&gt;") >= 6
