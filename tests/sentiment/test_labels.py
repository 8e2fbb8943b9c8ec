from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.errors import BadPayload
from sentiment import labels
from sentiment.examples.marker import marker
from sentiment.labels import Matcher, checked

MATCHER = Matcher(
    [
        ("delivery", ["Paket", "liefer*", "配送", "lost parcel"]),
        ("size", ["Größe"]),
        ("blue", ["blue"]),
    ]
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wo ist mein PAKET?", ["delivery"]),
        ("Die Lieferzeit ist lang", ["delivery"]),
        ("Your lost parcel", ["delivery"]),
        ("parcel lost", []),
        ("昨日の配送について", ["delivery"]),
        ("Paketdienst", []),
        ("Falsche Groesse, falsche Große, falsche Größe", ["size"]),
        ("falsche groesse beim paket", ["delivery", "size"]),
        ("le blu", []),
        ("", []),
    ],
)
def test_labels_of_a_text(text: str, expected: list[str]) -> None:
    assert MATCHER.of(text) == expected


@given(st.text(), st.text())
def test_more_text_never_takes_a_label_away(left: str, right: str) -> None:
    assert {*MATCHER.of(left)} <= {*MATCHER.of(f"{left} . {right}")}


@pytest.mark.parametrize("terms", [[], ["  "], ["!!!"], ["a*"]])
def test_terms_that_say_nothing_are_refused(terms: list[str]) -> None:
    with pytest.raises(BadPayload):
        checked(terms)


def test_a_label_is_created_changed_and_removed(database: str) -> None:
    with db.write() as session:
        labels.create(session, "size", ["Größe"], {"de": "Größe", "en": "Size"})
    with db.write() as session, pytest.raises(BadPayload, match="already"):
        labels.create(session, "size", ["x"])
    with db.write() as session:
        labels.update(session, "size", terms=["Weite", "Weite "])
    with db.read() as session:
        assert marker(session).of(["Die Weite passt"]) == [["size"]]
    with db.write() as session:
        labels.remove(session, "size")
        with pytest.raises(BadPayload, match="none yet"):
            labels.get(session, "size")
