"""The way back of a deed on many: every number and value comes back, and nonsense is nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from web import many

STOOD = st.sampled_from(["", "pending", "snoozed_1763900000", "closed", "17", "urgent"])


@given(st.dictionaries(st.integers(1, 10**12), STOOD, max_size=60))
def test_what_is_written_is_read(stood: dict[int, str]) -> None:
    assert many.read(many.written(stood)) == stood


@given(st.text(max_size=80))
def test_whatever_comes_is_numbers_or_nothing(text: str) -> None:
    assert all(number >= 0 for number in many.read(text))


def test_a_thousand_fit_into_a_header() -> None:
    assert len(many.written({80_000 + 7 * n: "" for n in range(1_000)})) < 4_000
