"""One command runs everything: starts the hub's processes, restarts what dies, stops them all without orphans."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TextIO

from core import broker
from core.errors import NotConfigured
from core.process import die_with_parent
from core.settings import settings

COUNTERS = "PROMETHEUS_MULTIPROC_DIR"
"""Where all processes keep their counters, so that /metrics shows the workers' too."""
FRUGAL = {"MALLOC_ARENA_MAX": "2", "MALLOC_TRIM_THRESHOLD_": "131072", "MALLOC_MMAP_THRESHOLD_": "131072"}
"""glibc keeps a heap per thread and holds on to what each once needed: ours share two, and give back what is free."""
LOG_LIMIT = 20 * 1024 * 1024
STOP_SECONDS = 12.0
LONGEST_PAUSE = 5.0


@dataclass
class Child:
    """One process of the hub; `ready` tells when those that need it may start."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] = lambda: True
    stays: bool = False
    """It is left running when the supervisor stops."""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    starts: int = 0
    pause: float = 0.1
    retry_at: float = 0.0

    def running(self) -> bool:
        """The process is there."""
        return self.process is not None and self.process.poll() is None

    def start(self, folder: Path, environment: dict[str, str]) -> None:
        """Start it with its output in a log file of its own."""
        path = folder / f"{self.name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own arguments
                list(self.command), stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment,
                start_new_session=True, preexec_fn=None if self.stays else die_with_parent,
            )  # fmt: skip
        self.started, self.starts = time.monotonic(), self.starts + 1

    def signal(self, number: int) -> None:
        """Signal the whole process group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)


@dataclass
class Supervisor:
    """Runs `children` in order; use from the main thread: `start()`, then `run()` or `tick()`, then `stop()`."""

    children: list[Child]
    environment: dict[str, str] = field(default_factory=lambda: {**FRUGAL, **os.environ, COUNTERS: str(_counters())})
    say: Callable[[str], None] = lambda _: None
    stopping: bool = False
    _lock: TextIO | None = None

    def heed(self) -> None:
        """From here on SIGTERM ends the command as Ctrl-C does, so that it stops its children."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)

    def start(self, patience: float = 60.0) -> None:
        """Start every child, each when the ones before it are ready; NotConfigured when one does not come up."""
        self._hold()
        for child in self.children:
            self.say(f"starting {child.name}")
            child.start(self._logs(), self.environment)
            end = time.monotonic() + patience
            while not child.ready():
                if self.stopping:
                    raise KeyboardInterrupt
                if not child.running() or time.monotonic() > end:
                    path = self._logs() / f"{child.name}.log"
                    raise NotConfigured(f"{child.name} did not start. Its last words:\n{_tail(path)}")
                time.sleep(0.05)
        self.announce()

    def run(self) -> None:
        """Watch the children until SIGINT or SIGTERM."""
        self._note_only()
        while not self.stopping:
            self.tick()
            time.sleep(0.1)

    def tick(self) -> None:
        """Restart whoever died, more slowly each time it dies young."""
        moment = time.monotonic()
        for child in self.children:
            if child.running() or moment < child.retry_at:
                continue
            if child.retry_at == 0.0:
                young = moment - child.started < 10.0
                child.pause = min(child.pause * 2, LONGEST_PAUSE) if young else 0.1
                child.retry_at = moment + child.pause
                continue
            child.signal(signal.SIGKILL)  # what is left of its group
            child.retry_at = 0.0
            child.start(self._logs(), self.environment)
            self.say(f"{child.name} died and was started again")
            self.announce()

    def stop(self) -> None:
        """End all, the last started first; what does not listen is killed."""
        self._note_only()  # a second Ctrl-C must not leave half of them behind
        self.stopping = True
        ending = [child for child in self.children if not child.stays]
        for child in reversed(ending):
            child.signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        while any(child.running() for child in ending) and time.monotonic() < end:
            time.sleep(0.05)
        for child in ending:
            child.signal(signal.SIGKILL)
            if child.process is not None:
                child.process.wait(5)
        if self._lock is not None:  # a hub that was refused leaves the other one's announcement alone
            announcement().unlink(missing_ok=True)
            self._lock.close()
            self._lock = None

    def announce(self) -> None:
        """Write who runs as what process into the run folder, for commands beside the hub."""
        pids = {child.name: child.process.pid for child in self.children if child.process is not None}
        draft = announcement().with_suffix(".tmp")
        draft.write_text(json.dumps({"supervisor": os.getpid(), "children": pids}))
        draft.replace(announcement())

    def _logs(self) -> Path:
        folder = settings().data_dir / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _hold(self) -> None:
        self._lock = hold()
        (settings().run_dir / "web.json").unlink(missing_ok=True)
        shutil.rmtree(_counters(), ignore_errors=True)
        _counters().mkdir(mode=0o700)

    def _note_only(self) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._asked)

    def _interrupt(self, _: int, __: FrameType | None) -> None:
        self.stopping = True  # the exception may be lost in code that Python calls by itself
        raise KeyboardInterrupt

    def _asked(self, _: int, __: FrameType | None) -> None:
        self.stopping = True


def hold() -> TextIO:
    """The lock of this data folder, held until it is closed; NotConfigured while a hub runs on the folder."""
    folder = settings().run_dir
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = (folder / "hub.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise NotConfigured(
            f"A hub runs on {settings().data_dir.resolve()} already. Stop it first, or give --data another folder."
        ) from error
    return lock


def _counters() -> Path:
    return settings().run_dir / "metrics"


def announcement() -> Path:
    """Where a running hub says which processes it has."""
    return settings().run_dir / "hub.json"


def web_url() -> str | None:
    """Where the web process of this installation listens; None while it is not up."""
    try:
        found: str = json.loads((settings().run_dir / "web.json").read_text())["url"]
    except (OSError, ValueError, KeyError):
        return None
    return found


def hub_children() -> list[Child]:
    """The hub's own processes: broker (unless one is given), workers, stream, web."""
    python = sys.executable
    threads = str(settings().threads)
    worker = [
        python, "-m", "celery", "-A", "core.queue", "worker", "-P", "threads", "-c", threads, "-Q", "cpu,io",
        "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING",
    ]  # fmt: skip
    children = []
    if broker.embedded():
        children.append(Child("broker", broker.command(), ready=broker.alive))
    for number in range(1, settings().workers + 1):
        name = "worker" if number == 1 else f"worker{number}"
        children.append(Child(name, [*worker, "-n", f"{name}@widerhall"]))
    children.append(Child("stream", [python, "-m", "connectors.stream"]))
    children.append(Child("web", [python, "-m", "web.serve"], ready=lambda: web_url() is not None))
    return children


def _tail(path: Path, size: int = 2000) -> str:
    with contextlib.suppress(OSError):
        return path.read_bytes()[-size:].decode("utf-8", "replace")
    return ""
