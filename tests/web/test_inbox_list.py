"""Claims about the list pane: what it shows, to whom, what narrows it, and what its buttons do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Author
from inbox import accounts, actions, assignment, desk, listing
from inbox.fields import store as fields
from inbox.fields import values
from inbox.models import Conversation, Feed, Message
from inbox.team_models import Team, TeamMember
from inbox.worker_models import User
from tests.conftest import BOTH
from tests.web.conftest import Browser, account, event, store, user
from web import auth, inbox_query

pytestmark = BOTH
As = Callable[[str], Browser]
LIST = {"HX-Request": "true", "HX-Target": "list"}
OPEN = {"HX-Request": "true", "HX-Target": "conversation"}


def person(name: str) -> Author:
    return Author(platform="mastodon", id=f"https://a.example/users/{name}", handle=f"@{name}@a.example", name=name)


def number(key: str) -> int:
    m = db.table(Message)
    with db.read() as session:
        return int(session.execute(sa.select(m.c.conversation_id).where(m.c.key == key)).scalar_one())


def do(deed: Any, *args: Any) -> None:
    with db.write() as session:
        deed(session, *args)


def rows(text: str) -> list[int]:
    return [int(one) for one in re.findall(r'data-row="(\d+)"', text)]


def states() -> list[str]:
    c = db.table(Conversation)
    with db.read() as session:
        return list(session.scalars(sa.select(c.c.state).order_by(c.c.id)))


def me(role: str = "agent") -> str:
    with db.read() as session:
        found = auth.find(session, user(role))
    assert found is not None
    return f"user:{found.id}"


# --- what stands in it ----------------------------------------------------------------------------------


def test_the_way_in_leads_to_the_inbox_or_to_the_first_step(as_role: As) -> None:
    assert as_role("admin").get("/").headers["location"] == "/start"
    assert as_role("agent").get("/").headers["location"] == "/inbox"
    account()
    assert as_role("admin").get("/").headers["location"] == "/inbox"


def test_a_fresh_hub_says_what_to_do_next(as_role: As) -> None:
    assert "Connect the first account" in as_role("admin").get("/inbox").text
    assert "An administrator of this hub can connect one" in as_role("agent").get("/inbox").text
    account()
    assert "Nobody has written yet" in as_role("agent").get("/inbox").text


def test_the_list_has_a_row_for_each_conversation_newest_first(as_role: As) -> None:
    store(account(), event("m:1", "the older one", minutes=5), event("m:2", "the newer one"))
    text = as_role("agent").get("/inbox").text
    assert rows(text) == [number("m:2"), number("m:1")]
    assert 0 < text.index("the newer one") < text.index("the older one")


def test_what_nobody_has_to_answer_is_not_listed(as_role: As) -> None:
    store(account(), event("m:1", "ours", direction="outbound"), event("m:2", "context", origin="context"))
    assert rows(as_role("agent").get("/inbox?view=all").text) == []


def test_html_in_a_name_or_message_stays_text(as_role: As) -> None:
    store(account(), event("m:1", "<script>alert(1)</script>", author=person("<b>Kim</b>")))
    text = as_role("agent").get("/inbox").text
    assert "<script>alert" not in text
    assert "<b>Kim" not in text
    assert "&lt;script&gt;alert" in text


def test_a_conversation_opens_beside_the_list_and_is_read_then(as_role: As) -> None:
    store(account(), event("m:1", "good morning"))
    browser = as_role("agent")
    assert "is-unread" in browser.get("/inbox").text
    text = browser.get(f"/inbox/{number('m:1')}").text
    assert 'id="list"' in text
    assert 'id="conversation"' in text
    assert 'id="person"' in text
    assert 'aria-current="true"' in text
    assert "is-unread" not in text
    assert "is-unread" not in browser.get("/inbox").text


def test_a_part_is_answered_with_that_part_alone(as_role: As) -> None:
    store(account(), event("m:1"))
    browser, path = as_role("agent"), f"/inbox/{number('m:1')}"
    opened, listed = browser.get(path, headers=OPEN), browser.get(path, headers=LIST)
    assert opened.headers["vary"] == "HX-Request"
    assert 'id="person"' in opened.text
    assert 'id="list"' not in opened.text
    assert 'id="list"' in listed.text
    assert 'id="conversation"' not in listed.text
    history = {**OPEN, "HX-History-Restore-Request": "true"}
    assert "<html" in browser.get(path, headers=history).text


def test_an_account_in_trouble_is_named_above_the_list(as_role: As) -> None:
    do(accounts.set_state, account(), "auth_expired", "The token was revoked.")
    text = as_role("agent").get("/inbox").text
    assert "needs a look" in text
    assert "The token was revoked." in text


def test_a_feed_that_fails_is_trouble_but_a_remark_of_the_platform_is_none(as_role: As) -> None:
    number = account()
    do(accounts.set_state, number, "active", "Privacy mode is on.")
    assert "needs a look" not in as_role("agent").get("/inbox").text
    with db.write() as session:
        accounts.follow(session, number, "own")
        session.execute(sa.update(db.table(Feed)).values(error="It answers 500."))
    assert "It answers 500." in as_role("agent").get("/inbox").text


def test_private_conversations_are_for_those_who_may_read_them(as_role: As) -> None:
    store(account(), event("m:1", "just between us", kind="dm", visibility="private"))
    browser, path = as_role("marketer"), f"/inbox/{number('m:1')}"
    for address in ("/inbox?view=all", f"/inbox/rows?ids={number('m:1')}", "/inbox/rows?count=10", "/inbox/more"):
        text = browser.get(address).text
        assert "just between us" not in text
        assert "330 total" not in text
    assert browser.get(path).status_code == 404
    assert browser.get(path, headers=OPEN).status_code == 404
    assert "just between us" in as_role("agent").get("/inbox").text
    assert as_role("agent").get("/inbox/999").status_code == 404


# --- views, filters, order ---------------------------------------------------------------------------------


def test_views_show_what_is_mine_open_unassigned_and_put_away(as_role: As) -> None:
    store(account(), *[event(f"m:{n}", author=person(f"p{n}")) for n in range(6)])
    agent = me()
    do(desk.assign, number("m:0"), agent, agent)
    do(desk.assign, number("m:1"), "user:99", agent)
    with db.write() as session:
        session.add(Team(id=1, name="Service"))
        session.flush()
        session.add(TeamMember(team_id=1, member=agent))
    do(desk.set_team, number("m:1"), 1, agent)
    do(desk.close, number("m:2"), agent)
    do(desk.spam, number("m:3"), agent)
    do(desk.snooze, number("m:4"), db.now() + timedelta(days=1), agent)
    browser = as_role("agent")
    shown = {
        view: {key for key in range(6) if number(f"m:{key}") in rows(browser.get(f"/inbox?view={view}").text)}
        for view in inbox_query.NAMES
    }
    assert shown == {
        "mine": {0}, "team": {1}, "open": {0, 1, 5}, "unassigned": {5}, "pending": set(), "snoozed": {4}, "closed": {2},
        "spam": {3}, "all": {0, 1, 2, 4, 5}, "approve": set(),
    }  # fmt: skip


def test_every_count_on_the_page_agrees_with_its_list(as_role: As) -> None:
    store(account(), *[event(f"m:{n}", author=person(f"p{n}")) for n in range(4)])
    do(desk.close, number("m:0"), "user:1")
    browser = as_role("agent")
    counts = dict(re.findall(r'data-count="(\w+)">(\d+)', browser.get("/inbox").text))
    assert counts.keys() == inbox_query.NAMES.keys() - {"approve"}
    for view, said in counts.items():
        assert len(rows(browser.get(f"/inbox?view={view}").text)) == int(said)


def test_the_list_is_filtered_by_words_account_platform_kind_and_tag(as_role: As) -> None:
    one, two = account(), account("bluesky", "brand.example")
    store(one, event("m:1", "coffee is cold"), event("m:2", "tea is warm", author=person("Jo")))
    store(two, event("b:1", "coffee over there", platform="bluesky", kind="dm", visibility="private"))
    do(desk.tag, number("m:2"), "vip", "user:1")
    do(desk.assign, number("m:1"), me(), "user:1")
    browser, known = as_role("agent"), {"coffee is cold": "1", "tea is warm": "2", "coffee over there": "3"}
    for query, expected in (
        ("q=coffee", "13"),
        (f"account={two}", "3"),
        ("platform=bluesky", "3"),
        ("kind=dm", "3"),
        ("kind=public", "12"),
        ("tag=vip", "2"),
        ("assignee=none", "23"),
        (f"assignee={me().removeprefix('user:')}", "1"),
        ("q=coffee&platform=mastodon", "1"),
        ("language=ja&sentiment=", ""),
    ):
        text = browser.get(f"/inbox?{query}").text
        assert "".join(sorted(mark for said, mark in known.items() if said in text)) == expected, query


def test_a_filter_is_shown_as_a_pill_whose_cross_takes_it_away(as_role: As) -> None:
    store(account(), event("m:1", "coffee"))
    text = as_role("agent").get("/inbox?q=coffee&platform=mastodon&view=all").text
    links = re.findall(r'class="pill pill-on" href="([^"]+)"', text)
    assert links == ["/inbox?view=all&amp;platform=mastodon", "/inbox?view=all&amp;q=coffee"]


def test_nothing_that_fits_offers_to_clear_the_filters(as_role: As) -> None:
    store(account(), event("m:1"))
    text = as_role("agent").get("/inbox?q=nothing-like-it&view=all").text
    assert "Nothing fits" in text
    assert "“nothing-like-it”" in text
    assert 'href="/inbox?view=all"' in text


@pytest.mark.parametrize(
    "query",
    ["account=x", "account=" + "9" * 30, "view=odd", "sort=odd", "before=x", "q=%22", "q=%00", "platform=%27",
     "language=%00", "from=2026-99-99", "from=2026-11-10&to=2026-11-01", "from=1000-01-01", "to=2199-12-31T23:59",
     "assignee=user:1", "tag=%F0%9F%8D%B5", "from=2026-11-22T09:00%2B01:00", "label=%22%5D", "count=99999"],
)  # fmt: skip
def test_odd_addresses_break_nothing(as_role: As, query: str) -> None:
    store(account(), event("m:1"))
    browser = as_role("agent")
    assert browser.get(f"/inbox?{query}").status_code == 200
    assert browser.get(f"/inbox/rows?ids=1,x,{'9' * 40}&{query}").status_code == 200


def test_pages_follow_each_other_without_gap_or_double(as_role: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LIMIT", 3)
    moment = db.now()
    events = [event(f"m:{n}", author=person(f"p{n}"), posted_at=moment - timedelta(minutes=n // 2)) for n in range(8)]
    store(account(), *events)
    for sort in ("newest", "oldest", "waiting"):
        path, seen, browser = f"/inbox?sort={sort}", [], as_role("agent")
        while path:
            text = browser.get(path).text
            seen += rows(text)
            older = re.search(r'id="older"><a class="btn" href="([^"]+)"', text)
            path = older[1].replace("&amp;", "&") if older else ""
        assert sorted(seen) == sorted({number(f"m:{n}") for n in range(8)}), sort


# --- live ------------------------------------------------------------------------------------------------


def test_rows_are_given_by_number_as_far_as_they_stand_in_the_list(as_role: As) -> None:
    store(account(), event("m:1", "coffee"), event("m:2", "tea", author=person("Jo")))
    text = as_role("agent").get("/inbox/rows?ids=1,2,77,x&q=coffee").text
    assert rows(text) == [number("m:1")]
    assert '<data value="open">1</data>' in text
    assert 'id="volume"' in text


def test_after_a_cut_the_whole_list_is_given_anew(as_role: As) -> None:
    store(account(), *[event(f"m:{n}", author=person(f"p{n}")) for n in range(5)])
    browser = as_role("agent")
    assert rows(browser.get("/inbox/rows?count=3").text) == rows(browser.get("/inbox").text)[:3]


# --- many at once ------------------------------------------------------------------------------------------


def back(browser: Browser, answer: Any) -> Any:
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    return browser.post(toast["undo"], headers=LIST)


def test_ticked_conversations_are_closed_and_the_toast_takes_it_back(as_role: As) -> None:
    store(account(), *[event(f"m:{n}", author=person(f"p{n}")) for n in range(3)])
    browser = as_role("agent")
    answer = browser.post("/inbox/bulk", {"deed": "close", "ids": ["1", "2", "x", "999"]}, headers=LIST)
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert states() == ["closed", "closed", "open"]
    assert toast["text"] == "2 conversations are closed."
    assert rows(answer.text) == [3]
    assert back(browser, answer).status_code == 204
    assert states() == ["open", "open", "open"]


def test_spam_for_many_is_taken_back_to_what_stood_there(as_role: As) -> None:
    store(account(), *[event(f"m:{n}", author=person(f"p{n}")) for n in range(3)])
    browser = as_role("agent")
    do(desk.close, 2, "user:1")
    until = (db.now() + timedelta(days=1)).replace(microsecond=0)
    do(desk.snooze, 3, until, "user:1")
    answer = browser.post("/inbox/bulk?view=all", {"deed": "spam", "ids": ["1", "2", "3"]}, headers=LIST)
    assert states() == ["spam"] * 3
    assert json.loads(answer.headers["hx-trigger"])["toast"]["text"] == "3 conversations are marked as spam."
    back(browser, answer)
    assert states() == ["open", "closed", "snoozed"]
    assert 'name="deed" value="spam"' in browser.get("/inbox").text
    do(desk.spam, 1, "user:1")
    assert 'name="deed" value="spam"' not in browser.get("/inbox?view=spam").text
    answer = browser.post("/inbox/bulk?view=spam", {"deed": "reopen", "ids": ["1"]}, headers=LIST)
    back(browser, answer)
    assert states()[0] == "spam"


def test_the_whole_list_is_chosen_as_its_reader_sees_it(as_role: As, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = account(), account(handle="@other@social.example")
    store(ours, *[event(f"m:{n}", author=person(f"p{n}"), minutes=n) for n in range(5)])
    store(theirs, event("o:1", author=person("o")))
    browser, u = as_role("agent"), db.table(User)
    with db.write() as session:
        session.execute(sa.update(u).where(u.c.id == browser.user_id).values(accounts=[ours]))
        desk.tag(session, 2, "keep", "user:1")
    monkeypatch.setattr(listing, "LIMIT", 2)
    assert 'name="all"' in browser.get("/inbox").text
    answer = browser.post("/inbox/bulk", {"deed": "close", "ids": ["1"], "all": "yes"}, headers=LIST)
    assert json.loads(answer.headers["hx-trigger"])["toast"]["text"] == "5 conversations are closed."
    assert states() == ["closed"] * 5 + ["open"]
    back(browser, answer)
    assert states() == ["open"] * 6
    browser.post("/inbox/bulk?tag=keep", {"deed": "close", "ids": ["1"], "all": "yes"}, headers=LIST)
    assert states() == ["open", "closed", "open", "open", "open", "open"]


def test_assigning_many_is_taken_back_to_who_had_them(as_role: As) -> None:
    store(account(), event("m:1"), event("m:2", author=person("Jo")))
    agent = me()
    do(desk.assign, 1, "user:77", agent)
    browser = as_role("agent")
    answer = browser.post("/inbox/bulk", {"deed": f"assign:{agent}", "ids": ["1", "2"]}, headers=LIST)

    def who() -> list[str]:
        c = db.table(Conversation)
        with db.read() as session:
            return list(session.scalars(sa.select(c.c.assignee).order_by(c.c.id)))

    assert who() == [agent, agent]
    back(browser, answer)
    assert who() == ["user:77", ""]


def test_a_tag_for_many_is_put_on_and_taken_off(as_role: As) -> None:
    store(account(), event("m:1"))
    browser = as_role("agent")
    answer = browser.post("/inbox/bulk", {"deed": "tag", "tag": " big order ", "ids": ["1"]}, headers=LIST)
    assert rows(browser.get(f"/inbox?tag={quote('big order')}").text) == [1]
    back(browser, answer)
    assert rows(browser.get(f"/inbox?tag={quote('big order')}").text) == []


@pytest.mark.parametrize("form", [{"deed": "erase"}, {"deed": "assign:user:999"}, {"deed": "tag", "tag": " "}, {}])
def test_a_deed_that_makes_no_sense_is_refused_in_words(as_role: As, form: dict[str, str]) -> None:
    store(account(), event("m:1"))
    answer = as_role("agent").post("/inbox/bulk", {**form, "ids": ["1"]}, headers=LIST)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


def test_where_one_refuses_the_others_are_done_and_it_stays_ticked(as_role: As) -> None:
    ours = account()
    for n in range(3):
        store(ours, event(f"m:{n}"))
    browser = as_role("agent")
    with db.write() as session:
        wanted = fields.Wanted("conversation", "text", {"en": "Order"}, required=True)
        field = fields.save(session, None, wanted, "user:1")
        for one in (1, 3):
            values.put(session, one, field, "A-7", "user:1")
    answer = browser.post("/inbox/bulk?view=all", {"deed": "close", "ids": ["1", "2", "3"]}, headers=LIST)
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert answer.status_code == 200
    assert toast["text"].startswith("2 conversations are closed. 1 was left as it is. No. 2: Fill in")
    assert re.findall(r'value="(\d)" checked', answer.text) == ["2"]
    out = browser.post("/inbox/bulk?view=closed", {"deed": "reopen", "ids": ["1"]}, headers=LIST)
    assert "data-held" not in out.text
    browser.post("/inbox/bulk", {"deed": "close", "ids": ["1"]}, headers=LIST)
    back(browser, answer)
    assert browser.get("/api/v1/conversations/counts").json()["open"] == 2, "what was closed anew since stays closed"
    refused = browser.post("/inbox/bulk", {"deed": "close", "ids": ["2"]}, headers=LIST)
    assert (refused.status_code, refused.json()["error"][:38]) == (400, "1 was left as it is. No. 2: Fill in th")
    whole = browser.post("/inbox/bulk?view=closed", {"deed": "close", "ids": ["3", "2"]})
    assert (whole.status_code, "1 was left as it is" in whole.text) == (200, True)
    assert '<input type="hidden" name="ids" value="2" data-held>' in whole.text, "out of the view, and still ticked"


def test_nobody_is_given_what_they_do_not_see(as_role: As) -> None:
    here, there = (account(handle=f"@brand{n}@social.example") for n in range(2))
    store(here, event("m:1"))
    store(there, event("m:2"))
    browser, few = as_role("admin"), as_role("agent")
    limited, u = f"user:{few.user_id}", db.table(User)
    with db.write() as session:
        session.execute(sa.update(u).where(u.c.id == few.user_id).values(accounts=[here]))
    heads = [browser.get(f"/inbox/{n}/head", headers=LIST).text for n in (1, 2)]
    assert [f'value="{limited}"' in one for one in heads] == [True, False]
    menus = [
        browser.get(f"/inbox/assign-menu?{asked}", headers=LIST).text for asked in ("ids=1", "ids=2", "ids=1&ids=2", "")
    ]
    assert [f'value="assign:{limited}"' in one for one in menus] == [True, False, True, True]
    assert ["sees 1 of 2" in one for one in menus] == [False, False, True, False]
    assert all(f'value="assign:user:{browser.user_id}"' in one for one in menus)
    assert browser.get("/inbox/assign-menu?ids=1").headers["location"] == "/inbox"
    answer = browser.post("/inbox/bulk", {"deed": f"assign:{limited}", "ids": ["1", "2"]}, headers=LIST)
    said = json.loads(answer.headers["hx-trigger"])["toast"]["text"]
    assert said.startswith("1 conversation is assigned. 1 was left as it is. No. 2: This person does not see")
    single = browser.post("/inbox/2/assign", {"assignee": limited}, headers=LIST)
    assert (single.status_code, "does not see conversations" in single.text) == (422, True)
    program = browser.request("POST", "/api/v1/conversations/2/assign", json={"assignee": limited})
    assert (program.status_code, "does not see" in program.text) == (422, True)
    with db.write() as session:
        with pytest.raises(Rejected, match="does not see"):
            actions.act(session, 2, actions.Action("assign", limited), "rule:1")
        session.add(Team(id=1, name="First", assign="turn"))
        session.flush()
        session.add_all(
            [TeamMember(team_id=1, member=limited), TeamMember(team_id=1, member=f"user:{browser.user_id}")]
        )
        session.execute(sa.update(db.table(Conversation)).values(team_id=1, assignee=""))
        assert assignment.fill(session, 1) == 2
    with db.read() as session:
        c = db.table(Conversation)
        takes = session.scalars(sa.select(c.c.assignee).order_by(c.c.id)).all()
    assert takes[1] == f"user:{browser.user_id}"


def test_tags_of_what_one_does_not_see_are_not_offered(as_role: As) -> None:
    here, there = (account(handle=f"@brand{n}@social.example") for n in range(2))
    store(here, event("m:1"))
    store(there, event("m:2"))
    few, u = as_role("agent"), db.table(User)
    with db.write() as session:
        desk.tag(session, 1, "refund", "user:9")
        desk.tag(session, 2, "merger", "user:9")
        session.execute(sa.update(u).where(u.c.id == few.user_id).values(accounts=[here]))
    for page in ("/inbox", "/inbox/filter", "/inbox/1"):
        assert "merger" not in few.get(page).text
    assert few.get("/api/v1/tags").json()["items"] == ["refund"]
    assert "refund" in few.get("/inbox").text
    assert "merger" in as_role("admin").get("/inbox").text


def test_without_script_the_deed_leads_back_to_the_list(as_role: As) -> None:
    store(account(), event("m:1"))
    answer = as_role("agent").post("/inbox/bulk?view=all", {"deed": "close", "ids": ["1"]})
    assert answer.headers["location"] == "/inbox?view=all&note=saved"
    assert states() == ["closed"]


def test_who_only_reads_has_nothing_to_tick(as_role: As) -> None:
    store(account(), event("m:1"))
    browser = as_role("marketer")
    assert 'name="ids"' not in browser.get("/inbox").text
    assert browser.post("/inbox/bulk", {"deed": "close", "ids": ["1"]}).status_code == 403
    assert browser.post("/inbox/jobs/1/undo").status_code == 403


# --- the volume --------------------------------------------------------------------------------------------


def test_the_figure_counts_what_its_bars_count(as_role: As) -> None:
    store(account(), *[event(f"m:{n}", author=person(f"p{n}"), minutes=n * 600) for n in range(6)])
    text = as_role("agent").get("/inbox").text
    titles = re.findall(r"<title>[^<]*: (\d+) messages, \d+ negative</title>", text)
    assert sum(map(int, titles)) == 6
    assert "6 total" in text


def test_the_volume_by_account_counts_what_its_link_shows_and_only_what_is_seen(as_role: As) -> None:
    ours, other, hidden = (account(handle=f"@brand{n}@social.example") for n in range(3))
    store(ours, *[event(f"m:{n}", author=person(f"p{n}"), minutes=n * 600) for n in range(4)])
    store(other, event("o:1", author=person("o")), event("o:2", author=person("o2"), minutes=60 * 24 * 40))
    store(hidden, event("h:1", author=person("h")))
    browser, u, m = as_role("agent"), db.table(User), db.table(Message)
    with db.write() as session:
        session.execute(sa.update(u).where(u.c.id == browser.user_id).values(accounts=[ours, other]))
        session.execute(sa.update(m).where(m.c.key == "m:1").values(sentiment="negative"))
    assert "By account" in browser.get("/inbox").text
    text = browser.get("/inbox/volume?view=open", headers=LIST).text
    assert "@brand2@" not in text
    assert re.findall(r'<b class="num">(\d+)</b>', text) == ["4", "1"]
    assert re.findall(r'senti-neg">(\d+)<', text) == ["1"]
    links = re.findall(r'href="/inbox\?account=(\d+)"', text)
    assert links == [str(ours), str(other)]
    for link, number in zip(links, ("4", "1"), strict=True):
        assert f'<span class="num">{number} total</span>' in browser.get(f"/inbox?account={link}").text
    narrowed = browser.get(f"/inbox/volume?account={other}&view=open", headers=LIST).text
    assert re.findall(r'<b class="num">(\d+)</b>', narrowed) == ["4", "1"], "one goes from one account to the other"
    assert "All accounts" in narrowed
    assert browser.get("/inbox/volume?view=closed").headers["location"] == "/inbox?view=closed"
    with db.write() as session:
        session.execute(sa.update(u).where(u.c.id == browser.user_id).values(accounts=[ours]))
    assert "By account" not in browser.get("/inbox").text
