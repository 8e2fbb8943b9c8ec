"""Claims about the figures: read from the store on both engines, shown numbers equal what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from core import db
from core.event import Event, Page
from inbox import desk, erasure, ingest
from inbox.metrics import figures, read
from inbox.metrics.figures import Talk
from inbox.metrics.promises import PROMISES, Promise
from inbox.metrics.ratings import RATINGS, Answer, Invitation, Rating
from inbox.metrics.spans import WHAT, Span, spans
from inbox.metrics.spans import Event as Happened
from inbox.models import Activity, Conversation, Identity, Message, ReplyRow
from inbox.surveys.models import SurveyInvitation
from inbox.surveys.questions import SCORES, verdict
from inbox.visibility import Sight
from tests.conftest import BOTH
from tests.inbox.conftest import BRAND, START, person
from tests.inbox.surveys.made import answered

HOUR = timedelta(hours=1)
MONTH = (START - timedelta(days=1), START + timedelta(days=29))
DAYS = (START - timedelta(days=1), START + timedelta(days=2))


def whole(talk: Talk, start: datetime, end: datetime) -> timedelta:
    return end - start


def sent(number: int, author: str) -> None:
    """Message `number` was written here, by this author."""
    m = db.table(Message)
    with db.write() as session:
        row = session.execute(sa.select(m.c.id, m.c.conversation_id, m.c.posted_at).where(m.c.ref == str(number))).one()
        session.add(
            ReplyRow(
                key=f"r{number}", conversation_id=row.conversation_id, text="x", author=author, state="sent",
                message_id=row.id, send_at=row.posted_at, created_at=row.posted_at,
            )
        )  # fmt: skip


@BOTH
def test_figures_of_stored_conversations(account: int, make: Callable[..., Event]) -> None:
    root = make(0).key
    answer = {"direction": "outbound", "author": BRAND, "kind": "reply", "parent_key": root}
    page = Page(events=[make(0), make(30, **answer), make(90, **answer), make(600), make(700, origin="archive")])
    ingest.store_page(account, page)
    sent(30, "rule:7")
    sent(90, "user:3")
    m, a = db.table(Message), db.table(Activity)
    with db.write() as session:
        talk = session.scalars(sa.select(m.c.conversation_id).where(m.c.key == root)).one()
        desk.close(session, talk, "user:4")
        desk.tag(session, talk, "refund", "user:4")
        session.execute(sa.update(a).where(a.c.what == "closed").values(at=START + 4 * HOUR))
    with db.read() as session:
        found = read.talks(session, *MONTH, read.Scope())
        tagged = read.talks(session, *MONTH, read.Scope(tag="refund"))
    one = figures.figures(found, *MONTH, whole)
    assert one.counts == {"received": 2, "opened": 2, "closed": 1, "replies": 1, "backlog": 1, "waiting": 1}
    assert one.times["first_reply"].median == 1.5 * HOUR
    assert one.times["resolution"].median == 4 * HOUR
    assert [talk_.id for talk_ in tagged] == [talk]
    theirs = figures.figures(found, *MONTH, whole, "user:3")
    assert theirs.counts == {"closed": 0, "replies": 1}
    assert set(figures.groups(found, "agent", *MONTH)) == {"user:3", "user:4"}
    assert set(figures.groups(found, "tag", *MONTH)) == {"refund", ""}


def test_what_a_rule_closes_counts_for_no_agent(account: int, make: Callable[..., Event]) -> None:
    ingest.store_page(account, Page(events=[make(0), make(60)]))
    with db.write() as session:
        for number, actor in ((1, "rule:7"), (2, "system")):
            desk.close(session, number, actor)
        session.execute(sa.update(db.table(Activity)).values(at=START + HOUR))
    with db.read() as session:
        found = read.talks(session, *MONTH, read.Scope())
    assert figures.figures(found, *MONTH, whole).counts["closed"] == 2
    assert set(figures.groups(found, "agent", *MONTH)) == {""}


def test_private_conversations_are_left_out_for_who_may_not_read_them(account: int, make: Callable[..., Event]) -> None:
    ingest.store_page(account, Page(events=[make(0, kind="dm", visibility="private")]))
    with db.read() as session:
        assert len(read.talks(session, *MONTH, read.Scope())) == 1
        assert read.talks(session, *MONTH, read.Scope(sight=Sight(private=False))) == []


@BOTH
def test_erasing_a_person_changes_no_figure_of_what_was_before(account: int, make: Callable[..., Event]) -> None:
    ingest.store_page(account, Page(events=[make(0), make(1, author=person("ben")), make(2, author=person("cem"))]))
    a, i, c = db.table(Activity), db.table(Identity), db.table(Conversation)
    with db.write() as session:
        whose = sa.select(c.c.id, i.c.id).join(i, i.c.id == c.c.identity_id).order_by(c.c.id)
        talks = {talk: who for talk, who in session.execute(whose)}
        closed, marked, _ = talks
        desk.close(session, closed, "user:4")
        desk.spam(session, marked, "user:4")
        desk.tag(session, closed, "refund", "user:4")
        session.execute(sa.update(a).values(at=START + 4 * HOUR))
    now = (START - timedelta(days=1), db.now() + timedelta(days=1))

    def counted(period: tuple[datetime, datetime]) -> figures.Figures:
        with db.read() as session:
            return figures.figures(read.talks(session, *period, read.Scope()), *period, whole)

    before = counted(DAYS)
    assert before.counts == {"received": 3, "opened": 2, "closed": 1, "replies": 0, "backlog": 1, "waiting": 1}
    for who in talks.values():
        with db.write() as session:
            erasure.erase(session, f"identity:{who}", "user:1")
    assert counted(DAYS) == before
    after = counted(now).counts
    assert (after["backlog"], after["waiting"], after["closed"]) == (0, 0, 2)
    with db.read() as session:
        kept = session.execute(sa.select(a.c.what, a.c.actor).order_by(a.c.id)).all()
    assert [tuple(one) for one in kept] == [("closed", "user:4"), ("spam", "user:4"), ("closed", "system")]


STORIES = st.lists(
    st.lists(st.tuples(st.integers(0, 24 * 20), st.sampled_from(WHAT), st.sampled_from(("", "user:1", "user:2")))),
    max_size=4,
)


@given(STORIES)
def test_every_number_is_what_it_opens_and_days_add_up(stories: list[list[tuple[int, str, str]]]) -> None:
    talks = []
    for number, story in enumerate(stories):
        events = [Happened(START + hours * HOUR, what, who) for hours, what, who in story]
        talks.append(Talk(number, 1, "x", "de", None, "normal", (), events, spans(events)))
    edges = [START + timedelta(days=n) for n in range(22)]
    period = edges[0], edges[-1]
    one, days = figures.figures(talks, *period, whole), figures.daily(talks, edges)
    for name in figures.COUNTS:
        assert one.counts[name] == len(list(figures.pieces(talks, name, *period)))
        if name in ("backlog", "waiting"):
            assert days[name][-1] == one.counts[name]
            for n, end in enumerate(edges[1:]):
                assert days[name][n] == len(list(figures.pieces(talks, name, edges[n], end)))
        else:
            assert sum(days[name]) == one.counts[name]
    assert one.counts["closed"] == (one.times["resolution"].number if "resolution" in one.times else 0)
    for who in ("user:1", "user:2"):
        mine = figures.figures(talks, *period, whole, who)
        assert mine.counts["replies"] == sum(
            what == "answered" and by == who for story in stories for _, what, by in story
        )


def test_what_happens_where_two_periods_meet_belongs_to_the_later_one() -> None:
    first, meet, last = START, START + HOUR, START + 2 * HOUR
    talks = []
    for number, at in enumerate((first, meet, last)):
        events = [Happened(at, "received"), Happened(at, "answered", "user:1"), Happened(at, "closed", "user:1")]
        promised = [Promise(name, at, at, at, True) for name in PROMISES]
        rated = [Answer(at, kind, 5, "good") for kind in ("csat", "nps", "ces")]
        talks.append(
            Talk(
                number, 1, "x", "de", None, "normal", events=events, spans=spans(events), answers=rated,
                invitations=[Invitation(at, at)], promises=promised,
            )
        )  # fmt: skip
    moments = [
        name for name in (*figures.COUNTS, *figures.TIMES, *figures.SHARES) if name not in ("backlog", "waiting")
    ]
    for name in moments:
        earlier, later = figures.pieces(talks, name, first, meet), figures.pieces(talks, name, meet, last)
        assert [one.talk.id for one in earlier] == [0], name
        assert [one.talk.id for one in later] == [1], name


def test_who_stands_open_when_a_period_ends_is_counted_in_it() -> None:
    end = START + HOUR
    over = [Span(kind, START, end, "user:1") for kind in ("resolution", "wait")]
    fresh = [Span(kind, end) for kind in ("resolution", "wait")]
    talks = [Talk(0, 1, "x", "de", None, "normal", spans=over), Talk(1, 1, "x", "de", None, "normal", spans=fresh)]
    for name in ("backlog", "waiting"):
        assert [one.talk.id for one in figures.pieces(talks, name, START, end)] == [0]
        assert figures.daily(talks, [START, end, end + HOUR])[name] == [1, 1]


def test_business_hours_stand_beside_the_plain_time() -> None:
    events = [Happened(START, "received"), Happened(START + 3 * HOUR, "answered", "user:1")]
    talk = Talk(1, 1, "x", "de", None, "normal", events=events, spans=spans(events))
    found = figures.figures([talk], *MONTH, lambda talk, start, end: (end - start) / 3)
    assert (found.times["reply"].median, found.business["reply"].median) == (3 * HOUR, HOUR)
    assert "resolution" not in found.business


def test_conversations_stand_in_the_groups_of_what_they_are() -> None:
    events = [Happened(START, "received"), Happened(START + HOUR, "answered", "user:2")]
    talks = [
        Talk(1, 7, "x", "de", 3, "high", ("late", "refund"), events, spans(events)),
        Talk(2, 8, "y", "ja", None, "normal"),
    ]
    expected = {
        "team": {"3": [1], "": [2]}, "account": {"7": [1], "8": [2]}, "platform": {"x": [1], "y": [2]},
        "language": {"de": [1], "ja": [2]}, "tag": {"late": [1], "refund": [1], "": [2]},
        "priority": {"high": [1], "normal": [2]}, "agent": {"user:2": [1]},
    }  # fmt: skip
    assert set(expected) == set(figures.GROUPS)
    for by, found in expected.items():
        grouped = figures.groups(talks, by, *MONTH)
        assert {key: [one.id for one in members] for key, members in grouped.items()} == found, by


def test_days_of_one_person_hold_what_they_did_on_the_day_they_did_it() -> None:
    day = timedelta(days=1)
    events = [Happened(START, "received"), Happened(START + day, "answered", "user:1"),
              Happened(START + 2 * day, "closed", "user:2")]  # fmt: skip
    talks = [Talk(1, 1, "x", "de", None, "normal", events=events, spans=spans(events))]
    edges = [START - HOUR + n * day for n in range(4)]
    everybody = figures.daily(talks, edges)
    assert {name: everybody[name] for name in ("received", "opened", "replies", "closed")} == {
        "received": [1, 0, 0], "opened": [1, 0, 0], "replies": [0, 1, 0], "closed": [0, 0, 1],
    }  # fmt: skip
    assert figures.daily(talks, edges, "user:1") == {"closed": [0, 0, 0], "replies": [0, 1, 0]}


def test_times() -> None:
    assert figures.times([]) is None
    found = figures.times([HOUR * n for n in range(1, 12)])
    assert found == figures.Times(11, 6 * HOUR, 10 * HOUR, 6 * HOUR)


RATED = st.lists(
    st.lists(st.tuples(st.integers(0, 24 * 20), st.sampled_from(list(SCORES)), st.integers(0, 10)), max_size=4),
    max_size=5,
)


@given(RATED)
def test_ratings_are_what_they_open_and_what_raw_answers_say(stories: list[list[tuple[int, str, int]]]) -> None:
    raw = [(n, START + hours * HOUR, kind, min(score, SCORES[kind][1])) for n, story in enumerate(stories)
           for hours, kind, score in story]  # fmt: skip
    talks = [
        Talk(n, 1, "x", "de", None, "normal", answers=[
            Answer(at, kind, score, verdict(kind, score), f"user:{number % 2}")
            for number, at, kind, score in raw if number == n
        ], invitations=[Invitation(at, at if score else None) for number, at, _, score in raw if number == n])
        for n in range(len(stories))
    ]  # fmt: skip
    end = START + timedelta(days=10)
    one = figures.figures(talks, START, end, whole)
    inside = [(kind, score) for _, at, kind, score in raw if at < end]
    csat = [score >= 4 if kind == "csat" else score == 1 for kind, score in inside if kind in ("csat", "thumbs")]
    nps = [(score >= 9) - (score <= 6) for kind, score in inside if kind == "nps"]
    ces = [score for kind, score in inside if kind == "ces"]
    expected = {
        "csat": sum(csat) / len(csat) if csat else None, "nps": 100 * sum(nps) / len(nps) if nps else None,
        "ces": sum(ces) / len(ces) if ces else None,
        "response": sum(score > 0 for _, score in inside) / len(inside) if inside else None,
    }  # fmt: skip
    for name in RATINGS:
        found = one.ratings.get(name)
        assert (found.value if found is not None else None) == expected[name]
        assert (found.number if found is not None else 0) == len(list(figures.pieces(talks, name, START, end)))
    both = [figures.figures(talks, START, end, whole, f"user:{n}").ratings.get("csat") for n in (0, 1)]
    assert sum(each.number for each in both if each is not None) == len(csat)


@BOTH
def test_ratings_are_read_with_who_closed(account: int, make: Callable[..., Event]) -> None:
    ingest.store_page(account, Page(events=[make(0), make(9, author=person("bert"))]))
    late = START + timedelta(days=20)
    with db.write() as session:
        answered(session, {1: [5, 2], 2: [4]}, "csat", answered_at=late)
        reply = ReplyRow(key="s", conversation_id=1, text="x", author="survey:1", state="sent", send_at=late,
                         created_at=late)  # fmt: skip
        session.add(reply)
        session.flush()
        session.execute(sa.update(db.table(SurveyInvitation)).values(reply_id=reply.id, sent_at=late))
        session.execute(sa.update(db.table(Conversation)).values(state="closed", last_at=START, closed_at=START))
    period = (START + timedelta(days=10), START + timedelta(days=30))
    with db.read() as session:
        talks = read.talks(session, *period, read.Scope())
    one = figures.figures(talks, *period, whole)
    assert one.ratings["csat"] == Rating(3, 2 / 3)
    assert one.ratings["response"] == Rating(3, 1.0)
    assert one.ratings["csat"].few
    assert set(figures.groups(talks, "agent", *period)) == {"user:1"}
