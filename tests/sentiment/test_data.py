"""The word lists are well formed, and docs/annotation.md names what an annotation can say."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from sentiment.lexicon import data
from sentiment.port import Intent, Sentiment, Urgency

TEXT = (Path(__file__).parents[2] / "docs" / "annotation.md").read_text("utf-8")
KINDS = {"tone", "boost", "not", "but", *data.CUES}


@pytest.mark.parametrize("language", data.LANGUAGES)
def test_every_line_is_kind_weight_and_terms(language: str) -> None:
    lines = (data.FOLDER / f"{language}.tsv").read_text("utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            kind, weight, terms = line.split("\t")
            assert kind in KINDS
            assert weight == "-" or -4 <= float(weight) <= 4
            assert all(term.strip() for term in terms.split(","))


@pytest.mark.parametrize("language", data.LANGUAGES)
def test_every_language_has_every_kind_of_cue(language: str) -> None:
    lexicon = data.read(language)
    terms = [*lexicon.words.values(), *lexicon.phrases.values()]
    assert all(any(term.cues & cue for term in terms) for cue in data.CUES.values())


@pytest.mark.parametrize("value", [*get_args(Sentiment), *get_args(Intent), *get_args(Urgency)])
def test_every_value_is_documented(value: str) -> None:
    assert value in TEXT
