"""A whole list in one go: asked for in the list, done by the worker, shown above the list, stopped and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox import desk, listing
from inbox.many import work
from inbox.models import Conversation
from tests.web.conftest import Browser, account, event, store
from tests.web.test_inbox_list import LIST, person
from web import many

As = Callable[[str], Browser]
BOX = {"HX-Request": "true", "HX-Target": "bulk-job"}
PART = {"HX-Request": "true"}


@pytest.fixture
def five(database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Five conversations, of which two are few."""
    ours = account()
    store(ours, *[event(f"m:{n}", author=person(f"p{n}"), minutes=n) for n in range(5)])
    monkeypatch.setattr(many, "AT_ONCE", 2)
    monkeypatch.setattr(listing, "LIMIT", 2)
    return ours


def worker() -> None:
    while outbox.step(SUBSCRIBERS["web.many.work"], many.work):
        pass


def states() -> list[str]:
    c = db.table(Conversation)
    with db.read() as session:
        return list(session.scalars(sa.select(c.c.state).order_by(c.c.id)))


def toast(answer: Any) -> dict[str, str]:
    found: dict[str, str] = json.loads(answer.headers["hx-trigger"])["toast"]
    return found


def close_all(browser: Browser, headers: dict[str, str] | None = LIST) -> Any:
    return browser.post("/inbox/bulk", {"deed": "close", "ids": ["1"], "all": "yes"}, headers=headers or {})


def test_the_whole_list_is_done_by_the_worker_and_says_how_far_it_is(five: int, as_role: As) -> None:
    browser = as_role("agent")
    assert "All <b" in browser.get("/inbox").text
    answer = close_all(browser)
    assert toast(answer)["text"].startswith("5 conversations are being changed.")
    assert "undo" not in toast(answer)
    assert ('id="bulk-job"' in answer.text, states()) == (True, ["open"] * 5)
    box = browser.get("/inbox/jobs/1", headers=BOX)
    assert ("0 of 5" in box.text, 'hx-trigger="every 1s"' in box.text) == (True, True)
    store(five, event("m:9", author=person("late")))
    worker()
    assert states() == ["closed"] * 5 + ["open"]
    box = browser.get("/inbox/jobs/1", headers=BOX)
    assert ("5 were changed." in box.text, "every 1s" in box.text) == (True, False)
    assert toast(box)["text"] == "Set the state: “closed”: 5 were changed."
    assert "5 were changed." in browser.get("/inbox").text, "until it is put away"
    assert browser.post("/inbox/jobs/1/hide", headers=BOX).text == ""
    assert 'id="bulk-job"' not in browser.get("/inbox").text


def test_it_is_taken_back_as_a_whole_but_for_what_somebody_changed(five: int, as_role: As) -> None:
    browser = as_role("agent")
    close_all(browser)
    worker()
    with db.write() as session:
        desk.spam(session, 3, "user:9")
    box = browser.post("/inbox/jobs/1/undo", headers=BOX)
    assert "0 of 5 taken back" in box.text
    worker()
    assert states() == ["open", "open", "spam", "open", "open"]
    page = browser.get("/inbox/jobs/1").text
    assert "4 stand as before again." in page
    assert "1 could not be taken back." in page
    assert 'href="/inbox/3?view=all#conversation">No. 3</a>' in page
    assert "Somebody changed it since." in page
    assert "There is nothing to take back." in toast(browser.post("/inbox/jobs/1/undo", headers=PART))["text"]


def test_it_is_stopped_and_the_rest_stays(five: int, as_role: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "TOGETHER", 2)
    monkeypatch.setattr(many, "SECONDS", 0.0)
    browser = as_role("agent")
    close_all(browser)
    outbox.step(SUBSCRIBERS["web.many.work"], many.work)
    box = browser.post("/inbox/jobs/1/stop", headers=BOX).text
    assert "2 were changed. 3 were not touched." in box
    worker()
    assert states().count("closed") == 2
    browser.post("/inbox/jobs/1/undo", headers=BOX)
    assert states() == ["open"] * 5, "two are few"


def test_few_are_done_at_once_and_the_toast_takes_them_back(five: int, as_role: As) -> None:
    browser = as_role("agent")
    answer = browser.post("/inbox/bulk", {"deed": "close", "ids": ["1", "2"]}, headers=LIST)
    assert toast(answer)["undo"] == "/inbox/jobs/1/undo"
    assert "bulk-job" not in answer.text
    assert len(answer.headers["hx-trigger"]) < 300, "the way back stays with us"
    answer = browser.post("/inbox/jobs/1/undo", headers=PART)
    assert (answer.status_code, toast(answer)["text"]) == (204, "It was taken back.")
    assert states() == ["open"] * 5
    browser.post("/inbox/bulk", {"deed": "close", "ids": ["1", "2"]}, headers=LIST)
    with db.write() as session:
        desk.spam(session, 2, "user:9")
    said = toast(browser.post("/inbox/jobs/2/undo", headers=PART))["text"]
    assert said.endswith("1 stands as before again. 1 could not be taken back.")


def test_what_a_process_left_when_it_died_is_done_by_the_worker(
    five: int, as_role: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "whole", lambda job_id, may: None)
    browser = as_role("agent")
    browser.post("/inbox/bulk", {"deed": "close", "ids": ["1", "2"]}, headers=LIST)
    worker()
    assert states() == ["open"] * 5
    with db.write() as session:
        session.execute(sa.text("UPDATE outbox SET due_at = 0"))
    worker()
    assert states() == ["closed", "closed", "open", "open", "open"]


def test_without_script_it_has_a_page_of_its_own(five: int, as_role: As) -> None:
    browser = as_role("agent")
    assert close_all(browser, None).headers["location"] == "/inbox/jobs/1"
    page = browser.get("/inbox/jobs/1").text
    assert "<progress" in page
    assert 'action="/inbox/jobs/1/stop"' in page
    assert 'hx-trigger="every 1s"' in page
    assert 'hx-trigger="every 2s"' in browser.get("/inbox/jobs").text
    assert browser.post("/inbox/jobs/1/stop").headers["location"] == "/inbox/jobs/1"
    assert browser.post("/inbox/jobs/1/hide").headers["location"] == "/inbox/jobs"
    index = browser.get("/inbox/jobs").text
    assert ('href="/inbox/jobs/1"' in index, "stopped" in index) == (True, True)
    answer = browser.get("/inbox/jobs/1", headers={**PART, "hx-target": "job"})
    assert ('<div class="stack" id="job">' in answer.text, "hx-trigger" in answer.headers) == (True, True)


def test_jobs_are_their_authors_alone(five: int, as_role: As) -> None:
    close_all(as_role("agent"))
    other = as_role("admin")
    assert "Nothing was done to many yet" in other.get("/inbox/jobs").text
    assert 'id="bulk-job"' not in other.get("/inbox").text
    for path in ("", "/stop", "/undo", "/hide"):
        call = other.get if not path else other.post
        assert call(f"/inbox/jobs/1{path}").status_code == 404
    assert as_role("marketer").get("/inbox/jobs").status_code == 403


def test_who_sees_less_changes_less(five: int, as_role: As) -> None:
    browser = as_role("agent")
    close_all(browser)
    with db.write() as session:
        session.execute(
            sa.text('UPDATE "user" SET accounts = :none WHERE id = :id'), {"none": "[77]", "id": browser.user_id}
        )
    worker()
    assert states() == ["open"] * 5
    page = browser.get("/inbox/jobs/1").text
    assert "5 were left as they are." in page
    assert "It is gone, or you do not see it any more." in page
