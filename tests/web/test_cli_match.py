"""Matching files and calibrating on the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from benchmarks.people_world import world
from core.settings import settings
from enrichment import calibration, learning
from enrichment.matching import learn
from enrichment.matching.weights import shipped
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


@pytest.fixture
def people(tmp_path: Path) -> list[str]:
    """Files of made-up people, enough to learn from."""
    found = world(400, 300, 5)
    with (tmp_path / "contacts.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("contact_id", "first_name", "last_name", "email", "company", "city", "country"))
        for one in found.contacts:
            rows.writerow(
                (one.id, one.first_name, one.last_name, ";".join(one.emails), one.company, one.city, one.country)
            )
    with (tmp_path / "identities.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("identity_id", "platform", "handle", "display_name", "bio", "location"))
        for seen in found.profiles:
            rows.writerow((seen.id, seen.platform, seen.handle, seen.name, seen.bio, seen.location))
    return ["--contacts", str(tmp_path / "contacts.csv"), "--identities", str(tmp_path / "identities.csv")]


def test_weights_learned_from_files_match_files(people: list[str], tmp_path: Path) -> None:
    learned = tmp_path / "learned.toml"
    said = done("people", "train", *people, "--out", str(learned))
    assert (said["switched"], said["people"], said["accounts"]) == (False, 400, 300)
    assert set(said["values"]) == {"in_crm", "full", "other_town"}
    links = ["--out", str(tmp_path / "links.csv")]
    plain = done("people", "match", *people, *links)
    before = (tmp_path / "links.csv").read_text("utf-8")
    weighed = done("people", "match", *people, *links, "--weights", str(learned))
    assert weighed["identities"] == plain["identities"] == 300
    assert (tmp_path / "links.csv").read_text("utf-8") != before


def test_learning_asks_for_both_files_and_where_to_write(people: list[str]) -> None:
    assert "together" in refused("people", "train", *people[:2])
    assert "--out" in refused("people", "train", *people)


def test_a_hub_with_few_people_learns_nothing(hub: None) -> None:
    assert "Learning without labels needs 200 of each" in refused("people", "train")


def test_a_hub_switches_to_what_it_learned(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = learn.Learned({"in_crm": 0.4, "full": 0.7}, 300, 250, 100)
    monkeypatch.setattr(learning, "learned", lambda engine: found)
    kept = done("people", "train")
    assert (kept["switched"], learn.current(calibration.active())["full"]) == (False, 0.9)
    said = done("people", "train", "--yes")
    assert (said["switched"], said["before"]["full"]) == (True, 0.9)
    assert learn.current(calibration.active()) == {"in_crm": 0.4, "full": 0.7, "other_town": 0.25}
    (settings().data_dir / calibration.LEARNED).unlink()
    assert calibration.active() == shipped()
