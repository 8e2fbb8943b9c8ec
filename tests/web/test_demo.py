"""The demo folder is safe, and a comparison with the world notices every sort of difference."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest
import sqlalchemy as sa

from core import db
from core.errors import NotConfigured
from core.settings import settings
from enrichment import mirror
from enrichment.behaviour import crm as behaviour
from enrichment.crm import CrmOrder, CrmPerson
from enrichment.profile import hub_id
from inbox import consent
from inbox.models import Identity, Message, ReplyRow
from tests.living import ROOT, Sandbox, refused
from web import serve
from web.demo import world
from web.demo.compare import Result, _orders, compare, set_aside
from web.supervisor import hold

COMMAND = [sys.executable, "-c", "from web.cli import main; main()"]


# --- the folder -------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for a demo; what preparing one sets in the environment is undone."""
    for name in ("ALLOW_PRIVATE_HOSTS", "CRM_SECONDS", "RECHECK_SECONDS", "POLL_SECONDS", "UNDO_SECONDS", "PORT"):
        monkeypatch.setenv(f"WIDERHALL_{name}", "1")
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "http://127.0.0.1")
    yield tmp_path / "demo"
    shutil.rmtree(settings().run_dir, ignore_errors=True)


def prepare(folder: Path, *, fresh: bool = False, quick: bool = False) -> None:
    try:
        world.prepare(folder, fresh=fresh, quick=quick)
    finally:
        if db._engine is not None:
            db.engine().dispose()
            db._engine = None


def test_a_demo_keeps_its_data_until_it_is_to_start_over(folder: Path) -> None:
    prepare(folder)
    (folder / "treasure").touch()
    prepare(folder)
    assert (folder / "treasure").exists()
    prepare(folder, fresh=True)
    assert not (folder / "treasure").exists()


def test_a_check_throws_away_what_a_check_left_and_no_demo(folder: Path) -> None:
    prepare(folder, quick=True)
    (folder / "left").touch()
    prepare(folder, quick=True)
    assert not (folder / "left").exists()
    prepare(folder)
    (folder / "treasure").touch()
    with pytest.raises(NotConfigured, match="holds a demo"):
        prepare(folder, quick=True)
    assert (folder / "treasure").exists()


