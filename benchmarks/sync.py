"""What the exchange with Salesforce costs: calls, bytes and time, over HTTP against the simulated org.

    first    every profile and interaction for the first time
    few      1,000 people write one message each: 1,000 profiles and 1,000 interactions change
    many     everybody writes one message: from 2,000 records of a kind on they go as bulk jobs
    renamed  everybody changes the display name: one field of each profile
    again    everything is announced once more, and nothing has changed

`bare` is the same work without a hub: prepared rows over the same connection, 200 a call, or as one bulk job.
Bytes changed are those of the keys and of the values that differ from what the org had.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from sqlmodel import Session

import migrations
from core import db, outbox
from core.event import Author, Event, Page
from core.outbox import OutboxRow
from core.queue import handler
from core.settings import settings
from core.topics import SUBSCRIBERS
from enrichment import connection
from enrichment.models import SyncRun, SyncState
from enrichment.salesforce import deploy
from inbox import ingest
from inbox.identities import mark_ours
from inbox.models import Account, Identity, Message
from web import demo
from web.demo import world
from web.supervisor import Supervisor

PEOPLE, FEW = 10_000, 1_000
MOST_CALLS = 12
"""Per 1,000 changed profiles with their interactions."""
ROOM = [name for name in SUBSCRIBERS if name.startswith("enrichment.")]
SEND = "enrichment.tasks.send"
START = datetime(2026, 11, 1, tzinfo=UTC)
US = Author(platform="mastodon", id="https://social.example/users/shop", handle="shop@social.example")
BARE_CALLS = 20


def run(folder: Path) -> dict[str, Any]:
    """Every way once, in this order; the hub's side runs in this process, the org in one of its own."""
    with _org(folder) as org:
        ours = _hub(org)
        _contacts(org)
        _settle()
        ways = {
            "first": _measured(lambda: _write(ours, PEOPLE, 0)),
            "few": _measured(lambda: _write(ours, FEW, 1)),
            "many": _measured(lambda: _write(ours, PEOPLE, 2)),
            "renamed": _measured(_rename),
            "again": _measured(_announce),
        }
        bare = _bare(org)
    return _verdict(ways, bare)


@dataclass(frozen=True)
class Way:
    """What one way of changing things cost."""

    records: int
    profiles: int
    calls: int
    sent_bytes: int
    changed_bytes: int
    seconds: float
    """From the first letter to the CRM until nothing is left."""

    @property
    def speed(self) -> int:
        return round(self.records / self.seconds) if self.records else 0


