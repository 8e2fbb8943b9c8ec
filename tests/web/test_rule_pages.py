"""The pages of rules: built, tried out, switched, ordered, with their log; in the thread they are named."""

from __future__ import annotations

import html
import re

import pytest

from core import db, outbox
from core.errors import Rejected
from core.topics import SUBSCRIBERS
from inbox import actions, desk, facts, replies, rules, ruling, teams
from inbox.actions import Action
from inbox.conditions import tree
from inbox.fields import store as fields
from inbox.fields.store import Wanted
from tests.web.conftest import account, event, store
from web import auth

HERE = "/settings/rules"
FORM = {
    "name": "German ones", "trigger": "message", "c.0_field": "language", "c.0_op": "is", "c.0_v": "de",
    "a.0_do": "tag", "a.0_v": "german", "a.1_do": "team", "a.1_v": "none", "do": "save",
}  # fmt: skip


@pytest.fixture
def talks(database: str) -> int:
    """A German conversation and an English one."""
    number = account()
    store(number, event("a:1", "Hallo"), event("b:1", "Hello"))
    with db.write() as session:
        facts.set(session, {1: {"language": "de"}, 2: {"language": "en"}})
    return number


def plain(page: str) -> str:
    return html.unescape(page).replace("\u2068", "").replace("\u2069", "")


def test_a_rule_is_built_tried_kept_switched_on_at_work_and_logged(talks: int, as_role) -> None:
    browser = as_role("admin")
    assert "No rule yet" in browser.get(HERE).text
    page = browser.post(HERE, {**FORM, "do": "add:c", "c_add": "followers"}).text
    assert 'name="c.1_field" value="followers"' in page
    assert 'name="a.0_v" value="german"' in page
    page = plain(browser.post(HERE, {**FORM, "do": "try"}).text)
    assert "In the last 7 days it would have run 1 time. Looked at: a message comes, 2 times. Nothing was done." in (
        " ".join(re.sub(r"<[^>]+>", "", page).split())
    )
    assert browser.post(HERE, FORM).headers["location"] == f"{HERE}?note=rule-kept"
    page = plain(browser.get(HERE).text)
    assert "Language is German" in page
    assert "Add a tag: “german”" in page
    assert browser.post(f"{HERE}/1/switch/on").headers["location"] == f"{HERE}?note=rule-on"
    assert "Not at work yet" in browser.get(f"{HERE}/1/log").text
    store(talks, event("c:1", "Guten Tag"))
    with db.write() as session:
        facts.set(session, {3: {"language": "de"}})
        outbox.emit(session, "message.annotated", [("3:1", {"message_id": 3, "version": 1})])
    while outbox.step(SUBSCRIBERS["inbox.ruling.on_message"], ruling.on_message):
        pass
    page = plain(browser.get(f"{HERE}/1/log").text)
    assert "Add a tag: “german”</span> – done" in page
    assert "Give to a team: “No team”</span> – was so already" in page
    assert "Rule “German ones” added the tag “german”" in plain(browser.get("/inbox/3?view=all").text)
    browser.post(f"{HERE}/1/switch/off")
    assert browser.post(f"{HERE}/1/move/up").status_code == 303
    assert browser.post(f"{HERE}/1/remove").headers["location"] == f"{HERE}?note=rule-removed"
    assert browser.get(f"{HERE}/1").status_code == 404
    assert "Rule “German ones”" in plain(browser.get("/inbox/3?view=all").text)


def test_what_is_wrong_stands_in_the_form(talks: int, as_role) -> None:
    browser = as_role("admin")
    assert "Give the rule a name." in browser.post(HERE, {**FORM, "name": ""}).text
    answer = browser.post(HERE, {**FORM, "a.0_v": ""})
    assert (answer.status_code, "a deed is not complete" in answer.text) == (422, True)
    unread = {**FORM, "c.1_field": "unread", "c.1_op": "yes"}
    for do in ("save", "try"):
        assert "A rule has no reader" in browser.post(HERE, {**unread, "do": do}).text
    assert "Say what is to be done" in browser.post(HERE, {"name": "x", "trigger": "message", "do": "save"}).text


@pytest.mark.parametrize("role", ["agent", "marketer", "dpo"])
def test_rules_are_the_administrators(database: str, as_role, role: str) -> None:
    assert as_role(role).get(HERE).status_code == 403
    assert as_role(role).post(HERE, FORM).status_code == 403


def test_a_rule_gives_nothing_to_who_was_shut_out_and_says_so(talks: int, as_role) -> None:
    agent = as_role("agent")
    with db.write() as session:
        auth.set_disabled(session, agent.user_id, True, "test")
        with pytest.raises(Rejected, match="shut out"):
            actions.act(session, 1, Action("assign", f"user:{agent.user_id}"), "rule:1")
        assert not desk.assign(session, 1, "", "test")
        auth.set_disabled(session, agent.user_id, False, "test")
        assert desk.assign(session, 1, f"user:{agent.user_id}", "test")


def test_what_a_rule_fills_in_stands_in_words(talks: int, as_role) -> None:
    words = {"en": ["Red", "Green"], "de": ["Rot", "Grün"]}
    with db.write() as session:
        wanted = Wanted("conversation", "choice", {"en": "Colour"}, options=words)
        number = fields.save(session, None, wanted, "user:1")
    admin = as_role("admin")
    deed = {
        "a.0_do": "field",
        "a.0_f": str(number),
        "a.0_v": "grün",
        "name": "Paint",
        "trigger": "message",
        "do": "save",
    }
    assert admin.post(HERE, {**deed, "a.0_v": "purple"}).status_code == 422
    assert admin.post(HERE, deed).status_code == 303
    assert "Colour is Green" in plain(admin.get(HERE).text)
    assert 'value="Green"' in admin.get(f"{HERE}/1").text


