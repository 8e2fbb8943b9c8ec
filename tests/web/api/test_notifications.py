"""Claims about notifications and figures by the API: one's own alone, and what a figure is made of."""

from __future__ import annotations

import csv
from collections.abc import Callable
from io import StringIO

import pytest

from core import db
from inbox import desk, notices
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full, walked
from web import roles

__all__ = ["full"]
Programs = Callable[..., Program]


@BOTH
def test_notifications_are_listed_read_once_and_nobody_else_s(full: None, program: Programs) -> None:
    one, other = program("agent"), program("admin")
    earlier = list(walked(one, "notifications", 2))
    one.post("notifications/read")
    with db.write() as session:
        for key in ("y:5", "y:6", "y:7"):
            desk.assign(session, lived.talk(key), f"user:{one.user_id}", "user:1")
    found = list(walked(one, "notifications", 2))
    assert [row["id"] for row in found[3:]] == [row["id"] for row in earlier]
    assert [row["conversation_id"] for row in found[:3]] == [lived.talk(key) for key in ("y:7", "y:6", "y:5")]
    assert (found[0]["kind"], found[0]["said"], found[0]["read"]) == (
        "assigned",
        "Вера gave you this conversation",
        False,
    )
    assert one.get("notifications/count").json() == {"unread": 3}
    here = f"notifications/{found[0]['id']}/read"
    assert other.post(here).status_code == 404
    assert [one.post(here).json()["changed"] for _ in range(2)] == [True, False]
    assert len(list(walked(one, "notifications?unread=true", 1))) == 2
    assert one.post("notifications/read", key="r").json() == {"read": 2}
    assert one.get("notifications/count").json() == {"unread": 0}
    assert [row["read"] for row in walked(one, "notifications", 2)] == [True] * len(found)


def test_notification_about_what_is_not_seen_any_more_shows_nothing_of_it(full: None, program: Programs) -> None:
    may = ["messages.read", "conversations.reply"]
    with db.write() as session:
        key = roles.save(session, None, roles.Wanted("Второй", may, "all", None), "test")
    one = program(key)
    with db.write() as session:
        desk.assign(session, lived.talk("y:5"), f"user:{one.user_id}", "user:1")
        roles.save(session, int(key.removeprefix("role:")), roles.Wanted("Второй", may, "all", [2]), "test")
    (found,) = one.get("notifications").json()["items"]
    assert (found["name"], found["excerpt"]) == ("", "")


@BOTH
def test_choices_are_kept_kind_by_kind(full: None, program: Programs) -> None:
    one = program("agent")
    before = one.get("me/notifications").json()
    assert (before["channels"]["team"], before["quiet_from"], before["mail_at"]) == (["page"], None, "08:00")
    body = {"channels": {"team": [], "mention": ["mail", "page"]}, "quiet_from": "22:00", "quiet_until": "06:30"}
    assert [one.post("me/notifications", body).json()["changed"] for _ in range(2)] == [True, False]
    assert one.post("me/notifications", {"mail": "hourly", "mail_at": "18:05"}).json()["changed"] is True
    found = one.get("me/notifications").json()
    assert (found["channels"]["team"], found["channels"]["mention"]) == ([], ["page", "mail"])
    assert found["channels"]["assigned"] == before["channels"]["assigned"]
    assert (found["quiet_from"], found["quiet_until"], found["mail"], found["mail_at"]) == (
        "22:00", "06:30", "hourly", "18:05",
    )  # fmt: skip
    assert one.post("me/notifications", {"quiet_from": None, "quiet_until": None}).json()["changed"] is True
    assert one.get("me/notifications").json()["quiet_from"] is None
    for bad in ({"quiet_from": "22:00"}, {"mail": "never"}, {"channels": {"party": []}}, {"mail_at": "25:00"}):
        assert one.post("me/notifications", bad).status_code == 422
    assert set(before["channels"]) == set(notices.KINDS)


# --- what a figure is made of ---------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("figure", ["received", "backlog", "closed", "csat", "kept_first"])
def test_spans_are_what_the_figure_counts(full: None, program: Programs, figure: str) -> None:
    one = program()
    whole = one.get("metrics").json()["total"]
    found = list(walked(one, f"metrics/spans?figure={figure}", 3))
    rating = whole["ratings"].get(figure)
    assert len(found) == (rating["number"] if rating else whole["counts"].get(figure, 0))
    lines = list(csv.DictReader(StringIO(one.get(f"metrics/spans.csv?figure={figure}").text.removeprefix("\ufeff"))))
    assert [int(line["conversation"]) for line in lines] == [row["conversation_id"] for row in found]
    if figure in ("received", "backlog"):
        assert found
        assert all(row["start"].endswith("Z") for row in found)


def test_figures_as_csv_and_of_oneself_alone(full: None, program: Programs) -> None:
    one = program()
    answer = one.get("metrics.csv?by=team")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = list(csv.DictReader(StringIO(answer.text.removeprefix("\ufeff"))))
    total = {line["figure"]: line["number"] for line in lines if not line["by"]}
    assert int(total["received"]) == one.get("metrics").json()["total"]["counts"]["received"]
    agent = program("agent")
    assert {row["by"] for row in agent.get("metrics/spans?figure=closed").json()["items"]} <= {f"user:{agent.user_id}"}
    assert agent.get("metrics/spans?figure=luck").status_code == 422
    assert agent.get("metrics/spans").status_code == 422
    assert program("marketer").get("metrics/spans?figure=closed").status_code == 403
