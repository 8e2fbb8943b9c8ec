from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
import sqlalchemy as sa

from core import db
from core.errors import BadPayload
from inbox.models import Message
from listening import subjects
from listening.exports import as_json, write, write_csv
from listening.reports import Tally, period, report

from .conftest import author, live

BOTH = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def made(store):
    """A report over the given days, in a zone."""

    def make(first: str = "2026-11-01", last: str = "2026-11-03", zone: str = "UTC", top: int = 10, **more):
        with db.read() as session:
            return report(session, subjects.get(session, "Acme"), period(first, last, zone), top, **more)

    with db.write() as session:
        number = subjects.create(session, "Acme")
        subjects.add_query(session, number, "name", "acme")
        subjects.add_query(session, number, "also", "acme OR akme")
    return make


def put(store, *texts: str, sentiment: str = "neutral", language: str = "en", **changes) -> list[int]:
    ids = store(*texts, annotated={"sentiment": sentiment, "language": language}, **changes)
    live(*ids)
    return ids


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 30, tzinfo=UTC)


@BOTH
def test_a_message_counts_once_however_many_queries_it_matches(store, made) -> None:
    put(store, "acme", "akme", "other")
    assert made().now.tally.messages == 2


@BOTH
def test_sentiment_by_day_with_empty_days(store, made) -> None:
    put(store, "acme", sentiment="negative", posted_at=at(1, 9))
    put(store, "acme", sentiment="positive", posted_at=at(1, 10))
    put(store, "acme", sentiment="unsure", posted_at=at(3, 9))
    found = made()
    assert [(day, sums.tally) for day, sums in found.counted.days] == [
        (date(2026, 11, 1), Tally(2, negative=1, positive=1)),
        (date(2026, 11, 2), Tally()),
        (date(2026, 11, 3), Tally(1, unsure=1)),
    ]
    assert found.now.tally.negative_share == 0.5
    assert sum((sums.tally for _, sums in found.counted.days), Tally()) == found.now.tally


@BOTH
@pytest.mark.parametrize(
    ("zone", "day"), [("UTC", 1), ("Asia/Tokyo", 2), ("America/Los_Angeles", 1), ("Asia/Kolkata", 2)]
)
def test_days_are_the_readers(store, made, zone: str, day: int) -> None:
    put(store, "acme", posted_at=at(1, 20))
    days = {found.day: sums.tally.messages for found, sums in made(zone=zone).counted.days if sums.tally.messages}
    assert days == {day: 1}


@BOTH
def test_the_period_before_is_as_long(store, made) -> None:
    put(store, "acme", "acme", posted_at=at(2, 9))
    put(store, "acme", posted_at=at(1, 9))
    found = made("2026-11-02", "2026-11-02")
    assert (found.now.tally.messages, found.before.tally.messages) == (2, 1)


@BOTH
def test_groups(store, made) -> None:
    put(store, "acme", "acme", language="de")
    put(store, "acme", language="", kind="post")
    found = made()
    assert [(name, tally.messages) for name, tally in found.counted.groups["language"]] == [("de", 2), ("und", 1)]
    assert [(name, tally.messages) for name, tally in found.counted.groups["kind"]] == [("mention", 2), ("post", 1)]
    assert [(name, tally.messages) for name, tally in found.counted.groups["platform"]] == [("mastodon", 3)]


@BOTH
def test_hashtags_count_messages_without_regard_to_case(store, made) -> None:
    put(store, "acme", hashtags=("Sale", "new"))
    put(store, "acme", hashtags=("sale",))
    assert made(top=1).counted.hashtags == [("sale", 2)]


@BOTH
def test_authors_and_the_unknown_author(store, made) -> None:
    put(store, "acme", "acme", sentiment="negative")
    put(store, "acme", author=author("ben"))
    put(store, "acme", author=None)
    found = made()
    assert [(one.handle, one.messages, one.tally.negative) for one in found.busiest] == [
        ("anna@social.example", 2, 2),
        ("ben@social.example", 1, 0),
    ]
    assert (found.now.authors, found.now.unknown) == (2, 1)


@BOTH
def test_top_posts_by_engagement(store, made) -> None:
    put(store, "acme quiet")
    put(store, "acme loud", counts={"likes": 3, "reposts": 4, "replies": 1})
    put(store, "acme liked", counts={"likes": 5})
    assert [(post.text, post.engagement) for post in made(top=2).posts] == [
        ("acme loud", 8),
        ("acme liked", 5),
    ]


@BOTH
def test_a_deleted_message_counts_without_its_text(store, made) -> None:
    (one,) = put(store, "acme", sentiment="negative")
    with db.write() as session:
        session.execute(sa.update(db.table(Message)).values(deleted_at=db.now(), text=""))
    found = made()
    assert (found.now.tally.negative, found.posts) == (1, [])
    assert one


@BOTH
def test_private_messages_count_but_are_not_shown(store, made) -> None:
    put(store, "acme secret", kind="dm", visibility="private", thread_key="t")
    found = made()
    assert (found.now.tally.messages, found.posts, found.busiest) == (1, [], [])


def test_another_subject_is_not_counted(store, made) -> None:
    with db.write() as session:
        other = subjects.create(session, "Other")
        subjects.add_query(session, other, "q", "globex")
    put(store, "acme", "globex")
    assert made().now.tally.messages == 1


def test_json_and_csv_carry_the_same_figures(store, made, tmp_path: Path) -> None:
    put(store, "acme 返品 =1+1", sentiment="negative", hashtags=("x",))
    put(store, "=acme", author=None, posted_at=at(2, 1))
    found = made(zone="Asia/Tokyo")
    write(found, tmp_path / "r.json")
    write(found, tmp_path / "r.csv")
    data = json.loads((tmp_path / "r.json").read_text("utf-8"))
    rows = list(csv.DictReader(StringIO((tmp_path / "r.csv").read_text("utf-8-sig"))))
    assert data == as_json(found)
    by_day = {row["key"]: int(row["messages"]) for row in rows if row["table"] == "day"}
    assert by_day == {row["day"]: row["messages"] for row in data["by_day"]}
    (total,) = (row for row in rows if row["table"] == "total")
    assert float(total["negative_high"]) == data["total"]["negative_high"]


def test_text_never_becomes_a_formula(store, made) -> None:
    put(store, "=HYPERLINK(acme)")
    put(store, "=acme")
    stream = StringIO()
    write_csv(made(), stream)
    assert "'=acme" in stream.getvalue()


def test_a_report_is_json_or_csv(made, tmp_path: Path) -> None:
    with pytest.raises(BadPayload, match=r"\.json or \.csv"):
        write(made(), tmp_path / "r.pdf")
