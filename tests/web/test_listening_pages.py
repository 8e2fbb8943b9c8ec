from __future__ import annotations

import re

import pytest

from core import db
from listening import subjects
from listening.query.grammar import QueryError, parse
from listening.unfit import Unfit
from tests.web.reports.conftest import said
from web.reports.refusals import SENTENCES


@pytest.fixture
def heard(database: str) -> None:
    said()


def test_subject_is_followed_renamed_and_removed(database: str, as_role) -> None:
    browser = as_role("marketer")
    assert "Nothing is followed yet" in browser.get("/listening").text
    assert browser.post("/listening", {"name": "Acme", "kind": "brand"}).headers["location"].startswith("/listening/1")
    browser.post("/listening/1", {"name": "Acme GmbH", "kind": "product"})
    assert "Acme GmbH" in browser.get("/listening").text
    browser.post("/listening/1/remove")
    assert "Acme GmbH" not in browser.get("/listening").text


def test_name_that_is_taken_is_said_and_kept(heard: None, as_role) -> None:
    answer = as_role("admin").post("/listening", {"name": "Acme", "kind": "brand"})
    assert answer.status_code == 422
    assert "There is a subject called Acme already." in answer.text
    assert 'value="Acme"' in answer.text


def test_query_is_added_changed_switched_and_removed(heard: None, as_role) -> None:
    browser = as_role("admin")
    browser.post("/listening/1/queries", {"text": "返品 OR refund", "name": "Returns"})
    with db.read() as session:
        query = next(one for one in subjects.queries(session, 1) if one.name == "Returns")
    browser.post(f"/listening/1/queries/{query.id}", {"text": "返品"})
    browser.post(f"/listening/1/queries/{query.id}/switch", {"on": "no"})
    with db.read() as session:
        now = subjects.query_of(session, query.id or 0)
    assert (now.text, now.enabled, now.version) == ("返品", False, 3)
    browser.post(f"/listening/1/queries/{query.id}/remove")
    assert "Returns" not in browser.get("/listening/1").text


def test_query_that_cannot_be_read_is_kept_with_the_place_of_its_error(heard: None, as_role) -> None:
    answer = as_role("admin").post("/listening/1/queries", {"text": "acme AND (late", "name": ""})
    assert answer.status_code == 422
    assert "At character 10: this parenthesis is never closed." in answer.text
    assert ">acme AND (late</textarea>" in answer.text


def test_query_of_another_subject_is_not_found(heard: None, as_role) -> None:
    assert as_role("admin").post("/listening/2/queries/1/remove").status_code == 404


def test_preview_shows_hits_languages_and_marked_words(heard: None, as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("listening.preview.DAYS", 4000)
    text = as_role("admin").post("/listening/preview", {"text": "globex OR 返品"}).text
    assert re.search(r'class="big">20</span>\s+of 40 messages', text)
    assert "<mark>返品</mark>" in text
    assert "Japanese <b>10</b>" in text


def test_preview_leaves_out_private_messages_for_who_may_not_see_them(
    heard: None, as_role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.preview.DAYS", 4000)
    text = as_role("marketer").post("/listening/preview", {"text": "globex OR 返品"}).text
    assert re.search(r'class="big">16</span>\s+of 32 messages', text)


def test_preview_of_an_error_marks_its_place(heard: None, as_role) -> None:
    text = as_role("admin").post("/listening/preview", {"text": "acme AND (late"}).text
    assert "At character 10" in text
    assert "acme AND <mark>(</mark>late" in text


@pytest.mark.parametrize("path", ["/listening", "/listening/1", "/listening/preview", "/listening/1/queries"])
def test_who_may_not_choose_what_is_followed_cannot(heard: None, as_role, path: str) -> None:
    assert as_role("agent").post(path, {"name": "x", "text": "x"}).status_code == 403


WRONG = (
    "", "(", ")", '"', "a OR", "NEAR b", "a (", "foo:bar", "kind:nothing", "lang:12", "since:x", "lang:", '""', "*",
    "*ab", "a:b:c", "OR a", "( )", "(" * 60, "x" * 10_001,
)  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_every_error_of_a_query_can_be_said_in_other_languages(text: str) -> None:
    with pytest.raises(QueryError) as error:
        parse(text)
    assert error.value.reason in SENTENCES


def test_other_errors_can_be_said_too(database: str) -> None:
    for call in (
        lambda session: subjects.create(session, ""),
        lambda session: subjects.create(session, "x", "planet"),
        lambda session: subjects.checked("-sale"),
    ):
        with db.write() as session, pytest.raises(Unfit) as error:
            call(session)
        assert error.value.text in SENTENCES
