"""Subjects, queries, reports, labels and the annotator on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.living import Sandbox, done, refused, widerhall

pytestmark = pytest.mark.xdist_group("living")


def test_a_subject_gets_queries_and_a_report(home: Sandbox, tmp_path: Path) -> None:
    subject = done("subjects", "add", "Pünktlichkeit", "--kind", "industry")
    query = done("queries", "add", "Pünktlichkeit", "zug OR verspätung NOT kaffee")
    assert done("queries", "list", subject["id"])[0]["text"] == "zug OR verspätung NOT kaffee"
    json_path, csv_path = tmp_path / "report.json", tmp_path / "report.csv"
    report = done("report", "Pünktlichkeit", "--out", json_path, "--out", csv_path, "--timezone", "Europe/Berlin")
    assert report["total"]["messages"] >= 5
    assert json.loads(json_path.read_text()) == report
    with csv_path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    total = next(row for row in rows if row["table"] == "total")
    for name in ("messages", "negative", "neutral", "positive", "rated"):
        assert int(total[name]) == report["total"][name]
    days = {row["key"]: int(row["messages"]) for row in rows if row["table"] == "day"}
    assert days == {row["day"]: row["messages"] for row in report["by_day"]}
    assert [row["text"] for row in rows if row["table"] == "post"] == [
        f"'{post['text']}" if post["text"][0] in "@=+-" else post["text"] for post in report["top_posts"]
    ]
    said = widerhall("report", "Pünktlichkeit")
    assert f"{report['total']['messages']} messages" in said.out
    assert done("queries", "remove", query["id"])["removed"] == query["id"]
    assert done("report", "Pünktlichkeit")["total"]["messages"] == 0


def test_a_new_message_is_a_hit_at_once(home: Sandbox) -> None:
    done("subjects", "add", "Zirkus")
    done("queries", "add", "Zirkus", "zirkuszelt")
    assert done("report", "Zirkus")["total"]["messages"] == 0
    home.post("lindenbahn", "Hält der Zug auch am Zirkuszelt?")
    done("pull", "--account", "lindenbahn@social.example", "--wait")
    assert done("report", "Zirkus")["total"]["messages"] == 1


def test_a_query_is_followed_on_a_platform(home: Sandbox) -> None:
    number = next(row["id"] for row in done("accounts", "list") if row["handle"] == "marlowefinch.example")
    done("subjects", "add", "Tee")
    said = done("queries", "add", "Tee", "#tea OR teapot", "--follow", number)
    assert said["feeds"]
    assert done("pull", "--account", number, "--wait")["feeds"] > 3


def test_subjects_are_removed_and_messages_stay(home: Sandbox) -> None:
    done("subjects", "add", "Kurz")
    done("queries", "add", "Kurz", "zug")
    before = widerhall("messages", "--jsonl").out.count("\n")
    assert done("subjects", "remove", "Kurz")["removed"] == "Kurz"
    assert done("subjects", "list") == []
    assert widerhall("messages", "--jsonl").out.count("\n") == before


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["subjects", "add", "X", "--kind", "planet"], "brand, product, competitor"),
        (["subjects", "add", "  "], "needs a name"),
        (["subjects", "remove", "nobody"], "There is no subject 'nobody'"),
        (["queries", "add", "Zug", "("], ""),
        (["queries", "add", "Zug", 'zug AND "offen'], ""),
        (["queries", "add", "Zug", "NOT zug"], ""),
        (["queries", "list", "nobody"], "There is no subject"),
        (["queries", "remove", "99"], "99"),
        (["report", "nobody"], "There is no subject"),
        (["report", "Zug", "--from", "yesterday"], "yesterday"),
        (["report", "Zug", "--from", "2026-02-01", "--to", "2026-01-01"], ""),
        (["report", "Zug", "--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["report", "Zug", "--out", "report.docx"], ".json or .csv"),
        (["labels", "remove", "nobody"], "nobody"),
        (["labels", "add", "leer", " "], ""),
        (["sentiment", "use", "oracle"], "hub:MODEL"),
        (["sentiment", "evaluate", "--texts", "none.txt", "--labels", "none.txt"], "none.txt"),
    ],
)
def test_what_is_wrong_is_a_sentence(hub: None, words: list[str], expected: str) -> None:
    done("subjects", "add", "Zug")
    assert expected in refused(*words)


def test_labels_by_keyword_mark_what_arrives(home: Sandbox) -> None:
    done("labels", "add", "Gepäck", "koffer*", "rucksack", "baggage claim")
    assert done("labels", "list")[0]["terms"] == ["koffer*", "rucksack", "baggage claim"]
    key = home.post("lindenbahn", "Mein Kofferanhänger liegt noch in der Bahn")
    done("pull", "--account", "lindenbahn@social.example", "--wait")
    rows = [json.loads(line) for line in widerhall("messages", "--jsonl").out.splitlines()]
    assert [row["annotations"]["labels"] for row in rows if row["key"] == key] == [["Gepäck"]]
    assert done("labels", "remove", "Gepäck")["removed"] == "Gepäck"
    assert done("labels", "list") == []


def test_the_annotator_is_held_against_labelled_texts(hub: None, tmp_path: Path) -> None:
    texts, labels = tmp_path / "texts.txt", tmp_path / "labels.txt"
    texts.write_text("This is wonderful\u2028thank you!\nThis is terrible and broken\nThe train leaves at eight\x85\n")
    labels.write_text("2\n0\nneutral\n")
    found = done("sentiment", "evaluate", "--texts", texts, "--labels", labels, "--language", "en")
    assert (found["n"], found["accuracy"]) == (3, 1.0)
    assert found["messages_per_second"] > 0
    assert done("sentiment", "use", "lexicon")["annotator"] == "lexicon"
    assert {"annotator": "lexicon", "error": ""}.items() <= done("sentiment", "status").items()
    labels.write_text("2\n0\n")
    assert "they must be as many" in refused("sentiment", "evaluate", "--texts", texts, "--labels", labels)
    labels.write_text("2\n0\ngreat\n")
    assert "not great" in refused("sentiment", "evaluate", "--texts", texts, "--labels", labels)
    texts.write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refused("sentiment", "evaluate", "--texts", texts, "--labels", labels)
