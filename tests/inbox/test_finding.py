"""Words in one conversation: found and marked in every spelling that the search knows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.event import Page
from inbox import finding, notes
from inbox.ingest import store_page
from inbox.marking import spans
from inbox.text import search_query, search_tokens
from tests.conftest import BOTH

from .conftest import event


def marked(text: str, query: str) -> list[str]:
    units = text.encode("utf-16-le")
    return [units[2 * begin : 2 * end].decode("utf-16-le") for begin, end in spans(text, search_query(query))]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("The Box and a box.", "box", ["Box", "box"]),
        ("Die Größe, GRÖSSE und Groesse", "größe", ["Größe", "GRÖSSE", "Groesse"]),
        ("Straße oder Strasse", "strasse", ["Straße", "Strasse"]),
        ("Müller, Mu\u0308ller und Mueller", "mueller", ["Müller", "Mu\u0308ller", "Mueller"]),
        ("東京都の天気", "東京", ["東京"]),
        ("東京都の天気", "京都の", ["京都の"]),
        ("天気がよい", "天", ["天"]),
        ("ﾃｽﾄとテスト", "テスト", ["ﾃｽﾄ", "テスト"]),
        ("ｶﾞﾗｽが割れた", "ガラス", ["ｶﾞﾗｽ"]),
        ("Ｎｏ．１２３", "123", ["１２３"]),
        ("👍🏽 fine, 👍 fine", "fine", ["fine", "fine"]),
        ("refunds and refunding", "refund*", ["refunds", "refunding"]),
        ("red box, box red, red boxes", '"red box"', ["red box"]),
        ("concatenate the cat", "cat", ["cat"]),
        ("nothing of it", "else", []),
        ("", "else", []),
    ],
)
def test_words_are_marked_as_they_are_found(text: str, query: str, expected: list[str]) -> None:
    assert marked(text, query) == expected


@given(st.text("aäöüßeＡ１ ﾃﾞ東京都。-\u0308👍", max_size=30), st.text("aeäüß東京ﾃﾞ", min_size=1, max_size=3))
def test_what_is_marked_lies_in_the_text_in_order(text: str, query: str) -> None:
    found = spans(text, search_query(query))
    edges = [edge for span in found for edge in span]
    assert edges == sorted(set(edges))
    assert all(edge <= len(text.encode("utf-16-le")) // 2 for edge in edges)


WORDS = ("Größe", "groesse", "東京都", "京都", "ﾃｽﾄ", "box", "red", "Maße", "１２")


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_each_word_that_the_index_has_is_marked(words: list[str]) -> None:
    text = " ".join(words)
    known = set(search_tokens(text).split())
    for word in set(words):
        for term in search_query(word):
            assert set(term.split()) <= known
            assert spans(text, [term])


@BOTH
def test_messages_and_notes_are_found_newest_first_in_their_conversation_alone(database: str, account: int) -> None:
    first = event(1, text="The Größe is wrong")
    answer = event(2, text="Which groesse?", parent_key=first.key)
    other = event(3, text="Größe")
    store_page(account, Page(events=(first, answer, other)))
    with db.write() as session:
        notes.add(session, conversation_id=1, author="user:1", text="They mean the GRÖSSE of the box")
    with db.read() as session:
        assert [one.key for one in finding.hits(session, 1, "größe")] == ["n1", "m2", "m1"]
        assert [one.key for one in finding.hits(session, 1, "größe box")] == ["n1"]
        assert finding.hits(session, 1, "größe")[2].text == [(4, 9)]
        assert finding.hits(session, 1, " -- ") == []
