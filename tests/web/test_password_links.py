"""Claims about links by mail: they give a password once, in time, to whose address it is; nobody learns who is here."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from core import audit, crypto, db, outbox
from core.errors import Rejected
from core.outbox import Item, OutboxRow
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox.worker_models import User
from sandbox.mail import Mailbox
from tests.conftest import BOTH
from tests.living import done, refused
from tests.web.conftest import BASE, PASSWORD, Browser, user
from web import auth, passwords
from web.models import SessionRow
from web.notices import letters
from web.signin import inviting, links, policy, rounds, totp
from web.signin.entry import Visit
from web.signin.models import OidcLink, OidcProvider, PasswordLink

NEW = "other quiet words"
VISIT = Visit("test")
ME = "agent@demo.example"
LINK = re.compile(r"http://127\.0\.0\.1(/signin/password\?token=\S+)")


@pytest.fixture
def box(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """The mail server of a hub at the address that the browsers here use."""
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", BASE)
    settings.cache_clear()
    return box


def work() -> None:
    while outbox.step(SUBSCRIBERS["web.signin.inviting.answer"], inviting.answer) or outbox.step(
        SUBSCRIBERS["web.notices.letters.send"], letters.send
    ):
        pass


def mails(box: Mailbox) -> list[Any]:
    work()
    found = list(box.mails)
    box.mails.clear()
    return found


def link(mail: Any) -> str:
    """Where the link of a mail leads; the same in text and HTML."""
    found = LINK.search(mail["text"])
    assert found is not None
    assert found[1] in mail["html"]
    return found[1]


def forgot(browser: Browser, email: str = ME) -> httpx.Response:
    return browser.post("/signin/forgot", {"csrf": browser.form_token("/signin/forgot"), "email": email})


def chosen(browser: Browser, path: str, new: str = NEW) -> httpx.Response:
    answer = browser.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin/password")
    browser.get("/signin/password")
    return browser.post("/signin/password", {"csrf": browser.cookies["widerhall-form"], "new": new})


def row(email: str = ME) -> User:
    with db.read() as session:
        found = auth.find(session, email)
    assert found is not None
    return found


def deeds() -> list[str]:
    with db.read() as session:
        return list(session.scalars(sa.select(db.table(audit.AuditEntry).c.action)))


def late(minutes: int) -> None:
    with db.write() as session:
        session.execute(sa.update(PasswordLink).values(expires_at=db.now() - timedelta(minutes=minutes)))


# --- forgotten ----------------------------------------------------------------------------------------


@BOTH
def test_who_forgot_a_password_chooses_one_once_and_is_told(browser: Browser, as_role, box: Mailbox) -> None:
    elsewhere = as_role("agent")
    answer = forgot(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signin?note=link-asked")
    (mail,) = mails(box)
    assert (mail["to"], mail["subject"]) == ([ME], "Widerhall: A new password for your sign-in")
    assert auth.sign_in("192.0.2.1", ME, PASSWORD, VISIT) is not None, "the old one counts until then"
    path = link(mail)
    assert chosen(Browser(browser.app), path, "short").status_code == 422
    assert chosen(browser, path).headers["location"] == "/"
    assert browser.get("/settings/me").status_code == 200
    assert elsewhere.get("/settings/me").status_code == 303, "every other sign-in has ended"
    assert auth.sign_in("192.0.2.1", ME, PASSWORD, VISIT) is None
    again = Browser(browser.app)
    again.get(path)
    assert again.get("/signin/password").status_code == 410
    assert [one["subject"] for one in mails(box)] == ["Widerhall: Your password was set by the link in a mail"]
    assert {"user.password_asked", "user.password_changed", "user.signed_in"} <= set(deeds())


@pytest.mark.parametrize("email", ["nobody@else.example", "shut@demo.example"])
def test_the_answer_tells_nobody_who_is_here(browser: Browser, box: Mailbox, email: str) -> None:
    user("agent")
    with db.write() as session:
        gone = auth.create_user(session, "shut@demo.example", "S", PASSWORD, "agent")
        auth.set_disabled(session, gone.id or 0, True, "test")
    known, other = forgot(browser), forgot(Browser(browser.app), email)
    assert (known.status_code, known.headers["location"]) == (other.status_code, other.headers["location"])
    with db.read() as session:
        waiting = session.scalars(sa.select(OutboxRow)).all()
    assert {one.topic for one in waiting} == {"password.asked"}, "both did the same until then"
    assert len({len(one.payload["email"]) for one in waiting}) <= 2
    assert not any(ME in str(one.payload) or email in str(one.payload) for one in waiting)
    assert [one["to"] for one in mails(box)] == [[ME]]


def test_what_is_no_address_is_refused_and_many_questions_wait(browser: Browser, box: Mailbox) -> None:
    user("agent")
    assert forgot(browser, "nobody").status_code == 422
    assert [forgot(browser).status_code for _ in range(4)] == [303, 303, 303, 429]
    assert [forgot(browser, "nobody@else.example").status_code for _ in range(4)] == [303, 303, 303, 429]


def test_question_and_answer_from_a_foreign_page_are_refused(browser: Browser, box: Mailbox) -> None:
    user("agent")
    for path in ("/signin/forgot", "/signin/password"):
        assert browser.post(path, {"csrf": "other", "email": ME, "new": NEW}).status_code == 403
    assert mails(box) == []


def test_the_newest_link_counts_and_each_for_half_an_hour(browser: Browser, box: Mailbox) -> None:
    user("agent")
    found = []
    for _ in range(2):
        forgot(browser)
        found += mails(box)
    first, second = map(link, found)
    assert chosen(browser, first).status_code == 410
    with db.read() as session:
        (kept,) = session.scalars(sa.select(PasswordLink))
    assert timedelta(minutes=29) < kept.expires_at - db.now() <= timedelta(minutes=30)
    late(1)
    assert chosen(browser, second).status_code == 410
    assert auth.sign_in("192.0.2.1", ME, PASSWORD, VISIT) is not None


def test_second_factor_is_asked_for_as_ever(browser: Browser, box: Mailbox) -> None:
    user("agent")
    with db.write() as session:
        totp.keep(session, 1, totp.new_secret(), 0)
    forgot(browser)
    assert chosen(browser, link(mails(box)[0])).headers["location"] == "/signin/second"
    assert browser.get("/settings/me").status_code == 303
    with db.read() as session:
        assert session.scalars(sa.select(SessionRow)).all() == []


def test_no_token_stands_in_the_database_the_outbox_or_an_address(
    browser: Browser, box: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    user("agent")
    forgot(browser)
    outbox.step(SUBSCRIBERS["web.signin.inviting.answer"], inviting.answer)
    with db.read() as session:
        kept, letter = session.scalars(sa.select(PasswordLink)).one(), session.scalars(sa.select(OutboxRow)).one()
        stored = f"{kept.digest} {kept.sealed} {letter.payload}"
        token = crypto.unseal(kept.sealed)
    path = link(mails(box)[0])
    assert path.endswith(token)
    assert token not in stored
    with db.read() as session:
        assert session.scalars(sa.select(PasswordLink)).one().sealed == "", "once the mail is out nobody needs it"
    answer = browser.get(path)
    assert (answer.headers["referrer-policy"], token in answer.headers["location"]) == ("no-referrer", False)
    assert token not in browser.get("/signin/password").text
    said = capsys.readouterr()
    assert token not in said.out + said.err


@pytest.mark.parametrize("token", ["x", "ключ" * 6, "a" * 5000, "a" * 43, '"; Path=/'])
def test_what_is_no_link_says_so(browser: Browser, box: Mailbox, token: str) -> None:
    user("agent")
    assert browser.get("/signin/password", params={"token": token}).status_code == 303
    answer = browser.get("/signin/password")
    assert (answer.status_code, 'href="/signin/forgot"' in answer.text) == (410, True)


def test_mail_that_is_sent_twice_has_the_same_link_and_it_opens(browser: Browser, box: Mailbox) -> None:
    user("agent")
    forgot(browser)
    outbox.step(SUBSCRIBERS["web.signin.inviting.answer"], inviting.answer)
    with db.read() as session:
        one = session.scalars(sa.select(OutboxRow)).one()
    item = Item(one.id or 0, one.topic, one.key, one.payload)
    letters.send([item])  # cut off before it was settled
    first, second = mails(box)
    assert (link(first), first["id"]) == (link(second), second["id"])
    assert chosen(browser, link(second)).headers["location"] == "/"


def test_link_that_ended_before_its_mail_left_is_not_sent(browser: Browser, box: Mailbox) -> None:
    user("agent")
    forgot(browser)
    outbox.step(SUBSCRIBERS["web.signin.inviting.answer"], inviting.answer)
    late(1)
    assert mails(box) == []


@pytest.mark.parametrize("how", ["shut", "reset", "changed"])
def test_link_ends_with_what_it_was_for(browser: Browser, box: Mailbox, how: str) -> None:
    user("admin")
    user("agent")
    forgot(browser)
    path, me = link(mails(box)[0]), row().id or 0
    with db.write() as session:
        if how == "shut":
            auth.set_disabled(session, me, True, "test")
            auth.set_disabled(session, me, False, "test")
        elif how == "reset":
            auth.reset_password(session, me, "third quiet words", "test")
        else:
            auth.change_password(session, me, PASSWORD, "third quiet words")
    assert chosen(browser, path).status_code == 410


def test_mail_is_in_its_reader_s_language_else_in_the_one_of_the_browser(browser: Browser, box: Mailbox) -> None:
    user("agent")
    for chosen_language, title in (
        ("", "サインイン用の新しいパスワード"),
        ("de", "Ein neues Passwort für Ihre Anmeldung"),
    ):
        with db.write() as session:
            auth.get(session, 1).language = chosen_language
        token = browser.form_token("/signin/forgot")
        browser.post("/signin/forgot", {"csrf": token, "email": ME}, headers={"accept-language": "ja"})
        assert [one["subject"] for one in mails(box)] == [f"Widerhall: {title}"]


# --- by the provider, and without mails ------------------------------------------------------------------


def provider(only: bool = False) -> None:
    with db.write() as session:
        session.add(OidcProvider(id=1, issuer="https://idp.example", client_id="c", secret="", label="Норд"))
        policy.only_provider(session, only, "test")


def test_who_comes_by_the_provider_is_told_so_and_gets_no_link(browser: Browser, box: Mailbox) -> None:
    user("admin")
    provider()
    with db.write() as session:
        one = auth.create_user(session, ME, "A", None, "agent", "oidc")
        session.add(OidcLink(issuer="https://idp.example", sub="1", user_id=one.id or 0, made_at=db.now()))
    forgot(browser)
    (mail,) = mails(box)
    assert mail["subject"] == "Widerhall: You sign in with Норд and have no password here"
    assert LINK.search(mail["text"]) is None
    with db.write() as session:
        session.get_one(OidcProvider, 1).enabled = False
    forgot(browser)
    assert link(mails(box)[0]), "there is no other way in"


def test_where_the_provider_is_the_only_way_no_password_is_chosen(browser: Browser, as_role, box: Mailbox) -> None:
    user("agent")
    forgot(browser)
    path = link(mails(box)[0])
    provider(only=True)
    assert "/signin/forgot" not in browser.get("/signin").text
    assert "by the provider" in browser.get("/signin/forgot").text
    assert chosen(browser, path).status_code == 410
    admin = as_role("admin")
    assert admin.post(f"/settings/users/{row().id}/link").status_code == 422
    made = admin.post("/settings/users", {"email": "new@demo.example", "role": "agent"})
    assert made.headers["location"].endswith("user-invited")
    (mail,) = mails(box)
    assert ("there is no password to choose" in mail["text"], LINK.search(mail["text"])) == (True, None)


def test_without_a_mail_server_the_pages_say_who_can_help(browser: Browser, as_role) -> None:
    user("agent")
    assert "An administrator of this hub can give you a new one." in browser.get("/signin").text
    assert "/signin/forgot" not in browser.get("/signin").text
    assert "they can give you a new password" in browser.get("/signin/forgot").text
    token = browser.form_token("/signin")
    assert browser.post("/signin/forgot", {"csrf": token, "email": ME}).status_code == 422
    admin = as_role("admin")
    page = admin.get("/settings/users").text
    assert ("WIDERHALL_SMTP_HOST" in page, "Send a link" in page) == (True, False)
    assert admin.post("/settings/users", {"email": "n@demo.example", "role": "agent"}).status_code == 422
    assert admin.post(f"/settings/users/{row().id}/link").status_code == 422


# --- invited ------------------------------------------------------------------------------------------------


@BOTH
def test_invitation_gives_a_password_within_seven_days(browser: Browser, as_role, box: Mailbox) -> None:
    admin, new = as_role("admin"), {"email": "new@demo.example", "name": "Nina", "role": "agent"}
    assert admin.post("/settings/users", new).headers["location"] == "/settings/users?note=user-invited"
    (mail,) = mails(box)
    assert (mail["to"], mail["subject"]) == (["new@demo.example"], "Widerhall: Admin invites you to this hub")
    with db.read() as session:
        kept = session.scalars(sa.select(PasswordLink)).one()
    assert timedelta(days=6, hours=23) < kept.expires_at - db.now() <= timedelta(days=7)
    page = admin.get("/settings/users").text
    assert ("not yet been here" in page, "Send again" in page, "link until" in page) == (True, True, True)
    forgot(browser, "new@demo.example")
    mails(box)
    assert chosen(browser, link(mail)).headers["location"] == "/", "a stranger's question ends no invitation"
    assert browser.get("/inbox").status_code == 200
    assert "not yet been here" not in admin.get("/settings/users").text
    with db.read() as session:
        assert session.scalars(sa.select(PasswordLink)).all() == []


def test_who_has_no_password_yet_signs_in_with_none(browser: Browser, box: Mailbox) -> None:
    with db.write() as session:
        auth.create_user(session, ME, "A", None, "agent")
    assert browser.sign_in(ME, "").status_code == 403
    assert browser.sign_in(ME, PASSWORD).status_code == 403
    assert not passwords.fits("", "")


def test_invitation_is_sent_again_and_ends_the_one_before(browser: Browser, as_role, box: Mailbox) -> None:
    admin = as_role("admin")
    admin.post("/settings/users", {"email": "new@demo.example", "role": "agent"})
    first, here = link(mails(box)[0]), f"/settings/users/{row('new@demo.example').id}"
    late(1)
    assert "no link holds any more" in admin.get("/settings/users").text
    assert admin.post(f"{here}/link").headers["location"] == "/settings/users?note=link-sent"
    second = link(mails(box)[0])
    assert chosen(browser, first).status_code == 410
    admin.post(here, {"disabled": "yes"})
    assert chosen(browser, second).status_code == 410, "shut out"
    assert admin.post(f"{here}/link").status_code == 422
    assert deeds().count("user.invited") == 2


def test_link_for_somebody_with_a_password_leaves_it_until_it_is_used(browser: Browser, as_role, box: Mailbox) -> None:
    user("agent")
    admin = as_role("admin")
    admin.post(f"/settings/users/{row().id}/link")
    (mail,) = mails(box)
    assert mail["subject"] == "Widerhall: A link for a new password"
    assert browser.sign_in(ME).status_code == 303
    assert chosen(Browser(browser.app), link(mail)).headers["location"] == "/"
    assert "user.link_sent" in deeds()
    assert admin.post("/settings/users/99/link").status_code == 422


@BOTH
def test_programs_invite_and_send_links(as_role, box: Mailbox) -> None:
    admin, body = as_role("admin"), {"email": "new@demo.example", "role": "agent"}
    number = admin.request("POST", "/api/v1/users", json=body).json()["id"]
    found = {one["id"]: one for one in admin.get("/api/v1/users").json()["items"]}
    assert (found[number]["invited"], found[1]["invited"], found[1]["link_until"]) == (True, False, None)
    assert found[number]["link_until"] is not None
    assert admin.request("POST", f"/api/v1/users/{number}/link").json() == {"id": number, "changed": True}
    assert admin.request("POST", "/api/v1/users/99/link").status_code == 404
    sent = [one for one in mails(box) if "invites you" in one["subject"]]
    assert len(sent) == 1, "the first link ended before its mail left"
    with db.write() as session, pytest.raises(Rejected):  # nobody does it to who may more
        inviting.send(session, 1, "user:1", frozenset({"users.manage"}))


def test_without_a_mail_server_programs_give_a_password(as_role) -> None:
    body = {"email": "new@demo.example", "role": "agent"}
    answer = as_role("admin").request("POST", "/api/v1/users", json=body)
    assert (answer.status_code, "sends no mails" in answer.json()["detail"]) == (422, True)


def test_commands_invite_and_send_links(database: str, box: Mailbox) -> None:
    assert done("users", "add", "kim@a.example", "--invite", "--language", "de")["invited"] is True
    (mail,) = mails(box)
    assert mail["subject"] == "Widerhall: Ein Administrator lädt Sie zu diesem Hub ein"
    assert [one["invited"] for one in done("users", "list")] == [True]
    assert done("users", "send-link", "kim@a.example")["sent"] is True
    assert len(mails(box)) == 1
    assert "There is no such user" in refused("users", "send-link", "nobody@a.example")
    assert "not both" in refused("users", "add", "x@a.example", "--invite", "--password", PASSWORD)


def test_key_that_is_rotated_opens_links_that_wait(browser: Browser, box: Mailbox) -> None:
    user("agent")
    forgot(browser)
    outbox.step(SUBSCRIBERS["web.signin.inviting.answer"], inviting.answer)
    done("keys", "rotate")
    path = settings().data_dir / "secret.key"
    path.write_text(path.read_text().split()[0] + "\n")
    assert chosen(browser, link(mails(box)[0])).headers["location"] == "/"


def test_what_a_step_of_signing_in_needs_is_no_link(browser: Browser, database: str) -> None:
    user("agent")
    with db.write() as session:
        token = rounds.begin(session, "second", {}, 1)
    with db.read() as session:
        assert links.whose(session, token) is None
