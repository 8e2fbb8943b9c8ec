"""Claims about the rating of a message in its thread: what is shown, corrected in one click, and taken back."""

from __future__ import annotations

import json
import re

import pytest
import sqlalchemy as sa

from core import db
from inbox import facts
from inbox.models import Message
from sentiment.upkeep import Correction
from tests.conftest import BOTH
from tests.web.conftest import Browser, account, event, store

pytestmark = BOTH
HTMX = {"hx-request": "true"}
SAID = {"sentiment": "negative", "intent": "complaint", "urgency": "high", "emotion": "anger", "offensive": True}


@pytest.fixture
def rated(database: str) -> str:
    """One message with every rating; the beginning of its addresses."""
    store(account(), event("m:1", "The train was late again"))
    with db.write() as session:
        m = db.table(Message)
        row = session.execute(sa.select(m.c.id, m.c.conversation_id)).one()
        facts.set(session, {row.id: {**SAID, "language": "en"}})
    return f"/inbox/{row.conversation_id}/messages/{row.id}/correct"


def thread(where: str) -> str:
    return where.split("/messages/")[0]


def message() -> Message:
    with db.read() as session:
        return session.scalars(sa.select(Message)).one()


def standing() -> list[tuple[str, str, str]]:
    with db.read() as session:
        c = db.table(Correction)
        return [tuple(row) for row in session.execute(sa.select(c.c.task, c.c.label, c.c.author))]


def version(text: str) -> str:
    return re.findall(r'data-entry="m\d+" data-version="([^"]+)"', text)[0]


def test_a_message_shows_what_it_is_rated_as(rated: str, as_role) -> None:
    text = as_role("agent").get(thread(rated)).text
    row = text[text.index('class="rate"') : text.index("</article>")]
    shown = re.sub(r"<[^>]+>", " ", row)
    assert [word for word in ("negative", "complaint", "Urgent", "Anger", "offensive") if word not in shown] == []
    assert row.count("<summary") == 6


def test_what_goes_without_saying_has_no_chip(rated: str, as_role) -> None:
    quiet = {"intent": "other", "urgency": "normal", "emotion": "neutral", "offensive": False}
    with db.write() as session:
        facts.set(session, {message().id or 0: quiet})
    text = as_role("agent").get(thread(rated)).text
    row = text[text.index('class="rate"') : text.index("</article>")]
    assert row.count("<summary") == 2
    assert "not offensive" not in row


def test_a_menu_offers_the_classes_of_its_chip(rated: str, as_role) -> None:
    text = as_role("agent").get(f"{rated}?task=urgency", headers=HTMX).text
    assert re.findall(r'name="label" value="(\w+)"', text) == ["low", "normal", "high"]
    assert re.findall(r'value="(\w+)" aria-current="true"', text) == ["high"]


def test_one_click_corrects_and_the_toast_takes_it_back(rated: str, as_role) -> None:
    browser = as_role("agent")
    before = version(browser.get(thread(rated)).text)
    answer = browser.post(rated, {"task": "sentiment", "label": "positive"}, headers=HTMX)
    assert 'id="rate-' in answer.text
    assert "Corrected by Agent" in answer.text
    assert answer.text.count("autofocus") == 1
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    assert toast["text"] == "Corrected: positive."
    assert message().sentiment == "positive"
    assert version(browser.get(thread(rated)).text) != before
    browser.post(toast["undo"], toast["values"], headers=HTMX)
    assert (message().sentiment, standing()) == ("negative", [])
    assert version(browser.get(thread(rated)).text) == before


def test_taking_back_a_second_word_brings_back_the_first(rated: str, as_role) -> None:
    browser = as_role("agent")
    browser.post(rated, {"task": "intent", "label": "praise"}, headers=HTMX)
    answer = browser.post(rated, {"task": "intent", "label": "question"}, headers=HTMX)
    toast = json.loads(answer.headers["hx-trigger"])["toast"]
    browser.post(toast["undo"], toast["values"], headers=HTMX)
    assert standing() == [("intent", "praise", "user:1")]


def test_without_a_script_a_page_with_forms_does_the_same(rated: str, as_role) -> None:
    browser = as_role("agent")
    text = browser.get(rated).text
    assert "The train was late again" in text
    assert text.count("<legend>") == 6
    answer = browser.post(rated, {"task": "language", "label": "de"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{thread(rated)}?note=corrected#m")
    assert message().language == "de"
    assert "Let the annotator decide again" in browser.get(rated).text
    browser.post(rated, {"task": "language", "label": ""})
    assert message().language == "en"


def test_the_way_back_keeps_the_list(rated: str, as_role) -> None:
    text = as_role("agent").get(f"{rated}?view=all&task=intent").text
    assert f'href="{thread(rated)}?view=all#m' in text


def test_who_only_reads_sees_the_rating_and_no_menu(rated: str, as_role) -> None:
    browser = as_role("marketer")
    text = browser.get(thread(rated)).text
    row = text[text.index('class="rate"') : text.index("</article>")]
    assert "complaint" in row
    assert "<summary" not in row
    assert browser.post(rated, {"task": "sentiment", "label": "positive"}).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"), [({"task": "mood"}, 400), ({"label": "great"}, 422), ({"task": "language", "label": "1"}, 422)]
)
def test_what_is_no_class_is_refused(rated: str, as_role, change: dict[str, str], code: int) -> None:
    answer = as_role("agent").post(rated, {"task": "sentiment", "label": "positive", **change}, headers=HTMX)
    assert (answer.status_code, standing()) == (code, [])


def test_a_message_is_corrected_only_in_its_own_conversation(rated: str, as_role) -> None:
    other = rated.replace(thread(rated), "/inbox/4711")
    assert as_role("agent").post(other, {"task": "sentiment", "label": "positive"}).status_code == 404


def test_private_messages_stay_shut(database: str, as_role) -> None:
    store(account(), event("m:1", "secret", kind="dm", visibility="private"))
    browser: Browser = as_role("agent")
    row = message()
    where = f"/inbox/{row.conversation_id}/messages/{row.id}/correct"
    assert browser.get(where).status_code == 200
    assert as_role("marketer").get(where).status_code == 403
