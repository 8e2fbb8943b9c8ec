"""docs/listening.md says what the language can do."""

from __future__ import annotations

import re
from datetime import UTC, date
from pathlib import Path

import pytest

from listening.exports import as_json
from listening.query import parse
from listening.query.grammar import _CHOICES, FIELDS
from listening.reports import Period, Report, Tally

TEXT = (Path(__file__).parents[2] / "docs" / "listening.md").read_text("utf-8")


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_is_explained(field: str) -> None:
    assert f"`{field}:" in TEXT


@pytest.mark.parametrize("value", [value for name in ("sentiment", "intent", "has", "is") for value in _CHOICES[name]])
def test_every_value_is_named(value: str) -> None:
    assert value in TEXT


def test_the_examples_can_be_read() -> None:
    (block,) = re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
    assert [parse(line) for line in block.splitlines() if line]


def test_every_figure_of_a_report_is_defined() -> None:
    span = Period(date(2026, 11, 1), date(2026, 11, 1), UTC)
    empty = Report(1, "x", "brand", span, Tally(), Tally(), 0, 0, [], [], [], [], [])
    named = {*as_json(empty), *Tally().as_dict()} - {"subject", "period", "previous_period", "total"}
    assert not {name for name in named if name not in TEXT}
