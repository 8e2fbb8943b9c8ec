"""What a message says of each brand it names; the written cases are measured, docs/annotation.md holds the figures."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sentiment.clauses import clauses, mark
from sentiment.lexicon import LexiconAnnotator
from sentiment.port import CLASSES
from sentiment.towards import Probabilities, classifier, towards
from tests.sentiment.cases import LANGUAGES, rows
from web.cli.commands import app

BRANDS = [["Lumo"], ["Habora", "habora_help"]]


def simple(texts: list[str]) -> list[Probabilities]:
    """Good is positive, bad is negative, all else neutral."""
    good, bad = (0.1, 0.1, 0.8), (0.8, 0.1, 0.1)
    return [good if "good" in text else bad if "bad" in text else (0.1, 0.8, 0.1) for text in texts]


def said(text: str, brands: list[list[str]] = BRANDS) -> list[str | None]:
    return [one.sentiment if one else None for one in towards(text, brands, simple)]


def test_each_brand_gets_its_own_clause() -> None:
    assert said("Lumo is good but Habora is bad") == ["positive", "negative"]


def test_a_clause_without_a_name_belongs_to_the_last_one() -> None:
    assert said("Lumo again. So good! Habora was there too.") == ["positive", "neutral"]


def test_what_stands_before_any_name_belongs_to_the_first() -> None:
    assert said("Really good today. Thanks Lumo! Habora came later.") == ["positive", "neutral"]


def test_a_list_shares_what_is_said() -> None:
    assert said("Lumo and Habora are good") == ["positive", "positive"]


def test_the_whole_text_counts_where_one_brand_is_named() -> None:
    found = towards("Lumo? I waited, but it was good.", BRANDS, simple)
    assert found[0] is not None
    assert found[0].parts == ("Lumo? I waited, but it was good.",)
    assert found[1] is None


@pytest.mark.parametrize(
    "text",
    ["Lumo is so good, more so than Habora", "Unlike Habora, Lumo is good", "Lumo ist good, besser als Habora",
     "HaboraよりLumoのほうがgood", "Lumo > Habora", "I switched from Habora to Lumo", "Ich nehme Lumo statt Habora",
     "Habora isn't as good as Lumo", "Habora ist nicht so gut wie Lumo", "HaboraからLumoに乗り換えた"],
)  # fmt: skip
def test_a_comparison_says_the_opposite_of_the_other(text: str) -> None:
    assert said(text) == ["positive", "negative"]


def test_names_are_found_in_any_spelling_and_inside_japanese() -> None:
    brands = [["Müller Bräu"], ["Lumo"]]
    found = mark("@MUELLER_BRAEU, #lumo! Müller-Bräus Bier, Lumoは, Lumograph", brands)
    assert found.brands == [0, 1, 0, 1]


def test_the_longest_name_wins() -> None:
    assert mark("Lumo Air or Lumo", [["Lumo"], ["Lumo Air"]]).brands == [1, 0]


def test_letters_that_only_look_alike_do_no_harm() -> None:
    assert mark("Lumoſ İstanbul ſ", [["s"], ["istanbul"], ["Lumos"]]).text


def test_a_text_made_to_be_slow_is_not() -> None:
    start = time.process_time()
    said("choose Lumo Habora " * 210)
    assert time.process_time() - start < 0.5


def test_no_text_is_lost_between_clauses() -> None:
    text = "Lumo is here, and Habora is there; both while it rains, but fine. 😀 Lumoは良いけど、Haboraは…"
    marked = mark(text, BRANDS)
    assert "".join("".join(clauses(marked)).split()) == "".join(marked.text.split())


@given(st.text(max_size=80), st.lists(st.lists(st.text(max_size=6), min_size=1, max_size=2), max_size=3))
def test_every_brand_gets_an_answer_whatever_is_written(text: str, brands: list[list[str]]) -> None:
    found = towards(text, brands, simple)
    assert len(found) == len(brands)
    assert all(one is None or sum(one.probabilities) == pytest.approx(1) for one in found)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_written_cases_are_judged_better_than_by_the_whole_message(language: str) -> None:
    annotator = LexiconAnnotator()
    classify = classifier(annotator, language)
    right = whole = n = 0
    for text, brands, labels in rows("towards", language):
        found = towards(text, [names.split("|") for names in brands.split(";")], classify)
        same = classify([text])[0]
        for one, label in zip(found, labels.split(";"), strict=True):
            n += 1
            right += one is not None and CLASSES[one.probabilities.index(max(one.probabilities))] == label
            whole += CLASSES[same.index(max(same))] == label
    assert n >= 80
    assert right / n >= 0.82
    assert right - whole >= 0.25 * n


def test_the_command_answers_for_each_brand(database: str) -> None:
    line = ["sentiment", "towards", "Lumo is great, @habora_help is awful.", "--brand", "Lumo"]
    answer = CliRunner().invoke(app, [*line, "--brand", "Habora|habora_help", "--annotator", "lexicon", "--json"])
    assert [(one["brand"], one["sentiment"]) for one in json.loads(answer.stdout)] == [
        ("Lumo", "positive"),
        ("Habora", "negative"),
    ]
