from __future__ import annotations

import re

import pytest

from tests.web.reports.conftest import said


@pytest.fixture
def heard(database: str) -> None:
    said()


def rows(text: str) -> list[int]:
    return [int(number) for number in re.findall(r'<li data-row="(\d+)"', text)]


def test_messages_come_newest_first_and_lead_to_their_conversation(heard: None, as_role) -> None:
    text = as_role("admin").get("/messages").text
    assert len(rows(text)) == 40
    assert rows(text) == sorted(rows(text), reverse=True)
    assert re.search(r'href="/inbox/\d+#m40"', text)


def test_pages_show_every_message_once(heard: None, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.behind.PAGE", 15)
    browser, seen, path = as_role("admin"), [], "/messages"
    while path:
        text = browser.get(path).text
        seen += rows(text)
        older = re.search(r'href="(/messages[^"]*before=[^"]+)"', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == sorted(range(1, 41), reverse=True)


@pytest.mark.parametrize(
    ("query", "number"),
    [("public=1", 32), ("author=none", 7), ("hashtag=sale", 20), ("language=und", 10), ("sentiment=unrated", 16),
     ("label=Preis", 14), ("q=globex", 20), ("subject=2", 20), ("kind=dm", 8), ("from=2026-11-03", 5)],
)  # fmt: skip
def test_filters(heard: None, as_role, query: str, number: int) -> None:
    text = as_role("admin").get(f"/messages?{query}").text
    assert f'<data value="{number}" data-sum="messages">' in text
    assert len(rows(text)) == number


def test_filter_that_is_set_can_be_taken_away(heard: None, as_role) -> None:
    text = as_role("admin").get("/messages?subject=1&language=ja").text
    assert re.search(r'<a class="pill pill-on" href="/messages\?subject=1"><b>Japanese</b>', text)


def test_private_messages_are_not_listed_for_who_may_not_read_them(heard: None, as_role) -> None:
    assert len(rows(as_role("marketer").get("/messages").text)) == 32


def test_nothing_that_fits_says_what_to_do(heard: None, as_role) -> None:
    assert "Show everything" in as_role("admin").get("/messages?q=zzzz").text


def test_forged_parameters_are_ignored(heard: None, as_role) -> None:
    query = "subject=x&author=1e9&clock=999&before=x-1&account=%00&from=0000&platform=%F0%9F%92%A9"
    assert as_role("admin").get(f"/messages?{query}").status_code == 200
