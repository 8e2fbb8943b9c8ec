from __future__ import annotations

import numpy as np
import pytest

from sentiment.themes import cluster, kmeans
from sentiment.themes.cluster import Themes, grow, place, tend

D = 32


def blobs(*sizes: int, noise: float = 0.25, seed: int = 0, first: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit rows around as many directions as there are sizes, shuffled; and which one each is of."""
    chance = np.random.default_rng(seed)
    middles = np.random.default_rng(99).normal(size=(first + len(sizes), D))
    middles /= np.linalg.norm(middles, axis=1, keepdims=True)
    truth = np.repeat(np.arange(first, first + len(sizes)), sizes)
    rows = middles[truth] + 0.5 + chance.normal(size=(len(truth), D)) * noise / np.sqrt(D) * 2
    order = chance.permutation(len(truth))
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[order].astype(np.float32), truth[order]


def pure(ids: np.ndarray, truth: np.ndarray) -> bool:
    return all(len(set(ids[truth == one].tolist())) == 1 for one in set(truth.tolist()))


def test_themes_form_where_messages_are_near_each_other() -> None:
    rows, truth = blobs(30, 30, 30, 30, 30)
    themes, ids = grow(Themes.none(D), rows)
    assert themes.ids.tolist() == [1, 2, 3, 4, 5]
    assert pure(ids, truth)


def test_too_few_messages_are_no_theme() -> None:
    rows, _ = blobs(cluster.LEAST - 1)
    themes, ids = grow(Themes.none(D), rows)
    assert not len(themes.ids)
    assert not ids.any()


def test_growing_twice_gives_the_same() -> None:
    rows, _ = blobs(20, 30, 40)
    assert (grow(Themes.none(D), rows, 3)[1] == grow(Themes.none(D), rows, 3)[1]).all()


def test_what_comes_later_goes_to_the_theme_it_is_about() -> None:
    rows, truth = blobs(30, 30, 30, 30)
    themes, ids = grow(Themes.none(D), rows)
    more, about = blobs(10, 10, 10, 10, seed=5)
    name = {int(t): int(i) for t, i in zip(truth, ids, strict=True)}
    assert (place(themes, more) == [name[int(one)] for one in about]).mean() > 0.95


def test_what_nothing_is_known_about_goes_into_the_pool_and_becomes_a_theme() -> None:
    themes, _ = grow(Themes.none(D), blobs(30, 30, 30, 30)[0])
    strange, _ = blobs(12, seed=2, first=9)
    assert not place(themes, strange).any()
    grown, ids = grow(themes, strange)
    assert grown.ids.tolist() == [1, 2, 3, 4, 5]
    assert set(ids.tolist()) == {5}


def test_a_message_is_placed_the_same_whatever_comes_with_it() -> None:
    rows, _ = blobs(30, 30, 30)
    themes, _ = grow(Themes.none(D), rows)
    assert (place(themes, rows) == [place(themes, row[None])[0] for row in rows]).all()


def test_ids_stay_over_a_day_of_care() -> None:
    rows, _ = blobs(30, 40, 50)
    themes, ids = grow(Themes.none(D), rows)
    tended = tend(themes, rows, ids, np.zeros(len(rows)))
    assert (tended.ids == ids).all()
    assert (tended.merged, tended.split) == ({}, {})


def halved(rows: np.ndarray, ids: np.ndarray, theme: int, new: int) -> np.ndarray:
    own = np.flatnonzero(ids == theme)
    other = ids.copy()
    other[own[: len(own) // 3]] = new
    return other


def test_themes_that_are_one_merge_into_the_larger() -> None:
    rows, _ = blobs(30, 40, 50)
    themes, ids = grow(Themes.none(D), rows)
    two = halved(rows, ids, 1, 4)
    twice = cluster._added(themes, themes.centres[0], 16)
    tended = tend(twice, rows, two, np.zeros(len(rows)))
    assert tended.merged == {4: 1}
    assert (tended.ids == ids).all()
    assert tended.themes.ids.tolist() == [1, 2, 3]


def test_a_theme_a_person_named_is_what_others_merge_into() -> None:
    rows, _ = blobs(30, 40, 50)
    themes, ids = grow(Themes.none(D), rows)
    twice = cluster._added(themes, themes.centres[0], 16)
    assert tend(twice, rows, halved(rows, ids, 1, 4), np.zeros(len(rows)), keep={4}).merged == {1: 4}
    assert tend(twice, rows, halved(rows, ids, 1, 4), np.zeros(len(rows)), keep={1, 4}).merged == {}


def test_a_theme_that_is_two_splits_and_the_larger_half_keeps_the_id() -> None:
    rows, truth = blobs(40, 25, 30, 30)
    themes, ids = grow(Themes.none(D), rows)
    one, other = (int(ids[truth == n][0]) for n in (0, 1))
    both = np.where(ids == other, one, ids)
    kept = cluster.replace(
        themes, ids=themes.ids[themes.ids != other], centres=themes.centres[themes.ids != other],
        weights=themes.weights[themes.ids != other],
    )  # fmt: skip
    tended = tend(kept, rows, both, np.zeros(len(rows)))
    assert tended.split == {5: one}
    assert (tended.ids[truth == 0] == one).all()
    assert (tended.ids[truth == 1] == 5).all()
    assert tend(kept, rows, both, np.zeros(len(rows)), keep={one}).split == {}


def test_old_messages_pull_less() -> None:
    rows, _ = blobs(30, 40, 50)
    themes, ids = grow(Themes.none(D), rows)
    ages = np.where(np.arange(len(rows)) % 2, 300.0, 0.0)
    tended = tend(themes, rows, ids, ages)
    fresh = themes.ids[0] == ids[ages == 0]
    assert tended.themes.weights[0] == pytest.approx(fresh.sum(), abs=0.1)


def test_another_encoder_keeps_the_ids() -> None:
    rows, _ = blobs(30, 40, 50)
    themes, ids = grow(Themes.none(D), rows)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(D, D)))[0].astype(np.float32)
    turned = cluster.recentred(themes, rows @ turn, ids)
    assert (place(turned, rows @ turn) == ids).mean() > 0.97


@pytest.mark.parametrize("whole", [20_000, 50])
def test_kmeans_finds_what_is_apart(whole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kmeans, "WHOLE", whole)
    monkeypatch.setattr(kmeans, "BATCHES", 20)
    rows, truth = blobs(60, 60, 60)
    owner = kmeans.spherical(cluster.unit(rows - rows.mean(axis=0)), 3)
    assert pure(owner, truth)
    assert len(set(owner.tolist())) == 3
