"""Clusters of embeddings whose ids stay: pure values in, values out, the same answer each time.

    place    each message goes to the theme it is nearest to, if that is near enough, else into the pool
    grow     clusters that have formed in the pool become themes
    tend     once a day: centres follow their newest messages, themes that are one merge, those that are two split

Near is always meant on average: to the messages of a theme, in units of how near any two messages are by chance
(`spread`), so that it holds for any encoder and any installation. Everything is seen from the mean of all messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from sentiment.themes import kmeans

LEAST = 6
"""Messages of which a theme is born."""
NEAR = 2.0
"""A message belongs to a theme whose messages are on average so near."""
JOIN = 2.2
"""Small clusters are one when the messages of one are on average so near those of the other."""
MERGE = 2.4
"""Themes become one when they are on average so near; above JOIN, so that what was kept apart stays apart."""
SPLIT = 1.7
"""A theme is two when its halves are on average less near than that; below JOIN, so that what was joined stays."""
FINE = 4
"""Messages to each of the small clusters from which themes are joined."""
MOST = 600
"""Small clusters at most."""
HALF_LIFE_DAYS = 30.0
"""After so many days a message pulls at its theme's centre half as much."""
PAIRS = 20_000
"""Random pairs by which the spread is measured."""
SPREADS = (0.05, 0.16)
"""Bounds of the spread: where all is about two or three things, many random pairs are near, and not by chance."""

Array = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]
Ids = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Themes:
    """`ids` (k,), ascending; `centres` (k, d): the mean of a theme's messages as unit vectors around `mean` (d,).

    `weights` (k,) tell how many messages are behind a centre, those of the past counting less.
    """

    ids: Ids
    centres: Array
    weights: Wide
    mean: Array
    spread: float = 1.0
    next_id: int = 1

    @classmethod
    def none(cls, dimensions: int) -> Themes:
        """Before the first one."""
        empty = np.zeros((0, dimensions), np.float32)
        return cls(np.zeros(0, np.int64), empty, np.zeros(0), np.zeros(dimensions, np.float32))

    def around(self, embeddings: Array) -> Array:
        """Embeddings as unit vectors around the mean."""
        return unit(np.asarray(embeddings, np.float32) - self.mean)


@dataclass(frozen=True)
class Tended:
    """What a day's care changed.

    `ids` (n,) is the theme each message is in now, 0 for none; `merged` says what a theme that is gone has become;
    `split` says of a new theme which one it was part of.
    """

    themes: Themes
    ids: Ids
    merged: Mapping[int, int] = field(default_factory=dict)
    split: Mapping[int, int] = field(default_factory=dict)


