"""Claims about single messages, labels, themes and reports by the API."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO

import sqlalchemy as sa

from core import db
from inbox.models import Message
from listening.hits import COUNTED_KINDS
from sentiment.examples.models import LabelExample
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked
from web import roles

__all__ = ["full"]
Programs = Callable[..., Program]


def blind() -> str:
    """A role that may a lot and sees no conversation."""
    rights = ["messages.read", "listening.read", "listening.manage", "labels.teach", "reports.read"]
    with db.write() as session:
        return roles.save(session, None, roles.Wanted("Blind", rights, "own"), "test")


# --- messages -----------------------------------------------------------------------------------------


@BOTH
def test_every_message_is_listed_once_and_summed_up(full: None, program: Programs) -> None:
    one, m = program("agent"), db.table(Message)
    rows = list(walked(one, "messages", 7))
    with db.read() as session:
        written = session.scalars(sa.select(m.c.id).where(m.c.direction == "inbound", m.c.kind.in_(COUNTED_KINDS)))
        assert sorted(row["id"] for row in rows) == sorted(written)
    assert [row["posted_at"] for row in rows] == sorted((row["posted_at"] for row in rows), reverse=True)
    assert one.get("messages/sums").json()["messages"] == len(rows)
    asked = "q=Вопрос&sentiment=negative&platform=mastodon"
    found = list(walked(one, f"messages?{asked}", 1))
    assert 0 < len(found) == one.get(f"messages/sums?{asked}").json()["negative"]
    kim = lived.who(lived.KIM.handle)
    assert {row["identity_id"] for row in walked(one, f"messages?author={kim}", 50)} == {kim}


def test_what_is_asked_of_messages_is_checked(full: None, program: Programs) -> None:
    one = program("agent")
    for bad in ("from=2026-13-01", "from=x", "timezone=Nowhere&from=2026-11-01", "clock=4", "author=-1", "x=1"):
        assert one.get(f"messages?{bad}").status_code == 422, bad
    assert one.get("messages?cursor=1").json()["code"] == "bad-cursor"
    assert one.get("messages?clock=4&from=2026-11-01").status_code == 200


def test_one_message_has_what_was_said_of_it(full: None, program: Programs) -> None:
    found = program("agent").get(f"messages/{lived.message('m:1')}").json()
    assert found["text"] == "Кран всё ещё течёт."
    assert found["annotations"][0]["model"] == "lexicon"
    (said,) = found["corrections"]
    assert (said["task"], said["label"], said["author"]) == ("sentiment", "negative", "user:2")


def test_message_nobody_may_see_is_none(full: None, program: Programs) -> None:
    private, number = lived.message("m:6"), lived.message("y:4")
    assert program("agent").get(f"messages/{private}").status_code == 200
    assert program("marketer").get(f"messages/{private}").status_code == 404
    one = program(blind())
    assert one.get(f"messages/{number}").status_code == one.get("messages/987654").status_code == 404
    assert {row["text"] for row in walked(one, "messages", 50)} == {"Чужое."}
    assert one.post(f"messages/{number}/teach", {"label": 1}).status_code == 404
    assert one.post("labels/1/examples", {"messages": [number]}).status_code == 422
    assert one.get("labels/1/examples").json()["items"] == []


# --- labels and themes --------------------------------------------------------------------------------


@BOTH
def test_label_is_made_taught_changed_and_removed(full: None, program: Programs) -> None:
    one, first, second = program("marketer"), lived.message("y:1"), lived.message("y:2")
    made = one.post("labels", {"name": "Ремонт", "terms": ["кран", "кран"]}, key="l").json()
    assert one.post("labels", {"name": "Ремонт", "terms": ["кран", "кран"]}, key="l").json() == made
    here = f"labels/{made['id']}"
    assert one.post("labels", {"name": "Ремонт"}).status_code == 422
    assert one.post(f"{here}/examples", {"messages": [first], "side": "against"}).json()["changed"] is True
    assert one.post(f"messages/{second}/teach", {"label": made["id"]}).json()["changed"] is True
    found = one.get(here).json()
    assert (found["terms"], found["examples"], found["counterexamples"]) == (["кран"], 1, 1)
    sides = {row["message_id"]: row["side"] for row in one.get(f"{here}/examples").json()["items"]}
    assert sides == {first: "against", second: "for"}
    take_back = {"label": made["id"], "side": "none"}
    assert [one.post(f"messages/{second}/teach", take_back).json()["changed"] for _ in "12"] == [True, False]
    assert one.post(here, {"enabled": False, "terms": []}).json()["changed"] is True
    assert (one.get(here).json()["enabled"], one.get(here).json()["terms"]) == (False, [])
    assert one.post(here, {}).json()["changed"] is False
    assert one.post(here, {"terms": ["a*"]}).status_code == 422
    assert one.post(f"{here}/remove").status_code == 200
    assert one.get(here).status_code == one.get(f"{here}/doubtful").status_code == 404
    with db.read() as session:
        left = session.scalar(sa.select(sa.func.count()).where(LabelExample.label_id == made["id"]))
    assert left == 0
    assert [row["name"] for row in one.get("labels").json()["items"]] == ["Цена"]


def test_who_may_teach_makes_no_labels(full: None, program: Programs) -> None:
    one = program("agent")
    assert one.post("labels", {"name": "Ремонт"}).status_code == 403
    number = lived.message("y:1")
    assert one.post(f"messages/{number}/teach", {"label": 99}).status_code == 422
    assert one.post(f"messages/{number}/teach", {"label": 1}).json()["changed"] is True
    assert program("agent", "messages.read").post(f"messages/{number}/teach", {"label": 1}).status_code == 403


@BOTH
def test_themes_are_named_merged_hidden_and_become_labels(full: None, program: Programs) -> None:
    one = program("marketer")
    (first, second) = one.get("themes").json()["items"]
    assert (first["id"], first["trend"]["week"], second["trend"]["week"]) == (1, 6, 0)
    assert one.post("themes/1", {"name": "Напитки"}).json()["changed"] is True
    assert (one.get("themes/1").json()["name"], one.get("themes/1").json()["named"]) == ("Напитки", True)
    assert one.get("themes/1/messages").status_code == 200
    assert one.post("themes/2", {"hidden": True}).json()["changed"] is True
    assert [row["id"] for row in one.get("themes?hidden=true").json()["items"]] == [2]
    assert one.post("themes/2/label", {"name": "Кран"}).status_code == 422, "no message stands for it"
    assert one.post("themes/2/merge", {"into": 2}).status_code == 422
    assert one.post("themes/2/merge", {"into": 1}).json()["id"] == 1
    assert one.get("themes/2").json()["merged_into"] == 1
    assert one.post("themes/2", {"name": "x"}).status_code == 422
    assert one.post("themes/99", {"name": "x"}).status_code == one.get("themes/99").status_code == 404
    assert program("agent").post("themes/1", {"name": "x"}).status_code == 403


def test_query_is_tried_before_it_is_saved(full: None, program: Programs) -> None:
    one = program("marketer")
    found = one.get("queries/preview?text=вопрос").json()
    assert found["hits"] > 0
    assert found["hits"] == sum(found["languages"].values())
    assert ["Вопрос", True] in found["sample"][0]["text"]
    assert one.get("queries/preview?text=(вопрос").status_code == 422


# --- reports ------------------------------------------------------------------------------------------


def test_report_comes_as_figures_rows_and_paper(full: None, program: Programs) -> None:
    one = program("marketer")
    glance = {row["id"]: row for row in one.get("reports").json()["items"]}
    figures = one.get("subjects/2/report").json()["total"]
    assert glance[2]["messages"] == figures["messages"] > 0
    answer = one.get("subjects/2/report.csv?platform=mastodon")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = {row["table"]: row for row in csv.DictReader(StringIO(answer.text.lstrip("\ufeff")))}
    total = one.get("subjects/2/report?platform=mastodon").json()["total"]
    assert int(rows["total"]["messages"]) == total["messages"]
    paper = one.get("subjects/2/report.pdf")
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert one.get("subjects/9/report.pdf").status_code == one.get("subjects/9/report.csv").status_code == 404


@BOTH
def test_link_to_a_report_is_shown_once_and_taken_back(full: None, program: Programs, as_role) -> None:
    one, agent = program("marketer"), as_role("agent")
    body = {"roles": ["agent"], "platform": "mastodon", "from": "2026-11-01", "compare": [1]}
    made = one.post("subjects/2/links", body, key="s").json()
    assert one.post("subjects/2/links", body, key="s").json() == made
    assert agent.get(made["path"]).status_code == 200
    (link,) = one.get("subjects/2/links").json()["items"]
    assert (link["id"], link["roles"], link["parameters"]["platform"]) == (made["id"], ["agent"], "mastodon")
    assert made["token"] not in one.get("subjects/2/links").text
    assert one.post(f"subjects/1/links/{made['id']}/revoke").status_code == 404
    assert [one.post(f"subjects/2/links/{made['id']}/revoke").json()["changed"] for _ in "12"] == [True, False]
    assert agent.get(made["path"]).status_code == 404
    for bad in ({"roles": []}, {"roles": ["boss"]}, {"roles": ["agent"], "from": "2026-02-31"}):
        assert one.post("subjects/2/links", bad).status_code == 422, bad
    assert program("agent").get("subjects/2/links").status_code == 403
