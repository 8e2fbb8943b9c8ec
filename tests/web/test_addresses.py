"""Claims about another address for somebody: told at the old one, whose links end; nobody gets somebody else's."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from core import crypto, db
from core.errors import Rejected
from core.outbox import OutboxRow
from sandbox.mail import Mailbox
from tests.conftest import BOTH
from tests.living import done, refused
from tests.web.conftest import Browser, user
from tests.web.test_password_links import box as box  # a fixture
from tests.web.test_password_links import chosen, deeds, forgot, link, mails, row
from web import auth, roles
from web.models import SessionRow
from web.permissions import PERMISSIONS
from web.signin import addresses
from web.signin.models import AddressLink, OidcLink

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


# --- by oneself -----------------------------------------------------------------------------------------

PAGE = "/settings/me/address"


def wanted(browser: Browser, email: str = NEW) -> httpx.Response:
    return browser.post(PAGE, {"email": email})


def proof(mail: Any) -> str:
    found = re.search(r"http://127\.0\.0\.1(/settings/me/address\?token=(\S+))", mail["text"])
    assert found is not None
    assert found[1] in mail["html"]
    return found[2]


def confirmed(browser: Browser, token: str) -> httpx.Response:
    return browser.post(f"{PAGE}/confirm", {"token": token})


@BOTH
def test_own_address_is_proved_by_a_link_once_and_the_old_one_is_told(as_role, box: Mailbox) -> None:
    agent, elsewhere = as_role("agent"), as_role("agent")
    assert wanted(agent).headers["location"] == "/settings/me?note=address-asked"
    (mail,) = mails(box)
    assert (mail["to"], mail["subject"]) == ([NEW], "Widerhall: Your new address for signing in")
    token = proof(mail)
    assert NEW in agent.get("/settings/me").text
    shown = agent.get(PAGE, params={"token": token})
    assert (shown.status_code, NEW in shown.text, row().email) == (200, True, OLD)
    assert shown.headers["referrer-policy"] == "no-referrer"
    assert confirmed(agent, token).headers["location"] == "/settings/me?note=address-changed"
    (told,) = mails(box)
    assert (told["to"], told["subject"]) == ([OLD], "Widerhall: The address you sign in with was changed")
    assert row(NEW).id == agent.user_id
    assert elsewhere.get("/settings/me").status_code == 200, "other sign-ins stay"
    assert [confirmed(agent, token).status_code, agent.get(PAGE, params={"token": token}).status_code] == [410, 410]
    assert {"user.address_asked", "user.address_changed"} <= set(deeds())


def test_whether_somebody_has_an_address_shows_on_the_page_of_the_link_alone(as_role, box: Mailbox) -> None:
    agent, _ = as_role("agent"), as_role("admin")
    answers = [wanted(agent, email) for email in (NEW, "admin@demo.example")]
    assert len({(one.status_code, one.headers["location"]) for one in answers}) == 1
    (mail,) = mails(box)  # the first link ended before it left
    assert mail["to"] == ["admin@demo.example"]
    shown = agent.get(PAGE, params={"token": proof(mail)})
    assert ("signs in with this address already" in shown.text, "address/confirm" in shown.text) == (True, False)
    assert confirmed(agent, proof(mail)).status_code == 422
    assert row().id == agent.user_id


def test_link_serves_who_asked_for_it_alone_and_signed_in(browser: Browser, as_role, box: Mailbox) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    wanted(agent)
    token = proof(mails(box)[0])
    assert (admin.get(PAGE, params={"token": token}).status_code, confirmed(admin, token).status_code) == (410, 410)
    door = browser.get(f"{PAGE}?token={token}", headers={"accept": "text/html"})
    assert (door.status_code, token in door.headers["location"]) == (303, True), "it goes on after signing in"
    assert confirmed(agent, token).status_code == 303


@pytest.mark.parametrize("how", ["late", "newer", "taken back", "password", "shut", "given"])
def test_link_to_an_address_ends_with_what_it_was_for(as_role, box: Mailbox, how: str) -> None:
    agent = as_role("agent")
    wanted(agent)
    token = proof(mails(box)[0])
    if how == "newer":
        wanted(agent, "third@demo.example")
    elif how == "taken back":
        agent.post(f"{PAGE}/drop")
    with db.write() as session:
        if how == "late":
            session.execute(sa.update(AddressLink).values(expires_at=db.now() - timedelta(minutes=1)))
        elif how == "password":
            auth.reset_password(session, agent.user_id, "third quiet words", "test")
        elif how == "shut":
            auth.set_disabled(session, agent.user_id, True, "test")
        elif how == "given":
            addresses.give(session, agent.user_id, "other@demo.example", "test")
    with db.write() as session:
        assert not addresses.prove(session, agent.user_id, token)


def test_new_address_is_one_and_many_are_too_many(as_role, box: Mailbox) -> None:
    agent = as_role("agent")
    assert [wanted(agent, one).status_code for one in ("nobody", OLD, NEW, NEW)] == [422, 422, 303, 429]
    with db.read() as session:
        kept, letter = session.scalars(sa.select(AddressLink)).one(), session.scalars(sa.select(OutboxRow)).one()
    stored = f"{kept.digest} {kept.sealed} {letter.payload}"
    assert (crypto.unseal(kept.sealed) in stored, NEW in str(letter.payload)) == (False, False)


def test_stale_sign_in_asks_for_no_address(as_role, box: Mailbox) -> None:
    agent = as_role("agent")
    with db.write() as session:
        session.execute(sa.update(SessionRow).values(created_at=db.now() - timedelta(minutes=20)))
    assert wanted(agent).status_code == 422
    assert "Sign in again" in agent.get("/settings/me").text
    assert mails(box) == []


def test_without_a_mail_server_one_is_told_who_can_help(as_role) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    assert "an administrator can change your address" in agent.get("/settings/me").text
    assert wanted(agent).status_code == 422
    command = "<code>widerhall users set-address admin@demo.example NEW</code>"
    assert command in admin.get("/settings/me").text
    with db.write() as session:
        every = [one for one in PERMISSIONS if one != "self"]
        auth.set_role(
            session, agent.user_id, roles.save(session, None, roles.Wanted("All", every, "all"), "cli"), "cli"
        )
    text = admin.get("/settings/me").text
    assert ("ask another administrator" in text, command in text) == (True, False)
