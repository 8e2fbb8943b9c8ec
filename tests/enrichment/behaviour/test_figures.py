"""Claims about figures of a customer: each with its source, never added over currencies, nothing against the person."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from enrichment.behaviour import figures
from enrichment.behaviour.figures import Figures, Known
from inbox import consent, people
from inbox.models import Message
from inbox.visibility import EVERYTHING, Sight
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import identify, send, track

pytestmark = BOTH


@pytest.fixture
def key(database: str) -> int:
    return shop.opened()


def order(number: str, total: float, currency: str = "EUR", **more: Any) -> dict[str, Any]:
    values = {"order_id": number, "total": total, "currency": currency, **more}
    return track(f"o{number}", "Order Completed", "u1", properties=values, timestamp=f"2026-11-0{number}T10:00:00Z")


def contact() -> str:
    return str(shop.owners()[("user", "u1")])


def told(ids: tuple[int, ...] = ()) -> Figures:
    with db.read() as session:
        return figures.of_contact(session, contact(), ids, sight=EVERYTHING)


def known(name: str, **options: Any) -> list[Known]:
    return [one for one in told(**options).known if one.name == name]


def test_value_is_told_by_currency_without_what_was_given_back(key: int) -> None:
    send(key, order("1", 100), order("2", 50), order("3", 9000, "JPY"), order("4", 7))
    send(key, track("r", "Order Refunded", "u1", properties={"order_id": "1", "total": 30}))
    send(key, track("c", "Order Cancelled", "u1", properties={"order_id": "4"}))
    assert [(one.value, one.amount, one.n) for one in known("spent")] == [("EUR", 120_000, 2), ("JPY", 9_000_000, 1)]
    assert known("orders")[0].n == 3
    assert (known("last_order")[0].value, known("last_order")[0].source) == ("4", "shop")


def test_interests_are_declared_or_labels_with_their_number(key: int) -> None:
    send(key, identify("i1", "u1", traits={"interests": ["Tea", "Tea", "Trains"]}))
    ours = house.account()
    house.store(ours, *(house.event(f"m{n}") for n in range(3)))
    who = house.identity()
    m = db.table(Message)
    with db.write() as session:
        people.link(session, who.id or 0, contact(), "t", "t")
        session.execute(sa.update(m).where(m.c.key == "mastodon:m1").values(labels=["price"]))
    assert [one.value for one in known("interest")] == ["Tea", "Trains"]
    assert [(one.value, one.n, one.of) for one in known("label", ids=(who.id,))] == [("price", 1, 3)]
    assert [(one.value, one.n, one.of) for one in known("channel", ids=(who.id,))] == [("mastodon", 3, 3)]


def test_a_declared_channel_goes_before_a_counted_one(key: int) -> None:
    send(key, order("1", 1, affiliation="Web shop"))
    assert [(one.value, one.declared) for one in known("channel")] == [("Web shop", False)]
    send(key, identify("i1", "u1", traits={"preferred_channel": "e-mail"}))
    assert [(one.value, one.declared) for one in known("channel")] == [("e-mail", True)]


def test_address_is_the_newest_word(key: int) -> None:
    send(key, order("1", 1, shipping_address={"street": "Weg 1", "city": "Kiel"}), order("2", 1))
    assert [one.value for one in known("address")] == ["Weg 1, Kiel"]
    send(key, identify("i1", "u1", traits={"address": {"city": "Oslo", "country": "NO"}}))
    assert [(one.value, one.declared) for one in known("address")] == [("Oslo, NO", True)]


def test_nothing_is_told_of_who_objects_or_while_it_is_off(key: int) -> None:
    send(key, order("1", 1))
    who = contact()
    with db.write() as session:
        consent.object_to(session, f"contact:{who}", "all", "t", "t")
    assert told() == Figures(why="objects")
    with db.read() as session:
        assert figures.timeline(session, who, (), sight=EVERYTHING) == ([], False)
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=False, basis="", actor="t")
    assert told() == Figures(why="off")


def test_timeline_is_one_line_of_time_in_pages(key: int) -> None:
    send(key, order("1", 1), order("3", 1), track("e", "Viewed", "u1", timestamp="2026-11-02T10:00:00Z"))
    ours = house.account()
    house.store(ours, house.event("m1"), house.event("m2", kind="dm", visibility="private"))
    who = house.identity()
    with db.write() as session:
        people.link(session, who.id or 0, contact(), "t", "t")
    with db.read() as session:
        ids = [who.id or 0]
        whole, more = figures.timeline(session, contact(), ids, sight=EVERYTHING)
        open_, _ = figures.timeline(session, contact(), ids, sight=Sight(private=False))
        pages = [figures.timeline(session, contact(), ids, sight=EVERYTHING, after=n, limit=2) for n in (0, 2, 4)]
    assert ([one.what for one in whole], more) == (["message", "message", "order", "event", "order"], False)
    assert [one.words for one in open_ if one.what == "message"] == ["text m1"]
    assert ([len(found) for found, _ in pages], [left for _, left in pages]) == ([2, 2, 1], [True, True, False])
    assert [one for found, _ in pages for one in found] == whole
