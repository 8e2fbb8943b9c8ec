from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening.query import parse
from listening.query.marks import cut, marks


def marked(query: str, text: str) -> list[str]:
    return [piece for piece, on in cut(text, marks(parse(query), text)) if on]


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("storm", "The Storm! Stormy storms", ["Storm"]),
        ("Müller", "Mueller, MULLER and Müller", ["Mueller", "MULLER", "Müller"]),
        ("deliver*", "Delivery delivered", ["Delivery", "delivered"]),
        ('"late delivery" -sale', "late delivery, no sale", ["late", "delivery"]),
        ("返品", "商品を返品したい", ["返品"]),
        ("ｱｸﾒ", "アクメの返品", ["アクメ"]),
        ("#win @shop", "#Win at @shop", ["Win", "shop"]),
        ('raw:"C++"', "c++ C++", ["C++"]),
        ("lang:de OR straße", "STRASSE", ["STRASSE"]),
        ("😡", "so 😡!", ["😡"]),
    ],
)
def test_the_words_of_a_query_are_marked(query: str, text: str, found: list[str]) -> None:
    assert marked(query, text) == found


@given(st.text(max_size=60))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    assert "".join(piece for piece, _ in cut(text, marks(parse("a* OR ß OR 返品"), text))) == text
