"""docs/listening.md says what the language can do."""

from __future__ import annotations

import re
from datetime import UTC, date
from pathlib import Path

import pytest

from listening.exports import as_json
from listening.figures.count import GROUPS, Counted
from listening.figures.scope import Scope
from listening.figures.voice import Voice
from listening.query import parse
from listening.query.grammar import _CHOICES, FIELDS
from listening.reports import Period, Report, Sums

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
    day = Period(date(2026, 11, 1), date(2026, 11, 1), UTC)
    nothing = Counted(Sums(), Sums(), [(day.first, Sums())], [], {name: [] for name in (*GROUPS, "label")}, {}, [])
    value = as_json(Report(1, "x", "brand", day, Scope(), nothing, Voice(), [], [], []))
    named = {*value, *value["by_day"][0], "share", "share_before", "whole"} - {"subject", "period", "total", "day"}
    assert not {name for name in named if name not in TEXT}
