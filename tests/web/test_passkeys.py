"""Claims about passkeys: where they work, how they are made and proved, and what is refused."""

from __future__ import annotations

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from core import db
from tests.conftest import BOTH
from tests.web.authenticator import Authenticator
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import PASSWORD, Browser, user
from web import auth
from web.models import SessionRow
from web.signin import factors, passkeys, policy
from web.signin.models import Passkey

BASE = "http://localhost"


@pytest.mark.parametrize(
    ("asked", "public", "host", "problem"),
    [
        ("localhost:8750", "", "localhost", ""),
        ("127.0.0.1:8750", "", "", passkeys.LOOPBACK),
        ("[::1]:8750", "", "", passkeys.LOOPBACK),
        ("10.0.0.1", "", "", passkeys.NUMBER),
        ("machine", "", "", passkeys.UNSAFE),
        ("hub.example", "https://hub.example", "hub.example", ""),
        ("127.0.0.1:8750", "https://hub.example", "", passkeys.ELSEWHERE),
        ("hub.example", "http://hub.example", "", passkeys.UNSAFE),
        ("10.0.0.1", "https://10.0.0.1", "", passkeys.NUMBER),
        ("localhost:1", "http://localhost:1", "localhost", ""),
        ("localhost:1", "http://127.0.0.1:1", "localhost", ""),
        ("127.0.0.1:1", "http://127.0.0.1:1", "", passkeys.LOOPBACK),
    ],
)
def test_passkeys_belong_to_a_name_and_to_tls(asked: str, public: str, host: str, problem: str) -> None:
    found = passkeys.place("http", asked, public)
    assert (found.host, found.problem) == (host, problem)
    own = "" if "127.0" in public else public
    assert found.origin == ((own or f"http://{asked}") if host else "")


@pytest.fixture
def local(as_role) -> Browser:
    """An agent's browser that opened the hub as localhost."""
    browser = as_role("agent")
    browser.base, cookie = BASE, browser.cookies["widerhall"]
    browser.cookies = httpx.Cookies()
    browser.cookies.set("widerhall", cookie, domain="localhost.local")
    browser.cookies.set("widerhall", cookie, domain="localhost")
    return browser


def added(browser: Browser, key: Authenticator, name: str = "Ключ") -> httpx.Response:
    asked = browser.post("/settings/me/passkeys/options").json()
    made = key.make(asked["options"])
    return browser.post("/settings/me/passkeys", {"round": asked["round"], "credential": made, "name": name})


def door(browser: Browser) -> Browser:
    return Browser(browser.app, base=BASE)


def proved(
    browser: Browser, key: Authenticator, at: str = "/signin/passkey", page: str = "/signin"
) -> tuple[int, str, dict[str, str]]:
    """What a passkey's proof at the door comes to, and what was sent."""
    token = browser.form_token(page)
    ask = "/signin/second/options" if "second" in at else f"{at}/options"
    asked = browser.post(ask, {"csrf": token}).json()
    sent = {"csrf": token, "round": asked["round"], "credential": key.prove(asked["options"])}
    answer = browser.post(at, sent)
    return answer.status_code, answer.headers.get("location", ""), sent


def test_passkey_opens_the_door_without_a_password_once_for_each_question(local: Browser) -> None:
    key = Authenticator(BASE, "localhost")
    assert added(local, key).text.count("<li><code>") == 10
    with db.write() as session:
        policy.demand(session, ["agent"], "test")  # a passkey is two factors in one
    browser = door(local)
    status, where, sent = proved(browser, key)
    assert (status, where, browser.get("/inbox").status_code) == (303, "/", 200)
    again = door(local)
    sent["csrf"] = again.form_token("/signin")
    assert again.post("/signin/passkey", sent).status_code == 403
    with db.read() as session:
        assert "passkey" in session.scalars(sa.select(db.table(SessionRow).c.way)).all()
        assert session.scalars(sa.select(Passkey)).one().used_at is not None


def test_passkey_beside_the_password(local: Browser) -> None:
    key, stranger = Authenticator(BASE, "localhost"), Authenticator(BASE, "localhost")
    added(local, key)
    key.verified = False  # a touch is enough beside the password
    browser = door(local)
    assert browser.sign_in("agent@demo.example").headers["location"] == "/signin/second"
    assert 'name="code"' not in browser.get("/signin/second").text
    at, page = "/signin/second/passkey", "/signin/second"
    assert proved(browser, stranger, at, page)[0] == 403
    assert proved(browser, key, at, page)[:2] == (303, "/")
    assert browser.get("/inbox").status_code == 200
    late = door(local)
    token = late.form_token("/signin")
    assert late.post("/signin/second/options", {"csrf": token}).status_code == 403
    assert late.post(at, {"csrf": token}).headers["location"] == "/signin?note=signin-late"


