"""Claims about signing in at a provider: who comes in, what is refused, and what the provider itself refuses."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from playwright.sync_api import expect

from core import audit, crypto, db
from core.errors import Rejected
from core.settings import settings
from inbox.worker_models import User
from sandbox.oidc import CLIENT_ID, CLIENT_SECRET, create_app
from sandbox.oidc.state import FAULTS, Provider
from tests.conftest import BOTH
from tests.living import widerhall
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import Browser, user
from web import auth
from web.models import SessionRow
from web.permissions import ROLES
from web.signin import oidc, policy, provider, totp
from web.signin.models import OidcLink, OidcProvider

DOOR = "/signin/oidc"


@pytest.fixture(scope="module")
def world() -> Provider:
    return Provider()


@pytest.fixture(scope="module")
def issuer(world: Provider) -> Iterator[str]:
    """The provider on a port of its own, in a thread."""
    config = uvicorn.Config(create_app(world), port=0, log_level="error", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def north(database: str, issuer: str, world: Provider, monkeypatch: pytest.MonkeyPatch) -> provider.Wanted:
    """A hub at which people can sign in by the provider; an agent's address is anna's there."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    fresh = Provider()
    world.people, world.wrong, world.redirect_uris, world.since, world.says = fresh.people, "", (), {}, fresh.says
    user("admin")
    with db.write() as session:
        auth.create_user(session, "anna@north.example", "Anna", "several quiet words", "agent")
    wanted = provider.Wanted(issuer, CLIENT_ID, CLIENT_SECRET, "Норд")
    kept(wanted)
    return wanted


def kept(wanted: provider.Wanted) -> None:
    with db.write() as session:
        provider.save(session, wanted, ROLES, "test")


def gone(browser: Browser, person: str, path: str = DOOR) -> str:
    """Where the provider sends somebody back to."""
    where = browser.get(path).headers["location"]
    return str(httpx.get(f"{where}&person={person}").headers["location"])


def back(browser: Browser, where: str) -> httpx.Response:
    parts = urlsplit(where)
    return browser.get(f"{parts.path}?{parts.query}")


def came(browser: Browser, person: str, path: str = DOOR) -> httpx.Response:
    return back(browser, gone(browser, person, path))


def signed() -> int:
    with db.read() as session:
        return len(session.scalars(sa.select(SessionRow)).all())


# --- who comes in ------------------------------------------------------------------------------------


@BOTH
def test_verified_address_links_once_and_the_link_holds(
    north: provider.Wanted, browser: Browser, world: Provider
) -> None:
    assert "Sign in with Норд" in browser.get("/signin").text
    answer = came(browser, "anna", f"{DOOR}?next=/people")
    assert (answer.status_code, answer.headers["location"], browser.get("/inbox").status_code) == (303, "/people", 200)
    world.people["anna"] |= {"email": "new@north.example", "email_verified": False}
    assert came(Browser(browser.app), "anna").status_code == 303
    with db.read() as session:
        (link,) = session.scalars(sa.select(OidcLink))
        assert (link.issuer, link.sub) == (north.issuer, "248289761001")
        assert set(session.scalars(sa.select(db.table(SessionRow).c.way))) == {"provider"}
        deeds = list(session.scalars(sa.select(db.table(audit.AuditEntry).c.action)))
        assert deeds.count("sign_in.linked") == 1


def test_address_that_is_not_verified_links_nobody(north: provider.Wanted, browser: Browser) -> None:
    answer = came(browser, "mallory")
    assert (answer.status_code, "does not say that your e-mail address is yours" in answer.text) == (403, True)
    assert signed() == 0


def test_stranger_comes_in_only_where_there_is_a_role_for_new_people(north: provider.Wanted, browser: Browser) -> None:
    answer = came(browser, "kenji")
    assert (answer.status_code, "Nobody here has your address" in answer.text) == (403, True)
    kept(replace(north, default_role="marketer"))
    assert came(browser, "kenji").status_code == 303
    with db.read() as session:
        found = auth.find(session, "kenji@north.example")
        assert found is not None
        assert (found.name, found.role) == ("佐藤 健二", "marketer")


def test_role_comes_from_the_claim_at_each_sign_in_but_the_last_administrator_stays(
    north: provider.Wanted, browser: Browser, world: Provider
) -> None:
    kept(replace(north, role_claim="groups", role_map="marketing = marketer\nsupport = dpo\n"))
    for person, role in (("anna", "dpo"), ("kenji", "marketer")):
        assert came(Browser(browser.app), person).status_code == 303
        with db.read() as session:
            found = auth.find(session, f"{person}@north.example")
            assert found is not None
            assert found.role == role
    world.people["boss"] = {"sub": "1", "email": "admin@demo.example", "email_verified": True, "groups": ["support"]}
    assert came(browser, "boss").status_code == 303
    with db.read() as session:
        assert auth.get(session, 1).role == "admin"