def unit(rows: Array) -> Array:
    """Rows of length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


# --- every message ---------------------------------------------------------------------------------------


def place(themes: Themes, embeddings: Array) -> Ids:
    """The theme of each embedding, shape (n,); 0 where none is near enough."""
    if not len(themes.ids) or not len(embeddings):
        return np.zeros(len(embeddings), np.int64)
    found = np.empty(len(embeddings), np.int64)
    directions = unit(themes.centres)
    for start in range(0, len(embeddings), kmeans.BATCH):
        rows = themes.around(embeddings[start : start + kmeans.BATCH])
        near = rows @ themes.centres.T >= NEAR * themes.spread
        best = np.argmax(np.where(near, rows @ directions.T, -2), axis=1)
        found[start : start + len(rows)] = np.where(near[np.arange(len(rows)), best], themes.ids[best], 0)
    return found


# --- now and then ----------------------------------------------------------------------------------------


def grow(themes: Themes, pool: Array, seed: int = 0) -> tuple[Themes, Ids]:
    """Themes that have formed in the pool, added; and the theme of each message of the pool, 0 for none.

    The mean and the spread are those of the first messages, until the next `tend`.
    """
    if len(pool) < LEAST:
        return themes, np.zeros(len(pool), np.int64)
    if not len(themes.ids):
        themes = _seen(themes, pool, seed)
    rows = themes.around(pool)
    ids = np.zeros(len(pool), np.int64)
    for group in clusters(rows, themes.spread, seed):
        centre = rows[group].mean(axis=0)
        known = _nearest_theme(themes, centre)
        if not known:
            known = themes.next_id
            themes = _added(themes, centre, len(group))
        ids[group] = known
    return themes, ids


def _seen(themes: Themes, embeddings: Array, seed: int) -> Themes:
    """With the mean and the spread of these messages."""
    found = replace(themes, mean=np.asarray(embeddings, np.float32).mean(axis=0))
    chance = np.random.default_rng(seed)
    left, right = chance.integers(len(embeddings), size=(2, PAIRS))
    rows = found.around(embeddings)
    near = np.concatenate(
        [np.einsum("nd,nd->n", rows[left[n : n + 4096]], rows[right[n : n + 4096]]) for n in range(0, PAIRS, 4096)]
    )[left != right]
    measured = float(near.std()) if len(near) else SPREADS[1]
    return replace(found, spread=min(max(measured, SPREADS[0]), SPREADS[1]))


def _nearest_theme(themes: Themes, centre: Array) -> int:
    """The theme that a group of messages is part of already; 0 for none."""
    if not len(themes.ids):
        return 0
    near = themes.centres @ centre
    return int(themes.ids[np.argmax(near)]) if near.max() >= MERGE * themes.spread else 0


def _added(themes: Themes, centre: Array, size: int) -> Themes:
    return replace(
        themes,
        ids=np.append(themes.ids, themes.next_id),
        centres=np.vstack([themes.centres, centre[None]]).astype(np.float32),
        weights=np.append(themes.weights, float(size)),
        next_id=themes.next_id + 1,
    )


def clusters(rows: Array, spread: float, seed: int = 0) -> list[Ids]:
    """Groups of unit vectors that are near each other, largest first: the numbers of their rows.

    Many small clusters first, joined while two of them are near enough; what stays too small is left out.
    """
    owner = kmeans.spherical(rows, min(max(len(rows) // FINE, 1), MOST), seed)
    joined = _joined(rows, owner, JOIN * spread)
    order = np.argsort(joined, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(joined[order])) + 1)
    kept = [group for group in groups if len(group) >= LEAST and _within(rows[group]) >= JOIN * spread]
    return sorted(kept, key=lambda group: (-len(group), int(group[0])))


def _within(rows: Array) -> float:
    """How near the rows are to each other, on average over all pairs."""
    total, n = rows.sum(axis=0, dtype=np.float64), len(rows)
    return float((total @ total - n) / (n * (n - 1)))


def _joined(rows: Array, owner: Ids, near: float) -> Ids:
    """The cluster each row is in when clusters are joined, nearest first, while they are near on average."""
    _, owner = np.unique(owner, return_inverse=True)
    sizes = np.bincount(owner).astype(np.float64)
    sums = np.zeros((len(sizes), rows.shape[1]))
    np.add.at(sums, owner, rows)
    return linked(sums / sizes[:, None], sizes, near)[owner]


def linked(centres: Wide, sizes: Wide, near: float) -> Ids:
    """Average linkage: for each centre the number of the one it is joined into; the larger one keeps its own."""
    centres, sizes = centres.copy(), sizes.astype(np.float64)
    into, across = np.arange(len(sizes)), centres @ centres.T
    np.fill_diagonal(across, -np.inf)
    while len(sizes) > 1:
        left, right = np.unravel_index(int(np.argmax(across)), across.shape)
        if across[left, right] < near:
            break
        keep, gone = (left, right) if (sizes[left], -left) >= (sizes[right], -right) else (right, left)
        share = sizes[gone] / (sizes[keep] + sizes[gone])
        centres[keep] = (1 - share) * centres[keep] + share * centres[gone]
        sizes[keep] += sizes[gone]
        into[into == gone] = keep
        across[gone, :] = across[:, gone] = -np.inf
        alive = np.isfinite(across[keep])
        across[keep, alive] = across[alive, keep] = centres[alive] @ centres[keep]
    return into


# --- once a day ------------------------------------------------------------------------------------------


def tend(
    themes: Themes, embeddings: Array, ids: Ids, age_days: Wide, keep: Iterable[int] = (), seed: int = 0
) -> Tended:
    """Care for the themes with their newest messages: embeddings (n, d), the theme of each (n,), their age (n,).

    A theme without messages here keeps its centre and fades. Themes in `keep` (a person named them) are never
    merged into others and never split; others may merge into them.
    """
    if not len(themes.ids) or not len(embeddings):
        return Tended(themes, ids.copy())
    kept = frozenset(keep)
    pull = 0.5 ** (np.maximum(age_days, 0) / HALF_LIFE_DAYS)
    themes = _followed(_seen(themes, embeddings, seed), embeddings, ids, pull)
    rows = themes.around(embeddings)
    themes, now, merged = _merge(themes, ids, kept)
    themes, now, split = _split(themes, rows, now, pull, kept, seed)
    return Tended(themes, now, merged, split)


def _followed(themes: Themes, embeddings: Array, ids: Ids, pull: Wide) -> Themes:
    """Centres and weights of the messages given, each by its pull."""
    rows = themes.around(embeddings)
    centres, weights = themes.centres.copy(), np.zeros(len(themes.ids))
    for number, theme in enumerate(themes.ids):
        own = ids == theme
        weights[number] = pull[own].sum()
        if weights[number] > 0:
            centres[number] = pull[own] @ rows[own] / weights[number]
    return replace(themes, centres=centres, weights=weights)


def _merge(themes: Themes, ids: Ids, kept: frozenset[int]) -> tuple[Themes, Ids, dict[int, int]]:
    heavy = np.array([1e9 if int(one) in kept else 0.0 for one in themes.ids]) + themes.weights + 1e-6
    into = linked(themes.centres.astype(np.float64), heavy, MERGE * themes.spread)
    merged = {
        int(gone): int(themes.ids[into[n]])
        for n, gone in enumerate(themes.ids)
        if into[n] != n and int(gone) not in kept
    }
    if not merged:
        return themes, ids.copy(), {}
    now = np.array([merged.get(int(one), int(one)) for one in ids], np.int64)
    left = np.array([int(one) not in merged for one in themes.ids])
    centres, weights = themes.centres.copy(), themes.weights.copy()
    place_of = {int(one): n for n, one in enumerate(themes.ids)}
    for gone, one in merged.items():
        a, b = place_of[one], place_of[gone]
        total = max(weights[a] + weights[b], 1e-9)
        centres[a] = (weights[a] * centres[a] + weights[b] * centres[b]) / total
        weights[a] = total
    return replace(themes, ids=themes.ids[left], centres=centres[left], weights=weights[left]), now, merged


def _split(
    themes: Themes, rows: Array, ids: Ids, pull: Wide, kept: frozenset[int], seed: int
) -> tuple[Themes, Ids, dict[int, int]]:
    now, split = ids.copy(), dict[int, int]()
    for theme in [int(one) for one in themes.ids if int(one) not in kept]:
        own = np.flatnonzero(now == theme)
        if len(own) < 2 * LEAST:
            continue
        half = kmeans.spherical(rows[own], 2, seed)
        if half.mean() > 0.5:
            half = 1 - half  # the larger half keeps the id
        less, more = own[half == 1], own[half == 0]
        if len(less) < LEAST or float(rows[less].mean(axis=0) @ rows[more].mean(axis=0)) >= SPLIT * themes.spread:
            continue
        split[themes.next_id] = theme
        now[less] = themes.next_id
        themes = _added(themes, rows[less].mean(axis=0), len(less))
        number = int(np.flatnonzero(themes.ids == theme)[0])
        centres, weights = themes.centres.copy(), themes.weights.copy()
        centres[number], weights[number] = rows[more].mean(axis=0), pull[more].sum()
        weights[-1] = pull[less].sum()
        themes = replace(themes, centres=centres, weights=weights)
    return themes, now, split


def recentred(themes: Themes, embeddings: Array, ids: Ids, seed: int = 0) -> Themes:
    """The same themes seen by another encoder: embeddings (n, d) of their messages, the theme of each (n,).

    A theme without a message here is left out.
    """
    there = np.isin(themes.ids, ids)
    empty = np.zeros((int(there.sum()), embeddings.shape[1]), np.float32)
    bare = replace(themes, ids=themes.ids[there], centres=empty, weights=themes.weights[there])
    return _followed(_seen(bare, embeddings, seed), embeddings, ids, np.ones(len(ids)))
