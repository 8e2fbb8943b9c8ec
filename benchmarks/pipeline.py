"""Messages a second from pull to ready-for-Salesforce: one worker, lexicon annotator, the sandbox's limits off.

Ready means: stored, annotated, matched against the saved queries, its author looked up among the CRM's
people, and, when the author is linked, its records pending in the list of what Salesforce is to get.
The sending itself is paused meanwhile: the org's own limits rule it, not this pipeline.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from benchmarks import house
from benchmarks.events import text
from connectors.platforms.archive import Format
from core import db, outbox
from core.event import MESSAGE_KINDS
from enrichment.models import SyncState
from inbox import accounts
from inbox.models import Account, Identity, Message
from listening import subjects
from listening.models import Hit
from sentiment import active
from sentiment.models import AnnotationRow
from web import imports

OVER_HTTP, FROM_ARCHIVE = 6_000, 20_000
TARGETS = {"http": 500, "archive": 1000}
SEND = "enrichment.tasks.send"
QUERIES = {
    "delivery": 'parcel OR Lieferung OR 配送 OR "not arrived"',
    "praise": '("thank you" OR "vielen Dank" OR 良い) AND NOT refund',
    "refund": "refund OR Erstattung OR 返金",
    "service": "service AND (help OR Hilfe OR please OR morgen)",
    "orders": "order OR Vorgang OR 注文番号",
    "models": '"new model" OR "neue Modell" OR 新しい',
}


def run(folder: Path) -> dict[str, Any]:
    """Both ways in, one after the other, over the same running hub."""
    with house.running(folder, without=("stream",), **house.CLOCK_STOPPED):
        with db.write() as session:
            active.write_state(session, "lexicon", "")
            for name, query in QUERIES.items():
                subjects.add_query(session, subjects.create(session, name, "industry"), name, query)
        house.quiet(120)
        with db.write() as session:
            outbox.pause(session, SEND, "benchmark")
        return _verdict(_over_http(), _from_archive(folder))


def _verdict(http: dict[str, Any], archive: dict[str, Any]) -> dict[str, Any]:
    ways = {"http": http, "archive": archive}
    figures = {f"{way}_{name}": value for way, found in ways.items() for name, value in found.items()}
    fast = all(found["messages_per_second"] >= TARGETS[way] for way, found in ways.items())
    whole = all(found["lost"] == 0 for found in ways.values())
    return {**figures, **{f"{way}_target": target for way, target in TARGETS.items()}, "ok": fast and whole}


def _over_http() -> dict[str, Any]:
    """New mentions on the Mastodon sandbox, pulled in the platform's pages of 40."""
    with db.read() as session:
        a = db.table(Account)
        ids = list(session.scalars(sa.select(a.c.id).where(a.c.platform == "mastodon")))
    house.control("/_bulk", platform="mastodon", count=OVER_HTTP)
    before = _newest()
    started = time.perf_counter()
    with db.write() as session:
        accounts.pull_now(session, ids)
    house.quiet(300, apart=(SEND,))
    return _figures(OVER_HTTP, time.perf_counter() - started, before)


def _from_archive(folder: Path) -> dict[str, Any]:
    """A JSON Lines file in pages of 500; a tenth of its messages by people who are in the CRM."""
    path, before = _write(folder / "archive.jsonl"), _newest()
    names = ("id", "text", "posted_at", "author_id", "author_name", "author_handle")
    shape = Format({name: name for name in names}, source="bench", platform="mastodon")
    started = time.perf_counter()
    imports.run(path, shape)
    house.quiet(300, apart=(SEND,))
    return _figures(FROM_ARCHIVE, time.perf_counter() - started, before)


def _write(path: Path) -> Path:
    rng = random.Random(5)
    i = db.table(Identity)
    columns = (i.c.external_id, i.c.name, i.c.handle)
    with db.read() as session:
        known = session.execute(
            sa.select(*columns).where(i.c.contact_id.is_not(None), i.c.platform == "mastodon")
        ).all()
    with path.open("w") as file:
        for number in range(FROM_ARCHIVE):
            stranger = number // 3 % 4000
            author = (f"https://old.example/users/p{stranger}", f"Person {stranger}", f"p{stranger}@old.example")
            if number % 10 == 0 and known:
                author = tuple(rng.choice(known))
            row = {"id": str(number), "text": text(rng, number), "posted_at": f"2025-{number % 12 + 1:02}-11T10:00:00Z"}
            row |= dict(zip(("author_id", "author_name", "author_handle"), author, strict=True))
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


# --- what came out ---------------------------------------------------------------------------------


def _newest() -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.max(db.table(Message).c.id))).scalar() or 0


def _figures(asked: int, seconds: float, before: int) -> dict[str, Any]:
    """Counted in every room, so that a fast pipeline that drops something is no fast pipeline."""
    m, a, h, s, i = (db.table(model) for model in (Message, AnnotationRow, Hit, SyncState, Identity))
    new = sa.select(m.c.id).where(
        m.c.id > before, m.c.kind.in_(sorted(MESSAGE_KINDS))
    )  # a like has nothing to annotate
    linked = new.join(i, i.c.id == m.c.identity_id).where(i.c.contact_id.is_not(None), m.c.direction == "inbound")
    with db.read() as session:

        def count(query: Any) -> int:
            return int(session.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar() or 0)

        stored = count(new)
        annotated = count(sa.select(a.c.message_id).where(a.c.message_id.in_(new)).distinct())
        matched = count(sa.select(h.c.message_id).where(h.c.message_id.in_(new)).distinct())
        due = count(linked)
        pending = count(sa.select(s.c.message_id).where(s.c.message_id.in_(linked)))
    return {
        "messages": stored,
        "seconds": round(seconds, 2),
        "messages_per_second": round(stored / seconds),
        "annotated": annotated,
        "matched": matched,
        "linked": due,
        "lost": max(0, asked - stored) + stored - annotated + due - pending,
    }
