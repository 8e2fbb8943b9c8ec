from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.language import code, identify


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo bleibt meine Bestellung?", "de"),
        ("Where is my order?", "en"),
        ("注文した商品がまだ届きません", "ja"),
        ("キャンセル", "ja"),
        ("你们什么时候发货", "zh"),
        ("주문이 아직 안 왔어요", "ko"),
        ("¿Dónde está mi pedido?", "es"),
        ("Где мой заказ?", "ru"),
        ("@shop@example.social Danke! https://example.org/x", "de"),
    ],
)
def test_language_of_a_short_post(text: str, language: str) -> None:
    assert identify([text])[0][0] == language


@pytest.mark.parametrize("text", ["", "👍👍", "12345", "@someone https://example.org"])
def test_a_text_without_words_is_undetermined_or_what_the_platform_says(text: str) -> None:
    assert identify([text]) == [("und", 0.0)]
    assert identify([text], ["de-AT"])[0][0] == "de"


def test_the_platforms_claim_decides_what_the_text_leaves_open() -> None:
    assert identify(["ok super"], ["de"])[0][0] == "de"
    assert identify(["ok super"], ["en"])[0][0] == "en"


def test_a_clear_text_outweighs_a_wrong_claim() -> None:
    assert identify(["Wo bleibt denn meine Bestellung vom letzten Montag?"], ["en"])[0][0] == "de"


def test_tags_are_cut_to_the_language() -> None:
    assert (code("pt-BR"), code("zh_Hant"), code("und"), code(None), code("")) == (
        "pt",
        "zh",
        None,
        None,
        None,
    )


@given(st.lists(st.text(max_size=60), max_size=5))
def test_every_text_gets_an_answer_in_order(texts: list[str]) -> None:
    guesses = identify(texts)
    assert len(guesses) == len(texts)
    assert all(0.0 <= confidence <= 1.0 and language for language, confidence in guesses)
