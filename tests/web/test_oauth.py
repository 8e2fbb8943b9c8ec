"""Claims about connecting an account by signing in at its platform: once, by whoever began it, in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import oauth
from core import db
from core.errors import NotConfigured, Rejected
from core.event import Author, Profile
from inbox.models import Account
from tests.web.conftest import Browser
from web.models import OAuthPending
from web.pages.oauth import named

WHERE = "https://social.example/oauth/authorize?state=abc"


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A platform that lets everybody in; what it was asked."""
    asked: dict[str, Any] = {}

    def start(name: str, base_url: str, redirect_uri: str, **options: Any) -> tuple[str, dict[str, str]]:
        asked.update(platform=name, base_url=base_url, redirect_uri=redirect_uri, **options)
        return WHERE, {"platform": name, "state": "abc", "verifier": "s3cret-verifier"}

    def finish(pending: dict[str, str], params: dict[str, str], **_: Any) -> oauth.Connected:
        if params.get("error"):
            raise Rejected("The platform did not allow it: denied")
        profile = Profile(author=Author(platform="mastodon", id="https://social.example/users/b", handle="@b"))
        return oauth.Connected("mastodon", "https://social.example", {"token": "t"}, profile)

    monkeypatch.setattr(oauth, "start", start)
    monkeypatch.setattr(oauth, "finish", finish)
    return asked


def _start(browser: Browser) -> str:
    return browser.post("/oauth/start", {"platform": "mastodon", "server": "social.example"}).text


def test_sign_in_at_the_platform_connects_the_account(as_role, platform: dict[str, Any]) -> None:
    browser = as_role("admin")
    assert WHERE.replace("&", "&amp;") in _start(browser)
    assert platform["redirect_uri"] == "http://127.0.0.1/oauth/callback"
    answer = browser.get("/oauth/callback?state=abc&code=c")
    assert answer.headers["location"].startswith("/settings/accounts?note=account-connected")
    with db.read() as session:
        assert [one.handle for one in session.scalars(sa.select(Account))] == ["@b"]


def test_pending_half_is_sealed_and_serves_once(as_role, platform: dict[str, Any]) -> None:
    browser = as_role("admin")
    _start(browser)
    with db.read() as session:
        row = session.scalars(sa.select(OAuthPending)).one()
        assert "s3cret-verifier" not in row.sealed
        assert row.digest != "abc"
    assert browser.get("/oauth/callback?state=abc&code=c").status_code == 303
    assert browser.get("/oauth/callback?state=abc&code=c").status_code == 422


def test_nobody_else_can_finish_it(as_role, platform: dict[str, Any]) -> None:
    _start(as_role("admin"))
    with db.write() as session:
        from web import auth

        auth.create_user(session, "other@demo.example", "Other", "several quiet words", "admin")
        session.execute(sa.update(OAuthPending).values(user_id=2))
    assert as_role("admin").get("/oauth/callback?state=abc&code=c").status_code == 422


def test_too_late_is_too_late(as_role, platform: dict[str, Any]) -> None:
    browser = as_role("admin")
    _start(browser)
    with db.write() as session:
        session.execute(sa.update(OAuthPending).values(expires_at=db.now() - timedelta(seconds=1)))
    assert "took too long" in browser.get("/oauth/callback?state=abc&code=c").text


def test_refusal_at_the_platform_is_told(as_role, platform: dict[str, Any]) -> None:
    browser = as_role("admin")
    _start(browser)
    answer = browser.get("/oauth/callback?state=abc&error=access_denied")
    assert answer.status_code == 422
    assert "The platform did not allow it" in answer.text


def test_unreachable_server_keeps_what_was_typed(as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: Any, **__: Any) -> None:
        raise NotConfigured("There is no server at that address.")

    monkeypatch.setattr(oauth, "start", start)
    text = _start(as_role("admin"))
    assert "There is no server at that address." in text
    assert 'value="social.example"' in text


@pytest.mark.parametrize(
    ("platform", "typed", "expected"),
    [("mastodon", "social.example", ("https://social.example", "")),
     ("mastodon", "@kim@social.example", ("https://social.example", "")),
     ("mastodon", "http://127.0.0.1:3000/", ("http://127.0.0.1:3000", "")),
     ("bluesky", "@brand.bsky.social", ("https://bsky.social", "brand.bsky.social")),
     ("bluesky", "https://pds.example", ("https://pds.example", ""))],
)  # fmt: skip
def test_what_a_person_types_is_understood(platform: str, typed: str, expected: tuple[str, str]) -> None:
    assert named(platform, typed) == expected


def test_client_metadata_is_public(browser: Browser) -> None:
    answer = browser.get("/oauth/client-metadata.json")
    assert answer.status_code == 200
    assert answer.json()["redirect_uris"] == ["http://127.0.0.1/oauth/callback"]
