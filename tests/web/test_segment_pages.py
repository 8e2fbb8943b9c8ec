"""Claims about the pages of segments: made by buttons alone, counted live, shown, changed, handed on."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa

from core import db, webhook
from core.settings import settings
from enrichment import merging
from enrichment.segments import conditions, store
from enrichment.segments.models import Segment
from inbox import consent
from inbox.fields import people as of_people
from inbox.fields import store as fields_made
from inbox.fields.store import Wanted
from inbox.models import Identity, Message
from listening import subjects
from sentiment.port import EMOTIONS, INTENTS, URGENCIES
from tests.conftest import BOTH
from tests.enrichment.segments.receiver import listening
from tests.web.conftest import Browser, account, event
from tests.web.conftest import store as keep
from web import people_words, words

pytestmark = BOTH
HERE = "/people/segments"
CHOICES = {"emotion": EMOTIONS, "intent": INTENTS, "urgency": URGENCIES}


@pytest.fixture
def kim(database: str) -> int:
    """Somebody who wrote; marketing is allowed."""
    keep(account(), event("m:1", "about coffee"))
    i = db.table(Identity)
    with db.write() as session:
        consent.switch(session, "marketing", enabled=True, basis="consent", actor="t")
        return int(session.execute(sa.select(i.c.id).where(i.c.name == "Kim")).scalar_one())


def fields(page: str) -> dict[str, str]:
    """What a browser would send of the form."""
    form = page.partition('<form class="person-2"')[2].partition("</form>")[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and name[1] != "csrf":
            found[name[1]] = unescape(value[1]) if value else ""
    for name, body in re.findall(r'<select class="input" id="[^"]*" name="([^"]*)">(.*?)</select>', form, re.DOTALL):
        every = re.findall(r'<option value="([^"]*)"( selected)?', body)
        found[name] = next((value for value, chosen in every if chosen), every[0][0])
    return found


def press(browser: Browser, page: str, do: str, address: str = HERE, **typed: str) -> Any:
    return browser.post(address, {**fields(page), **typed, "do": do})


def test_a_segment_is_made_by_buttons_alone(kim: int, as_role) -> None:
    browser = as_role("marketer")
    page = browser.get(f"{HERE}/new").text
    page = press(browser, page, "add:0", add0="platform").text
    page = press(browser, page, "group", g0c0_value="mastodon").text
    page = press(browser, page, "add:1", add1="followers").text
    assert "aria-invalid" not in page  # nothing was typed yet
    page = press(browser, page, "look", g1c0_value="5", g1c0_op="at_most", match="any").text
    assert re.search(r'<span class="big">1</span> person fits now', page)
    assert f'href="/people/{kim}"' in page
    answer = press(browser, page, "save", name="Mastodon")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}/1?note=segment-saved")
    with db.read() as session:
        kept = store.get(session, 1).conditions
    assert kept == {"match": "any", "of": [
        {"match": "all", "of": [{"field": "platform", "op": "is", "value": "mastodon"}]},
        {"match": "all", "of": [{"field": "followers", "op": "at_most", "value": "5"}]},
    ]}  # fmt: skip


def saved(raw: dict[str, Any] | None = None, name: str = "Mastodon") -> int:
    group = conditions.read(raw or {"match": "all", "of": [{"field": "platform", "op": "is", "value": "mastodon"}]})
    with db.write() as session:
        return store.save(session, name, group, "user:1")


def test_a_kept_segment_is_shown_and_changed(kim: int, as_role) -> None:
    number, browser = saved(), as_role("marketer")
    text = browser.get(f"{HERE}/{number}").text
    assert "Kim" in text
    assert "Platform is <b>Mastodon</b>" in re.sub(r"\s+", " ", text)
    page = browser.get(f"{HERE}/{number}/edit").text
    assert fields(page)["g0c0_value"] == "mastodon"
    assert press(browser, page, "save", f"{HERE}/{number}", name="Renamed").status_code == 303
    assert "Renamed" in browser.get(HERE).text


def followed(name: str = "Lindenbahn") -> int:
    with db.write() as session:
        return subjects.create(session, name)


SENTENCES = {
    "en": ("Wrote a message with the emotion <b>Anger</b>", "Wrote no message with the intent <b>wants to leave</b>",
           "Wrote a message with the urgency <b>Urgent</b>", "Was found by the subject <b>Lindenbahn</b>",
           "Last message lies within the last 30 days"),
    "de": ("Schrieb eine Nachricht mit der Emotion <b>Ärger</b>",
           "Schrieb keine Nachricht mit der Absicht <b>möchte kündigen</b>",
           "Schrieb eine Nachricht mit der Dringlichkeit <b>Dringend</b>",
           "Wurde über den Gegenstand <b>Lindenbahn</b> gefunden",
           "Letzte Nachricht liegt in den letzten 30 Tagen"),
    "ja": ("気持ちが<b>怒り</b>のメッセージを書いた", "意図が<b>解約希望</b>のメッセージを書いていない",
           "緊急度が<b>緊急</b>のメッセージを書いた", "対象<b>Lindenbahn</b>で見つかった",
           "最後のメッセージが過去30日以内"),
}  # fmt: skip


@pytest.mark.parametrize("language", SENTENCES)
def test_conditions_are_sentences_in_each_language(kim: int, as_role, language: str) -> None:
    number = saved({"match": "all", "of": [
        {"field": "emotion", "op": "is", "value": "anger"}, {"field": "intent", "op": "is_not", "value": "churn"},
        {"field": "urgency", "op": "is", "value": "high"}, {"field": "subject", "op": "is", "value": str(followed())},
        {"field": "last_message", "op": "within", "value": "30"},
    ]})  # fmt: skip
    text = as_role("marketer").get(f"{HERE}/{number}?lang={language}").text
    assert [words for words in SENTENCES[language] if words not in text] == []


def test_a_subject_is_chosen_by_its_name_and_may_be_gone(kim: int, as_role) -> None:
    number, browser = followed("<Linde> & Bahn"), as_role("marketer")
    m = db.table(Message)
    with db.write() as session:
        session.execute(sa.update(m).values(hits=[number]))
    page = press(browser, browser.get(f"{HERE}/new").text, "add:0", add0="subject").text
    assert "&lt;Linde&gt; &amp; Bahn</option>" in page
    assert press(browser, page, "save", name="Found", g0c0_value="x").status_code == 422
    assert "Choose a subject" in press(browser, page, "look", g0c0_value="0").text
    page = press(browser, page, "look", g0c0_value=str(number)).text
    assert re.search(r'<span class="big">1</span> person fits now', page)
    assert press(browser, page, "save", name="Found").status_code == 303
    with db.write() as session:
        subjects.remove(session, number)
    assert "Was found by the subject <b>a subject that is gone</b>" in browser.get(f"{HERE}/1").text
    assert fields(browser.get(f"{HERE}/1/edit").text)["g0c0_value"] == str(number)


def test_a_segment_asks_about_a_custom_field_that_may_be_put_away(kim: int, as_role) -> None:
    browser = as_role("marketer")
    with db.write() as session:
        wanted = Wanted("person", "choice", {"en": "Tier <b>"}, {}, {"en": ["Gold & more", "Silver"]})
        number = fields_made.save(session, None, wanted, "user:1")
        of_people.put(session, merging.contact_for(session, kim, "user:1"), number, "Silver", "user:1")
    name = f"person:choice:{number}"
    page = press(browser, browser.get(f"{HERE}/new").text, "add:0", add0=name).text
    assert "Tier &lt;b&gt;</option>" in page
    assert 'value="o1">Gold &amp; more</option>' in page
    assert "Fields of people" in page
    refused = press(browser, page, "save", name="Tiers")
    assert (refused.status_code, "Say what the field is compared with." in refused.text) == (422, True)
    page = press(browser, page, "look", g0c0_value="o2").text
    assert re.search(r'<span class="big">1</span> person fits now', page)
    assert press(browser, page, "save", name="Tiers").status_code == 303
    with db.write() as session:
        fields_made.archive(session, number, "user:1")
    assert "Tier &lt;b&gt; (archived) is <b>Silver</b>" in browser.get(f"{HERE}/1").text
    assert fields(browser.get(f"{HERE}/1/edit").text)["g0c0_value"] == "o2"
    assert name not in browser.get(f"{HERE}/new").text
    page = press(browser, page, "look", g0c0_op="filled").text
    assert "g0c0_value" not in fields(page)
    gone = press(browser, page, "save", name="Other", g0c0_field="person:text:999", g0c0_op="filled")
    assert "There is no such field to ask about." in gone.text


def test_words_of_the_choices_are_there(kim: int, as_role) -> None:
    for name, known in (("emotion", words.EMOTIONS), ("intent", words.INTENTS), ("urgency", words.URGENCIES)):
        assert set(conditions.FIELDS[name].options) == set(known) == set(CHOICES[name])
    assert {one.name for one in conditions.FIELDS.values()} == set(people_words.SEGMENT_FIELDS)
    assert {one.group for one in conditions.FIELDS.values()} == set(people_words.SEGMENT_GROUPS)


def test_conditions_and_groups_are_taken_away(kim: int, as_role) -> None:
    number, browser = saved(), as_role("admin")
    page = browser.get(f"{HERE}/{number}/edit").text
    page = press(browser, page, "add:0", f"{HERE}/{number}", add0="linked").text
    page = press(browser, page, "drop:0:0", f"{HERE}/{number}").text
    assert fields(page)["g0c0_field"] == "linked"
    page = press(browser, page, "group", f"{HERE}/{number}").text
    page = press(browser, page, "drop:0", f"{HERE}/{number}").text
    assert not [name for name in fields(page) if name.endswith("_field")]
    answer = press(browser, page, "save", f"{HERE}/{number}")
    assert (answer.status_code, answer.text.count("A group without conditions says nothing")) == (422, 1)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"g0c0_value": ""}, "Say what the field is compared with."),
        ({"name": ""}, "Give the segment a name."),
        ({"name": "Taken"}, "Another segment has this name."),
        ({"g0c0_op": "has"}, "This field is not asked in that way."),
    ],
)
def test_what_is_wrong_stands_beside_it_and_nothing_is_lost(
    kim: int, as_role, typed: dict[str, str], words: str
) -> None:
    saved(name="Taken")
    number, browser = saved(), as_role("admin")
    page = browser.get(f"{HERE}/{number}/edit").text
    answer = press(browser, page, "save", f"{HERE}/{number}", **typed)
    assert (answer.status_code, words in answer.text) == (422, True)
    assert fields(answer.text)["g0c0_field"] == "platform"


@pytest.mark.parametrize(
    "form",
    [{}, {"do": "save"}, {"do": "add:99"}, {"do": "drop:0:99"}, {"do": "add:0", "add0": "password"},
     {"groups": "999", "do": "look"}, {"groups": "²", "do": "look"}, {"g99c99_field": "platform", "do": "look"},
     {"g0c0_field": "platform", "g0c0_value": "x" * 5000, "do": "save", "name": "n" * 5000},
     {f"g0c{n}_field": "platform" for n in range(99)} | {"do": "save", "name": "many"}],
)  # fmt: skip
def test_odd_forms_break_nothing(kim: int, as_role, form: dict[str, str]) -> None:
    assert as_role("admin").post(HERE, form).status_code in (200, 422)
    with db.read() as session:
        assert session.scalars(sa.select(Segment)).all() == []


def test_count_comes_as_a_part_while_one_types(kim: int, as_role) -> None:
    form = {"groups": "1", "g0c0_field": "platform", "g0c0_op": "is", "g0c0_value": "mastodon"}
    text = as_role("marketer").post(f"{HERE}/count", form, headers={"hx-request": "true"}).text
    assert '<span class="big">1</span>' in text
    assert "<html" not in text


def test_export_is_for_who_may_and_holds_who_may(kim: int, as_role) -> None:
    number = saved()
    assert as_role("agent").get(f"{HERE}/{number}/people.csv").status_code == 403
    answer = as_role("marketer").get(f"{HERE}/{number}/people.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "Kim" in answer.text
    with db.write() as session:
        consent.object_to(session, f"identity:{kim}", "marketing", "t", "t")
    assert "Kim" not in as_role("marketer").get(f"{HERE}/{number}/people.csv").text
    assert "not for marketing" in as_role("agent").get(f"{HERE}/{number}").text


def test_groups_in_groups_are_shown_and_not_lost_by_the_form(kim: int, as_role) -> None:
    leaf = {"field": "linked", "op": "no"}
    number = saved({"match": "all", "of": [{"match": "any", "of": [leaf, {"match": "all", "of": [leaf, leaf]}]}]})
    browser = as_role("admin")
    assert browser.get(f"{HERE}/{number}").text.count("Stands in the CRM: no") == 3
    assert browser.get(f"{HERE}/{number}/edit").headers["location"].endswith("note=segment-deep")


@pytest.mark.parametrize("match", ["all", "any"])
def test_conditions_without_groups_are_one_group_of_the_form(kim: int, as_role, match: str) -> None:
    raw = {"match": match, "of": [{"field": "linked", "op": "no"}, {"field": "email", "op": "yes"}]}
    number, browser = saved(raw), as_role("admin")
    page = browser.get(f"{HERE}/{number}/edit").text
    assert (fields(page)["groups"], fields(page)["g0_match"]) == ("1", match)
    assert press(browser, page, "save", f"{HERE}/{number}").status_code == 303
    with db.read() as session:
        assert store.get(session, number).conditions == {"match": "all", "of": [raw]}


def test_removed_and_unknown_segments_are_not_found(kim: int, as_role) -> None:
    number, browser = saved(), as_role("admin")
    assert browser.post(f"{HERE}/{number}/remove").status_code == 303
    for path in (f"{HERE}/{number}", f"{HERE}/{2**70}", f"{HERE}/{number}/edit", f"{HERE}/{number}/people.csv"):
        assert browser.get(path).status_code == 404


def test_a_receiver_is_made_paused_and_removed(kim: int, as_role) -> None:
    number, browser = saved(), as_role("marketer")
    text = browser.post(f"{HERE}/{number}/receivers", {"url": "https://receiver.example/hook"}).text
    (secret,) = set(re.findall(r"whsec_[\w+/]{43}=", text))
    page = browser.get(f"{HERE}/{number}").text
    assert secret not in page
    assert "https://receiver.example/hook" in page
    for deed, word in (("pause", "paused"), ("resume", "at work")):
        where = browser.post(f"/people/receivers/1/{deed}").headers["location"]
        assert where == f"{HERE}/{number}?note=receiver-{deed}d#receivers"
        assert f">{word}<" in re.sub(r"<svg.*?</svg>", "", browser.get(where).text)
    assert browser.post("/people/receivers/1/remove").status_code == 303
    assert "receiver.example" not in browser.get(f"{HERE}/{number}").text
    assert browser.post("/people/receivers/1/pause").status_code == 404
    assert browser.post("/people/receivers/1/burn").status_code == 404


def test_a_test_delivery_is_signed_empty_and_shows_the_answer(
    kim: int, as_role, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, browser = saved(), as_role("marketer")
    with listening(monkeypatch) as receiver:
        page = browser.post(f"{HERE}/{number}/receivers", {"url": receiver.url}).text
        (secret,) = set(re.findall(r"whsec_[\w+/]{43}=", page))
        receiver.answers += [204, 418]
        assert "took the test delivery and answered with 204" in browser.post("/people/receivers/1/test").text
        assert "did not take the test delivery: it answered with 418" in browser.post("/people/receivers/1/test").text
    (headers, body), _ = receiver.got
    identifier, moment = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == webhook.signature(secret, identifier, moment, body)
    assert (receiver.names(), receiver.bodies()[0]["test"]) == ([([], 0), ([], 0)], True)
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "0")
    settings.cache_clear()
    assert "There was no answer" in browser.post("/people/receivers/1/test").text
    assert len(receiver.got) == 2
    assert as_role("agent").post("/people/receivers/1/test").status_code == 403
    assert browser.post("/people/receivers/9/test").status_code == 404


def test_the_form_warns_where_events_are_not_kept_so_long(kim: int, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_BEHAVIOUR_DAYS", "90")
    settings.cache_clear()
    browser = as_role("marketer")
    asked = {"groups": "1", "match": "all", "g0_match": "all", "g0c0_field": "last_event", "g0c0_op": "within"}
    for days, warned in (("90", False), ("91", True)):
        page = browser.post(f"{HERE}/count", {**asked, "g0c0_value": days}).text
        assert ("Events are kept for 90 days" in page) == warned
        assert ("kept for 90 days" in browser.post(HERE, {**asked, "g0c0_value": days, "do": "look"}).text) == warned


def test_only_https_addresses_are_handed_to(kim: int, as_role) -> None:
    answer = as_role("marketer").post(f"{HERE}/{saved()}/receivers", {"url": "http://receiver.example/"})
    assert (answer.status_code, "begins with https://" in answer.text) == (422, True)


def test_receivers_are_not_shown_to_who_may_not_export(kim: int, as_role) -> None:
    number = saved()
    as_role("marketer").post(f"{HERE}/{number}/receivers", {"url": "https://receiver.example/hook"})
    assert "receiver.example" not in as_role("agent").get(f"{HERE}/{number}").text
    assert as_role("agent").post(f"{HERE}/{number}/receivers", {"url": "https://x.example/"}).status_code == 403


def test_empty_list_says_what_to_do_to_who_may(kim: int, as_role) -> None:
    assert f"{HERE}/new" in as_role("marketer").get(HERE).text
    assert f"{HERE}/new" not in as_role("agent").get(HERE).text
