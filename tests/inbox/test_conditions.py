"""Conditions on conversations: what is read, and that SQL and the plain test find the same under any tree."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import db
from core.errors import Rejected
from core.event import Link, Page
from inbox import desk, listing, notes, sightings, teams, watching
from inbox.conditions import known, predicate, sql, tree
from inbox.conditions.standing import Open, standing
from inbox.conditions.tree import FIELDS, OPS, Asker, Condition, Group
from inbox.ingest import store_page
from inbox.membership import SegmentMember
from inbox.models import Conversation, Identity, Message
from inbox.narrowing import Filter
from inbox.sla_models import SlaClock, SlaPolicy
from tests.conftest import BOTH

from .conftest import BRAND, START, event, person
from .submitting import submit
from .surveys.made import answered

TALKS = 30
NOW = START + timedelta(days=8)
WORDS = ("coffee", "te*", '"number 4"', "tea number", "–", "コーヒ", "müde")


# --- what is read -------------------------------------------------------------------------------------


def one(field: str, op: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "op": op, **({} if value is None else {"value": value})}


def test_a_filter_is_written_as_it_was_read() -> None:
    inner = {"match": "all", "of": [one("followers", "at_least", "1000"), one("words", "has_not", "refund")]}
    raw = {"match": "any", "of": [one("language", "is", ["de", "ja"]), one("unread", "yes"), inner]}
    group = tree.read(raw)
    assert tree.written(group) == raw
    assert tree.parse(tree.text(group)) == group
    assert tree.text(Group()) == ""


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ([], tree.BAD_SHAPE),
        ({"match": "some", "of": []}, tree.BAD_SHAPE),
        ({"match": "all", "of": []}, tree.EMPTY),
        ({"match": "all", "of": [5]}, tree.BAD_SHAPE),
        ({"match": "all", "of": [one("shoe", "is", "x")]}, tree.NO_FIELD),
        ({"match": "all", "of": [one("language", "at_least", "x")]}, tree.WRONG_OP),
        ({"match": "all", "of": [one("language", "is", ["de"] * 9)]}, None),
        ({"match": "all", "of": [one("language", "is", [str(n) for n in range(21)])]}, tree.NO_VALUE),
        ({"match": "all", "of": [one("language", "is", " ")]}, tree.NO_VALUE),
        ({"match": "all", "of": [one("language", "is", {"a": 1})]}, tree.NO_VALUE),
        ({"match": "all", "of": [one("tag", "is", "x" * 201)]}, tree.NO_VALUE),
        ({"match": "all", "of": [one("urgency", "at_least", "huge")]}, tree.NO_CHOICE),
        ({"match": "all", "of": [one("assignee", "is", "user:x")]}, tree.NO_CHOICE),
        ({"match": "all", "of": [one("account", "is", "0")]}, tree.NO_CHOICE),
        ({"match": "all", "of": [one("followers", "at_least", "-3")]}, tree.NO_NUMBER),
        ({"match": "all", "of": [one("opened", "within", "0")]}, tree.NO_DAYS),
        ({"match": "all", "of": [one("opened", "between", ["", ""])]}, tree.NO_PERIOD),
        ({"match": "all", "of": [one("opened", "between", ["2026-01-01", ""])]}, tree.NO_PERIOD),
        ({"match": "all", "of": [one("opened", "between", ["yesterday", ""])]}, tree.NO_PERIOD),
        ({"match": "all", "of": [one("unread", "yes")] * 51}, tree.TOO_MANY),
        ({"match": "all", "of": [{"match": "all", "of": [one("unread", "yes")] * 26}] * 2}, tree.TOO_MANY),
    ],
)
def test_what_makes_no_sense_is_said(raw: Any, sentence: str | None) -> None:
    if sentence is None:
        tree.read(raw)
        return
    with pytest.raises(Rejected, match=sentence[:25].replace("(", r"\(")):
        tree.parse(json.dumps(raw))


def test_groups_stand_three_deep_at_most() -> None:
    raw: dict[str, Any] = {"match": "all", "of": [one("unread", "yes")]}
    for _ in range(2):
        raw = {"match": "any", "of": [raw]}
    tree.read(raw)
    with pytest.raises(Rejected, match="three deep"):
        tree.read({"match": "all", "of": [raw]})


@pytest.mark.parametrize("text", ["", "{", "[" * 9000, "[" * 5000, "null", '{"match":"all","of":NaN}', "\ud800"])
def test_text_that_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        tree.parse(text)


names = st.sampled_from(["match", "of", "field", "op", "value"])
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(anything)
def test_whatever_comes_is_a_filter_or_a_sentence(raw: Any) -> None:
    said = ""
    try:
        group = tree.read(raw)
        assert tree.read(tree.written(group)) == group
    except Rejected as error:
        said = str(error)
    assert said in ("", *tree.SENTENCES)


# --- both engines and the plain test --------------------------------------------------------------------


@pytest.fixture
def world(account: int) -> None:
    """Thirty conversations that differ in everything that can be asked about."""
    rng = random.Random(5)
    events = []
    for n in range(TALKS):
        checked = (Link(url="https://a.example", verified=n % 2 == 0),) if n % 3 == 0 else ()
        who, private = person(f"p{n}", links=checked, followers=rng.choice([None, 3, 50, 7000])), n % 4 == 0
        shape: dict[str, Any] = {"kind": "dm", "visibility": "private", "thread_key": f"dm:{n}"} if private else {}
        for turn in range(1 + n % 3):
            at = START + timedelta(minutes=rng.randrange(14_400))
            if turn and not private:
                shape = {"kind": "reply", "parent_key": event(n * 10).key}
            text = f"@brand {rng.choice(['coffee', 'tea', 'コーヒー', 'Müde'])} number {n % 7}"
            events.append(event(n * 10 + turn, author=who, text=text, posted_at=at, **shape))
        if n % 5 == 0:
            answer = {"author": BRAND, "direction": "outbound", "kind": "reply", "text": "hello tea"}
            at = START + timedelta(days=5)
            events.append(event(n * 10 + 9, parent_key=event(n * 10).key, posted_at=at, **answer))
    store_page(account, Page(events=tuple(events)))
    with db.write() as session:
        _vary(session, rng)
        _promise(session, rng)
        for number in range(2, TALKS, 4):
            submit(session, number)
        answered(session, {number: list(SCORES[number % len(SCORES)]) for number in range(1, TALKS)})


def _vary(session: Any, rng: random.Random) -> None:
    c, m, i = db.table(Conversation), db.table(Message), db.table(Identity)
    teams.save(session, None, teams.Wanted("Ada", members={"user:1": 0}), "cli")
    for number in session.scalars(sa.select(c.c.id).order_by(c.c.id)).all():
        values = {
            "state": rng.choice(tree.STATES), "assignee": rng.choice(["", "user:1", "user:2"]),
            "language": rng.choice(["de", "en", ""]), "sentiment": rng.choice(["negative", "positive", ""]),
            "intent": rng.choice(["complaint", ""]), "urgency": rng.choice(["low", "normal", "high", ""]),
            "emotion": rng.choice(["anger", ""]), "labels": rng.choice([["price"], ["price", "delivery"], []]),
            "waiting_since": rng.choice([None, NOW - timedelta(hours=number)]),
            "first_reply_at": rng.choice([None, NOW]), "team_id": rng.choice([None, 1, 2]),
            "priority": rng.choice(tree.PRIORITIES), "type": rng.choice(["", "problem", "praise"]),
        }  # fmt: skip
        session.execute(sa.update(c).where(c.c.id == number).values(**values))
        for tag in rng.sample(["vip", "refund"], rng.randrange(3)):
            desk.tag(session, number, tag, "user:1")
        if rng.random() < 0.5:
            sightings.mark(session, "user:1", session.get_one(Conversation, number))
        for who in rng.sample(["user:1", "user:2"], rng.randrange(3)):
            watching.watch(session, number, who)
        named = rng.choice([{}, {"user:1": "Ada"}, {"team:1": "Ada"}, {"user:2": "Ada"}])
        notes.add(session, conversation_id=number, author="user:3", text="@Ada", mentions=named)
    for number in session.scalars(sa.select(m.c.id)).all():
        values = {"theme": rng.choice([0, 0, 4, 5]), "hits": rng.choice([[], [], [1], [1, 2]]),
                  "queries": rng.choice([[], [7], [7, 8]])}  # fmt: skip
        session.execute(sa.update(m).where(m.c.id == number).values(**values))
    session.execute(sa.update(i).where(i.c.id % 7 == 0).values(domain_handle=True))


def _promise(session: Any, rng: random.Random) -> None:
    """Clocks in every state, several of a conversation, and people in segments."""
    session.add(SlaPolicy(id=1, name="all", first_reply=60))
    for number in session.scalars(sa.select(db.table(Identity).c.id)).all():
        session.add_all(
            SegmentMember(segment_id=one, identity_id=number) for one in rng.sample([1, 2], rng.randrange(3))
        )
    hour = timedelta(hours=1)
    ahead: dict[str, Any] = {"state": "running", "due_at": NOW + 2 * hour}
    shapes: list[dict[str, Any]] = [
        {**ahead, "warn_at": NOW + hour}, {**ahead, "warn_at": NOW}, {"state": "running", "due_at": NOW - hour},
        {"state": "paused"}, {"state": "breached"}, {"state": "met", "stopped_at": NOW}, ahead,
        {"state": "breached", "stopped_at": NOW}, {"state": "breached", "due_at": NOW - hour},
    ]  # fmt: skip
    for number in session.scalars(sa.select(db.table(Conversation).c.id)).all():
        for kind, shape in zip(("first", "resolution"), rng.sample(shapes, rng.randrange(3)), strict=False):
            session.add(SlaClock(conversation_id=number, kind=kind, started_at=START, policy_id=1, **shape))


SCORES = ((), (5,), (2, 4), (3,), (None,), (5, 1))
"""How surveys about a conversation were answered, the newest last; None by words alone."""
VALUES: dict[str, list[str]] = {
    "platform": ["mastodon", "bluesky"], "account": ["1", "9"], "language": ["de", "en", "xx"],
    "label": ["price", "delivery", "none"], "theme": ["4", "5", "6"], "subject": ["1", "2", "3"],
    "query": ["7", "8", "9"],
    "tag": ["vip", "refund", "x"], "mentions": ["me", "user:1", "team:1", "user:2", "user:9"],
    "watched": ["me", "user:1", "user:2", "user:9"],
    "assignee": ["none", "me", "user:2"], "followers": ["0", "50", "6999"],
    "messages": ["1", "2"], "team": ["none", "1", "2", "7"], "waited": ["0", "5", "20"],
    "survey_score": ["1", "3", "5"], "segment": ["1", "2", "3"],
}  # fmt: skip


def conditions() -> st.SearchStrategy[Condition]:
    """Any condition that makes sense."""

    def made(field: tree.Field, op: Any) -> st.SearchStrategy[Condition]:
        days = st.integers(1, 12).map(lambda n: (str(n),))
        moment = st.integers(0, 14_400).map(lambda n: START + timedelta(minutes=n))
        if field.kind == "flag":
            return st.just(Condition(field.name, op))
        if field.kind == "words":
            return st.sampled_from(WORDS).map(lambda text: Condition(field.name, op, (text,)))
        if op == "between":
            ends = st.tuples(moment, st.none() | st.integers(1, 9000)).map(
                lambda pair: (pair[0].isoformat(), (pair[0] + timedelta(minutes=pair[1])).isoformat())
                if pair[1] else ("", pair[0].isoformat())
            )  # fmt: skip
            return ends.map(lambda pair: Condition(field.name, op, pair))
        if field.kind == "date":
            return days.map(lambda values: Condition(field.name, op, values))
        most = 3 if op in ("is", "is_not") else 1
        pool = list(field.options) or VALUES[field.name]
        return st.lists(st.sampled_from(pool), min_size=1, max_size=most, unique=True).map(
            lambda values: Condition(field.name, op, tuple(values))
        )

    pairs = [(field, op) for field in FIELDS.values() for op in OPS[field.kind]]
    return st.sampled_from(pairs).flatmap(lambda pair: made(*pair))


def groups(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Group]:
    return st.builds(Group, st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=4).map(tuple))


trees = groups(conditions() | groups(conditions() | groups(conditions())))


@BOTH
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(group=trees, me=st.sampled_from(["user:1", "user:2"]))
def test_both_engines_and_the_plain_test_find_the_same(world: None, group: Group, me: str) -> None:
    assert tree.read(tree.written(group)) == group
    c, asker = db.table(Conversation), Asker(me, NOW)
    with db.read() as session:
        found = session.scalars(sa.select(c.c.id).where(sql.holds(group, asker)).order_by(c.c.id)).all()
        every = known.read(session, list(session.scalars(sa.select(c.c.id))), group, me)
        listed = listing.number(session, Filter(view="all", me=me, tree=group))
    assert list(found) == [talk.id for talk in every if predicate.holds(group, talk, asker)]
    if not any(one.op in ("within", "not_within") or one.field in ("waited", "sla") for one in tree.leaves(group)):
        assert listed == sum(talk.id in found and talk.state != "spam" for talk in every)


@BOTH
def test_every_field_tells_conversations_apart(world: None) -> None:
    c, asker = db.table(Conversation), Asker("user:1", NOW)
    pools = {"words": ["tea"], "hours": ["9"], "date": ["5"], "flag": [""]}
    with db.read() as session:
        for field in FIELDS.values():
            if field.name in ("platform", "account"):
                continue  # there is one
            found = set()
            for value in pools.get(field.kind) or field.options or VALUES[field.name]:
                group = Group("all", (tree.condition(one(field.name, OPS[field.kind][0], value)),))
                found.add(len(session.scalars(sa.select(c.c.id).where(sql.holds(group, asker))).all()))
            assert found - {0, TALKS}, field.name


@BOTH
def test_an_empty_group_holds_and_a_broken_place_does_not(account: int) -> None:
    store_page(account, Page(events=(event(1),)))
    c, asker = db.table(Conversation), Asker("", NOW)
    with db.read() as session:
        (talk,) = known.read(session, [1, 2], Group())
        assert predicate.holds(Group("any"), talk, asker)
        assert session.scalars(sa.select(c.c.id).where(sql.holds(Group("any"), asker))).all() == [1]
        mine = Group("all", (Condition("assignee", "is", ("me",)),))
        assert not predicate.holds(mine, talk, asker)
        assert tree.personal(mine)
        assert listing.page(session, Filter(tree=mine)).rows == []


def test_the_worst_of_the_open_promises_counts() -> None:
    hour = timedelta(hours=1)
    late, near = Open("running", NOW - hour, NOW - 2 * hour), Open("running", NOW, NOW)
    calm, still = Open("running", NOW + hour, None), Open("paused", None, None)
    assert [standing(some, NOW) for some in ([], [still], [still, calm], [calm, near], [near, late])] == [
        "none", "paused", "on_time", "near", "breached",
    ]  # fmt: skip
    assert standing([still, Open("breached", None, None)], NOW) == "breached"
