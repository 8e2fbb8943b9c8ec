"""Claims about orders: what events say of them, in whatever order they come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichment.behaviour import orders
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import send, track
from tests.enrichment.house import AT

DONE: dict[str, Any] = {
    "order_id": "1001", "total": 59.98, "currency": "eur", "affiliation": "Web shop",
    "products": [{"sku": "K-1", "name": "Kettle", "quantity": 2, "price": "29.99"}],
    "shipping_address": {"street": "Weg 1", "city": "Kiel", "postalCode": "24103", "country": "DE", "phone": "1"},
    "billing_address": {"street": "Elsewhere 9"},
}  # fmt: skip


def told(name: str, minutes: int = 0, **values: Any) -> orders.Told:
    found = orders.of_event(name, {"order_id": "1001", **values}, AT + timedelta(minutes=minutes), "key:1", "C", "")
    assert found is not None
    return found


def after(*all_: orders.Told) -> orders.Order:
    order = None
    for one in all_:
        order = orders.advance(order, one)
    assert order is not None
    return order


def test_an_event_tells_an_order() -> None:
    order = after(told("Order Completed", **DONE))
    assert (order.number, order.amount, order.currency, order.status) == ("1001", 59_980, "EUR", "completed")
    assert order.channel == "Web shop"
    assert order.address == {"street": "Weg 1", "city": "Kiel", "postal_code": "24103", "country": "DE"}
    assert order.lines == [{"sku": "K-1", "name": "Kettle", "quantity": 2, "price": 29_990}]


@pytest.mark.parametrize("name", ["Product Viewed", "order", ""])
def test_other_events_are_about_no_order(name: str) -> None:
    assert orders.of_event(name, DONE, AT, "key:1", "C", "") is None


def test_an_order_without_a_number_is_none() -> None:
    assert orders.of_event("Order Completed", {"total": 5}, AT, "key:1", "C", "") is None


def test_refunds_in_part_and_in_whole() -> None:
    done = told("Order Completed", total=100, currency="EUR")
    part = told("order_refunded", 5, total=30)
    assert after(done, part).status == "part_refunded"
    assert after(done, part, told("Order Refunded", 6, total=70)).status == "refunded"
    whole = after(done, told("Order Refunded", 5))
    assert (whole.status, whole.refunded) == ("refunded", 100_000)


def test_the_order_of_arrival_does_not_matter() -> None:
    one = told("Order Completed", 0, total=100, currency="EUR", products=[{"sku": "A"}])
    two = told("Order Updated", 1, total=80, products=[{"sku": "B"}])
    three = told("Order Refunded", 2, total=30)
    ends = {str(after(*some)) for some in permutations((one, two, three))}
    assert len(ends) == 1
    assert "part_refunded" in ends.pop()


def test_cancelled_stays_cancelled() -> None:
    gone = told("Order Cancelled", 5)
    assert after(told("Order Completed", total=1), gone, told("Order Completed", 6, total=1)).status == "cancelled"


@pytest.mark.parametrize(
    ("value", "amount"),
    [(1, 1000), ("19.99", 19_990), (0.1, 100), ("1e3", 1_000_000), (-5, -5000), ("12,50", None), ("", None),
     (None, None), (True, None), ("nan", None), ("inf", None), (10**30, None), ([], None)],
)  # fmt: skip
def test_amounts(value: Any, amount: int | None) -> None:
    assert orders.amount(value) == amount


@given(st.recursive(st.text() | st.integers() | st.floats() | st.none() | st.booleans(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_no_value_breaks_the_reading(value: Any) -> None:
    names = ("total", "currency", "products", "shipping_address", "affiliation")
    found = orders.of_event("Order Completed", {"order_id": "1", **dict.fromkeys(names, value)}, AT, "k", None, "a")
    assert found is not None
    assert found.number == "1"


@BOTH
def test_orders_are_the_person_s_and_no_other_s(database: str) -> None:
    key = shop.opened()
    send(key, track("m1", "Order Completed", "u1", properties=DONE))
    send(key, track("m2", "Order Completed", "u2", properties=DONE | {"total": 1}))
    order = shop.orders()["1001"]
    assert (order.contact_id, order.amount) == (shop.owners()[("user", "u1")], 59_980)


@BOTH
def test_a_guest_s_order_becomes_theirs_when_they_are_known(database: str) -> None:
    key = shop.opened()
    send(key, track("m1", "Order Completed", anonymousId="a", properties=DONE))
    assert (shop.orders()["1001"].contact_id, shop.orders()["1001"].anonymous_id) == (None, "a")
    send(key, {"type": "identify", "messageId": "m2", "userId": "u1", "anonymousId": "a"})
    assert (shop.orders()["1001"].contact_id, shop.orders()["1001"].anonymous_id) == (shop.owners()[("user", "u1")], "")


@BOTH
def test_an_event_that_comes_twice_gives_back_once(database: str) -> None:
    key = shop.opened()
    back = track("m2", "Order Refunded", "u1", properties={"order_id": "1001", "total": 10})
    send(key, track("m1", "Order Completed", "u1", properties=DONE), back)
    send(key, back)
    assert (shop.orders()["1001"].refunded, shop.orders()["1001"].status) == (10_000, "part_refunded")
