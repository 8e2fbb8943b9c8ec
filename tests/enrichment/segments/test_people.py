"""Claims about the people a filter finds, on both engines: each field its own, groups as sets, consent always."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import audit, db
from core.event import Author
from enrichment import merging
from enrichment.behaviour import customers, intake
from enrichment.models import CrmRecord
from enrichment.segments import conditions, people, store
from enrichment.segments.conditions import FIELDS, OPS
from enrichment.segments.models import Segment
from inbox import consent
from inbox import people as contacts
from inbox.models import Identity, Message
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import identify, track

pytestmark = BOTH
KIM = Author(platform="mastodon", id="kim", handle="kim@a.example", name="Kim Öztürk", location="Köln", followers=500)
BEN = Author(platform="bluesky", id="ben", handle="ben.example", name="Ben", followers=5, language="de")
ZOE = Author(platform="telegram", id="zoe", handle="zoe", name="=Zoe")


def event(key: str, author: Author, days: int = 1, **more: Any) -> Any:
    return house.event(key, author, platform=author.platform, posted_at=db.now() - timedelta(days=days), **more)


def order(number: str, user: str, total: float, days: int, currency: str = "EUR", **more: Any) -> dict[str, Any]:
    at = (db.now() - timedelta(days=days)).isoformat()
    values = {"order_id": number, "total": total, "currency": currency, **more}
    return track(f"o{number}", "Order Completed", user, properties=values, timestamp=at)


@pytest.fixture
def hub(database: str) -> dict[str, str]:
    """Kim wrote and bought and is in the CRM; Ben only wrote, Zoe too; Ola only bought. Name → person."""
    key = shop.opened()
    ours = house.account()
    house.store(ours, *(event(f"k{n}", KIM, 5 + n) for n in range(4)), event("b1", BEN, 200), event("z1", ZOE, 2))
    intake.take(key, [
        order("1", "kim", 120, 10, shipping_address={"country": "DE"}, affiliation="Web shop"),
        order("2", "kim", 80, 400), order("3", "kim", 9000, 20, "JPY"), order("4", "ola", 15, 3),
        track("r", "Order Refunded", "ola", properties={"order_id": "4"}),
        identify("i1", "kim", traits={"interests": ["Züge", "Tea"], "email": "kim@mail.example"}),
        identify("i2", "ola", traits={"name": "Ola", "interests": ["Kaffee"]}),
        identify("i3", "ola", traits={"interests": ["Tea"]}),
        track("w", "Wishlist Viewed", "ola"),
    ])  # fmt: skip
    m, i = db.table(Message), db.table(Identity)
    with db.write() as session:
        owner = customers.known(session, [("user", "kim"), ("user", "ola")])
        kim, ola = str(owner[("user", "kim")]), str(owner[("user", "ola")])
        ids = dict(session.execute(sa.select(i.c.external_id, i.c.id).where(~i.c.ours)).all())
        contacts.link(session, ids["kim"], kim, "t", "t")
        session.add(CrmRecord(record_id="003K", object="Contact", name="Kim", company="Öko GmbH", contact_id=kim))
        session.execute(sa.update(m).where(m.c.key.in_(["mastodon:k0", "mastodon:k1"])).values(sentiment="negative"))
        session.execute(sa.update(m).where(m.c.key == "mastodon:k0").values(emotion="anger", urgency="high", hits=[12]))
        session.execute(sa.update(m).where(m.c.key == "mastodon:z1").values(intent="churn", hits=[1, 2]))
        session.execute(sa.update(m).where(m.c.key == "mastodon:k2").values(sentiment="positive", labels=["Prüfung"]))
        session.execute(sa.update(m).where(m.c.key == "mastodon:z1").values(sentiment="positive", language="ja"))
        consent.switch(session, "marketing", enabled=True, basis="consent", actor="t")
    return {
        "kim": f"contact:{kim}",
        "ola": f"contact:{ola}",
        "ben": f"identity:{ids['ben']}",
        "zoe": f"identity:{ids['zoe']}",
    }


def group(*of: Any, match: str = "all") -> conditions.Group:
    return conditions.read({"match": match, "of": list(of)})


def one(field: str, op: str, value: str = "", **more: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value, **more}


def found(wanted: conditions.Group) -> set[str]:
    """Persons by a page of everybody; the count says the same."""
    with db.read() as session:
        rows, after = store.page(session, wanted)
        assert after == ""
        assert store.count(session, wanted).people == len(rows)
    return {row.person for row in rows}


CASES: list[tuple[dict[str, Any], str]] = [
    (one("platform", "is", "mastodon"), "kim"), (one("platform", "is_not", "mastodon"), "ben zoe ola"),
    (one("language", "is", "ja"), "zoe"), (one("language", "is", "de"), "ben"),
    (one("place", "has", "köln"), "kim"), (one("place", "has_not", "KÖLN"), "ben zoe ola"),
    (one("place", "has", "%"), ""),
    (one("followers", "at_least", "5"), "kim ben"), (one("followers", "at_most", "5"), "ben"),
    (one("first_seen", "within", "30"), "kim zoe"), (one("first_seen", "not_within", "30"), "ben ola"),
    (one("name", "has", "öztürk"), "kim"), (one("name", "has", "ola"), "ola"),
    (one("email", "yes"), "kim"), (one("linked", "yes"), "kim"), (one("linked", "no"), "ben zoe ola"),
    (one("crm_object", "is", "Contact"), "kim"), (one("crm_object", "is", "Lead"), ""),
    (one("company", "has", "öko"), "kim"),
    (one("orders", "at_least", "2"), "kim"), (one("orders", "at_least", "3", days=999), "kim"),
    (one("orders", "at_most", "0"), "ben zoe ola"), (one("orders", "at_most", "2"), "kim ben zoe ola"),
    (one("order_value", "at_least", "120", currency="EUR"), "kim"),
    (one("order_value", "at_least", "121", currency="EUR"), ""),
    (one("order_value", "at_least", "200", currency="EUR", days=999), "kim"),
    (one("order_value", "at_most", "199", currency="EUR", days=999), "ben zoe ola"),
    (one("order_value", "at_least", "1", currency="USD"), ""),
    (one("last_order", "within", "5"), "ola"), (one("last_order", "not_within", "5"), "kim ben zoe"),
    (one("order_state", "is", "refunded"), "ola"), (one("order_channel", "is", "Web shop"), "kim"),
    (one("country", "is", "DE"), "kim"), (one("country", "is_not", "DE"), "ben zoe ola"),
    (one("event", "is", "Wishlist Viewed"), "ola"), (one("event", "is_not", "Wishlist Viewed"), "kim ben zoe"),
    (one("interest", "is", "züge"), "kim"), (one("interest", "is", "kaffee"), ""),
    (one("interest", "is", "Tea"), "kim ola"),
    (one("last_event", "within", "2"), "ola"),
    (one("messages", "at_least", "4"), "kim"), (one("messages", "at_most", "3"), "ben zoe ola"),
    (one("last_message", "within", "3"), "zoe"), (one("last_message", "not_within", "90"), "ben ola"),
    (one("negative_share", "at_least", "66.6"), "kim"), (one("negative_share", "at_least", "66.7"), ""),
    (one("negative_share", "at_most", "50"), "zoe"),
    (one("sentiment", "is", "positive"), "kim zoe"), (one("label", "is", "Prüfung"), "kim"),
    (one("label", "is", "Prüf"), ""),
    (one("emotion", "is", "anger"), "kim"), (one("emotion", "is_not", "anger"), "ben zoe ola"),
    (one("intent", "is", "churn"), "zoe"), (one("intent", "is", "praise"), ""),
    (one("urgency", "is", "high", days=3), ""), (one("urgency", "is", "high"), "kim"),
    (one("subject", "is", "1"), "zoe"), (one("subject", "is", "12"), "kim"), (one("subject", "is", "2"), "zoe"),
    (one("subject", "is_not", "12"), "ben zoe ola"), (one("subject", "is", "3"), ""),
]  # fmt: skip


def test_every_field_finds_its_own(hub: dict[str, str]) -> None:
    wrong = []
    for raw, names in CASES:
        expected = {hub[name] for name in names.split()}
        if (got := found(group(raw))) != expected:
            wrong.append((raw, sorted(n for n, p in hub.items() if p in got), names))
    assert wrong == []
    assert {str(raw["field"]) for raw, _ in CASES} == set(FIELDS) - {"objects"}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_groups_join_as_sets_do(hub: dict[str, str], data: st.DataObject) -> None:
    leaves = st.sampled_from([raw for raw, _ in CASES])

    def deeper(inner: Any) -> Any:
        several = st.lists(inner, min_size=1, max_size=3)
        return st.builds(lambda match, of: {"match": match, "of": of}, st.sampled_from(["all", "any"]), several)

    raw = data.draw(deeper(leaves | deeper(leaves)))
    alone = {str(one_): {hub[name] for name in names.split()} for one_, names in CASES}

    def sets(part: dict[str, Any]) -> set[str]:
        if "of" not in part:
            return alone[str(part)]
        each = [sets(inner) for inner in part["of"]]
        return set.intersection(*each) if part["match"] == "all" else set.union(*each)

    assert found(conditions.read(raw)) == sets(raw)


def test_every_way_of_asking_runs_on_both_engines(hub: dict[str, str]) -> None:
    for field in FIELDS.values():
        for op in OPS[field.kind]:
            value = (*field.options, "7")[0]
            assert found(group(one(field.name, op, value, currency="EUR"))) <= set(hub.values())


@pytest.mark.parametrize("value", ["'; DROP TABLE contact; --", '"', "\\", "%", "😀", "\ud800x"])
def test_odd_values_find_nobody_and_break_nothing(hub: dict[str, str], value: str) -> None:
    for field in FIELDS.values():
        if field.kind in ("choice", "text") and not field.options:
            raw = one(field.name, OPS[field.kind][0], db.sound(value))
            assert found(group(raw)) == set(), field.name


# --- consent -----------------------------------------------------------------------------------------

ANYBODY = one("platform", "is_not", "nowhere")


def objects(person: str, purpose: str) -> None:
    with db.write() as session:
        consent.object_to(session, person, purpose, "t", "t")


def counted(raw: dict[str, Any]) -> tuple[int, int]:
    with db.read() as session:
        count = store.count(session, group(raw))
    return count.people, count.may


def test_who_objects_to_marketing_is_counted_and_not_handed_on(hub: dict[str, str]) -> None:
    assert counted(ANYBODY) == (4, 4)
    objects(hub["zoe"], "marketing")
    with db.read() as session:
        kim = session.execute(
            sa.select(db.table(Identity).c.id).where(db.table(Identity).c.external_id == "kim")
        ).scalar()
    objects(f"identity:{kim}", "marketing")  # by one of the contact's accounts
    assert counted(ANYBODY) == (4, 2)
    assert found(group(one("objects", "is", "marketing"))) == {hub["zoe"], hub["kim"]}
    with db.read() as session:
        handed = {row.person for some in store.handed_on(session, group(ANYBODY)) for row in some}
    assert handed == {hub["ben"], hub["ola"]}


def test_who_objects_to_profiles_or_to_everything_is_in_none(hub: dict[str, str]) -> None:
    objects(hub["zoe"], "all")
    objects(hub["kim"], "profile")
    assert found(group(ANYBODY)) == {hub["ben"], hub["ola"]}


def test_a_no_in_the_crm_counts(hub: dict[str, str]) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(CrmRecord)).values(objects=True))
    assert hub["kim"] not in found(group(ANYBODY))


def test_who_objects_to_behaviour_is_not_asked_about_it(hub: dict[str, str]) -> None:
    objects(hub["kim"], "behaviour")
    assert found(group(one("orders", "at_least", "1"))) == set()
    assert hub["kim"] not in found(group(one("orders", "at_most", "0")))
    assert hub["kim"] in found(group(ANYBODY))


def test_while_a_purpose_is_off_it_finds_nobody(hub: dict[str, str]) -> None:
    for purpose, expected in (("marketing", (4, 0)), ("profile", (0, 0))):
        with db.write() as session:
            consent.switch(session, purpose, enabled=False, basis="", actor="t")
        assert counted(ANYBODY) == expected


def test_behaviour_that_is_off_is_not_asked(hub: dict[str, str]) -> None:
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=False, basis="", actor="t")
    assert found(group(one("orders", "at_most", "9"))) == set()


# --- keeping, paging, handing on -----------------------------------------------------------------------


def kept(name: str = "Everybody", raw: dict[str, Any] = ANYBODY) -> int:
    with db.write() as session:
        return store.save(session, name, group(raw), "user:1")


def test_names_are_its_own_and_removal_leaves_people(hub: dict[str, str]) -> None:
    from core.errors import Rejected

    number = kept()
    with pytest.raises(Rejected, match="has this name"):
        kept()
    with db.write() as session:
        assert store.save(session, "Everybody", group(one("linked", "yes")), "user:2", number) == number
    with db.write() as session:
        store.remove(session, number, "user:1")
    assert shop.rows(Segment) == []
    assert len(shop.rows(Identity)) == 4


def test_pages_follow_each_other_without_gap_or_double(hub: dict[str, str]) -> None:
    seen, after = [], ""
    while True:
        with db.read() as session:
            rows, after = store.page(session, group(ANYBODY), after, limit=1)
        seen += [row.person for row in rows]
        if not after:
            break
    assert (len(seen), set(seen)) == (4, set(hub.values()))


def test_export_holds_who_may_and_no_formula_and_is_audited(
    hub: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CHUNK", 2)
    objects(hub["ben"], "marketing")
    kept()
    stream = io.StringIO()
    with db.write() as session:
        assert store.export(session, store.get(session, 1), stream, "user:1") == 3
    text = stream.getvalue()
    assert "ben.example" not in text
    assert "'=Zoe" in text
    assert "kim@mail.example" in text
    assert "003K" in text
    with db.read() as session:
        entry = session.scalars(
            sa.select(audit.AuditEntry).where(db.table(audit.AuditEntry).c.action == "segment.exported")
        ).one()
    assert (entry.actor, entry.detail) == ("user:1", {"people": 3})


def test_one_statement_counts(hub: dict[str, str]) -> None:
    seen: list[str] = []

    def watch(*args: Any) -> None:
        seen.append(args[2])

    wanted = group(*[raw for raw, _ in CASES[:20]], match="any")
    with db.read() as session:
        for purpose in ("profile", "behaviour", "marketing"):
            consent.switched_on(session, purpose)  # kept by the session
        sa.event.listen(db.engine(), "before_cursor_execute", watch)
        store.count(session, wanted)
        sa.event.remove(db.engine(), "before_cursor_execute", watch)
    assert len([sql for sql in seen if "purpose" not in sql.split("FROM")[1][:12]]) == 1


def test_people_are_everybody_once(hub: dict[str, str]) -> None:
    with db.read() as session:
        rows = session.execute(sa.select(people.everybody().c.person)).scalars().all()
    assert sorted(rows) == sorted(hub.values())


def test_merged_people_count_as_one_with_what_both_did(hub: dict[str, str]) -> None:
    kim, ola = (hub[name].partition(":")[2] for name in ("kim", "ola"))
    before = {str(raw): found(group(raw)) for raw, _ in CASES}
    with db.write() as session:
        number = merging.merge(session, kim, ola, "t")
    whole = f"contact:{min(kim, ola)}"
    assert found(group(one("orders", "at_least", "0"))) | found(group(one("orders", "at_most", "99"))) == {
        whole, hub["ben"], hub["zoe"],
    }  # fmt: skip
    assert found(group(one("event", "is", "Wishlist Viewed"), one("platform", "is", "mastodon"))) == {whole}
    assert found(group(one("order_state", "is", "refunded"), one("email", "yes"))) == {whole}
    with db.write() as session:
        consent.object_to(session, f"contact:{max(kim, ola)}", "marketing", "mail", "t")
        rows, _ = store.page(session, group(one("linked", "yes")), only_may=True)
        assert rows == []
        consent.withdraw_objection(session, f"contact:{max(kim, ola)}", "marketing", "t")
        merging.unmerge(session, number, "t")
    assert {str(raw): found(group(raw)) for raw, _ in CASES} == before