def _verdict(ways: Mapping[str, Way], bare: Mapping[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, way in ways.items():
        found |= {f"{name}_records": way.records, f"{name}_calls": way.calls}
        if way.records:
            found |= {
                f"{name}_calls_per_1000_profiles": round(1000 * way.calls / way.profiles, 2),
                f"{name}_bytes_sent_per_changed": round(way.sent_bytes / way.changed_bytes, 2),
                f"{name}_records_per_second": way.speed,
            }
    found |= {f"bare_{name}_records_per_second": value for name, value in bare.items()}
    found["few_share_of_bare"] = round(ways["few"].speed / bare["collections"], 2)
    found["many_share_of_bare"] = round(ways["many"].speed / bare["bulk"], 2)
    cheap = all(1000 * ways[one].calls <= MOST_CALLS * ways[one].profiles for one in ("few", "many", "renamed"))
    still = ways["again"].records == 0 and ways["again"].calls == 0
    return {**found, "most_calls_per_1000_profiles": MOST_CALLS, "again_sends_nothing": still, "ok": cheap and still}


# --- the two sides ---------------------------------------------------------------------------------


@contextmanager
def _org(folder: Path) -> Iterator[dict[str, str]]:
    world.prepare(folder / "hub", fresh=False, quick=True)
    supervisor = Supervisor([demo.sandbox_child(0, limits=False)])
    try:
        supervisor.start()
        yield demo.services()["crm"]
    finally:
        supervisor.stop()
        db.engine().dispose()


def _hub(org: Mapping[str, str]) -> int:
    """A migrated store, connected to the org, with one account of ours; returns the account's id."""
    db.configure(settings().url)
    migrations.upgrade(db.engine())
    db.after_commit.clear()
    deploy.install(connection.reach(org["url"], org["client_id"], org["client_secret"]))
    with db.write() as session:
        connection.connect(
            session, url=org["url"], client_id=org["client_id"], client_secret=org["client_secret"],
            basis="legitimate_interest", actor="benchmark",
        )  # fmt: skip
        row = Account(platform="mastodon", external_id=US.id, handle=US.handle, created_at=START)
        session.add(row)
        session.flush()
        mark_ours(session, "mastodon", US)
        return row.id or 0


def _contacts(org: Mapping[str, str]) -> None:
    for start in range(0, PEOPLE, 1000):
        rows = [
            {"attributes": {"type": "Contact"}, "FirstName": "Kim", "LastName": f"Nord{n}",
             "Mastodon_Handle__c": f"@p{n}@people.example"}
            for n in range(start, start + 1000)
        ]  # fmt: skip
        answer = requests.post(f"{org['url']}/_org/records", json={"records": rows}, timeout=120)
        answer.raise_for_status()
    with db.write() as session:
        outbox.emit(session, "crm.due", [("crm", {})])


# --- what changes ----------------------------------------------------------------------------------


def _author(number: int) -> Author:
    handle = f"p{number}@people.example"
    url = f"https://people.example/@p{number}"
    name = f"Kim Nord{number}"
    return Author(platform="mastodon", id=f"https://people.example/users/p{number}", handle=handle, name=name, url=url)


def _events(people: int, turn: int) -> Iterator[Event]:
    for number in range(people):
        key = f"{turn}-{number}"
        yield Event(
            key=f"mastodon:{key}", platform="mastodon", kind="mention", author=_author(number),
            text=f"Hello, this is message {key}: my parcel has not arrived, what can I do about it?",
            posted_at=START + timedelta(days=turn, seconds=number), url=f"https://people.example/{key}",
        )  # fmt: skip


def _write(account: int, people: int, turn: int) -> None:
    """A message of each of so many people, stored and annotated."""
    events = list(_events(people, turn))
    for start in range(0, people, 500):
        ingest.store_page(account, Page(events=tuple(events[start : start + 500])))
    _annotated()


def _rename() -> None:
    """Everybody has another display name, as their profiles say."""
    i = db.table(Identity)
    with db.write() as session:
        session.execute(sa.update(i).where(i.c.contact_id.is_not(None)).values(name=i.c.name + " (she)"))
        _relinked(session)


def _relinked(session: Session) -> None:
    i = db.table(Identity)
    linked = session.execute(sa.select(i.c.id, i.c.contact_id).where(i.c.contact_id.is_not(None))).all()
    letters = [(str(one), {"identity_id": one, "contact_id": contact}) for one, contact in linked]
    outbox.emit(session, "person.linked", letters)


def _annotated() -> None:
    """What the annotator would say, without its work: it is not measured here."""
    o = db.table(OutboxRow)
    with db.write() as session:
        waiting = session.execute(sa.select(o.c.key, o.c.payload).where(o.c.subscriber == "sentiment.tasks.annotate"))
        letters = [(row.key, row.payload) for row in waiting]
        session.execute(sa.delete(o).where(o.c.subscriber.not_in(ROOM)))
        outbox.emit(session, "message.annotated", letters)
        session.execute(sa.delete(o).where(o.c.subscriber.not_in(ROOM)))


def _announce() -> None:
    m = db.table(Message)
    with db.write() as session:
        _relinked(session)
        messages = [(str(one), {"message_id": one, "version": 1}) for one in session.scalars(sa.select(m.c.id))]
        outbox.emit(session, "message.annotated", messages)
        session.execute(sa.delete(db.table(OutboxRow)).where(db.table(OutboxRow).c.subscriber.not_in(ROOM)))


# --- measuring -------------------------------------------------------------------------------------


def _measured(change: Callable[[], None]) -> Way:
    """Let something change, decide what is due, then send it with the clock running."""
    before, spent = _sent(), _spent()
    with db.write() as session:
        outbox.pause(session, SEND, "benchmark")
    change()
    _settle(apart=SEND)
    with db.write() as session:
        session.execute(sa.text("UPDATE subscriber SET paused = false"))
        outbox.hurry(session, SEND)
    started = time.perf_counter()
    _settle()
    seconds = time.perf_counter() - started
    after, total = _sent(), _spent()
    changed = {key: values for key, (_, values) in after.items() if values != before.get(key, ("", {}))[1]}
    differing = sum(_size(key, values, before.get(key, ("", {}))[1]) for key, values in changed.items())
    profiles = sum(after[key][0] == "profile" for key in changed)
    return Way(len(changed), profiles, total[0] - spent[0], total[1] - spent[1], differing, seconds)


def _settle(apart: str = "") -> None:
    """Run the room until it has no letter left, also for later; TimeoutError after ten minutes."""
    end, t = time.monotonic() + 600, db.table(OutboxRow)
    names = [name for name in ROOM if name != apart]
    while True:
        worked = sum(outbox.step(SUBSCRIBERS[name], handler(name)) for name in names)
        with db.read() as session:
            left = session.execute(sa.select(t.c.id).where(t.c.subscriber.in_(names), t.c.dead == 0).limit(1)).first()
        if left is None:
            return
        if time.monotonic() > end:
            raise TimeoutError("after 600 s letters of the exchange with the CRM still wait")
        if not worked:
            with db.write() as session:
                outbox.hurry(session, SEND)
            time.sleep(0.02)


def _sent() -> dict[str, tuple[str, dict[str, Any]]]:
    """Hub id → (kind, fields the org has acknowledged)."""
    s = db.table(SyncState)
    with db.read() as session:
        rows = session.execute(sa.select(s.c.hub_id, s.c.kind, s.c.sent))
        return {hub_id: (kind, sent) for hub_id, kind, sent in rows}


def _spent() -> tuple[int, int]:
    """Calls and bytes of all sending so far."""
    t = db.table(SyncRun)
    with db.read() as session:
        sums = sa.select(sa.func.sum(t.c.calls), sa.func.sum(t.c.sent_bytes)).where(t.c.kind == "send")
        calls, sent_bytes = session.execute(sums).one()
        return calls or 0, sent_bytes or 0


def _size(key: str, new: Mapping[str, Any], old: Mapping[str, Any]) -> int:
    values = (_text(value) for name, value in new.items() if old.get(name) != value and name != "Hub_Id__c")
    return len(key) + sum(len(value.encode()) for value in values)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "".join(map(_text, value.values()))
    return "" if value is None else str(value)


# --- without a hub ---------------------------------------------------------------------------------


def _bare(org: Mapping[str, str]) -> dict[str, int]:
    """Records a second that the org takes when nothing is decided, compared or stored on our side."""
    session = requests.Session()
    form = {name: org[name] for name in ("client_id", "client_secret")} | {"grant_type": "client_credentials"}
    token = session.post(f"{org['url']}/services/oauth2/token", data=form, timeout=30).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    rows = [
        {"Hub_Id__c": key, "Posted_At__c": fields["Posted_At__c"], "Text__c": f"{fields['Text__c']}!"}
        for key, (kind, fields) in _sent().items()
        if kind == "interaction"
    ]
    base = f"{org['url']}/services/data/v66.0"
    return {"collections": _collections(session, base, rows), "bulk": _bulk(session, base, rows[:PEOPLE])}


def _collections(session: requests.Session, base: str, rows: list[dict[str, Any]]) -> int:
    object_ = "SocialInteraction__c"
    bodies = [
        json.dumps({"records": [{"attributes": {"type": object_}, **row} for row in rows[n * 200 : n * 200 + 200]]})
        for n in range(BARE_CALLS)
    ]
    started = time.perf_counter()
    for body in bodies:
        headers = {"Content-Type": "application/json"}
        url = f"{base}/composite/sobjects/{object_}/Hub_Id__c"
        answer = session.patch(url, data=body, headers=headers, timeout=120)
        if not all(one["success"] for one in answer.json()):
            raise RuntimeError("the org refused a row that it had taken before")
    return round(200 * BARE_CALLS / (time.perf_counter() - started))


def _bulk(session: requests.Session, base: str, rows: list[dict[str, Any]]) -> int:
    text = "\n".join(_lines(rows)) + "\n"
    job = {"object": "SocialInteraction__c", "operation": "upsert", "externalIdFieldName": "Hub_Id__c"}
    started = time.perf_counter()
    made = session.post(f"{base}/jobs/ingest", json=job, timeout=30).json()["id"]
    address, kind = f"{base}/jobs/ingest/{made}", {"Content-Type": "text/csv"}
    session.put(f"{address}/batches", data=text.encode(), headers=kind, timeout=120).raise_for_status()
    session.patch(address, json={"state": "UploadComplete"}, timeout=30).raise_for_status()
    while session.get(address, timeout=30).json()["state"] != "JobComplete":
        time.sleep(0.1)
    session.get(f"{address}/successfulResults", timeout=120).raise_for_status()
    return round(len(rows) / (time.perf_counter() - started))


def _lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield "Hub_Id__c,Posted_At__c,Text__c"
    yield from (f'{row["Hub_Id__c"]},{row["Posted_At__c"]},"{row["Text__c"]}"' for row in rows)
