"""The connectors' handlers: cursors and errors of pulls, looking up, and each way a reply can go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import refusals, tasks
from connectors.base import Keep, Unable, keep_nothing
from connectors.platforms.mastodon import Mastodon
from core import db, outbox
from core.errors import AuthExpired, BadPayload, Rejected, TryLater, Unknown, WiderhallError
from core.event import Author, Event, Page, Profile, Reply
from core.outbox import Item, LeaseLost, OutboxRow
from core.topics import SUBSCRIBERS
from inbox import accounts, ingest, replies, waiting
from inbox.models import Account, Feed, Message, ReplyRow
from inbox.notice_models import Notification
from inbox.visibility import EVERYTHING
from inbox.waiting import Wanted
from tests.living import Sandbox, done

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
US = Author(platform="mastodon", id="https://social.example/users/us", handle="us@social.example")
ANNA = Author(platform="mastodon", id="https://social.example/users/anna", handle="anna@social.example")


def event(number: int, **changes: Any) -> Event:
    values: dict[str, Any] = {
        "key": f"mastodon:{number}", "platform": "mastodon", "kind": "mention", "author": ANNA, "ref": f"{number}",
        "text": f"text {number}", "posted_at": AT + timedelta(minutes=number),
    }  # fmt: skip
    return Event(**{**values, **changes})


class Stand(Unable):
    """A platform that answers what a test tells it, and counts what it is asked."""

    title = "Stand"

    def __init__(self) -> None:
        self.pages: Callable[[str | None], Iterator[Page]] = lambda cursor: iter(())
        self.answer: WiderhallError | None = None
        self.above: Callable[[str], Page] = lambda ref: Page()
        self.sent: list[Reply] = []
        self.threads: list[str] = []

    def pull(self, feed: str, cursor: str | None) -> Iterator[Page]:
        yield from self.pages(cursor)

    def send(self, reply: Reply, keep: Keep = keep_nothing) -> Event:
        self.sent.append(reply)
        if self.answer is not None:
            raise self.answer
        answered = {"kind": "reply", "direction": "outbound", "author": US, "parent_key": reply.parent_key}
        return event(900, text=reply.text, **answered)

    def thread(self, ref: str) -> Page:
        self.threads.append(ref)
        return self.above(ref)


@pytest.fixture
def stand(database: str, monkeypatch: pytest.MonkeyPatch) -> Stand:
    found = Stand()

    def opened(account_id: int, override: Any = None) -> tuple[Account, Stand]:
        with db.read() as session:
            return accounts.get(session, account_id), found

    monkeypatch.setattr(tasks, "open_account", opened)
    return found


def connected(platform: str = "mastodon") -> int:
    with db.write() as session:
        author = US.model_copy(update={"platform": platform})
        return accounts.add(
            session, platform=platform, profile=Profile(author=author), base_url="", secrets={}, feeds=["notifications"]
        )


def feed() -> Feed:
    with db.read() as session:
        return session.scalars(sa.select(Feed)).one()


def keys() -> set[str]:
    with db.read() as session:
        return set(session.scalars(sa.select(db.table(Message).c.key)))


def letters(subscriber: str) -> int:
    with db.read() as session:
        o = db.table(OutboxRow)
        query = sa.select(sa.func.count()).select_from(o).where(o.c.subscriber == subscriber)
        return session.execute(query).scalar_one()


def pages(*found: Page | WiderhallError) -> Callable[[str | None], Iterator[Page]]:
    """Pages from a cursor on: page n has cursor "n"; an error comes in its place."""

    def start(cursor: str | None) -> Iterator[Page]:
        for one in found[int(cursor or 0) :]:
            if isinstance(one, WiderhallError):
                raise one
            yield one

    return start


def page(number: int) -> Page:
    return Page(events=(event(number),), cursor=str(number))


# --- pulling ----------------------------------------------------------------------------------------


def test_a_pull_goes_on_after_the_last_stored_page(stand: Stand) -> None:
    connected()
    stand.pages = pages(page(1), TryLater("busy", 30), page(3))
    with pytest.raises(TryLater):
        tasks.pull_feed(1)
    assert (feed().cursor, feed().error) == ("1", "busy")
    stand.pages = pages(page(1), page(2), page(3))
    assert set(tasks.pull_feed(1).new) == {"mastodon:2", "mastodon:3"}
    assert (feed().cursor, feed().error) == ("3", "")


@pytest.mark.parametrize("error", [BadPayload("no list"), Rejected("no such feed")])
def test_what_a_feed_refuses_is_noted_and_forgotten_when_it_works(stand: Stand, error: WiderhallError) -> None:
    connected()
    stand.pages = pages(error)
    tasks.pull_feed(1)
    assert feed().error == str(error)
    stand.pages = pages(page(1))
    tasks.pull_feed(1)
    assert feed().error == ""


def test_a_feed_without_news_forgets_its_trouble_too(stand: Stand) -> None:
    connected()
    stand.pages = pages(BadPayload("no list"))
    tasks.pull_feed(1)
    stand.pages = pages()
    tasks.pull_feed(1)
    assert feed().error == ""


def test_a_dead_sign_in_stops_the_account(stand: Stand) -> None:
    number = connected()
    stand.pages = pages(AuthExpired("revoked"))
    tasks.pull_feed(1)
    with db.read() as session:
        account = accounts.get(session, number)
        assert (account.state, account.error) == ("auth_expired", "revoked")
    stand.pages = pages(page(1))
    tasks.pull_feed(1)
    assert keys() == set()


def test_two_workers_on_one_feed_store_each_page_once(stand: Stand) -> None:
    connected()

    def overtaken(cursor: str | None) -> Iterator[Page]:
        stand.pages = pages(page(1), page(2))
        tasks.pull_feed(1)
        yield page(1)
        pytest.fail("the slower one stops at once")

    stand.pages = overtaken
    tasks.pull_feed(1)
    assert (keys(), feed().cursor) == ({"mastodon:1", "mastodon:2"}, "2")


def test_a_long_pull_makes_room_and_comes_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    connected()
    monkeypatch.setattr(tasks, "PULL_SECONDS", 0.0)
    stand.pages = pages(page(1), page(2))
    tasks.pull_feed(1)
    assert (feed().cursor, letters("connectors.tasks.pull")) == ("1", 1)


def test_a_pull_that_lost_its_lease_stops(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    connected()

    def lost() -> None:
        raise LeaseLost("x")

    monkeypatch.setattr(outbox, "keep_alive", lost)
    stand.pages = pages(page(1), page(2))
    with pytest.raises(LeaseLost):
        tasks.pull_feed(1)
    assert feed().cursor == "1"


def test_feeds_that_are_off_and_gone_are_not_pulled(stand: Stand) -> None:
    number = connected()
    stand.pages = pages(page(1))
    with db.write() as session:
        accounts.unfollow(session, number, "notifications")
    tasks.pull_feed(1)
    tasks.pull_feed(99)
    assert keys() == set()


def test_one_busy_feed_does_not_delay_the_others(stand: Stand) -> None:
    connected()
    busy = TryLater("busy", 7)
    stand.pages = pages(busy)
    outcome = tasks.pull([Item(5, "feed.due", "1", {"feed_id": 1}), Item(6, "feed.due", "99", {"feed_id": 99})])
    assert outcome.later == {5: busy}


# --- parents ----------------------------------------------------------------------------------------


def parents_of(number: int, account: int) -> None:
    tasks.parents([Item(1, "parent.missing", "x", {"account_id": account, "message_id": number})])


def test_parents_are_fetched_once_and_the_thread_is_one(stand: Stand) -> None:
    ours = connected()
    stand.above = lambda ref: Page(events=(event(1, origin="context", kind="post"),))
    new = ingest.store_page(ours, Page(events=(event(2, kind="reply", parent_key="mastodon:1"),))).new
    for _ in range(2):
        parents_of(new["mastodon:2"], ours)
    assert stand.threads == ["2"]
    with db.read() as session:
        assert len(set(session.scalars(sa.select(db.table(Message).c.conversation_id)))) == 1


def test_parents_nobody_may_see_are_no_trouble(stand: Stand) -> None:
    ours = connected()
    new = ingest.store_page(ours, Page(events=(event(2, kind="reply", parent_key="mastodon:1"),))).new

    def hidden(ref: str) -> Page:
        raise Rejected("not found")

    stand.above = hidden
    parents_of(new["mastodon:2"], ours)
    parents_of(999, ours)
    assert keys() == {"mastodon:2"}


# --- sending ----------------------------------------------------------------------------------------


@pytest.fixture
def queued(stand: Stand) -> Callable[[str], int]:
    def make(platform: str = "mastodon") -> int:
        ours = connected(platform)
        ingest.store_page(ours, Page(events=(event(1, platform=platform),)))
        with db.write() as session:
            row = replies.queue(session, 1, "Antwort", author="cli", undo_seconds=0)
            return row.id or 0

    return make


def state(reply_id: int) -> tuple[str, str]:
    with db.read() as session:
        row = session.get(ReplyRow, reply_id)
        assert row is not None
        return row.state, row.error


def test_a_reply_is_sent_once(stand: Stand, queued: Callable[..., int]) -> None:
    number = queued()
    for _ in range(3):
        tasks.send_reply(number)
    assert len(stand.sent) == 1
    assert (state(number), "mastodon:900" in keys()) == (("sent", ""), True)


def test_a_refused_reply_says_why_and_is_not_repeated(stand: Stand, queued: Callable[..., int]) -> None:
    number = queued()
    stand.answer = Rejected("The answer has 501 characters, the server takes 500: shorten it.")
    for _ in range(2):
        tasks.send_reply(number)
    assert (len(stand.sent), state(number)) == (1, ("failed", str(stand.answer)))


def test_a_busy_platform_delays_a_reply(stand: Stand, queued: Callable[..., int]) -> None:
    number = queued()
    stand.answer = TryLater("busy", 3)
    with pytest.raises(TryLater):
        tasks.send_reply(number)
    assert state(number) == ("queued", "Waits: busy")
    stand.answer = None
    tasks.send_reply(number)
    assert (len(stand.sent), state(number)[0]) == (2, "sent")


def test_without_an_answer_a_platform_that_can_be_asked_is_asked(stand: Stand, queued: Callable[..., int]) -> None:
    number = queued("bluesky")
    stand.answer = Unknown("it did not answer")
    with pytest.raises(TryLater):
        tasks.send_reply(number)
    assert state(number)[0] == "sending"
    stand.answer = None
    tasks.send_reply(number)
    assert [one.first_attempt for one in stand.sent] == [True, False]
    assert len({one.key for one in stand.sent}) == 1


def test_without_an_answer_a_platform_that_cannot_be_asked_is_not_tried_again(
    stand: Stand, queued: Callable[..., int]
) -> None:
    number = queued("telegram")
    stand.answer = Unknown("it did not answer")
    for _ in range(2):
        tasks.send_reply(number)
    assert (len(stand.sent), state(number)[0]) == (1, "unknown")
    assert "Look on the platform" in state(number)[1]


@pytest.mark.parametrize(("platform", "sent", "after"), [("mastodon", 1, "sent"), ("telegram", 0, "unknown")])
def test_after_a_worker_died_while_sending(
    stand: Stand, queued: Callable[..., int], platform: str, sent: int, after: str
) -> None:
    number = queued(platform)
    with db.write() as session:
        replies.begin(session, number)
    tasks.send_reply(number)
    assert (len(stand.sent), state(number)[0]) == (sent, after)


def test_a_dead_sign_in_keeps_the_reply_waiting(stand: Stand, queued: Callable[..., int]) -> None:
    number = queued()
    stand.answer = AuthExpired("revoked")
    with pytest.raises(TryLater):
        tasks.send_reply(number)
    assert state(number) == ("queued", refusals.SIGNED_OUT)
    with db.read() as session:
        assert accounts.get(session, 1).state == "auth_expired"
        assert [one.reply.id for one in waiting.page(session, EVERYTHING, Wanted("look"))] == [number]
    with db.write() as session:
        assert replies.undo(session, number, "user:1"), "nothing was sent: its text goes back into the box"


def test_a_paused_account_sends_nothing_until_it_goes_on(stand: Stand, queued: Callable[..., int]) -> None:
    number = queued()
    with db.write() as session:
        accounts.switch(session, 1, False, "user:1")
    for _ in range(2):
        with pytest.raises(TryLater):
            tasks.send_reply(number)
    assert (len(stand.sent), state(number)) == (0, ("queued", refusals.PAUSED))
    with db.write() as session:
        accounts.switch(session, 1, True, "user:1")
    tasks.send_reply(number)
    assert (len(stand.sent), state(number)[0]) == (1, "sent")


def test_who_answered_is_told_once_that_the_account_has_to_be_reconnected(
    stand: Stand, queued: Callable[..., int]
) -> None:
    queued()
    with db.write() as session:
        number = replies.queue(session, 1, "Später", author="user:7", undo_seconds=0).id or 0
    stand.answer = AuthExpired("revoked")
    for _ in range(2):
        with pytest.raises(TryLater):
            tasks.send_reply(number)
    with db.read() as session:
        told = session.execute(sa.select(db.table(Notification).c.who, db.table(Notification).c.kind)).all()
    assert [tuple(one) for one in told] == [("user:7", "failed")]
    stand.answer = None
    tasks.send_reply(number)
    assert state(number) == ("sent", "")


def test_a_reply_that_is_gone_is_no_error(stand: Stand) -> None:
    tasks.send_reply(99)


# --- looking again, at the simulated platforms ------------------------------------------------------


@pytest.mark.xdist_group("living")
@pytest.mark.parametrize("brand", ["lindenbahn", "marlowe"])
def test_edits_and_deletions_are_found_by_looking_again(home: Sandbox, brand: str) -> None:
    handle = home.account(brand)["handle"]
    kept, gone = (home.post(brand, f"{words} ({brand})") for words in ("This one stays", "This one goes"))
    done("pull", "--account", handle, "--wait")
    if brand == "lindenbahn":
        home.control("/_edit", {"key": kept, "text": "This one was changed"})
    home.control("/_delete", {"key": gone})
    with db.read() as session:
        number = accounts.find(session, handle).id or 0
    tasks.recheck_account(number)
    with db.read() as session:
        m = db.table(Message)
        rows = {row.key: row for row in session.execute(sa.select(m).where(m.c.key.in_([kept, gone])))}
    assert (rows[gone].text, rows[gone].deleted_at is not None) == ("", True)
    assert ("changed" in rows[kept].text) == (brand == "lindenbahn")
    done("search", "goes")
    assert gone not in {row["text"] for row in done("search", "goes")}


@pytest.mark.xdist_group("living")
def test_what_the_platform_allows_is_asked_once_a_day(home: Sandbox) -> None:
    with db.read() as session:
        number = accounts.find(session, "lindenbahn@social.example").id or 0
        allowed = accounts.get(session, number).config["limits"]
    assert allowed["max_characters"] > 7
    for ago, found in ((timedelta(hours=23), 7), (timedelta(hours=25), allowed["max_characters"])):
        with db.write() as session:
            row = accounts.get(session, number)
            told_at = (db.now() - ago).isoformat()
            row.config = {**row.config, "limits": {"max_characters": 7}, "told_at": told_at}
        tasks.recheck_account(number)
        with db.read() as session:
            assert accounts.get(session, number).config["limits"]["max_characters"] == found


@pytest.mark.xdist_group("living")
def test_a_platform_that_does_not_tell_what_it_allows_is_looked_at_again_all_the_same(
    home: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(self: Mastodon) -> Profile:
        raise BadPayload("not this time")

    monkeypatch.setattr(Mastodon, "check", unreadable)
    gone = home.post("lindenbahn", "This one goes, too")
    done("pull", "--account", "lindenbahn@social.example", "--wait")
    home.control("/_delete", {"key": gone})
    with db.write() as session:
        row = accounts.find(session, "lindenbahn@social.example")
        row.config = {**row.config, "told_at": None}
    tasks.recheck_account(row.id or 0)
    with db.read() as session:
        m = db.table(Message)
        assert session.execute(sa.select(m.c.deleted_at).where(m.c.key == gone)).scalar_one() is not None


@pytest.mark.xdist_group("living")
def test_older_messages_are_looked_up_in_turn(home: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RECHECK_PORTION", 30)
    with db.read() as session:
        number = accounts.find(session, "lindenbahn@social.example").id or 0
    places = []
    for _ in range(12):
        tasks.recheck_account(number)
        with db.read() as session:
            places.append(accounts.get(session, number).recheck_after)
    rounds = places[: places.index(0) + 1]
    assert rounds[:-1] == sorted(set(rounds[:-1]))
    assert len(rounds) >= 3


def test_a_reply_that_was_put_off_further_is_not_sent_on_its_old_letter(
    stand: Stand, queued: Callable[..., int]
) -> None:
    number = queued()
    later = db.now() + timedelta(hours=2)
    with db.write() as session:
        assert replies.put_off(session, number, later, "cli")
    send = SUBSCRIBERS["connectors.tasks.send"]
    assert outbox.step(send, tasks.send) == 1
    assert (stand.sent, state(number)[0]) == ([], "queued")
    with db.read() as session:
        o = db.table(OutboxRow)
        due = session.execute(sa.select(o.c.due_at).where(o.c.subscriber == send.name)).scalar_one()
    assert due == pytest.approx(later.timestamp())
