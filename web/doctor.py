"""What is wrong with this installation and how to mend it: used by `widerhall doctor` and the system page."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

import migrations
from core import audit, backlog, broker, crypto, db, queue
from core.errors import WiderhallError
from core.settings import settings
from inbox import accounts
from inbox.models import Account, BadItem, Delivery, Feed, ReplyRow

Level = Literal["ok", "note", "wrong"]
LOW_DISK = 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` says what to do and is empty when nothing is."""

    area: str
    level: Level
    found: str
    mend: str = ""


def examine() -> list[Finding]:
    """Look at everything; one check that fails does not keep the others from running."""
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings += list(check())
        except Exception as error:
            findings.append(_broken(check.__name__.removeprefix("_"), error))
        if check is _database and any(finding.level == "wrong" for finding in findings):
            break  # nothing below can be read
    return findings


def _broken(area: str, error: Exception) -> Finding:
    """A check that could not be made; errors of ours say themselves what to do."""
    words = str(error) if isinstance(error, WiderhallError) else f"{type(error).__name__}: {error}"
    return Finding(area, "wrong", words, "Mend that, then ask again.")


def _database() -> Iterator[Finding]:
    db.ping()
    if migrations.pending(db.engine()):
        yield Finding("database", "wrong", "It is older than this version.", "Run `widerhall migrate`.")
    else:
        yield Finding("database", "ok", f"{db.dialect()} answers and has this version's shape.")


def _sqlite() -> Iterator[Finding]:
    if db.dialect() != "sqlite":
        return
    if settings().workers > 1:
        yield Finding("database", "wrong", "Several workers share one SQLite file.",
                      "Set WIDERHALL_WORKERS=1, or WIDERHALL_DATABASE_URL to a PostgreSQL.")  # fmt: skip
    with db.engine().connect() as connection:
        verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        yield Finding("database", "wrong", f"The file is damaged: {verdict}", "Restore a backup.")
    yield Finding("database", "ok", f"SQLite {sqlite3.sqlite_version}")


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings().data_dir).free
    text = f"{free / 1024**3:.1f} GB free in {settings().data_dir.resolve()}"
    yield Finding("disk", "wrong", text, "Free some space.") if free < LOW_DISK else Finding("disk", "ok", text)


def _keys() -> Iterator[Finding]:
    path = settings().data_dir / "secret.key"
    if not settings().secret_keys and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding("keys", "wrong", "Others on this machine can read secret.key.", f"chmod 600 {path}")
    with db.read() as session:
        for account in accounts.all_accounts(session):
            try:
                accounts.secrets(account)
            except WiderhallError as error:
                yield Finding(
                    "keys", "wrong", f"Account {account.id}: {error}", "Bring the old key back, or reconnect."
                )
    if crypto.unseal(crypto.seal("x")) == "x":
        yield Finding("keys", "ok", "Secrets can be sealed and opened.")


def _broker() -> Iterator[Finding]:
    if not broker.alive():
        where = "the embedded Valkey" if broker.embedded() else "the configured Redis"
        yield Finding("broker", "note", f"{where} does not answer.", "Start the hub with `widerhall up`.")
        return
    age = queue.last_sweep()
    if age is None or age > 10:
        yield Finding("worker", "wrong", "No worker has looked for work lately.", "Start the hub with `widerhall up`.")
    else:
        yield Finding("worker", "ok", f"A worker looked for work {age:.0f} s ago.")


def _accounts() -> Iterator[Finding]:
    f, a = db.table(Feed), db.table(Account)
    with db.read() as session:
        rows = accounts.all_accounts(session)
        if not [row for row in rows if row.state == "active"]:
            yield Finding("accounts", "note", "No account is connected.", "widerhall accounts add …")
        for row in rows:
            if row.state == "auth_expired":
                mend = f"Connect it again, or `widerhall accounts check {row.id}`."
                yield Finding("accounts", "wrong", f"{row.platform} {row.handle}: {row.error}", mend)
            elif row.error:
                yield Finding("accounts", "note", f"{row.platform} {row.handle}: {row.error}")
        query = sa.select(a.c.platform, a.c.handle, f.c.name, f.c.error).join(a, a.c.id == f.c.account_id)
        for platform, handle, name, error in session.execute(query.where(f.c.error != "", a.c.state == "active")):
            yield Finding("accounts", "note", f"{platform} {handle}, {name}: {error}")


def _work() -> Iterator[Finding]:
    for row in backlog.overview():
        if row.paused:
            mend = f"See the reason, then `widerhall outbox resume {row.subscriber}`."
            yield Finding("outbox", "wrong", f"{row.subscriber} is paused: {row.paused}", mend)
        if row.dead:
            yield Finding(
                "outbox", "wrong", f"{row.subscriber}: {row.dead} rows were given up.", "widerhall outbox dead"
            )
    r = db.table(ReplyRow)
    with db.read() as session:
        bad = session.execute(sa.select(sa.func.count()).select_from(db.table(BadItem))).scalar_one()
        deliveries = session.execute(
            sa.select(sa.func.count()).select_from(db.table(Delivery)).where(db.table(Delivery).c.error != "")
        ).scalar_one()
        open_replies = session.execute(
            sa.select(sa.func.count()).select_from(r).where(r.c.state.in_(["failed", "unknown"]))
        ).scalar_one()
        broken = audit.broken_at(session)
    if bad or deliveries:
        yield Finding(
            "items",
            "note",
            f"{bad + deliveries} items of platforms could not be read; they are kept.",
            "See the page Dead letters.",
        )
    if open_replies:
        yield Finding(
            "replies",
            "note",
            f"{open_replies} replies failed or have an unknown state.",
            "Look at them in their conversations.",
        )
    if broken is not None:
        yield Finding("audit", "wrong", f"The audit trail was changed at entry {broken}.", "Compare with a backup.")
    else:
        yield Finding("audit", "ok", "The audit trail is whole.")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (_database, _sqlite, _disk, _keys, _broker, _accounts, _work)
