"""Killed at any commit between approving and the platform's answer: either nothing has happened, or it stands once."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from connectors import tasks
from core import db, outbox
from core.outbox import OutboxRow
from core.settings import settings
from core.topics import SUBSCRIBERS
from inbox import approvals, replies
from inbox.approval_models import Approval
from inbox.models import Activity, Message, ReplyRow
from tests import killed
from tests.conftest import BOTH
from tests.connectors.support import lived

SUBSCRIBER = SUBSCRIBERS["connectors.tasks.send"]
WORK = """
from connectors import tasks
from core import outbox
from core.topics import SUBSCRIBERS
from inbox import approvals

with db.write() as session:
    assert approvals.approve(session, int(sys.argv[4]), "user:2")
while outbox.step(SUBSCRIBERS["connectors.tasks.send"], tasks.send):
    pass
"""


def of(number: int) -> tuple[str, str, int]:
    """How the reply and its approval stand, and how often the thread says that it was approved."""
    with db.read() as session:
        done = session.scalars(sa.select(Activity).where(db.table(Activity).c.what == "approved")).all()
        said = sum(one.detail["reply"] == number for one in done)
        return session.get_one(ReplyRow, number).state, session.get_one(Approval, number).state, said


def letters(number: int) -> int:
    with db.read() as session:
        rows = session.scalars(sa.select(OutboxRow).where(db.table(OutboxRow).c.topic == "reply.queued"))
        return sum(one.payload["reply_id"] == number for one in rows)


@BOTH
@pytest.mark.slow
@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("platform", ["mastodon", "telegram"])
def test_approved_queued_sent_or_not_at_all(
    sandbox: Any, database: str, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    monkeypatch.setenv("WIDERHALL_UNDO_SECONDS", "0")
    settings.cache_clear()
    lived(sandbox, platform)
    ends = []
    for turn, (at, when) in enumerate(killed.points(), start=1):
        text, point = f"Point {turn} on {database.partition(':')[0]}.", f"cut {when} commit {at}"
        with db.write() as session:
            number = replies.queue(session, 1, text, author="user:1", approval="asked").id or 0
        died = killed.was_killed(WORK, database, number, number=at, when=when)
        if turn == 1:  # killed before the approval was written
            assert (of(number), letters(number)) == (("submitted", "submitted", 0), 0)
            with db.write() as session:
                assert approvals.approve(session, number, "user:2")
        if turn == 2:
            assert (of(number), letters(number)) == (("queued", "approved", 1), 1), "approved and queued are one"
        while outbox.step(SUBSCRIBER, tasks.send):
            pass
        with db.write() as session:  # where it was not sure, the platform is looked at again
            outbox.hurry(session, SUBSCRIBER.name)
        while outbox.step(SUBSCRIBER, tasks.send):
            pass
        posts = [one for one in sandbox.world()["sent"] if one["platform"] == platform and text in one["text"]]
        state, approval, said = of(number)
        assert (approval, said, letters(number)) == ("approved", 1, 0), point
        allowed = {("sent", 1)} if platform == "mastodon" else {("sent", 1), ("unknown", 0), ("unknown", 1)}
        assert (state, len(posts)) in allowed, point
        with db.read() as session:
            ours = sa.select(sa.func.count()).where(db.table(Message).c.text.contains(text))
            assert session.scalar(ours) == (state == "sent"), point
        ends.append(state)
        if not died:
            break
    assert len(ends) > 8
    assert ends[0] == ends[1] == ends[-1] == "sent"
