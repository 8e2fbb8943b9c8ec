from __future__ import annotations

import pytest

from sentiment.evaluate import evaluate, figures
from sentiment.lexicon import LexiconAnnotator


def test_figures_are_those_of_the_textbook() -> None:
    found = figures(["negative", "negative", "neutral", "positive"], ["negative", "neutral", "neutral", "negative"])
    assert found.accuracy == 0.5
    assert found.per_class["negative"].precision == 0.5
    assert found.per_class["neutral"].f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0) / 3)


def test_an_annotator_is_compared_with_labels() -> None:
    found = evaluate(["great, thanks", "terrible service"], ["positive", "negative"], LexiconAnnotator(), batch=1)
    assert (found.n, found.accuracy, found.unsure) == (2, 1.0, 0.0)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(ValueError, match="not mixed"):
        evaluate(["x"], ["mixed"], LexiconAnnotator())


def test_nothing_to_compare_is_no_error() -> None:
    assert figures([], []).n == 0
