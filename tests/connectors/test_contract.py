"""What every platform's connector keeps to, over real HTTP; run for each row of the capability table."""

import time
from datetime import datetime, timedelta

import pytest

from connectors.base import AccountRef, Seen, now
from connectors.capabilities import TABLE, capability
from connectors.registry import connect
from core.errors import AuthExpired, NotConfigured, Rejected, TryLater, Unknown, WiderhallError
from core.event import Reply
from tests.connectors.support import Tokens, connector, drain

PLATFORMS = [row.name for row in TABLE if not row.no_simulator]
POLLED = [row.name for row in TABLE if row.recheck]
SENDING = {
    "mastodon": "/api/v1/statuses$",
    "bluesky": "(createRecord|sendMessage)$",
    "telegram": "/sendMessage$",
}
KEYED = [row.name for row in TABLE if row.idempotency != "none"]


def everything(sandbox, platform):
    """All default feeds of an account: the first event of each key."""
    connector = sandbox.checked(platform)
    found = {}
    for feed in connector.feeds():
        events, bad, _ = drain(connector.pull(feed, None))
        assert not bad
        for event in events:
            found.setdefault(event.key, event)
    return connector, found


@pytest.fixture(scope="session")
def inboxes(_running):
    """What each account pulls; Telegram hands its updates out only once."""
    return {platform: everything(_running, platform) for platform in PLATFORMS}


def expected(sandbox, platform):
    handle = sandbox.account(platform)["handle"]
    rows = [row for row in sandbox.world()["events"] if row["platform"] == platform]
    return {row["key"]: row for row in rows if row["account"].lstrip("@") == handle.lstrip("@")}


def newest(found, kind):
    rows = [event for event in found.values() if event.kind == kind and event.direction == "inbound"]
    return max(rows, key=lambda event: event.posted_at)


def answer(event, key, text="Danke! Wir sehen nach: https://example.org/hilfe #service 👍🏽"):
    return Reply(
        key=key,
        text=text,
        language="de",
        parent_ref=event.ref,
        parent_key=event.key,
        thread_key=event.thread_key,
        recipient=event.author,
        visibility=event.visibility,
    )


def persist(connector, reply, tries=6):
    """Send as a worker does: again after every passing error."""
    for _ in range(tries):
        try:
            return connector.send(reply)
        except (TryLater, Unknown) as error:
            reply = reply.model_copy(update={"first_attempt": False})
            time.sleep(min(getattr(error, "after", 0.1), 1.1))
    raise AssertionError("never sent")


def sent(sandbox, platform):
    return [row["key"] for row in sandbox.world()["sent"] if row["platform"] == platform]


# --- reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_everything_the_platform_has_for_us_arrives(sandbox, inboxes, platform):
    _, found = inboxes[platform]
    wanted = [key for key, row in expected(sandbox, platform).items() if not row.get("optional")]
    missing = [key for key in wanted if key not in found]
    context = {key for key, row in expected(sandbox, platform).items() if row["kind"] == "context"}
    made_here = set(sent(sandbox, platform))
    assert not set(missing) - context - made_here


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_event_says_what_the_platform_says(sandbox, inboxes, platform):
    _, found = inboxes[platform]
    rows = expected(sandbox, platform)
    for key in rows.keys() & found.keys():
        row, event = rows[key], found[key]
        if row["deleted"] or row["edited"] or event.origin == "context":
            continue
        assert event.kind in [row["kind"], *row.get("kind_accepted", [])], key
        assert event.direction == row["direction"], key
        for name, value in (("author", event.author and event.author.id), ("text", event.text),
                            ("private", event.private), ("parent", event.parent_key)):  # fmt: skip
            said = row[name] if row[name] is not None else row.get(f"{name}_missing")
            assert row.get(f"{name}_unspecified") or value == said, (key, name)
        if not row.get("posted_at_unspecified"):
            assert event.posted_at == datetime.fromisoformat(row["posted_at"]), key


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_second_pull_from_the_cursor_brings_nothing(sandbox, platform):
    connector = sandbox.checked(platform)
    for feed in connector.feeds():
        cursor = drain(connector.pull(feed, None))[2]
        assert drain(connector.pull(feed, cursor))[0] == []


