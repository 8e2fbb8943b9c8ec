"""Claims about which of several statements is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.survivorship import NAMES, RANK, Statement, survive

START = datetime(2026, 11, 1, tzinfo=UTC)


def said(name: str, value: str, source: str, day: int = 0, confidence: float = 1.0) -> Statement:
    return Statement(name, value, source, START + timedelta(days=day), confidence)


def values(*statements: Statement) -> list[str]:
    return [one.value for one in survive(statements)]


@pytest.mark.parametrize(("better", "worse"), list(zip(RANK, list(RANK)[1:], strict=False)))
def test_a_better_source_wins_however_old_it_is(better: str, worse: str) -> None:
    assert values(said("name", "new", f"{worse}:1", day=9), said("name", "old", f"{better}:1")) == ["old"]


def test_within_a_kind_of_source_the_newest_wins() -> None:
    assert values(said("place", "Kiel", "identity:1", 1), said("place", "Bonn", "identity:2", 2)) == ["Bonn"]


def test_what_many_may_have_is_shown_once_from_its_best_source() -> None:
    found = survive([
        said("email", "Anna@post.example", "typed:cli", 5),
        said("email", "anna@post.example", "crm:Contact:003"),
        said("email", "a@work.example", "identity:1"),
    ])  # fmt: skip
    assert [(one.value, one.source) for one in found] == [
        ("anna@post.example", "crm:Contact:003"),
        ("a@work.example", "identity:1"),
    ]


def test_proven_site_goes_before_one_that_is_only_said() -> None:
    found = values(
        said("site", "https://crm.example", "crm:Contact:003"),
        said("site", "https://said.example", "identity:1", 3, 0.8),
        said("site", "https://proven.example", "identity:2", 1, 1.0),
    )
    assert found == ["https://proven.example", "https://crm.example", "https://said.example"]


def test_empty_values_are_nothing() -> None:
    assert values(said("name", "  ", "crm:Contact:003"), said("name", "Anna", "identity:1")) == ["Anna"]


STATEMENTS = st.lists(
    st.builds(
        said,
        st.sampled_from([*NAMES, "favourite_colour"]),
        st.sampled_from(["a", "b", "B", "c/"]),
        st.sampled_from([f"{kind}:{number}" for kind in RANK for number in (1, 2)]),
        st.integers(0, 3),
        st.sampled_from([0.8, 1.0]),
    ),
    max_size=12,
)


@given(STATEMENTS, st.randoms())
def test_the_order_of_statements_never_matters(statements: list[Statement], random: object) -> None:
    shuffled = list(statements)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # random.Random
    assert survive(shuffled) == survive(statements)


@given(STATEMENTS)
def test_what_is_shown_was_said_and_single_values_are_single(statements: list[Statement]) -> None:
    found = survive(statements)
    assert set(found) <= set(statements)
    singles = [one.name for one in found if not NAMES.get(one.name, False)]
    assert len(singles) == len(set(singles))
    assert {one.name for one in found} == {one.name for one in statements}


@given(STATEMENTS)
def test_showing_what_is_shown_changes_nothing(statements: list[Statement]) -> None:
    found = survive(statements)
    assert survive(found) == found
