"""The hard cases are well formed and there are enough of them; docs/annotation.md says how they come out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentiment.lexicon import LexiconAnnotator
from sentiment.port import CLASSES
from tests.sentiment.cases import LANGUAGES, rows
from tests.sentiment.hard_cases import by_kind, main

TEXT = (Path(__file__).parents[2] / "docs" / "annotation.md").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_of_many_kinds_and_no_text_twice(language: str) -> None:
    cases = rows("hard", language)
    assert len(cases) >= 60
    assert len({text for text, _, _ in cases}) == len(cases)
    assert {label for _, label, _ in cases} == {*CLASSES}
    assert len({kind for _, _, kind in cases}) >= 13


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_has_its_line_in_the_documentation(language: str) -> None:
    assert all(f"| {kind} |" in TEXT for _, _, kind in rows("hard", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lexicon_does_what_the_documentation_says(language: str) -> None:
    scores = by_kind(LexiconAnnotator(), language)
    right, n = (sum(place) for place in zip(*scores.values(), strict=True))
    assert f"{100 * right / n:.1f} % of {n}" in TEXT


def test_both_tables_are_printed() -> None:
    lines: list[str] = []
    main(["lexicon"], lines.append)
    assert "| sarcasm |" in "".join(lines)
    assert "by its clauses" in "".join(lines)
