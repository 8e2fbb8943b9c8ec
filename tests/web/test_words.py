"""Claims about words for codes and names."""

from __future__ import annotations

import pytest

from core.topics import SUBSCRIBERS
from web import words


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


def test_whatever_the_workers_do_has_words() -> None:
    assert words.SUBSCRIBERS.keys() == SUBSCRIBERS.keys()
