"""Weights learned without labels: what is taken over from EM, within bounds; and Splink's traps."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pytest

from benchmarks import match_splink
from benchmarks.people_world import world
from core.errors import NotConfigured, Rejected
from enrichment.matching import em, learn
from enrichment.matching.people import Account, Person, account, person
from enrichment.matching.weights import shipped

COLUMNS = {
    "given": {"exact": (0.8, 0.01), "near1": (0.1, 0.001), "else": (0.1, 0.989)},
    "surname": {"exact": (0.9, 0.001), "else": (0.1, 0.999)},
    "town": {"exact": (0.8, 0.04), "else": (0.2, 0.96)},
}


@lru_cache(maxsize=1)
def made() -> tuple[Sequence[Person], Sequence[Account]]:
    found = world(900, 700, 5)
    return [person(one) for one in found.contacts], [account(one) for one in found.profiles]


def test_what_means_the_same_is_taken_over() -> None:
    found = learn.values(0.4, COLUMNS)
    assert found == {"in_crm": 0.4, "full": 0.72, "other_town": round(0.2 / 0.96, 4)}


def test_what_em_could_not_tell_is_left_as_it_is() -> None:
    assert learn.values(0.4, {"given": {}, "surname": {}, "town": {}}) == {"in_crm": 0.4}


def test_no_weight_leaves_its_bounds() -> None:
    found = learn.values(0.001, {**COLUMNS, "town": {"else": (0.9, 0.1)}})
    now = learn.current(shipped())
    assert found["in_crm"] == round(now["in_crm"] / learn.WITHIN, 4)
    assert found["other_town"] == round(now["other_town"] * learn.WITHIN, 4)


def test_learned_weights_stand_in_the_place_of_shipped_ones() -> None:
    weights = learn.applied(shipped(), {"full": 0.7, "other_town": 0.2, "in_crm": 0.3})
    assert learn.current(weights) == {"in_crm": 0.3, "full": 0.7, "other_town": 0.2}
    assert weights.names["initial"] == shipped().names["initial"]
    assert weights.shared["same_town"] == shipped().shared["same_town"]


def test_an_unknown_weight_is_named() -> None:
    with pytest.raises(Rejected, match="No weight is called shoe_size"):
        learn.applied(shipped(), {"shoe_size": 44})


def test_a_file_of_learned_weights_is_read_again() -> None:
    found = learn.Learned({"in_crm": 0.4, "full": 0.72}, 500, 400, 160)
    assert learn.read(learn.toml(found)) == found.values


@pytest.mark.parametrize("text", ["", "[calibration]\nslope = 1", "learned = 3", "[learned]\nfull = 'much'", "{"])
def test_another_file_is_refused(text: str) -> None:
    with pytest.raises(Rejected, match="no file of learned weights"):
        learn.read(text)


def test_too_few_people_teach_nothing() -> None:
    people, accounts = made()
    with pytest.raises(Rejected, match="There are 30 contacts and 700 accounts"):
        learn.learned(people[:30], accounts)


def test_an_engine_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(em, "find_spec", lambda name: None if name == "pyspark" else object())
    with pytest.raises(NotConfigured, match="pyspark is not installed"):
        em.engine("spark")
    monkeypatch.setattr(em, "find_spec", lambda _: None)
    with pytest.raises(NotConfigured, match="Splink is not installed"):
        em.engine("duckdb")


def test_em_learns_from_people_without_labels() -> None:
    found = learn.learned(*made())
    assert 0.25 < found.values["in_crm"] < 0.65  # half of the accounts are known
    assert 0.5 < found.values["full"] <= 0.95
    assert 100 < found.pairs < 500


def test_the_same_people_teach_the_same() -> None:
    assert learn.learned(*made()) == learn.learned(*made())


# --- the quadratic trap ------------------------------------------------------------------------------

QUADRATIC = "__splink__blocked_id_pairs_unfiltered"
"""With link_only, predict_between joins the pairs it has to both sides again, on an expression: everybody is compared
with everybody (8,000 people: 4.4 s against 0.4 s)."""


def said_to_the_database(db: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement from here on."""
    found: list[str] = []
    whole = db._execute_sql_against_backend

    def listening(sql: str, *more: Any, **named: Any) -> Any:
        found.append(sql)
        return whole(sql, *more, **named)

    monkeypatch.setattr(db, "_execute_sql_against_backend", listening)
    return found


@pytest.mark.parametrize(("link_type", "trapped"), [("link_only", True), ("link_and_dedupe", False)])
def test_the_trap_is_in_predict_between_with_link_only(
    link_type: str, trapped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from splink import Linker

    people, accounts = made()
    db = em.engine("duckdb")
    known = em.rows_of_people(people)
    frames = [em.table(db, known, "crm"), em.table(db, em.rows_of_accounts(accounts, known), "seen")]
    linker = Linker(frames, em.settings(), log_level=logging.ERROR)
    for column in ("given", "surname", "town", "company"):
        linker.table_management.compute_tf_table(column)
    said = said_to_the_database(db, monkeypatch)
    linker.inference.predict_between(frames[1], frames[0], link_type=link_type)
    assert any(QUADRATIC in sql for sql in said) is trapped


def test_learning_does_not_step_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    people, accounts = made()
    db = em.engine("duckdb")
    known = em.rows_of_people(people)
    said = said_to_the_database(db, monkeypatch)
    pairs = em.train(db, known, em.rows_of_accounts(accounts, known)).pairs()
    assert said
    assert not any(QUADRATIC in sql for sql in said)
    assert 0 < len(pairs) <= len(people) * len(accounts) / 100


def test_the_benchmark_s_single_accounts_do_not_step_into_it(monkeypatch: pytest.MonkeyPatch) -> None:
    people, accounts = made()
    known = em.rows_of_people(people)
    db = em.engine("duckdb")
    model = em.train(db, known, em.rows_of_accounts(accounts, known)).model
    fresh = em.engine("duckdb")
    said = said_to_the_database(fresh, monkeypatch)
    monkeypatch.setattr(em, "engine", lambda _: fresh)
    assert len(match_splink.one_by_one(people, accounts[:2], model)) == 2
    assert said
    assert not any(QUADRATIC in sql for sql in said)