@pytest.mark.parametrize("platform", POLLED)
def test_stopping_after_any_page_loses_nothing(sandbox, inboxes, platform):
    connector = sandbox.checked(platform)
    for feed in connector.feeds():
        whole = {event.key for event in drain(connector.pull(feed, None))[0]}
        found, cursor = set(), None
        for _ in range(200):
            page = next(iter(connector.pull(feed, cursor)), None)
            if page is None:
                break
            found |= {event.key for event in page.events}
            cursor = page.cursor
        assert found == whole


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_new_message_arrives_with_the_next_pull(sandbox, inboxes, platform):
    connector = sandbox.checked(platform)
    feed = connector.feeds()[0]
    cursor = drain(connector.pull(feed, None))[2]
    person = _person(sandbox, platform)
    made = sandbox.control(
        "/_post", {"platform": platform, "person": person, "account": _brand(sandbox, platform), "text": "Neu hier"}
    )
    events, _, _ = drain(connector.pull(feed, cursor))
    assert made["key"] in [event.key for event in events]


def _brand(sandbox, platform):
    return sandbox.account(platform)["brand"]


def _person(sandbox, platform):
    links = sandbox.world()["links"]
    return next(link["person"] for link in links if link["identity"].startswith(platform))


@pytest.mark.parametrize("platform", POLLED)
def test_parents_that_are_not_ours_are_fetched(sandbox, inboxes, platform):
    connector, found = inboxes[platform]
    rows = expected(sandbox, platform)
    context = {key for key, row in rows.items() if row["kind"] == "context" and not row.get("optional")}
    for event in list(found.values()):
        if event.parent_key and event.parent_key not in found and event.kind in ("mention", "reply", "quote", "dm"):
            for above in connector.thread(event.ref).events:
                found.setdefault(above.key, above)
    assert not context - found.keys()


@pytest.mark.parametrize("platform", POLLED)
def test_a_deletion_is_seen_by_looking_again(sandbox, platform):
    connector = sandbox.checked(platform)
    made = sandbox.control("/_post", {"platform": platform, "person": _person(sandbox, platform),
                                      "account": _brand(sandbox, platform), "text": "Gleich weg"})  # fmt: skip
    events, _, _ = drain(connector.pull("notifications", None))
    event = next(event for event in events if event.key == made["key"])
    seen = [Seen(event.key, event.ref, event.kind)]
    assert [again.action for again in connector.recheck(seen).events] == ["upsert"]
    sandbox.control("/_delete", {"key": event.key})
    gone = connector.recheck(seen).events
    assert [(again.key, again.action) for again in gone] == [(event.key, "delete")]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_counts_agree_with_what_is_pulled_or_say_that_they_cannot(sandbox, platform):
    connector = sandbox.checked(platform)
    until = now() + timedelta(minutes=1)
    for feed in connector.feeds():
        count = connector.count(feed, until - timedelta(days=60), until)
        pulled = {event.key for event in drain(connector.pull(feed, None))[0]} if count.complete else set()
        assert not count.complete or set(count.keys) == pulled


@pytest.mark.parametrize("feed", ["tag:Kontrakt", "search:Kontrakt"])
@pytest.mark.parametrize("platform", POLLED)
def test_listening_finds_a_post_by_tag_and_by_word(sandbox, platform, feed):
    body = {"platform": platform, "person": _person(sandbox, platform), "account": _brand(sandbox, platform)}
    made = sandbox.control("/_post", {**body, "text": "Gefunden #Kontrakt"})
    events, bad, _ = drain(sandbox.checked(platform).pull(feed, None))
    assert made["key"] in [event.key for event in events]
    assert not bad


# --- sending ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["mention", "dm"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_answer_has_the_key_its_echo_will_have(sandbox, inboxes, platform, kind):
    connector, found = inboxes[platform]
    parent = newest(found, kind)
    event = connector.send(answer(parent, f"{platform}-{kind}-echo"))
    assert event.key in sent(sandbox, platform)
    assert (event.direction, event.kind) == ("outbound", "dm" if kind == "dm" else "reply")
    assert event.private == parent.private


