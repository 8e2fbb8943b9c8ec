"""Merging on the pages: chosen, shown in one thread, answered over the channel that is chosen, split again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db
from core.event import Author, Page, Profile
from inbox import accounts
from inbox.ingest import store_page
from inbox.models import Conversation, ReplyRow
from tests.inbox.conftest import event
from tests.web.conftest import Browser, account
from web import roles
from web.permissions import PERMISSIONS

As = Callable[[str], Browser]
PART = {"hx-request": "true"}


@pytest.fixture
def talks(as_role: As) -> list[int]:
    """Two over two platforms."""
    as_role("admin")
    first = account()
    with db.write() as session:
        ours = Author(platform="bluesky", id="did:us", handle="us.example", name="Us")
        second = accounts.add(
            session, platform="bluesky", profile=Profile(author=ours), base_url="", secrets={}, feeds=["mentions"]
        )
    store_page(first, Page(events=(event(1, text="where is it"),)))
    bo = Author(platform="bluesky", id="did:bo", handle="bo.example", name="Bo <b>")
    other = event(2, platform="bluesky", key="bluesky:2", author=bo, text="<script>and</script> this")
    store_page(second, Page(events=(other,)))
    with db.read() as session:
        return list(session.scalars(sa.select(db.table(Conversation).c.id).order_by(db.table(Conversation).c.id)))


def test_two_are_merged_answered_and_split(as_role: As, talks: list[int]) -> None:
    one, two = talks
    agent = as_role("agent")
    assert f"/inbox/{one}/merge" in agent.get(f"/inbox/{one}").text
    page = agent.get(f"/inbox/{one}/merge?number={two}").text
    assert "&lt;script&gt;and" in page
    assert "no other conversation with this number" in agent.get(f"/inbox/{one}/merge?number=77").text
    assert agent.post(f"/inbox/{one}/merge", {"other": "77"}).status_code == 404
    assert agent.post(f"/inbox/{one}/merge", {"other": str(one)}).status_code == 422
    assert agent.post(f"/inbox/{one}/merge", {"other": str(two)}).status_code == 303
    thread = agent.get(f"/inbox/{one}").text
    for shown in ("where is it", "&lt;script&gt;and", "Conversations of this case", "us.example", 'name="part"'):
        assert shown in thread
    gone = agent.get(f"/inbox/{two}")
    assert (gone.status_code, gone.headers["location"].partition("#")[0]) == (303, f"/inbox/{one}")
    assert agent.post(f"/inbox/{two}/assign", {"assignee": "none"}).status_code == 404
    assert [row["id"] for row in agent.get("/api/v1/conversations").json()["items"]] == [one]
    assert agent.get(f"/api/v1/conversations/{one}").json()["parts"] == [one, two]
    assert len(agent.get(f"/api/v1/conversations/{one}/messages").json()["items"]) == 2
    box = agent.post(f"/inbox/{one}/channel", {"part": str(one), "text": "half a sent"}, headers=PART)
    assert f'<option value="{one}" selected>' in box.text
    assert "half a sent" in box.text
    for part, text in ((one, "to the first"), (two, "to the second")):
        form = {"text": text, "kind": "public", "part": str(part), "sure": "yes"}
        assert agent.post(f"/inbox/{one}/reply", form).status_code == 303
    with db.read() as session:
        r = db.table(ReplyRow)
        sent = {row.text: row.answers_id for row in session.execute(sa.select(r))}
    assert sent["to the first"] != sent["to the second"]
    done = agent.post(f"/inbox/{one}/split/{two}", headers=PART)
    assert done.status_code == 200
    assert "conversation of its own again" in done.text + str(done.headers)
    assert "and" in agent.get(f"/inbox/{two}").text
    again = agent.request("POST", f"/api/v1/conversations/{two}/merge", json={"other": one})
    assert again.json() == {"id": two, "changed": True}
    split = {"part": one}
    assert agent.request("POST", f"/api/v1/conversations/{two}/split", json=split).json()["changed"] is True


def test_a_merge_needs_sight_of_both(as_role: As, talks: list[int]) -> None:
    one, two = talks
    with db.write() as session:
        every = [name for name in PERMISSIONS if name != "self"]
        key = roles.save(session, None, roles.Wanted("First account", every, "all", [1]), "test")
    limited = as_role(key)
    assert limited.get(f"/inbox/{one}").status_code == 200
    assert limited.post(f"/inbox/{one}/merge", {"other": str(two)}).status_code == 404
    assert "&lt;script&gt;" not in limited.get(f"/inbox/{one}/merge?number={two}").text
    assert as_role("admin").post(f"/inbox/{one}/merge", {"other": str(two)}).status_code == 303
    for number in talks:
        assert limited.get(f"/inbox/{number}").status_code == 404
