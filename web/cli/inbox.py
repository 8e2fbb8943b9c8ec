"""`widerhall pull | messages | conversations | search | reply | undo | close | ledger`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from sqlmodel import Session

from connectors import ledger as books
from core import db
from core.errors import Rejected
from inbox import accounts, desk, replies, search
from inbox.models import Account, Conversation, Identity, Message, MessageAccount, ReplyRow
from web.cli.base import Json, line, ready, say, settle, show, working


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (pull, messages, find, reply, undo, close, ledger):
        app.command(name={"find": "search"}.get(command.__name__))(command)
    app.command("conversations")(conversations_)


def pull(
    account: Annotated[str | None, typer.Option(help="Number or handle; all accounts unless given.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when nothing is due or leased any more.")] = False,
    timeout: Annotated[float | None, typer.Option(help="Seconds to wait at most.")] = None,
    json: Json = False,
) -> None:
    """Fetch what is new now."""
    with working() as hub:
        with db.write() as session:
            ids = None if account is None else [accounts.find(session, account).id or 0]
            feeds = accounts.pull_now(session, ids)
        later = settle(hub, timeout) if wait or not hub else []
    say({"feeds": feeds, "waiting": later}, json, f"{feeds} feeds asked for." + _waiting(later))


def _waiting(rows: list[dict[str, Any]]) -> str:
    return "".join(
        f"\n{row['subscriber']}: {row['waiting']} wait until {row['next_at']}"
        + (f", {row['dead']} given up" if row["dead"] else "")
        + (f", paused: {row['paused']}" if row["paused"] else "")
        for row in rows
    )


def _stored(session: Session, account_id: int | None) -> Iterator[dict[str, Any]]:
    m, i, a = db.table(Message), db.table(Identity), db.table(Account)
    query = (
        sa.select(m, i.c.external_id.label("author_id"), a.c.handle.label("account_handle"))
        .join(a, a.c.id == m.c.account_id)
        .outerjoin(i, i.c.id == m.c.identity_id)
        .order_by(m.c.id)
    )
    if account_id is not None:
        also = sa.select(MessageAccount.message_id).where(db.table(MessageAccount).c.account_id == account_id)  # type: ignore[call-overload]  # a column
        query = query.where(sa.or_(m.c.account_id == account_id, m.c.id.in_(also)))
    after = 0
    while rows := session.execute(query.where(m.c.id > after).limit(1000)).mappings().all():
        for row in rows:
            yield _message(row)
        after = rows[-1]["id"]


def _message(row: Any) -> dict[str, Any]:
    return {
        "id": row["id"],
        "key": row["key"],
        "account": row["account_handle"],
        "account_id": row["account_id"],
        "platform": row["platform"],
        "kind": row["kind"],
        "origin": row["origin"],
        "direction": row["direction"],
        "author": row["author_id"],
        "conversation": row["conversation_id"],
        "parent": row["parent_key"],
        "text": None if row["deleted_at"] else row["text"],
        "url": row["url"] or None,
        "posted_at": row["posted_at"],
        "edited": row["edited_at"] is not None,
        "deleted": row["deleted_at"] is not None,
        "private": row["visibility"] == "private",
        "version": row["version"],
        "annotations": {name: row[name] for name in ("language", "sentiment", "intent", "urgency", "labels", "hits")},
    }


def messages(
    account: Annotated[str | None, typer.Option(help="Number or handle.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="One JSON object per line, all of them.")] = False,
    limit: Annotated[int, typer.Option(help="Newest so many, without --jsonl.")] = 30,
    json: Json = False,
) -> None:
    """What is stored."""
    ready()
    with db.read() as session:
        account_id = accounts.find(session, account).id if account else None
        if jsonl:
            for row in _stored(session, account_id):
                sys.stdout.write(line(row) + "\n")
            return
        rows = list(_stored(session, account_id))[-limit:]
    show(rows, json, ("conversation", "platform", "kind", "direction", "posted_at", "text"), "No message yet.")


def find(query: str, limit: int = 20, json: Json = False) -> None:
    """Search all messages: words, "phrases", prefix*."""
    ready()
    with db.read() as session:
        rows = [
            {
                "id": m.id,
                "conversation": m.conversation_id,
                "platform": m.platform,
                "posted_at": m.posted_at,
                "text": m.text,
            }
            for m in search.find(session, query, limit)
        ]
    show(rows, json, ("conversation", "platform", "posted_at", "text"), "Nothing found.")


def conversations_(
    state: Annotated[str | None, typer.Option(help="open, pending, snoozed, closed or spam.")] = None,
    limit: int = 30,
    json: Json = False,
) -> None:
    """Conversations, newest first."""
    ready()
    c, i = db.table(Conversation), db.table(Identity)
    query = sa.select(c, i.c.handle).outerjoin(i, i.c.id == c.c.identity_id).where(c.c.inbox)
    if state:
        query = query.where(c.c.state == state)
    with db.read() as session:
        rows = session.execute(query.order_by(c.c.last_at.desc(), c.c.id.desc()).limit(limit)).mappings().all()
    columns = ("id", "platform", "handle", "state", "waiting_since", "language", "sentiment", "messages", "excerpt")
    show([{name: row[name] for name in columns} for row in rows], json, columns, "No conversation yet.")


def reply(
    conversation: int,
    text: Annotated[str, typer.Option(help="What to answer.")],
    now: Annotated[bool, typer.Option("--now", help="Without the seconds in which it can be taken back.")] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Return when it stands on the platform, or does not.")] = False,
    key: Annotated[str | None, typer.Option(help="Your own key: the same key never sends twice.")] = None,
    json: Json = False,
) -> None:
    """Answer a conversation."""
    with working() as hub:
        with db.write() as session:
            queued = replies.queue(
                session, conversation, text, author="cli", undo_seconds=0.0 if now or wait else None, key=key
            )
            reply_id = queued.id
        if wait or not hub:
            settle(hub, 60.0)
        with db.read() as session:
            row = session.get(ReplyRow, reply_id)
    assert row is not None  # noqa: S101  # queued above
    value = {"reply": row.id, "state": row.state, "error": row.error, "message": row.message_id, "send_at": row.send_at}
    say(value, json, f"Reply {row.id} is {row.state}." + (f" {row.error}" if row.error else ""))
    if row.state in ("failed", "unknown"):
        raise typer.Exit(1)


def undo(reply: int, json: Json = False) -> None:
    """Take a reply back before it leaves."""
    ready()
    with db.write() as session:
        done = replies.undo(session, reply, "cli")
    say(
        {"reply": reply, "cancelled": done},
        json,
        "Taken back." if done else "Too late: it has left, or was taken back before.",
    )


def close(conversation: int, state: str = "closed", json: Json = False) -> None:
    """Close a conversation (or --state open, spam …)."""
    ready()
    with db.write() as session:
        desk.set_state(session, conversation, state, "cli")
    say({"conversation": conversation, "state": state}, json, f"Conversation {conversation} is {state}.")


def ledger(
    account: Annotated[str | None, typer.Option(help="Number or handle; all unless given.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Start of the window; 7 days ago unless given.")] = None,
    until: Annotated[datetime | None, typer.Option(help="End of the window; now unless given.")] = None,
    fill: Annotated[bool, typer.Option("--fill", help="Fetch what is missing.")] = False,
    json: Json = False,
) -> None:
    """Compare what the platforms have with what is stored, and fill gaps."""
    start = (since or datetime.now(UTC) - timedelta(days=7)).replace(tzinfo=UTC)
    end = (until or datetime.now(UTC)).replace(tzinfo=UTC)
    if start >= end:
        raise Rejected("The window is empty: --since must be before --until.")
    with working() as hub:
        with db.read() as session:
            chosen = [accounts.find(session, account)] if account else accounts.all_accounts(session)
            ids = [
                one.id for one in chosen if one.state == "active" and one.id is not None and one.platform != "archive"
            ]
        rows = []
        for account_id in ids:
            if fill:
                books.fill(account_id, start)
            rows += books.compare(account_id, start, end)
        if fill:
            settle(hub, 120.0)
    show(
        rows, json, ("account", "feed", "platform_has", "stored", "missing", "complete", "error"), "No active account."
    )
