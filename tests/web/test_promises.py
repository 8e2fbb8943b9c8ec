"""Promises in the set-up, in the list and in the thread: what is typed is kept, what runs is explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from inbox import clocks, desk, policies, teams
from inbox.models import Conversation
from inbox.sla_models import SlaClock
from tests.web.conftest import Browser, account, event, store
from web import promises

As = Callable[[str], Browser]
HERE = "/settings/sla"
PART = {"HX-Request": "true"}
FORM: dict[str, Any] = {
    "do": "keep", "name": " Standard ", "first_reply": "4:30", "next_reply": "90", "resolution": "", "warn": "25",
    "business": "yes", "enabled": "yes", "c_match": "all", "c.0_field": "priority", "c.0_op": "is", "c.0_v": "urgent",
}  # fmt: skip


def kept() -> list[Any]:
    with db.read() as session:
        return policies.every(session)


def test_a_promise_is_kept_as_it_was_typed_and_shown_again(as_role: As) -> None:
    browser = as_role("admin")
    assert "Nothing is promised yet" in browser.get(HERE).text
    assert browser.get(f"{HERE}/new").status_code == 200
    assert browser.post(HERE, FORM).status_code == 303
    (one,) = kept()
    assert (one.name, one.first_reply, one.next_reply, one.resolution, one.warn) == ("Standard", 270, 90, 0, 25)
    assert one.conditions["of"] == [{"field": "priority", "op": "is", "value": "urgent"}]
    text = browser.get(f"{HERE}/1").text
    assert 'value="4:30"' in text
    assert 'value="1:30"' in text
    assert re.search(r'value="urgent" selected', text)
    assert "Priority is Urgent priority" in re.sub("[\u2066-\u2069]", "", browser.get(HERE).text)
    assert browser.post(HERE, {**FORM, "name": "Other"}).status_code == 303
    assert browser.post(f"{HERE}/2/up").status_code == 303
    assert [one.name for one in kept()] == ["Other", "Standard"]
    assert browser.post(f"{HERE}/1", {**FORM, "business": "", "enabled": ""}).status_code == 303
    assert "switched off" in browser.get(HERE).text
    assert browser.post(f"{HERE}/1/remove").status_code == 303
    assert browser.post(f"{HERE}/1/remove").status_code == browser.get(f"{HERE}/1").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Give it a name"), ({"first_reply": "soon"}, "A time is at most a year"),
        ({"first_reply": "", "next_reply": ""}, "Promise something"), ({"warn": "x"}, "Warn when between"),
        ({"c.0_field": "unread", "c.0_op": "yes"}, "A policy cannot ask about this"), ({"c.0_v": "huge"}, "cannot be"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(as_role: As, changes: dict[str, str], said: str) -> None:
    answer = as_role("admin").post(HERE, {**FORM, **changes})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="25"' in answer.text or "warn" in changes
    assert kept() == []


def test_conditions_are_added_without_keeping_anything(as_role: As) -> None:
    browser = as_role("admin")
    answer = browser.post(HERE, {**FORM, "do": "add:c", "c_add": "language"})
    assert 'name="c.1_field" value="language"' in answer.text
    assert 'value="4:30"' in answer.text
    drawn = browser.post(f"{HERE}/fields", FORM, headers=PART).text
    assert 'value="unread"' not in drawn
    assert 'value="priority"' in drawn
    assert kept() == []


def test_the_list_and_the_thread_show_what_is_due_and_explain_it(as_role: As) -> None:
    store(account(), event("m:1", minutes=30), event("m:2", minutes=200))
    hours = {str(day): [["00:00", "12:00"], ["12:00", "24:00"]] for day in range(7)}
    with db.write() as session:
        teams.save(session, None, teams.Wanted("Service", "Europe/Berlin", hours), "cli")
        for number in (1, 2):
            desk.set_team(session, number, 1, "cli")
        policies.save(session, None, policies.Wanted("Standard", first_reply=60, resolution=600), "cli")
        clocks.count(session, [1, 2])
    assert [clocks.look(), clocks.look()] == [1, 0]
    browser = as_role("agent")
    text = re.sub("[\u2066-\u2069]", "", browser.get("/inbox?sort=sla").text)
    assert re.findall(r'data-row="(\d+)"', text)[0] == "2"
    assert "was due" in text
    thread = re.sub("[\u2066-\u2069]", "", browser.get("/inbox/2").text)
    assert "first reply was due" in thread
    assert "the promise is broken" in thread
    assert "first reply due" in re.sub("[\u2066-\u2069]", "", browser.get("/inbox/1").text)
    part = re.sub("[\u2066-\u2069]", "", browser.get("/inbox/1/clocks", headers=PART).text)
    for shown in ("Standard", "business hours in Europe/Berlin", "First reply", "Resolution", "30 min", "runs", "now"):
        assert shown in part
    assert browser.get("/inbox/1/clocks").status_code == 303
    assert browser.get("/inbox/9/clocks", headers=PART).status_code == 404
    with db.write() as session:
        desk.close(session, 1, "cli")
        clocks.count(session, [1])
    changed = "were changed since it was closed"
    part = browser.get("/inbox/1/clocks", headers=PART).text
    assert ("closed" in part, changed in part) == (True, False)
    with db.write() as session:
        policies.save(session, 1, policies.Wanted("Standard", first_reply=60, resolution=10), "cli")
    assert changed in browser.get("/inbox/1/clocks", headers=PART).text
    with db.write() as session:
        session.execute(sa.delete(db.table(SlaClock)))
        policies.remove(session, 1, "cli")
    assert "Nothing is promised here any more" in browser.get("/inbox/1/clocks", headers=PART).text


def test_who_may_not_read_private_messages_is_told_nothing_of_their_clocks(as_role: As) -> None:
    store(account(), event("m:1", kind="dm", visibility="private"))
    assert as_role("marketer").get("/inbox/1/clocks", headers=PART).status_code == 404
    assert as_role("agent").get(HERE).status_code == 403


def test_an_erased_person_leaves_no_clock(as_role: As) -> None:
    from inbox import erasure

    store(account(), event("m:1"))
    with db.write() as session:
        policies.save(session, None, policies.Wanted("Standard", first_reply=60, business=False), "cli")
        clocks.count(session, [1])
    with db.write() as session:
        who = session.scalars(sa.select(db.table(Conversation).c.identity_id)).one()
        erasure.erase(session, f"identity:{who}", "cli")
        clocks.count(session, [1])
    with db.read() as session:
        assert session.scalars(sa.select(db.table(Conversation).c.sla_due_at)).all() == [None]


def test_lengths_and_times_are_read_and_written() -> None:
    assert [promises.read_minutes(one) for one in ("４:30", "90", "", "4:60", "-1", "1:5")] == [270, 90, 0, -1, -1, -1]
    assert [promises.written(one) for one in (270, 0, 61)] == ["4:30", "", "1:01"]
    assert timedelta(minutes=promises.read_minutes("99999:00")) > timedelta(days=4000)


def test_every_sentence_has_its_words() -> None:
    assert set(policies.SENTENCES) == set(promises.SENTENCES)
