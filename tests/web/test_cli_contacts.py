"""Contacts out of a file on the command line: stored, told row by row, and the same again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.living import done, widerhall

pytestmark = pytest.mark.xdist_group("living")


def test_contacts_are_imported_once(hub: None, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,email\nKim Park,kim@a.example\nNobody,\n")
    said = done("people", "import", file)
    assert (said["stored"], said["left_out"]) == (1, [{"line": 3, "reason": "nobody"}])
    bad = tmp_path / "bad.csv"
    assert done("people", "import", file, "--rejected", bad)["unchanged"] == 1
    assert bad.read_text().splitlines()[0] == "line,reason,name,email"
    assert bad.read_text().splitlines()[1].startswith("3,")
    assert bad.read_text().splitlines()[1].endswith(",Nobody,")
    assert "line 3 left out: nobody" in widerhall("people", "import", file).out


def test_missing_file_is_a_sentence(hub: None, tmp_path: Path) -> None:
    said = widerhall("people", "import", tmp_path / "none.csv")
    assert said.code == 1
    assert "cannot be read" in said.err
