"""Claims about the doctor's findings on the page: numbers and platforms' remarks in the reader's own words."""

from __future__ import annotations

from datetime import UTC

import pytest

from web import render
from web.doctor import told
from web.reader import Reader
from web.words import REMARKS


def shown(language: str, *findings: object) -> str:
    return render.text("settings/checks.html", Reader(language, UTC), checks=findings)


def test_a_number_has_the_separators_of_the_language() -> None:
    finding = told("disk", "ok", "%(size)s GB free in %(folder)s", size=64.9, folder="/data")
    assert "64,9" in shown("de", finding)
    assert "64.9" in shown("en", finding)
    assert finding.text % finding.values == "64.9 GB free in /data"


@pytest.mark.parametrize("language", ["de", "ja"])
@pytest.mark.parametrize("remark", REMARKS)
def test_a_platform_s_remark_is_translated(language: str, remark: str) -> None:
    page = shown(language, told("accounts", "note", "%(account)s: %(words)s", account="telegram bot", words=remark))
    assert "telegram bot: " in page
    assert remark not in page


def test_what_a_platform_says_otherwise_stands_as_it_is() -> None:
    words = "Telegram could not deliver to the webhook: 100% refused"
    assert words in shown("de", told("accounts", "note", "%(account)s: %(words)s", account="bot", words=words))
