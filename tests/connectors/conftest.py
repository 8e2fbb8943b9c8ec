"""The simulated platforms, started once as their own process on free ports."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from connectors.platforms.mastodon import places, server
from tests.connectors.support import Tokens, connector

ROOT = Path(__file__).parents[2]


class Sandbox:
    """Addresses and accounts of the running platforms, and their control port."""

    def __init__(self, announced):
        self.announced = announced

    def account(self, platform):
        return next(account for account in self.announced["accounts"] if account["platform"] == platform)

    def tokens(self, platform, **more):
        account = self.account(platform)
        kept = {name: account[name] for name in ("token", "identifier", "password") if name in account}
        return Tokens(**{**kept, **more})

    def connector(self, platform, tokens=None, **options):
        tokens = tokens or self.tokens(platform)
        return connector(platform, self.account(platform)["base_url"], tokens, **options)

    def checked(self, platform):
        """A connector that knows who it is, as it is after `accounts add`."""
        profile = self.connector(platform).check()
        return self.connector(platform, external_id=profile.author.id, handle=profile.author.handle)

    def world(self):
        return httpx.get(self.announced["control"] + "/_world.json", timeout=30).json()

    def control(self, path, body=None, method="POST"):
        answer = httpx.request(method, self.announced["control"] + path, json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def fault(self, platform, kind, path, count=1, **more):
        order = {"service": platform, "kind": kind, "path": path, "count": count, "method": "POST", **more}
        self.control("/_faults", order)


@pytest.fixture(scope="session")
def _running(tmp_path_factory):
    announced = tmp_path_factory.mktemp("sandbox") / "announce.json"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--announce", str(announced), "--no-limits"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not announced.exists():
            assert child.poll() is None, "the sandbox did not start"
            assert time.monotonic() < end, "the sandbox takes too long to start"
            time.sleep(0.05)
        yield Sandbox(json.loads(announced.read_text()))
    finally:
        child.terminate()
        child.wait(20)


@pytest.fixture
def sandbox(_running):
    """The running platforms without faults and quirks."""
    yield _running
    _running.control("/_faults", method="DELETE")
    _running.control("/_quirks", {"mastodon": {}, "bluesky": {}, "telegram": {}})


@pytest.fixture(autouse=True)
def forget_servers():
    """What a process remembers of servers does not leak between tests."""
    for kept in (places._known, places._one_by_one, server._kept):
        kept.clear()
