"""Seeded trouble for the check: SIGKILL for workers, broker and web; 429, 500 and lost answers at the platforms."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from typing import Any

import httpx

from web.supervisor import Supervisor

KILLS = {"worker": 3, "broker": 2, "web": 2}
FAULTS = {"429": 5, "500": 5, "timeout_after_commit": 5}
SERVICES = ("mastodon", "bluesky", "telegram", "salesforce")


class Chaos(threading.Thread):
    """Kills and disturbs until everything demanded has happened, then stops by itself."""

    def __init__(self, seed: int, supervisor: Supervisor, services: dict[str, Any]) -> None:
        super().__init__(name="chaos", daemon=True)
        self.random = random.Random(seed)  # noqa: S311  # a seed to repeat the run by
        self.supervisor, self.services = supervisor, services
        self.kills: Counter[str] = Counter()
        self.finish = threading.Event()

    def run(self) -> None:
        plan = [name for name, number in KILLS.items() for _ in range(number + 1)]
        self.random.shuffle(plan)
        self._faults(3)
        for name in plan:
            self.finish.wait(self.random.uniform(1.0, 3.5))
            self._kill(name)
            self._faults(self.random.randint(1, 2))
        while not self.finish.is_set() and (kinds := self.missing()):
            self._customers()
            for kind in kinds:
                self._order(kind, ("salesforce",) if kind == "timeout_after_commit" else SERVICES)
            self.finish.wait(1.5)

    def _kill(self, name: str) -> None:
        for child in self.supervisor.children:
            if child.name == name and child.running() and child.process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.process.pid, signal.SIGKILL)
                    self.kills[name] += 1

    def _faults(self, number: int) -> None:
        for _ in range(number):
            self._order(self.random.choice(tuple(FAULTS)), SERVICES)

    def _order(self, kind: str, services: tuple[str, ...]) -> None:
        service = self.random.choice(services)
        order: dict[str, Any] = {"service": service, "kind": kind, "count": self.random.randint(1, 3), "retry_after": 1}
        if kind == "timeout_after_commit":
            order["method"] = "PATCH" if service == "salesforce" else "POST"
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(self.services["control"] + "/_faults", json=order, timeout=10)

    def _customers(self) -> None:
        """Customers go on writing, so that there are calls left that can fail."""
        for platform in ("mastodon", "bluesky"):
            with contextlib.suppress(httpx.HTTPError):
                httpx.post(self.services["control"] + "/_bulk", json={"platform": platform, "count": 3}, timeout=10)

    def served(self) -> dict[str, int]:
        """Faults the sandbox says it really served."""
        log = httpx.get(self.services["control"] + "/_log.json", timeout=10).json()
        return {kind: int(log["faults"].get(kind, 0)) for kind in FAULTS}

    def missing(self) -> tuple[str, ...]:
        """Kinds of faults that have not happened often enough yet."""
        with contextlib.suppress(httpx.HTTPError):
            served = self.served()
            return tuple(kind for kind, number in FAULTS.items() if served[kind] < number)
        return tuple(FAULTS)

    def calm(self) -> None:
        """No more trouble: what was ordered and not served yet is taken back."""
        self.finish.set()
        self.join(30)
        with contextlib.suppress(httpx.HTTPError):
            httpx.delete(self.services["control"] + "/_faults", timeout=10)

    def enough(self) -> bool:
        """Every demanded kill and fault has happened."""
        return all(self.kills[name] >= number for name, number in KILLS.items()) and not self.missing()


def wait_until(condition: Any, seconds: float, step: float = 0.5) -> bool:
    """True as soon as `condition()` is; False after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(step)
    return False
