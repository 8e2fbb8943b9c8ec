from __future__ import annotations

import numpy as np
import pytest

from sentiment.embedded.heads import Head
from sentiment.logistic import fit


def near(place: int, n: int, seed: int = 0) -> np.ndarray:
    """Rows of length 1 around one axis."""
    rows = np.random.default_rng(seed).normal(0, 0.02, (n, 384)).astype(np.float32)
    rows[:, place] += 1
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def head() -> Head:
    weight = np.zeros((2, 384), np.float32)
    weight[0, 0] = weight[1, 1] = 4.0
    return Head("offensive", ("no", "yes"), weight, np.zeros(2, np.float32), {"": 1.0, "de": 2.0})


def said(head: Head, rows: np.ndarray) -> list[str]:
    return [head.classes[one] for one in head.probabilities(rows, ["en"] * len(rows)).argmax(axis=1)]


def test_labels_are_learnt(head: Head) -> None:
    rows = near(7, 20)
    new = fit(head, rows, ["en"] * 20, ["yes"] * 20)
    assert said(new, near(7, 20, seed=1)) == ["yes"] * 20


def test_what_nobody_spoke_about_stays(head: Head) -> None:
    new = fit(head, near(7, 20), ["en"] * 20, ["yes"] * 20, near(0, 50), ["en"] * 50)
    assert said(new, near(0, 5, seed=2)) == ["no"] * 5
    assert said(new, near(1, 5, seed=2)) == ["yes"] * 5


def test_one_label_moves_a_sure_head_little_and_many_move_it(head: Head) -> None:
    one, many = (fit(head, near(0, n), ["en"] * n, ["yes"] * n) for n in (1, 60))
    assert said(one, near(0, 5, seed=3)) == ["no"] * 5
    assert said(many, near(0, 5, seed=3)) == ["yes"] * 5


def test_agreement_moves_nothing_much(head: Head) -> None:
    rows = near(0, 10)
    new = fit(head, rows, ["en"] * 10, ["no"] * 10)
    assert np.abs(new.weight - head.weight).max() < 0.2
    assert new.temperatures == head.temperatures


def test_the_end_is_the_least_loss(head: Head) -> None:
    """No small step in any direction makes the loss less."""
    rows, labels, languages = near(3, 12), ["yes", "no"] * 6, ["de", "en"] * 6

    def loss(weight: np.ndarray, bias: np.ndarray) -> float:
        heat = np.array([head.temperatures.get(one, 1.0) for one in languages])
        logits = (rows @ weight.T + bias) / heat[:, None]
        truth = [head.classes.index(one) for one in labels]
        fine = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(12), truth]
        return float(fine.sum() + 0.5 * (((weight - head.weight) ** 2).sum() + ((bias - head.bias) ** 2).sum()))

    new = fit(head, rows, languages, labels)
    least = loss(new.weight.astype(float), new.bias.astype(float))
    for seed in range(20):
        step = np.random.default_rng(seed).normal(0, 1e-2, new.weight.shape)
        assert loss(new.weight + step, new.bias.astype(float)) > least


def test_fitting_is_the_same_every_time(head: Head) -> None:
    first, second = (fit(head, near(5, 30), ["de"] * 30, ["yes"] * 30) for _ in range(2))
    assert (first.weight == second.weight).all()
