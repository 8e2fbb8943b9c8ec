"""What is wrong with this installation and how to mend it: used by `widerhall doctor` and the system page."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import sqlalchemy as sa

import migrations
from core import audit, backlog, broker, crypto, db, mail, queue
from core.errors import WiderhallError
from core.settings import settings
from enrichment import budget, connection, overview
from inbox import accounts
from inbox.models import Account, BadItem, Delivery, Feed, ReplyRow
from sentiment import active
from web.i18n import N_
from web.notices import mail as mails
from web.outgoing import store as webhooks

Level = Literal["ok", "note", "wrong"]
LOW_DISK = 1024**3
START = N_("Start the hub with `widerhall up`.")
NO_MAIL = N_(
    "No mail server is set up: there are no invitations, no links for a new password, no notices by mail, and "
    "conversations cannot be forwarded."
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `mend` says what to do and is empty when nothing is."""

    area: str
    level: Level
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Told(Finding):
    """A finding with its sentences as templates, so that a page can say it in another language."""

    text: str = ""
    remedy: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def told(area: str, level: Level, text: str, remedy: str = "", **values: object) -> Told:
    """A finding out of templates and what is filled into them."""
    return Told(area, level, text % values, remedy % values, text, remedy, values)


def examine() -> list[Told]:
    """Look at everything; one check that fails does not keep the others from running."""
    findings: list[Told] = []
    for check in CHECKS:
        try:
            findings += list(check())
        except Exception as error:
            findings.append(_broken(check.__name__.removeprefix("_"), error))
        if check is _database and any(finding.level == "wrong" for finding in findings):
            break  # nothing below can be read
    return findings


def _broken(area: str, error: Exception) -> Told:
    """A check that could not be made; errors of ours say themselves what to do."""
    words = str(error) if isinstance(error, WiderhallError) else f"{type(error).__name__}: {error}"
    return told(area, "wrong", "%(words)s", N_("Mend that, then ask again."), words=words)


def _database() -> Iterator[Told]:
    db.ping()
    if migrations.pending(db.engine()):
        yield told("database", "wrong", N_("It is older than this version."), N_("Run `widerhall migrate`."))
    else:
        text = N_("%(engine)s answers and has this version's shape.")
        yield told("database", "ok", text, engine={"sqlite": "SQLite"}.get(db.dialect(), "PostgreSQL"))


def _sqlite() -> Iterator[Told]:
    if db.dialect() != "sqlite":
        return
    if settings().workers > 1:
        mend = N_("Set WIDERHALL_WORKERS=1, or WIDERHALL_DATABASE_URL to a PostgreSQL.")
        yield told("database", "wrong", N_("Several workers share one SQLite file."), mend)
    with db.engine().connect() as connection_:
        verdict = connection_.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if verdict != "ok":
        text = N_("The file is damaged: %(verdict)s")
        yield told("database", "wrong", text, N_("Restore a backup."), verdict=verdict)
    yield told("database", "ok", "SQLite %(version)s", version=sqlite3.sqlite_version)


def _disk() -> Iterator[Told]:
    free = shutil.disk_usage(settings().data_dir).free
    low = free < LOW_DISK
    text, size = N_("%(size)s GB free in %(folder)s"), round(free / 1024**3, 1)
    remedy = N_("Free some space.") if low else ""
    yield told("disk", "wrong" if low else "ok", text, remedy, size=size, folder=settings().data_dir.resolve())


def _keys() -> Iterator[Told]:
    path = settings().data_dir / "secret.key"
    if not settings().secret_keys and path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield told("keys", "wrong", N_("Others on this machine can read secret.key."), "chmod 600 %(path)s", path=path)
    with db.read() as session:
        for account in accounts.all_accounts(session):
            try:
                accounts.secrets(account)
            except WiderhallError as error:
                text, mend = N_("Account %(number)s: %(words)s"), N_("Bring the old key back, or reconnect.")
                yield told("keys", "wrong", text, mend, number=account.id, words=error)
    if crypto.unseal(crypto.seal("x")) == "x":
        yield told("keys", "ok", N_("Secrets can be sealed and opened."))


def _broker() -> Iterator[Told]:
    if not broker.alive():
        text = N_("The configured Redis does not answer.")
        if broker.embedded():
            text = N_("The embedded Valkey does not answer.")
        yield told("broker", "note", text, START)
        return
    age = queue.last_sweep()
    if age is None or age > 10:
        yield told("worker", "wrong", N_("No worker has looked for work lately."), START)
    else:
        yield told("worker", "ok", N_("A worker looked for work %(seconds)s s ago."), seconds=f"{age:.0f}")


