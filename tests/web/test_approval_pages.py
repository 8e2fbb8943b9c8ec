"""Claims about approvals on pages and by the API: who is asked, what a card shows, and what stands in the way."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox import approvals, desk, replies, submissions
from inbox.approval_models import Approval
from inbox.models import ReplyRow
from inbox.notice_models import Notification
from tests.web.conftest import Browser, account, event, store
from web import approving, roles

HTMX = {"hx-request": "true"}


@pytest.fixture
def talk(database: str) -> int:
    store(account(), event("m:1", "Is it open?"))
    return 1


def trainee(as_role, *more: str) -> Browser:
    with db.write() as session:
        grants = ["messages.read", "messages.private", "conversations.reply", "conversations.manage", *more]
        key = roles.save(session, None, roles.Wanted("Trainee", grants), "test")
    return as_role(key)


def written(browser: Browser, text: str = "Yes, until six.", **form: str) -> int:
    answer = browser.post("/inbox/1/reply", {"text": text, "kind": "public", **form}, headers=HTMX)
    assert answer.status_code == 200, answer.text
    return rows(ReplyRow)[-1].id


def rows(model):
    with db.read() as session:
        return list(session.scalars(sa.select(model).order_by(*sa.inspect(model).primary_key)))


def told() -> list[tuple[str, str]]:
    while outbox.step(SUBSCRIBERS["web.approving.tell"], approving.tell):
        pass
    return sorted((one.who, one.kind) for one in rows(Notification))


def test_who_may_not_send_alone_submits_and_who_approves_decides_once(talk, as_role) -> None:
    author, boss, agent = trainee(as_role), as_role("admin"), as_role("agent")
    assert 'data-reply="Submit"' in author.get("/inbox/1").text
    number = written(author)
    assert told() == [(f"user:{boss.user_id}", "approval")]
    assert "Recall" in author.get("/inbox/1").text
    assert "To approve" in boss.get("/inbox").text
    assert "Approve the reply" not in agent.get("/inbox/1").text
    page = boss.get("/inbox/1").text
    seen = re.search(r'name="seen" value="([0-9-]+)"', page[page.index("Approve the reply") :])
    assert seen is not None
    assert agent.post(f"/replies/{number}/approve", {"seen": seen[1]}).status_code == 403
    answer = boss.post(f"/replies/{number}/approve", {"seen": seen[1], "text": "Yes, until six.\r\n"}, headers=HTMX)
    assert (answer.status_code, rows(ReplyRow)[0].state) == (204, "queued")
    assert "already" in boss.post(f"/replies/{number}/approve", {"seen": seen[1]}, headers=HTMX).headers["hx-trigger"]
    assert told() == [(f"user:{author.user_id}", "approved")]
    assert "Admin approved the reply of" in boss.get("/inbox/1").text


def test_a_card_that_is_out_of_date_comes_back_with_what_was_typed(talk, as_role) -> None:
    author, boss = trainee(as_role), as_role("admin")
    number = written(author)
    store(1, event("m:2", "And on Sunday?", parent_key="m:1", thread_key="m:1"))
    form = {"seen": "1-1", "text": "Also on Sunday"}
    answer = boss.post(f"/replies/{number}/approve", form, headers=HTMX)
    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, f"#r{number}")
    assert "Something new came" in answer.text
    assert "Also on Sunday" in answer.text
    assert "They have written 1 message since" in answer.text
    page = boss.post(f"/replies/{number}/approve", form)
    assert page.status_code == 422
    assert "Also on Sunday" in page.text
    no = boss.post(f"/replies/{number}/reject", {"reason": ""}, headers=HTMX)
    assert (no.status_code, "Say why" in no.text) == (422, True)


def test_two_waiting_replies_are_shown_together_and_a_rejected_one_goes_back_into_the_box(talk, as_role) -> None:
    author, boss = trainee(as_role), as_role("admin")
    number = written(author)
    written(author, "Ask my colleague", key="other")
    assert boss.get("/inbox/1").text.count("1 other reply to this conversation waits") == 2
    boss.post(f"/replies/{number}/reject", {"reason": "Say it kindly"})
    assert "Say it kindly" in author.get("/inbox/1").text
    author.post(f"/replies/{number}/undo")
    assert "Yes, until six." in author.get("/inbox/1/composer", headers=HTMX).text
    assert rows(ReplyRow)[0].state == "cancelled"


def test_an_agent_may_ask_for_approval_and_recall(talk, as_role) -> None:
    agent = as_role("agent")
    number = written(agent, ask="yes", at="tomorrow", hold="yes")
    (row,) = rows(Approval)
    assert (row.why, row.planned_at is not None) == ("asked", True)
    assert agent.post(f"/replies/{number}/recall", headers=HTMX).status_code == 204
    assert "Yes, until six." in agent.get("/inbox/1/composer", headers=HTMX).text
    plain = written(agent, "Plain", key="second")
    assert next(one for one in rows(ReplyRow) if one.id == plain).state == "queued"
    boss = as_role("admin")
    written(boss, "Mine", key="third", ask="yes")
    assert "Approve the reply" not in boss.get("/inbox/1").text, "nobody decides about their own"


def test_the_account_names_who_approves_and_only_who_may_is_offered(talk, as_role) -> None:
    boss, agent = as_role("admin"), as_role("agent")
    page = boss.get("/settings/accounts").text
    assert f'value="user:{boss.user_id}"' in page
    assert f'value="user:{agent.user_id}"' not in page
    assert boss.post("/settings/accounts/1/approval", {"approver": f"user:{agent.user_id}"}).status_code == 422
    assert boss.post("/settings/accounts/1/approval", {"approver": f"user:{boss.user_id}"}).status_code == 303
    assert 'data-public="Submit"' in agent.get("/inbox/1").text
    written(agent)
    assert rows(Approval)[0].approver == f"user:{boss.user_id}"


def test_nobody_hears_of_what_they_do_not_see(talk, as_role) -> None:
    author = trainee(as_role)
    with db.write() as session:
        wanted = roles.Wanted("Own", ["messages.read", "replies.approve"], "own")
        key = roles.save(session, None, wanted, "test")
    approver = as_role(key)
    number = written(author)
    assert told() == []
    assert "Yes, until six." not in approver.get("/inbox/waiting").text
    assert approver.post(f"/replies/{number}/approve").status_code == 404
    with db.write() as session:
        desk.assign(session, 1, f"user:{approver.user_id}", "test")
        submissions.demand(session, 1, submissions.ANYBODY, "test")
    assert (f"user:{approver.user_id}", "approval") in told()
    assert "Yes, until six." in approver.get("/inbox/waiting?show=approve").text


def test_waiting_replies_are_listed_put_off_and_taken_back(talk, as_role) -> None:
    agent = as_role("agent")
    with db.write() as session:
        number = replies.queue(
            session, 1, "Later", author=f"user:{agent.user_id}", send_at=db.now() + timedelta(hours=5), hold=True
        ).id
    assert "Later" in agent.get("/inbox/waiting?show=later&whose=mine").text
    assert "Later" not in agent.get("/inbox/waiting?show=look").text
    refused = agent.post(f"/replies/{number}/put-off", {"when": "2020-01-01T10:00"})
    assert (refused.status_code, "has passed" in refused.text) == (422, True)
    moved = agent.post(f"/replies/{number}/put-off", {"when": "monday"})
    assert moved.headers["location"].startswith("/inbox/waiting")
    assert rows(ReplyRow)[0].hold is False
    agent.post(f"/replies/{number}/undo")
    assert "Nothing waits here" in agent.get("/inbox/waiting").text
    assert agent.post(f"/replies/{number}/put-off", {"when": "monday"}).headers["location"].endswith("reply-left")


def test_programs_submit_approve_reject_and_read_the_list(talk, as_role) -> None:
    author, boss = trainee(as_role), as_role("admin")
    here = {"headers": {"idempotency-key": "one", "accept": "application/json"}, "json": {"text": "By program"}}
    made = [author.request("POST", "/api/v1/conversations/1/replies", **here).json() for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["state"] == "submitted"
    number = made[0]["id"]

    def post(browser: Browser, what: str, **body: object):
        return browser.request("POST", f"/api/v1/replies/{number}/{what}", json=body)

    assert [one["id"] for one in boss.get("/api/v1/replies?show=approve").json()["items"]] == [number]
    assert post(author, "approve").status_code == 403
    assert post(boss, "reject", reason="Too plain").json() == {"id": number, "changed": True}
    assert boss.get(f"/api/v1/replies/{number}/approval").json()["approval"]["reason"] == "Too plain"
    assert post(author, "submit", text="By a kind program").json()["changed"] is True
    store(1, event("m:2", "Well?", parent_key="m:1", thread_key="m:1"))
    refused = post(boss, "approve")
    assert (refused.status_code, refused.json()["code"]) == (409, "outdated")
    assert post(boss, "approve", sure=True).json()["changed"] is True
    assert post(boss, "approve").json()["changed"] is False
    assert post(author, "recall").json()["changed"] is False
    assert rows(ReplyRow)[0].text == "By a kind program"


def test_what_was_changed_is_told_word_by_word() -> None:
    found = approving.changes("We are sorry, Kim.", "We are very sorry, Kim.")
    assert [pair for pair in found if pair[0] != "same"] == [("new", " very")]
    assert "".join(text for kind, text in found if kind != "gone") == "We are very sorry, Kim."
    assert approving.changes("same", "same ") == ()


def test_to_approve_is_a_view_for_who_may(talk, as_role) -> None:
    author, boss = trainee(as_role), as_role("admin")
    store(1, event("m:9", "Something else"))
    number = written(author)
    listed = [boss.get(f"/inbox?view=approve{more}").text for more in ("", "&q=nowhere")]
    assert ['data-row="1"' in text for text in listed] == [True, False]
    assert 'data-row="2"' not in listed[0]
    assert "To approve" in listed[0]
    assert 'href="/inbox?view=approve"' in boss.get("/inbox").text
    assert "view=approve" not in author.get("/inbox").text
    assert boss.get("/api/v1/conversations/counts").json()["approve"] == 1
    assert "approve" not in author.get("/api/v1/conversations/counts").json()
    waits = '{"match": "all", "of": [{"field": "approval", "op": "yes"}]}'
    found = boss.get("/api/v1/conversations", params={"conditions": waits}).json()["items"]
    assert [one["id"] for one in found] == [1]
    assert [one["id"] for one in boss.get("/api/v1/conversations?view=approve").json()["items"]] == [1]
    assert "A reply waits for approval: yes" in boss.get("/inbox", params={"f": waits}).text
    with db.write() as session:
        approvals.approve(session, number, f"user:{boss.user_id}")
    assert 'data-row="1"' not in boss.get("/inbox?view=approve").text
    assert boss.get("/api/v1/conversations/counts").json()["approve"] == 0
