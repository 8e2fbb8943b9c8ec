"""Whatever was said, the figures of a report agree with each other and with counting by hand."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import db
from inbox.models import Message
from inbox.visibility import Sight
from listening import subjects
from listening.figures.scope import UNKNOWN, UNRATED, Scope, conditions
from listening.figures.tally import Tally
from listening.reports import period, report
from tests.conftest import BOTH
from tests.listening.conftest import START, author, live

ONE = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["acme", "acme globex", "globex", "other"]),
        "hours": st.integers(-80, 80),
        "author": st.sampled_from(["anna", "ben", None]),
        "language": st.sampled_from(["de", "ja", ""]),
        "sentiment": st.sampled_from(["negative", "neutral", "positive", "unsure", ""]),
        "intent": st.sampled_from(["praise", ""]),
        "labels": st.lists(st.sampled_from(["Price", "Größe"]), unique=True),
        "hashtags": st.lists(st.sampled_from(["Sale", "sale", "返品"]), unique=True),
        "private": st.booleans(),
        "likes": st.integers(0, 9),
    }
)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def followed(store):
    with db.write() as session:
        for name, kind in (("Acme", "brand"), ("Globex", "competitor")):
            subjects.add_query(session, subjects.create(session, name, kind), "q", name)
    return store


def said(store, one: dict) -> None:
    facts = {name: one[name] for name in ("language", "sentiment", "intent", "labels")}
    changes = {"kind": "dm", "visibility": "private", "thread_key": "t"} if one["private"] else {}
    live(
        *store(
            one["text"],
            annotated=facts,
            author=author(one["author"]) if one["author"] else None,
            hashtags=tuple(one["hashtags"]),
            posted_at=START + timedelta(hours=one["hours"]),
            counts={"likes": one["likes"], "reposts": 1},
            **changes,
        )
    )


@BOTH
@QUICK
@given(st.lists(ONE, min_size=1, max_size=8), st.booleans())
def test_every_figure_agrees_with_the_messages_behind_it(followed, batch: list[dict], private: bool) -> None:
    with db.write() as session:  # what the example before said
        session.execute(sa.delete(db.table(Message)))
    for one in batch:
        said(followed, one)
    with db.read() as session:
        span = period("2026-10-31", "2026-11-02", "Asia/Tokyo")
        found = report(session, subjects.get(session, "Acme"), span, scope=Scope(sight=Sight(private=private)))

        def number(**filters) -> int:
            m = db.table(Message)
            query = sa.select(sa.func.count()).select_from(m).where(*conditions(found.scope.of(**filters)))
            return int(session.execute(query).scalar_one())

        counted, tally = found.counted, found.now.tally
        assert tally.messages == number()
        assert tally.messages == sum(
            "acme" in one["text"]
            and (private or not one["private"])
            and span.start <= START + timedelta(hours=one["hours"]) < span.end
            for one in batch
        )
        for name in ("negative", "neutral", "positive", "unsure"):
            assert getattr(tally, name) == number(sentiment=name)
        assert tally.unrated == number(sentiment=UNRATED)
        assert sum((sums.tally for _, sums in counted.days), Tally()) == tally
        assert sum((sums.tally for _, sums in counted.days_before), Tally()) == found.before.tally
        assert sum(sums.engagement for _, sums in counted.days) == found.now.engagement
        for day, sums in counted.days:
            assert sums.tally.messages == number(period=period(day, day, "Asia/Tokyo"))
        for group in ("platform", "kind", "language", "intent"):
            rows = counted.groups[group]
            assert sum((one for _, one in rows), Tally()) == tally
            assert all(one.messages == number(**{group: key}) for key, one in rows)
        assert all(one.messages == number(label=key) for key, one in counted.groups["label"])
        assert all(n == number(hashtag=name) for name, n in counted.hashtags)
        assert sum(counted.clock.values()) == tally.messages
        assert all(n == number(clock=key) for key, n in counted.clock.items())
        assert found.now.unknown == number(author=UNKNOWN)
        for one in (*found.busiest, *found.widest):
            assert one.messages == number(author=str(one.identity_id), public=True)
        own = found.voice.own
        assert own is not None
        assert own.tally == tally
        assert own.whole == sum(part.tally.messages for part in found.voice.parts)


@BOTH
@QUICK
@given(st.lists(ONE, min_size=1, max_size=8), st.sampled_from(["de", "ja", "und"]))
def test_a_filter_narrows_every_part_of_the_voice_and_never_the_whole(
    followed, batch: list[dict], language: str
) -> None:
    with db.write() as session:
        session.execute(sa.delete(db.table(Message)))
    for one in batch:
        said(followed, one)
    with db.read() as session:
        span, subject = period("2026-10-31", "2026-11-02", "UTC"), subjects.get(session, "Acme")
        everything = report(session, subject, span).voice
        some = report(session, subject, span, scope=Scope(language=language))
    assert (some.voice.whole, some.voice.whole_before) == (everything.whole, everything.whole_before)
    assert some.voice.own is not None
    assert some.voice.own.tally == some.now.tally
    assert Counter(part.subject_id for part in some.voice.parts) == Counter(
        part.subject_id for part in everything.parts
    )
