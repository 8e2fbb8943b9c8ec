"""Claims about the first run: three steps that remember where one stopped, and go away when they are done."""

from __future__ import annotations

import sqlalchemy as sa

from core import db
from enrichment import connection
from inbox.models import Conversation
from tests.conftest import BOTH
from tests.web.conftest import account, event, store
from web import firststeps
from web.models import SkippedStep

pytestmark = BOTH


def now() -> str:
    with db.read() as session:
        return next((one.name for one in firststeps.steps(session).values() if one.now), "")


def test_steps_are_taken_in_their_order(database: str) -> None:
    assert now() == "account"
    store(account(), event("m:1"))
    assert now() == "contacts"
    with db.write() as session:
        connection.connect(session, url="https://o.example", client_id="c", client_secret="s", actor="t")
    assert now() == "reply"
    with db.write() as session:
        session.execute(sa.update(Conversation).values(first_reply_at=db.now()))
    assert now() == ""


def test_skipped_step_is_remembered_for_everybody(database: str, as_role) -> None:
    browser = as_role("admin")
    browser.post("/start/skip", {"step": "account"})
    assert now() == "contacts"
    assert "skipped" in browser.get("/start").text
    assert browser.post("/start/skip", {"step": "odd"}).status_code == 400
    with db.read() as session:
        assert [one.name for one in session.scalars(sa.select(SkippedStep))] == ["account"]
        assert not firststeps.needed(session)


def test_empty_hub_needs_the_first_steps(database: str) -> None:
    with db.read() as session:
        assert firststeps.needed(session)
    account()
    with db.read() as session:
        assert not firststeps.needed(session)


def test_imported_archive_is_no_account(database: str) -> None:
    account("archive", "tweets")
    assert now() == "account"


def test_set_up_reminds_of_steps_that_are_left(database: str, as_role) -> None:
    browser = as_role("admin")
    assert "The first steps are not finished yet." in browser.get("/settings/accounts").text
    for name in firststeps.NAMES:
        browser.post("/start/skip", {"step": name})
    assert "The first steps" not in browser.get("/settings/accounts").text


def test_account_connected_from_the_steps_leads_back_there(database: str, as_role) -> None:
    assert 'name="starting" value="yes"' in as_role("admin").get("/start").text
    assert 'name="starting"' not in as_role("admin").get("/settings/accounts").text
