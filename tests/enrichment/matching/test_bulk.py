"""Two files in, one out."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from core.errors import Rejected
from enrichment.matching import bulk

CONTACTS = """contact_id,first_name,last_name,email,company,company_domain,city,country,phone,website,locale
C1,Ulrike,Schönfeld,u.schoenfeld@nordwerk.example,Nordwerk GmbH,nordwerk.example,Kiel,Germany,+4915112345678,,de_DE
C2,健太,佐々木,k.sasaki@aoba.example,青葉フーズ株式会社,aoba.example,仙台市,Japan,+819012345678,,ja_JP
C3,Robert,Hayes,bob.hayes@gmail.example,Hayes & Daughters,,Portland,United States,,bobhayes.example,en_US
C4,Robert,Hayes,rhayes@contoso.example,Contoso Ltd,contoso.example,Boston,United States,+12125550123,,en_US
"""
IDENTITIES = """identity_id,platform,handle,display_name,bio,location,link,link_verified,email,phone
S1,mastodon,uli_schoenfeld,Uli Schönfeld 🌊,Maschinenbau @ Nordwerk · Segeln,Kiel,,0,,
S2,x,sasaken_sendai,ササケン,青葉フーズで働いています,仙台,,0,,
S3,bluesky,bobhayes.example,Bob Hayes,dad of two,Portland,https://bobhayes.example,1,,
S4,instagram,rhayes_photo,Robert Hayes,📷,London,,0,,
"""


def files(folder: Path, contacts: str = CONTACTS, identities: str = IDENTITIES) -> bulk.Files:
    (folder / "contacts.csv").write_text(contacts, "utf-8")
    (folder / "identities.csv").write_text(identities, "utf-8")
    names = ("contacts.csv", "identities.csv", "links.csv", "links.rejected.csv")
    return bulk.Files(*(folder / name for name in names))


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_one_line_per_identity(tmp_path: Path) -> None:
    given = files(tmp_path)
    summary = bulk.run(given)
    found = {row["identity_id"]: row for row in table(given.out)}
    assert list(found["S1"]) == list(bulk.LINK_COLUMNS)
    assert [(one["contact_id"], one["decision"]) for one in found.values()] == [
        ("C1", "auto"), ("C2", "review"), ("C3", "auto"), ("", "none")
    ]  # fmt: skip
    assert all(one["evidence"] for one in found.values())
    assert (summary.auto, summary.review, summary.none, summary.rejected) == (2, 1, 1, 0)


def test_nothing_else_is_left_behind(tmp_path: Path) -> None:
    bulk.run(files(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {"contacts.csv", "identities.csv", "links.csv"}


def test_bad_rows_are_kept_with_their_reason(tmp_path: Path) -> None:
    contacts = CONTACTS + "C1,Anna,Berg,,,,,,,,\n,Nobody,Here,,,,,,,,\nC9,one,cell\nC8,,,,,,,,,,\n"
    given = files(tmp_path, contacts, IDENTITIES + "S4,x,again,,,,,,,\n")
    assert bulk.run(given).rejected == 5
    found = table(given.rejected)
    assert [one["file"] for one in found] == ["contacts.csv"] * 4 + ["identities.csv"]
    assert [one["line"] for one in found] == ["6", "7", "8", "9", "6"]
    assert "earlier line" in found[0]["reason"]
    assert found[2]["row"] == "C9,one,cell"
    assert len(table(given.out)) == 4


def test_rejected_rows_of_an_earlier_run_go_away(tmp_path: Path) -> None:
    given = files(tmp_path)
    given.rejected.write_text("old")
    bulk.run(given)
    assert not given.rejected.exists()


@pytest.mark.parametrize(
    ("contacts", "identities", "words"),
    [
        ("first_name,last_name\nA,B\n", IDENTITIES, "contacts.csv lacks the column contact_id"),
        (CONTACTS, "identity_id,name\nS1,A\n", "identities.csv lacks the columns platform, handle, display_name"),
        ("", IDENTITIES, "contacts.csv lacks the columns"),
    ],
)
def test_missing_columns_are_named(tmp_path: Path, contacts: str, identities: str, words: str) -> None:
    given = files(tmp_path, contacts, identities)
    with pytest.raises(Rejected, match=words):
        bulk.run(given)
    assert not given.out.exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"There is no file .*nowhere\.csv"):
        bulk.run(bulk.Files(tmp_path / "nowhere.csv", tmp_path / "b", tmp_path / "c", tmp_path / "d"))


def test_no_file_is_written_over_another(tmp_path: Path) -> None:
    given = files(tmp_path)
    with pytest.raises(Rejected, match="name of its own"):
        bulk.run(bulk.Files(given.contacts, given.identities, given.contacts, given.rejected))


def test_semicolons_and_other_encodings(tmp_path: Path) -> None:
    given = files(tmp_path, CONTACTS.replace(",", ";"), IDENTITIES.replace(",", "\t"))
    assert bulk.run(given).auto == 2
    given.contacts.write_text(CONTACTS, "cp1252", "replace")
    with pytest.raises(Rejected, match="not written in UTF-8"):
        bulk.run(given)
    given.contacts.write_text(CONTACTS, "utf-16")
    given.identities.write_text(IDENTITIES, "utf-8")
    assert bulk.run(given).auto == 2


def test_a_crm_without_contacts_matches_nobody(tmp_path: Path) -> None:
    given = files(tmp_path, CONTACTS.splitlines()[0] + "\n")
    assert bulk.run(given).none == 4


def test_candidates_are_written_when_asked_for(tmp_path: Path) -> None:
    given = files(tmp_path)
    asked = bulk.Files(given.contacts, given.identities, given.out, given.rejected, tmp_path / "near.csv")
    bulk.run(asked)
    assert ("S1", "C1") in {(row["identity_id"], row["contact_id"]) for row in table(tmp_path / "near.csv")}
