from __future__ import annotations

import numpy as np
import pytest

from sentiment.measures import calibration_chance, calibration_error, figures, macro_f1, macro_recall


def test_figures_are_those_of_the_textbook() -> None:
    found = figures(["negative", "negative", "neutral", "positive"], ["negative", "neutral", "neutral", "negative"])
    assert found.accuracy == 0.5
    assert found.per_class["negative"].precision == 0.5
    assert found.per_class["neutral"].f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert found.macro_recall == pytest.approx((0.5 + 1 + 0) / 3)


def test_an_answer_that_is_none_of_the_classes_is_wrong() -> None:
    found = figures(["yes", "no"], ["", "no"])
    assert (found.accuracy, found.per_class["yes"].recall, found.per_class["no"].precision) == (0.5, 0.0, 1.0)


def test_classes_without_a_label_do_not_count() -> None:
    assert figures(["a", "b"], ["a", "b"], classes=("a", "b", "c")).macro_f1 == 1.0


def test_the_interval_holds_the_figure_narrows_with_texts_and_is_always_the_same() -> None:
    labels, said = ["a", "b", "a", "b"] * 25, ["a", "b", "b", "b"] * 25
    low, high = figures(labels, said).interval
    assert low < figures(labels, said).macro_f1 < high
    more_low, more_high = figures(labels * 20, said * 20).interval
    assert more_high - more_low < (high - low) / 2
    assert figures(labels, said).interval == (low, high)


def test_the_interval_is_that_of_drawing_texts_again() -> None:
    labels, said = ["a", "b", "c", "a", "b"] * 20, ["a", "b", "a", "a", "c"] * 20
    drawn, generator = [], np.random.default_rng(1)
    for _ in range(1000):
        rows = generator.integers(0, len(labels), len(labels))
        drawn.append(figures([labels[row] for row in rows], [said[row] for row in rows]).macro_f1)
    assert figures(labels, said).interval == pytest.approx(tuple(np.percentile(drawn, [2.5, 97.5])), abs=0.015)


def test_whoever_is_as_sure_as_right_is_calibrated() -> None:
    assert calibration_error(["a"] * 4, ["a", "a", "a", "b"], [0.75] * 4) == pytest.approx(0)
    assert calibration_error(["a"] * 4, ["a", "b", "b", "b"], [1.0] * 4) == pytest.approx(0.75)


def test_bins_are_weighted_by_their_texts() -> None:
    assert calibration_error(["a", "a", "a"], ["a", "a", "b"], [1.0, 1.0, 0.5]) == pytest.approx(0.5 / 3)


def test_calibrated_answers_show_an_error_by_chance_that_shrinks_with_the_texts() -> None:
    few, many = calibration_chance([0.5, 0.7, 0.9] * 100), calibration_chance([0.5, 0.7, 0.9] * 10_000)
    assert few is not None
    assert many is not None
    assert few / many == pytest.approx(10, rel=0.25)  # the square root of a hundred times as many
    assert calibration_chance([1.0] * 50) == 0
    assert calibration_chance([None]) is None


def test_macro_figures_are_means_over_the_classes_the_labels_name() -> None:
    labels, said = ["a", "a", "b", "b"], ["a", "b", "b", "c"]
    assert macro_recall(labels, said) == pytest.approx(0.5)
    assert macro_f1(labels, said) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert macro_f1(labels, said) == pytest.approx(figures(labels, said).macro_f1)


def test_without_probabilities_there_is_no_calibration_error() -> None:
    assert figures(["a"], ["a"], [None]).calibration_error is None


def test_nothing_to_compare_is_no_error() -> None:
    found = figures([], [])
    assert (found.n, found.macro_f1, found.interval) == (0, 0.0, (0.0, 0.0))
