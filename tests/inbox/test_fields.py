"""Custom fields: what they hold, who is asked for them, and that conditions find what stands in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.errors import Rejected
from core.event import Page
from inbox import actions, activities, desk, erasure, macros, people, rules
from inbox.actions import Action
from inbox.conditions import known, own, predicate, sql, tree
from inbox.conditions.tree import Asker, Condition, Group
from inbox.fields import kinds, naming, store, values
from inbox.fields import people as of_people
from inbox.fields.kinds import Definition
from inbox.fields.models import FieldValue
from inbox.fields.store import Wanted, Wrong
from inbox.ingest import store_page
from inbox.models import Conversation, Identity
from tests.conftest import BOTH

from .conftest import START, event, person

WORDS = {"en": ["Red", "Green", "Blue"], "de": ["Rot", "Grün", "Blau"]}


def plain(kind: str, **changes: object) -> Definition:
    options = kinds.options([{"key": f"o{n}", "names": {"en": w, "de": d}} for n, (w, d) in
                             enumerate(zip(WORDS["en"], WORDS["de"], strict=True), 1)])  # fmt: skip
    given = {"id": 1, "subject": "conversation", "kind": kind, "names": {"en": "X"}, "helps": {}, "options": options}
    return Definition(**{**given, "required": False, "editors": (), **changes})  # type: ignore[arg-type]  # fields by name


def make(kind: str, name: str = "", subject: str = "conversation", **changes: object) -> int:
    given = {"subject": subject, "kind": kind, "names": {"en": name or f"A {kind}"}, "options": WORDS, **changes}
    with db.write() as session:
        return store.save(session, None, Wanted(**given), "user:1")  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  two   words ", "two words"), ("text", "x" * 501, None), ("number", "12,50", "12.5"),
        ("number", "1,234", None), ("number", "1.234", "1.234"), ("number", "1,234.5", "1234.5"),
        ("number", "1.234,5", "1234.5"), ("number", "１２．５", "12.5"), ("number", "12,345,678.9", "12345678.9"),
        ("number", "-0.0", "0"), ("number", "1e3", "1000"), ("number", "nan", None), ("number", "many", None),
        ("date", "2026-12-24", "2026-12-24"), ("date", "24.12.2026", None), ("date", "2026-13-01", None),
        ("flag", "yes", "yes"), ("flag", "maybe", None), ("choice", "o2", "o2"), ("choice", "grün", "o2"),
        ("choice", "o9", None), ("several", "blue,o1", "o1,o3"), ("several", "o1,o9", None),
        ("link", "https://a.example/b?c", "https://a.example/b?c"), ("link", "javascript:alert(1)", None),
        ("link", "https://", None), ("text", " ", ""), ("several", ",", ""),
    ],
)  # fmt: skip
def test_what_is_typed_is_kept_in_one_form_or_refused(kind: str, typed: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(Rejected) as refused:
            kinds.canonical(plain(kind), typed)
        assert str(refused.value) in kinds.SENTENCES
    else:
        assert kinds.canonical(plain(kind), typed) == kept


@given(st.sampled_from(kinds.KINDS), st.text(max_size=40) | st.from_regex(r"[-0-9.,e]{1,9}"))
def test_a_kept_value_is_kept_again_as_it_is(kind: str, typed: str) -> None:
    try:
        once = kinds.canonical(plain(kind), typed)
    except Rejected:
        return
    assert kinds.canonical(plain(kind), once) == once


@pytest.fixture
def talks(account: int) -> list[int]:
    store_page(account, Page(events=tuple(event(n, author=person(f"p{n}")) for n in range(1, 5))))
    with db.read() as session:
        return list(session.scalars(sa.select(db.table(Conversation).c.id).order_by(db.table(Conversation).c.id)))


def fill(talk: int, field: int, typed: str, actor: str = "user:1") -> str | None:
    with db.write() as session:
        return values.put(session, talk, field, typed, actor)


def contact(talk: int) -> str:
    with db.write() as session:
        row = session.get(Conversation, talk)
        assert row is not None
        identity = session.get(Identity, row.identity_id)
        assert identity is not None
        if identity.contact_id:
            return identity.contact_id
        made = people.create_contact(session, "P")
        people.link(session, identity.id or 0, made, "user:1", "test")
        return made


@pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
def test_a_field_is_filled_in_emptied_and_kept_when_it_is_put_away(talks: list[int]) -> None:
    field, talk = make("choice"), talks[0]
    assert fill(talk, field, "o1") == ""
    assert fill(talk, field, "Red") is None, "twice counts once"
    assert fill(talk, field, "o3") == "o1"
    with db.read() as session:
        done = [one.detail for one in activities.of_conversation(session, talk) if one.what == "filled"]
        assert done[-1] == {"field": field, "value": "o3", "before": "o1"}
        assert len(done) == 2
    with db.write() as session:  # Blue goes, Green is called otherwise and new
        store.save(
            session, field, Wanted("person", "text", {"en": "Colour"}, options={"en": ["Lime", "Red"]}), "user:1"
        )
        kept = store.find(session, field)
    assert (kept.subject, kept.kind) == ("conversation", "choice"), "these stay"
    assert [(one.key, one.gone) for one in kept.options] == [("o4", False), ("o1", False), ("o2", True), ("o3", True)]
    assert fill(talk, field, "o3") is None, "what stands there may stay"
    assert [fill(talk, field, one) for one in ("o1", "o3")] == ["o3", "o1"], "what stood there may be put back"
    with pytest.raises(Rejected):
        fill(talks[1], field, "o3")
    with db.write() as session:
        assert store.archive(session, field, "user:1")
        assert values.of_conversation(session, talk) == []
        with pytest.raises(Rejected):
            values.put(session, talk, field, "o1", "user:1")
        assert store.archive(session, field, "user:1", archived=False)
        assert values.of_many(session, [talk]) == {talk: {field: "o3"}}
    assert fill(talk, field, "") == "o3"
    with db.write() as session:
        with pytest.raises(Wrong, match="Payment"):
            store.save(session, None, Wanted("person", "text", {"en": "Credit card"}), "user:1")
        with pytest.raises(Wrong, match="Another"):
            store.save(session, None, Wanted("conversation", "text", {"en": "colour"}), "user:1")


@pytest.mark.parametrize(
    ("kind", "typed", "expected"),
    [("choice", "grün", "o2"), ("several", "Blue, Rot", "o1,o3"), ("flag", "Ja", "yes"), ("flag", "いいえ", "no"),
     ("number", "12,50", "12.5"), ("choice", "purple", None), ("flag", "maybe", None), ("date", "soon", None),
     ("choice", "", "")],
)  # fmt: skip
@pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
def test_rules_and_macros_keep_what_the_field_holds_and_refuse_what_it_does_not(
    talks: list[int], kind: str, typed: str, expected: str | None
) -> None:
    field = make(kind)
    deeds = actions.read([{"do": "field", "value": f"{field}={typed}"}], actions.MACRO)
    asked = {"name": "A", "trigger": "message", "asked": tree.EVERYTHING, "deeds": deeds, "last": False}
    for save in (
        lambda session: rules.get(session, rules.save(session, None, **asked, actor="user:1")),
        lambda session: macros.find(session, macros.save(session, None, "A", deeds, "user:1", shared=()), "user:1"),
    ):
        with db.write() as session:
            if expected is None:
                with pytest.raises(Rejected):
                    save(session)
                continue
            assert save(session).actions == [{"do": "field", "value": f"{field}={expected}"}]


@pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
def test_what_is_needed_is_asked_for_when_people_and_rules_close(talks: list[int]) -> None:
    field, talk = make("text", required=True), talks[0]
    for actor, state in product(("user:1", "rule:4"), ("closed",)):
        with pytest.raises(Rejected, match="marked fields"), db.write() as session:
            desk.set_state(session, talk, state, actor)
    with db.write() as session:
        deeds = [Action("field", f"{field}=ABC"), Action("state", "closed")]
        back = actions.all_of(session, talk, actions.read([one.written() for one in deeds], actions.MACRO), "user:1")
        assert [one.written() for one in back] == [
            {"do": "restore", "value": "open"},
            {"do": "field", "value": f"{field}="},
        ]
        actions.all_of(session, talk, back, "user:1")
        assert values.missing(session, talk) == [field]
        assert desk.close(session, talk, "salesforce"), "what another system says happened there is not held up"
        erasure.erase(session, f"identity:{session.get(Conversation, talks[1]).identity_id}", "user:1")  # type: ignore[union-attr]  # it is there
    fill(talks[2], field, "of somebody")
    with db.write() as session:
        erasure.erase(session, f"identity:{session.get(Conversation, talks[2]).identity_id}", "user:1")  # type: ignore[union-attr]  # it is there
        assert session.scalar(sa.select(sa.func.count()).select_from(db.table(FieldValue))) == 0


@pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
def test_a_field_of_a_person_is_an_attribute_with_its_source(talks: list[int]) -> None:
    field, whose = make("number", subject="person"), contact(talks[0])
    with db.write() as session:
        assert of_people.put(session, whose, field, "5", "user:1") == ""
        assert of_people.put(session, whose, field, "5.0", "user:2") is None
        assert of_people.put(session, whose, field, "7", "user:2") == "5", "the colleague's is taken back"
    with db.read() as session:
        assert of_people.filled_in(session, [whose]) == {whose: {field: "7"}}
    with db.write() as session:
        with pytest.raises(Rejected, match="Payment"):
            of_people.put(session, whose, make_card(session), "4111 1111 1111 1111", "user:1")
        assert of_people.put(session, whose, field, "", "user:1") == "7"
        assert of_people.filled_in(session, [whose]) == {}


@pytest.mark.parametrize("db_url", ["sqlite"], indirect=True)
def test_an_option_that_is_gone_may_be_put_back_to_a_person(talks: list[int]) -> None:
    field, whose = make("choice", "Colour", "person"), contact(talks[0])
    with db.write() as session:
        of_people.put(session, whose, field, "o3", "user:1")
        store.save(session, field, Wanted("person", "choice", {"en": "Colour"}, options={"en": ["Red", "Lime"]}), "u")
        assert of_people.put(session, whose, field, "o1", "user:1") == "o3"
        with pytest.raises(Rejected):
            of_people.put(session, whose, field, "o2", "user:1")
        assert of_people.put(session, whose, field, "o3", "user:1") == "o1"
        assert of_people.filled_in(session, [whose]) == {whose: {field: "o3"}}


def make_card(session: object) -> int:
    return store.save(session, None, Wanted("person", "text", {"en": "Remark"}), "user:1")  # type: ignore[arg-type]  # a fixed kind


@BOTH
def test_conditions_find_the_same_with_sql_and_by_the_plain_values(talks: list[int]) -> None:
    typed = {
        "text": ["Grüße 50%_x", "ABC", ""], "link": ["https://a.example/A", "", ""], "number": ["12.5", "-3", ""],
        "date": ["2026-11-20", "2026-11-01", "2026-11-27"], "flag": ["yes", "no", ""], "choice": ["o1", "o2", ""],
        "several": ["o1,o3", "o3", ""],
    }  # fmt: skip
    asked = [
        ("text", "has", "abc"), ("text", "has_not", "%_"), ("text", "has", "Grüße"), ("link", "has", "a.example"),
        ("number", "at_least", "12"), ("number", "at_most", "0"), ("date", "within", "5"), ("date", "not_within", "5"),
        ("flag", "yes", None), ("flag", "no", None), ("choice", "is", ["o1"]), ("choice", "is_not", ["o1", "none"]),
        ("choice", "is", ["none", "o2"]), ("several", "is", ["o3"]), ("several", "is_not", ["o1"]),
        ("several", "is", ["none"]), ("date", "between", ["2026-10-31T23:00:00+00:00", "2026-11-01T23:00:00+00:00"]),
        ("date", "between", ["2026-11-01T15:00:00+00:00", ""]), ("date", "ahead", "5"), ("date", "ahead", "4"),
        *((kind, op, None) for kind in ("text", "number", "flag") for op in ("filled", "empty")),
    ]  # fmt: skip
    for subject in kinds.SUBJECTS:
        numbers = {kind: make(kind, subject=subject) for kind in kinds.KINDS}
        for kind, some in typed.items():
            for talk, text in zip(talks, some, strict=False):
                if subject == "conversation":
                    fill(talk, numbers[kind], text)
                else:
                    whose = contact(talk)
                    with db.write() as session:
                        of_people.put(session, whose, numbers[kind], text, "user:1")
        asker = Asker("user:1", datetime(2026, 11, 22, 9, tzinfo=UTC))
        found = set()
        for kind, op, value in asked:
            raw = {"field": naming.name(subject, kind, numbers[kind]), "op": op}
            group = tree.read({"match": "all", "of": [raw if value is None else {**raw, "value": value}]})
            with db.read() as session:
                c = db.table(Conversation)
                here = set(session.scalars(sa.select(c.c.id).where(sql.holds(group, asker))))
                plainly = {one.id for one in known.read(session, talks, group) if predicate.holds(group, one, asker)}
            assert here == plainly, (subject, kind, op, value)
            found.add((kind, op, frozenset(talks.index(one) for one in here)))
        assert ("number", "at_least", frozenset({0})) in found
        assert ("date", "within", frozenset({0})) in found
        assert ("date", "ahead", frozenset({2})) in found
        assert ("date", "ahead", frozenset()) in found
        assert ("text", "empty", frozenset({2, 3})) in found
        assert ("flag", "filled", frozenset({0, 1})) in found
        assert ("choice", "is", frozenset({1, 2, 3})) in found
        assert ("several", "is_not", frozenset({1, 2, 3})) in found


@given(st.dates(date(2026, 1, 1), date(2027, 1, 1)), st.integers(-11, 11))
def test_a_day_lies_in_the_period_of_that_day_in_every_zone(at: date, hours: int) -> None:
    midnight = datetime(at.year, at.month, at.day, tzinfo=UTC) - timedelta(hours=hours)
    ends = (midnight.isoformat(), (midnight + timedelta(days=1)).isoformat())
    one = Condition("conversation:date:1", "between", ends)
    assert own.holds(one, {at.isoformat()}, Asker("", START))
    assert not own.holds(one, {(at + timedelta(days=1)).isoformat()}, Asker("", START))
    assert Group("all", (one,)) == tree.read(tree.written(Group("all", (one,))))


def test_a_condition_that_calls_a_text_a_number_finds_nothing(talks: list[int]) -> None:
    number, asker = make("text"), Asker("", db.now())
    one = Condition(naming.name("conversation", "number", number), "at_least", ("1",))
    c = db.table(Conversation)
    with db.write() as session:
        values.put(session, talks[0], number, "abc", "user:1")
        assert session.scalars(sa.select(c.c.id).where(own.sql(one, asker))).all() == []
        known_there = own.read(session, talks, [one.field])[talks[0]][one.field]
    assert not own.holds(one, known_there, asker)
