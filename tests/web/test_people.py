"""Claims about the pages of people: the list, one person, the review, each with its undo."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.event import Author
from enrichment import merging, review
from enrichment.models import CrmRecord, MatchLink
from inbox import consent, people
from inbox.fields import people as of_people
from inbox.fields import store as fields
from inbox.fields.store import Wanted
from inbox.models import Identity, Note, Objection
from tests.conftest import BOTH
from tests.web.conftest import account, event, store

pytestmark = BOTH
EVIDENCE = {"signal": "email", "words": "an e-mail", "weight": 0.8, "supports": True, "value": "x"}


@pytest.fixture
def kim(database: str) -> int:
    """Somebody who wrote once."""
    store(account(), event("m:1", "about coffee"))
    i = db.table(Identity)
    with db.read() as session:
        return session.execute(sa.select(i.c.id).where(i.c.name == "Kim")).scalar_one()


ZOE = Author(platform="mastodon", id="https://a.example/users/zoe", handle="@zoe@a.example", name="Zoe")


def propose(identity_id: int, name: str = "Kim Park") -> int:
    with db.write() as session:
        row: dict[str, Any] = {"record_id": f"003{name}"[:18], "object": "Contact", "name": name, "company": "Acme"}
        record = CrmRecord(**row)
        session.add(record)
        session.flush()
        link = MatchLink(
            identity_id=identity_id, crm_record_id=record.id or 0, tier="B", score=0.8, decision="review",
            evidence=[EVIDENCE], rules="t", at=db.now(),
        )  # fmt: skip
        session.add(link)
        session.flush()
        return link.id or 0


def linked(identity_id: int) -> bool:
    with db.read() as session:
        found = session.get(Identity, identity_id)
        return found is not None and found.contact_id is not None


# --- the list ----------------------------------------------------------------------------------------


def test_list_finds_people_and_says_where_they_stand(kim: int, as_role) -> None:
    propose(kim)
    text = as_role("marketer").get("/people?q=kim").text
    assert 'href="/people/2"' in text or f'href="/people/{kim}"' in text
    assert "same person?" in text
    assert "Nobody fits" in as_role("marketer").get("/people?q=nobody-like-it").text


def test_list_shows_a_custom_field_is_filtered_and_sorted_by_it(kim: int, as_role) -> None:
    store(account(), event("m:2", "tea", author=ZOE))
    browser = as_role("marketer")
    assert "Custom field" not in browser.get("/people").text
    with db.write() as session:
        number = fields.save(session, None, Wanted("person", "number", {"en": "Seats <i>"}), "user:1")
        of_people.put(session, merging.contact_for(session, kim, "user:1"), number, "1234.5", "user:1")
    here = f"/people?field={number}"
    text = browser.get(here).text
    assert ">1,234.5</td>" in text
    assert "Seats &lt;i&gt;</a></th>" in text
    assert ("Kim" in text, "Zoe" in text) == (True, True)
    for sort, arrow in (("field", "↑"), ("-field", "↓")):
        text = browser.get(f"{here}&sort={sort}").text
        assert f"Seats &lt;i&gt; {arrow}" in text
        assert text.index("Kim") < text.index("Zoe")  # who has nothing there comes last
    text = browser.get(f"{here}&how=at_least&value=1234,5&lang=de").text
    assert ("Kim" in text, "Zoe" in text) == (True, False)
    assert "Zoe" in browser.get(f"{here}&how=empty&lang=en").text
    text = browser.get(f"{here}&how=at_least&value=many").text
    assert ("Write a number like 1,234.5" in text, "Zoe" in text) == (True, True)
    assert browser.get(f"{here}&sort=field&before=99999").status_code == 200


def test_empty_hub_says_what_to_do(database: str, as_role) -> None:
    assert "Connect an account first" in as_role("admin").get("/people").text
    assert "Connect an account" not in as_role("dpo").get("/people").text


@pytest.mark.parametrize(
    "query",
    ["before=x", "show=odd", "sort=odd", "q=%00%25", "platform=%27", "before=9_²", "before=1_9999999999999999999"],
)
def test_odd_addresses_break_nothing(kim: int, as_role, query: str) -> None:
    assert as_role("agent").get(f"/people?{query}").status_code == 200


# --- one person --------------------------------------------------------------------------------------


def test_our_own_accounts_and_strangers_are_no_people(kim: int, as_role) -> None:
    browser = as_role("admin")
    assert [browser.get(f"/people/{number}").status_code for number in (1, 4711, 2**63)] == [404, 404, 404]


def test_profile_shows_sources_and_history(kim: int, as_role) -> None:
    text = as_role("agent").get(f"/people/{kim}").text
    assert "@kim@a.example" in text
    assert 'href="/inbox/1#conversation"' in text


def test_marketer_sees_no_private_history(kim: int, as_role) -> None:
    store(1, event("m:2", "just between us", kind="dm", visibility="private"))
    assert "just between us" not in as_role("marketer").get(f"/people/{kim}").text
    assert "just between us" in as_role("agent").get(f"/people/{kim}").text


def test_link_is_made_by_hand_taken_away_and_brought_back(kim: int, as_role) -> None:
    propose(kim)
    browser = as_role("agent")
    assert "Kim Park" in browser.get(f"/people/{kim}?find=park").text
    assert browser.post(f"/people/{kim}/link", {"record": "1"}).status_code == 303
    assert linked(kim)
    away = browser.post(f"/people/{kim}/unlink").headers["location"]
    assert not linked(kim)
    undo = re.search(r'action="(/people/\d+/rejoin[^"]+)"', browser.get(away).text)
    assert undo is not None
    assert browser.post(undo[1].replace("&amp;", "&")).status_code == 303
    assert linked(kim)


def test_decision_on_the_page_of_a_person_has_an_undo(kim: int, as_role) -> None:
    link, browser = propose(kim), as_role("agent")
    where = browser.post(f"/people/{kim}/links/{link}", {"decision": "accept"}).headers["location"]
    assert linked(kim)
    assert f'action="/people/{kim}/links/{link}/undo"' in browser.get(where).text
    browser.post(f"/people/{kim}/links/{link}/undo")
    assert not linked(kim)
    assert browser.post(f"/people/{kim}/links/{link}", {"decision": "odd"}).status_code == 400
    assert browser.post(f"/people/{kim}/links/99", {"decision": "accept"}).status_code == 404


def test_undo_with_a_forged_mark_is_refused(kim: int, as_role) -> None:
    browser = as_role("agent")
    assert browser.post(f"/people/{kim}/rejoin?mark=contact-01J").status_code == 422
    assert "rejoin" not in browser.get(f"/people/{kim}?undo=https://evil.example").text


def test_note_is_kept_and_taken_away_by_its_author_alone(kim: int, as_role) -> None:
    one, other = as_role("agent"), as_role("admin")
    one.post(f"/people/{kim}/notes", {"text": "Prefers mornings."})
    assert "Prefers mornings." in other.get(f"/people/{kim}").text
    assert other.post(f"/people/{kim}/notes/1/remove").status_code == 422
    assert one.post(f"/people/{kim}/notes/1/remove").status_code == 303
    with db.read() as session:
        assert session.scalars(sa.select(Note)).all() == []


def test_empty_note_is_refused_with_a_sentence(kim: int, as_role) -> None:
    answer = as_role("agent").post(f"/people/{kim}/notes", {"text": "  "})
    assert (answer.status_code, "The note is empty" in answer.text) == (422, True)


@pytest.mark.parametrize("purpose", ["crm_sync", "all"])
def test_objection_is_recorded_and_withdrawn(kim: int, as_role, purpose: str) -> None:
    browser = as_role("dpo")
    browser.post(f"/people/{kim}/objection", {"purpose": purpose, "objects": "yes"})
    assert "objected" in browser.get(f"/people/{kim}").text
    with db.read() as session:
        assert [one.purpose for one in session.scalars(sa.select(Objection))] == [purpose]
    browser.post(f"/people/{kim}/objection", {"purpose": purpose, "objects": "no"})
    with db.read() as session:
        assert session.scalars(sa.select(Objection)).all() == []


def test_person_made_here_was_never_in_the_crm_and_is_not_called_linked(kim: int, as_role) -> None:
    with db.write() as session:
        people.link(session, kim, people.create_contact(session, "Kim", made_for_merge=True), "t", "test")
    browser = as_role("agent")
    text = browser.get(f"/people/{kim}").text
    assert "is gone from the CRM" not in text
    assert "Take the link away" not in text
    assert "is gone from the CRM" not in browser.get("/inbox/1").text


def test_objection_of_another_account_is_shown_and_withdrawn_here(kim: int, as_role) -> None:
    store(1, event("m:2", "more", author=ZOE))
    i = db.table(Identity)
    with db.write() as session:
        zoe = session.execute(sa.select(i.c.id).where(i.c.name == "Zoe")).scalar_one()
        contact = people.create_contact(session, "Zoe")
        for one in (kim, zoe):
            people.link(session, one, contact, "t", "test")
        consent.object_to(session, f"identity:{zoe}", "match", "by mail", "test")
    browser = as_role("dpo")
    assert ">objected<" in browser.get(f"/people/{kim}").text
    browser.post(f"/people/{kim}/objection", {"purpose": "match", "objects": "no"})
    assert ">objected<" not in browser.get(f"/people/{zoe}").text


def test_person_is_erased_only_with_the_number_typed(kim: int, as_role) -> None:
    browser = as_role("dpo")
    assert browser.post(f"/people/{kim}/erase", {"sure": "yes"}).status_code == 422
    assert "Kim" in browser.get(f"/people/{kim}").text
    assert browser.post(f"/people/{kim}/erase", {"sure": str(kim)}).status_code == 303
    assert browser.get(f"/people/{kim}").status_code == 404
    assert "Kim" not in browser.get("/people").text


# --- the review --------------------------------------------------------------------------------------


def test_review_shows_both_sides_and_counts_what_is_left(kim: int, as_role) -> None:
    propose(kim)
    text = as_role("agent").get("/people/review").text
    assert "Kim Park" in text
    assert re.search(r'id="open-pairs">1<', text)
    assert 'data-key="a"' in text


def test_who_may_only_read_gets_no_buttons(kim: int, as_role) -> None:
    propose(kim)
    assert "data-accept" not in as_role("marketer").get("/people/review").text


@pytest.mark.parametrize(("decision", "state"), [("accept", "accepted"), ("reject", "rejected")])
def test_decision_is_made_and_taken_back(kim: int, as_role, decision: str, state: str) -> None:
    link, browser = propose(kim), as_role("agent")
    where = browser.post(f"/people/review/{link}", {"decision": decision}).headers["location"]
    with db.read() as session:
        found = review.one(session, link)
        assert found is not None
        assert (found.decision, review.waiting(session)) == (state, 0)
    assert f'action="/people/review/{link}/undo"' in browser.get(where).text
    browser.post(f"/people/review/{link}", {"decision": "undo"})
    with db.read() as session:
        assert review.waiting(session) == 1


@pytest.mark.parametrize(("decision", "word"), [("accept", "2 pairs are linked"), ("reject", "3 pairs are kept apart")])
def test_several_are_decided_at_once_and_taken_back_together(kim: int, as_role, decision: str, word: str) -> None:
    store(account(), event("m:2", "more", author=ZOE))
    i = db.table(Identity)
    with db.read() as session:
        zoe = session.execute(sa.select(i.c.id).where(i.c.name == "Zoe")).scalar_one()
    ids = [propose(kim, "A"), propose(kim, "B"), propose(zoe, "C")]
    browser = as_role("agent")
    assert browser.get("/people/review?all=1").text.count('form="many" checked') == 3
    assert "Choose at least one pair" in browser.post("/people/review/many", {"decision": decision}).text
    where = browser.post("/people/review/many", {"decision": decision, "pair": ids}).headers["location"]
    text = browser.get(where).text
    assert word in text
    assert ("1 could not be decided" in text) == (decision == "accept")  # an account has one person
    done = re.findall(r'type="hidden" name="pair" value="(\d+)"', text)
    browser.post("/people/review/many", {"decision": "undo", "pair": done})
    with db.read() as session:
        assert review.waiting(session) >= len(done)
    assert not linked(kim)
    assert as_role("marketer").post("/people/review/many", {"decision": decision, "pair": ids}).status_code == 403


def test_script_gets_the_decided_pair_and_the_new_number(kim: int, as_role) -> None:
    link, browser = propose(kim), as_role("agent")
    text = browser.post(f"/people/review/{link}", {"decision": "reject"}, headers={"hx-request": "true"}).text
    assert "<html" not in text
    assert "data-decided" in text
    assert 'hx-swap-oob="true">0<' in text


def test_nobody_is_linked_twice(kim: int, as_role) -> None:
    link, browser = propose(kim), as_role("agent")
    with db.write() as session:
        people.link(session, kim, people.create_contact(session, "Other"), "t", "test")
    answer = browser.post(f"/people/review/{link}", {"decision": "accept"})
    assert (answer.status_code, "linked to somebody else already" in answer.text) == (422, True)


def test_empty_review_says_why(database: str, as_role) -> None:
    assert "Nobody can be recognised yet" in as_role("agent").get("/people/review").text
