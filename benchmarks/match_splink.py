"""Splink as the benchmark's baseline: as the product uses it (`enrichment.matching.em`), and one account at a time."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from enrichment.matching import em
from enrichment.matching.people import Account, Person


@dataclass
class Trained:
    """What Splink learnt and found: seconds, and (account, contact, probability) of each pair."""

    train_s: float
    predict_s: float
    pairs: list[tuple[str, str, float]]
    model: dict[str, Any]


def train(people: Sequence[Person], accounts: Sequence[Account]) -> Trained:
    """Train by EM without labels, and predict."""
    db = em.engine("duckdb")
    known = em.rows_of_people(people)
    seen = em.rows_of_accounts(accounts, known)
    begun = time.perf_counter()
    found = em.train(db, known, seen)
    trained = time.perf_counter()
    pairs = found.pairs()
    return Trained(trained - begun, time.perf_counter() - trained, pairs, found.model)


def one_by_one(people: Iterable[Person], accounts: Sequence[Account], model: dict[str, Any]) -> list[float]:
    """Seconds for each account alone against the whole CRM."""
    from splink import Linker

    db = em.engine("duckdb")
    known = em.rows_of_people(people)
    rows = em.rows_of_accounts(accounts, known)
    frames = [em.table(db, known, "crm"), em.table(db, rows, "seen")]
    linker = Linker(frames, model, log_level=logging.ERROR)
    for column in ("given", "surname", "town", "company"):
        linker.table_management.compute_tf_table(column)
    times = []
    for number, row in enumerate(rows):
        left = em.table(db, [row], f"single_{number}")
        begun = time.perf_counter()
        linker.inference.predict_between(left, frames[0], link_type="link_and_dedupe")
        times.append(time.perf_counter() - begun)
    return times
