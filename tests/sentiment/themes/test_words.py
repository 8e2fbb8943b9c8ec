from __future__ import annotations

import pytest

from sentiment.themes.naming import Said, name, name_all
from sentiment.themes.terms import terms
from sentiment.themes.trend import trend


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Wo ist mein Paket? @anna https://a.example/x 12345", "de", ["Paket"]),
        ("The parcel isn't here, parcel!", "en", ["parcel"]),
        ("配送状況を教えてください。キャンセルしたいです", "ja", ["配送状況", "キャンセル"]),
        (
            "東京都渋谷区神南一丁目",
            "ja",
            ["東京", "京都", "都渋", "渋谷", "谷区", "区神", "神南", "南一", "一丁", "丁目"],
        ),
        ("mail me: kim@mail.example", "en", ["mail"]),
        ("", "de", []),
    ],
)
def test_terms_of_a_text(text: str, language: str, expected: list[str]) -> None:
    assert list(terms(text, language).values()) == expected


def said(theme: int, language: str, *texts: str) -> list[Said]:
    return [Said(theme, number + 1, language, text) for number, text in enumerate(texts)]


def test_a_theme_is_named_by_what_sets_it_apart() -> None:
    words = name_all(
        [
            *said(1, "de", "Mein Paket fehlt, der Kunde wartet", "Das Paket ist weg, Kunde", "Paket beschädigt"),
            *said(2, "de", "Rechnung falsch, Kunde zahlt", "Rechnung doppelt, Kunde", "Rechnung fehlt"),
            *said(1, "ja", "荷物が届きません", "荷物はどこ", "荷物の配送"),
        ]
    )
    assert name(words[1]) == {"de": "Paket, Kunde", "ja": "荷物"}
    assert words[2]["de"][0] == "Rechnung"


def test_what_one_person_alone_writes_names_nothing() -> None:
    one = [Said(1, 7, "de", "Familie Musterstrasse") for _ in range(9)]
    assert name_all([*one, *said(1, "de", "Paket", "Paket")])[1]["de"] == ["Paket"]


def test_too_few_messages_in_a_language_have_no_name() -> None:
    assert name_all(said(1, "de", "Paket", "Paket")) == {}


@pytest.mark.parametrize(
    ("days", "state"),
    [
        ([0] * 53 + [2] * 7, "emerging"),
        ([1] * 53 + [6] * 7, "rising"),
        ([6] * 46 + [6] * 7 + [1] * 7, "falling"),
        ([3] * 60, "stable"),
        ([0] * 60, "stable"),
        ([1] * 30 + [3] * 30, "rising"),
        ([0] * 58 + [1, 1], "stable"),
        ([9], "emerging"),
    ],
)
def test_states(days: list[int], state: str) -> None:
    assert trend(days).state == state


def test_a_trend_counts_days() -> None:
    found = trend(list(range(60)))
    assert (found.now, found.before, found.month) == (sum(range(53, 60)), sum(range(46, 53)), sum(range(30, 60)))
