"""Real posts from a file: counts, a second run, annotations, search, a report; nobody is matched or synced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.living import ROOT, done, widerhall

FILE = ROOT.parent / "shared" / "data" / "airline" / "Tweets.csv"
WORDS = [
    "--platform", "archive", "--map", "id=tweet_id", "--map", "text=text", "--map", "posted_at=tweet_created",
    "--map", "tag=airline", "--date-format", "%m/%d/%Y %H:%M", "--timezone", "America/Los_Angeles",
]  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("living"),
    pytest.mark.skipif(not FILE.exists(), reason="the data set of tweets to airlines is not on this machine"),
]


def test_fourteen_thousand_real_posts_are_imported_once(hub: None, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    assert widerhall("import", "archive", FILE, *WORDS, "--report", report).code == 0
    assert json.loads(report.read_text()) == {"read": 14640, "stored": 14485, "duplicates": 155, "rejected": 0}
    assert widerhall("import", "archive", FILE, *WORDS, "--report", report).code == 0
    assert json.loads(report.read_text()) == {"read": 14640, "stored": 0, "duplicates": 14640, "rejected": 0}

    said = widerhall("messages", "--jsonl").out.split("\n")
    rows = [json.loads(line) for line in said if line]
    assert len(rows) == len({row["key"] for row in rows}) == 14485
    assert {row["author"] for row in rows} == {None}
    assert all(row["annotations"]["sentiment"] for row in rows)
    assert {row["text"] != "" for row in rows} == {True}
    assert len(done("search", "cancelled flight", "--limit", "100")) == 100
    done("subjects", "add", "Luggage")
    done("queries", "add", "Luggage", "luggage OR baggage OR bag OR bags")
    found = done("report", "Luggage", "--from", "2015-02-01", "--to", "2015-02-28")
    assert found["total"]["messages"] == found["author_unknown"] > 500
    assert found["total"]["negative"] > found["total"]["positive"]
    assert done("people", "list") == []
    assert done("crm", "status")[0]["records"] == {"profile": {}, "interaction": {}, "case": {}}
    assert [row for row in done("outbox") if row["due"] or row["dead"] or row["later"]] == []
