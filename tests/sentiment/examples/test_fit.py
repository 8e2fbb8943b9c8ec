from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.examples.fit import LEAST, Measure, fit, interval
from tests.sentiment.meaning import encode

FOR_IT = [f"refund money please order{n}" for n in range(12)]
AGAINST = [f"refund policy question number{n}" for n in range(6)]
OTHERS = [f"{a} {b} number{n}" for n in range(8) for a in ("coffee", "parcel", "staff") for b in ("nice", "late")]


def fitted():
    return fit(encode(FOR_IT), encode(AGAINST), encode(OTHERS))


def test_a_label_is_learnt_from_a_few_examples() -> None:
    head, measure = fitted()
    new = encode([f"refund money please order{n}" for n in range(50, 60)])
    assert head.carries(new).mean() >= 0.8
    assert not head.carries(encode([f"parcel late number{n}" for n in range(50, 60)])).any()
    assert measure.recall >= 0.6
    assert measure.precision == 1.0


def test_counter_examples_draw_the_line() -> None:
    head, _ = fitted()
    assert not head.carries(encode([f"refund policy question number{n}" for n in range(50, 55)])).any()


def test_held_back_answers_are_those_of_a_head_that_was_fitted_without() -> None:
    from sentiment.examples.fit import _ridge, centred

    rows = centred(encode([*FOR_IT, *AGAINST]), encode(OTHERS).mean(axis=0))
    for_it, against = rows[: len(FOR_IT)], rows[len(FOR_IT) :]
    _, _, held = _ridge(for_it, against)
    share = np.append(np.full(11, 0.5 / 12), np.full(6, 0.5 / 6))
    kept = np.hstack([rows[1:].astype(float), np.ones((17, 1))])
    side = np.append(np.ones(11), -np.ones(6))
    ridge = np.diag(np.append(np.full(384, 0.02), 1e-9))
    found = np.linalg.solve(kept.T @ (kept * share[:, None]) + ridge, kept.T @ (share * side))
    assert held[0] == pytest.approx(float(rows[0] @ found[:-1] + found[-1]), abs=1e-6)


def test_messages_nobody_named_may_carry_the_label() -> None:
    hidden = encode([*OTHERS, *(f"refund money please order{n}" for n in range(100, 110))])
    head, _ = fit(encode(FOR_IT), np.zeros((0, 384), np.float32), hidden)
    assert head.carries(encode([f"refund money please order{n}" for n in range(50, 60)])).mean() >= 0.5


def test_too_few_examples_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5"):
        fit(encode(FOR_IT[: LEAST - 1]), encode(AGAINST), encode(OTHERS))
    with pytest.raises(ValueError, match="counter-example"):
        fit(encode(FOR_IT), np.zeros((0, 384), np.float32), np.zeros((0, 384), np.float32))


@given(st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_its_share(hits: int, misses: int) -> None:
    low, high = interval(hits, hits + misses)
    assert 0 <= low <= high <= 1
    if hits + misses:
        assert low - 1e-9 <= hits / (hits + misses) <= high + 1e-9


def test_nothing_marked_has_no_precision() -> None:
    assert Measure(5, 0, 10, 0).precision is None
