"""Claims about words for codes and names, and about places in the list."""

from __future__ import annotations

import pytest

from web import behind, words


@pytest.mark.parametrize("place", ["", "x-1", "1-x", "-1", "9" * 50 + "-1", "99999999999999999999-1"])
def test_forged_place_is_no_place(place: str) -> None:
    assert behind.place(place) is None


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Katrin Oldenburg", "KO"), ("高橋 美咲", "高"), ("@kim@a.example", "ka"), ("", "?"), ("…", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert words.initials(name) == letters


def test_browser_in_two_words() -> None:
    assert (
        words.browser("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36")
        == "Chrome · Linux"
    )
    assert words.browser("curl/8") == ""
