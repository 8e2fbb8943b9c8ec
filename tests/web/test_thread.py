"""Claims about one conversation: what its thread shows and to whom, what is written in it and done with it."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.event import Author
from enrichment.models import CrmRecord, MatchLink
from inbox import consent, desk, drafts, notes, replies
from inbox.fields.store import Wanted
from inbox.fields.store import save as store_field
from inbox.fields.values import MISSING
from inbox.models import Account, Conversation, Identity, Message, ReplyRow
from inbox.parts.store import merge as merge_case
from tests.conftest import BOTH
from tests.web.conftest import Browser, account, event, store, user
from web import auth, entries

pytestmark = BOTH
HTMX = {"hx-request": "true"}


def talk(key: str = "m:1") -> int:
    m = db.table(Message)
    with db.read() as session:
        return session.execute(sa.select(m.c.conversation_id).where(m.c.key == key)).scalar_one()


def conversation(key: str = "m:1") -> Conversation:
    with db.read() as session:
        found = session.get(Conversation, talk(key))
    assert found is not None
    return found


def sent() -> list[ReplyRow]:
    with db.read() as session:
        return list(session.scalars(sa.select(ReplyRow).order_by(db.table(ReplyRow).c.id)))


def keys(text: str) -> list[str]:
    return re.findall(r'data-entry="([a-z0-9-]+)"', text)


@pytest.fixture
def agent(as_role) -> Browser:
    store(account(), event("m:1", "Is it open?"))
    return as_role("agent")


# --- what is shown --------------------------------------------------------------------------------------


def test_public_stands_as_card_and_private_as_bubble(as_role) -> None:
    thread = {"thread_key": "m:1"}
    store(
        account(),
        event("m:1", "in public", minutes=9, **thread),
        event("m:2", "in private", kind="dm", visibility="private", parent_key="m:1", **thread),
    )
    text = as_role("agent").get(f"/inbox/{talk()}").text
    log = text[text.index('id="log"') : text.index('id="compose"')]
    assert log.count("msg-public") == 1
    assert log.count("msg-dm") == 1
    assert log.index("in public") < log.index("Private from here") < log.index("in private")
    assert "Public reply" not in text
    assert "Private message" in text


def test_private_thread_is_shut_to_who_may_not_read_it(as_role) -> None:
    store(account(), event("m:1", "secret", kind="dm", visibility="private"))
    browser = as_role("marketer")
    for part in ("", "/entries", "/head", "/composer"):
        assert browser.get(f"/inbox/{talk()}{part}", headers=HTMX).status_code == 404


def test_edit_keeps_the_earlier_wording_and_deletion_keeps_none(as_role) -> None:
    row = account()
    store(row, event("m:1", "first wording", minutes=9), event("m:2", "soon gone", minutes=8, parent_key="m:1"))
    store(row, event("m:1", "second wording", minutes=9, edited_at=db.now()))
    store(row, event("m:2", action="delete", parent_key="m:1"))
    text = as_role("agent").get(f"/inbox/{talk()}").text
    assert "second wording" in text
    assert "1 earlier wording" in text
    assert "soon gone" not in text
    assert "Deleted on the platform" in text


def test_archive_is_read_but_not_answered(as_role) -> None:
    store(account("archive", "tweets"), event("archive:1", platform="archive", origin="archive", author=None))
    text = as_role("agent").get(f"/inbox/{talk('archive:1')}").text
    assert "Author unknown" in text
    assert "not answered" in text
    assert re.findall(r'name="kind" value="(\w+)"', text) == ["note"]


def test_expired_account_says_why_nothing_leaves(agent: Browser) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(Account)).values(state="auth_expired"))
    assert "sign-in has expired" in agent.get(f"/inbox/{talk()}").text
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "Yes.", "kind": "public"}, headers=HTMX)
    assert (answer.status_code, sent()) == (422, [])
    assert "Yes." in answer.text


def test_who_only_reads_sees_no_form(as_role) -> None:
    store(account(), event("m:1"))
    browser = as_role("marketer")
    text = browser.get(f"/inbox/{talk()}").text
    assert "<textarea" not in text
    assert "Your role reads, but does not answer." in text
    assert browser.post(f"/inbox/{talk()}/reply", {"text": "x", "kind": "note"}).status_code == 403


def test_deeds_and_notes_stand_between_the_messages(agent: Browser) -> None:
    number = talk()
    with db.write() as session:
        desk.tag(session, number, "parking", "cli")
        notes.add(session, conversation_id=number, author="user:1", text="<b>Call</b> her")
        desk.close(session, number, "user:1")
    text = agent.get(f"/inbox/{number}").text
    assert "The command line added the tag “parking”" in text
    assert "&lt;b&gt;Call&lt;/b&gt; her" in text
    assert text.index("internal note") < text.index("Agent closed this")


# --- pages of a long thread -------------------------------------------------------------------------------


@pytest.fixture
def long(as_role) -> Browser:
    """A thread of 100 messages, one per minute, with a note somewhere in the middle."""
    whole = [event(f"m:{n}", f"message {n}", minutes=200 - n, thread_key="m:1") for n in range(1, 101)]
    store(account(), *whole)
    browser = as_role("agent")
    with db.write() as session:
        number = notes.add(session, conversation_id=talk(), author="user:1", text="in the middle")
        session.execute(
            sa.text("UPDATE note SET at = :at WHERE id = :id").bindparams(
                sa.bindparam("at", type_=db.UtcDateTime()), id=number
            ),
            {"at": db.now() - timedelta(minutes=150, seconds=30)},
        )
    return browser


def test_every_entry_is_on_exactly_one_page(long: Browser) -> None:
    seen: list[str] = []
    text = long.get(f"/inbox/{talk()}").text
    while True:
        log = text[max(text.find('id="log"'), 0) :].partition('id="compose"')[0]
        seen = re.findall(r"message \d+(?=<)|in the middle", log) + seen
        found = re.search(r'hx-get="([^"]*/entries\?earlier=[^"]+)"', text)
        if found is None:
            break
        text = long.get(found[1].replace("&amp;", "&"), headers=HTMX).text
    assert [one for one in seen if one != "in the middle"] == [f"message {n}" for n in range(1, 101)]
    assert seen.index("in the middle") in (49, 50)


def test_only_the_newest_page_is_shown_at_first(long: Browser) -> None:
    text = long.get(f"/inbox/{talk()}").text
    assert sum(one[0] == "m" for one in keys(text)) == entries.PAGE
    assert "message 100<" in text
    assert "Earlier messages" in text
    link = re.search(r'<a class="btn btn-s" href="(/inbox/\d+\?earlier=[^"#]+)#conversation"', text)
    assert link is not None
    assert "message 60<" in long.get(link[1]).text


def test_a_day_is_named_once_over_the_edge_of_a_page(long: Browser) -> None:
    text = long.get(f"/inbox/{talk()}/entries", headers=HTMX).text
    assert sum(one.startswith("d-") for one in keys(text)) <= 1


def test_older_messages_on_the_page_are_brought_up_to_date(long: Browser) -> None:
    text = long.get(f"/inbox/{talk()}/entries?also=1,2,x,999", headers=HTMX).text
    older = text[text.index('<template id="older">') :]
    assert keys(older.replace('data-entry="d-', 'x="d-')) == ["m1", "m2"]


def test_part_opened_by_itself_leads_to_the_conversation(agent: Browser) -> None:
    for part in ("entries", "head", "composer"):
        where = agent.get(f"/inbox/{talk()}/{part}?view=mine").headers["location"]
        assert where == f"/inbox/{talk()}?view=mine#conversation"


def test_message_leads_to_the_conversation_it_belongs_to_now(agent: Browser) -> None:
    assert agent.get("/inbox/of/1?view=all").headers["location"] == f"/inbox/{talk()}?view=all#m1"
    assert agent.get("/inbox/of/999").status_code == 404


# --- answers ----------------------------------------------------------------------------------------------


def test_reply_is_queued_once_for_one_form(agent: Browser) -> None:
    for _ in range(2):
        answer = agent.post(f"/inbox/{talk()}/reply?view=mine", {"text": "Thank you!", "key": "f", "kind": "public"})
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/inbox/{talk()}?view=mine&note=reply-queued#r1"
    assert [(one.text, one.state, one.author) for one in sent()] == [("Thank you!", "queued", "user:1")]
    assert "Take back" in agent.get(f"/inbox/{talk()}").text


def test_reply_by_htmx_brings_an_empty_box_and_a_way_back(agent: Browser) -> None:
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "Yes!", "kind": "public"}, headers=HTMX)
    assert answer.status_code == 200
    assert re.search(r"<textarea[^>]*></textarea>", answer.text)
    told = json.loads(answer.headers["hx-trigger"])
    assert told["toast"]["undo"] == "/replies/1/undo"
    assert "thread" in told


def test_reply_that_closes_says_so_and_its_way_back_opens_again(agent: Browser) -> None:
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "Done!", "kind": "public", "close": "yes"}, headers=HTMX)
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert (toast["text"], toast["undo"]) == (
        "Your reply leaves in a few seconds. The conversation is closed.", "/replies/1/undo",
    )  # fmt: skip
    assert conversation().state == "closed"
    agent.post("/replies/1/undo")
    assert (conversation().state, sent()[0].state) == ("open", "cancelled")
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "Done!", "kind": "public", "close": "yes"})
    assert answer.headers["location"].endswith("note=reply-closed#r2")


def test_reply_that_cannot_close_is_not_sent_and_keeps_what_was_typed(agent: Browser) -> None:
    with db.write() as session:
        wanted = Wanted(subject="conversation", kind="text", names={"en": "Reason"}, required=True)
        store_field(session, None, wanted, "user:1")
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "a long answer", "kind": "public", "close": "yes"})
    assert answer.status_code == 422
    assert "a long answer" in answer.text
    assert html.escape(MISSING) in answer.text
    assert (conversation().state, sent()) == ("open", [])


def test_reply_that_closes_still_does_when_somebody_was_faster(agent: Browser) -> None:
    seen = re.search(r'name="seen" value="([^"]+)"', agent.get(f"/inbox/{talk()}").text)
    assert seen is not None
    with db.write() as session:
        replies.queue(session, talk(), "First!", author="user:9")
    form = {"text": "Second", "kind": "public", "seen": seen[1], "close": "yes"}
    assert 'name="sure" value="close"' in agent.post(f"/inbox/{talk()}/reply", form).text
    assert conversation().state == "open"
    agent.post(f"/inbox/{talk()}/reply", {"text": "Second", "kind": "public", "sure": "close"})
    assert conversation().state == "closed"


def test_reply_that_snoozes_says_until_when_and_its_way_back_opens_again(agent: Browser) -> None:
    form = {"text": "I will ask.", "kind": "public", "snooze": "when", "when": "2027-06-01T09:30"}
    answer = agent.post(f"/inbox/{talk()}/reply", form, headers=HTMX)
    told = json.loads(answer.headers["hx-trigger"])
    assert "Snoozed until 1 Jun 2027" in told["toast"]["text"]
    assert {"head", "thread"} <= told.keys()
    assert conversation().state == "snoozed"
    agent.post(told["toast"]["undo"])
    assert (conversation().state, sent()[0].state) == ("open", "cancelled")
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "Soon", "kind": "public", "snooze": "tomorrow"})
    assert answer.headers["location"].endswith("note=reply-snoozed#r2")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"snooze": "when"}, "at which the conversation comes back"),
        ({"snooze": "when", "when": "2020-01-01T09:30"}, "must lie ahead"),
        ({"snooze": "week", "at": "tomorrow"}, "cannot snooze the conversation now"),
        ({"snooze": "week", "close": "yes"}, "not both"),
    ],
)
def test_reply_that_cannot_snooze_is_not_sent_and_keeps_what_was_typed(
    agent: Browser, form: dict[str, str], why: str
) -> None:
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "a long answer", "kind": "public", **form})
    assert answer.status_code == 422
    assert "a long answer" in answer.text
    assert why in answer.text
    assert (conversation().state, sent()) == ("open", [])


def test_reply_that_snoozes_still_does_when_somebody_was_faster(agent: Browser) -> None:
    seen = re.search(r'name="seen" value="([^"]+)"', agent.get(f"/inbox/{talk()}").text)
    assert seen is not None
    with db.write() as session:
        replies.queue(session, talk(), "First!", author="user:9")
    form = {"text": "Second", "kind": "public", "seen": seen[1], "snooze": "when", "when": "2027-06-01T09:30"}
    again = re.search(r'name="sure" value="(snooze:[^"]+)"', agent.post(f"/inbox/{talk()}/reply", form).text)
    assert again is not None
    assert conversation().state == "open"
    agent.post(f"/inbox/{talk()}/reply", {"text": "Second", "kind": "public", "sure": again[1]})
    assert conversation().state == "snoozed"


def test_reply_for_later_says_when_and_can_be_sent_now_or_taken_back(agent: Browser) -> None:
    for text, more in (("Tomorrow!", {"at": "tomorrow"}), ("Then!", {"at": "when", "when": "2031-01-01T09:30"})):
        answer = agent.post(f"/inbox/{talk()}/reply", {"text": text, "kind": "public", **more})
        if text == "Tomorrow!":
            assert answer.headers["location"].endswith("note=reply-later#r1")
        else:
            assert answer.status_code == 422  # more than a year away
    (row,) = sent()
    assert row.send_at > db.now() + timedelta(hours=1)
    shown = agent.get(f"/inbox/{talk()}/entries", headers=HTMX).text
    assert "Send now" in shown
    assert "leaves: " in shown
    assert agent.post("/replies/1/now").headers["location"].endswith("note=reply-queued#r1")
    assert sent()[0].send_at <= db.now()
    assert agent.post("/replies/1/now").headers["location"].endswith("note=reply-left#r1")


@pytest.mark.parametrize(
    "more", [{"at": "when", "when": ""}, {"at": "someday"}, {"at": "when", "when": "2020-01-01T09:00"}]
)
def test_reply_for_no_moment_is_not_sent_and_keeps_what_was_typed(agent: Browser, more: dict[str, str]) -> None:
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "a long answer", "kind": "public", **more})
    assert answer.status_code == 422
    assert "a long answer" in answer.text
    assert sent() == []


def test_reply_for_later_stays_one_when_somebody_was_faster(agent: Browser) -> None:
    seen = re.search(r'name="seen" value="([^"]+)"', agent.get(f"/inbox/{talk()}").text)
    assert seen is not None
    with db.write() as session:
        replies.queue(session, talk(), "First!", author="user:9")
    form = {"text": "Second", "kind": "public", "seen": seen[1], "at": "tomorrow"}
    answer = agent.post(f"/inbox/{talk()}/reply", form)
    assert answer.status_code == 422
    assert 'name="sure" value="at:tomorrow"' in answer.text
    agent.post(f"/inbox/{talk()}/reply", {"text": "Second", "kind": "public", "sure": "at:tomorrow"})
    assert sent()[1].send_at > db.now() + timedelta(hours=1)


def test_empty_reply_says_so(agent: Browser) -> None:
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "  ", "kind": "public"})
    assert answer.status_code == 422
    assert "The reply is empty" in answer.text


def test_a_reply_that_is_too_long_for_its_platform_is_not_sent_and_kept(agent: Browser) -> None:
    answer = agent.post(f"/inbox/{talk()}/reply", {"text": "x" * 501, "kind": "public"}, headers=HTMX)
    assert (answer.status_code, sent()) == (422, [])
    assert "The answer has 501 characters, Mastodon takes 500: shorten it." in answer.text
    assert "x" * 501 in answer.text


def test_refused_reply_keeps_what_was_typed(as_role) -> None:
    store(account(), event("m:1", kind="like"))
    answer = as_role("agent").post(f"/inbox/{talk()}/reply", {"text": "a long answer", "kind": "public"})
    assert answer.status_code == 422
    assert "a long answer" in answer.text


def test_public_message_can_be_answered_in_private_where_the_platform_can(agent: Browser) -> None:
    agent.post(f"/inbox/{talk()}/reply", {"text": "Between us", "kind": "private"})
    assert [(one.text, one.visibility) for one in sent()] == [("Between us", "private")]


def test_private_message_is_never_answered_in_public(as_role) -> None:
    store(account(), event("m:1", "secret", kind="dm", visibility="private"))
    answer = as_role("agent").post(f"/inbox/{talk()}/reply", {"text": "Hello", "kind": "public"})
    assert (answer.status_code, sent()) == (422, [])


def test_telegram_group_has_no_private_answer(as_role) -> None:
    store(account("telegram", "bot"), event("t:1", platform="telegram"))
    text = as_role("agent").get(f"/inbox/{talk('t:1')}").text
    assert re.findall(r'name="kind" value="(\w+)"', text) == ["public", "note"]


@pytest.mark.parametrize(("hours", "said"), [(2, "window-info"), (23.5, "window-warn"), (25, "window-shut")])
def test_business_chat_says_until_when_it_can_be_answered_and_when_that_is_over(
    as_role, hours: float, said: str
) -> None:
    agent, ref = as_role("agent"), '{"chat_id": 7, "business_connection_id": "b"}'
    store(
        account("telegram", "bot"),
        event("t:1", platform="telegram", ref=ref, kind="dm", visibility="private", minutes=hours * 60),
    )
    number = talk("t:1")
    here, text = f"/inbox/{number}/reply", agent.get(f"/inbox/{number}").text
    assert f"{said}" in text.partition('id="compose"')[2].partition('role="radiogroup"')[0]
    over = said == "window-shut"
    assert ("takes an answer until" in text, "they wrote too long ago" in text) == (not over, over)
    late = (db.now() + timedelta(hours=23)).strftime("%Y-%m-%dT%H:%M")
    refused = agent.post(here, {"text": "Tomorrow", "kind": "private", "at": "when", "when": late}, headers=HTMX).text
    assert ("wrote too long ago" if over else "no answer as late as that") in refused
    assert "Tomorrow" in refused
    sent = agent.post(here, {"text": "Now", "kind": "private"}, headers=HTMX)
    assert ("wrote too long ago" in sent.text) == over
    with db.read() as session:
        assert len(session.scalars(sa.select(ReplyRow)).all()) == (0 if over else 1)


def test_reply_taken_back_is_the_draft_again(agent: Browser) -> None:
    agent.post(f"/inbox/{talk()}/reply", {"text": "Too fast", "kind": "public"})
    agent.post(f"/inbox/{talk()}/draft", {"text": "begun since", "kind": "note"})
    assert agent.post("/replies/1/undo").headers["location"].endswith("note=reply-undone#conversation")
    assert "Too fast\n\nbegun since" in agent.get(f"/inbox/{talk()}/composer", headers=HTMX).text
    assert agent.post("/replies/1/undo").headers["location"].endswith("note=reply-left#conversation")
    assert 'data-entry="r1"' not in agent.get(f"/inbox/{talk()}/entries", headers=HTMX).text


def test_unclear_reply_asks_before_it_is_sent_again(agent: Browser) -> None:
    with db.write() as session:
        row = replies.queue(session, talk(), "Hello", author="cli")
        replies.mark(session, row.id or 0, "unknown", "No answer came.")
    text = agent.get(f"/inbox/{talk()}").text
    assert "data-confirm" in text
    assert "No answer came." in text
    agent.post("/replies/1/retry")
    assert sent()[0].state == "queued"


def test_somebody_says_that_an_unclear_reply_arrived_and_takes_it_back(agent: Browser) -> None:
    with db.write() as session:
        row = replies.queue(session, talk(), "Hello", author="cli", undo_seconds=0)
        replies.begin(session, row.id or 0)
        replies.mark(session, row.id or 0, "unknown", "No answer came.")
    assert "/replies/1/arrived" in agent.get(f"/inbox/{talk()}").text
    assert "/replies/1/arrived" in agent.get("/inbox/waiting").text
    answer = agent.post("/replies/1/arrived", headers=HTMX)
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["undo"] == "/replies/1/unclear"
    text = agent.get(f"/inbox/{talk()}").text
    assert "according to Agent" in text
    assert "/replies/1/retry" not in text
    assert "note=reply-unclear" in agent.post("/replies/1/unclear").headers["location"]
    assert "/replies/1/retry" in agent.get(f"/inbox/{talk()}").text
    assert "note=reply-clear" in agent.post("/replies/1/unclear").headers["location"]


def test_each_article_is_named_by_who_and_when(agent: Browser) -> None:
    with db.write() as session:
        replies.queue(session, talk(), "Hello", author="cli")
        notes.add(session, conversation_id=talk(), author="cli", text="Ask Bo")
    page = agent.get(f"/inbox/{talk()}").text
    names = re.findall(r'<article class="msg[^>]*aria-labelledby="(\S+) (\S+)"', page)
    assert len(names) == page.count('<article class="msg') == 3
    for who, when in names:
        assert (page.count(f'id="{who}"'), page.count(f'<time id="{when}"')) == (1, 1)


def test_what_somebody_put_off_is_taken_back_when_they_are_shut_out(agent: Browser) -> None:
    with db.write() as session:
        later = db.now() + timedelta(hours=3)
        replies.queue(session, talk(), "Tomorrow", author=f"user:{agent.user_id}", send_at=later)
        replies.queue(session, talk(), "Mine", author="user:99", send_at=later)
        auth.set_disabled(session, agent.user_id, True, "test")
    assert [one.state for one in sent()] == ["cancelled", "queued"]


def test_what_is_settled_is_not_said_to_be_sent_again(agent: Browser) -> None:
    with db.write() as session:
        row = replies.queue(session, talk(), "Hello", author="cli")
        replies.mark(session, row.id or 0, "sent", "")
    assert "had left already" in agent.post("/replies/1/retry", headers=HTMX).headers["HX-Trigger"]


def test_somebody_else_was_faster_and_sending_asks_first(agent: Browser, as_role) -> None:
    seen = re.search(r'name="seen" value="([^"]*)"', agent.get(f"/inbox/{talk()}").text)
    assert seen is not None
    user("admin")
    as_role("admin").post(f"/inbox/{talk()}/reply", {"text": "I was first", "kind": "public"})
    form = {"text": "Me too", "kind": "public", "seen": seen[1]}
    answer = agent.post(f"/inbox/{talk()}/reply", form, headers=HTMX)
    assert answer.status_code == 422
    assert "Admin has just replied" in answer.text
    assert "Me too" in answer.text
    assert agent.post(f"/inbox/{talk()}/reply", {**form, "sure": "yes"}, headers=HTMX).status_code == 200
    assert [one.text for one in sent()] == ["I was first", "Me too"]


def test_ones_own_last_reply_is_nobody_elses(agent: Browser) -> None:
    seen = re.search(r'name="seen" value="([^"]*)"', agent.get(f"/inbox/{talk()}").text)
    assert seen is not None
    for text in ("One", "Two"):
        form = {"text": text, "kind": "public", "seen": seen[1]}
        assert agent.post(f"/inbox/{talk()}/reply", form).status_code == 303


def test_the_box_says_who_is_answered_and_sends_to_nobody_else(as_role) -> None:
    thread, agent = {"thread_key": "m:1"}, as_role("agent")
    bo = Author(platform="mastodon", id="https://a.example/users/bo", handle="@bo@a.example", name="Bo")
    number = account()
    store(number, event("m:1", minutes=9, **thread))
    page = agent.get(f"/inbox/{talk()}").text
    form = {"text": "For Kim", "kind": "public", "to": _answered(page)}
    store(number, event("m:2", "Me too", kind="reply", author=bo, parent_key="m:1", **thread))
    answer = agent.post(f"/inbox/{talk()}/reply", form, headers=HTMX)
    assert (answer.status_code, sent()) == (422, [])
    assert "this answers Bo now" in re.sub("[\u2066-\u2069]", "", answer.text)
    assert "to Bo" in re.sub("[\u2066-\u2069]", "", agent.get(f"/inbox/{talk()}").text)
    again = {**form, "to": _answered(answer.text)}
    assert agent.post(f"/inbox/{talk()}/reply", again, headers=HTMX).status_code == 200


def _answered(page: str) -> str:
    """Whom the box answers, as its form says it."""
    found = re.search(r'name="to" value="(\d+)"', page)
    assert found is not None
    return found[1]


def test_the_same_text_out_of_two_tabs_is_sent_once_until_one_says_so(agent: Browser) -> None:
    page = agent.get(f"/inbox/{talk()}").text
    seen = re.search(r'name="seen" value="([^"]*)"', page)
    assert seen is not None
    form = {"text": "Me too", "kind": "public", "seen": seen[1]}
    for key, status in (("tab-1", 200), ("tab-1", 200), ("tab-2", 422)):
        assert agent.post(f"/inbox/{talk()}/reply", {**form, "key": key}, headers=HTMX).status_code == status
    assert len(sent()) == 1, "a second press on the same form is the same reply"
    assert (
        agent.post(f"/inbox/{talk()}/reply", {**form, "key": "tab-2", "sure": "yes"}, headers=HTMX).status_code == 200
    )
    assert len(sent()) == 2


def test_draft_is_kept_until_it_is_sent(agent: Browser) -> None:
    assert agent.post(f"/inbox/{talk()}/draft", {"text": "half a sent", "kind": "note"}).status_code == 204
    text = agent.get(f"/inbox/{talk()}").text
    assert "half a sent</textarea>" in text
    assert 'value="note" checked' in text
    agent.post(f"/inbox/{talk()}/reply", {"text": "half a sentence", "kind": "note"})
    with db.read() as session:
        assert drafts.of(session, "user:1", talk()) is None
        assert [one.text for one in notes.of_conversation(session, talk())] == ["half a sentence"]
    assert sent() == []


# --- deeds ------------------------------------------------------------------------------------------------


def test_close_and_reopen_lead_back_to_the_same_list(agent: Browser) -> None:
    for state, note in (("closed", "closed"), ("open", "reopened"), ("spam", "spam")):
        answer = agent.post(f"/inbox/{talk()}/state/{state}?view=open&sort=oldest")
        assert answer.headers["location"] == f"/inbox/{talk()}?view=open&sort=oldest&note={note}#conversation"
        assert conversation().state == state
    assert agent.post(f"/inbox/{talk()}/state/pending").status_code == 404


def test_closing_by_htmx_can_be_undone_from_the_toast(agent: Browser) -> None:
    answer = agent.post(f"/inbox/{talk()}/state/closed?view=mine", headers=HTMX)
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert toast == {
        "text": "The conversation is closed.",
        "kind": "ok",
        "undo": f"/inbox/{talk()}/state/open?view=mine",
        "values": {"was": "open"},
    }
    assert 'data-state="closed"' in answer.text
    agent.post(toast["undo"], toast["values"], headers=HTMX)
    assert conversation().state == "open"


def test_conversation_is_given_away_and_given_back(agent: Browser) -> None:
    user("admin")
    agent.post(f"/inbox/{talk()}/assign", {"assignee": "user:2"})
    assert conversation().assignee == "user:2"
    answer = agent.post(f"/inbox/{talk()}/assign", {"assignee": "none"}, headers=HTMX)
    assert conversation().assignee == ""
    assert json.loads(answer.headers["hx-trigger"])["toast"]["values"] == {"assignee": "user:2"}


def test_nobody_gets_what_they_may_not_answer(agent: Browser) -> None:
    user("marketer")
    for wrong in ("user:2", "user:999", "cli"):
        assert agent.post(f"/inbox/{talk()}/assign", {"assignee": wrong}).status_code == 400


def test_snooze_takes_a_name_or_a_moment_ahead(agent: Browser) -> None:
    agent.post(f"/inbox/{talk()}/snooze", {"until": "tomorrow"})
    assert conversation().state == "snoozed"
    for wrong in ("", "soon", "2001-01-01T09:00"):
        answer = agent.post(f"/inbox/{talk()}/snooze", {"until": wrong}, headers=HTMX)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_tags_come_and_go(agent: Browser) -> None:
    agent.post(f"/inbox/{talk()}/tag", {"tag": " Garantie "})
    assert "Remove the tag “Garantie”" in agent.get(f"/inbox/{talk()}").text
    assert agent.post(f"/inbox/{talk()}/tag", {"tag": " "}, headers=HTMX).status_code == 422
    agent.post(f"/inbox/{talk()}/untag", {"tag": "Garantie"})
    with db.read() as session:
        assert desk.tags_of(session, talk()) == []


def test_conversation_that_is_not_there_is_not_found(agent: Browser) -> None:
    for path in ("entries", "head", "composer"):
        assert agent.get(f"/inbox/999/{path}", headers=HTMX).status_code == 404
    for path in ("reply", "draft", "assign", "snooze", "tag", "untag", "state/open", "person-note"):
        assert agent.post(f"/inbox/999/{path}", {"text": "x", "kind": "note", "tag": "x"}).status_code == 404


# --- the person beside --------------------------------------------------------------------------------------


def proposal() -> int:
    """Kim may be somebody of the CRM; the link's number."""
    with db.write() as session:
        record = CrmRecord(
            record_id="003A",
            object="Contact",
            name="Kim Kovač",
            last_name="Kovač",
            modified=db.now(),
            company="Kovač KG",
        )
        session.add(record)
        session.flush()
        link = MatchLink(
            identity_id=conversation().identity_id or 0, crm_record_id=record.id or 0, tier="B", score=0.8,
            decision="review", rules="t", at=db.now(),
            evidence=[{"signal": "email", "words": "", "supports": True, "weight": 0.8}],
        )  # fmt: skip
        session.add(link)
        session.flush()
        return link.id or 0