@pytest.mark.parametrize("kind", ["mention", "dm"])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_answer_can_be_taken_back_twice(sandbox, inboxes, platform, kind):
    connector, found = inboxes[platform]
    event = connector.send(answer(newest(found, kind), f"{platform}-{kind}-back", "Gleich wieder weg"))
    connector.delete(event.ref)
    connector.delete(event.ref)


@pytest.mark.parametrize("platform", POLLED)
def test_the_echo_of_an_answer_is_the_same_event(sandbox, inboxes, platform):
    connector, found = inboxes[platform]
    event = connector.send(answer(newest(found, "mention"), f"{platform}-echo"))
    events, _, _ = drain(connector.pull("own", None))
    echo = next(again for again in events if again.key == event.key)
    assert (echo.text, echo.parent_key, echo.kind, echo.direction) == (
        event.text, event.parent_key, event.kind, event.direction
    )  # fmt: skip


@pytest.mark.parametrize("fault", ["429", "500", "503", "timeout_after_commit", "drop"])
@pytest.mark.parametrize("kind", ["mention", "dm"])
@pytest.mark.parametrize("platform", KEYED)
def test_an_answer_is_posted_once_whatever_happens(sandbox, inboxes, platform, kind, fault):
    connector, found = inboxes[platform]
    before = sent(sandbox, platform)
    sandbox.fault(platform, fault, SENDING[platform], delay=0.2, retry_after=1)
    event = persist(connector, answer(newest(found, kind), f"{platform}-{kind}-{fault}", f"Antwort {kind} {fault}"))
    assert [key for key in sent(sandbox, platform) if key not in before] == [event.key]


def test_a_telegram_answer_without_an_answer_is_unknown_and_not_repeated(sandbox, inboxes):
    connector, found = inboxes["telegram"]
    before = len(sent(sandbox, "telegram"))
    sandbox.fault("telegram", "timeout_after_commit", SENDING["telegram"], delay=0.2)
    with pytest.raises(Unknown):
        connector.send(answer(newest(found, "dm"), "k"))
    assert len(sent(sandbox, "telegram")) == before + 1


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_answer_that_is_too_long_is_refused_with_both_numbers(sandbox, inboxes, platform):
    connector, found = inboxes[platform]
    before = sent(sandbox, platform)
    long = "あ" * (capability(platform).limit + 1)
    with pytest.raises(Rejected, match=rf"{capability(platform).limit}"):
        connector.send(answer(newest(found, "mention"), "long", long))
    assert sent(sandbox, platform) == before


# --- trouble ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wrong_secret_is_auth_expired_with_advice(sandbox, platform):
    wrong = {"token": "123:wrong", "identifier": sandbox.account(platform)["handle"], "password": "wrong"}
    with pytest.raises(AuthExpired) as raised:
        sandbox.connector(platform, Tokens(**wrong)).check()
    assert len(str(raised.value)) > 30


@pytest.mark.parametrize("platform", PLATFORMS)
def test_missing_secrets_are_named(platform):
    row = capability(platform)
    with pytest.raises(NotConfigured):
        connector(platform, row.base_url, Tokens()).check()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_busy_platform_is_try_later(sandbox, platform):
    connector = sandbox.checked(platform)
    sandbox.control("/_faults", {"service": platform, "kind": "429", "count": 1, "retry_after": 3})
    with pytest.raises(TryLater) as raised:
        drain(connector.pull(connector.feeds()[0], None))
    assert 0 < raised.value.after <= 3


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_feed_that_does_not_exist_is_named(sandbox, platform):
    with pytest.raises(NotConfigured, match="nonsense"):
        drain(sandbox.checked(platform).pull("nonsense", None))


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_what_a_platform_cannot_do_is_a_sentence(row):
    ours = connect(AccountRef(1, row.name, row.base_url or "https://x.example"), Tokens(token="1:a"), None)
    calls = {
        "recheck": (row.recheck, lambda: ours.recheck([])),
        "stream": (row.stream, lambda: next(iter(ours.stream()))),
        "receive": (row.webhook, lambda: ours.receive({}, b"")),
        "reply": (row.reply, lambda: ours.send(Reply(key="k", text="t"))),
    }
    for able, call in calls.values():
        if not able:
            with pytest.raises(NotConfigured, match=r".{20}\.$"):
                call()
    assert issubclass(NotConfigured, WiderhallError)
