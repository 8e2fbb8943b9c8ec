"""A line that is cut for 20 seconds during traffic: afterwards list and thread are what the database is."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from core import db, outbox
from core.event import Event
from core.topics import SUBSCRIBERS
from inbox import listing, replies
from inbox.models import Message, ReplyRow
from inbox.narrowing import Filter
from tests.web.chromium import Seen, needs_chromium
from tests.web.conftest import account, event, store
from tests.web.line import Line
from web import live

pytestmark = [pytest.mark.slow, pytest.mark.browser, needs_chromium]
CUT_SECONDS = 20


class Traffic:
    """Customers, colleagues and the worker: each step stores something and tells open pages."""

    def __init__(self) -> None:
        self.account = account()
        self.moment = db.now() - timedelta(hours=1)
        self._steps = itertools.count()
        thread = {"thread_key": "t:0"}
        store(self.account, *[self._said(f"t:{n}", f"first {n}", **thread) for n in range(5)])
        store(self.account, *[self._said(f"c:{n}", f"conversation {n}") for n in range(20)])
        self.talk = _conversation("t:0")

    def _said(self, key: str, text: str, **changes: object) -> Event:
        self.moment += timedelta(seconds=1)
        return event(key, text, posted_at=self.moment, **changes)

    def step(self) -> None:
        """One thing happens, each time another."""
        number = next(self._steps)
        (self._message, self._edit, self._bump, self._new, self._reply, self._delete)[number % 6](number)
        while outbox.step(SUBSCRIBERS["web.live.publish"], live.publish):
            pass

    def _message(self, number: int) -> None:
        store(self.account, self._said(f"t:{100 + number}", f"message {number}", thread_key="t:0"))

    def _edit(self, number: int) -> None:
        m = db.table(Message)
        with db.read() as session:
            row = session.execute(m.select().where(m.c.key == f"t:{number % 5}")).mappings().one()
        if row["deleted_at"] is None:
            values = {"posted_at": row["posted_at"], "edited_at": db.now(), "thread_key": "t:0"}
            store(self.account, event(row["key"], f"edited {number}", **values))

    def _bump(self, number: int) -> None:
        place = number % 20
        store(
            self.account, self._said(f"b:{number}", f"again {number}", parent_key=f"c:{place}", thread_key=f"c:{place}")
        )

    def _new(self, number: int) -> None:
        store(self.account, self._said(f"n:{number}", f"conversation new {number}"))

    def _reply(self, number: int) -> None:
        """Written by a colleague, sent, and come back as the platform's message."""
        with db.write() as session:
            row = replies.queue(session, self.talk, f"answer {number}", author="user:1", undo_seconds=0)
            reply_id = int(row.id or 0)
        if number % 12 < 6:
            store(self.account, self._said(f"r:{number}", f"answer {number}", direction="outbound", thread_key="t:0"))
            with db.write() as session:
                replies.mark_sent(session, reply_id, f"r:{number}")
        else:
            with db.write() as session:
                replies.mark(session, reply_id, "failed", "The platform says no.")

    def _delete(self, number: int) -> None:
        m = db.table(Message)
        with db.read() as session:
            query = m.select().where(m.c.key.startswith("t:1"), m.c.deleted_at.is_(None)).order_by(m.c.id).limit(1)
            row = session.execute(query).mappings().first()
        if row is not None and number % 12 > 6:
            gone = {"platform": "mastodon", "kind": "mention", "action": "delete", "posted_at": db.now()}
            store(self.account, Event(key=row["key"], **gone))


def _conversation(key: str) -> int:
    m = db.table(Message)
    with db.read() as session:
        return int(session.execute(m.select().where(m.c.key == key)).mappings().one()["conversation_id"])


# --- what the pages show, and what must stand there -------------------------------------------------------

ROWS = """() => [...document.querySelectorAll("#rows > [data-row]")].map((row) => [
  Number(row.dataset.row), row.querySelector(".conv-t").textContent.trim()])"""
ENTRIES = """() => [...document.querySelectorAll("#log > [data-entry]")].map((one) => [
  one.dataset.entry, one.dataset.version ?? "", one.textContent.includes("edited") ])"""
TEXTS = """() => [...document.querySelectorAll("#log > [data-entry] .msg-b")].map((one) => one.textContent.trim())"""


def stored_rows() -> list[list[object]]:
    """The open conversations in their order."""
    with db.read() as session:
        return [[row.id, row.excerpt] for row in listing.page(session, Filter(me="user:1")).rows]


def stored_texts(talk: int) -> list[str]:
    """What was said in the thread, oldest first, with answers that are no messages yet."""
    m, r = db.table(Message), db.table(ReplyRow)
    with db.read() as session:
        said = session.execute(m.select().where(m.c.conversation_id == talk)).mappings().all()
        sent = session.execute(r.select().where(r.c.conversation_id == talk, r.c.message_id.is_(None))).mappings().all()
    entries = [(one["posted_at"], one["id"], one["text"]) for one in said if one["deleted_at"] is None]
    entries += [(one["created_at"], one["id"], one["text"]) for one in sent]
    return [text for _, _, text in sorted(entries)]


def settled(page: Page, script: str, expected: object, seconds: float = 20) -> object:
    """What the page shows as soon as it is what it must be, or after so many seconds."""
    found = page.evaluate(script)
    for _ in range(int(seconds * 5)):
        if found == expected:
            break
        page.wait_for_timeout(200)
        found = page.evaluate(script)
    return found


def test_after_a_cut_list_and_thread_are_what_the_database_is(seen: Seen, line: Line) -> None:
    traffic = Traffic()
    seen.address = f"http://127.0.0.1:{line.port}"
    listed, thread = (seen.page("admin", offline_is_fine=True) for _ in range(2))
    listed.goto(f"{seen.address}/inbox")
    thread.goto(f"{seen.address}/inbox/{traffic.talk}")
    _go_on(traffic, thread, 6)
    line.cut()
    for _ in range(CUT_SECONDS):
        _go_on(traffic, listed, 2)
    assert listed.locator("#offline").is_visible()
    line.mend()
    _go_on(traffic, thread, 6)
    rows, texts = stored_rows(), stored_texts(traffic.talk)
    assert settled(listed, ROWS, rows) == rows
    assert settled(thread, TEXTS, texts) == texts
    entries = thread.evaluate(ENTRIES)
    assert len({key for key, _, _ in entries}) == len(entries)
    fresh = seen.page("admin", offline_is_fine=True)
    fresh.goto(f"{seen.address}/inbox/{traffic.talk}")
    assert fresh.evaluate(ENTRIES) == entries
    assert fresh.evaluate(ROWS) == rows


def _go_on(traffic: Traffic, page: Page, steps: int) -> None:
    for _ in range(steps):
        traffic.step()
        page.wait_for_timeout(500)
