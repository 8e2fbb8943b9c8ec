from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.text import CJK, bare, fold, has_cjk, kana, needle, search_query, search_tokens, words


def found(query: str, text: str) -> bool:
    """What both search engines do with the terms, said in Python."""
    line = f" {search_tokens(text)} "
    return all(
        (f" {term[:-1]}" in line) if term.endswith("*") else (f" {term} " in line) for term in search_query(query)
    )


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("left", "right"),
    [("STRASSE", "straße"), ("Ｗｉｄｅ", "wide"), ("ｶﾞｷﾞ", "ガギ"), ("Café", "cafe"), ("u\u0308ber", "über")],
)
def test_spellings_of_one_word_meet(left: str, right: str) -> None:
    assert fold(left) == fold(right)


def test_hiragana_and_katakana_stay_apart_unless_asked() -> None:
    assert fold("すし") != fold("スシ")
    assert kana(fold("すし")) == kana(fold("スシ"))


@pytest.mark.parametrize("text", ["Müller", "Mueller", "Muller", "MÜLLER"])
def test_a_word_with_umlaut_finds_every_spelling(text: str) -> None:
    assert found("Müller", f"Herr {text} wartet")


def test_a_word_written_out_finds_the_umlaut() -> None:
    assert found("Mueller", "Herr Müller")
    assert found("Muller", "Herr Müller")
    assert not found("Mueller", "Herr Muller")


def test_a_plain_word_does_not_find_its_bare_form() -> None:
    assert not found("blue", "the blu car")
    assert bare(fold("neue Feuerwehr, Quelle")) == "neue feuerwehr, quelle"


def test_two_japanese_characters_are_found_inside_a_run() -> None:
    assert found("返品", "昨日買った商品を返品したいです")
    assert not found("返金", "昨日買った商品を返品したいです")


@pytest.mark.parametrize("character", ["昨", "返", "す"])
def test_one_japanese_character_is_found_wherever_it_stands(character: str) -> None:
    assert found(character, "昨日の商品を返品したいです")


def test_quotes_ask_for_words_side_by_side() -> None:
    assert found('"über den Wolken"', "Weit ueber den Wolken!")
    assert not found('"den über"', "Weit über den Wolken")


def test_a_star_asks_for_a_prefix() -> None:
    assert found("liefer*", "Die Lieferung fehlt")


def test_an_empty_or_wordless_text_has_no_tokens() -> None:
    assert search_tokens(" …!? ") == ""
    assert search_query(" …!? ") == []


@given(st.text())
def test_tokens_hold_letters_and_digits_only(text: str) -> None:
    letters = re.sub(f"[{CJK}]", "", search_tokens(text))
    assert all(token.isalnum() for token in letters.split())


@given(st.text(alphabet="aeouäöüß nqL東京タワーの", max_size=30), st.integers(0, 20), st.integers(1, 12))
def test_every_piece_of_a_japanese_run_and_every_word_finds_its_text(text: str, start: int, size: int) -> None:
    for word in words(fold(text)):
        piece = word[start : start + size] if has_cjk(word) else word
        assert found(piece, text)


@given(st.text(alphabet="aeouäöü ", max_size=20))
def test_the_needle_of_a_word_is_one_of_its_two_forms(text: str) -> None:
    assert needle(text) in {fold(text), bare(fold(text))}


def test_very_long_text_and_words_are_cut() -> None:
    assert len(search_tokens("x" * 1_000_000)) == 64
    assert len(search_tokens("ab " * 1_000_000)) <= 50_000
