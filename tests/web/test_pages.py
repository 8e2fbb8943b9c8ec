"""Claims about the pages: what they show, to whom, and what their buttons do."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from inbox import replies
from inbox.models import Conversation, Message, ReplyRow
from tests.conftest import BOTH
from tests.web.conftest import account, event, store

pytestmark = BOTH


def _conversation(key: str) -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.execute(sa.select(m.c.conversation_id).where(m.c.key == key)).scalar_one()


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
