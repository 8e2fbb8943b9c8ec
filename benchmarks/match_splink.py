"""Splink on the benchmark's people: the same normalised columns, EM without labels, DuckDB. An optional extra.

`predict_between` is told `link_and_dedupe`: with `link_only` it compares everybody with everybody in version 5.
"""

from __future__ import annotations

import csv
import logging
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from enrichment.matching.people import Account, Person

COLUMNS = ("unique_id", "given", "surname", "email", "phone", "town", "company", "site")


def installed() -> bool:
    """Whether the extra `[identity]` is there."""
    return find_spec("splink") is not None


def rows_of_people(people: Iterable[Person]) -> Iterator[tuple[str, ...]]:
    """Contacts as Splink's columns."""
    return (
        (
            one.id,
            one.name.given_whole.text if one.name.given_whole else "",
            one.name.surname_whole.text if one.name.surname_whole else "",
            one.emails[0] if one.emails else "",
            one.phones[0] if one.phones else "",
            one.town,
            one.company[0] if one.company else "",
            one.sites[0] if one.sites else "",
        )
        for one in people
    )


def rows_of_accounts(accounts: Iterable[Account], companies: set[str], surnames: set[str]) -> list[tuple[str, ...]]:
    """Accounts as Splink's columns: the shown name cut in two, the company where the bio names one of the CRM."""
    return [
        (
            one.id,
            *_parts([word.text for word in one.shown], surnames),
            one.emails[0] if one.emails else "",
            one.phones[0] if one.phones else "",
            one.towns[0] if one.towns else "",
            next((word for word in one.texts.split() if word in companies), ""),
            next(iter((*one.proven, *one.said)), ""),
        )
        for one in accounts
    ]


def _parts(words: Sequence[str], surnames: set[str]) -> tuple[str, str]:
    if len(words) == 1 and not words[0].isascii():
        cuts = [(words[0][at:], words[0][:at]) for at in range(1, len(words[0]))]
        return next((cut for cut in cuts if cut[1] in surnames), ("", words[0]))
    if len(words) < 2:
        return (words[0] if words else ""), ""
    return (words[1], words[0]) if words[0] in surnames and words[-1] not in surnames else (words[0], words[-1])


@dataclass
class Trained:
    """What Splink learnt and found: seconds, and (account, contact, probability) of each pair."""

    train_s: float
    predict_s: float
    pairs: list[tuple[str, str, float]]
    model: dict[str, Any]


def train(folder: Path, people: Sequence[Person], accounts: Sequence[Account]) -> Trained:
    """Train by EM without labels, and predict."""
    _quiet()
    from splink import DuckDBAPI, Linker, block_on

    db = DuckDBAPI()
    frames = _frames(db, folder, people, accounts)
    begun = time.perf_counter()
    linker = Linker(frames, _settings(), log_level=logging.ERROR)
    sure: list[Any] = [block_on("email"), block_on("phone"), block_on("surname", "given", "town")]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.4)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("surname", "given"), block_on("town", "substr(surname, 1, 3)")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
    trained = time.perf_counter()
    found = linker.inference.predict(threshold_match_probability=0.001)
    columns = "source_dataset_l, unique_id_l, unique_id_r, match_probability"
    rows = db.duckdb_con.execute(f"SELECT {columns} FROM {found.physical_name}").fetchall()
    pairs = [(right, left, p) if "crm" in source else (left, right, p) for source, left, right, p in rows]
    model: dict[str, Any] = linker.misc.save_model_to_json()
    return Trained(trained - begun, time.perf_counter() - trained, pairs, model)


def one_by_one(
    folder: Path, people: Iterable[Person], accounts: Sequence[Account], model: dict[str, Any]
) -> list[float]:
    """Seconds for each account alone against the whole CRM."""
    _quiet()
    from splink import DuckDBAPI, Linker

    db = DuckDBAPI()
    frames = _frames(db, folder, people, accounts)
    linker = Linker(frames, model, log_level=logging.ERROR)
    for column in ("given", "surname", "town", "company"):
        linker.table_management.compute_tf_table(column)
    times = []
    for number, one in enumerate(accounts):
        db.duckdb_con.execute(f"CREATE TABLE one_{number} AS SELECT * FROM seen WHERE unique_id = '{one.id}'")
        left = db.register(f"one_{number}", dataset_display_name=f"single_{number}")
        right = db.register("crm", dataset_display_name=f"crm_{number}")
        begun = time.perf_counter()
        linker.inference.predict_between(left, right, link_type="link_and_dedupe")
        times.append(time.perf_counter() - begun)
    return times


def _quiet() -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)


def _settings() -> Any:
    from splink import SettingsCreator, block_on
    from splink import comparison_library as cl

    rules: list[Any] = [
        *(block_on("surname", "given"), block_on("email"), block_on("phone"), block_on("site")),
        *(block_on("surname", "town"), block_on("surname", "substr(given, 1, 1)"), block_on("surname", "company")),
        *(
            block_on("given", "town", "company"),
            block_on("given", "substr(surname, 1, 3)"),
            block_on("town", "company"),
        ),
    ]
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("given", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.85]).configure(term_frequency_adjustments=True),
            *(cl.ExactMatch(column) for column in ("email", "phone", "site")),
            cl.ExactMatch("town").configure(term_frequency_adjustments=True),
            cl.ExactMatch("company").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=rules,
    )


def _frames(db: Any, folder: Path, people: Iterable[Person], accounts: Sequence[Account]) -> list[Any]:
    """Both sides as tables in DuckDB, empty cells as null."""
    companies: set[str] = set()
    surnames: set[str] = set()
    _write(folder / "crm.csv", _noted(rows_of_people(people), surnames, companies))
    _write(folder / "seen.csv", rows_of_accounts(accounts, companies, surnames))
    for name in ("crm", "seen"):
        columns = ", ".join(f"nullif({column}, '') AS {column}" for column in COLUMNS)
        source = f"read_csv('{folder / name}.csv', header=true, all_varchar=true)"
        db.duckdb_con.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM {source}")
    return [db.register(name, dataset_display_name=f"{name}_people") for name in ("crm", "seen")]


def _noted(rows: Iterable[tuple[str, ...]], surnames: set[str], companies: set[str]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        surnames.add(row[2])
        companies.add(row[6])
        yield row


def _write(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