def test_proposed_match_is_shown_with_evidence_and_decided_beside_the_thread(agent: Browser) -> None:
    link = proposal()
    text = agent.get(f"/inbox/{talk()}").text
    assert "The same person?" in text
    assert "An e-mail address in the bio stands on the CRM record" in text
    answer = agent.post(f"/inbox/{talk()}/links/{link}", {"decision": "accept"}, headers=HTMX)
    assert "The same person?" not in answer.text
    assert "Kovač KG" in answer.text
    undo = json.loads(answer.headers["hx-trigger"])["toast"]
    again = agent.post(undo["undo"], undo["values"], headers=HTMX)
    assert "The same person?" in again.text


def test_match_of_somebody_else_is_not_decided_here(agent: Browser) -> None:
    link = proposal()
    store(1, event("x:1", author=event("x").author.model_copy(update={"id": "https://a.example/users/lu"})))  # type: ignore[union-attr]  # set above
    assert agent.post(f"/inbox/{talk('x:1')}/links/{link}", {"decision": "accept"}).status_code == 404
    assert agent.post(f"/inbox/{talk()}/links/{link}", {"decision": "maybe"}).status_code == 400


def test_note_on_the_person_follows_them_to_every_conversation(agent: Browser) -> None:
    store(1, event("m:9", "Another day", minutes=60))
    answer = agent.post(f"/inbox/{talk()}/person-note", {"person-note": "Prefers e-mail"}, headers=HTMX)
    assert "Prefers e-mail" in answer.text
    assert "Prefers e-mail" in agent.get(f"/inbox/{talk('m:9')}").text
    refused = agent.post(f"/inbox/{talk()}/person-note", {"person-note": " "}, headers=HTMX)
    assert refused.status_code == 422
    assert "The note is empty" in refused.text


