"""`widerhall accounts`: connect, look at, check, pause and remove our own accounts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from connectors import setup
from core import db
from core.errors import NotConfigured
from core.settings import settings
from inbox import accounts
from inbox.models import Account
from web.cli.base import Json, ready, say, show, working

group = typer.Typer(no_args_is_help=True, help="Our own accounts on the platforms.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="accounts")


def _row(account: Account) -> dict[str, Any]:
    return {
        "id": account.id, "platform": account.platform, "handle": account.handle, "name": account.name,
        "base_url": account.base_url, "external_id": account.external_id, "state": account.state,
        "error": account.error,
    }  # fmt: skip


@group.command("add")
def add(
    platform: Annotated[str, typer.Argument(help="mastodon, bluesky or telegram.")],
    base_url: Annotated[str, typer.Option(help="Address of the server.")] = "",
    token: Annotated[str, typer.Option(help="Access token or bot token.", envvar="WIDERHALL_TOKEN")] = "",
    identifier: Annotated[str, typer.Option(help="Handle or e-mail to sign in with.")] = "",
    password: Annotated[str, typer.Option(help="App password.", envvar="WIDERHALL_PASSWORD")] = "",
    history_days: Annotated[int | None, typer.Option(help="Days of history to fetch first.")] = None,
    json: Json = False,
) -> None:
    """Connect an account with a token or an app password (OAuth is in the web page)."""
    secrets = {"token": token, "identifier": identifier, "password": password}
    config = {"history_days": history_days} if history_days is not None else {}
    with working():
        account_id, profile = setup.add(platform, base_url=base_url, secrets=secrets, config=config)
    with db.read() as session:
        row = _row(accounts.get(session, account_id))
    warnings = "".join(f"\nNote: {warning}" for warning in profile.warnings)
    say(
        {**row, "warnings": profile.warnings},
        json,
        f"Connected {platform} {row['handle']} as account {account_id}.{warnings}",
    )


@group.command("list")
def list_(json: Json = False) -> None:
    """Every account with its state."""
    ready()
    with db.read() as session:
        rows = [_row(account) for account in accounts.all_accounts(session)]
    show(
        rows, json, ("id", "platform", "handle", "base_url", "state", "error"), "No account yet: widerhall accounts add"
    )


@group.command("check")
def check(account: str, json: Json = False) -> None:
    """Ask the platform who we are; brings an account back that was waiting for its credentials."""
    with working():
        with db.read() as session:
            account_id = accounts.find(session, account).id
        assert account_id is not None  # noqa: S101  # it comes from the store
        profile = setup.check(account_id)
    value = {
        "id": account_id,
        "ok": True,
        "handle": profile.author.handle,
        "limits": profile.limits,
        "warnings": profile.warnings,
    }
    say(
        value,
        json,
        f"Account {account_id} works as {profile.author.handle}." + "".join(f"\n{w}" for w in profile.warnings),
    )


def _set(account: str, state: str, json: bool, sentence: str) -> None:
    ready()
    with db.write() as session:
        found = accounts.find(session, account)
        assert found.id is not None  # noqa: S101  # it comes from the store
        accounts.set_state(session, found.id, state, actor="cli")
        say({"id": found.id, "state": state}, json, sentence.format(found.handle))


@group.command("pause")
def pause(account: str, json: Json = False) -> None:
    """Stop pulling and streaming for a while."""
    _set(account, "paused", json, "{} is paused. `widerhall accounts resume` goes on where it stopped.")


@group.command("resume")
def resume(account: str, json: Json = False) -> None:
    """Go on after a pause; the gap is filled."""
    _set(account, "active", json, "{} is active again.")


@group.command("remove")
def remove(account: str, json: Json = False) -> None:
    """Disconnect: credentials are wiped, messages stay."""
    _set(account, "removed", json, "{} is removed. Its messages stay; its credentials are wiped.")


@group.command("follow")
def follow(
    account: str,
    feed: Annotated[str, typer.Argument(help="tag:<hashtag> or search:<words>")],
    off: Annotated[bool, typer.Option("--off", help="Stop following.")] = False,
    json: Json = False,
) -> None:
    """Listen to a hashtag or a search through an account."""
    with working(), db.write() as session:
        found = accounts.find(session, account)
        assert found.id is not None  # noqa: S101  # it comes from the store
        (accounts.unfollow if off else accounts.follow)(session, found.id, feed)
        if not off:
            accounts.pull_now(session, [found.id])
    say({"id": found.id, "feed": feed, "followed": not off}, json, f"{found.handle}: {feed} {'off' if off else 'on'}.")


@group.command("webhook")
def webhook(
    account: str,
    off: Annotated[bool, typer.Option("--off", help="Poll again instead.")] = False,
    address: Annotated[str, typer.Option(help="This hub's https address; WIDERHALL_PUBLIC_URL unless given.")] = "",
    json: Json = False,
) -> None:
    """Have a platform deliver what happens instead of polling it (Telegram)."""
    target = address or settings().public_url
    if not off and not target:
        raise NotConfigured("Set WIDERHALL_PUBLIC_URL (or --address) to the https address people reach this hub at.")
    with working():
        with db.read() as session:
            found = accounts.find(session, account)
        assert found.id is not None  # noqa: S101  # it comes from the store
        setup.webhook(found.id, "" if off else target)
    words = "is polled again." if off else f"delivers to {target}."
    say({"id": found.id, "webhook": None if off else target}, json, f"{found.handle} {words}")