def test_only_chosen_domains_come_in(north: provider.Wanted, browser: Browser) -> None:
    kept(replace(north, domains="south.example, @EAST.example"))
    answer = came(browser, "anna")
    assert (answer.status_code, "an address like yours" in answer.text) == (403, True)
    kept(replace(north, domains="north.example"))
    assert came(browser, "anna").status_code == 303


def test_who_is_shut_out_here_stays_out(north: provider.Wanted, browser: Browser) -> None:
    assert came(browser, "anna").status_code == 303
    with db.write() as session:
        auth.set_disabled(session, 2, True, "test")
    assert came(Browser(browser.app), "anna").status_code == 403
    assert signed() == 0


def test_our_second_factor_is_asked_for_where_that_is_wanted(north: provider.Wanted, browser: Browser) -> None:
    with db.write() as session:
        totp.keep(session, 2, totp.new_secret(), 0)
    assert came(Browser(browser.app), "anna").headers["location"] == "/"
    kept(replace(north, asks=True))
    assert came(browser, "anna").headers["location"] == "/signin/second"
    assert browser.get("/inbox").status_code == 303


def test_what_was_proved_there_long_ago_changes_no_factor_until_it_is_proved_anew(
    north: provider.Wanted, browser: Browser, world: Provider
) -> None:
    world.since["anna"] = int(time.time()) - 3600
    for answers in (422, 200):  # signed in again, the provider asks again
        assert came(browser, "anna").status_code == 303
        browser.csrf = browser.form_token("/settings/me/security")
        assert browser.post("/settings/me/factor").status_code == answers


@pytest.mark.parametrize("asks", [False, True])
def test_provider_that_says_when_only_where_it_is_asked_has_them_prove_it_anew(
    north: provider.Wanted, browser: Browser, world: Provider, asks: bool
) -> None:
    kept(replace(north, asks=asks))
    world.says = "asked"
    for answers in (422, 200):
        assert came(browser, "anna").status_code == 303
        browser.csrf = browser.form_token("/settings/me/security")
        assert browser.post("/settings/me/factor").status_code == answers


@pytest.mark.parametrize("says", ["never", "deaf"])
def test_provider_that_asks_nobody_anew_or_does_not_say_so_changes_no_factor_and_is_named(
    north: provider.Wanted, browser: Browser, world: Provider, says: str
) -> None:
    world.says, world.since["anna"] = says, int(time.time()) - 3600
    assert came(browser, "anna").status_code == 303
    answer = came(browser, "anna", f"{DOOR}?next=/settings/me/security")
    assert (answer.status_code, "has to let it heed max_age and send auth_time" in answer.text) == (403, True)
    browser.csrf = browser.form_token("/settings/me/security")  # the sign-in before holds
    assert browser.post("/settings/me/factor").status_code == 422
    assert signed() == 1


def test_another_account_there_with_the_same_address_does_not_come_in_as_somebody_here(
    north: provider.Wanted, browser: Browser, world: Provider
) -> None:
    assert came(browser, "anna").status_code == 303
    world.people["heir"] = world.people["anna"] | {"sub": "9"}
    answer = came(Browser(browser.app), "heir", f"{DOOR}?next=/people")
    assert (answer.status_code, "can forget that link" in answer.text) == (403, True)
    assert 'value="/people"' in answer.text, "where they were going is kept"
    with db.write() as session:
        provider.unlink(session, 2, "test")
    assert came(Browser(browser.app), "heir").status_code == 303


def test_signing_out_says_that_the_provider_knows_them_still(north: provider.Wanted, browser: Browser) -> None:
    came(browser, "anna")
    browser.csrf = browser.form_token("/settings/me/security")
    assert "note=signed-out-here" in browser.post("/signout").headers["location"]


@pytest.mark.browser
@needs_chromium
def test_chromium_goes_to_the_provider_and_comes_back(seen: Seen, north: provider.Wanted) -> None:
    page = seen.page()
    page.goto(seen.address + "/signin?next=/settings/me/security")
    page.get_by_role("link", name="Sign in with Норд").click()
    page.get_by_role("button", name="Anna Berg").click()
    expect(page.locator(".signed small", has_text="provider").first).to_be_visible()


# --- what is refused ---------------------------------------------------------------------------------


