"""`widerhall demo --check`: the whole job headless, counted at the source; exit code 1 when anything is off."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from core import backlog, db
from core.topics import SUBSCRIBERS
from inbox import replies
from inbox.models import Message
from web import demo
from web.demo import world
from web.demo.chaos import Chaos
from web.demo.compare import Result, compare
from web.supervisor import Supervisor, hub_children

STEPS = 12
SETTLE_SECONDS = 60.0 + max(one.lease for one in SUBSCRIBERS.values())
"""What a killed worker held is free again when its lease has ended, and not before."""
ANSWER_SECONDS = 180.0


def run(*, chaos: int | None, report: Path | None, keep: bool) -> int:
    """Start everything, play the world, answer customers, compare; returns the exit code."""
    started = time.monotonic()
    sandbox = demo.sandbox_child(0, stays=keep)
    supervisor = Supervisor([sandbox, *hub_children()], say=lambda words: print(f"  {words}", flush=True))
    outcome: dict[str, Any] = {"ok": False, "error": "stopped before the end"}
    world.login()
    supervisor.heed()
    try:
        supervisor.start()
        job = threading.Thread(target=_guarded, args=(supervisor, chaos, outcome), daemon=True)
        job.start()
        while job.is_alive():
            if supervisor.stopping:
                raise KeyboardInterrupt
            supervisor.tick()
            time.sleep(0.05)
        outcome["seconds"] = round(time.monotonic() - started, 1)
        if keep and sandbox.process is not None:
            outcome["sandbox"] = {**demo.services(), "pid": sandbox.process.pid}
        _print(outcome)
        if report is not None:
            report.parent.mkdir(parents=True, exist_ok=True)
            report.write_text(json.dumps(outcome, ensure_ascii=False, indent=1) + "\n")
        if "sandbox" in outcome:
            kept = outcome["sandbox"]
            print(f"The sandbox still runs: {kept['control']}/_world.json (kill {kept['pid']} ends it)")
    except KeyboardInterrupt:
        pass
    finally:
        sandbox.stays = "sandbox" in outcome  # only a finished check leaves it behind
        supervisor.stop()
    return 0 if outcome["ok"] else 1


def _guarded(supervisor: Supervisor, seed: int | None, outcome: dict[str, Any]) -> None:
    try:
        outcome.update(_job(supervisor, seed))
        outcome.pop("error", None)
    except Exception as error:
        outcome["error"] = f"{type(error).__name__}: {error}"
        raise


def _job(supervisor: Supervisor, seed: int | None) -> dict[str, Any]:
    world.connect_world()
    services = demo.services()
    chaos = Chaos(seed, supervisor, services) if seed is not None else None
    if chaos is not None:
        chaos.start()
    pending = httpx.get(services["control"] + "/_world.json", timeout=60).json()["replies"]
    for _ in range(STEPS):
        httpx.post(services["control"] + "/_play", json={"steps": 6}, timeout=60).raise_for_status()
        pending = _answer(pending)
        time.sleep(1.0)
    httpx.post(services["control"] + "/_play", json={"steps": "all"}, timeout=60).raise_for_status()
    end = time.monotonic() + ANSWER_SECONDS
    while pending and time.monotonic() < end:
        pending = _answer(pending)
        time.sleep(0.5)
    facts: dict[str, Any] = {}
    if chaos is not None:
        _wait_for_chaos(chaos)
        facts = {"seed": seed, "kills": dict(chaos.kills), "faults": chaos.served()}
    result = _settled(services)
    result.lost += [f"nobody could answer {reply['to']}" for reply in pending]
    enough = chaos is None or chaos.enough()
    return {
        "ok": result.ok and enough,
        "stages": result.stages,
        "lost": len(result.lost),
        "duplicated": len(result.doubled),
        "different": len(result.different),
        "unknown": result.unknown,
        **facts,
        "details": (result.lost + result.doubled + result.different)[:200],
        "outbox": [vars(row) for row in backlog.overview() if row.dead or row.paused],
    }


def _wait_for_chaos(chaos: Chaos) -> None:
    chaos.join(150)
    chaos.calm()


def _answer(pending: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answer what has arrived; returns what has not."""
    left = []
    m = db.table(Message)
    for reply in pending:
        with db.write() as session:
            conversation = session.execute(sa.select(m.c.conversation_id).where(m.c.key == reply["to"])).scalar()
            if conversation is None:
                left.append(reply)
                continue
            replies.queue(
                session, conversation, reply["text"], author="cli", key=f"demo:{reply['to']}"[:100], answers=reply["to"]
            )
    return left


PERIODIC = {"connectors.tasks.pull", "connectors.tasks.recheck", "enrichment.tasks.pull_crm"}
"""Asked for by the clock again and again: that they are at work says nothing about what is left."""


def _settled(services: dict[str, Any]) -> Result:
    """Compare until nothing differs any more twice in a row and no work is left, or time is up."""
    end = time.monotonic() + SETTLE_SECONDS
    calm = 0
    while True:
        result = compare(services)
        left = [
            row for row in backlog.overview() if (row.due or row.leased or row.later) and row.subscriber not in PERIODIC
        ]
        calm = calm + 1 if result.ok and not left else 0
        if calm == 2 or time.monotonic() > end:
            if left and result.ok:
                result.different += [
                    f"work of {row.subscriber} never ended: {row.due + row.leased + row.later}" for row in left
                ]
            return result
        time.sleep(1.0)


def _print(outcome: dict[str, Any]) -> None:
    console = Console(width=110, highlight=False)
    table = Table(box=None, header_style="bold")
    for name in ("platform", "inbox", "annotated", "matched", "salesforce", "orders", "lost", "duplicated", "seconds"):
        table.add_column(name, justify="right")
    stages = outcome.get("stages", {})
    table.add_row(
        *(str(stages.get(n, "–")) for n in ("platform", "inbox", "annotated", "matched", "salesforce", "orders")),
        *(str(outcome.get(n, "–")) for n in ("lost", "duplicated", "seconds")),
    )
    console.print(table)
    for words in [*outcome.get("details", []), *([outcome["error"]] if "error" in outcome else [])][:40]:
        console.print(f"  {words}", markup=False)
    for name in ("kills", "faults"):
        if name in outcome:
            console.print(f"{name}: {outcome[name]}")
    console.print("ok" if outcome["ok"] else "NOT ok")
