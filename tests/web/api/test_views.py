"""Claims about saved views and the volume of a list by the API: the same conditions, the same numbers as the inbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from inbox.models import Message
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked
from web import roles

__all__ = ["full"]
Programs = Callable[..., Program]
JA = {"match": "all", "of": [{"field": "platform", "op": "is", "value": "bluesky"}]}


def listed(one: Program) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in one.get("views").json()["items"]}


@BOTH
def test_view_is_kept_counted_and_read_through(full: None, program: Programs) -> None:
    one = program("agent")
    body = {"name": "Голубое", "view": "all", "sort": "oldest", "conditions": JA}
    number = one.post("views", body, key="v").json()["id"]
    assert one.post("views", body, key="v").json()["id"] == number
    found = listed(one)["Голубое"]
    assert {name: found[name] for name in body} == body
    rows = list(walked(one, f"conversations?saved={number}", 1))
    assert len(rows) == found["count"] > 0
    assert {row["platform"] for row in rows} == {"bluesky"}
    assert [row["last_at"] for row in rows] == sorted(row["last_at"] for row in rows)
    assert one.get(f"conversations?saved={number}&view=spam").json()["items"] == []
    closed = one.get(f"conversations?saved={number}&platform=mastodon").json()
    assert closed["items"] == []


def test_view_is_changed_shared_moved_and_removed(full: None, program: Programs) -> None:
    one, other = program("agent"), program("marketer")
    number = one.post("views", {"name": "Голубое", "conditions": JA}).json()["id"]
    second = one.post("views", {"name": "Второе"}).json()["id"]
    assert "Голубое" not in listed(other)
    assert other.get(f"conversations?saved={number}").status_code == 422
    assert other.post(f"views/{number}", {"name": "Моё"}).status_code == 404
    assert one.post(f"views/{number}", {"shared": ["marketer"]}).json()["changed"] is True
    assert one.post(f"views/{number}", {"shared": ["marketer"]}).json()["changed"] is False
    assert listed(other)["Голубое"]["conditions"] == JA
    assert other.post(f"views/{number}", {"name": "Моё"}).status_code == 422
    assert one.post(f"views/{number}", {"sort": "waiting", "conditions": {}}).json()["changed"] is True
    found = listed(one)["Голубое"]
    assert (found["sort"], found["conditions"], found["shared"], found["name"]) == (
        "waiting", {}, ["marketer"], "Голубое",
    )  # fmt: skip
    assert one.post(f"views/{second}/move", {"step": "up"}).json()["changed"] is True
    names = [name for name in listed(one) if name in ("Голубое", "Второе")]
    assert names == ["Второе", "Голубое"]
    assert one.post(f"views/{second}/move", {"step": "up"}).json()["changed"] is False
    assert one.post(f"views/{number}/remove").json()["changed"] is True
    assert one.post(f"views/{number}/remove").status_code == 404
    for bad in ({"name": "Второе"}, {"name": "x", "conditions": {"match": "no"}}, {"name": ""}, {"name": "x", "a": 1}):
        assert one.post("views", bad).status_code == 422


def test_who_may_not_share_a_view_shares_it_with_nobody(full: None, program: Programs, as_role: Any) -> None:
    one = program("marketer")
    assert one.post("views", {"name": "Моё", "shared": ["all"]}).status_code == 403
    number = one.post("views", {"name": "Моё"}).json()["id"]
    assert one.post(f"views/{number}", {"shared": ["all"]}).status_code == 403
    browser = as_role("marketer")
    browser.post("/inbox/filter", {"do": "keep", "name": "С формы", "roles": ["all"], "view": "open", "sort": "newest"})
    shared = {row["name"]: row["shared"] for row in one.get("views").json()["items"]}
    assert shared.get("С формы", []) == []
    assert "С формы" not in listed(program("agent"))
    assert program("dpo").post("views", {"name": "Моё"}).status_code == 403


# --- the bars above the list ----------------------------------------------------------------------------


@BOTH
def test_volume_counts_what_the_list_s_conversations_received(full: None, program: Programs) -> None:
    one, m = program("agent"), db.table(Message)
    since = (db.now() - timedelta(days=5)).isoformat().replace("+00:00", "Z")
    found = one.get(f"conversations/volume?since={since}&by=account").json()
    with db.read() as session:
        expected = session.scalar(
            sa.select(sa.func.count()).where(
                m.c.direction == "inbound", m.c.origin == "inbox", m.c.kind.not_in(("follow",)),
                m.c.posted_at >= db.now() - timedelta(days=5), m.c.deleted_at.is_(None),
            )
        )  # fmt: skip
    assert 0 < found["messages"] <= (expected or 0) + 3
    assert sum(part["messages"] for part in found["parts"]) == found["messages"]
    assert sum(row["messages"] for row in found["accounts"]) == found["messages"]
    starts, ends = ([part[name] for part in found["parts"]] for name in ("start", "end"))
    assert starts[1:] == ends[:-1]
    assert (starts[0], ends[-1]) == (found["since"], found["until"])
    narrowed = one.get(f"conversations/volume?since={since}&platform=bluesky").json()
    assert narrowed["messages"] == 1
    (saved,) = (row for row in one.get("views").json()["items"] if row["id"] == "about")
    assert one.get(f"conversations/volume?since={since}&saved={saved['id']}").json()["messages"] <= found["messages"]


def test_volume_holds_nothing_of_what_is_not_seen(full: None, program: Programs) -> None:
    with db.write() as session:
        wanted = roles.Wanted("Второй", ["messages.read"], "all", [2])
        key = roles.save(session, None, wanted, "test")
    everything = program("agent").get("conversations/volume?by=account").json()
    part = program(key).get("conversations/volume?by=account").json()
    assert [row["account_id"] for row in part["accounts"]] == [2]
    assert 0 < part["messages"] < everything["messages"]


@pytest.mark.parametrize(
    "query", ["since=0001-01-01T00:00:00Z", "until=9999-12-31T23:59:59Z", "by=day", "saved=x", "sort=newest"]
)
def test_nonsense_is_refused(full: None, program: Programs, query: str) -> None:
    assert program("agent").get(f"conversations/volume?{query}").status_code == 422


def test_period_longer_ago_than_its_end_is_no_error(full: None, program: Programs) -> None:
    with db.read():
        assert lived.talk("y:5")
    answer = program("agent").get("conversations/volume?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z")
    assert answer.json()["messages"] == 0