def test_token_that_is_wrong_in_any_way_lets_nobody_in(
    north: provider.Wanted, browser: Browser, world: Provider
) -> None:
    for wrong in FAULTS:
        world.wrong = wrong
        answer = came(browser, "anna")
        assert (wrong, answer.status_code, "does not fit together" in answer.text) == (wrong, 403, True)
    assert signed() == 0
    world.rotate()
    assert came(browser, "anna").status_code == 303


def test_answer_counts_once_in_the_browser_that_asked_and_from_whom_it_asked(
    north: provider.Wanted, browser: Browser
) -> None:
    where, other = gone(browser, "anna"), Browser(browser.app)
    gone(other, "kenji")
    assert "was not started here" in back(other, where).text  # somebody's answer in another's browser
    assert back(browser, where.replace("iss=http", "iss=https")).status_code == 403
    where = gone(browser, "anna")
    assert back(browser, where).status_code == 303
    assert back(Browser(browser.app, browser.cookies), where).status_code == 403
    assert "did not let you in" in came(browser, "nobody").text
    assert back(Browser(browser.app), f"{DOOR}/callback?state=x&code=y").status_code == 403


def test_another_secret_another_verifier_and_a_provider_that_is_away(
    north: provider.Wanted, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(replace(north, secret="wrong"))
    assert "does not fit together" in came(browser, "anna").text
    kept(north)
    where = gone(browser, "anna")
    monkeypatch.setattr("connectors.client._pause", lambda _: None)
    with db.write() as session:
        session.execute(sa.update(OidcProvider).values(issuer="http://127.0.0.1:9"))
    assert back(browser, where).status_code == 403
    answer = browser.get(DOOR)
    assert (answer.status_code, "cannot be reached just now" in answer.text) == (503, True)
    with db.write() as session:
        session.execute(sa.update(OidcProvider).values(enabled=False))
    assert browser.get(DOOR).status_code == 404
    assert DOOR not in browser.get("/signin").text


def test_hub_that_was_opened_under_another_name_comes_back_under_its_own(
    north: provider.Wanted, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "https://hub.example")
    settings.cache_clear()
    assert browser.get(f"{DOOR}?next=/people").headers["location"] == "https://hub.example/signin/oidc?next=%2Fpeople"


def test_a_token_without_a_key_s_name_fits_the_only_key_there_is(world: Provider) -> None:
    keys = {"keys": [world.key.as_dict(private=False), {"kty": "oct", "k": "c2VjcmV0"}, {"use": "enc", "kty": "RSA"}]}
    assert oidc._key(keys, None, "RS256")["kty"] == "RSA"
    with pytest.raises(oidc.Misfit):
        oidc._key({"keys": []}, None, "RS256")


def test_what_is_no_token_at_all_is_refused() -> None:
    asked = oidc.Provider("https://login.example", "c", "s")
    for token in ("", "x", "a.b.c", "e30.e30.", "W10.e30.e30", "ImEi.e30.e30"):
        with pytest.raises(oidc.Misfit):
            oidc.verified(token, {"keys": []}, asked, "n", 0.0)


# --- setting it up -----------------------------------------------------------------------------------


def form(wanted: provider.Wanted, **changes: str) -> dict[str, Any]:
    return {"issuer": wanted.issuer, "client_id": wanted.client_id, "secret": wanted.secret, "label": wanted.label,
            "enabled": "yes", **changes}  # fmt: skip


def test_provider_is_looked_at_before_it_is_kept_and_its_secret_is_sealed(
    north: provider.Wanted, as_role, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_role("admin")
    answer = browser.post("/settings/signin/provider", form(north, issuer=north.issuer + "/other", secret="hush-hush"))
    assert (answer.status_code, "no OpenID configuration" in answer.text) == (422, True)
    assert "hush-hush" not in answer.text
    answer = browser.post("/settings/signin/provider", form(north, issuer=north.issuer + "/"))
    assert f"calls itself {north.issuer}. Write" in re.sub("[\u2066-\u2069]", "", answer.text)
    monkeypatch.setattr("connectors.client._pause", lambda _: None)
    answer = browser.post("/settings/signin/provider", form(north, issuer="http://127.0.0.1:9"))
    assert "cannot be reached at" in answer.text
    monkeypatch.delenv("WIDERHALL_ALLOW_PRIVATE_HOSTS")
    settings.cache_clear()
    answer = browser.post("/settings/signin/provider", form(north, issuer="https://127.0.0.1:9"))
    assert "private network" in answer.text
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    assert browser.post("/settings/signin/provider", form(north, secret="", label="Süd")).status_code == 303
    with db.read() as session:
        row = provider.read(session)
        assert row is not None
        assert (row.label, crypto.unseal(row.secret), CLIENT_SECRET in row.secret) == ("Süd", CLIENT_SECRET, False)
    assert CLIENT_SECRET not in browser.get("/settings/signin").text


@pytest.mark.parametrize(
    "changes",
    [{"issuer": "ftp://x.example"}, {"issuer": "https://x.example?a"}, {"client_id": ""}, {"label": " "},
     {"default_role": "owner"}, {"domains": "no domain"}, {"role_claim": "groups"}, {"role_map": "a = agent"},
     {"role_claim": "g", "role_map": "a = owner"}, {"issuer": "https://other.example", "secret": ""}],
)  # fmt: skip
def test_form_that_makes_no_sense_is_refused(database: str, changes: dict[str, str]) -> None:
    good = provider.Wanted("https://login.example", "c", "s", "Норд")
    kept(good)
    with pytest.raises(Rejected), db.write() as session:
        provider.save(session, replace(good, **changes), ROLES, "test")


def test_only_by_the_provider_and_the_way_back(north: provider.Wanted, browser: Browser, world: Provider) -> None:
    user("admin")
    world.people["boss"] = {"sub": "1", "email": "admin@demo.example", "email_verified": True}
    with db.write() as session, pytest.raises(Rejected):
        provider.only(session, True, 1, "user:1")
    assert came(browser, "boss").status_code == 303
    with db.write() as session:
        provider.only(session, True, 1, "user:1")
    other = Browser(browser.app)
    assert 'name="password"' not in other.get("/signin").text
    token = _form(other)
    answer = other.post("/signin", {"csrf": token, "email": "admin@demo.example", "password": "several quiet words"})
    assert (answer.status_code, "everybody signs in by the provider" in answer.text) == (403, True)
    assert other.post("/signin/passkey", {"csrf": token}).status_code == 403
    assert widerhall("users", "allow-passwords").code == 0
    assert other.sign_in("admin@demo.example").status_code == 303
    with db.write() as session:
        provider.only(session, True, 1, "user:1")
    kept(replace(north, client_id="another"))  # by which nobody came in yet
    with db.read() as session:
        assert not policy.read(session).only_provider
    kept(north)
    with db.write() as session:
        provider.only(session, True, 1, "user:1")
    kept(replace(north, enabled=False))  # without a provider the door is no wall
    with db.read() as session:
        assert not policy.read(session).only_provider


def _form(browser: Browser) -> str:
    """The token that a door without a form of ours keeps in the cookie."""
    return browser.cookies["widerhall-form"]


def test_administrator_forgets_a_link(north: provider.Wanted, as_role, browser: Browser) -> None:
    came(browser, "anna")
    admin = as_role("admin")
    assert "/settings/signin/people/2/unlink" in admin.get("/settings/signin").text
    assert admin.post("/settings/signin/people/2/unlink").status_code == 303
    with db.read() as session:
        assert session.scalars(sa.select(OidcLink)).all() == []
        assert session.get(User, 2) is not None


# --- the simulated provider --------------------------------------------------------------------------


def test_the_provider_refuses_what_providers_refuse(issuer: str, world: Provider) -> None:
    asked = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": "http://localhost/signin/oidc/callback",
             "scope": "openid", "state": "s", "nonce": "n", "code_challenge_method": "S256", "person": "anna",
             "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}  # fmt: skip
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B

    def code(**changes: str) -> str:
        answer = httpx.get(f"{issuer}/authorize", params=asked | changes)
        if answer.status_code == 400:
            return "refused"
        said = parse_qs(urlsplit(answer.headers["location"]).query)
        return said.get("code", said.get("error", [""]))[0]

    def token(code: str, secret: str = CLIENT_SECRET, **changes: str) -> str:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": asked["redirect_uri"],
                "code_verifier": verifier, **changes}  # fmt: skip
        said = httpx.post(f"{issuer}/token", data=form, auth=(CLIENT_ID, secret)).json()
        return str(said.get("error_description", "given"))

    assert code(redirect_uri="https://evil.example/signin/oidc/callback") == "refused"
    assert code(client_id="other") == "refused"
    assert (code(scope="email"), code(code_challenge="")) == ("invalid_scope", "invalid_request")
    assert (code(response_type="token"), code(person="x")) == ("unsupported_response_type", "access_denied")
    good = code()
    assert token(good) == "given"
    assert token(good) == "The code was used already."
    assert token(code(), code_verifier="another") == "code_verifier does not fit."
    assert token(code(), redirect_uri="http://localhost/other") == "redirect_uri is another one than before."
    assert token(code(), secret="wrong") == "The client is unknown or its secret is wrong."
    old = code()
    world.grants[old].until = time.time() - 1
    assert token(old) == "The code has expired."
