"""Memory of all processes of the demo (proportional set size) after every part was used.

Two ways of annotating are used one after the other, of which one at a time is loaded: the embedded model, and a
checkpoint, with which transformers come into the worker; the larger sum counts. The checkpoint itself is tiny: a real
one adds its size.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import sqlalchemy as sa

from benchmarks import house, latency
from benchmarks.events import events
from core import db
from inbox import erasure, replies
from inbox.models import Conversation, Identity
from listening import subjects
from listening.models import Subject
from sentiment import active
from sentiment.models import AnnotationRow
from web.supervisor import web_url

TARGET_MB = 900
PAGES = (
    "/inbox",
    "/inbox?q=service",
    "/messages",
    "/people",
    "/people/review",
    "/people/segments",
    "/people/segments/new",
    "/listening",
    "/listening/labels",
    "/listening/themes",
    "/reports",
    "/settings/accounts",
    "/settings/salesforce",
    "/settings/salesforce/fields",
    "/settings/salesforce/records",
    "/settings/contacts",
    "/settings/orders",
    "/settings/keys",
    "/settings/purposes",
    "/settings/model?drifting=yes",
    "/settings/system?run=yes",
    "/settings/stuck",
    "/settings/users",
    "/settings/me",
    "/metrics",
    "/readyz",
)
SETTINGS = {"POLL_SECONDS": "5", "RECHECK_SECONDS": "10", "CRM_SECONDS": "10"}


def run(folder: Path) -> dict[str, Any]:
    """Reads, annotates, matches, listens, syncs, answers, erases, imports, shows; then looks at /proc."""
    if not sys.platform.startswith("linux"):
        return {"memory": "unsupported here: proportional set sizes are Linux's"}
    with house.apart(folder, **SETTINGS) as pids, latency.listening():
        _use(folder)
        both = {"embedded": _sizes(pids)}
        _annotate_by_checkpoint(folder / "tiny")
        house.quiet(120)
        both["checkpoint"] = _sizes(pids)
    sizes = max(both.values(), key=lambda found: sum(found.values()))
    total = sum(sizes.values())
    return {
        **{f"{name}_mb": round(size) for name, size in sizes.items()},
        **{f"worker_with_{name}_mb": round(found["worker"]) for name, found in both.items()},
        "total_mb": round(total),
        "target_mb": TARGET_MB,
        "ratio": round(total / TARGET_MB, 3),
        "ok": total < TARGET_MB,
    }


def _sizes(pids: dict[str, int]) -> dict[str, float]:
    """Megabytes by process, what it started included; the supervisor alone, since it started them all."""
    return {name: _pss(pid, alone=name == "supervisor") for name, pid in pids.items()}


def _use(folder: Path) -> None:
    """Every part of the hub once more, beyond what connecting the world has done already."""
    with db.write() as session:
        subjects.add_query(session, subjects.create(session, "Bench"), "all", "lieferung OR delivery OR 配送")
        for conversation in session.scalars(_some(Conversation, db.table(Conversation).c.state == "open")):
            replies.queue(session, conversation, "Thank you, we look into it.", author="benchmark", undo_seconds=0)
    house.control("/_bulk", platform="mastodon", count=500)
    house.control("/_bulk", platform="bluesky", count=200)
    time.sleep(20)  # feeds, look-ups and the CRM are read by the clock
    _import(folder)
    _read_pages()
    with db.write() as session:
        person = session.scalars(_some(Identity, ~db.table(Identity).c.ours)).first()
        erasure.erase(session, f"identity:{person}", "benchmark")
    house.quiet(120)


def _some(model: Any, condition: Any) -> Any:
    return sa.select(db.table(model).c.id).where(condition).order_by(db.table(model).c.id).limit(5)


def _import(folder: Path) -> None:
    """As the command line does it, in a process that is gone afterwards."""
    path, fields = folder / "archive.jsonl", ("id", "text", "posted_at", "author_id")
    with path.open("w") as file:
        for number, event in enumerate(events(2000)):
            author = event.author.id if event.author else ""
            row = {"id": str(number), "text": event.text, "posted_at": event.posted_at.isoformat(), "author_id": author}
            file.write(json.dumps(row) + "\n")
    maps = [word for name in fields for word in ("--map", f"{name}={name}")]
    command = [str(Path(sys.executable).with_name("widerhall")), "import", "archive", str(path), *maps, "--wait"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own arguments


def _read_pages() -> None:
    """Every page, as an administrator reads them."""
    with db.read() as session:
        talks = session.scalars(_some(Conversation, sa.true())).all()
        people = session.scalars(_some(Identity, ~db.table(Identity).c.ours)).all()
        followed = session.scalars(_some(Subject, sa.true())).all()
    paths = [*PAGES, *(f"/inbox/{one}" for one in talks), *(f"/people/{one}" for one in people)]
    paths += [f"/reports/{one}{form}" for one in followed for form in ("", ".csv", ".pdf")]
    with httpx.Client(base_url=web_url() or "", cookies=house.signed_in(), timeout=60) as browser:
        for path in paths:
            browser.get(path).raise_for_status()


def _annotate_by_checkpoint(folder: Path) -> None:
    build = [sys.executable, "-m", "tests.sentiment.tiny", str(folder)]
    subprocess.run(build, check=True, cwd=Path(__file__).parents[1], capture_output=True)  # noqa: S603  # our own arguments
    with db.write() as session:
        active.write_state(session, f"hub:{folder}", "")
    house.control("/_bulk", platform="mastodon", count=200)
    time.sleep(10)
    house.quiet(120)
    a = db.table(AnnotationRow)
    with db.read() as session:
        if session.execute(sa.select(a.c.model).where(a.c.model.startswith("hub:")).limit(1)).first() is None:
            raise RuntimeError("the checkpoint was not used: see logs/worker.log")


def _pss(pid: int, *, alone: bool = False) -> float:
    """Megabytes of a process and, unless it is asked for alone, its children."""
    process = psutil.Process(pid)
    family = [process] if alone else [process, *process.children(recursive=True)]
    total = 0
    for one in family:
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 1024 / 1024
