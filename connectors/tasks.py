"""The connectors' outbox handlers: pull, deliver, parents, recheck, send; and the door for webhooks."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from connectors import refusals
from connectors.base import Connector, Seen
from connectors.capabilities import capability
from connectors.schedule import streaming
from connectors.session import open_account
from core import crypto, db, heartbeat, log, outbox
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater, Unknown, WiderhallError
from core.event import Bad, File, Page, Reply
from core.outbox import DONE, Item, Outcome
from core.settings import settings
from inbox import accounts, attachments, copies, ingest, replies
from inbox.ingest import CursorMoved, FeedStep
from inbox.models import Account, Delivery, Feed, Message, ReplyRow

PULL_SECONDS = 45.0
"""After so long a pull makes room for others and goes on in its next turn."""
RECHECK_AT_ONCE = 40
RECHECK_PORTION = 100
"""So many of the newest messages are looked up each time, and so many of the older ones in turn."""
ASKED_AGAIN = timedelta(days=1)
"""After so long a platform is asked anew what it allows an account."""

logger = log.get("connectors")


# --- pulling ---------------------------------------------------------------------------------------


def pull(items: list[Item]) -> Outcome:
    """feed.due: bring everything that is new in a feed, page by page, each with its cursor."""
    later: dict[int, TryLater] = {}
    for item in items:
        try:
            pull_feed(int(item.payload["feed_id"]))
        except TryLater as error:
            later[item.id] = error
    return Outcome(later=later)


def pull_feed(feed_id: int) -> ingest.Stored:
    """Pull one feed to its end (or for PULL_SECONDS); returns what was stored. TryLater lets it come again."""
    total = ingest.Stored()
    with db.read() as session:
        feed = session.get(Feed, feed_id)
    if feed is None or not feed.enabled:
        return total
    try:
        account, connector = open_account(feed.account_id)
        held = capability(account.platform).long_poll and streaming(feed.account_id)
        if account.state != "active" or held:
            return total
        _pull_pages(feed, connector, total)
    except CursorMoved:
        logger.info("feed is pulled by another worker", feed_id=feed_id)
    except TryLater as error:
        _note(feed_id, str(error))
        raise
    except AuthExpired as error:
        expired(feed.account_id, error)
    except WiderhallError as error:
        _note(feed_id, str(error))
    return total


def _pull_pages(feed: Feed, connector: Connector, total: ingest.Stored) -> None:
    assert feed.id is not None  # noqa: S101  # it comes from the store
    cursor, end = feed.cursor, time.monotonic() + PULL_SECONDS
    for page in connector.pull(feed.name, cursor):
        total += ingest.store_page(feed.account_id, page, step=FeedStep(feed.id, cursor))
        cursor = cursor if page.cursor is None else page.cursor
        outbox.keep_alive()
        if time.monotonic() > end:
            with db.write() as session:
                outbox.emit(session, "feed.due", [(str(feed.id), {"feed_id": feed.id})])
            return
    if feed.error:
        _note(feed.id, "")


def _note(feed_id: int, error: str) -> None:
    f = db.table(Feed)
    with db.write() as session:
        session.execute(sa.update(f).where(f.c.id == feed_id).values(error=error[:1000]))


def expired(account_id: int, error: AuthExpired) -> None:
    """Stop using an account until somebody reconnects it; the gap is filled then."""
    with db.write() as session:
        accounts.set_state(session, account_id, "auth_expired", str(error))
    logger.warning("account needs reconnecting", account_id=account_id)


# --- webhooks --------------------------------------------------------------------------------------


def accept(account_id: int, headers: Mapping[str, str], body: bytes) -> None:
    """A webhook delivery: verified, then stored durably before anything is done with it.

    Rejected for a bad signature, NotConfigured for an account that takes none. What is signed but cannot
    be read is kept and shown.
    """
    account, connector = open_account(account_id)
    if not capability(account.platform).webhook:
        raise NotConfigured(f"{capability(account.platform).title} sends no webhooks.")
    error = ""
    try:
        connector.receive(headers, body)
    except BadPayload as unreadable:
        error = str(unreadable)
    row = Delivery(
        account_id=account_id,
        headers={"sealed": crypto.seal(json.dumps(dict(headers)))},
        body=base64.b64encode(body).decode(),
        received_at=db.now(),
        error=error,
    )
    with db.write() as session:
        session.add(row)
        session.flush()
        if not error:
            outbox.emit(session, "delivery.received", [(str(row.id), {"delivery_id": row.id})])


def deliver(items: list[Item]) -> Outcome:
    """delivery.received: store what a webhook brought; the delivery goes in the same transaction."""
    for item in items:
        with db.read() as session:
            row = session.get(Delivery, int(item.payload["delivery_id"]))
        if row is None:
            continue
        _, connector = open_account(row.account_id)
        headers: dict[str, str] = json.loads(crypto.unseal(row.headers["sealed"]))
        body = base64.b64decode(row.body)
        try:
            page = connector.receive(headers, body)
        except WiderhallError as error:
            page = Page(bad=(Bad(source="webhook", reason=str(error), raw=body.decode("utf-8", "replace")[:65536]),))
        ingest.store_page(row.account_id, page.model_copy(update={"cursor": None}), also=_remove(row))
    return DONE


def _remove(row: Delivery) -> Callable[[Session], None]:
    def remove(session: Session) -> None:
        session.execute(sa.delete(db.table(Delivery)).where(db.table(Delivery).c.id == row.id))

    return remove


# --- looking up ------------------------------------------------------------------------------------


def parents(items: list[Item]) -> Outcome:
    """parent.missing: fetch what stands above a message and let ingest unite the thread."""
    later: dict[int, TryLater] = {}
    for item in items:
        outbox.keep_alive()
        try:
            _fetch_parents(int(item.payload["account_id"]), int(item.payload["message_id"]))
        except TryLater as error:
            later[item.id] = error
    return Outcome(later=later)


def _fetch_parents(account_id: int, message_id: int) -> None:
    m = db.table(Message)
    with db.read() as session:
        row = session.execute(sa.select(m.c.ref, m.c.parent_key, m.c.erased).where(m.c.id == message_id)).first()
        known = row is None or session.scalars(sa.select(m.c.id).where(m.c.key == row.parent_key)).first()
    if row is None or known or row.erased or not row.ref:
        return
    try:
        _, connector = open_account(account_id)
        ingest.store_page(account_id, connector.thread(row.ref))
    except (NotConfigured, Rejected, BadPayload) as error:
        logger.info("no parents", message_id=message_id, reason=type(error).__name__)
    except AuthExpired as error:
        expired(account_id, error)


def recheck(items: list[Item]) -> Outcome:
    """recheck.due: look recent messages up again; edits become versions, deletions are wiped."""
    later: dict[int, TryLater] = {}
    for item in items:
        try:
            recheck_account(int(item.payload["account_id"]))
        except TryLater as error:
            later[item.id] = error
    return Outcome(later=later)


def recheck_account(account_id: int) -> ingest.Stored:
    """Look up the newest messages of an account, and the next portion of the older ones in turn.

    Once a day its platform is asked what it allows.
    """
    total = ingest.Stored()
    seen, after = _to_recheck(account_id)
    try:
        account, connector = open_account(account_id)
        _ask_limits(account, connector)
        if not seen:
            return total
        for start in range(0, len(seen), RECHECK_AT_ONCE):
            page = connector.recheck(seen[start : start + RECHECK_AT_ONCE])
            total += ingest.store_page(account_id, page.model_copy(update={"cursor": None}))
            outbox.keep_alive()
        with db.write() as session:
            a = db.table(Account)
            session.execute(sa.update(a).where(a.c.id == account_id).values(recheck_after=after))
    except (NotConfigured, Rejected, BadPayload) as error:
        logger.info("no look-up", account_id=account_id, reason=type(error).__name__)
    except AuthExpired as error:
        expired(account_id, error)
    return total


def _ask_limits(account: Account, connector: Connector) -> None:
    """Ask what the platform allows when that was long ago; an answer that says nothing leaves what is known."""
    known, number = accounts.known_since(account), account.id or 0
    if known is not None and known > db.now() - ASKED_AGAIN:
        return
    try:
        profile = connector.check()
    except (Rejected, BadPayload) as error:
        logger.info("limits not told", account_id=number, reason=type(error).__name__)
        return
    with db.write() as session:
        accounts.learn(session, number, profile)


def _to_recheck(account_id: int) -> tuple[list[Seen], int]:
    """What is looked up this time, and how far the round has come then (0: it starts anew)."""
    m, a = db.table(Message), db.table(Account)
    since = db.now() - timedelta(days=settings().recheck_days)
    alive = (
        sa.select(m.c.id, m.c.key, m.c.ref, m.c.kind)
        .where(m.c.account_id == account_id, m.c.posted_at >= since, m.c.deleted_at.is_(None), m.c.ref != "")
        .limit(RECHECK_PORTION)
    )
    with db.read() as session:
        after = session.execute(sa.select(a.c.recheck_after).where(a.c.id == account_id)).scalar() or 0
        newest = session.execute(alive.order_by(m.c.posted_at.desc(), m.c.id.desc())).all()
        older = session.execute(alive.where(m.c.id > after).order_by(m.c.id)).all()
    rows = {row.key: Seen(row.key, row.ref, row.kind) for row in [*newest, *older]}
    return list(rows.values()), older[-1].id if len(older) == RECHECK_PORTION else 0


# --- sending ---------------------------------------------------------------------------------------


def send(items: list[Item]) -> Outcome:
    """reply.queued: post an answer once, whatever happens between two lines."""
    later: dict[int, TryLater] = {}
    early: dict[int, datetime] = {}
    for item in items:
        number = int(item.payload["reply_id"])
        with db.read() as session:
            moment = replies.too_early(session, number)
        if moment is not None:
            early[number] = moment
            continue
        try:
            with heartbeat.beating():
                send_reply(number)
        except TryLater as error:
            later[item.id] = error

    def write(session: Session) -> None:
        for number, moment in early.items():
            outbox.emit(session, "reply.queued", [(str(number), {"reply_id": number})], due_at=moment)

    return Outcome(write if early else None, later)


def send_reply(reply_id: int) -> None:
    """One attempt. TryLater: nothing was sent, or it can be found out by trying again."""
    account_id, platform = _account_of(reply_id)
    if account_id is None:
        return
    outgoing = _begin(reply_id, account_id, platform)
    if outgoing is None:
        return
    try:
        _, connector = open_account(account_id)
        event = connector.send(outgoing, _keep)
    except TryLater as error:
        _mark(reply_id, "queued", refusals.WAITS % {"why": error})
        raise
    except Unknown as error:
        _unanswered(reply_id, platform, error)
    except AuthExpired as error:
        expired(account_id, error)
        with db.write() as session:
            replies.wait(session, reply_id, refusals.SIGNED_OUT)
        raise TryLater(str(error), 60.0) from error
    except WiderhallError as error:
        _mark(reply_id, "failed", str(error))
    else:
        page = Page(events=(event,))
        ingest.store_page(account_id, page, also=lambda session: replies.mark_sent(session, reply_id, event.key))


def _begin(reply_id: int, account_id: int, platform: str) -> Reply | None:
    """What is to be sent now, marked as being sent; None when nothing is. TryLater while the account is paused."""
    with db.write() as session:
        begun = replies.begin(session, reply_id)
        if begun is None:
            return None
        reply, open_attempt = begun
        if open_attempt and capability(platform).idempotency == "none":
            _unclear(session, reply_id, refusals.CUT_OFF)
            return None
        if accounts.get(session, account_id).state != "paused":
            return replies.outgoing(session, reply, first_attempt=reply.attempts == 1)
        replies.wait(session, reply_id, refusals.PAUSED)
    raise TryLater(refusals.PAUSED, 60.0)


def _keep(file: File, uploaded: str) -> None:
    with db.write() as session:
        attachments.remember(session, file.id, uploaded)


def _unanswered(reply_id: int, platform: str, error: Unknown) -> None:
    if capability(platform).idempotency == "none":
        with db.write() as session:
            _unclear(session, reply_id, refusals.LOOK % {"why": error})
        return
    raise TryLater(str(error), 2.0) from error  # stays "sending": the next attempt looks first


def _unclear(session: Session, reply_id: int, error: str) -> None:
    if not copies.found(session, reply_id):
        replies.mark(session, reply_id, "unknown", error)


def _mark(reply_id: int, state: str, error: str) -> None:
    with db.write() as session:
        replies.mark(session, reply_id, state, error)


def _account_of(reply_id: int) -> tuple[int | None, str]:
    with db.read() as session:
        reply = session.get(ReplyRow, reply_id)
        message = session.get(Message, reply.answers_id) if reply is not None else None
        account = session.get(Account, message.account_id) if message is not None else None
        return (account.id, account.platform) if account is not None else (None, "")
