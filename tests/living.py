"""A sandbox in a process of its own and the hub's command line in this one: what tests of the whole way share."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx

from core import db
from core.settings import settings
from enrichment.salesforce import deploy
from enrichment.salesforce.client import Client
from enrichment.salesforce.login import Login
from web import cli

ROOT = Path(__file__).parents[1]
BRANDS = ("lindenbahn", "fjellvik", "hoshizora", "marlowe", "kumo")
SOCIAL = {"mastodon": "lindenbahn", "bluesky": "marlowe", "telegram": "kumo"}


class Sandbox:
    """Addresses and accounts of running simulated platforms, and their control port."""

    def __init__(self, announced: dict[str, Any]) -> None:
        self.announced = announced

    def account(self, brand: str) -> dict[str, Any]:
        """One of our own accounts, as the sandbox announces it."""
        return next(one for one in self.announced["accounts"] if one["brand"] == brand)

    def sign_in(self, brand: str, **changes: str) -> list[str]:
        """The words after `widerhall accounts add` that connect it."""
        account = {**self.account(brand), **changes}
        words = [str(account["platform"]), "--base-url", str(account["base_url"])]
        for name in ("token", "identifier", "password"):
            words += [f"--{name}", str(account[name])] if account.get(name) else []
        return words

    def org(self) -> list[str]:
        """The words after `widerhall crm connect` that connect the org."""
        crm = self.announced["crm"]
        return ["--url", crm["url"], "--client-id", crm["client_id"], "--client-secret", crm["client_secret"]]

    def world(self) -> dict[str, Any]:
        """What must be in the inbox and in the org."""
        return dict(httpx.get(self.announced["control"] + "/_world.json", timeout=60).json())

    def control(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """One call of the control port."""
        answer = httpx.request(method, self.announced["control"] + path, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def person(self, platform: str, place: int = 0) -> str:
        """Somebody who has an account there."""
        links = [row for row in self.world()["links"] if row["identity"].startswith(platform)]
        return str(links[place]["person"])

    def post(self, brand: str, text: str, **more: Any) -> str:
        """Write as a customer; the event key."""
        platform = self.account(brand)["platform"]
        order = {"platform": platform, "account": brand, "text": text, **more}
        order.setdefault("person", self.person(platform))
        return str(self.control("/_post", order)["key"])

    def sent(self, text: str) -> int:
        """How often an answer of ours stands on its platform."""
        return sum(text in one["text"] for one in self.world()["sent"])


@contextlib.contextmanager
def sandbox(folder: Path) -> Iterator[Sandbox]:
    """Start the simulated platforms on free ports, with our objects in the org, and stop them again."""
    announced = folder / "announce.json"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--announce", str(announced), "--no-limits"]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not announced.exists():
            assert child.poll() is None, "the sandbox did not start"
            assert time.monotonic() < end, "the sandbox takes too long to start"
            time.sleep(0.05)
        found = Sandbox(json.loads(announced.read_text()))
        crm = found.announced["crm"]
        login = Login(crm["url"], crm["client_id"], crm["client_secret"])
        deploy.install(Client(login, allow_private=True), sleep=lambda span: None)
        yield found
    finally:
        child.terminate()
        child.wait(20)


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code and both outputs."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON value."""
        return json.loads(self.out)


def widerhall(*words: str | int | Path) -> Said:
    """One command of the hub in this process, by its entry point."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    arguments = ["widerhall", *(str(word) for word in words)]
    with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Said(code, out.getvalue(), err.getvalue())


def done(*words: str | int | Path) -> Any:
    """The JSON of a command that must succeed."""
    said = widerhall(*words, "--json")
    assert said.code == 0, said
    return said.json


def refused(*words: str | int | Path) -> str:
    """The sentence of a command that must fail: exit code 1, nothing on standard output."""
    said = widerhall(*words)
    assert (said.code, said.out) == (1, ""), said
    assert "Traceback" not in said.err
    return said.err.removeprefix("widerhall: ").strip()


@contextlib.contextmanager
def at_home(folder: Path) -> Iterator[None]:
    """This process is the hub of a data folder, for fixtures that outlive a test."""
    change = {"WIDERHALL_DATA_DIR": str(folder), "WIDERHALL_ALLOW_PRIVATE_HOSTS": "1"}
    with mock.patch.dict(os.environ, change), mock.patch.object(db, "after_commit", []):
        settings.cache_clear()
        db.configure(settings().url)
        try:
            yield
        finally:
            db.engine().dispose()
            db._engine = None
            shutil.rmtree(settings().run_dir, ignore_errors=True)
    settings.cache_clear()
