"""Claims about the report on answering: figures open what they are made of, agents see their own alone."""

from __future__ import annotations

import csv
import html
import re
from io import StringIO

import pytest
import sqlalchemy as sa

from core import db
from core.event import Page
from inbox import desk, ingest
from inbox.models import Account, Conversation
from tests.web import lived
from web import roles


@pytest.fixture
def made_up(database: str) -> None:
    lived.everything()


@pytest.fixture
def closed(made_up: None) -> int:
    """Somebody closed a conversation; its number."""
    c = db.table(Conversation)
    with db.write() as session:
        number = session.scalars(sa.select(c.c.id).where(c.c.inbox, c.c.state == "open").order_by(c.c.id)).first()
        assert number is not None
        desk.close(session, number, "user:1")
    return number


def test_every_figure_opens_what_it_is_made_of(closed: int, as_role) -> None:
    browser = as_role("admin")
    page = browser.get("/reports/team").text
    links = re.findall(r'href="(/reports/team/spans\?[^"]+)" data-figure="(\w+)">([^<]+)<', page)
    assert {name for _, name, _ in links} >= {"replies", "closed", "waiting"}
    for href, name, shown in links:
        opened = browser.get(href.replace("&amp;", "&"))
        assert opened.status_code == 200
        if shown.isdecimal() and int(shown):
            assert f"{shown} in all" in opened.text, name


@pytest.mark.parametrize("by", ["team", "language", "tag"])
def test_the_group_without_one_opens_what_it_is_made_of(closed: int, as_role, by: str) -> None:
    """A number of "none" is its own, not that of all conversations; programs ask for it in the same way."""
    browser = as_role("admin")
    page = html.unescape(browser.get(f"/reports/team?by={by}").text)
    links = re.findall(r'href="(/reports/team/spans\?[^"]+)">(\d+)<', page)
    links = [(href, shown) for href, shown in links if f"{by}=-" in href]
    assert links
    for href, shown in links:
        assert f"{shown} in all" in browser.get(href).text, href
        answer = browser.get(href.replace("/reports/team", "/api/v1/metrics") + "&limit=100").json()
        assert len(answer["items"]) == int(shown), href
    assert re.search(r'pill-on" href="[^"]*"><b>none<', browser.get(f"/reports/team?{by}=-").text)


def test_what_one_of_us_wrote_on_the_platform_itself_is_said_so_and_counts_for_no_agent(made_up: None, as_role) -> None:
    wrote = lived.said("y:9:a", "Ответ", kind="reply", direction="outbound", author=None, parent_key="y:9")
    ingest.store_page(1, Page(events=(wrote,)))
    browser = as_role("admin")
    rows = dict(re.findall(r"<tr><td>([^<]*)</td>(.*)", browser.get("/reports/team").text))
    assert "no agent" in rows
    opened = browser.get("/reports/team/spans?figure=replies").text
    assert "on the platform itself" in opened


def test_days_begin_with_the_newest(closed: int, as_role) -> None:
    table = as_role("admin").get("/reports/team").text.split('id="h-days"')[1]
    days = re.findall(r"from=(\d{4}-\d\d-\d\d)", table)
    assert days == sorted(days, reverse=True)
    assert len(set(days)) > 1


def test_page_and_file_have_the_same_figures(closed: int, as_role) -> None:
    browser = as_role("admin")
    file = browser.get("/reports/team.csv?by=platform")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(StringIO(file.text.removeprefix("\ufeff"))))
    whole = {row["figure"]: row["number"] for row in rows if not row["by"]}
    for name in ("replies", "closed", "waiting"):
        shown = re.search(rf'data-figure="{name}">([^<]+)<', browser.get("/reports/team").text)
        assert shown is not None
        assert whole[name] == shown[1]
    spans = list(csv.DictReader(StringIO(browser.get("/reports/team/spans.csv?figure=closed").text.lstrip("\ufeff"))))
    assert len(spans) == int(whole["closed"])
    assert str(closed) in [row["conversation"] for row in spans]


def test_agents_see_their_own_figures_alone(closed: int, as_role) -> None:
    browser = as_role("agent")
    for path in ("/reports/team", "/reports/team?agent=user:1", "/reports/team/spans?figure=closed&agent=user:1"):
        text = browser.get(path).text
        assert f"/inbox/{closed}?" not in text
    assert "Waiting for an answer</dt><dd class" not in browser.get("/reports/team").text


def test_filters_offer_nothing_of_conversations_that_are_not_seen(closed: int, as_role) -> None:
    with db.write() as session:
        desk.tag(session, closed, "тайна", "user:1")
        hidden = session.get_one(Conversation, closed).account_id
        seen = 3 - hidden
        handles = [session.get_one(Account, number).handle for number in (hidden, seen)]
        granted = ["messages.read", "metrics.read", "metrics.own"]
        key = roles.save(session, None, roles.Wanted("Half", granted, "all", [seen]), "test")
    whole, half = (as_role(one).get("/reports/team").text for one in ("admin", key))
    assert "тайна" in whole
    assert "тайна" not in half
    assert [one in half for one in handles] == [False, True]


def test_what_makes_no_sense_is_said_or_left_out(made_up: None, as_role) -> None:
    browser = as_role("admin")
    assert "before it begins" in browser.get("/reports/team?from=2026-11-09&to=2026-11-01").text
    assert browser.get("/reports/team?by=nonsense&team=x&account=²&business=1").status_code == 200
    assert browser.get("/reports/team/spans?figure=nonsense").status_code == 404
    assert "Nothing happened in this period" in browser.get("/reports/team?platform=nowhere").text
    assert lived.made


def test_the_api_has_the_same_figures(closed: int, as_role) -> None:
    browser = as_role("admin")
    answer = browser.get("/api/v1/metrics", params={"by": "platform"}).json()
    rows = csv.DictReader(StringIO(browser.get("/reports/team.csv?by=platform").text.removeprefix("\ufeff")))
    for row in rows:
        kind = "ratings" if row["value"] else "times"
        group = next((one for one in answer["groups"] if one["key"] == row["group"]), answer["total"])
        measured = row["median"] or row["value"]
        found = group[kind][row["figure"]]["number"] if measured else group["counts"][row["figure"]]
        assert str(found) == row["number"]
    mine = as_role("agent").get("/api/v1/metrics", params={"agent": "user:1"}).json()
    assert set(mine["total"]["counts"]) == {"closed", "replies"}
    assert browser.get("/api/v1/metrics", params={"from": "2026-11-09", "to": "2026-11-01"}).status_code == 422
