"""Teams in the set-up, and being away: what is typed is kept or comes back with a word on what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from inbox import assignment, days_off, desk, hours, teams
from inbox.models import Conversation
from inbox.team_models import Team
from tests.web.conftest import Browser, account, event, store, user
from web import teamwork

As = Callable[[str], Browser]
HERE = "/settings/teams"
FORM: dict[str, Any] = {
    "name": " Service ", "zone": "Europe/Berlin", "assign": "load", "hours_0": "9-12:30, 13:00-17:00", "hours_1": "",
    "member": ["user:1", "user:77"], "capacity_user:1": "5", "holidays": "2026-12-25 Weihnachten\r\n2026-01-01",
}  # fmt: skip


def kept() -> tuple[list[Team], dict[int, dict[str, int]], dict[int, list[int]]]:
    with db.read() as session:
        return teams.every(session), teams.members(session), teams.accounts(session)


def test_a_team_is_kept_as_it_was_typed_and_shown_again(as_role: As) -> None:
    browser, ours = as_role("admin"), account()
    assert "No team yet" in browser.get(HERE).text
    assert browser.get(f"{HERE}/new").status_code == 200
    assert browser.post(HERE, {**FORM, "account": [str(ours)]}).status_code == 303
    (team,), members, accounts = kept()
    assert (team.name, team.zone, team.assign) == ("Service", "Europe/Berlin", "load")
    assert team.hours == {"0": [["09:00", "12:30"], ["13:00", "17:00"]]}
    assert team.holidays == [{"day": "2026-01-01", "name": ""}, {"day": "2026-12-25", "name": "Weihnachten"}]
    assert (members, accounts) == ({1: {"user:1": 5}}, {1: [ours]}), "somebody unknown is no member"
    text = browser.get(f"{HERE}/1").text
    for shown in ('value="09:00-12:30, 13:00-17:00"', "2026-12-25 Weihnachten", 'value="5"', "Dissolve"):
        assert shown in text
    assert "Service" in browser.get(HERE).text
    assert browser.post(f"{HERE}/1", {"name": "Hilfe", "zone": "UTC", "assign": "hand"}).status_code == 303
    (team,), members, accounts = kept()
    assert (team.name, team.hours, members, accounts) == ("Hilfe", {}, {}, {})
    assert browser.post(f"{HERE}/1/remove").status_code == 303
    assert kept()[0] == []
    assert browser.post(f"{HERE}/1/remove").status_code == browser.get(f"{HERE}/1").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "Give it a name"), ({"zone": "Nowhere"}, "no such time zone"), ({"assign": ""}, "Choose how"),
        ({"hours_3": "nine to five"}, "Write hours like"), ({"holidays": "soon"}, "Write one day per line"),
        ({"capacity_user:1": "many"}, "A limit is a whole number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(as_role: As, changes: dict[str, str], said: str) -> None:
    answer = as_role("admin").post(HERE, {**FORM, **changes})
    assert answer.status_code == 422
    assert said in answer.text
    assert "9-12:30, 13:00-17:00" in answer.text
    assert kept()[0] == []


def test_public_holidays_are_suggested_and_nothing_is_kept_yet(as_role: As) -> None:
    browser = as_role("admin")
    asked = {**FORM, "country": "DE", "region": "by", "year": "2026"}
    answer = browser.post(f"{HERE}/holidays", asked)
    days = re.findall(r"^(?:<textarea[^>]*>)?(2026-\d\d-\d\d)", answer.text.split('name="holidays"')[1], re.M)
    assert answer.status_code == 200
    assert "2026-01-06" in answer.text, "a day of Bavaria alone"
    assert days.count("2026-12-25") <= 1
    assert "Weihnachten" in answer.text, "what was typed stays"
    assert kept()[0] == []
    wrong = browser.post(f"{HERE}/holidays", {**asked, "region": "XX"})
    assert wrong.status_code == 422
    assert "no such region. There are: " in wrong.text
    for odd in ({"country": "XX"}, {"year": "99999"}, {"year": "0001"}, {"team": "x"}):
        assert browser.post(f"{HERE}/holidays", {**asked, **odd}).status_code == 200


@pytest.mark.parametrize(("country", "day"), [("DE", "2026-10-03"), ("JP", "2026-05-05"), ("US", "2026-07-04")])
def test_days_of_a_country_are_named_in_the_readers_language_where_that_is_known(country: str, day: str) -> None:
    english = {one["day"]: one["name"] for one in days_off.suggested(country, "", [2026], "en")}
    assert english[day].isascii()
    if country == "JP":
        assert days_off.suggested("JP", "", [2026], "ja")[0]["name"] == "元日"
    assert days_off.suggested("DE", "", [2026], "xx")


def test_only_administrators_keep_teams(as_role: As) -> None:
    for role in ("agent", "marketer", "dpo"):
        assert as_role(role).get(HERE).status_code == 403
        assert as_role(role).post(HERE, FORM).status_code == 403


def test_away_is_switched_in_the_rail_and_on_ones_own_page(as_role: As) -> None:
    browser = as_role("agent")
    answer = browser.post("/settings/me/away", {"away": "yes"}, headers={"HX-Request": "true"})
    assert 'aria-pressed="true"' in answer.text
    assert 'value="no"' in answer.text
    with db.read() as session:
        assert teams.away(session) == {"user:1"}
    assert "I am available again" in browser.get("/settings/me").text
    assert browser.post("/settings/me/away", {"away": "no"}).status_code == 303
    with db.read() as session:
        assert teams.away(session) == set()
    assert browser.post("/settings/me/away", {"away": "perhaps"}).status_code == 400
    reader = as_role("marketer")
    assert 'id="away"' not in reader.get("/settings/me").text
    assert reader.post("/settings/me/away", {"away": "yes"}).status_code == 403


def test_who_is_shut_out_or_may_not_answer_is_given_none(as_role: As) -> None:
    browser = as_role("admin")
    user("agent")
    for form, gone in (({"disabled": "yes"}, True), ({"disabled": "no"}, False), ({"role": "dpo"}, True)):
        browser.post("/settings/users/2", form)
        with db.read() as session:
            assert teams.away(session) == ({"user:2"} if gone else set())


def test_who_is_shut_out_leaves_what_is_open_and_gets_nothing_back(as_role: As) -> None:
    browser = as_role("admin")
    user("agent")
    number = account()
    store(number, event("a:1", "Hallo"), event("b:1", "Hello"))
    with db.write() as session:
        for one in (1, 2):
            desk.assign(session, one, "user:2", "test")
        desk.close(session, 2, "test")
    browser.post("/settings/users/2", {"disabled": "yes"})
    assert cared_for() == {1: "", 2: "user:2"}  # what is closed still says who closed it
    store(number, event("b:2", "One more thing", parent_key="b:1", kind="reply"))
    assert cared_for() == {1: "", 2: ""}


def test_teams_show_who_has_how_many_and_that_nobody_has_room(as_role: As) -> None:
    browser, number = as_role("admin"), account()
    user("agent")
    with db.write() as session:
        wanted = teams.Wanted("Service", assign="round", members={"user:2": 1}, accounts=[number])
        teams.save(session, None, wanted, "test")
    store(number, event("a:1", "Hallo"), event("b:1", "Hello"))
    assert "nobody has room" not in browser.get(HERE).text
    with db.write() as session:
        assert assignment.fill(session, 1) == 1
    page = re.sub("[\u2068\u2069]", "", browser.get(HERE).text)
    assert "1 of 1 open" in page
    assert re.search(r'href="/inbox\?view=unassigned&(amp;)?team=1">1<', page)
    assert "nobody has room" in page


def cared_for() -> dict[int, str]:
    c = db.table(Conversation)
    with db.read() as session:
        return {row.id: row.assignee for row in session.execute(sa.select(c.c.id, c.c.assignee).order_by(c.c.id))}


def test_every_sentence_has_its_words() -> None:
    assert {*teams.SENTENCES, hours.BAD_SPANS, days_off.NO_REGION} == set(teamwork.SENTENCES)
