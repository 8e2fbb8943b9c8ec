"""Accounts on the command line: on every platform, wrong credentials in clear words, private addresses refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import crypto, db
from core.settings import settings
from inbox import accounts
from inbox.models import Account
from tests.living import SOCIAL, Sandbox, done, refused, widerhall

pytestmark = pytest.mark.xdist_group("living")


def stored() -> list[Account]:
    with db.read() as session:
        return list(session.scalars(sa.select(Account)))


@pytest.mark.parametrize(("platform", "brand"), SOCIAL.items())
def test_an_account_is_connected_checked_paused_resumed_and_removed(
    platforms: Sandbox, hub: None, platform: str, brand: str
) -> None:
    added = done("accounts", "add", *platforms.sign_in(brand))
    assert (added["platform"], added["state"]) == (platform, "active")
    assert done("accounts", "check", added["handle"])["ok"]
    assert done("accounts", "pause", added["id"])["state"] == "paused"
    assert done("pull")["feeds"] == 0
    assert done("accounts", "resume", added["id"])["state"] == "active"
    assert done("accounts", "remove", f"{platform}:{added['handle']}")["state"] == "removed"
    assert [row["state"] for row in done("accounts", "list")] == ["removed"]
    assert stored()[0].secrets == ""


def test_a_removed_account_cannot_be_checked_but_connected_again(platforms: Sandbox, hub: None) -> None:
    number = done("accounts", "add", *platforms.sign_in("lindenbahn"))["id"]
    done("accounts", "remove", number)
    assert "Connect it again" in refused("accounts", "check", number)
    assert done("accounts", "add", *platforms.sign_in("lindenbahn"))["id"] == number
    assert done("accounts", "check", number)["ok"]


def test_sentences_are_for_people(platforms: Sandbox, hub: None) -> None:
    assert "No account yet" in widerhall("accounts", "list").out
    assert (
        "Connected mastodon lindenbahn@social.example as account 1."
        in widerhall("accounts", "add", *platforms.sign_in("lindenbahn")).out
    )
    assert "works as lindenbahn" in widerhall("accounts", "check", 1).out
    assert "lindenbahn" in widerhall("accounts", "list").out


@pytest.mark.parametrize(
    ("brand", "changes", "words"),
    [
        ("lindenbahn", {"token": "wrong"}, "token"),
        ("marlowe", {"password": "wrong-wrong-wrong-wron"}, "app password"),
        ("marlowe", {"identifier": "nobody.example"}, "handle or the app password"),
        ("kumo", {"token": "7001234567:wrong"}, "bot token"),
        ("kumo", {"token": "no token at all"}, "@BotFather"),
        ("lindenbahn", {"token": ""}, "--token"),
        ("marlowe", {"password": ""}, "--password"),
        ("lindenbahn", {"base_url": "http://127.0.0.1:9"}, "--base-url"),
        ("lindenbahn", {"base_url": "http://nowhere.invalid"}, "--base-url"),
        ("lindenbahn", {"base_url": "not an address"}, "https://example.org"),
        ("lindenbahn", {"platform": "myspace"}, "there are mastodon, bluesky, telegram"),
        ("lindenbahn", {"platform": "archive"}, "import archive"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(
    platforms: Sandbox, hub: None, brand: str, changes: dict[str, str], words: str
) -> None:
    assert words in refused("accounts", "add", *platforms.sign_in(brand, **changes))
    assert stored() == []


@pytest.mark.parametrize(
    ("platform", "other"), [("mastodon", "telegram"), ("bluesky", "mastodon"), ("telegram", "bluesky")]
)
def test_a_server_of_another_kind_is_noticed(platforms: Sandbox, hub: None, platform: str, other: str) -> None:
    words = platforms.sign_in(SOCIAL[platform], base_url=platforms.announced[other])
    assert "--base-url" in refused("accounts", "add", *words)
    assert stored() == []


@pytest.mark.parametrize("address", ["", "http://10.1.2.3", "http://[::1]:8080", "http://169.254.169.254"])
def test_private_addresses_are_refused_unless_an_operator_allows_them(
    platforms: Sandbox, hub: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.delenv("WIDERHALL_ALLOW_PRIVATE_HOSTS")
    settings.cache_clear()
    changes = {"base_url": address} if address else {}
    said = refused("accounts", "add", *platforms.sign_in("lindenbahn", **changes))
    assert "WIDERHALL_ALLOW_PRIVATE_HOSTS=1" in said
    assert stored() == []


def test_an_account_nobody_has_is_named(hub: None) -> None:
    assert "accounts list" in refused("accounts", "check", "99")
    assert "No account is called 'nobody'" in refused("accounts", "pause", "nobody")


def test_a_dead_token_expires_the_account_and_a_new_one_brings_it_back(platforms: Sandbox, hub: None) -> None:
    number = done("accounts", "add", *platforms.sign_in("lindenbahn"))["id"]
    with db.write() as session:
        account = session.get(Account, number)
        assert account is not None
        account.secrets = crypto.seal('{"token": "dead"}')
        session.add(account)
    done("pull", "--wait")
    (row,) = done("accounts", "list")
    assert row["state"] == "auth_expired"
    assert "connect the account again" in row["error"]
    done("accounts", "add", *platforms.sign_in("lindenbahn"))
    done("pull", "--wait")
    (row,) = done("accounts", "list")
    assert (row["state"], row["error"]) == ("active", "")
    assert widerhall("messages", "--jsonl").out.count("\n") > 20


def test_a_hashtag_is_followed_and_left(platforms: Sandbox, hub: None) -> None:
    number = done("accounts", "add", *platforms.sign_in("lindenbahn"))["id"]

    def followed() -> list[str]:
        with db.read() as session:
            return [feed.name for feed in accounts.feeds(session, number) if feed.enabled and ":" in feed.name]

    assert done("accounts", "follow", number, "tag:lindenbahn")["followed"]
    assert followed() == ["tag:lindenbahn"]
    assert not done("accounts", "follow", number, "tag:lindenbahn", "--off")["followed"]
    assert followed() == []
