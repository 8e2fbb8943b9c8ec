"""Connecting an account: ask the platform who we are, then store it with what is pulled for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from connectors.base import AccountRef, Connector
from connectors.capabilities import Capability, capability
from connectors.registry import connect
from connectors.session import GivenTokens, open_account
from core import audit, db
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater, WiderhallError
from core.event import Profile
from core.settings import settings
from inbox import accounts
from inbox.models import Account

WORDS = {"base_url": "--base-url", "token": "--token", "identifier": "--identifier", "password": "--password"}


@dataclass(frozen=True)
class Met:
    """An account whose platform took the credentials, before it is stored."""

    platform: str
    profile: Profile
    base_url: str
    secrets: dict[str, str]
    config: dict[str, Any] | None = None


def add(
    platform: str,
    *,
    base_url: str = "",
    secrets: dict[str, str],
    config: dict[str, Any] | None = None,
    actor: str = "cli",
) -> tuple[int, Profile]:
    """Check the credentials with the platform and store the account; returns its number and profile.

    `secrets` holds token, or identifier and password. NotConfigured names what is missing.
    """
    met = meet(platform, base_url=base_url, secrets=secrets, config=config)
    with db.write() as session:
        return keep(session, met, actor), met.profile


def meet(
    platform: str, *, base_url: str = "", secrets: dict[str, str], config: dict[str, Any] | None = None
) -> Met:  # fmt: skip
    """Ask the platform who we are with these credentials; NotConfigured names what is missing."""
    row = capability(platform)
    if "file" in row.auth:
        raise NotConfigured("Archives are files, not accounts: use `widerhall import archive FILE`.")
    address = (base_url or row.base_url).rstrip("/")
    given = {"base_url": address, **secrets}
    missing = [WORDS[need] for need in row.needs if not given.get(need)]
    if missing:
        raise NotConfigured(f"{row.title} also needs {' and '.join(missing)}.")
    tokens = GivenTokens({name: value for name, value in secrets.items() if value})
    reference = AccountRef(0, platform, address, config=config or {})
    connector = connect(reference, tokens, None, allow_private=settings().allow_private_hosts)
    profile = _introduced(connector, row, address)
    return Met(platform, profile, address, tokens.secrets, config)


def keep(session: Session, met: Met, actor: str = "cli") -> int:
    """Store an account that was met."""
    return save(session, met.platform, met.profile, met.base_url, met.secrets, met.config, actor)


def _introduced(connector: Connector, row: Capability, address: str) -> Profile:
    """Who the platform says we are; a server that is away or of another kind is told from wrong credentials."""
    try:
        return connector.check()
    except TryLater as error:
        raise TryLater(f"{error}. Is the address right (--base-url {address})?", error.after) from error
    except (Rejected, BadPayload) as error:
        words = f"{address} does not answer like {row.title}: {error}. Is the address right (--base-url)?"
        raise NotConfigured(words) from error


def save(
    session: Session,
    platform: str,
    profile: Profile,
    base_url: str,
    secrets: dict[str, str],
    config: dict[str, Any] | None = None,
    actor: str = "cli",
) -> int:
    """Store a checked account and start its first pull; a webhook it had goes on bringing what happens."""
    row = capability(platform)
    kept = _webhook_secret(session, platform, profile.author.id)
    hooked = bool(kept) and row.long_poll
    changes = {**(config or {}), **({} if kept else {"webhook": ""} if row.webhook else {})}
    account_id = accounts.add(
        session, platform=platform, profile=profile, base_url=base_url, secrets={**kept, **secrets},
        feeds=() if hooked else row.feeds, config=changes, actor=actor,
    )  # fmt: skip
    accounts.pull_now(session, [account_id])
    return account_id


def _webhook_secret(session: Session, platform: str, external_id: str) -> dict[str, str]:
    """What deliveries to an account that is connected already are signed with; empty without a webhook."""
    a = db.table(Account)
    known = session.scalars(sa.select(Account).where(a.c.platform == platform, a.c.external_id == external_id)).first()
    if known is None or not known.config.get("webhook"):
        return {}
    try:
        secret = accounts.secrets(known).get("webhook_secret", "")
    except NotConfigured:  # its key is lost: the webhook has to be set up anew
        return {}
    return {"webhook_secret": secret} if secret else {}


def check(account_id: int, actor: str = "cli") -> Profile:
    """Ask the platform again who we are; a working account becomes active again.

    AuthExpired when its token is dead, which is noted at the account.
    """
    account, connector = open_account(account_id)
    try:
        profile = connector.check()
    except AuthExpired as error:
        with db.write() as session:
            accounts.set_state(session, account_id, "auth_expired", str(error), actor)
        raise
    with db.write() as session:
        accounts.learn(session, account_id, profile)
        if account.state in ("auth_expired", "active"):
            accounts.set_state(session, account_id, "active", " ".join(profile.warnings))
            if account.state != "active":
                accounts.pull_now(session, [account_id])
    return profile


def remove(account_id: int, actor: str = "cli") -> str:
    """Forget an account and its secrets; what it brought stays.

    A platform that delivers to a webhook of ours is told to stop. Returns why it could not be told, or nothing.
    """
    with db.read() as session:
        hooked = bool(accounts.get(session, account_id).config.get("webhook"))
    failed = ""
    if hooked:
        try:
            open_account(account_id)[1].subscribe("")
        except WiderhallError as error:  # its token may be dead: the account goes all the same
            failed = str(error)
    with db.write() as session:
        accounts.set_state(session, account_id, "removed", actor=actor)
        account = accounts.get(session, account_id)
        account.config = {**account.config, "webhook": ""} if hooked else account.config
        session.add(account)
    return failed


def webhook(account_id: int, address: str, actor: str = "cli") -> None:
    """Have the platform deliver to `address` (this hub's own, without the path) instead of being polled.

    An empty address ends that and polls again. A platform delivers to webhooks or is polled, never both.
    """
    account, connector = open_account(account_id)
    row = capability(account.platform)
    if not row.webhook:
        raise NotConfigured(f"{row.title} sends no webhooks; it is polled or streamed.")
    target = f"{address.rstrip('/')}/hooks/{account.platform}/{account_id}" if address else ""
    connector.subscribe(target)
    with db.write() as session:
        for feed in row.feeds if row.long_poll else ():
            (accounts.unfollow if address else accounts.follow)(session, account_id, feed)
        stored = accounts.get(session, account_id)
        stored.config = {**stored.config, "webhook": target}
        session.add(stored)
        audit.record(session, actor, "account.webhook", f"account:{account_id}", {"on": bool(address)})
        if not address:
            accounts.pull_now(session, [account_id])
