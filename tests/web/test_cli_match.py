"""Matching files and calibrating on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import settings
from tests.enrichment.matching.test_bulk import CONTACTS, IDENTITIES
from tests.living import done, refused

pytestmark = pytest.mark.xdist_group("living")


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "contacts.csv").write_text(CONTACTS, "utf-8")
    (tmp_path / "identities.csv").write_text(IDENTITIES, "utf-8")
    names = {"--contacts": "contacts.csv", "--identities": "identities.csv", "--out": "links.csv"}
    return [part for option, name in names.items() for part in (option, str(tmp_path / name))]


def test_files_are_matched_without_a_database(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_DATA_DIR", str(tmp_path / "home"))
    settings.cache_clear()
    said = done("people", "match", *files)
    assert (said["auto"], said["review"], said["none"], said["rejected"]) == (2, 1, 1, 0)
    assert (tmp_path / "links.csv").read_text("utf-8").startswith("identity_id,contact_id,score,tier,decision,evidence")
    assert not (tmp_path / "home").exists()


def test_a_missing_column_is_said(files: list[str], tmp_path: Path) -> None:
    (tmp_path / "contacts.csv").write_text("a,b\n1,2\n")
    assert "lacks the columns contact_id, first_name, last_name" in refused("people", "match", *files)


def test_calibration_without_decisions_says_so(hub: None) -> None:
    said = done("people", "calibrate")
    assert said["switched"] is False
    assert "0 accepted and 0 rejected" in said["why"]
