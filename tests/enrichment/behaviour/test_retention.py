"""Claims about how long events are kept: old ones go in batches, figures stay, nothing comes back or counts twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from core import audit, db, outbox
from core.outbox import OutboxRow
from core.queue import clock_jobs, handler
from core.settings import settings
from core.topics import SUBSCRIBERS
from enrichment import merging
from enrichment.behaviour import figures, retention
from enrichment.segments import conditions, store
from inbox.visibility import EVERYTHING
from tests.conftest import BOTH
from tests.enrichment.behaviour import shop
from tests.enrichment.behaviour.shop import identify, send, track

pytestmark = BOTH
EXPIRE = "enrichment.behaviour.tasks.expire"


@pytest.fixture
def key(database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Events are kept for good until a test says otherwise."""
    keep(monkeypatch, 0)
    return shop.opened()


def keep(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    monkeypatch.setenv("WIDERHALL_BEHAVIOUR_DAYS", str(days))
    settings.cache_clear()


def ago(days: float) -> str:
    return (db.now() - timedelta(days=days)).isoformat()


def swept(most: int = 10_000) -> int:
    """A pass, or so many letters of it; how many letters there were."""
    retention._begun["at"] = float("-inf")
    retention.due()
    letters = 0
    while letters < most and outbox.step(SUBSCRIBERS[EXPIRE], handler(EXPIRE)):
        letters += 1
    return letters


def left() -> list[str]:
    return [one.message_id for one in shop.events()]


def expired() -> list[Any]:
    a = db.table(audit.AuditEntry)
    with db.read() as session:
        return [row.detail for row in session.execute(sa.select(a).where(a.c.action == "behaviour.expired"))]


def test_old_events_go_in_batches_and_the_number_is_audited(key: int, monkeypatch: pytest.MonkeyPatch) -> None:
    send(key, *(track(f"e{n}", "Viewed", "u1", timestamp=ago(n)) for n in range(10)))
    send(key, track("a", "Viewed", anonymousId="x", timestamp=ago(9)))
    keep(monkeypatch, 5)
    monkeypatch.setattr(retention, "BATCH", 2)
    assert swept() == 5  # three batches of two, one of none, and the words
    assert left() == [f"e{n}" for n in range(5)]
    assert [(one["events"], one["before"][:10]) for one in expired()] == [(6, ago(5)[:10])]
    assert swept() == 2
    assert len(expired()) == 1


def test_nothing_goes_while_events_are_kept_for_good(key: int) -> None:
    send(key, track("e", "Viewed", "u1", timestamp=ago(5000)))
    assert (swept(), left()) == (0, ["e"])


def test_a_letter_that_is_handled_twice_deletes_nothing_more(key: int, monkeypatch: pytest.MonkeyPatch) -> None:
    send(key, *(track(f"e{n}", "Viewed", "u1", timestamp=ago(10 + n)) for n in range(4)), track("new", "Viewed", "u1"))
    keep(monkeypatch, 5)
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(2):  # a worker dies before it settles, so the same letter comes again
        with db.write() as session:
            retention.step(session, {})
    swept()
    assert left() == ["new"]
    rows = [one for one in shop.rows(OutboxRow) if one.topic == retention.TOPIC]
    assert rows == []


def test_the_clock_begins_a_pass_once_a_day(key: int, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, 5)
    clock = [1_000_000.0]
    monkeypatch.setattr(retention.time, "monotonic", lambda: clock[0])
    monkeypatch.setitem(retention._begun, "at", float("-inf"))
    assert "enrichment.behaviour.retention.due" in clock_jobs()
    for expected in (1, 0, 0):
        retention.due()
        assert len([one for one in shop.rows(OutboxRow) if one.topic == retention.TOPIC]) == expected
        while outbox.step(SUBSCRIBERS[EXPIRE], handler(EXPIRE)):
            pass
    clock[0] += retention.EVERY_SECONDS
    retention.due()
    assert [one.key for one in shop.rows(OutboxRow) if one.topic == retention.TOPIC] == ["events"]


def test_what_is_older_is_not_taken_so_that_nothing_counts_twice(key: int, monkeypatch: pytest.MonkeyPatch) -> None:
    refund = track("r", "Order Refunded", "u1", properties={"order_id": "1", "total": 30}, timestamp=ago(8))
    order = track("o", "Order Completed", "u1", properties={"order_id": "1", "total": 100, "currency": "EUR"},
                  timestamp=ago(9))  # fmt: skip
    send(key, order, refund)
    keep(monkeypatch, 5)
    swept()
    taken = send(key, order, refund, track("new", "Viewed", "u1"))
    assert (taken.stored, [place for place, _ in taken.refused]) == (1, [0, 1])
    assert "older than the 5 days" in taken.refused[0][1]
    assert [(one.amount, one.refunded) for one in shop.orders().values()] == [(100_000, 30_000)]


def test_only_what_is_shown_of_an_old_word_is_kept(key: int, monkeypatch: pytest.MonkeyPatch) -> None:
    traits = {"interests": ["Tea"], "preferred_channel": "phone", "name": "Kim", "plan": "gold"}
    send(key, identify("old", "u1", traits=traits, timestamp=ago(20), context={"locale": "de"}))
    send(key, identify("mid", "u1", traits={"plan": "silver"}, timestamp=ago(15)))
    send(key, identify("late", "u1", traits={"preferred_channel": "post"}, timestamp=ago(10)))
    keep(monkeypatch, 5)
    swept()
    assert [(one.message_id, one.properties, one.context) for one in shop.events()] == [
        ("old", {"interests": ["Tea"], "preferred_channel": "phone"}, {}),
        ("late", {"preferred_channel": "post"}, {}),
    ]
    send(key, identify("new", "u1", traits={"interests": ["Trains"]}))
    swept()
    assert left() == ["late", "new"]


# --- figures stay ---------------------------------------------------------------------------------------

TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "interests": st.lists(st.sampled_from(["Tea", "Trains", "Züge"]), max_size=2),
        "preferredChannel": st.sampled_from(["", "phone", "post"]),
        "address": st.sampled_from([{}, {"city": "Kiel"}, {"city": "Oslo"}]),
        "plan": st.just("gold"),
    },
)
MESSAGES = st.lists(
    st.tuples(st.sampled_from(["u1", "u2"]), st.integers(0, 20), st.one_of(TRAITS, st.integers(1, 9))),
    min_size=1, max_size=12,
)  # fmt: skip


