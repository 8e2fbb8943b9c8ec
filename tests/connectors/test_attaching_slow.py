"""Claims about slow platforms: who is still sending a file keeps it, and nobody calls the reply unknown meanwhile."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from connectors import tasks
from core import db, outbox
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox.models import ReplyRow
from tests.connectors.test_attaching_cut import queue

SENDING = replace(SUBSCRIBERS["connectors.tasks.send"], lease=1.0)


@pytest.mark.usefixtures("valkey")
def test_a_second_worker_leaves_alone_what_the_first_one_still_uploads(
    sandbox: Any, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    text = "A picture that takes its time"
    queue(sandbox, "telegram", text)
    sandbox.fault("telegram", "slow", "sendPhoto", delay=4)
    first = threading.Thread(target=outbox.step, args=(SENDING, tasks.send))
    first.start()
    second = 0
    while first.is_alive():
        time.sleep(0.1)
        second += outbox.step(SENDING, tasks.send) if _begun() else 0
    first.join()
    with db.read() as session:
        assert session.get_one(ReplyRow, 1).state == "sent"
    assert second == 0
    posts = [one for one in sandbox.world()["sent"] if one["platform"] == "telegram" and text in one["text"]]
    assert len(posts) == 1


def _begun() -> bool:
    """The first worker has it."""
    with db.read() as session:
        return session.get_one(ReplyRow, 1).state != "queued"
