"""A process that is killed (SIGKILL) at an exact point of its work: before or after one of its commits.

There are many points, and to start a process is mostly to import: one process imports what a piece of work needs and
waits, and each that is to be killed is a fork of it. It has opened nothing, so nothing is shared.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Literal

import sqlalchemy as sa

from core import db
from core.outbox import OutboxRow
from core.settings import settings
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

    dialect.do_commit = dying  # type: ignore[method-assign]  # dies at the commit


def begun(work: str, database: str, *given: object, number: int = 0, when: When = "before") -> subprocess.Popen[bytes]:
    """A process that does `work` (Python; `given` is `sys.argv[4:]`) and dies at that commit."""
    command = [sys.executable, "-c", BEGIN + work, database, str(number), when, *map(str, given)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, env=dict(os.environ))


def was_killed(work: str, database: str, *given: object, number: int, when: When) -> bool:
    """Do `work` until that commit; False when it came to its end before."""
    code, error = _nursery(_imports(work)).do(work, (database, str(number), when, *map(str, given)))
    assert code in (0, -signal.SIGKILL), error
    free()
    return code != 0


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


# --- forks of a process that has imported --------------------------------------------------------------


def _imports(work: str) -> str:
    kinds = (ast.Import, ast.ImportFrom)
    return "\n".join(ast.unparse(one) for one in ast.parse(BEGIN + work).body if isinstance(one, kinds))


class _Nursery:
    """A process that waits, and forks one that works for each line it is given."""

    def __init__(self, imports: str) -> None:
        command = [sys.executable, "-c", "from tests import killed; killed.wait()", imports]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        atexit.register(self.end)

    def do(self, work: str, words: Sequence[str]) -> tuple[int, str]:
        """How the fork ended, as `Popen.returncode` says it, and the end of what it said."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([BEGIN + work, words, dict(os.environ)]) + "\n")
        self._process.stdin.flush()
        code, error = json.loads(self._process.stdout.readline())
        return code, error

    def end(self) -> None:
        """It ends with what it reads."""
        with contextlib.suppress(OSError):
            self._process.communicate()


_nursery = lru_cache(maxsize=None)(_Nursery)


def wait() -> None:
    """The process that waits: imports, then a fork for every line; two minutes each."""
    exec(sys.argv[1], {})  # noqa: S102  # the imports of a test
    settings.cache_clear()
    for line in sys.stdin:
        work, words, environment = json.loads(line)
        heard, says = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            _work(work, words, environment, says)
        os.close(says)
        with os.fdopen(heard, "rb") as file:
            error = file.read()[-2000:].decode(errors="replace")
        sys.stdout.write(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), error]) + "\n")
        sys.stdout.flush()


def _work(work: str, words: Sequence[str], environment: dict[str, str], says: int) -> None:
    """In the fork: do it and be gone, whatever happens."""
    signal.alarm(120)
    os.dup2(says, 1)
    os.dup2(says, 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["-c", *words]
    code = 1
    try:
        exec(work, {"__name__": "__main__"})  # noqa: S102  # a test's
        code = 0
    except BaseException:  # it is told and judged by the test
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
