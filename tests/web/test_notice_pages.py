"""Claims about the pages of notifications: one's own, read by following them, and told as one chose."""

from __future__ import annotations

from typing import Any

import pytest

from core import db
from inbox import desk, notes, notices, teams, workers
from tests.web.conftest import Browser, account, event, store
from web import auth, roles
from web.permissions import ROLES, granted


@pytest.fixture
def agent(database: str, as_role: Any) -> Browser:
    """Somebody whom others gave two conversations, one of them private."""
    row = account()
    store(row, event("m:1", "Is it open?"))
    store(row, event("d:1", "Between us", kind="dm", visibility="private"))
    browser: Browser = as_role("agent")
    with db.write() as session:
        for number in (1, 2):
            desk.assign(session, number, f"user:{browser.user_id}", "rule:assignment")
    return browser


def unread(browser: Browser) -> str:
    return browser.get("/live/notices").text


def test_list_says_what_happened_where_and_counts(agent: Browser) -> None:
    page = agent.get("/notifications").text
    assert page.count("Automatic assignment gave you this conversation</b>") == 2
    assert "Kim: Is it open?" in page
    assert unread(agent) == "2"


def test_following_one_reads_it_and_reading_all_reads_the_rest(agent: Browser) -> None:
    assert agent.get("/notifications/1").headers["location"] == "/inbox/1#conversation"
    assert unread(agent) == "1"
    assert "is-unread" in agent.get("/notifications?show=unread").text
    agent.post("/notifications/read")
    assert unread(agent) == "0"
    assert "Nothing new" in agent.get("/notifications?show=unread").text


def test_those_of_others_do_not_exist(agent: Browser, as_role: Any) -> None:
    other = as_role("admin")
    assert other.get("/notifications/1").status_code == 404
    assert other.post("/notifications/1/read").status_code == 404
    assert unread(other) == "0"
    assert unread(agent) == "2"


def test_opening_the_conversation_reads_what_was_told_of_it(agent: Browser) -> None:
    agent.post("/live/here", {"page": "abcdefgh1234", "at": 2, "reads": "yes"})
    assert unread(agent) == "1"


def test_who_may_not_read_a_private_conversation_is_not_told_of_it_through_a_team(agent: Browser, as_role: Any) -> None:
    marketer = as_role("marketer")
    with db.write() as session:
        team = teams.save(session, None, teams.Wanted("Support", members={f"user:{marketer.user_id}": 0}), "test")
        for talk in (1, 2):
            desk.set_team(session, talk, team, "rule:assignment")
            text, named = "@Support, look", {f"team:{team}": "Support"}
            notes.add(session, conversation_id=talk, author="user:99", text=text, mentions=named)
    assert unread(marketer) == "2"
    assert "No. 2" not in marketer.get("/notifications").text


def test_line_of_a_conversation_one_sees_no_more_is_read_and_says_so(agent: Browser) -> None:
    with db.write() as session:
        auth.set_role(session, agent.user_id, "marketer", "test")
    assert "Between us" not in agent.get("/notifications").text
    assert agent.get("/notifications/2").headers["location"] == "/notifications?note=notice-unseen"
    assert "You do not see this conversation" in agent.get("/notifications?note=notice-unseen").text
    assert unread(agent) == "1"


@pytest.mark.parametrize(("reach", "sees"), [("all", {1, 2, 3}), ("teams", {1, 2}), ("own", {1})])
def test_only_who_sees_a_conversation_is_told_of_it(as_role: Any, database: str, reach: str, sees: set[int]) -> None:
    row = account()
    store(row, *(event(f"m:{place}") for place in (1, 2, 3)))
    with db.write() as session:
        key = roles.save(session, None, roles.Wanted("Night shift", ["messages.read"], reach=reach), "test")
    who = f"user:{as_role(key).user_id}"
    with db.write() as session:
        desk.assign(session, 1, who, who)
        desk.set_team(session, 2, teams.save(session, None, teams.Wanted("Night", members={who: 0}), "test"), who)
        notices.add(session, [notices.Notice(who, "rule", talk, f"rule:{talk}", "rule:1") for talk in (1, 2, 3)])
        assert {one.conversation_id for one in notices.listed(session, who)} == sees


def test_all_built_in_roles_read_what_the_inbox_takes_them_to_read() -> None:
    assert all({workers.READS, workers.HEARD} <= granted(one) for one in ROLES)