def test_a_folder_of_something_else_is_never_emptied(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.tex").touch()
    for options in ({"fresh": True}, {"quick": True}, {"fresh": True, "quick": True}):
        with pytest.raises(NotConfigured, match="something else"):
            prepare(folder, **options)
    assert (folder / "thesis.tex").exists()


def test_the_folder_of_a_running_hub_is_left_alone(folder: Path) -> None:
    prepare(folder)
    (folder / "treasure").touch()
    with hold(), pytest.raises(NotConfigured, match="A hub runs on"):
        prepare(folder, fresh=True)
    assert (folder / "treasure").exists()


@pytest.mark.parametrize("words", [["--chaos", "1"], ["--keep"], ["--report", "report.json"]])
def test_what_belongs_to_a_check_is_refused_without_one(words: list[str]) -> None:
    assert "--check" in refused("demo", *words)


def test_answers_of_the_web_process_are_not_delayed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket made by ourselves gets no TCP_NODELAY from asyncio: 40 ms for each answer."""
    monkeypatch.setenv("WIDERHALL_PORT", "0")
    settings.cache_clear()
    _, bound = serve.build()
    assert bound.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    bound.close()


# --- the comparison ---------------------------------------------------------------------------------


def change(model: type, where: sa.ColumnElement[bool], **values: object) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(model)).where(where).values(**values))


@pytest.mark.xdist_group("living")
def test_a_comparison_sees_every_sort_of_difference(quiet_home: Sandbox) -> None:
    assert compare(quiet_home.announced).ok
    m, i = db.table(Message), db.table(Identity)
    keys = [event["key"] for event in quiet_home.world()["events"] if event["text"] and not event.get("optional")][:4]
    change(Message, m.c.key == keys[0], text="something else")
    change(Message, m.c.key == keys[1], visibility="private")
    change(Message, m.c.key == keys[2], key="mastodon:never:written")
    change(Identity, i.c.handle.contains("annab@"), contact_id=None)
    found = compare(quiet_home.announced)
    assert not found.ok
    assert len(found.lost) == 1
    assert keys[2] in found.lost[0]
    assert found.doubled == ["message mastodon:never:written is stored but not in the world"]
    assert sorted(words.split(":")[0].split()[0] for words in found.different) == ["identity", "message", "message"]


def test_a_comparison_of_orders_sees_what_is_lost_doubled_and_different(database: str) -> None:
    day = datetime(2026, 11, 3, tzinfo=UTC)
    bought = [CrmOrder("Order", f"801{n}", str(n), "003A", day, amount=10.0 + n, status="completed") for n in range(3)]
    world = {
        "orders": [
            {"id": one.id, "object": "Order", "contact": "003A", "status": one.status, "amount": one.amount}
            for one in bought
        ]
    }

    def said() -> tuple[int, int, int, int]:
        result = Result()
        _orders(world, result)
        return result.stages["orders"], len(result.lost), len(result.doubled), len(result.different)

    assert said() == (0, 0, 0, 0)  # orders are switched off
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="t")
        mirror.store(session, [CrmPerson("Contact", "003A", last_name="Weber", modified=day)])
        behaviour.store(session, bought)
    assert said() == (3, 0, 0, 0)
    with db.write() as session:
        behaviour.store(session, [replace(bought[0], amount=99.0, modified=day + timedelta(days=1))])
        behaviour.store(session, [replace(bought[1], deleted=True), replace(bought[2], id="8019")])
    assert said() == (1, 1, 1, 1)


@pytest.mark.xdist_group("living")
def test_what_nobody_could_see_is_not_counted_at_the_source(
    quiet_home: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = compare(quiet_home.announced)
    world = quiet_home.world()
    gone = {**world["events"][0], "key": "mastodon:written:and-gone", "optional": True}
    world["events"].append(gone)
    real = httpx.get
    monkeypatch.setattr(
        "web.demo.compare.httpx.get",
        lambda url, **kw: httpx.Response(200, json=world) if url.endswith("/_world.json") else real(url, **kw),
    )
    after = compare(quiet_home.announced)
    assert after.ok
    assert after.stages == before.stages


@pytest.mark.xdist_group("living")
def test_a_send_whose_worker_was_killed_is_unknown_and_anything_else_is_lost(quiet_home: Sandbox) -> None:
    with db.write() as session:
        talk = session.scalars(sa.select(Message.conversation_id)).first()
        now = db.now()
        session.add(
            ReplyRow(
                key="k", conversation_id=talk, text="It is on its way", state="unknown", send_at=now, created_at=now
            )
        )
    sent = {"platform": "telegram", "direction": "outbound", "text": "It is on its way"}
    events = [
        {**sent, "key": "telegram:1:2:3"},
        {**sent, "key": "telegram:1:2:4", "text": "another"},
        {**sent, "key": "mastodon:5", "platform": "mastodon"},
    ]
    records = [{"hub_id": hub_id("interaction", event["key"])} for event in events]
    world = {"events": events, "records": records, "unknown": []}
    set_aside(world, {})
    assert world == {"events": events[1:], "records": records[1:], "unknown": ["telegram:1:2:3"]}


# --- the command ------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.xdist_group("demo")
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells a child of its parent's death")
def test_no_process_of_a_demo_outlives_it(tmp_path: Path) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        process = subprocess.Popen(
            [*COMMAND, "demo", "--data", str(tmp_path / "demo"), "--port", "0"],
            cwd=ROOT, env={**os.environ, "WIDERHALL_PORT": "0"}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        lines = []
        while "Ctrl-C stops everything" not in (line := process.stdout.readline()):
            assert line, lines
            lines.append(line)
        words = "".join(lines)
        assert "Be a customer" in words
        assert "sign in as" in words
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 5
        process.send_signal(number)
        assert process.wait(30) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
        process.stdout.close()
        end = time.monotonic() + 30
        while left := [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
            assert time.monotonic() < end, left
            time.sleep(0.1)