def _accounts() -> Iterator[Told]:
    f, a = db.table(Feed), db.table(Account)
    with db.read() as session:
        rows = accounts.all_accounts(session)
        if not [row for row in rows if row.state == "active"]:
            yield told("accounts", "note", N_("No account is connected."), "widerhall accounts add …")
        for row in rows:
            said = {"account": f"{row.platform} {row.handle}", "words": row.error}
            if row.state == "auth_expired":
                mend = N_("Connect it again, or `widerhall accounts check %(number)s`.")
                yield told("accounts", "wrong", "%(account)s: %(words)s", mend, number=row.id, **said)
            elif row.error:
                yield told("accounts", "note", "%(account)s: %(words)s", **said)
        query = sa.select(a.c.platform, a.c.handle, f.c.name, f.c.error).join(a, a.c.id == f.c.account_id)
        for platform, handle, name, error in session.execute(query.where(f.c.error != "", a.c.state == "active")):
            yield told(
                "accounts", "note", "%(account)s: %(words)s", account=f"{platform} {handle}, {name}", words=error
            )


def _crm() -> Iterator[Told]:
    with db.read() as session:
        standing = connection.standing(session)
        refused, spending = overview.refused(session), budget.budget(session)
    if not standing.connected:
        return
    if standing.error:
        mend = N_("Look at the page Salesforce, or `widerhall crm check`.")
        yield told("crm", "wrong", "%(words)s", mend, words=standing.error)
    elif not standing.switched_on:
        mend = N_("Name the lawful basis for passing data on.")
        yield told("crm", "note", N_("The sync is off: no lawful basis is named."), mend)
    elif spending.stopped:
        text = N_("The sync stands still: %(used)s of %(limit)s API calls of the last 24 hours are used.")
        mend = N_("It goes on by itself. The share it may use is WIDERHALL_CRM_CALLS_SHARE.")
        yield told("crm", "note", text, mend, used=spending.used, limit=spending.limit)
    else:
        yield told("crm", "ok", N_("The sync is on."))
    if refused:
        mend = N_("Look at the page Salesforce.")
        yield told("crm", "note", N_("Records that the CRM refuses: %(number)s."), mend, number=refused)


def _model() -> Iterator[Told]:
    with db.read() as session:
        row = active.state(session)
    if row.error:
        text, mend = N_("The lexicon stands in for %(name)s: %(words)s"), N_("It is tried again every ten minutes.")
        yield told("model", "note", text, mend, name=row.name, words=row.error)
    else:
        yield told("model", "ok", N_("%(name)s rates the messages."), name=row.name)


def _work() -> Iterator[Told]:
    for row in backlog.overview():
        if row.paused:
            text, mend = (
                N_("%(name)s is paused: %(words)s"),
                N_("See the reason, then `widerhall outbox resume %(name)s`."),
            )
            yield told("outbox", "wrong", text, mend, name=row.subscriber, words=row.paused)
        if row.dead:
            text = N_("%(name)s: %(number)s given up.")
            yield told("outbox", "wrong", text, "widerhall outbox dead", name=row.subscriber, number=row.dead)
    r, d = db.table(ReplyRow), db.table(Delivery)
    with db.read() as session:
        bad = session.execute(sa.select(sa.func.count()).select_from(db.table(BadItem))).scalar_one()
        bad += session.execute(sa.select(sa.func.count()).select_from(d).where(d.c.error != "")).scalar_one()
        replies = sa.select(sa.func.count()).select_from(r).where(r.c.state.in_(["failed", "unknown"]))
        open_replies = session.execute(replies).scalar_one()
        broken = audit.broken_at(session)
    if bad:
        text = N_("Items of platforms that could not be read, and are kept: %(number)s.")
        yield told("items", "note", text, N_("See the page Stuck work."), number=bad)
    if open_replies:
        text = N_("Replies that failed or whose state is unknown: %(number)s.")
        yield told("replies", "note", text, N_("Look at them in their conversations."), number=open_replies)
    if broken is not None:
        text = N_("The audit trail was changed at entry %(number)s.")
        yield told("audit", "wrong", text, N_("Compare with a backup."), number=broken)
    else:
        yield told("audit", "ok", N_("The audit trail is whole."))


def _webhooks() -> Iterator[Told]:
    with db.read() as session:
        number = webhooks.troubled(session)
    if number:
        text = N_("Programs that are told nothing any more, because nothing arrived there for days: %(number)s.")
        yield told("webhooks", "wrong", text, N_("See the page Webhooks."), number=number)


def _mail() -> Iterator[Told]:
    if not mail.is_set_up():
        yield told("mail", "note", NO_MAIL, N_("Give WIDERHALL_SMTP_HOST and WIDERHALL_MAIL_FROM."))
    with db.read() as session:
        refused, late = mails.refused(session), mails.late(session)
    for name, words in refused:
        text, mend = N_("The mail server refuses mails to %(name)s: %(words)s"), N_("Look at their e-mail address.")
        yield told("mail", "wrong", text, mend, name=name, words=words)
    if late is not None:
        text, mend = N_("Mails that cannot be sent at present: %(number)s. %(words)s"), N_("They are tried again.")
        yield told("mail", "wrong", text, mend, number=late[0], words=late[1])


CHECKS: tuple[Callable[[], Iterator[Told]], ...] = (
    _database, _sqlite, _disk, _keys, _broker, _accounts, _crm, _model, _work, _webhooks, _mail,
)  # fmt: skip
