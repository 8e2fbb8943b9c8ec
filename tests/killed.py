"""A process that is killed (SIGKILL) at an exact point of its work: before or after one of its commits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Literal

import sqlalchemy as sa

from core import db
from core.outbox import OutboxRow
from tests.living import ROOT

When = Literal["before", "after"]
POINTS = 12
"""More commits than one piece of work has."""
BEGIN = """
import sys
from core import db
from tests.killed import die

db.configure(sys.argv[1])
die(int(sys.argv[2]), sys.argv[3])
"""


def die(number: int, when: When) -> None:
    """This process kills itself at its `number`-th commit of a write from now, before or after it; 0: never."""
    dialect = db.engine().dialect
    commit, left = dialect.do_commit, [number]

    def dying(connection: Any) -> None:
        if getattr(connection, "read_only", None):
            return commit(connection)
        left[0] -= 1
        if left[0] == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(connection)
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return None

    dialect.do_commit = dying  # type: ignore[method-assign]


def begun(work: str, database: str, *given: object, number: int = 0, when: When = "before") -> subprocess.Popen[bytes]:
    """A process that does `work` (Python; `given` is `sys.argv[4:]`) and dies at that commit."""
    command = [sys.executable, "-c", BEGIN + work, database, str(number), when, *map(str, given)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=dict(os.environ))


def was_killed(work: str, database: str, *given: object, number: int, when: When) -> bool:
    """Do `work` until that commit; False when it came to its end before."""
    child = begun(work, database, *given, number=number, when=when)
    _, error = child.communicate(timeout=120)
    assert child.returncode in (0, -signal.SIGKILL), error.decode()[-2000:]
    free()
    return child.returncode != 0


def free() -> None:
    """What a dead process held is free at once instead of after its lease."""
    o = db.table(OutboxRow)
    with db.write() as session:
        session.execute(sa.update(o).where(o.c.dead == 0, o.c.lease.is_not(None)).values(due_at=0))


def points() -> Iterator[tuple[int, When]]:
    """Every point at which a piece of work can be cut: each of its commits, before and after."""
    for number in range(1, POINTS + 1):
        yield number, "before"
        yield number, "after"
