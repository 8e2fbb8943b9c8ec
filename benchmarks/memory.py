"""Memory of all processes of the demo (proportional set size) after every part was used."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

from benchmarks import house, latency
from core import db
from inbox import replies
from inbox.models import Conversation
from listening import subjects

TARGET_MB = 900


def run(folder: Path) -> dict[str, Any]:
    """Reads, annotates, matches, listens, syncs, streams to a browser and answers; then looks at /proc."""
    settings = {"POLL_SECONDS": "5", "RECHECK_SECONDS": "10", "CRM_SECONDS": "10"}
    with house.running(folder, **settings) as supervisor, latency.listening():
        _use()
        sizes = {child.name: _pss(child.process.pid) for child in supervisor.children if child.process is not None}
    sizes["supervisor"] = _pss(os.getpid())
    total = sum(sizes.values())
    figures = {f"{name}_mb": round(size) for name, size in sizes.items()}
    return {
        **figures,
        "total_mb": round(total),
        "target_mb": TARGET_MB,
        "ratio": round(total / TARGET_MB, 3),
        "ok": total < TARGET_MB,
    }


def _use() -> None:
    """Every part of the hub once more, beyond what connecting the world has done already."""
    house.control("/_bulk", platform="mastodon", count=500)
    with db.write() as session:
        subjects.add_query(session, subjects.create(session, "Bench"), "all", "lieferung OR delivery OR 配送")
        waiting = list(session.scalars(sa.select(Conversation.id).where(Conversation.state == "open").limit(5)))  # type: ignore[call-overload]  # columns
        for conversation in waiting:
            replies.queue(session, conversation, "Thank you, we look into it.", author="benchmark", undo_seconds=0)
    time.sleep(25)


def _pss(pid: int) -> float:
    """Megabytes of a process and its children; memory shared by several counts in parts."""
    total = 0
    process = psutil.Process(pid)
    children = [] if pid == os.getpid() else process.children(recursive=True)
    for one in (process, *children):
        try:
            total += one.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied, AttributeError):
            continue
    return total / 1024 / 1024
