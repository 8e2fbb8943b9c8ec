"""Connecting an account: what is missing is named, a known one goes on where it was, webhooks replace polling."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import setup
from core import db
from core.errors import AuthExpired, NotConfigured, Rejected
from core.event import Author, Profile
from inbox import accounts
from inbox.models import Account
from tests.living import SOCIAL, Sandbox

pytestmark = pytest.mark.xdist_group("living")
HOOK = "http://127.0.0.1:9"


def add(platforms: Sandbox, platform: str, **changes: str) -> int:
    account = {**platforms.account(SOCIAL[platform]), **changes}
    secrets = {name: str(account[name]) for name in ("token", "identifier", "password") if account.get(name)}
    return setup.add(platform, base_url=account["base_url"], secrets=secrets)[0]


def stored(number: int) -> Account:
    with db.read() as session:
        return accounts.get(session, number)


def feeds(number: int) -> dict[str, bool]:
    with db.read() as session:
        return {feed.name: feed.enabled for feed in accounts.feeds(session, number)}


@pytest.mark.parametrize(
    ("platform", "secrets", "words"),
    [
        ("mastodon", {}, "--base-url and --token"),
        ("bluesky", {"identifier": "us.example"}, "--password"),
        ("telegram", {"token": ""}, "--token"),
        ("archive", {}, "import archive"),
        ("myspace", {}, "there are mastodon"),
    ],
)
def test_what_is_missing_is_named(database: str, platform: str, secrets: dict[str, str], words: str) -> None:
    with pytest.raises(NotConfigured, match=words):
        setup.add(platform, secrets=secrets)


@pytest.mark.parametrize("platform", SOCIAL)
def test_a_known_account_is_reconnected_not_doubled(hub: None, platforms: Sandbox, platform: str) -> None:
    number = add(platforms, platform)
    with db.write() as session:
        accounts.set_state(session, number, "auth_expired", "x")
    assert add(platforms, platform) == number
    assert stored(number).state == "active"
    assert all(feeds(number).values())


def test_a_check_brings_an_expired_account_back_and_leaves_a_paused_one(hub: None, platforms: Sandbox) -> None:
    number = add(platforms, "mastodon")
    for before, after in (("auth_expired", "active"), ("paused", "paused"), ("active", "active")):
        with db.write() as session:
            accounts.set_state(session, number, before)
        setup.check(number)
        assert stored(number).state == after


def test_a_check_learns_what_the_platform_allows_now(hub: None, platforms: Sandbox) -> None:
    number = add(platforms, "mastodon")
    allowed = stored(number).config["limits"]
    with db.write() as session:
        row = accounts.get(session, number)
        row.config = {**row.config, "limits": {"max_characters": 7}, "webhook": "kept"}
    setup.check(number)
    assert stored(number).config["limits"] == allowed
    assert stored(number).config["webhook"] == "kept"


def test_a_check_with_a_dead_token_says_so(hub: None, platforms: Sandbox) -> None:
    number = add(platforms, "mastodon")
    with db.write() as session:
        setup.save(
            session, "mastodon", Profile(author=Author(platform="mastodon", id=stored(number).external_id)),
            platforms.announced["mastodon"], {"token": "dead"},
        )  # fmt: skip
    with pytest.raises(AuthExpired):
        setup.check(number)


# --- webhooks ---------------------------------------------------------------------------------------


def hooked(platforms: Sandbox) -> int:
    number = add(platforms, "telegram")
    setup.webhook(number, HOOK)
    return number


@pytest.fixture
def bot(hub: None, platforms: Sandbox) -> Any:
    number = hooked(platforms)
    yield number
    setup.webhook(number, "")


def test_a_webhook_ends_polling_and_polling_ends_the_webhook(bot: int) -> None:
    assert feeds(bot) == {"updates": False}
    assert stored(bot).config["webhook"] == f"{HOOK}/hooks/telegram/{bot}"
    setup.webhook(bot, "")
    assert (feeds(bot), stored(bot).config["webhook"]) == ({"updates": True}, "")


def test_a_bot_that_is_connected_again_keeps_its_webhook(bot: int, platforms: Sandbox) -> None:
    with db.read() as session:
        before = accounts.secrets(accounts.get(session, bot))["webhook_secret"]
    assert add(platforms, "telegram") == bot
    with db.read() as session:
        assert accounts.secrets(accounts.get(session, bot))["webhook_secret"] == before
    assert feeds(bot) == {"updates": False}


def test_a_removed_bot_that_comes_back_is_polled(bot: int, platforms: Sandbox) -> None:
    with db.write() as session:
        accounts.set_state(session, bot, "removed")
    assert add(platforms, "telegram") == bot
    assert (feeds(bot), stored(bot).config["webhook"]) == ({"updates": True}, "")


def test_a_platform_without_webhooks_says_so(hub: None, platforms: Sandbox) -> None:
    number = add(platforms, "mastodon")
    with pytest.raises(NotConfigured, match="polled or streamed"):
        setup.webhook(number, HOOK)
    with pytest.raises(Rejected, match="There is no account"):
        setup.webhook(99, HOOK)