def told() -> list[Any]:
    """Figures of both customers, and whom each interest finds."""
    owners = {user: shop.owners().get(("user", user)) for user in ("u1", "u2")}
    with db.read() as session:
        shown = [figures.of_contact(session, one, (), sight=EVERYTHING) for one in owners.values() if one]
        found = []
        for word in ("Tea", "Trains", "Züge"):
            raw = {"field": "interest", "op": "is", "value": word}
            found.append(store.page(session, conditions.read({"match": "all", "of": [raw]}))[0])
    return [shown, found]


@examples(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=MESSAGES, merged=st.booleans(), days=st.integers(1, 15))
def test_figures_and_interests_stay_as_they_are(
    key: int, monkeypatch: pytest.MonkeyPatch, messages: list[Any], merged: bool, days: int
) -> None:
    keep(monkeypatch, 0)
    run = f"{db.now().timestamp()}"
    for place, (user, age, what) in enumerate(messages):
        at = {"timestamp": ago(age + 0.5)}
        if isinstance(what, int):
            values = {"order_id": f"{run}{place}", "total": what, "currency": "EUR"}
            send(key, track(f"{run}{place}", "Order Completed", user, properties=values, **at))
        else:
            send(key, identify(f"{run}{place}", user, traits=what, **at))
    one, other = (shop.owners().get(("user", user)) for user in ("u1", "u2"))
    number = 0
    if merged and one and other:
        with db.write() as session:
            number = merging.merge(session, one, other, "t")
    before = told()
    keep(monkeypatch, days)
    swept()
    assert told() == before
    if number:
        with db.write() as session:
            merging.unmerge(session, number, "t")
