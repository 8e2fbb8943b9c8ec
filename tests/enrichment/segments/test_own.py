"""Claims about segments and the list of people by a custom field: each kind in each way, on both engines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core import db
from core.errors import Rejected
from enrichment import directory, merging
from enrichment.directory import Filter
from enrichment.segments import conditions, store
from inbox import attributes
from inbox.fields import kinds, naming
from inbox.fields import people as of_people
from inbox.fields import store as definitions
from inbox.fields.store import Wanted
from inbox.models import Identity
from tests.conftest import BOTH

pytestmark = BOTH
WORDS = {"en": ["Gold", "Silver", "Bronze"]}
VALUES: dict[str, dict[str, str]] = {
    "text": {"ada": "Blue Öl", "ben": "green"}, "link": {"ada": "https://a.example/X"},
    "number": {"ada": "-2.5", "ben": "10", "cleo": "9"}, "flag": {"ada": "yes", "ben": "no"},
    "choice": {"ada": "Bronze", "ben": "Gold", "cleo": "Gold"}, "several": {"ada": "Gold, Bronze", "ben": "Silver"},
}  # fmt: skip


@pytest.fixture
def hub(database: str) -> dict[str, str]:
    """Ada, Ben and Cleo are contacts, Dan is an account alone; a field of each kind. Name → person or field."""
    found: dict[str, str] = {}
    today = db.now().date()
    days = {"ada": today.isoformat(), "ben": (today - timedelta(days=9)).isoformat(), "cleo": "2199-01-01"}
    with db.write() as session:
        for name in ("ada", "ben", "cleo", "dan"):
            seen = {"first_seen": db.now(), "last_seen": db.now()}
            row = Identity(platform="mastodon", external_id=name, handle=name, **seen)
            session.add(row)
            session.flush()
            found[name] = f"identity:{row.id}"
            if name != "dan":
                found[name] = f"contact:{merging.contact_for(session, row.id or 0, 'user:1')}"
        for kind in kinds.KINDS:
            number = definitions.save(session, None, Wanted("person", kind, {"en": kind}, {}, WORDS), "user:1")
            found[kind] = naming.name("person", kind, number)
            for name, value in (days if kind == "date" else VALUES[kind]).items():
                of_people.put(session, found[name].partition(":")[2], number, value, "user:1")
    return found


def who(hub: dict[str, str], field: str, op: str, value: str = "") -> str:
    """Names of whom a segment finds; the list of people finds the same."""
    one = conditions.condition({"field": hub[field], "op": op, "value": value})
    with db.read() as session:
        rows, _ = store.page(session, conditions.Group("all", (one,)))
        listed = directory.page(session, Filter(own=one)).rows
    names = {person: name for name, person in hub.items()}
    found = " ".join(sorted(names[row.person] for row in rows))
    assert found == " ".join(sorted(row.handle for row in listed))
    return found


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("text", [("has", "BLUE", "ada"), ("has", "Öl", "ada"), ("has", "%", ""), ("has_not", "e", "cleo dan"),
                  ("is", "GREEN", "ben"), ("is", "gree", ""), ("is_not", "green", "ada cleo dan"),
                  ("filled", "", "ada ben"), ("empty", "", "cleo dan")]),
        ("link", [("has", "a.example", "ada"), ("is", "https://a.example/x", "ada")]),
        ("number", [("at_least", "9", "ben cleo"), ("at_most", "-2.5", "ada"), ("is", "10.0", "ben"),
                    ("is_not", "10", "ada cleo dan"), ("filled", "", "ada ben cleo"), ("empty", "", "dan")]),
        ("date", [("within", "1", "ada"), ("within", "10", "ada ben"), ("not_within", "1", "ben cleo dan"),
                  ("ahead", "3", "ada"), ("since", "2199-01-01", "cleo"), ("until", "2198-12-31", "ada ben"),
                  ("empty", "", "dan")]),
        ("flag", [("yes", "", "ada"), ("no", "", "ben cleo dan"), ("filled", "", "ada ben")]),
        ("choice", [("is", "o1", "ben cleo"), ("is_not", "o1", "ada dan"), ("is", "o99", "")]),
        ("several", [("is", "o3", "ada"), ("is", "o2", "ben"), ("is_not", "o1", "ben cleo dan")]),
    ],
)  # fmt: skip
def test_each_kind_is_asked_in_each_of_its_ways(
    hub: dict[str, str], field: str, asked: list[tuple[str, str, str]]
) -> None:
    assert [(op, value, who(hub, field, op, value)) for op, value, _ in asked] == asked


def test_what_is_shown_is_what_counts(hub: dict[str, str]) -> None:
    """A file says otherwise than a colleague typed: the colleague's word stands, as on the person's page."""
    number = int(hub["text"].rpartition(":")[2])
    with db.write() as session:
        ben = hub["ben"].partition(":")[2]
        attributes.say(session, ben, "file:x", {(of_people.name_of(number), "Blue"): 1.0})
    assert who(hub, "text", "has", "blue") == "ada"
    with db.write() as session:
        of_people.put(session, ben, number, "", "user:1")
        attributes.say(session, ben, "file:x", {(of_people.name_of(number), "Blue"): 1.0})
    assert who(hub, "text", "has", "blue") == "ada ben"


def test_a_name_of_another_kind_finds_nobody(hub: dict[str, str]) -> None:
    number = hub["text"].rpartition(":")[2]
    hub["wrong"] = f"person:number:{number}"
    assert who(hub, "wrong", "at_least", "1") == ""
    group = conditions.read({"match": "all", "of": [{"field": hub["wrong"], "op": "filled"}]})
    with pytest.raises(Rejected, match="no such field"), db.write() as session:
        store.save(session, "Wrong", group, "user:1")


@pytest.mark.parametrize(
    ("field", "op", "value", "words"),
    [
        ("number", "at_least", "1,5", conditions.NO_FIGURE), ("number", "at_least", "", conditions.NO_VALUE),
        ("date", "since", "24.12.2026", conditions.NO_DAY), ("date", "since", "20261224", conditions.NO_DAY),
        ("date", "within", "x", conditions.NO_DAYS), ("choice", "is", "Gold", conditions.NO_CHOICE),
        ("flag", "is", "yes", conditions.WRONG_OP), ("choice", "has", "o1", conditions.WRONG_OP),
    ],
)  # fmt: skip
def test_what_makes_no_sense_says_why(hub: dict[str, str], field: str, op: str, value: str, words: str) -> None:
    with pytest.raises(Rejected) as refused:
        conditions.condition({"field": hub[field], "op": op, "value": value})
    assert str(refused.value) == words


@pytest.mark.parametrize("limit", [1, 2, 10])
@pytest.mark.parametrize(
    ("field", "up", "down"),
    [
        ("number", "ada cleo ben dan", "ben cleo ada dan"), ("choice", "ben cleo ada dan", "ada cleo ben dan"),
        ("text", "ada ben cleo dan", "ben ada cleo dan"), ("date", "ben ada cleo dan", "cleo ada ben dan"),
        ("several", "ada ben cleo dan", "ben ada cleo dan"),
    ],
)  # fmt: skip
def test_list_is_sorted_by_a_field_page_by_page(
    hub: dict[str, str], field: str, up: str, down: str, limit: int
) -> None:
    def walked(sort: str) -> str:
        seen: list[str] = []
        mark = ""
        with db.read() as session:
            shown = definitions.find(session, int(hub[field].rpartition(":")[2]))
            while True:
                page = directory.page(session, Filter(sort=sort, field=shown), mark, limit)
                seen += [row.handle for row in page.rows]
                mark = page.next
                if not mark:
                    return " ".join(seen)

    assert (walked("field"), walked("-field")) == (up, down)


def test_a_page_after_somebody_who_is_gone_is_refused(hub: dict[str, str]) -> None:
    with db.read() as session:
        shown = definitions.find(session, int(hub["text"].rpartition(":")[2]))
        with pytest.raises(Rejected, match="Begin again"):
            directory.page(session, Filter(sort="field", field=shown), "999999", 2)


def test_kept_filters_read_as_they_were_written(hub: dict[str, str]) -> None:
    raw: dict[str, Any] = {"match": "all", "of": [{"field": hub["number"], "op": "at_least", "value": "-1.5"},
                                                  {"field": hub["flag"], "op": "empty"}]}  # fmt: skip
    with db.write() as session:
        store.save(session, "Own", conditions.read(raw), "user:1")
        assert store.every(session)[0].conditions == raw
