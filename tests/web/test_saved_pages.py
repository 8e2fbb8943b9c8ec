"""Claims about the pages of saved replies: who may, what is kept, what is refused, what the menu offers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from inbox import saved
from inbox.models import Conversation, Identity
from tests.conftest import BOTH
from tests.web.conftest import account, event, store

pytestmark = BOTH
HERE = "/settings/replies"
PART = {"hx-request": "true"}


def keep(name: str, shortcut: str = "", **texts: str) -> int:
    with db.write() as session:
        return saved.save(session, None, name=name, shortcut=shortcut, texts=texts, actor="user:1")


@pytest.fixture
def talk(database: str) -> int:
    """Somebody asked in German."""
    store(account(), event("m:1", "Wo ist mein Paket?"))
    with db.write() as session:
        session.execute(sa.update(db.table(Conversation)).values(language="de"))
        return int(session.scalars(sa.select(db.table(Conversation).c.id)).one())


def test_an_empty_page_says_what_it_is_for(database: str, as_role) -> None:
    page = as_role("agent").get(HERE).text
    assert "No saved reply yet" in page
    assert f'href="{HERE}/new"' in page


def test_one_is_kept_shown_changed_and_removed(database: str, as_role) -> None:
    browser = as_role("agent")
    answer = browser.post(HERE, {"name": "Parcel", "shortcut": "parcel", "text_en": "Hello {name},\r\nit is coming."})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HERE}?note=reply-kept")
    assert "Hello Kim Sommer" in browser.get(HERE).text
    assert "/parcel" in browser.get(f"{HERE}?q=coming").text
    assert "Nothing found" in browser.get(f"{HERE}?q=refund").text
    page = browser.get(f"{HERE}/1").text
    assert "Hello {name},\nit is coming." in page
    assert "Hello Kim Sommer,\nit is coming." in page
    browser.post(f"{HERE}/1", {"name": "Parcel", "shortcut": "", "text_de": "Hallo {name}"})
    with db.read() as session:
        (row,) = saved.every(session)
        assert (row.shortcut, row.texts) == (None, {"de": "Hallo {name}"})
    assert browser.post(f"{HERE}/1/remove").headers["location"] == f"{HERE}?note=reply-removed"
    assert browser.get(f"{HERE}/1").status_code == 404
    assert browser.post(f"{HERE}/1/remove").status_code == 404


def test_a_text_in_a_language_the_form_does_not_have_stays(database: str, as_role) -> None:
    keep("Colis", fr="Bonjour")
    as_role("agent").post(f"{HERE}/1", {"name": "Colis", "text_en": "Hello"})
    with db.read() as session:
        assert saved.every(session)[0].texts == {"fr": "Bonjour", "en": "Hello"}


def test_what_is_refused_keeps_what_was_typed(database: str, as_role) -> None:
    answer = as_role("agent").post(HERE, {"name": "Parcel", "shortcut": "no good", "text_ja": "{姓}様"})
    assert answer.status_code == 422
    assert (
        answer.text.count("A shortcut has letters, digits and hyphens only") == 1
    )  # beside the field, and there alone
    assert "{姓}様" in answer.text
    answer = as_role("agent").post(HERE, {"name": "Parcel", "text_ja": " "})
    assert answer.status_code == 422
    assert answer.text.count("Write it in at least one language.") == 1
    answer = as_role("agent").post(HERE, {"name": "Parcel", "text_ja": "{姓}様"})
    assert "There is no place {姓}." in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_the_menu_is_filled_in_and_speaks_the_customers_language_first(talk: int, as_role) -> None:
    keep("A general one", en="Thank you, {first_name|friend}.")
    keep("Parcel", "parcel", en="Hello {name}", de="Hallo {name}, hier ist {agent} ({number})")
    part = as_role("agent").get(f"/inbox/{talk}/saved", headers=PART).text
    assert f'data-insert="Hallo Kim, hier ist Agent ({talk})"' in part
    assert 'data-insert="Hello Kim"' in part
    assert 'data-insert="Thank you, Kim."' in part
    assert part.index("Hallo Kim") < part.index("Thank you")
    assert "Parcel" not in as_role("agent").get(f"/inbox/{talk}/saved?q=general", headers=PART).text


def test_the_menu_says_which_places_close_up(talk: int, as_role) -> None:
    keep("Greeting", en="Hello {first_name}, regards {agent}", ja="{first_name|お客}様")
    with db.write() as session:
        session.execute(sa.update(db.table(Identity)).values(name=""))
        session.execute(sa.update(db.table(Conversation)).values(language="en"))
    part = as_role("agent").get(f"/inbox/{talk}/saved", headers=PART).text
    assert 'data-insert="Hello, regards Agent"' in part
    assert part.count("not known here: first_name") == 1
    with db.write() as session:
        session.execute(sa.update(db.table(Conversation)).values(language="ja"))
    assert "not known here" not in as_role("agent").get(f"/inbox/{talk}/saved", headers=PART).text


def test_the_menu_opened_by_itself_leads_to_the_conversation(talk: int, as_role) -> None:
    answer = as_role("agent").get(f"/inbox/{talk}/saved")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/inbox/{talk}#conversation")


@pytest.mark.parametrize("role", ["marketer", "dpo"])
def test_who_does_not_answer_sees_none(talk: int, role: str, as_role) -> None:
    browser = as_role(role)
    assert browser.get(HERE).status_code == 403
    assert browser.get(f"/inbox/{talk}/saved", headers=PART).status_code == 403
    assert browser.post(HERE, {"name": "n", "text_en": "x"}).status_code == 403
    if role == "dpo":
        assert 'id="saved"' not in browser.get(f"/inbox/{talk}").text
