"""The annotator on the command line: measured, asked, and what it cannot do."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.living import done, widerhall

pytestmark = pytest.mark.xdist_group("living")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    texts, labels = tmp_path / "texts.txt", tmp_path / "labels.txt"
    texts.write_text("This is wonderful, thank you!\nThis is terrible and broken\nWhere is my parcel?\n")
    labels.write_text("2\n0\n1\n")
    return texts, labels


def test_evaluation_prints_fractions_an_interval_and_the_speed(hub: None, files: tuple[Path, Path]) -> None:
    texts, labels = files
    found = done("sentiment", "evaluate", "--texts", texts, "--labels", labels, "--annotator", "lexicon")
    assert {"n", "macro_f1", "macro_recall", "accuracy", "calibration_error", "per_class", "interval"} <= set(found)
    assert found["n"] == 3
    assert 0 <= found["interval"][0] <= found["macro_f1"] <= found["interval"][1] <= 1
    assert 0 <= found["calibration_error"] <= 1
    assert found["messages_per_second"] > 0
    assert found["annotator"] == "lexicon"


def test_evaluation_is_read_by_people_too(hub: None, files: tuple[Path, Path]) -> None:
    said = widerhall("sentiment", "evaluate", "--texts", files[0], "--labels", files[1], "--annotator", "lexicon")
    assert said.code == 0
    assert "macro_f1" in said.out


def test_what_the_annotator_cannot_tell_ends_with_two(hub: None, files: tuple[Path, Path]) -> None:
    words = ("--texts", files[0], "--labels", files[1], "--annotator", "lexicon", "--task", "emotion")
    said = widerhall("sentiment", "evaluate", *words, "--json")
    assert (said.code, said.out) == (2, "")
    assert "unsupported: lexicon does not tell emotion." in said.err


def test_predictions_are_lines_of_json_in_order(hub: None, files: tuple[Path, Path]) -> None:
    said = widerhall("sentiment", "predict", "--jsonl", "--texts", files[0], "--annotator", "lexicon")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["sentiment"] for row in rows][:2] == ["positive", "negative"]
    assert rows[2]["intent"] == "question"
    assert {row["model"] for row in rows} == {"lexicon"}


def test_predictions_of_standard_input(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Danke, toll!\n\nend")))
    said = widerhall("sentiment", "predict", "--annotator", "lexicon")
    assert (said.code, said.out.count("\n")) == (0, 3)
    assert said.out.startswith("de\tpositive")
