"""Claims about the pages: what they show, to whom, and what their buttons do."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import backlog, db, outbox
from core.event import Bad, Page
from inbox import accounts, desk, ingest, replies
from inbox.models import Conversation, Identity, Message, Objection, ReplyRow
from tests.conftest import BOTH
from tests.web.conftest import account, event, store
from web import rows
from web.pages import messages

pytestmark = BOTH


def _conversation(key: str) -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.execute(sa.select(m.c.conversation_id).where(m.c.key == key)).scalar_one()


# --- the list ----------------------------------------------------------------------------------------


def test_fresh_hub_says_what_to_do_next(as_role) -> None:
    assert "Connect the first account" in as_role("admin").get("/").text
    assert "An administrator of this hub can connect one" in as_role("agent").get("/").text


def test_list_shows_what_arrived_newest_first(as_role) -> None:
    store(account(), event("m:1", "the older one", minutes=5), event("m:2", "the newer one"))
    text = as_role("agent").get("/").text
    assert 0 < text.index("the newer one") < text.index("the older one")


def test_our_own_and_context_messages_do_not_arrive(as_role) -> None:
    store(account(), event("m:1", "ours", direction="outbound"), event("m:2", "context", origin="context"))
    assert "data-row" not in as_role("agent").get("/").text


def test_html_in_a_message_stays_text(as_role) -> None:
    store(account(), event("m:1", "<script>alert(1)</script>"))
    browser = as_role("agent")
    for path in ("/", f"/conversations/{_conversation('m:1')}"):
        text = browser.get(path).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_pages_follow_each_other_without_gap_or_double(as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "PAGE", 3)
    moment = db.now()
    store(account(), *[event(f"m:{n}", f"number {n}", posted_at=moment - timedelta(minutes=n // 2)) for n in range(8)])
    wanted, before, seen = rows.Filter(), None, []
    with db.read() as session:
        while found := rows.page(session, wanted, before)[:3]:
            seen += [row.id for row in found]
            before = rows.place(found[-1].place)
    assert len(seen) == len(set(seen)) == 8


def test_list_is_filtered_by_words_account_platform_and_state(as_role) -> None:
    one, two = account(), account("bluesky", "brand.example")
    store(one, event("m:1", "coffee is cold"), event("m:2", "tea is warm"))
    store(two, event("b:1", "coffee on the other side", platform="bluesky"))
    with db.write() as session:
        desk.set_state(session, _conversation("m:2"), "closed", "test")
    browser = as_role("agent")
    for query, expected in (
        ("q=coffee", {"coffee is cold", "coffee on the other side"}),
        (f"account={two}", {"coffee on the other side"}),
        ("platform=bluesky", {"coffee on the other side"}),
        ("state=closed", {"tea is warm"}),
        ("q=coffee&state=open&platform=mastodon", {"coffee is cold"}),
    ):
        text = browser.get(f"/?{query}").text
        shown = {one for one in ("coffee is cold", "tea is warm", "coffee on the other side") if one in text}
        assert shown == expected, query


def test_empty_result_offers_everything(as_role) -> None:
    store(account(), event("m:1"))
    text = as_role("agent").get("/?q=nothing-like-it").text
    assert "Nothing fits" in text
    assert 'value="nothing-like-it"' in text


@pytest.mark.parametrize(
    "query", ["account=x", "account=" + "9" * 30, "state=odd", "before=x", "q=%22", "q=%00", "platform=%27"]
)
def test_odd_filters_break_nothing(as_role, query: str) -> None:
    store(account(), event("m:1"))
    assert as_role("agent").get(f"/?{query}").status_code == 200


def test_account_in_trouble_is_named_above_the_list(as_role) -> None:
    row = account()
    with db.write() as session:
        accounts.set_state(session, row, "auth_expired", "The token was revoked.")
    assert "The token was revoked." in as_role("agent").get("/").text


def test_marketer_does_not_see_private_messages(as_role) -> None:
    store(account(), event("m:1", "just between us", kind="dm", visibility="private"))
    number = _conversation("m:1")
    browser = as_role("marketer")
    assert "just between us" not in browser.get("/").text
    assert browser.get("/fragments/messages?ids=1").text.strip() == ""
    assert browser.get(f"/conversations/{number}").status_code == 403
    assert browser.get(f"/fragments/conversations/{number}").status_code == 403
    assert "just between us" in as_role("agent").get("/").text


def test_fragment_gives_the_rows_that_fit_the_filter(as_role) -> None:
    store(account(), event("m:1", "coffee"), event("m:2", "tea"))
    text = as_role("agent").get("/fragments/messages?ids=1,2,77,x&q=coffee").text
    assert text.count("data-row=") == 1
    assert len(messages.router.routes) == 2


# --- a thread ----------------------------------------------------------------------------------------


def test_thread_shows_public_as_card_and_private_as_bubble(as_role) -> None:
    thread = {"thread_key": "m:1"}
    store(
        account(),
        event("m:1", "in public", minutes=9, **thread),
        event("m:2", "in private", kind="dm", visibility="private", parent_key="m:1", **thread),
    )
    text = as_role("agent").get(f"/conversations/{_conversation('m:1')}").text
    assert text.count("msg-public") == 1
    assert text.count("msg-dm") == 1
    assert text.index("in public") < text.index("Private from here") < text.index("in private")
    assert "Private message to Kim" in text


def test_edit_keeps_the_earlier_wording_and_deletion_keeps_none(as_role) -> None:
    row = account()
    store(row, event("m:1", "first wording", minutes=9), event("m:2", "soon gone", minutes=8, parent_key="m:1"))
    store(row, event("m:1", "second wording", minutes=9, edited_at=db.now()))
    store(row, event("m:2", action="delete", parent_key="m:1"))
    text = as_role("agent").get(f"/conversations/{_conversation('m:1')}").text
    assert "second wording" in text
    assert "1 earlier wording" in text
    assert "soon gone" not in text
    assert "Deleted on the platform" in text


def test_reply_is_queued_once_for_one_form(as_role) -> None:
    store(account(), event("m:1"))
    number, browser = _conversation("m:1"), as_role("agent")
    for _ in range(2):
        answer = browser.post(f"/conversations/{number}/reply", {"text": "Thank you!", "key": "form-1"})
        assert answer.status_code == 303
    with db.read() as session:
        found = session.scalars(sa.select(ReplyRow)).all()
    assert [(one.text, one.state, one.author) for one in found] == [("Thank you!", "queued", "user:1")]
    assert "Take back" in browser.get(f"/conversations/{number}").text


def test_empty_reply_says_so(as_role) -> None:
    store(account(), event("m:1"))
    answer = as_role("agent").post(f"/conversations/{_conversation('m:1')}/reply", {"text": "  "})
    assert answer.status_code == 422
    assert "The reply is empty" in answer.text


def test_refused_reply_keeps_what_was_typed(as_role) -> None:
    store(account(), event("m:1", kind="like"))
    answer = as_role("agent").post(f"/conversations/{_conversation('m:1')}/reply", {"text": "a long answer"})
    assert answer.status_code == 422


def test_reply_can_be_taken_back(as_role) -> None:
    store(account(), event("m:1"))
    number, browser = _conversation("m:1"), as_role("agent")
    browser.post(f"/conversations/{number}/reply", {"text": "Too fast"})
    assert browser.post("/replies/1/undo").headers["location"].endswith("note=reply-undone")
    assert browser.post("/replies/1/undo").headers["location"].endswith("note=reply-left")


def test_unclear_reply_asks_before_it_is_sent_again(as_role) -> None:
    store(account(), event("m:1"))
    number, browser = _conversation("m:1"), as_role("agent")
    with db.write() as session:
        row = replies.queue(session, number, "Hello", author="cli")
        replies.mark(session, row.id or 0, "unknown", "No answer came.")
    text = browser.get(f"/conversations/{number}").text
    assert "data-confirm" in text
    assert "No answer came." in text
    browser.post("/replies/1/retry")
    with db.read() as session:
        assert session.scalars(sa.select(ReplyRow)).one().state == "queued"


def test_close_and_reopen(as_role) -> None:
    store(account(), event("m:1"))
    number, browser = _conversation("m:1"), as_role("agent")
    for state in ("closed", "open"):
        browser.post(f"/conversations/{number}/state", {"state": state})
        with db.read() as session:
            assert session.scalars(sa.select(Conversation)).one().state == state
    assert browser.post(f"/conversations/{number}/state", {"state": "spam"}).status_code == 400


def test_archive_is_read_but_not_answered(as_role) -> None:
    store(account("archive", "tweets"), event("archive:1", platform="archive", origin="archive", author=None))
    text = as_role("agent").get(f"/conversations/{_conversation('archive:1')}").text
    assert "Author unknown" in text
    assert "not answered" in text
    assert "<textarea" not in text


# --- accounts, what got stuck, people ----------------------------------------------------------------


def test_account_is_paused_resumed_and_removed(as_role) -> None:
    row, browser = account(), as_role("admin")
    for state in ("paused", "active", "removed"):
        browser.post(f"/accounts/{row}/state", {"state": state})
        with db.read() as session:
            assert accounts.get(session, row).state == state
    assert browser.post(f"/accounts/{row}/state", {"state": "active"}).status_code == 404


def test_failed_connection_keeps_what_was_typed_but_no_secret(as_role) -> None:
    data = {"platform": "mastodon", "base_url": "http://127.0.0.1:1", "token": "s3cret-token"}
    answer = as_role("admin").post("/accounts", data)
    assert answer.status_code == 422
    assert "http://127.0.0.1:1" in answer.text
    assert "s3cret-token" not in answer.text


def test_dead_letter_is_shown_retried_and_dropped(as_role) -> None:
    with db.write() as session:
        outbox.emit(session, "query.changed", [("1", {"query_id": 1}), ("2", {"query_id": 2})])
        session.execute(sa.update(outbox.OutboxRow).values(dead=1, reason="It cannot be read."))
        outbox.pause(session, "listening.tasks.match", "Everything failed at once.")
    browser = as_role("admin")
    text = browser.get("/dead").text
    assert text.count("It cannot be read.") == 2
    assert "Everything failed at once." in text
    assert browser.post("/dead/1/retry").status_code == 303
    assert browser.post("/dead/2/drop").status_code == 303
    assert browser.post("/dead/2/drop").status_code == 404
    browser.post("/dead/resume", {"subscriber": "listening.tasks.match"})
    assert [row.paused for row in backlog.overview() if row.subscriber == "listening.tasks.match"] == [""]


def test_unreadable_item_is_shown_and_dropped(as_role) -> None:
    ingest.store_page(account(), Page(bad=(Bad(source="notifications", reason="the field 'id' is missing", raw="{}"),)))
    browser = as_role("admin")
    assert "the field &#39;id&#39; is missing" in browser.get("/dead").text
    browser.post("/dead/items/1/drop")
    assert "Nothing is stuck" in browser.get("/dead").text


def _kim() -> int:
    store(account(), event("m:1", "about coffee"))
    with db.read() as session:
        return session.execute(
            sa.select(db.table(Identity).c.id).where(db.table(Identity).c.name == "Kim")
        ).scalar_one()


def test_objection_is_recorded_and_withdrawn(as_role) -> None:
    person, browser = _kim(), as_role("dpo")
    browser.post(f"/people/{person}/objection", {"purpose": "crm_sync", "objects": "yes"})
    with db.read() as session:
        assert [one.purpose for one in session.scalars(sa.select(Objection))] == ["crm_sync"]
    browser.post(f"/people/{person}/objection", {"purpose": "crm_sync", "objects": "no"})
    with db.read() as session:
        assert session.scalars(sa.select(Objection)).all() == []


def test_person_is_erased_only_with_the_number_typed(as_role) -> None:
    person, browser = _kim(), as_role("dpo")
    assert browser.post(f"/people/{person}/erase", {"sure": "yes"}).status_code == 422
    assert "Kim" in browser.get(f"/people/{person}").text
    assert browser.post(f"/people/{person}/erase", {"sure": str(person)}).status_code == 303
    assert browser.get(f"/people/{person}").status_code == 404
    assert "about coffee" not in browser.get("/").text


def test_our_own_accounts_are_no_people(as_role) -> None:
    account()
    assert as_role("admin").get("/people/1").status_code == 404
