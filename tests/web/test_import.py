"""Importing archives: columns checked first, interrupted runs go on, repeats change nothing, bad rows are kept."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from enrichment.profile import hub_id
from inbox.models import BadItem, Feed, Message
from tests.living import Sandbox, done, refused, widerhall
from web.demo.compare import query

pytestmark = pytest.mark.xdist_group("living")

MAP = ["--map", "id=nr", "--map", "text=words", "--map", "posted_at=when"]


def table(path: Path, rows: int, head: str = "nr,words,when") -> Path:
    with path.open("w", newline="") as file:
        file.write(head + "\n")
        writer = csv.writer(file)
        writer.writerows([str(n), f"Sentence number {n} is wonderful", "2026-01-02T03:04:05Z"] for n in range(rows))
    return path


def bring(path: Path, *more: str) -> dict[str, Any]:
    return dict(done("import", "archive", path, *MAP, *more))


def counts(said: dict[str, Any]) -> list[int]:
    return [said[name] for name in ("read", "stored", "duplicates", "rejected")]


def stored() -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(db.table(Message))).scalar_one()


# --- before the first row ---------------------------------------------------------------------------


def test_a_column_that_is_not_there_stops_it_and_names_those_that_are(hub: None, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 3)
    said = refused("import", "archive", path, *MAP[:4], "--map", "posted_at=date")
    assert "has no column date; it has nr, words, when" in said
    assert stored() == 0
    assert done("accounts", "list") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--map", "id=nr"], "text, posted_at"),
        ([*MAP, "--map", "mood=x"], "There is no field mood"),
        ([*MAP, "--map", "tag"], "FIELD=COLUMN"),
        ([*MAP, "--timezone", "Mars/Olympus"], "Europe/Berlin"),
        ([*MAP, "--platform", ""], "--platform"),
    ],
)
def test_what_is_asked_wrongly_is_said(hub: None, tmp_path: Path, words: list[str], said: str) -> None:
    assert said in refused("import", "archive", table(tmp_path / "a.csv", 3), *words)
    assert stored() == 0


def test_a_file_that_is_not_there_and_one_without_rows(hub: None, tmp_path: Path) -> None:
    assert "There is no file" in refused("import", "archive", tmp_path / "no.csv", *MAP)
    (tmp_path / "empty.csv").touch()
    assert "header line" in refused("import", "archive", tmp_path / "empty.csv", *MAP)
    assert counts(bring(table(tmp_path / "head.csv", 0))) == [0, 0, 0, 0]


def test_a_report_that_cannot_be_written_stops_it_before_the_first_row(hub: None, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 3)
    said = refused("import", "archive", path, *MAP, "--report", tmp_path / "no" / "such" / "folder.json")
    assert "folder.json" in said
    assert stored() == 0


# --- counting ---------------------------------------------------------------------------------------


def test_a_second_run_stores_nothing_and_the_report_says_so(hub: None, tmp_path: Path) -> None:
    path, report = table(tmp_path / "a.csv", 1200), tmp_path / "report.json"
    assert counts(bring(path, "--report", str(report))) == [1200, 1200, 0, 0]
    assert json.loads(report.read_text()) == {"read": 1200, "stored": 1200, "duplicates": 0, "rejected": 0}
    assert counts(bring(path, "--report", str(report))) == [1200, 0, 1200, 0]
    assert json.loads(report.read_text())["stored"] == 0
    assert "1200 rows read, 0 stored, 1200 duplicates, 0 rejected." in widerhall("import", "archive", path, *MAP).out


def test_bad_rows_are_counted_kept_and_visible(hub: None, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(
        b"nr,words,when\n1,fine,2026-01-02\n2,no date,yesterday\n,no id,2026-01-02\n"
        b"3,too,many,columns,2026-01-02\n4,\xff\xfe,2026-01-02\n1,again,2026-01-02\n5,fine too,2026-01-03\n"
    )
    assert counts(bring(path)) == [7, 2, 1, 4]
    with db.read() as session:
        kept = [(row.reason, row.raw) for row in session.scalars(sa.select(BadItem))]
    assert len(kept) == 4
    assert any("yesterday" in raw for _, raw in kept)
    assert any("not UTF-8" in reason for reason, _ in kept)
    again = bring(path)
    assert counts(again) == [7, 0, 3, 4]


def test_json_lines_are_read_with_paths_into_objects(hub: None, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"nr": n, "words": "嬉しい 😀\u2028!", "when": 1767323045 + n, "user": {"id": f"u{n % 3}", "name": "Ann"}}
        for n in range(10)
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows) + "\nrubbish\n[1]\n\n")
    said = bring(path, "--map", "author_id=user.id", "--map", "author_name=user.name", "--platform", "forum")
    assert counts(said) == [12, 10, 0, 2]
    listed = [json.loads(line) for line in widerhall("messages", "--jsonl").out.split("\n") if line]
    assert {row["author"] for row in listed} == {"u0", "u1", "u2"}
    assert listed[0]["key"] == "archive:forum:0"
    assert listed[0]["text"] == "嬉しい 😀\u2028!"


def test_dates_are_read_by_their_pattern_in_their_zone(hub: None, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nr,words,when\n1,hello,7/4/2026 18:30\n")
    bring(path, "--date-format", "%m/%d/%Y %H:%M", "--timezone", "America/Los_Angeles")
    (row,) = done("messages")
    assert row["posted_at"] == "2026-07-05T01:30:00+00:00"


def test_messages_without_an_author_are_annotated_found_and_never_matched(hub: None, tmp_path: Path) -> None:
    bring(table(tmp_path / "a.csv", 30))
    rows = done("messages")
    assert {row["author"] for row in rows} == {None}
    assert {row["annotations"]["sentiment"] for row in rows} == {"positive"}
    assert len(done("search", "sentence", "--limit", "50")) == 30
    assert done("people", "list") == []
    assert done("outbox")[0]["due"] == 0


# --- interrupted ------------------------------------------------------------------------------------


def _until(condition: Any, child: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert child.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_killed_import_goes_on_and_ends_with_the_right_counts(hub: None, tmp_path: Path) -> None:
    path = table(tmp_path / "big.csv", 20_000)
    command = [sys.executable, "-c", "from web.cli import main; main()", "import", "archive", str(path), *MAP]
    child = subprocess.Popen([*command, "--no-wait"], stdout=subprocess.DEVNULL, env=dict(os.environ))
    _until(lambda: stored() >= 3000, child)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    before = stored()
    assert 3000 <= before < 20_000
    said = bring(path, "--no-wait")
    assert said["resumed_at"] == before
    assert counts(said) == [20_000 - before, 20_000 - before, 0, 0]
    assert stored() == 20_000
    assert counts(bring(path, "--no-wait")) == [20_000, 0, 20_000, 0]


def test_a_file_that_changed_is_read_from_its_start(hub: None, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 600)
    bring(path, "--no-wait")
    with db.write() as session:  # as if the run had been cut off after a page
        session.execute(sa.update(db.table(Feed)).values(cursor="9999:400"))
    table(path, 700)
    said = bring(path, "--no-wait")
    assert (said["resumed_at"], counts(said)) == (0, [700, 100, 600, 0])


def test_two_archives_with_the_same_ids_stay_apart_by_their_source(hub: None, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", 10)
    assert counts(bring(path, "--platform", "forum"))[1] == 10
    assert counts(bring(path, "--platform", "reviews"))[1] == 10
    assert {account["handle"] for account in done("accounts", "list")} == {"forum", "reviews"}


# --- the whole way ----------------------------------------------------------------------------------


def test_an_archive_with_authors_goes_the_whole_way_into_the_org(home: Sandbox, tmp_path: Path) -> None:
    people = [("annab@troet.example", "Anna Bergmann"), ("stranger@troet.example", "Somebody Else")]
    path = tmp_path / "mastodon.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["nr", "words", "when", "who", "name", "handle"])
        for n in range(40):
            handle, name = people[n % 2]
            user, server = handle.split("@")
            address = f"https://{server}/users/{user}"
            writer.writerow([n, f"Aus dem Archiv {n}", "2026-03-01T12:00:00Z", address, name, f"@{handle}"])
    authors = ["--map", "author_id=who", "--map", "author_name=name", "--map", "author_handle=handle"]
    assert counts(bring(path, *authors, "--platform", "mastodon")) == [40, 40, 0, 0]
    done("crm", "sync")
    soql = "SELECT Text__c, Kind__c FROM SocialInteraction__c WHERE Profile__r.Hub_Id__c = "
    anna = hub_id("profile", "mastodon:https://troet.example/users/annab")
    found = [row for row in query(home.announced, f"{soql}'{anna}'") if "Archiv" in (row["Text__c"] or "")]
    assert sorted(row["Text__c"] for row in found) == sorted(f"Aus dem Archiv {n}" for n in range(0, 40, 2))
    stranger = hub_id("profile", "mastodon:https://troet.example/users/stranger")
    assert query(home.announced, f"{soql}'{stranger}'") == []
