from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening.figures.tally import Tally, net_interval, wilson

NUMBERS = st.integers(0, 5000)


@pytest.mark.parametrize(
    ("found", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (1, 1000, 0.0002, 0.0056)],
)
def test_the_interval_of_a_share_is_wilsons(found: int, total: int, low: float, high: float) -> None:
    assert wilson(found, total) == pytest.approx((low, high), abs=0.0001)


@pytest.mark.parametrize(
    ("positive", "negative", "total", "low", "high"),
    [(0, 0, 1, -92.4, 92.4), (1, 0, 1, -73.3, 100.0), (100, 0, 100, 94.2, 100.0), (320, 250, 1000, 2.3, 11.6)],
)
def test_the_interval_of_net_sentiment(positive: int, negative: int, total: int, low: float, high: float) -> None:
    assert net_interval(positive, negative, total) == pytest.approx((low, high), abs=0.1)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_net_sentiment_lies_in_its_interval(negative: int, neutral: int, positive: int) -> None:
    tally = Tally(negative + neutral + positive, negative, neutral, positive)
    if tally.net is None or tally.net_interval is None:
        assert tally.rated == 0
        return
    low, high = tally.net_interval
    assert -100 <= low <= tally.net + 1e-9
    assert tally.net - 1e-9 <= high <= 100


@pytest.mark.parametrize(
    ("tally", "word"),
    [
        (Tally(3, negative=2, positive=1), "negative"),
        (Tally(2, negative=1, positive=1), "mixed"),
        (Tally(4, neutral=1, unsure=3), "neutral"),
        (Tally(2, unsure=2), ""),
    ],
)
def test_leaning_is_what_more_than_half_say(tally: Tally, word: str) -> None:
    assert tally.leaning == word
