from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import db
from inbox import facts
from sentiment import corrections, drift
from sentiment.drift import monday, stability
from sentiment.models import AnnotationRow

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)
NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
SHARES = {"negative": (0.8, 0.1, 0.1), "neutral": (0.2, 0.6, 0.2), "positive": (0.05, 0.05, 0.9)}


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "LEAST", 5)
    monkeypatch.setattr(drift.db, "now", lambda: NOW)


@pytest.fixture
def rate(store):
    """So many messages of a week, so many weeks ago, with what a model said about them."""

    def put(ago: int, language: str = "de", version: str = "1", **numbers: int) -> list[int]:
        found = []
        for mood, number in numbers.items():
            texts = [f"{ago} {language} {mood} {one}" for one in range(number)]
            ids = store(*texts, posted_at=NOW - timedelta(weeks=ago, days=1))
            for one in ids:
                say(one, mood, language, version)
            with db.write() as session:
                facts.set(session, {one: {"language": language, "sentiment": mood} for one in ids})
            found += ids
        return found

    return put


def say(message_id: int, mood: str, language: str = "de", version: str = "1", message_version: int = 1) -> None:
    negative, neutral, positive = SHARES.get(mood, (0.4, 0.3, 0.3))
    with db.write() as session:
        session.add(
            AnnotationRow(
                message_id=message_id, message_version=message_version, model="m", model_version=version,
                language=language, sentiment=mood, p_neg=negative, p_neu=neutral, p_pos=positive, at=NOW,
            )
        )  # fmt: skip


def weeks(**values) -> list[drift.Week]:
    with db.read() as session:
        return drift.weeks(session, **values)


def test_a_week_has_shares_doubt_and_confidence(rate) -> None:
    rate(0, negative=2, neutral=1, positive=1, unsure=1)
    (week,) = weeks()
    assert (week.start, week.language, week.n) == (datetime(2026, 11, 16, tzinfo=UTC), "de", 5)
    assert (week.negative, week.neutral, week.positive, week.unsure) == (0.4, 0.2, 0.2, 0.2)
    assert week.confidence == pytest.approx((0.8 * 2 + 0.6 + 0.9 + 0.4) / 5)
    assert (week.corrected, week.stability, week.moved) == (0.0, None, "")


def test_weeks_are_held_against_the_first_four(rate) -> None:
    for ago in (9, 8, 7, 6):
        rate(ago, negative=5, positive=5)
    rate(1, negative=5, positive=5)
    rate(0, negative=10)
    found = {week.start: week for week in weeks()}
    assert [found[monday(NOW) - timedelta(weeks=ago)].moved for ago in (9, 6, 1, 0)] == ["", "", "stable", "large"]


def test_languages_do_not_mix(rate) -> None:
    rate(0, "de", negative=5)
    rate(0, "ja", positive=5)
    assert [(week.language, week.negative) for week in weeks()] == [("de", 1.0), ("ja", 0.0)]
    assert [week.language for week in weeks(language="ja")] == ["ja"]


def test_a_message_counts_once_with_the_newest_word_on_its_newest_version(rate) -> None:
    (one,) = rate(0, negative=1)
    say(one, "positive", version="2")
    say(one, "neutral", version="3", message_version=2)
    (week,) = weeks()
    assert (week.n, week.positive) == (1, 1.0)


def test_disagreement_of_people_is_counted_and_agreement_is_not(rate) -> None:
    one, two, *_ = rate(0, negative=4)
    with db.write() as session:
        for number in (one, two):
            session.execute(
                db.table(drift.Message).update().where(db.table(drift.Message).c.id == number).values(
                    sentiment="negative"
                )
            )  # fmt: skip
        session.expire_all()
        corrections.correct(session, one, "sentiment", "positive", "user:1")
        corrections.correct(session, two, "sentiment", "negative", "user:1")
    (week,) = weeks()
    assert (week.n, week.negative, week.corrected) == (4, 1.0, 0.25)


def test_older_weeks_are_left_out_and_few_messages_say_nothing(rate) -> None:
    rate(20, negative=5, positive=5)
    rate(3, negative=2)
    rate(0, negative=9)
    assert [(week.n, week.moved) for week in weeks(number=13)] == [(2, ""), (9, "large")]


def test_the_index_is_nothing_for_the_same_shares_and_grows_with_the_distance(db_url: str) -> None:
    base = {"a": 500, "b": 500}
    assert stability({"a": 50, "b": 50}, base) == pytest.approx(0, abs=1e-6)
    some, much = stability({"a": 70, "b": 30}, base), stability({"a": 95, "b": 5}, base)
    assert drift.STABLE < some < drift.LARGE < much
    assert stability({"a": 0, "b": 10}, {"a": 10, "b": 0}) < 10
