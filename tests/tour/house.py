"""The demo as a newcomer starts it: one command, and what it prints."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from web.demo.compare import query

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from web.cli import main; main()"]


@dataclass(frozen=True)
class Demo:
    """The addresses that the command prints, and the way in."""

    folder: Path
    inbox: str
    customer: str
    salesforce: str
    email: str
    password: str

    def services(self) -> dict[str, Any]:
        """The sandbox's own list of its services."""
        return dict(httpx.get(f"{self.customer}/_services.json", timeout=30).json())

    def control(self, path: str, **values: Any) -> dict[str, Any]:
        """One call of the sandbox's control port."""
        answer = httpx.post(self.customer + path, json=values, timeout=120)
        answer.raise_for_status()
        return dict(answer.json())

    def world(self) -> dict[str, Any]:
        """What stands on the platforms."""
        return dict(httpx.get(f"{self.customer}/_world.json", timeout=60).json())

    def sent(self, text: str) -> int:
        """How often an answer of ours stands on its platform."""
        return sum(text in one["text"] for one in self.world()["sent"])

    def records(self, soql: str) -> list[dict[str, Any]]:
        """What the org itself answers."""
        return query(self.services(), soql)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Demo]:
    """Start `widerhall demo` on a folder and stop it again."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WIDERHALL_")}
    command = [*COMMAND, "demo", "--data", str(folder), "--port", "0"]
    process = subprocess.Popen(
        command, cwd=ROOT, env={**environment, "WIDERHALL_PORT": "0"}, stdout=subprocess.PIPE, text=True
    )
    try:
        yield _read(process, folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def _read(process: subprocess.Popen[str], folder: Path) -> Demo:
    assert process.stdout is not None
    lines: list[str] = []
    while "Ctrl-C stops everything" not in (lines[-1] if lines else ""):
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the demo did not start:\n" + "".join(lines))
        lines.append(line)
    words = "".join(lines)

    def after(pattern: str) -> str:
        found = re.search(pattern, words)
        assert found is not None, words
        return found[1].rstrip("/")

    return Demo(
        folder=folder,
        inbox=after(r"Inbox\s+(\S+)"),
        customer=after(r"Be a customer\s+(\S+)"),
        salesforce=after(r"Salesforce org\s+(\S+)"),
        email=after(r"sign in as\s+(\S+)"),
        password=after(r"password (\S+)"),
    )


def until(found: Callable[[], Any], seconds: float, what: str) -> Any:
    """The first true value of `found()`; TimeoutError names what did not come."""
    end = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > end:
            raise TimeoutError(f"after {seconds:.0f} s: {what}")
        time.sleep(0.1)
    return value
