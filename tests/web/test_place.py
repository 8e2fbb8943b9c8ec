"""Claims about the place where a page of a list ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from web import place

MOMENT = datetime(2026, 11, 22, 9, 30, 1, 250, tzinfo=UTC)


def test_a_place_is_read_as_it_was_written() -> None:
    assert place.read(place.mark(MOMENT, 12)) == (MOMENT, 12)


@pytest.mark.parametrize(
    "text", ["", "x-1", "1-x", "-1", "9" * 50 + "-1", "99999999999999999999-1", "1794990000000000-9999999999999999999"]
)
def test_forged_place_is_no_place(text: str) -> None:
    assert place.read(text) is None
