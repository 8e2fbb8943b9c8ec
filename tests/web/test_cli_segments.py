"""Segments on the command line: kept out of a file, counted, shown, handed on, removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.living import done, widerhall

pytestmark = pytest.mark.xdist_group("living")


def test_segments_are_kept_counted_and_handed_on(hub: None, tmp_path: Path) -> None:
    done("people", "list")
    file = tmp_path / "filter.json"
    file.write_text(json.dumps({"match": "all", "of": [{"field": "platform", "op": "is", "value": "mastodon"}]}))
    assert done("segments", "save", "Mastodon", file) == {"id": 1, "people": 0, "may": 0}
    assert done("segments", "save", "Mastodon", file)["id"] == 1
    assert [row["name"] for row in done("segments", "list")] == ["Mastodon"]
    assert done("segments", "show", "1") == []
    out = tmp_path / "people.csv"
    assert done("segments", "export", "1", out)["people"] == 0
    assert out.read_text("utf-8-sig").splitlines() == ["person,name,accounts,emails,crm_records"]
    done("segments", "remove", "1")
    assert done("segments", "list") == []


def test_what_makes_no_sense_is_a_sentence(hub: None, tmp_path: Path) -> None:
    file = tmp_path / "filter.json"
    for content, words in (("{", "is not JSON"), ('{"match": "all", "of": []}', "says nothing")):
        file.write_text(content)
        said = widerhall("segments", "save", "X", file)
        assert (said.code, words in said.err) == (1, True)
