"""A worker that is killed while it forwards: one mail at most, and where nobody knows, the page says so."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.topics import SUBSCRIBERS
from inbox import forwards
from inbox.forward_models import Forward
from inbox.forwards import Wanted
from sandbox.mail import Mailbox
from tests import killed
from tests.conftest import BOTH
from tests.web.conftest import account, event, store, user
from web import auth, forwarding

SEND = """
from core import outbox
from core.topics import SUBSCRIBERS
from web import forwarding

while outbox.step(SUBSCRIBERS["web.forwarding.send"], forwarding.send):
    pass
"""


@pytest.fixture
def agent(database: str, box: Mailbox) -> str:
    store(account(), event("m:1", "Is this open?"))
    email = user("agent")
    with db.read() as session:
        row = auth.find(session, email)
        assert row is not None
        return f"user:{row.id}"


def forward(agent: str, number: int) -> int:
    wanted = Wanted([f"p{number}@x.example"], "Look")
    with db.write() as session:
        return forwards.add(session, 1, wanted, agent, "hub.example")[0]


def states() -> list[str]:
    f = db.table(Forward)
    with db.read() as session:
        return list(session.scalars(sa.select(f.c.state).order_by(f.c.id)))


def work() -> None:
    while outbox.step(SUBSCRIBERS["web.forwarding.send"], forwarding.send):
        pass


@pytest.mark.parametrize(("step", "state"), [("rcpt", "sent"), ("data", "unknown"), ("kept", "unknown")])
def test_killed_at_any_word_to_the_server(agent: str, box: Mailbox, database: str, step: str, state: str) -> None:
    """Before the text it is sent after all; from then on nobody knows, and a person decides."""
    forward(agent, 1)
    working: list[subprocess.Popen[bytes]] = []

    def kill(at: str) -> None:
        if at == step:
            os.kill(working[0].pid, signal.SIGKILL)
            working[0].wait(60)

    box.watch(kill)
    working.append(killed.begun(SEND, database))
    working[0].communicate(timeout=90)
    assert working[0].returncode == -signal.SIGKILL
    box.watch(lambda at: None)
    killed.free()
    work()
    work()
    end = time.monotonic() + 20
    while not box.mails and time.monotonic() < end:  # the server has the text and keeps it, whoever is gone by then
        time.sleep(0.02)
    assert (states(), len(box.mails)) == ([state], 1)
    with db.write() as session:
        assert forwards.retry(session, 1, agent) is (state == "unknown")
    work()
    assert states() == ["sent"]
    assert len({one["id"] for one in box.mails}) == 1


@BOTH
@pytest.mark.slow
def test_killed_at_any_commit_there_is_one_mail_or_somebody_is_told(agent: str, box: Mailbox, database: str) -> None:
    for turn, (number, when) in enumerate(killed.points(), start=1):
        forward(agent, turn)
        died = killed.was_killed(SEND, database, number=number, when=when)
        work()
        mine = [one for one in box.mails if one["to"] == [f"p{turn}@x.example"]]
        state = states()[-1]
        assert (state, len(mine)) in {("sent", 1), ("unknown", 0), ("unknown", 1)}, f"cut {when} commit {number}"
        if not died:
            break
    assert set(states()) == {"sent", "unknown"}
    assert states()[0] == states()[-1] == "sent"
