"""Our own accounts and what is pulled for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db, outbox
from core.errors import Rejected
from core.event import Profile
from inbox import identities
from inbox.models import Account, Feed


def add(
    session: Session,
    *,
    platform: str,
    profile: Profile,
    base_url: str,
    secrets: dict[str, str],
    feeds: Iterable[str],
    config: dict[str, Any] | None = None,
    actor: str = "cli",
) -> int:
    """Connect an account, or reconnect one we had: its data, cursors and conversations go on."""
    author = profile.author
    found = session.scalars(
        sa.select(Account).where(Account.platform == platform, Account.external_id == author.id)  # type: ignore[arg-type]  # columns
    ).first()
    account = found or Account(platform=platform, external_id=author.id, created_at=db.now())
    account.handle, account.name, account.base_url = author.handle, author.name, base_url
    account.secrets = crypto.seal(json.dumps(secrets))
    account.config = {**account.config, **(config or {}), **_told(profile)}
    account.state, account.error = "active", " ".join(profile.warnings)
    account.recheck_at = account.recheck_at or db.now()
    session.add(account)
    session.flush()
    assert account.id is not None  # noqa: S101  # flushed just above
    identities.mark_ours(session, platform, author)
    for name in feeds:
        follow(session, account.id, name)
    audit.record(session, actor, "account.connected", f"account:{account.id}", {"platform": platform})
    return account.id


def learn(session: Session, account_id: int, profile: Profile) -> None:
    """Keep what its platform allows it now: servers change how long a text and how large a file may be."""
    account = session.get(Account, account_id, populate_existing=True, with_for_update=True)
    if account is not None:
        account.config = {**account.config, **_told(profile)}
        session.add(account)


def known_since(account: Account) -> datetime | None:
    """When its platform was last asked what it allows; None for an account that was connected before that was kept."""
    said = account.config.get("told_at")
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def _told(profile: Profile) -> dict[str, Any]:
    return {"limits": profile.limits, "mimes": list(profile.mimes), "told_at": db.now().isoformat()}


def get(session: Session, account_id: int) -> Account:
    """One account; Rejected with a sentence when there is none."""
    account = session.get(Account, account_id)
    if account is None:
        raise Rejected(f"There is no account {account_id}. `widerhall accounts list` shows the accounts there are.")
    return account


def find(session: Session, words: str) -> Account:
    """An account by its number, its handle, or `platform:handle`."""
    if words.isdigit():
        return get(session, int(words))
    platform, _, handle = words.rpartition(":")
    query = sa.select(Account).where(Account.handle.in_([handle, handle.lstrip("@"), words]))  # type: ignore[attr-defined]  # a column
    if platform:
        query = query.where(Account.platform == platform)  # type: ignore[arg-type]  # a column
    found = list(session.scalars(query))
    if len(found) != 1:
        what = "no" if not found else "more than one"
        raise Rejected(
            f"{what.capitalize()} account is called {words!r}. Name it by its number (`widerhall accounts list`)."
        )
    return found[0]


def all_accounts(session: Session) -> Sequence[Account]:
    """Every account, removed ones too, oldest first."""
    return session.scalars(sa.select(Account).order_by(db.table(Account).c.id)).all()


def secrets(account: Account) -> dict[str, str]:
    """What an account signs in with, opened."""
    opened: dict[str, str] = json.loads(crypto.unseal(account.secrets)) if account.secrets else {}
    return opened


def set_state(session: Session, account_id: int, state: str, error: str = "", actor: str = "system") -> None:
    """active, paused, auth_expired or removed; only a removed account loses its secrets."""
    account = get(session, account_id)
    if account.state == state and account.error == error:
        return
    changed = account.state != state
    account.state, account.error = state, error
    if state == "removed":
        account.secrets = ""
    session.add(account)
    if changed:
        audit.record(session, actor, f"account.{state}", f"account:{account_id}")


def switch(session: Session, account_id: int, on: bool, actor: str) -> None:
    """Let an account go on, which fetches at once what came meanwhile, or pause it."""
    set_state(session, account_id, "active" if on else "paused", actor=actor)
    if on:
        pull_now(session, [account_id])


def follow(session: Session, account_id: int, name: str) -> None:
    """Pull this feed from now on; again is harmless."""
    row = {"account_id": account_id, "name": name, "enabled": True, "due_at": db.now(), "error": ""}
    insert = db.upsert(Feed)
    insert = insert.on_conflict_do_update(index_elements=["account_id", "name"], set_={"enabled": True, "error": ""})
    session.execute(insert, [row])


def unfollow(session: Session, account_id: int, name: str) -> None:
    """Stop pulling this feed; what it brought stays, and its cursor too."""
    f = db.table(Feed)
    session.execute(sa.update(f).where(f.c.account_id == account_id, f.c.name == name).values(enabled=False))


def feeds(session: Session, account_id: int) -> Sequence[Feed]:
    """The feeds of an account by name."""
    query = sa.select(Feed).where(Feed.account_id == account_id).order_by(Feed.name)  # type: ignore[arg-type]  # columns
    return session.scalars(query).all()


def troubles(session: Session) -> dict[int, str]:
    """Accounts from which nothing comes as it should → why; what a platform merely remarks is no trouble."""
    a, f = db.table(Account), db.table(Feed)
    ended = sa.select(a.c.id, a.c.error).where(a.c.state == "auth_expired")
    failing = sa.select(a.c.id, f.c.error).join(f, f.c.account_id == a.c.id)
    failing = failing.where(a.c.state == "active", f.c.enabled, f.c.error != "")
    return {number: why for number, why in session.execute(failing.union_all(ended))}


def pull_now(session: Session, account_ids: Sequence[int] | None = None) -> int:
    """Have every enabled feed of active accounts pulled at once; returns how many."""
    f, a = db.table(Feed), db.table(Account)
    query = sa.select(f.c.id).join(a, a.c.id == f.c.account_id).where(f.c.enabled, a.c.state == "active")
    if account_ids is not None:
        query = query.where(a.c.id.in_(account_ids))
    ids = list(session.scalars(query))
    return outbox.emit(session, "feed.due", [(str(one), {"feed_id": one}) for one in ids])
