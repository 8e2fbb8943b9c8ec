"""Writers of one SQLite file stand in line: first the threads of a process, then the processes.

SQLite itself lets a writer that finds the file taken sleep, for up to 100 ms at a time, and try again;
whoever comes in between wins, and meanwhile nobody may be writing at all.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_threads = threading.Lock()


@contextmanager
def stand(file: str, patience: float) -> Iterator[bool]:
    """Wait for our turn at writing `file`; False after `patience` seconds behind threads of this process."""
    if not _threads.acquire(timeout=patience):
        yield False
        return
    try:
        with open(f"{file}-line", "a") as handle:  # a handle of its own: the lock goes with it
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield True
    finally:
        _threads.release()


def after_fork() -> None:
    """In a forked child: whoever held the parent's lock is not here."""
    global _threads
    _threads = threading.Lock()
