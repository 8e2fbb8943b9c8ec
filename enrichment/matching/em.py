"""Splink on a CRM's people and on accounts: normalised columns, EM without labels. The optional extra `[identity]`.

Used to learn weights (`enrichment.matching.learn`) and as the benchmark's baseline. On DuckDB, or on Spark where
the data do not fit one machine. `predict_between` is always told `link_and_dedupe`: with `link_only` it compares
everybody with everybody in version 5. https://moj-analytical-services.github.io/splink/
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from tempfile import gettempdir
from typing import Any

from core.errors import NotConfigured
from enrichment.matching.people import Account, Person

COLUMNS = ("unique_id", "given", "surname", "email", "phone", "town", "company", "site")
ENGINES = ("duckdb", "spark")
LEAST = 0.001
"""Pairs less likely than this are not told."""

Row = tuple[str, ...]


def installed() -> bool:
    """Whether the extra `[identity]` is there."""
    return find_spec("splink") is not None


def engine(name: str) -> Any:
    """Splink's database: duckdb here, or spark by the settings of the Spark at hand; NotConfigured when missing."""
    if not installed():
        raise NotConfigured("Splink is not installed. Install it: pip install 'widerhall[identity]'.")
    warnings.simplefilter("ignore")
    logging.getLogger("splink").setLevel(logging.ERROR)
    if name == "spark":
        if find_spec("pyspark") is None:
            raise NotConfigured("Spark is chosen, but pyspark is not installed. Install it, or choose duckdb.")
        from pyspark.sql import SparkSession
        from splink.backends.spark import SparkAPI, similarity_jar_location

        made: Any = SparkAPI
        spark = SparkSession.builder.appName("widerhall").config("spark.jars", similarity_jar_location())
        spark = spark.config("spark.sql.warehouse.dir", gettempdir())
        return made(spark_session=spark.getOrCreate(), break_lineage_method="persist")
    from splink import DuckDBAPI

    return DuckDBAPI()


# --- both sides as columns ---------------------------------------------------------------------------


def rows_of_people(people: Iterable[Person]) -> list[Row]:
    """Contacts in the order of COLUMNS."""
    return [
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
    ]


def rows_of_accounts(accounts: Iterable[Account], people: Sequence[Row]) -> list[Row]:
    """Accounts so too: the shown name cut in two, the company where the bio names one of the CRM."""
    surnames, companies = {row[2] for row in people}, {row[6] for row in people}
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


def table(db: Any, rows: Sequence[Row], name: str) -> Any:
    """Rows as one of Splink's tables, empty cells as null."""
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ((),) * len(COLUMNS)
    found = pa.table({name: pa.array([cell or None for cell in cells], pa.string())
                      for name, cells in zip(COLUMNS, columns, strict=True)})  # fmt: skip
    return db.register(found, dataset_display_name=name)


# --- learning ----------------------------------------------------------------------------------------


@dataclass
class Trained:
    """A trained linker, Splink's own; `model` is what it saves."""

    linker: Any
    model: dict[str, Any] = field(default_factory=dict)

    def shares(self, column: str) -> dict[str, tuple[float, float]]:
        """Level of a column → (how often true pairs have it, how often strangers do); "else" for no agreement.

        Levels that nothing was learned about are left out.
        """
        (one,) = (c for c in self.model["comparisons"] if c["output_column_name"] == column)
        found: dict[str, tuple[float, float]] = {}
        levels = [level for level in one["comparison_levels"] if not level.get("is_null_level")]
        for place, level in enumerate(levels):
            name = "else" if place == len(levels) - 1 else ("exact" if place == 0 else f"near{place}")
            if level.get("m_probability") is not None and level.get("u_probability"):
                found[name] = (float(level["m_probability"]), float(level["u_probability"]))
        return found

    def pairs(self) -> list[tuple[str, str, float]]:
        """(account, contact, probability) of every pair that blocking brings together."""
        found = self.linker.inference.predict(threshold_match_probability=LEAST)
        columns = "source_dataset_l, unique_id_l, unique_id_r, match_probability"
        told = found.query_sql(f"SELECT {columns} FROM {{this}}").as_dict()  # noqa: S608  # our own names
        return [
            (right, left, share) if source == "crm" else (left, right, share)
            for source, left, right, share in zip(*(told[name] for name in columns.split(", ")), strict=True)
        ]


def train(db: Any, people: Sequence[Row], accounts: Sequence[Row], seed: int = 1) -> Trained:
    """Learn by EM without labels how columns agree on true pairs and among strangers."""
    from splink import Linker, block_on

    frames = [table(db, people, "crm"), table(db, accounts, "seen")]
    linker = Linker(frames, settings(), log_level=logging.ERROR)
    sure: list[Any] = [block_on("email"), block_on("phone"), block_on("surname", "given", "town")]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.4)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
    for rule in (block_on("surname", "given"), block_on("town", "substr(surname, 1, 3)"), block_on("given", "town")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, record_sample_proportion=1.0)
    return Trained(linker, linker.misc.save_model_to_json())


def settings() -> Any:
    """What is compared, and which pairs are brought together at all."""
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
