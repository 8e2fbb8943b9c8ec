"""Claims about messages of the tracking API: once each, of the right person, without what is refused."""

from __future__ import annotations

import pytest

from core import db
from core.errors import NotConfigured
from core.outbox import Item
from enrichment.behaviour import intake, keys, tasks
from enrichment.behaviour.models import CustomerKey, CustomerOrder, TrackEvent, WriteKey
from enrichment.crm import CrmPerson
from enrichment.models import CrmRecord
from inbox import consent, erasure
from inbox.models import Contact
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import identify, send, track

pytestmark = BOTH
ANNA = CrmPerson("Contact", "003A", "Anna", "Bergmann", "Anna Bergmann", emails=("anna@post.example",))


@pytest.fixture
def key(database: str) -> int:
    return shop.opened()


def _key() -> WriteKey:
    return shop.rows(WriteKey)[0]


def test_the_same_message_is_stored_once(key: int) -> None:
    one = track("m1", "Product Viewed", "u1", properties={"sku": "A"})
    assert (send(key, one, one).stored, send(key, one).repeated) == (1, 1)
    assert [(e.name, e.properties) for e in shop.events()] == [("Product Viewed", {"sku": "A"})]
    assert (_key().accepted, _key().repeated) == (1, 2)


def test_without_an_id_the_same_message_with_the_same_time_is_the_same(key: int) -> None:
    timed = {"type": "track", "event": "E", "userId": "u", "timestamp": "2026-11-01T10:00:00Z"}
    untimed = {"type": "track", "event": "E", "userId": "u"}
    for one in (timed, timed | {"sentAt": "2026-11-01T10:00:05Z"}):
        send(key, one)
    assert len(shop.events()) == 1
    for _ in range(2):
        send(key, untimed)
    assert len(shop.events()) == 3


def test_a_bad_message_does_not_stop_the_others(key: int) -> None:
    taken = send(key, {"type": "page", "userId": "u"}, track("m1", "E", "u"), {"type": "track", "event": "E"}, [1])  # type: ignore[arg-type]  # bad
    assert (taken.stored, [place for place, _ in taken.refused]) == (1, [0, 2, 3])
    assert "type 'page'" in taken.refused[0][1]
    assert "userId" in taken.refused[1][1]
    assert _key().left_out == 3


def test_refused_values_are_dropped_and_counted_by_name(key: int) -> None:
    values = {"total": 10, "card_number": "x", "note": "4111 1111 1111 1111", "inferred_age": 44}
    for number in ("m1", "m2"):
        send(key, track(number, "E", "u", properties=values))
    assert {str(e.properties) for e in shop.events()} == {"{'total': 10}"}
    with db.read() as session:
        counted = {(one.reason, one.name): one.count for one in keys.refusals(session)[key]}
    assert counted == {("payment", "card_number"): 2, ("payment", "note"): 2, ("guess", "inferred_age"): 2}


def test_nothing_is_taken_while_the_purpose_is_off(key: int) -> None:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=False, basis="", actor="t")
    with pytest.raises(NotConfigured, match="switched off"):
        send(key, track("m1", "E", "u"))
    assert shop.events() == []


# --- whose it is -------------------------------------------------------------------------------------


def test_an_id_is_a_contact_of_its_own_and_stays_one(key: int) -> None:
    send(key, track("m1", "E", "u1"), track("m2", "E", "u2"))
    send(key, identify("m3", "u1", traits={"name": "Kim", "email": "Kim+news@Mail.example"}))
    one, two, three = shop.events()
    assert one.contact_id == three.contact_id != two.contact_id
    assert shop.owners()[("email", "kim@mail.example")] == one.contact_id
    assert shop.names() == ["", "Kim"]


def test_an_address_of_the_crm_leads_to_its_contact(key: int) -> None:
    shop.known(ANNA)
    send(key, identify("m1", "u1", traits={"email": "ANNA@post.example"}))
    (record,) = shop.rows(CrmRecord)
    assert shop.events()[0].contact_id == record.contact_id is not None
    assert shop.names() == ["Anna Bergmann"]


def test_a_customer_is_found_by_the_crm_record_that_comes_later(key: int) -> None:
    from enrichment.contacts import contact_of

    send(key, identify("m1", "u1", traits={"email": "anna@post.example"}))
    shop.known(ANNA)
    with db.write() as session:
        assert contact_of(session, session.get(CrmRecord, 1)) == shop.events()[0].contact_id  # type: ignore[arg-type]  # there


def test_an_address_on_two_crm_records_links_to_neither(key: int) -> None:
    shop.known(ANNA, CrmPerson("Lead", "00QB", "Bob", "Berg", "Bob Berg", emails=("anna@post.example",)))
    send(key, identify("m1", "u1", traits={"email": "anna@post.example"}))
    assert {one.contact_id for one in shop.rows(CrmRecord)} == {None}
    assert ("email", "anna@post.example") not in shop.owners()


