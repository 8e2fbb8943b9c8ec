"""What the code has stands in the documentation, and nothing that is gone still does."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import fields
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from connectors.capabilities import BY_NAME, Capability
from core.topics import TOPICS
from tests.docs.pages import DOCS, MADE, ROOT, code, made, rows, text
from web import health, middleware

BY_HAND = {"message_search": "inbox", "alembic_version": "migrations"}
"""Tables that no model stands for, with their rooms."""
ROOMS = ("core", "connectors", "inbox", "sentiment", "listening", "enrichment", "web")


@pytest.mark.parametrize("page", MADE)
def test_generated_parts_say_what_the_code_says(page: str) -> None:
    assert text(page) == made(text(page)), "run `.venv/bin/python -m tests.docs`"


@pytest.mark.parametrize("page", MADE)
def test_a_page_with_generated_parts_has_them_all(page: str) -> None:
    assert re.findall(r"<!-- made: (\w+) -->", text(page)) == list(MADE[page])


def test_every_topic_is_described_with_its_subscribers() -> None:
    described = {name: code(row[2]) for row in rows(text("architecture.md"), "topic") for name in code(row[0])}
    assert described == {topic: set(names) for topic, names in TOPICS.items()}


def test_every_table_is_described_in_its_room(sqlite_template: Path) -> None:
    with closing(sqlite3.connect(sqlite_template)) as store:
        names = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    parts = {name for name in names if name.startswith(("sqlite_", "message_search_"))}
    tables = {name: BY_HAND.get(name) or _room(name) for name in names - parts}
    described = {name: row[1] for row in rows(text("architecture.md"), "table") for name in code(row[0])}
    assert described == tables


def _room(table: str) -> str:
    """The room whose modules declare a table."""
    line = f'__tablename__ = "{table}"'
    (room,) = {room for room in ROOMS for path in (ROOT / room).rglob("*.py") if line in path.read_text("utf-8")}
    return room


def test_every_metric_is_described_with_its_labels() -> None:
    ours: dict[str, set[str]] = {}
    for collector in (middleware.SECONDS, *REGISTRY._collector_to_names):
        name = getattr(collector, "_name", "")
        if name.startswith("widerhall_"):
            ours[name] = set(collector._labelnames)  # type: ignore[attr-defined]  # of every metric
    ours |= {name: {"subscriber"} for name in health.BACKLOG} | {health.SWEEP[0]: set()}
    described = {
        name: {label.strip() for label in row[1].split(",") if label.strip()}
        for row in rows(text("operations.md"), "name")
        for name in code(row[0])
    }
    assert described == ours


def test_every_fact_of_a_platform_is_shown_or_named() -> None:
    page = text("platforms/README.md")
    shown = {"name", "title", "docs", "no_simulator", "needs", "base_url"}  # on the platform's own page
    columns = {
        "auth": "Sign in", "poll_seconds": "Polled every", "feeds": "Feeds", "listening": "Listening",
        "stream": "Stream", "webhook": "Webhook", "reply": "Reply", "dm": "DM", "limit": "Limit", "rate": "Rate",
        "attach": "Files", "counting": "Limit", "idempotency": "Sent once by",
    }  # fmt: skip
    below = {
        "long_poll": "*Stream*", "recheck": "*Looked up again*", "delete": "*Taken back*", "dm_limit": "*DM*",
        "attach_dm": "*Files*", "aside": "*Answered in private*",
    }  # fmt: skip
    assert {one.name for one in fields(Capability)} == shown | columns.keys() | below.keys()
    assert all(f"| {title} |" in page for title in columns.values())
    assert all(word in page for word in below.values())


@pytest.mark.parametrize("fact", ["long_poll", "recheck", "delete", "aside"])
def test_what_only_some_platforms_can_do_names_them(fact: str) -> None:
    words = {"long_poll": "Stream", "recheck": "Looked up again", "delete": "Taken back"}
    word = words.get(fact, "Answered in private")
    (line,) = re.findall(rf"^\*{word}\*.*$", text("platforms/README.md"), re.MULTILINE)
    named = {row.name for row in BY_NAME.values() if row.title in line}
    assert named == {row.name for row in BY_NAME.values() if getattr(row, fact)}


def test_every_folder_has_its_line_in_the_readme() -> None:
    ignored = {line.strip("/\n") for line in (ROOT / ".gitignore").read_text().splitlines()}
    folders = {
        path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in ignored
    }
    listed = {name.strip("/") for row in rows(text("/README.md"), "folder") for name in code(row[0])}
    assert listed == folders


def test_every_decision_has_a_number_of_its_own_and_says_why() -> None:
    records = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    for path in records:
        title = path.read_text("utf-8").splitlines()[0]
        assert re.match(rf"# (0*{int(path.name[:4])})[.:] ", title), path.name


def test_changelog_has_a_part_for_what_is_not_released() -> None:
    (part,) = re.findall(r"## \[Unreleased\]\n(.*?)(?=\n## |\Z)", text("/CHANGELOG.md"), re.DOTALL)
    assert re.search(r"^- \S", part, re.MULTILINE)


def test_every_variable_the_code_reads_is_listed() -> None:
    asked = re.compile(r"""(?:environ(?:\.get)?[(\[]|envvar=)["']([A-Z_]+)["']""")
    read = {name for room in (*ROOMS, "benchmarks") for path in _sources(room) for name in asked.findall(path)}
    assert read <= code(text("settings.md"))


def _sources(room: str) -> list[str]:
    return [path.read_text("utf-8") for path in Path(ROOT / room).rglob("*.py")]