def test_objection_is_recorded_and_withdrawn_beside_the_thread(agent: Browser, as_role) -> None:
    here, admin = f"/inbox/{talk()}/objection", as_role("admin")
    assert here not in agent.get(f"/inbox/{talk()}").text
    assert agent.post(here, {"purpose": "all", "objects": "yes"}, headers=HTMX).status_code == 403
    assert admin.post(here, {"purpose": "selling", "objects": "yes"}).status_code == 400
    said = admin.post(here, {"purpose": "all", "objects": "yes"}, headers=HTMX)
    assert said.text.count(">objected<") == len(consent.PURPOSES)
    assert 'id="composer"' not in said.text, "what is being written stays"
    undo = json.loads(said.headers["hx-trigger"])["toast"]
    assert ">objected<" not in admin.post(undo["undo"], undo["values"], headers=HTMX).text


def test_panel_comes_by_itself_and_nobody_hears_of_a_person_they_do_not_see(agent: Browser, as_role) -> None:
    part = agent.get(f"/inbox/{talk()}/person", headers=HTMX).text
    assert part.lstrip().startswith("<section")
    assert f'data-people="{conversation().identity_id}"' in part
    assert agent.get(f"/inbox/{talk()}/person").headers["location"] == f"/inbox/{talk()}#person"
    assert agent.get("/inbox/4711/person", headers=HTMX).status_code == 404


def test_what_went_into_a_case_stands_in_the_history_once(agent: Browser) -> None:
    store(1, event("m:9", "Another day", minutes=60))
    first, other = talk(), talk("m:9")
    with db.write() as session:
        merge_case(session, first, other, "user:1")
    person = agent.get(f"/people/{conversation().identity_id}").text
    assert f"/inbox/{first}#conversation" in person
    assert f"/inbox/{other}#conversation" not in person
    assert f"/inbox/{other}#conversation" not in agent.get(f"/inbox/{first}").text


def test_panel_names_accounts_history_and_what_may_be_done(agent: Browser) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(Identity)).values(followers=1204, location="Bremen"))
    text = agent.get(f"/inbox/{talk()}").text
    panel = text[text.index('id="person"') :]
    for expected in ("1,204 followers", "Bremen", "Passing on to the CRM", "Is it open?", "this conversation"):
        assert expected in panel
