"""Claims about another address for somebody: told at the old one, whose links end; nobody gets somebody else's."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from sandbox.mail import Mailbox
from tests.conftest import BOTH
from tests.living import done, refused
from tests.web.conftest import Browser, user
from tests.web.test_password_links import box as box  # a fixture
from tests.web.test_password_links import chosen, deeds, forgot, link, mails, row
from web.signin import addresses
from web.signin.models import OidcLink

OLD, NEW = "agent@demo.example", "new@demo.example"


# --- by an administrator --------------------------------------------------------------------------------


@BOTH
def test_administrator_changes_an_address_and_the_old_one_is_told(browser: Browser, as_role, box: Mailbox) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    forgot(browser)
    path = link(mails(box)[0])
    here = f"/settings/users/{agent.user_id}"
    assert admin.post(here, {"email": " New@Demo.example "}).headers["location"] == "/settings/users?note=user-changed"
    (mail,) = mails(box)
    assert (mail["to"], mail["subject"]) == ([OLD], "Widerhall: Admin changed the address you sign in with")
    assert NEW not in mail["text"]
    assert row(NEW).id == agent.user_id
    assert chosen(browser, path).status_code == 410, "the link went to the old address"
    assert agent.get("/settings/me").status_code == 200, "sign-ins stay"
    assert (browser.sign_in(OLD).status_code, browser.sign_in(NEW).status_code) == (403, 303)
    admin.post(here, {"email": NEW})
    assert (deeds().count("user.address_changed"), mails(box)) == (1, []), "nothing changed the second time"


def test_address_is_checked_like_a_new_one(as_role) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    here = f"/settings/users/{agent.user_id}"
    for email, words in (("nobody", "not an e-mail address"), ("ADMIN@demo.example", "signs in with this address")):
        answer = admin.post(here, {"email": email})
        assert (answer.status_code, words in answer.text) == (422, True)
    assert admin.post(f"/settings/users/{admin.user_id}", {"email": NEW}).status_code == 422, "one's own is proved"
    assert admin.post("/settings/users/99", {"email": NEW}).status_code == 422
    assert agent.post(here, {"email": NEW}).status_code == 403
    with db.write() as session, pytest.raises(Rejected):  # nobody does it to who may more
        addresses.give(session, admin.user_id, NEW, "user:9", frozenset({"users.manage"}))
    assert row(OLD).email == OLD


@BOTH
def test_invitation_goes_to_the_new_address_and_the_one_before_ends(browser: Browser, as_role, box: Mailbox) -> None:
    admin = as_role("admin")
    admin.post("/settings/users", {"email": OLD, "role": "agent"})
    first = link(mails(box)[0])
    admin.post(f"/settings/users/{row().id}", {"email": NEW})
    told, invited = mails(box)
    assert (told["to"], invited["to"]) == ([OLD], [NEW])
    assert row(NEW).name == NEW, "who had no name is called by the address"
    assert chosen(Browser(browser.app), first).status_code == 410
    assert chosen(browser, link(invited)).headers["location"] == "/"


def test_account_at_the_provider_stays_linked(as_role) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    with db.write() as session:
        session.add(OidcLink(issuer="https://idp.example", sub="1", user_id=agent.user_id, made_at=db.now()))
    admin.post(f"/settings/users/{agent.user_id}", {"email": NEW})
    with db.read() as session:
        assert session.scalars(sa.select(OidcLink)).one().user_id == row(NEW).id


@BOTH
def test_programs_change_an_address(as_role, box: Mailbox) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    here = f"/api/v1/users/{agent.user_id}"
    answers = [admin.request("POST", here, json={"email": NEW}).json()["changed"] for _ in range(2)]
    assert answers == [True, False]
    assert [one["to"] for one in mails(box) if "address" in one["subject"]] == [[OLD]]
    assert admin.request("POST", here, json={"email": "admin@demo.example"}).status_code == 422
    assert admin.request("POST", "/api/v1/users/99", json={"email": OLD}).status_code == 404


def test_commands_change_an_address(database: str) -> None:
    user("agent")
    assert done("users", "set-address", OLD, NEW) == {"email": NEW, "changed": True}
    assert "There is no such user" in refused("users", "set-address", OLD, NEW)
