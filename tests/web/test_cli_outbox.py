"""The outbox on the command line: what waits, what was given up, another run, dropping, pause and resume."""

from __future__ import annotations

import time
from typing import Any

import pytest
import sqlalchemy as sa

from core import backlog, db, queue
from core.audit import AuditEntry
from core.outbox import OutboxRow
from tests.living import done, refused, widerhall
from web.cli import base

NAME = "connectors.tasks.pull"


def letter(key: str, *, dead: bool = False, later: float = 0.0) -> int:
    with db.write() as session:
        row = OutboxRow(
            subscriber=NAME, topic="feed.due", key=key, payload={"feed_id": 999}, due_at=time.time() + later,
            dead=int(dead), reason="it broke" if dead else "",
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row.id or 0


def row(name: str = NAME) -> dict[str, Any]:
    return next(one for one in done("outbox") if one["subscriber"] == name)


def rows() -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(db.table(OutboxRow))).scalar_one()


def test_what_waits_is_counted_by_subscriber(hub: None) -> None:
    letter("1")
    letter("2", later=3600)
    letter("3", dead=True)
    found = row()
    assert (found["due"], found["later"], found["dead"], found["leased"]) == (1, 1, 1, 0)
    assert found["next_at"]
    assert NAME in widerhall("outbox").out


def test_dead_letters_are_shown_with_their_reason(hub: None) -> None:
    assert widerhall("outbox", "dead").out == "No dead letter.\n"
    number = letter("3", dead=True)
    (found,) = done("outbox", "dead")
    assert (found["id"], found["reason"], found["payload"]) == (number, "it broke", {"feed_id": 999})


def test_a_letter_that_falls_due_just_after_the_last_look_is_worked_off(
    hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a hub nobody else would: waiting for it would be forever."""
    whole, looks = queue.work_inline, iter((True, False))

    def work(seconds: float | None = None) -> bool:
        done = whole(seconds)
        if next(looks, False):
            letter("999")
        return done

    monkeypatch.setattr(queue, "work_inline", work)
    assert base.settle(hub=False, seconds=30.0) == []
    assert rows() == 0


def test_a_dead_letter_runs_again(hub: None) -> None:
    number = letter("3", dead=True)
    assert done("outbox", "retry", number)["retried"] == 1
    assert (row()["dead"], row()["due"]) == (0, 1)
    done("pull", "--wait")
    assert rows() == 0
    assert done("outbox", "retry", number)["retried"] == 0


def test_a_dead_letter_is_dropped_when_somebody_says_yes(hub: None) -> None:
    number = letter("3", dead=True)
    alive = letter("4")
    assert done("outbox", "drop", number, alive, "--yes")["dropped"] == 1
    assert rows() == 1


def test_a_paused_subscriber_waits_and_goes_on(hub: None) -> None:
    assert done("outbox", "pause", NAME, "--reason", "holiday")["paused"]
    letter("1")
    waiting = done("pull", "--wait")["waiting"]
    assert [(one["subscriber"], one["paused"]) for one in waiting] == [(NAME, "holiday")]
    assert (row()["paused"], rows()) == ("holiday", 1)
    assert not done("outbox", "resume", NAME)["paused"]
    done("pull", "--wait")
    assert rows() == 0


def test_what_waits_for_later_is_listed_with_its_time(hub: None) -> None:
    letter("1", later=3600)
    (waiting,) = done("pull", "--wait")["waiting"]
    assert (waiting["waiting"], waiting["next_at"] > time.strftime("%Y-%m-%d")) == (1, True)
    assert f"{NAME}: 1 wait until 2" in widerhall("pull", "--wait").out


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_subscriber_nobody_has_is_refused(hub: None, verb: str) -> None:
    assert "There is no subscriber 'nobody'" in refused("outbox", verb, "nobody")


def test_who_did_it_is_recorded(hub: None) -> None:
    done("outbox", "pause", NAME)
    done("outbox", "resume", NAME)
    with db.read() as session:
        deeds = [entry.action for entry in session.scalars(sa.select(AuditEntry))]
    assert deeds == ["outbox.paused", "outbox.resumed"]
    assert backlog.overview()
