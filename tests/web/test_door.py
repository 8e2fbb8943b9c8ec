"""Claims about sign-in, sessions, set-up and throttling."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from core import db
from core.errors import Rejected
from core.settings import settings
from inbox.worker_models import User
from tests.web.conftest import PASSWORD, Browser, user
from web import auth, passwords, sessions, throttle
from web.models import SessionRow
from web.signin.forms import local


def test_right_password_opens_the_list(browser: Browser) -> None:
    answer = browser.sign_in(user("agent"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert browser.get("/").headers["location"] == "/inbox"


def test_session_cookie_is_http_only_and_lax(browser: Browser) -> None:
    cookies = [one for one in browser.sign_in(user("agent")).headers.get_list("set-cookie") if "widerhall=" in one]
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0]
    assert "SameSite=lax" in cookies[0]


def test_behind_tls_the_cookie_is_bound_to_the_host(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "https://hub.example")
    settings.cache_clear()
    browser.base = "https://hub.example"
    cookies = browser.sign_in(user("agent")).headers.get_list("set-cookie")
    session = [one for one in cookies if one.startswith("__Host-widerhall=")]
    assert len(session) == 1
    assert "Secure" in session[0]
    assert browser.get("/").headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("email", ["agent@demo.example", "nobody@demo.example", "", "x" * 5000])
def test_wrong_password_and_unknown_user_look_the_same(browser: Browser, email: str) -> None:
    user("agent")
    answer = browser.sign_in(email, "wrong password")
    assert answer.status_code == 403
    assert "do not go together" in answer.text


def test_unknown_user_costs_a_hash_too(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    monkeypatch.setattr(PasswordHasher, "verify", lambda *a: runs.append(1))
    passwords.fits(None, "x")
    assert runs == [1]


def test_disabled_user_is_out_at_once(browser: Browser) -> None:
    user("admin")
    browser.sign_in(user("agent"))
    with db.write() as session:
        found = auth.find(session, "agent@demo.example")
        assert found is not None
        auth.set_disabled(session, found.id or 0, True, "test")
    assert browser.get("/").status_code == 303
    assert browser.sign_in("agent@demo.example").status_code == 403


def test_expired_session_is_nobody(browser: Browser) -> None:
    browser.sign_in(user("agent"))
    with db.write() as session:
        session.execute(sa.update(SessionRow).values(expires_at=db.now() - timedelta(seconds=1)))
    assert browser.get("/").status_code == 303


def test_used_session_lives_on_but_not_for_ever(browser: Browser) -> None:
    browser.sign_in(user("agent"))
    long_ago = db.now() - sessions.LONGEST + timedelta(hours=1)
    with db.write() as session:
        session.execute(sa.update(SessionRow).values(created_at=long_ago, seen_at=long_ago))
    browser.get("/")
    with db.read() as session:
        row = session.scalars(sa.select(SessionRow)).one()
    assert row.expires_at <= row.created_at + sessions.LONGEST


def test_database_does_not_hold_the_token(browser: Browser) -> None:
    browser.sign_in(user("agent"))
    with db.read() as session:
        row = session.scalars(sa.select(SessionRow)).one()
    assert browser.cookies["widerhall"] not in (row.digest, row.csrf)


def test_sign_out_ends_the_session(as_role) -> None:
    browser = as_role("agent")
    kept = httpx.Cookies(browser.cookies)
    assert browser.post("/signout").status_code == 303
    browser.cookies = kept
    assert browser.get("/").status_code == 303


def test_weak_hash_is_replaced_at_sign_in(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    email = user("agent")
    monkeypatch.setattr(passwords, "hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    browser.sign_in(email)
    with db.read() as session:
        row = session.scalars(sa.select(User)).one()
    assert not passwords.outdated(row.password)


def test_time_zone_comes_from_the_browser_once_and_its_language_is_known(browser: Browser) -> None:
    token = browser.form_token("/signin?lang=ja") if user("agent") else ""
    browser.post("/signin", {"csrf": token, "email": "agent@demo.example", "password": PASSWORD, "zone": "Asia/Tokyo"})
    with db.read() as session:
        row = session.scalars(sa.select(User)).one()
    assert (row.time_zone, row.language, row.speaks) == ("Asia/Tokyo", "", "ja")


def test_sixth_attempt_waits_without_a_broker(browser: Browser) -> None:
    email = user("agent")
    answers = [browser.sign_in(email, "wrong password").status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert browser.sign_in(email).status_code == 429


def test_attempts_are_counted_in_the_broker(browser: Browser, valkey: str) -> None:
    email = user("agent")
    answers = [browser.sign_in(email, "wrong password").status_code for _ in range(6)]
    assert answers[-1] == 429
    assert throttle._local == {}


def test_success_forgives_the_attempts_before(browser: Browser, valkey: str) -> None:
    email = user("agent")
    for _ in range(2):
        for _ in range(4):
            browser.sign_in(email, "wrong password")
        assert browser.sign_in(email).status_code == 303


def test_sign_in_from_a_foreign_page_is_refused(browser: Browser) -> None:
    token = browser.form_token("/signin") if user("agent") else ""
    data = {"csrf": token, "email": "agent@demo.example", "password": PASSWORD}
    assert browser.post("/signin", data, headers={"origin": "https://evil.example"}).status_code == 403
    assert browser.post("/signin", data, headers={"sec-fetch-site": "cross-site"}).status_code == 403
    assert browser.post("/signin", data | {"csrf": "other"}).status_code == 403


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("/accounts?x=1", "/accounts?x=1"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
        ("", "/"),
    ],
)
def test_sign_in_leads_to_pages_of_ours_only(target: str, leads: str) -> None:
    assert local(target) == leads


# --- the first user ----------------------------------------------------------------------------------


def _setup(browser: Browser, token: str) -> int:
    data = {
        "csrf": browser.form_token("/setup"),
        "token": token,
        "email": "a@b.example",
        "name": "A",
        "password": PASSWORD,
    }
    return browser.post("/setup", data).status_code


def test_fresh_hub_leads_to_set_up(browser: Browser) -> None:
    assert browser.get("/signin").headers["location"] == "/setup"


def test_set_up_needs_the_token(browser: Browser) -> None:
    assert _setup(browser, "guess") == 422
    with db.read() as session:
        assert auth.first_run(session)


def test_set_up_makes_one_administrator_and_shuts(browser: Browser) -> None:
    with db.read() as session:
        token = auth.first_run_token(session)
    assert _setup(browser, token) == 303
    assert browser.get("/setup").headers["location"] == "/signin"
    with db.write() as session, pytest.raises(Rejected):
        auth.create_first(session, token, "c@d.example", "C", PASSWORD)
    with db.read() as session:
        assert auth.first_run_token(session) == ""
        assert [one.role for one in auth.everybody(session)] == ["admin"]


# --- languages, sessions that end, what one may not -----------------------------------------------------


def test_language_chosen_at_the_door_is_kept(browser: Browser) -> None:
    user("admin")
    assert '<html lang="ja"' in browser.get("/signin?lang=ja&next=/people").text
    assert 'name="next" value="/people"' in browser.get("/signin?next=/people").text
    assert '<html lang="ja"' in browser.get("/signin").text
    assert '<html lang="en"' in browser.get("/signin?lang=en").text


def test_unknown_language_is_the_browsers(browser: Browser) -> None:
    user("admin")
    assert '<html lang="en"' in browser.get("/signin?lang=xx").text


def test_ended_session_says_so_and_leads_back(as_role) -> None:
    browser = as_role("agent")
    with db.write() as session:
        session.execute(sa.delete(SessionRow))
    where = browser.get("/people?q=kim").headers["location"]
    assert "next=%2Fpeople%3Fq%3Dkim" in where
    assert "Your session has ended." in browser.get(where).text


def test_form_sent_after_the_end_tells_how_to_save_what_was_typed(as_role) -> None:
    browser = as_role("agent")
    with db.write() as session:
        session.execute(sa.delete(SessionRow))
    answer = browser.post("/settings/me", {"name": "A"})
    assert (answer.status_code, "what you typed stands in the form then" in answer.text) == (401, True)


def test_refusal_names_the_role_and_who_can_help(as_role) -> None:
    as_role("admin")
    answer = as_role("agent").get("/settings/users")
    assert answer.status_code == 403
    assert "You are signed in as Agent. Administrators of this hub: Admin." in answer.text


# --- users -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "password", "role"),
    [("agent@demo.example", PASSWORD, "agent"), ("no address", PASSWORD, "agent"), ("n@demo.example", "short", "agent"),
     ("n@demo.example", PASSWORD, "owner")],
)  # fmt: skip
def test_impossible_user_is_refused_with_a_sentence(database: str, email: str, password: str, role: str) -> None:
    user("agent")
    with db.write() as session, pytest.raises(Rejected) as refused:
        auth.create_user(session, email, "N", password, role)
    assert str(refused.value).endswith(".")


def test_last_administrator_stays(database: str) -> None:
    user("admin")
    for change in (lambda s: auth.set_role(s, 1, "agent", "test"), lambda s: auth.set_disabled(s, 1, True, "test")):
        with db.write() as session, pytest.raises(Rejected):
            change(session)


def test_new_password_ends_other_sign_ins(as_role) -> None:
    here, there = as_role("agent"), as_role("agent")
    assert here.post("/settings/me/password", {"old": PASSWORD, "new": "quite another one"}).status_code == 303
    assert here.get("/settings/me").status_code == 200
    assert there.get("/settings/me").status_code == 303


def test_wrong_old_password_changes_nothing(as_role) -> None:
    assert (
        as_role("agent").post("/settings/me/password", {"old": "wrong", "new": "quite another one"}).status_code == 422
    )
