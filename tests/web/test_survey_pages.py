"""Surveys in the set-up, and the page on which customers answer: by confirming, in their language, for an hour."""

from __future__ import annotations

import csv
import random
import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.settings import settings
from inbox import consent
from inbox.models import Conversation, Objection
from inbox.surveys import questions, sending, store
from inbox.surveys.models import Survey, SurveyAnswer, SurveyInvitation
from sandbox.surveys import WORDS, filled
from tests.inbox.surveys.made import answered, close, question, rows, survey, token, work
from tests.web.conftest import Browser, account, event
from tests.web.conftest import store as keep
from web import survey_words
from web.demo import asked as demo_asked
from web.outgoing import events

As = Callable[[str], Browser]
HERE = "/settings/surveys"


@pytest.fixture(autouse=True)
def address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "http://127.0.0.1")
    settings.cache_clear()


def asked(kind: str = "csat", *more: questions.Question) -> str:
    """The link's address of a survey that was sent."""
    survey(kind, *more)
    keep(account(), event("1"))
    close(rows(Conversation)[0].id)
    work()
    return f"/s/{token()}"


# --- the set-up -------------------------------------------------------------------------------------------


def test_a_survey_is_made_changed_previewed_and_switched(as_role: As) -> None:
    browser = as_role("admin")
    assert "Nobody is asked yet" in browser.get(HERE).text
    assert browser.post(HERE, {"name": "", "kind": "csat"}).status_code == 422
    assert browser.post(HERE, {"name": "Kurz", "kind": "csat"}).headers["location"].startswith(f"{HERE}/1")
    page = browser.get(f"{HERE}/1").text
    form = fields(page)
    assert "{link}" in form["invitation_ja"]
    assert rows(Survey)[0].enabled is False
    grown = browser.post(f"{HERE}/1", {**form, "do": "ask", "ask_kind": "choice"}).text
    assert len(rows(Survey)[0].questions) == 2
    form = fields(grown)
    for code in ("en", "de", "ja"):
        form |= {f"q2_ask_{code}": "What?", f"q2_options_{code}": "Speed\nTone"}
    form |= {"q0_b0_op": "at_least", "q0_b0_value": "4", "q0_b0_go": "end", "public": "yes", "rest": "7"}
    form |= {"c_match": "all", "c.0_field": "priority", "c.0_op": "is", "c.0_v": "urgent", "do": "keep"}
    assert browser.post(f"{HERE}/1", form).status_code == 303
    (row,) = rows(Survey)
    assert (row.rest, row.public, row.conditions["of"][0]["field"]) == (7, True, "priority")
    assert row.questions[0]["branches"] == [{"op": "at_least", "value": 4, "go": "end"}]
    assert row.questions[2]["texts"]["de"]["options"] == ["Speed", "Tone"]
    assert "Wie zufrieden" in browser.get(f"{HERE}/1/preview?lang=de").text
    assert "Tone" in browser.get(f"{HERE}/1/preview?score=2&from=q1").text
    assert "Thank you" in browser.get(f"{HERE}/1/preview?lang=en&score=5").text
    assert rows(SurveyAnswer) == []
    moved = browser.post(f"{HERE}/1", {**fields(browser.get(f"{HERE}/1").text), "do": "up:2"}).text
    assert fields(moved)["q1_kind"] == "choice"
    assert browser.post(f"{HERE}/1/switch", {"on": "yes"}).status_code == 303
    assert rows(Survey)[0].enabled
    assert browser.get(f"{HERE}/1/log").status_code == 200
    assert browser.post(f"{HERE}/1/remove").status_code == 303
    assert browser.get(f"{HERE}/1").status_code == 404