@pytest.mark.parametrize("address", ["info@post.example", "no address", 5, None, "x" * 400 + "@a.example"])
def test_shared_boxes_and_odd_addresses_say_nothing(key: int, address: object) -> None:
    send(key, identify("m1", "u1", traits={"email": address}), identify("m2", "u2", traits={"email": address}))
    assert set(shop.owners()) == {("user", "u1"), ("user", "u2")}


def test_an_address_that_many_ids_share_stops_joining_them(key: int) -> None:
    for number in range(7):
        send(key, identify(f"m{number}", f"u{number}", traits={"email": "family@mail.example"}))
    assert len({e.contact_id for e in shop.events()}) == 3


def test_visits_before_the_sign_in_become_the_person_s(key: int) -> None:
    send(key, track("m1", "Product Viewed", anonymousId="a1"), track("m2", "Other", anonymousId="a2"))
    assert [e.contact_id for e in shop.events()] == [None, None]
    send(key, identify("m3", "u1", anonymousId="a1"), track("m4", "Product Viewed", anonymousId="a1"))
    mine = shop.owners()[("user", "u1")]
    assert [e.contact_id for e in shop.events()] == [mine, None, mine, mine]
    assert [e.anonymous_id for e in shop.events()] == ["", "a2", "", ""]


def test_a_device_of_two_people_is_nobody_s(key: int) -> None:
    send(key, identify("m1", "u1", anonymousId="a1"), identify("m2", "u2", anonymousId="a1"))
    send(key, track("m3", "E", anonymousId="a1"))
    assert shop.owners()[("anonymous", "a1")] is None
    assert shop.events()[-1].contact_id is None


# --- consent and erasure ------------------------------------------------------------------------------


def test_who_objects_is_left_out(key: int) -> None:
    send(key, track("m1", "E", "u1"))
    with db.write() as session:
        consent.object_to(session, f"contact:{shop.owners()[('user', 'u1')]}", "behaviour", "t", "t")
    assert send(key, track("m2", "E", "u1"), track("m3", "E", "u2")).withheld == 1
    assert [e.message_id for e in shop.events()] == ["m1", "m3"]


def test_a_no_in_the_crm_counts(key: int) -> None:
    shop.known(
        CrmPerson("Contact", "003A", "Anna", "B", "Anna B", emails=("anna@post.example",), objects_to_processing=True)
    )
    assert send(key, identify("m1", "u1", traits={"email": "anna@post.example"})).withheld == 1
    assert (shop.events(), shop.names()) == ([], [])


def test_erasing_leaves_nothing_and_nothing_comes_back(key: int) -> None:
    sent = [
        track("m0", "Viewed", anonymousId="secret-a"),
        identify("m1", "secret-u", anonymousId="secret-a", traits={"email": "secret@mail.example", "name": "Secret"}),
        track("m2", "Order Completed", "secret-u", properties={"order_id": "S-1", "total": 5, "currency": "EUR"}),
        track("m3", "E", "other"),
    ]
    send(key, *sent)
    contact = shop.owners()[("user", "secret-u")]
    payload = {"identity_ids": [], "contact_ids": [contact], "message_ids": []}
    with db.write() as session:
        erasure.erase(session, f"contact:{contact}", "t")
    assert send(key, track("m4", "E", "secret-u")).withheld == 1  # before the letter was handled
    outcome = tasks.forget([Item(1, "person.erased", f"contact:{contact}", payload)])
    for _ in range(2):
        with db.write() as session:
            assert outcome.write is not None
            outcome.write(session)
    assert "secret" not in str([one.model_dump() for model in (TrackEvent, CustomerOrder, CustomerKey, Contact)
                                for one in shop.rows(model)]).lower()  # fmt: skip
    assert [e.message_id for e in shop.events()] == ["m3"]
    again = [one | {"messageId": f"n{place}"} for place, one in enumerate(sent)]
    assert send(key, *again, identify("n9", "new", traits={"email": "secret@mail.example"})).stored == 1
    assert list(shop.owners()) == [("user", "other")]


# --- times -------------------------------------------------------------------------------------------


def test_a_wrong_clock_is_put_right_and_nothing_lies_ahead(key: int) -> None:
    sent = {"timestamp": "2031-01-01T09:00:00Z", "sentAt": "2031-01-01T10:00:00Z"}
    send(key, track("m1", "E", "u", **sent), track("m2", "E", "u", timestamp="2040-01-01T00:00:00Z"))
    skewed, ahead = shop.events()
    assert 3590 < (skewed.received_at - skewed.at).total_seconds() < 3660
    assert ahead.at <= ahead.received_at


def test_two_batches_at_once_make_one_person(key: int) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: intake.take(key, [track(f"m{n}", "E", "u1")]), range(8)))
    assert len({e.contact_id for e in shop.events()}) == 1
    assert (len(shop.events()), len(shop.rows(Contact)), _key().accepted) == (8, 1, 8)