@pytest.mark.parametrize(
    "wrong", ["unverified", "origin", "host", "count", "key", "handle", "disabled", "second round"]
)
def test_what_is_not_quite_right_opens_nothing(local: Browser, wrong: str) -> None:
    key = Authenticator(BASE, "localhost", count=5)
    added(local, key)
    if wrong == "unverified":
        key.verified = False
    elif wrong == "origin":
        key.origin = "https://evil.example"
    elif wrong == "host":
        key.host = "evil.example"
    elif wrong == "count":
        key.count = 3  # a copy of the key was used before
    elif wrong == "key":
        key.key = Authenticator(BASE, "localhost").key
    elif wrong == "handle":
        key.handle = "b3RoZXI"
    elif wrong == "disabled":
        user("admin")
        with db.write() as session:
            auth.set_disabled(session, local.user_id, True, "test")
    browser = door(local)
    if wrong == "second round":  # a question that was asked of somebody who gave a password is not one of the door
        browser.sign_in("agent@demo.example")
        token = browser.form_token("/signin")
        asked = browser.post("/signin/second/options", {"csrf": token}).json()
        sent = {"csrf": token, "round": asked["round"], "credential": key.prove(asked["options"])}
        assert browser.post("/signin/passkey", sent).status_code == 403
    else:
        assert proved(browser, key)[0] == 403
    assert browser.get("/inbox").status_code == 303


NONSENSE = ("", "{", "[]", '{"id": 1, "response": {}}', '{"id": "x", "response": 1}', '"' * 30_000)


def test_what_no_browser_says_is_refused(local: Browser) -> None:
    browser = door(local)
    token = browser.form_token("/signin")
    for said in NONSENSE:
        asked = browser.post("/signin/passkey/options", {"csrf": token}).json()
        sent = {"csrf": token, "round": asked["round"], "credential": said}
        assert browser.post("/signin/passkey", sent).status_code == 403
        own = {"round": local.post("/settings/me/passkeys/options").json()["round"], "credential": said, "name": "n"}
        assert local.post("/settings/me/passkeys", own).status_code == 422


@BOTH
def test_passkey_is_kept_once_and_removed_with_its_codes(local: Browser) -> None:
    key, other = Authenticator(BASE, "localhost"), Authenticator("https://evil.example", "localhost")
    assert added(local, key, " ").status_code == 422
    assert added(local, other).status_code == 422
    assert added(local, key).status_code == 200
    assert added(local, key, "twice").status_code == 422
    with db.read() as session:
        (one,) = passkeys.of(session, local.user_id)
        assert (one.name, one.transports) == ("Ключ", ["internal"])
    assert local.post(f"/settings/me/passkeys/{one.id or 0}9/remove").status_code == 422
    assert local.post(f"/settings/me/passkeys/{one.id}/remove").status_code == 303
    with db.read() as session:
        held = factors.of(session, local.user_id)
    assert (held.any, held.codes) == (False, 0)


def test_at_a_number_the_page_says_where_passkeys_work(as_role) -> None:
    browser = as_role("agent")
    assert "Open this hub as http://localhost" in browser.get("/settings/me/security").text
    assert browser.post("/settings/me/passkeys/options").status_code == 422
    assert "data-passkey" not in Browser(browser.app).get("/signin").text


def leave(page: Page, there: str) -> None:
    """At the door again without a session; from an empty page, so that no line of an open one is refused."""
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(there + "/signin")


@pytest.mark.browser
@needs_chromium
def test_chromium_makes_a_passkey_and_signs_in_with_it(seen: Seen) -> None:
    user("agent")
    page = seen.page()
    line = page.context.new_cdp_session(page)
    line.send("WebAuthn.enable")
    line.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    there = seen.address.replace("127.0.0.1", "localhost")
    page.goto(there + "/signin?next=/settings/me/security")
    page.get_by_label("E-mail address").fill("agent@demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Name of the passkey").fill("Notebook")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("has a passkey for this hub already")
    leave(page, there)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".app")).to_be_visible()
    page.goto(there + "/settings/me/security")
    expect(page.get_by_text("this one")).to_be_visible()
    expect(page.locator(".signed small", has_text="passkey").first).to_be_visible()
    leave(page, there)
    page.get_by_label("E-mail address").fill("agent@demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator(".app")).to_be_visible()