def fields(page: str) -> dict[str, Any]:
    """What a browser would send of a page's form."""
    form = page[page.index('class="cards"') :]
    found = dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', form))
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        ticked = 'type="checkbox"' not in tag or " checked" in tag
        if name and ticked:
            found[name[1]] = value[1] if value else ""
    return found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"invitation_de": "kein Ort"}, "needs the place"), ({"q0_ask_ja": ""}, "Write the question in each language"),
        ({"delay": "soon"}, "Send after 0 to"), ({"q0_b0_value": "9", "q0_b0_go": "end"}, "leads to a later question"),
        ({"c.0_field": "priority", "c.0_op": "is"}, "Say what the field is compared with"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(as_role: As, changes: dict[str, str], said: str) -> None:
    browser = as_role("admin")
    browser.post(HERE, {"name": "Kurz", "kind": "csat"})
    answer = browser.post(
        f"{HERE}/1", {**fields(browser.get(f"{HERE}/1").text), "name": "Lang", "do": "keep", **changes}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Lang"' in answer.text
    assert rows(Survey)[0].name == "Kurz"


def test_what_stands_in_the_way_is_said(as_role: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "")
    settings.cache_clear()
    text = as_role("admin").get(HERE).text
    assert "has no public address" in text
    assert "Nobody may be asked yet" in text


def test_every_refusal_and_reason_has_its_words() -> None:
    assert {*store.SENTENCES, *questions.ANSWERS} == set(survey_words.SENTENCES)
    assert set(sending.REASONS) == set(survey_words.REASONS)
    assert set(questions.KINDS) == set(survey_words.KINDS)


def test_nobody_who_works_here_answers_for_the_customer(browser: Browser, as_role: As) -> None:
    link = asked("csat")
    agent = as_role("agent")
    assert "Only customers answer here" in agent.get(f"{link}?v=5").text
    refused = agent.post(link, {"q": "score", "v": "5"})
    assert (refused.status_code, rows(SurveyAnswer)) == (409, [])
    browser.post(link, {"q": "score", "v": "2"})
    assert [one.score for one in rows(SurveyAnswer)] == [2]
    card = agent.get("/inbox/1?view=all").text.split('class="msg msg-note"')[1].split("</article>")[0]
    assert ">?<" not in card
    assert "#smile" in card


# --- where answers show -----------------------------------------------------------------------------------


def test_answers_show_in_the_thread_beside_it_on_the_person_and_to_programs(browser: Browser, as_role: As) -> None:
    link = asked("csat", question("q1", "text"))
    browser.post(link, {"q": "score", "v": "2"})
    agent = as_role("agent")
    thread = agent.get("/inbox/1?view=all").text
    assert "Survey" in thread
    assert re.search(r"😞[^<]*2[^<]*5", thread)
    assert "not to the end" in thread
    assert thread.count("How it was for them") == 1
    before = re.search(r'data-entry="a2" data-version="([^"]+)"', thread)
    browser.post(link, {"q": "q1", "v": "Too slow", "lang": "de"})
    thread = agent.get("/inbox/1?view=all").text
    assert "Too slow" in thread
    assert before is not None
    assert before[1] not in re.findall(r'data-entry="a2" data-version="([^"]+)"', thread)
    assert "How it was for them" in agent.get(f"/people/{rows(SurveyAnswer)[0].identity_id}").text
    (told,) = agent.get("/api/v1/surveys/1/answers").json()["items"]
    assert (told["score"], told["verdict"], told["answers"][1]["said"]) == (2, "bad", "Too slow")
    assert agent.get("/api/v1/surveys").json()["items"][0]["kind"] == "csat"
    assert agent.get("/api/v1/surveys/9/answers").status_code == 404
    with db.write() as session:
        session.execute(sa.update(db.table(Conversation)).values(private=True))
    assert as_role("marketer").get("/api/v1/surveys/1/answers").json()["items"] == []
    with db.read() as session:
        (event_,) = events.of(session, "survey.answered", [{"answer_id": 1, "conversation_id": 1}])
    assert event_.data["answer"] | {"answered_at": "", "changed_at": ""} == {
        "id": 1, "survey_id": 1, "conversation_id": 1, "identity_id": told["identity_id"], "kind": "csat", "score": 2,
        "verdict": "bad", "finished": True, "language": "de", "answered_at": "", "changed_at": "",
    }  # fmt: skip


def test_the_report_has_the_ratings_opens_them_and_the_file_agrees(as_role: As) -> None:
    keep(account(), event("1"), event("2"))
    talk = rows(Conversation)[0].id
    with db.write() as session:
        answered(session, {talk: [5, 4, 1]})
        answered(session, {talk: [10, 2]}, "nps")
    browser = as_role("admin")
    page = browser.get("/reports/team").text
    assert re.search(r'data-figure="csat">67[^<]*%</a></dd><dd class="hint">of 3 · few', page)
    assert re.search(r'data-figure="nps">0<', page)
    opened = browser.get("/reports/team/spans?figure=csat").text
    assert opened.count("of 5</span>") == 3
    assert "3 in all" in opened
    lines = list(csv.DictReader(StringIO(browser.get("/reports/team.csv").text.removeprefix("\ufeff"))))
    (whole,) = [row for row in lines if row["figure"] == "csat" and not row["by"]]
    assert (whole["number"], float(whole["value"])) == ("3", 0.6667)
    told = browser.get("/api/v1/metrics").json()
    assert told["total"]["ratings"]["csat"] == {"number": 3, "value": pytest.approx(2 / 3)}
    (group,) = [one for one in told["groups"] if one["ratings"]]
    assert (group["key"], group["ratings"]["nps"]["number"]) == ("user:1", 2)


def test_what_was_not_sent_stands_in_the_thread(as_role: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "")
    settings.cache_clear()
    survey()
    keep(account(), event("1"))
    close(rows(Conversation)[0].id)
    work()
    browser = as_role("admin")
    assert "has no public address" in browser.get("/inbox/1?view=all").text
    assert "has no public address" in browser.get(f"{HERE}/1/log").text


# --- answering --------------------------------------------------------------------------------------------


def test_looking_counts_nothing_and_confirming_does(browser: Browser) -> None:
    link = asked("csat", question("q1", "text", needed=False))
    page = browser.get(f"{link}?v=4")
    assert 'value="4" checked' in page.text
    assert "Please confirm your choice" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "set-cookie" not in page.headers
    assert rows(SurveyAnswer) == []
    wrong = browser.post(link, {"q": "score"})
    assert (wrong.status_code, rows(SurveyAnswer)) == (422, [])
    assert "This question needs an answer" in wrong.text
    onward = browser.post(link, {"q": "score", "v": "4", "lang": "en"}).headers["location"]
    assert onward.endswith("?lang=en&q=q1")
    assert "text?" in browser.get(onward).text
    assert 'value="4" checked' in browser.get(link).text, "a step back leads to what was answered"
    end = browser.post(link, {"q": "q1", "v": "<b>fine</b>", "lang": "en"}).headers["location"]
    assert "Thank you" in browser.get(end).text
    again = browser.get(f"{link}?q=score").text
    assert 'value="4" checked' in again
    browser.post(link, {"q": "score", "v": "2"})
    (one,) = rows(SurveyAnswer)
    assert (one.score, one.answers[1]["said"]) == (2, "<b>fine</b>")
    assert "&lt;b&gt;fine" in browser.get(f"{link}?q=q1").text
    with db.write() as session:
        past = db.now() - timedelta(hours=2)
        session.execute(sa.update(db.table(SurveyAnswer)).values(answered_at=past))
    assert "You have answered" in browser.post(link, {"q": "score", "v": "5"}).text
    assert rows(SurveyAnswer)[0].score == 2


@pytest.mark.parametrize("kind", ["thumbs", "nps", "ces", "own"])
def test_every_kind_is_asked_in_the_language_that_was_chosen(browser: Browser, kind: str) -> None:
    link = asked(kind, question("q1", "choices", "Speed", "Tone"), question("q2", "scale", top=3))
    german = browser.get(f"{link}?lang=de").text
    assert '<html lang="de"' in german
    assert "Bestätigen" in german
    if kind != "own":
        browser.post(link, {"q": "score", "v": "1"})
    browser.post(link, {"q": "q1", "v": ["1", "2"]})
    assert "Thank you" in browser.get(browser.post(link, {"q": "q2", "v": "3", "lang": "en"}).headers["location"]).text
    (one,) = rows(SurveyAnswer)
    assert [each["value"] for each in one.answers][-2:] == [[1, 2], 3]
    assert one.finished


def test_a_customer_of_the_sandbox_fills_in_what_is_there(browser: Browser) -> None:
    link = asked("ces", question("q1", "choices", "Speed", "Tone"), question("q2", "text"))
    page = browser.get(f"{link}?lang=de")
    while (form := filled(page.text, random.Random(1))) is not None:
        page = browser.get(browser.post(*form).headers["location"])
    (one,) = rows(SurveyAnswer)
    assert one.finished
    assert one.answers[2]["said"] in WORDS["de"]


def test_the_demo_asks_once_and_closes_what_can_be_asked_about(database: str) -> None:
    assert demo_asked.begin()
    assert not demo_asked.begin()
    keep(account(), event("1"))
    assert demo_asked.close_one() == rows(Conversation)[0].id
    assert demo_asked.close_one() is None
    work()
    assert len(rows(SurveyInvitation)) == 1


def test_links_that_lead_nowhere_say_so(browser: Browser) -> None:
    assert browser.get("/s/nothing").status_code == 404
    assert browser.post("/s/nothing", {"q": "score", "v": "1"}).status_code == 404
    link = asked()
    with db.write() as session:
        session.execute(sa.update(db.table(SurveyInvitation)).values(expires_at=db.now()))
    assert browser.get(link).status_code == 410
    assert browser.post(link, {"q": "score", "v": "5"}).status_code == 410
    assert rows(SurveyAnswer) == []


def test_who_is_not_to_be_asked_again_says_so_by_the_link_and_may_take_that_back(browser: Browser, as_role: As) -> None:
    link = asked()
    person = rows(SurveyInvitation)[0].identity_id
    assert "Do not ask me again" in browser.get(link).text
    for _ in range(2):
        assert browser.post(f"{link}/stop", {"lang": "en"}).headers["location"] == f"{link}?lang=en#stop"
    (one,) = rows(Objection)
    assert (one.subject, one.purpose, one.source) == (f"identity:{person}", "survey", "survey")
    with db.write() as session:
        assert not consent.may(session, person, "survey")
        session.execute(sa.update(db.table(SurveyInvitation)).values(expires_at=db.now()))
    assert "You will not be asked again" in browser.get(link).text, "also when the link no longer holds"
    browser.post(f"{link}/stop", {"again": "yes"})
    assert rows(Objection) == []
    with db.write() as session:
        consent.object_to(session, f"identity:{person}", "survey", "mail", "user:1")
    browser.post(f"{link}/stop", {"again": "yes"})
    assert len(rows(Objection)) == 1, "what somebody recorded is not taken back by a link"
    assert browser.post("/s/nothing/stop", {}).status_code == 404
    assert as_role("agent").post(f"{link}/stop", {}).status_code == 409


def test_one_address_asks_so_often_and_no_more(browser: Browser) -> None:
    answers = [browser.get("/s/guess").status_code for _ in range(62)]
    assert set(answers[:60]) == {404}
    assert answers[-1] == 429
