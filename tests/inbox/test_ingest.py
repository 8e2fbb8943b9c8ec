"""Storing a page: one transaction, repeats harmless, bad input kept, nothing lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.event import Author, Bad, Page
from core.outbox import OutboxRow
from inbox import incoming, search
from inbox.ingest import CursorMoved, FeedStep, store_page
from inbox.models import BadItem, Conversation, Feed, Identity, Message, MessageAccount, MessageVersion

from .conftest import BRAND, START, event, person

pytestmark = pytest.mark.parametrize("db_url", ["sqlite", "postgresql"], indirect=True)


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(sa.text("1"))))


def topics() -> list[str]:
    return sorted({row.topic for row in rows(OutboxRow)})


def store(account, *events, **more):
    return store_page(account, Page(events=events, **more))


def test_a_page_becomes_people_conversations_messages_and_work(account) -> None:
    stored = store(account, event(1), event(2, author=person("ben")))
    assert len(stored.new) == 2
    assert [row.handle for row in rows(Identity)] == [
        "brand@social.example",
        "anna@social.example",
        "ben@social.example",
    ]
    assert len(rows(Conversation)) == 2
    assert {"identity.seen", "message.stored"} <= set(topics())


def test_a_page_that_comes_again_changes_nothing(account) -> None:
    store(account, event(1))
    before = [row.model_dump() for model in (Message, Identity, Conversation, OutboxRow) for row in rows(model)]
    stored = store(account, event(1))
    assert (stored.new, stored.repeated) == ({}, 1)
    assert [row.model_dump() for model in (Message, Identity, Conversation, OutboxRow) for row in rows(model)] == before


def test_a_key_twice_in_one_page_is_one_message(account) -> None:
    store(account, event(1), event(1, text="@brand newer", edited_at=START + timedelta(hours=1)))
    assert [row.text for row in rows(Message)] == ["@brand newer"]


def test_nul_and_lone_surrogates_are_stored_without_them(account) -> None:
    store(account, event(1, text="a\x00b\ud800c", author=person(bio="x\x00y"), raw={"t": "a\x00b"}))
    assert [row.text for row in rows(Message)] == ["ab?c"]


def test_a_post_of_a_megabyte_is_cut_and_says_so(account) -> None:
    store(account, event(1, text="wort " * 300_000, raw={"content": "x" * 2_000_000}))
    (message,) = rows(Message)
    assert len(message.text) <= 100_001
    assert message.raw["widerhall_cut"] > 1_000_000


def test_answers_find_their_thread_in_any_order(account) -> None:
    root, answer, last = (
        event(1),
        event(2, kind="reply", parent_key=event(1).key),
        event(3, kind="reply", parent_key=event(2).key),
    )
    store(account, last)
    store(account, root)
    assert len(rows(Conversation)) == 2
    store(account, answer)
    (conversation,) = rows(Conversation)
    assert {row.conversation_id for row in rows(Message)} == {conversation.id}
    assert (conversation.messages, conversation.first_at) == (3, root.posted_at)


def test_two_answers_to_a_post_nobody_has_are_one_conversation(account) -> None:
    store(account, event(1, kind="reply", parent_key="mastodon:gone"))
    store(account, event(2, kind="reply", parent_key="mastodon:gone"))
    assert len(rows(Conversation)) == 1


def test_of_threads_that_turn_out_to_be_one_the_oldest_number_stays(account) -> None:
    first = store(account, event(2, kind="reply", parent_key="mastodon:a"))
    store(account, event(3, kind="reply", parent_key="mastodon:b"))
    oldest = min(one.id for one in rows(Conversation))
    store(account, event(4, key="mastodon:b", kind="reply", parent_key="mastodon:a"))
    assert ([one.id for one in rows(Conversation)], len(first.new)) == ([oldest], 1)


def test_a_missing_parent_is_asked_for_once(account) -> None:
    store(account, event(2, kind="reply", parent_key=event(1).key))
    store(account, event(2, kind="reply", parent_key=event(1).key))
    asked = [row.payload for row in rows(OutboxRow) if row.topic == "parent.missing"]
    assert asked == [{"account_id": account, "message_id": rows(Message)[0].id}]


def test_an_edit_keeps_the_old_wording_and_is_found_by_the_new(account) -> None:
    store(account, event(1, text="die Lieferung fehlt"))
    store(account, event(1, text="alles angekommen", edited_at=START + timedelta(hours=1)))
    with db.read() as session:
        assert [m.id for m in search.find(session, "Lieferung")] == []
        assert len(search.find(session, "angekommen")) == 1
    assert [row.text for row in rows(MessageVersion)] == ["die Lieferung fehlt"]
    assert rows(Message)[0].version == 2


def test_an_older_wording_that_arrives_late_changes_nothing(account) -> None:
    store(account, event(1, text="new", edited_at=START + timedelta(hours=2)))
    store(account, event(1, text="old", edited_at=START + timedelta(hours=1)))
    assert rows(Message)[0].text == "new"


def test_a_deletion_wipes_text_versions_and_search(account) -> None:
    store(account, event(1, text="geheime Nummer 12345"))
    store(account, event(1, text="geheime Nummer", edited_at=START + timedelta(hours=1)))
    store(account, event(1, action="delete", author=None, text=""))
    (message,) = rows(Message)
    assert (message.text, message.raw, rows(MessageVersion)) == ("", {}, [])
    assert message.deleted_at is not None
    with db.read() as session:
        assert search.find(session, "geheime") == []
    assert rows(Conversation)[0].excerpt == ""
    assert "message.deleted" in topics()


def test_written_and_deleted_within_one_page_keeps_its_place_without_text(account) -> None:
    store(account, event(1, text="never mind"), event(1, action="delete", author=None, text=""), event(2))
    first, second = rows(Message)
    assert (first.text, first.deleted_at is not None, second.deleted_at) == ("", True, None)
    with db.read() as session:
        assert search.find(session, "mind") == []
    store(account, event(1, text="never mind"), event(1, action="delete", author=None, text=""))
    assert rows(Message)[0].version == first.version


def test_a_deleted_message_does_not_come_back(account) -> None:
    store(account, event(1))
    store(account, event(1, action="delete"))
    store(account, event(1))
    assert rows(Message)[0].text == ""


def test_japanese_is_found_by_two_characters(account) -> None:
    store(account, event(1, text="配送が遅れています。とても困っています"), event(2, text="注文ありがとう"))
    with db.read() as session:
        assert [m.text for m in search.find(session, "配送")] == ["配送が遅れています。とても困っています"]


def test_umlauts_are_found_both_ways(account) -> None:
    store(account, event(1, text="Grüße aus München"))
    with db.read() as session:
        assert all(search.find(session, word) for word in ("München", "muenchen", "MÜNCHEN", "gruesse"))


def test_a_conversation_waits_until_somebody_answers(account) -> None:
    store(account, event(1))
    assert (rows(Conversation)[0].state, rows(Conversation)[0].waiting_since) == ("open", event(1).posted_at)
    answer = event(2, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key)
    store(account, answer)
    (conversation,) = rows(Conversation)
    assert (conversation.state, conversation.waiting_since) == ("pending", None)
    store(account, event(3, kind="reply", parent_key=answer.key))
    assert rows(Conversation)[0].state == "open"


def test_an_answer_that_is_pulled_before_the_question_still_counts(account) -> None:
    answer = event(2, direction="outbound", kind="reply", author=BRAND, parent_key=event(1).key)
    store(account, answer)
    store(account, event(1))
    (conversation,) = rows(Conversation)
    assert (conversation.state, conversation.waiting_since) == ("pending", None)


def test_a_changed_profile_is_matched_again_but_a_partial_one_forgets_nothing(account) -> None:
    store(account, event(1, author=person(bio="anna@example.org")))
    with db.write() as session:
        session.execute(sa.delete(OutboxRow))
    store(account, event(2, author=person()))
    assert "identity.seen" not in topics()
    store(account, event(3, author=person(bio="new bio")))
    assert "identity.seen" in topics()
    assert [row.bio for row in rows(Identity) if row.handle.startswith("anna")] == ["new bio"]


def test_our_own_account_is_never_matched(account) -> None:
    store(account, event(1, direction="outbound", kind="post", author=BRAND))
    assert "identity.seen" not in topics()


def test_a_message_for_two_accounts_is_one_message_of_both(account) -> None:
    from core.event import Profile
    from inbox import accounts

    other = Author(platform="mastodon", id="https://social.example/users/other", handle="other@social.example")
    with db.write() as session:
        second = accounts.add(
            session,
            platform="mastodon",
            profile=Profile(author=other),
            base_url="https://social.example",
            secrets={},
            feeds=[],
        )
    store(account, event(1))
    store(second, event(1))
    assert len(rows(Message)) == 1
    assert [(row.message_id, row.account_id) for row in rows(MessageAccount)] == [(rows(Message)[0].id, second)]


def test_what_cannot_be_read_is_kept_once(account) -> None:
    bad = Bad(source="notifications", reason="no id", raw='{"x": 1}')
    store_page(account, Page(bad=(bad,)))
    store_page(account, Page(bad=(bad,)))
    assert [(row.reason, row.raw) for row in rows(BadItem)] == [("no id", '{"x": 1}')]


def test_the_cursor_moves_with_the_page_or_not_at_all(account) -> None:
    feed = rows(Feed)[0]
    store_page(account, Page(events=(event(1),), cursor="1"), step=FeedStep(feed.id, None))
    with pytest.raises(CursorMoved):
        store_page(account, Page(events=(event(2),), cursor="2"), step=FeedStep(feed.id, None))
    assert (rows(Feed)[0].cursor, len(rows(Message))) == ("1", 1)


def test_a_failure_in_the_same_transaction_stores_nothing(account) -> None:
    def fail(session):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store_page(account, Page(events=(event(1),)), also=fail)
    assert rows(Message) == []
    assert not [row for row in rows(OutboxRow) if row.topic == "message.stored"]


def test_a_post_found_by_listening_waits_for_nobody(account) -> None:
    store(account, event(1, kind="post", origin="listening"))
    (conversation,) = rows(Conversation)
    assert (conversation.inbox, conversation.state, conversation.waiting_since) == (False, "closed", None)


def test_a_found_post_that_turns_out_to_be_for_us_opens(account) -> None:
    store(account, event(1, kind="post", origin="listening"))
    store(account, event(1))
    (conversation,) = rows(Conversation)
    assert (conversation.inbox, conversation.state, conversation.messages) == (True, "open", 1)


def test_pages_stored_at_the_same_time_store_each_message_once(account) -> None:
    events = tuple(event(n) for n in range(60))
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for start in range(0, 60, 20):
                store_page(account, Page(events=events[start : start + 20]))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == []
    assert len(rows(Message)) == 60


def test_the_future_and_the_distant_past_are_accepted(account) -> None:
    store(account, event(1, posted_at=START + timedelta(days=4000)), event(2, posted_at=START - timedelta(days=9000)))
    assert len(rows(Message)) == 2


def test_merged_keeps_the_word_addressed_to_us(db_url) -> None:
    found = event(1, kind="post", origin="listening")
    assert [one.origin for one in incoming.merged([event(1), found])] == ["inbox"]


def test_follow_up_work_is_there_after_the_commit_and_handled_once(account) -> None:
    store(account, event(1))
    held = outbox.claim(outbox.SUBSCRIBERS["sentiment.tasks.annotate"])
    assert held is not None
    assert [item.payload["version"] for item in held.items] == [1]