def test_a_note_names_and_tells_nobody_who_does_not_see_the_conversation(as_role: Any, database: str) -> None:
    store(account(), event("m:1"))
    store(account(handle="@other@social.example"), event("n:1"))
    writer, limited = as_role("admin"), as_role("agent")
    with db.write() as session:
        auth.set_accounts(session, limited.user_id, [2], "test")
        teams.save(session, None, teams.Wanted("Support", members={f"user:{limited.user_id}": 0}), "test")
    for talk, seen in ((1, False), (2, True)):
        menu = writer.get(f"/inbox/{talk}/mentionable", headers={"hx-request": "true"}).text
        assert ("Agent" in menu) == seen
        assert "Support" in menu
        for text in ("@Agent, look", "@Support, look"):
            assert writer.post(f"/inbox/{talk}/reply", {"kind": "note", "text": text}).status_code in (200, 303)
            assert (unread(limited) != "0") == seen
            limited.post("/notifications/read")


def test_what_became_of_ones_own_reply_is_told_to_who_no_longer_sees_the_conversation(
    as_role: Any, database: str
) -> None:
    store(account(), event("m:1"))
    other, limited = account(handle="@other@social.example"), as_role("agent")
    with db.write() as session:
        auth.set_accounts(session, limited.user_id, [other], "test")
        who = f"user:{limited.user_id}"
        made = [notices.Notice(who, kind, 1, kind, "system") for kind in ("failed", "breached", "rule")]
        assert notices.add(session, made) == 1
    assert unread(limited) == "1"


def test_pages_follow_each_other_without_gap(agent: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from web.pages import notices as pages

    monkeypatch.setattr(pages, "PAGE", 1)
    first = agent.get("/notifications").text
    assert 'href="/notifications/2"' in first
    assert "/notifications?before=2" in first
    second = agent.get("/notifications?before=2").text
    assert 'href="/notifications/1"' in second
    assert "before=1" not in second


def test_choices_are_kept_and_nonsense_is_said(agent: Browser) -> None:
    here = "/settings/me/notifications"
    form = {"assigned.mail": "yes", "quiet_from": "22:00", "quiet_until": "06:30", "mail": "hourly", "mail_at": "07:15"}
    assert agent.post(here, form).headers["location"] == f"{here}?note=saved"
    with db.read() as session:
        chosen = notices.choice(session, f"user:{agent.user_id}")
    assert notices.channels(chosen)["assigned"] == ["mail"]
    assert notices.channels(chosen)["mention"] == []
    assert (chosen.quiet_from, chosen.quiet_until, chosen.mail, chosen.mail_at) == (1320, 390, "hourly", 435)
    wrong = agent.post(here, {**form, "quiet_until": "25:00"})
    assert wrong.status_code == 422
    assert "Write times like 18:30." in wrong.text
    assert "25:00" in wrong.text
    half = agent.post(here, {**form, "quiet_until": ""})
    assert "Quiet hours have a beginning and an end." in half.text
    assert agent.post(here, {**form, "mail": "never"}).status_code == 400


def test_who_watches_is_named_and_told_in_words_for_what_happened(agent: Browser, as_role: Any) -> None:
    here = "/inbox/1?view=all"
    assert 'id="watchers"' not in agent.get(here).text
    assert agent.post("/inbox/1/watch?view=all").headers["location"].startswith(here)
    assert agent.get("/inbox?saved=watched&view=all").text.count("data-row=") == 1
    colleague = as_role("admin")
    assert 'id="watchers"' in colleague.get(here).text
    with db.write() as session:
        notes.add(session, conversation_id=1, author=f"user:{colleague.user_id}", text="look")
        desk.close(session, 1, f"user:{colleague.user_id}")
    told = agent.get("/notifications").text
    assert "wrote a note in a conversation that you watch" in told
    assert "closed a conversation that you watch" in told
    toast = agent.post("/inbox/1/unwatch", headers={"hx-request": "true"}).headers["hx-trigger"]
    assert "/inbox/1/watch" in toast
    assert 'id="watchers"' not in agent.get(here).text


def test_nobody_watches_what_they_do_not_see(agent: Browser, as_role: Any) -> None:
    assert as_role("marketer").post("/inbox/2/watch").status_code == 404
