from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment import language
from sentiment.language import code, identify


@pytest.mark.parametrize(
    ("text", "spoken"),
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
        ("Fuer mich voellig unmoeglich", "de"),
        ("Schoene Gruesse", "de"),
        ("träum was schönes", "de"),
        ("Peinliche Erkenntnis.", "de"),
        ("born ready", "en"),
        ("Was neues vom Tag", "de"),
        ("Das Update ist nice, love it", "de"),
        ("スマホが freeze した", "ja"),
        ("薔薇wwwwwwwwww", "ja"),
        ("限定商品", "ja"),
        ("ﾎﾟｲﾝﾄ", "ja"),
        ("Arigatou gozaimasu", "ja"),
        ("kya hua bhai", "hi"),
        ("#kaputt #schlecht", "de"),
        ("El paquete llega roto", "es"),
        ("Tô chorando de rir", "pt"),
        ("Bosan sungguh kelas ini", "id"),
    ],
)
def test_language_of_a_short_post(text: str, spoken: str) -> None:
    assert identify([text])[0][0] == spoken


@pytest.mark.parametrize(
    "text", ["", "👍👍", "12345", "@someone https://example.org", "🇩🇪 ♥", "https://example.org/abc"]
)
def test_a_text_without_words_is_undetermined_or_what_the_platform_says(text: str) -> None:
    assert identify([text]) == [("und", 0.0)]
    assert identify([text], ["de-AT"])[0][0] == "de"


@pytest.mark.parametrize("text", ["ok", "super", "lol", "sexy", "haha", "Amazon", "iPhone 15 Pro Max"])
def test_words_of_no_one_language_are_undetermined(text: str) -> None:
    assert identify([text])[0][0] == "und"


def test_the_second_opinion_is_heard_only_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "_second", None)
    assert identify(["Where is the parcel that I have ordered?", "荷物はどこですか"])[1][0] == "ja"


def test_the_platforms_claim_decides_what_the_text_leaves_open() -> None:
    assert identify(["ok super"], ["de"])[0][0] == "de"
    assert identify(["ok super"], ["en"])[0][0] == "en"


def test_a_clear_text_outweighs_a_wrong_claim() -> None:
    assert identify(["Wo bleibt denn meine Bestellung vom letzten Montag?"], ["en"])[0][0] == "de"


def test_words_of_tags_are_heard_where_the_others_leave_doubt() -> None:
    alone, tagged, clear = identify(
        [
            "Jenny Elvers-Elbertzhagen",
            "#nachrichten Jenny Elvers-Elbertzhagen",
            "Wo bleibt meine Bestellung? #fashionweek",
        ]
    )
    assert (alone[0] != "de", tagged[0], clear[0]) == (True, "de", "de")


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