def test_what_a_rule_names_and_is_gone_stands_in_words_and_is_not_swapped(talks: int, as_role) -> None:
    """A team, somebody who was shut out, an archived field: in the list, the form and the log."""
    browser, agent = as_role("admin"), as_role("agent")
    who = f"user:{agent.user_id}"
    with db.write() as session:
        team = teams.save(session, None, teams.Wanted("Night shift"), "test")
        wanted = Wanted("conversation", "text", {"en": "Shop"})
        field = fields.save(session, None, wanted, "test")
        deeds = [("assign", who), ("team", str(team)), ("field", f"{field}=x"), ("notify", who), ("notify", "team:1")]
        group = tree.read({"match": "all", "of": [{"field": "team", "op": "is_not", "value": str(team)}]})
        number = rules.save(
            session, None, name="Old", trigger="tagged", asked=group, deeds=[Action(*one) for one in deeds],
            last=False, actor="test",
        )  # fmt: skip
        rules.switch(session, number, "test", on=True)
        name = auth.get(session, agent.user_id).name
        auth.set_disabled(session, agent.user_id, True, "test")
        teams.remove(session, team, "test")
        fields.archive(session, field, "test")
        desk.tag(session, 1, "x", "test")
    outbox.step(SUBSCRIBERS["inbox.ruling.on_activity"], ruling.on_activity)
    page = plain(browser.get(HERE).text)
    for said in (f"Assign: “{name} (no longer answers)”", "Give to a team: “No. 1 (gone)”", "Shop (archived) is x"):
        assert said in page
    assert "Team is not No. 1 (gone)" in page
    assert "5 of its last 5 deeds failed" in page
    form = plain(browser.get(f"{HERE}/{number}").text)
    assert f'<option value="{field}" selected>Shop (archived)</option>' in form
    log = plain(browser.get(f"{HERE}/log?conversation=1").text)
    assert log.count("There is nobody who could be told.") == 2
    assert "Old" in log
    assert "No rule was at work" in browser.get(f"{HERE}/log?conversation=2").text


def test_numbers_of_deeds_are_read_and_shown_as_the_language_writes_them(talks: int, as_role) -> None:
    with db.write() as session:
        number = fields.save(session, None, Wanted("conversation", "number", {"en": "Amount"}), "user:1")
    admin, german = as_role("admin"), {"accept-language": "de"}
    typed = {"a.0_do": "field", "a.0_f": str(number), "a.0_v": "1.234,5"}
    form = {**typed, "name": "Sum", "trigger": "message", "do": "save"}
    assert admin.post(HERE, form).status_code == 422  # English
    assert admin.post(HERE, form, headers=german).status_code == 303
    with db.read() as session:
        assert rules.get(session, 1).actions == [{"do": "field", "value": f"{number}=1234.5"}]
    assert 'value="1.234,5"' in admin.get(f"{HERE}/1", headers=german).text
    assert "Amount is 1,234.5" in plain(admin.get(HERE).text)


def test_a_rule_for_business_hours_is_chosen_said_and_rests_in_words_when_the_team_is_gone(talks: int, as_role) -> None:
    browser = as_role("admin")
    assert "Teams with business hours can be chosen here." in browser.get(f"{HERE}/new").text
    with db.write() as session:
        team = teams.save(session, None, teams.Wanted("Night", hours={"0": [["09:00", "17:00"]]}), "test")
        teams.save(session, None, teams.Wanted("Always"), "test")
    form = plain(browser.get(f"{HERE}/new").text)
    assert "outside the business hours of Night" in form
    assert "Always" not in form
    sent = {**FORM, "name": "Away", "hours": f"outside:{team}"}
    kept = browser.post(HERE, sent)
    assert kept.status_code == 303, plain(kept.text)
    assert "outside the business hours of Night" in plain(browser.get(HERE).text)
    assert f'<option value="outside:{team}" selected>' in browser.get(f"{HERE}/1").text
    with db.write() as session:
        teams.remove(session, team, "test")
    assert f"outside the business hours of No. {team} (gone)" in plain(browser.get(HERE).text)
    refused = browser.post(f"{HERE}/1", sent)
    assert (refused.status_code, "is gone. Choose another one" in plain(refused.text)) == (422, True)


def test_an_answer_that_did_not_arrive_stands_on_the_list_in_the_log_and_among_the_notices(talks: int, as_role) -> None:
    browser = as_role("admin")
    me = f"user:{browser.user_id}"
    with db.write() as session:
        number = rules.save(
            session, None, name="Thanks", trigger="tagged", asked=tree.EVERYTHING, deeds=[Action("reply", "Thank you")],
            last=False, actor=me,
        )  # fmt: skip
        rules.switch(session, number, me, on=True)
        desk.tag(session, 1, "x", "test")
    outbox.step(SUBSCRIBERS["inbox.ruling.on_activity"], ruling.on_activity)
    with db.write() as session:
        replies.mark(session, 1, "failed", "Refused.")
    assert "1 of its last 1 deed failed" in plain(browser.get(HERE).text)
    log = re.sub(r"<[^>]+>", "", plain(browser.get(f"{HERE}/log").text))
    assert "“Thank you” – failed" in " ".join(log.split())
    assert "Rule “Thanks”: an answer did not arrive" in plain(browser.get("/notifications").text)
    (kept,) = browser.get("/api/v1/rules").json()["items"]
    assert kept["lately"] == {"deeds": 1, "failed": 1}
    (run,) = browser.get("/api/v1/rule-runs").json()["items"]
    assert run["outcome"][0]["delivery"] == "failed"
