"""Splitting from a message on, on the pages and by programs: what moves is said first, and it can be taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import db
from core.event import Page
from inbox import desk
from inbox.ingest import store_page
from inbox.models import Conversation, Message
from inbox.parts import store as parts
from tests.inbox.conftest import event
from tests.web.conftest import Browser, account
from web import roles
from web.permissions import PERMISSIONS

As = Callable[[str], Browser]


@pytest.fixture
def talk(as_role: As) -> tuple[int, list[int]]:
    """A conversation of three messages: (its number, theirs)."""
    as_role("admin")
    ours = account()
    for number in (1, 2, 3):
        about = {"parent_key": event(number - 1).key} if number > 1 else {}
        store_page(ours, Page(events=(event(number, text=f"<b>word {number}</b>", **about),)))
    m = db.table(Message)
    with db.read() as session:
        rows = session.execute(sa.select(m.c.conversation_id, m.c.id).order_by(m.c.id)).all()
    return rows[0][0], [row[1] for row in rows]


def test_it_is_split_and_taken_back(as_role: As, talk: tuple[int, list[int]]) -> None:
    number, (first, second, third) = talk
    agent = as_role("agent")
    thread = agent.get(f"/inbox/{number}").text
    assert f"/inbox/{number}/split-from/{second}" in thread
    assert f"/inbox/{number}/split-from/{first}" not in thread, "nothing would stay"
    page = agent.get(f"/inbox/{number}/split-from/{second}").text
    for said in ("&lt;b&gt;word 2", "2 messages go into", "1 message stays"):
        assert said in page
    refused = agent.post(f"/inbox/{number}/split-from/{first}")
    assert (refused.status_code, "choose a later message" in refused.text) == (422, True)
    done = agent.post(f"/inbox/{number}/split-from/{second}")
    made = int(done.headers["location"].split("/inbox/")[1].split("?")[0])
    again = agent.post(f"/inbox/{number}/split-from/{second}")
    assert again.headers["location"] == done.headers["location"], "a second click finds the same"
    shown = agent.get(done.headers["location"]).text
    for said in (
        f'action="/inbox/{made}/split-back"',
        f'href="/inbox/{number}"',
        "word 3",
        "conversation of its own now",
    ):
        assert said in shown
    assert shown.count('<article class="msg ') == 2
    assert f'href="/inbox/{made}"' in agent.get(f"/inbox/{number}/head", headers={"hx-request": "true"}).text
    assert agent.get(f"/api/v1/conversations/{made}").json()["split_from"] == number
    assert agent.get(f"/api/v1/conversations/{number}").json()["split_off"] == [made]
    back = agent.post(f"/inbox/{made}/split-back")
    assert back.headers["location"].startswith(f"/inbox/{number}?note=split-back")
    assert agent.post(f"/inbox/{made}/split-back").status_code == 303, "twice counts once"
    gone = agent.get(f"/inbox/{made}")
    assert (gone.status_code, gone.headers["location"].partition("#")[0]) == (303, f"/inbox/{number}")
    assert agent.post(f"/inbox/{made}/assign", {"assignee": "none"}).status_code == 404
    assert [row["id"] for row in agent.get("/api/v1/conversations").json()["items"]] == [number]
    assert agent.get(f"/inbox/{number}/split-from/999").status_code == 404
    assert agent.post(f"/inbox/{number}/split-back").status_code == 422
    assert third


def test_what_comes_long_after_the_closing_names_the_old_one_and_can_be_made_one_again(
    as_role: As, talk: tuple[int, list[int]]
) -> None:
    number, agent = talk[0], as_role("agent")
    agent.post(f"/inbox/{number}/state/closed")
    late = event(4, parent_key=event(3).key, posted_at=db.now() + timedelta(days=31))
    store_page(1, Page(events=(late,)))
    (made,) = agent.get(f"/api/v1/conversations/{number}").json()["split_off"]
    page = plain(agent.get(f"/inbox/{made}").text)
    assert "Follows, since that was closed for long:" in page
    assert f"They wrote long after No. {number} was closed: this is a new one" in page
    old = plain(agent.get(f"/inbox/{number}").text)
    assert f"They wrote long after this was closed: it goes on in No. {made}" in old
    assert "Make it one conversation again?" in page
    assert agent.post(f"/inbox/{made}/split-back").headers["location"].startswith(f"/inbox/{number}?")
    with db.read() as session:
        assert session.get_one(Conversation, number).state == "open"


def plain(page: str) -> str:
    return re.sub("[\u2066-\u2069]", "", page)


def test_programs_split_and_take_back(as_role: As, talk: tuple[int, list[int]]) -> None:
    number, (first, second, _) = talk
    agent = as_role("agent")
    there = f"/api/v1/conversations/{number}/split-from"
    made = agent.request("POST", there, json={"message": second}).json()
    assert made == {"id": number + 1, "changed": True}
    assert agent.request("POST", there, json={"message": second}).json() == {"id": number + 1, "changed": False}
    for body in ({"message": first}, {"message": 999}, {}):
        assert agent.request("POST", there, json=body).status_code == 422
    back = f"/api/v1/conversations/{number + 1}/split-back"
    assert [agent.request("POST", back).json() for _ in range(2)] == [
        {"id": number, "changed": True}, {"id": number, "changed": False},
    ]  # fmt: skip
    assert agent.request("POST", f"/api/v1/conversations/{number}/split-back").status_code == 422


def test_in_a_case_the_page_says_what_leaves_it_first(as_role: As, talk: tuple[int, list[int]]) -> None:
    number, (_, second, third) = talk
    agent = as_role("agent")
    agent.post(f"/inbox/{number}/split-from/{third}")
    with db.write() as session:
        parts.merge(session, number, number + 1, "user:1")
    page = agent.get(f"/inbox/{number}/split-from/{second}")
    assert (page.status_code, f"No. {number + 1} leaves the merged case first" in page.text) == (200, True)
    done = agent.post(f"/inbox/{number}/split-from/{second}")
    assert (done.status_code, done.headers["location"].split("?")[0]) == (303, f"/inbox/{number + 2}")
    assert agent.post(f"/inbox/{number}/split-from/{second}").headers["location"] == done.headers["location"]
    with db.read() as session:
        assert not parts.cases(session, [number, number + 1, number + 2])


def test_who_does_not_see_it_finds_nothing(as_role: As, talk: tuple[int, list[int]]) -> None:
    number, (_, second, third) = talk
    with db.write() as session:
        every = [name for name in PERMISSIONS if name != "self"]
        key = roles.save(session, None, roles.Wanted("Own", every, "own"), "test")
    limited = as_role(key)
    me = f"user:{limited.user_id}"
    assert limited.get(f"/inbox/{number}/split-from/{second}").status_code == 404
    assert limited.post(f"/inbox/{number}/split-from/{second}").status_code == 404
    as_role("agent").post(f"/inbox/{number}/split-from/{second}")
    made = number + 1
    with db.write() as session:
        desk.assign(session, made, me, "user:1")
    shown = limited.get(f"/inbox/{made}").text
    assert f'href="/inbox/{number}"' not in shown
    assert limited.get(f"/api/v1/conversations/{made}").json()["split_from"] is None
    assert limited.post(f"/inbox/{made}/split-back").status_code == 404
    assert limited.post(f"/inbox/{made}/split-from/{third}").status_code == 303
    with db.read() as session:
        assert session.get(Conversation, made + 1).assignee == me
