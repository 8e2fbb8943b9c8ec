"""Claims about who is at a conversation: others see it where they may, over processes, and no ghost stays."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core import broker
from tests.web.conftest import Browser, account, event, store
from web import live, presence
from web.app import create_app

PAGE = "abcdefgh1234"


@pytest.fixture
def talks(database: str, valkey: str) -> None:
    """1 is public, 2 private."""
    row = account()
    store(row, event("m:1"))
    store(row, event("d:1", kind="dm", visibility="private"))


def here(browser: Browser, at: int, *, page: str = PAGE, before: int = 0, writes: str = "") -> int:
    return browser.post("/live/here", {"page": page, "at": at, "before": before, "writes": writes}).status_code


def shown(browser: Browser, ids: str = "1,2") -> dict[str, str]:
    """{conversation: what is said of it}."""
    text = browser.get(f"/live/present?ids={ids}").text
    parts = re.findall(r'<div data-talk="(\d+)"[^>]*>.*?<span class="vh">(.*?)</span>', text, re.DOTALL)
    return {number: words.replace("&amp;", "&") for number, words in parts}


def test_others_see_who_looks_and_who_writes_and_oneself_does_not(talks: None, as_role: Any) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    assert here(admin, 1, writes="yes") == 204
    assert shown(agent) == {"1": "Here now: Admin; writing: Admin"}
    assert shown(admin) == {}


def test_another_web_process_knows_it_too(talks: None, as_role: Any) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    here(admin, 1)
    agent.app = create_app()
    assert shown(agent) == {"1": "Here now: Admin"}


def test_two_pages_of_one_person_are_one_and_closing_one_leaves_the_other(talks: None, as_role: Any) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    here(admin, 1)
    here(admin, 1, page="zzzzzzzz9999")
    here(admin, 0, before=1)
    assert shown(agent) == {"1": "Here now: Admin"}
    here(admin, 0, page="zzzzzzzz9999", before=1)
    assert shown(agent) == {}


def test_who_opens_another_conversation_leaves_the_first(talks: None, as_role: Any) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    here(admin, 1)
    here(admin, 2, before=1)
    assert shown(agent) == {"2": "Here now: Admin"}


def test_who_falls_silent_is_gone(talks: None, as_role: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, agent = as_role("admin"), as_role("agent")
    monkeypatch.setattr(presence, "LASTS", {presence.LOOKING: 60_000, presence.WRITING: 1})
    here(admin, 1, writes="yes")
    while "writing" in shown(agent).get("1", ""):
        pass
    assert shown(agent) == {"1": "Here now: Admin"}
    key = f"{broker.prefix()}present"
    for member in broker.client().zrange(key, 0, -1):
        broker.client().zadd(key, {member: 1})
    assert shown(agent) == {}


def test_private_conversation_shows_nobody_to_who_may_not_read_it(talks: None, as_role: Any) -> None:
    agent, marketer = as_role("agent"), as_role("marketer")
    here(agent, 1)
    here(agent, 2, page="zzzzzzzz9999")
    assert shown(marketer) == {"1": "Here now: Agent"}
    assert here(marketer, 2) == 404
    assert here(marketer, 99) == 404


def test_only_changes_are_told_and_by_number_alone(talks: None, as_role: Any) -> None:
    admin = as_role("admin")
    for writes in ("", "", "yes", "yes", ""):
        here(admin, 1, writes=writes)
    events = [fields["json"] for _, fields in broker.client().xrange(live.stream())]
    assert events == ['{"topic": "presence", "talk": 1}'] * 3


def test_without_a_broker_nobody_is_there_and_nothing_breaks(database: str, as_role: Any) -> None:
    store(account(), event("m:1"))
    admin = as_role("admin")
    assert here(admin, 1) == 204
    assert shown(admin) == {}


@pytest.mark.parametrize("page", ["", "short", "UPPER12345", "a" * 20])
def test_nonsense_is_refused(talks: None, as_role: Any, page: str) -> None:
    assert here(as_role("admin"), 1, page=page) == 400
