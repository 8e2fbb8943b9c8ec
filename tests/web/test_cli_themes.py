"""`widerhall themes` and `widerhall labels example` print what was done, also as JSON."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from core import db
from sentiment import labels
from tests.web import topical
from web.cli import base
from web.cli.commands import app


@pytest.fixture
def ids(database: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(base, "hub_runs", lambda: True)  # no work is done here, and no broker is lent
    monkeypatch.setattr(base.broker, "Lent", base.contextmanager(lambda: iter([None])))
    return topical.themed()


def said(*words: object) -> object:
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_themes_are_listed_renamed_and_merged(ids) -> None:
    assert [row["id"] for row in said("themes", "list")] == [1, 2, 3]
    said("themes", "rename", 2, "Rechnungen")
    said("themes", "merge", 1, 2)
    rows = said("themes", "list")
    assert {row["name"] for row in rows} >= {"Rechnungen"}
    assert len(rows) == 2


def test_rebuilding_counts_what_waits(ids) -> None:
    assert said("themes", "rebuild") == {"waiting": 0, "themes": 3}
    assert said("themes", "rebuild", "--fresh")["waiting"] == len(ids)


def test_examples_are_named(ids) -> None:
    with db.write() as session:
        labels.create(session, "late", ["verspätet"])
    found = said("labels", "example", "late", *ids[:3])
    assert (found["added"], found["examples"], found["counter_examples"]) == (3, 3, 0)
    assert said("labels", "example", "late", ids[40], "--not")["counter_examples"] == 1
