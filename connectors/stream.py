"""The stream process: holds a line to every platform that offers one; `python -m connectors.stream`.

A line that (re)opens has its feeds pulled at once, so what happened meanwhile is filled in. Everything it
brings goes through the same `store_page`; the line carries no truth of its own.
"""

from __future__ import annotations

import signal
import threading
import time

import redis
import sqlalchemy as sa

from connectors import tasks
from connectors.capabilities import BY_NAME
from connectors.session import open_account
from core import broker, db, log, queue
from core.errors import AuthExpired, NotConfigured, WiderhallError
from core.settings import settings
from inbox import accounts, ingest
from inbox.models import Account

LOOK_SECONDS = 2.0
ALIVE_SECONDS = 120
LONGEST_WAIT = 30.0
REFUSED_WAIT = 900.0

logger = log.get("stream")


class Line(threading.Thread):
    """One account's stream, reopened for as long as the account is active."""

    def __init__(self, account_id: int) -> None:
        super().__init__(name=f"line-{account_id}", daemon=True)
        self.account_id = account_id
        self.stop = threading.Event()

    def run(self) -> None:
        wait = 1.0
        while not self.stop.is_set():
            started = time.monotonic()
            try:
                self.hold()
            except AuthExpired as error:
                tasks.expired(self.account_id, error)
                return
            except NotConfigured as error:
                logger.info("no stream here", account_id=self.account_id, reason=str(error)[:200])
                self.stop.wait(REFUSED_WAIT)
            except (WiderhallError, sa.exc.DBAPIError) as error:
                logger.info("line broke", account_id=self.account_id, reason=type(error).__name__)
            except Exception:
                logger.exception("line failed", account_id=self.account_id)
            wait = 1.0 if time.monotonic() - started > LONGEST_WAIT else min(wait * 2, LONGEST_WAIT)
            self.stop.wait(wait if wait > 2 else 0.5)

    def hold(self) -> None:
        """Read the line until it breaks."""
        account, connector = open_account(self.account_id)
        if account.config.get("webhook"):
            raise NotConfigured("A webhook brings what happens: there is nothing to stream.")
        opened = BY_NAME[account.platform].long_poll
        if opened:
            self._alive()
        for page in connector.stream():
            if self.stop.is_set():
                return
            if not opened:
                opened = True
                with db.write() as session:
                    accounts.pull_now(session, [self.account_id])
            self._alive()
            if page is not None:
                ingest.store_page(self.account_id, page.model_copy(update={"cursor": None}))

    def _alive(self) -> None:
        try:
            broker.client().set(f"{broker.prefix()}streaming:{self.account_id}", "1", ex=ALIVE_SECONDS)
        except redis.RedisError:
            return


def wanted() -> set[int]:
    """Active accounts on platforms with a stream."""
    a = db.table(Account)
    platforms = [name for name, row in BY_NAME.items() if row.stream]
    with db.read() as session:
        return set(session.scalars(sa.select(a.c.id).where(a.c.state == "active", a.c.platform.in_(platforms))))


def main() -> None:
    """Keep one line per account until the process is asked to stop."""
    log.configure(settings().log_level)
    done = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: done.set())
    signal.signal(signal.SIGINT, lambda *_: done.set())
    lines: dict[int, Line] = {}
    while not done.is_set():
        try:
            ids = wanted()
        except sa.exc.DBAPIError:
            ids = set(lines)  # the database is away for a moment: keep what stands
        for gone in lines.keys() - ids:
            lines.pop(gone).stop.set()
        for account_id in ids:
            if account_id not in lines or not lines[account_id].is_alive():
                lines[account_id] = Line(account_id)
                lines[account_id].start()
        done.wait(LOOK_SECONDS)


_ = queue.ring_after_commit  # importing the queue makes this process ring after its commits

if __name__ == "__main__":
    main()
