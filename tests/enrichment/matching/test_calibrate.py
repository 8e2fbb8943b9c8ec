"""What reviewers decided says what a score is worth."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import db
from enrichment import calibration
from enrichment.matching import calibrate, score
from enrichment.matching.calibrate import Decision
from enrichment.matching.weights import shipped


def decided(right: float, said: float, count: int = 200) -> list[Decision]:
    """So many decisions about proposals of one score, of which a share was accepted."""
    return [Decision(said, number < right * count) for number in range(count)]


def test_too_few_decisions_say_so() -> None:
    assert "0 accepted and 0 rejected" in calibrate.too_few([])
    assert calibrate.too_few(decided(1.0, 0.8))
    assert not calibrate.too_few(decided(0.5, 0.8))


def test_proposals_that_said_too_much_say_less() -> None:
    rng = random.Random(3)
    overdone = [Decision(said, rng.random() < said * 0.6) for said in (0.3, 0.5, 0.7, 0.9) * 100]
    found = calibrate.fit(overdone)
    assert found.better
    assert all(abs(band.would_say - band.true) < abs(band.said - band.true) for band in found.bands)


def test_what_is_true_already_stays() -> None:
    rng = random.Random(4)
    found = calibrate.fit([Decision(said, rng.random() < said) for said in (0.2, 0.4, 0.6, 0.8, 0.95) * 300])
    assert found.slope == pytest.approx(1.0, abs=0.2)
    assert found.shift == pytest.approx(0.0, abs=0.2)


@given(st.lists(st.builds(Decision, st.floats(0, 1), st.booleans()), max_size=60))
def test_no_decisions_break_it_or_turn_the_order(decisions: list[Decision]) -> None:
    found = calibrate.fit(decisions)
    assert found.slope > 0


def test_a_calibration_holds_from_then_on_and_can_be_taken_away(database: object) -> None:
    assert calibration.active() == shipped()
    path = calibration.switch(calibrate.fit(decided(0.3, 0.8)))
    assert score.calibrated(0.8, calibration.active()) < 0.5
    path.unlink()
    assert calibration.active() == shipped()
    with db.read() as session:
        assert calibration.decisions(session) == []
