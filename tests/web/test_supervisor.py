"""One process group: what dies is restarted, a second hub is refused, and nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import NotConfigured
from core.settings import settings
from web import supervisor
from web.supervisor import Child, Supervisor

SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
NURSE = """
import sys
from web.supervisor import Child, Supervisor
sleeper = [sys.executable, "-c", "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); time.sleep(600)"]
nurse = Supervisor([Child("one", sleeper), Child("two", sleeper)])
nurse.heed()
try:
    nurse.start()
    nurse.run()
except KeyboardInterrupt:
    pass
finally:
    nurse.stop()
"""


def until(condition: Callable[[], Any], seconds: float = 15.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def announced() -> dict[str, Any]:
    path = supervisor.announcement()
    return dict(json.loads(path.read_text())) if path.exists() else {}


def family(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(autouse=True)
def own_signals() -> Iterator[None]:
    """A supervisor that stops notes signals only; the tests' own handlers come back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def hub(data_dir: Path) -> Iterator[Supervisor]:
    found = Supervisor([Child("one", SLEEPER), Child("two", SLEEPER)])
    yield found
    found.stop()


@pytest.fixture
def nurse(data_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor in a process of its own, with two children that have a child each."""
    process = subprocess.Popen([sys.executable, "-c", NURSE], env=dict(os.environ))
    until(lambda: len(family(process.pid)) == 4)
    left = family(process.pid)
    yield process
    process.kill()
    process.wait(10)
    for one in alive(left):
        one.kill()


def test_children_run_and_are_announced(hub: Supervisor) -> None:
    hub.start()
    found = announced()
    assert found["supervisor"] == os.getpid()
    assert set(found["children"]) == {"one", "two"}
    assert all(psutil.pid_exists(pid) for pid in found["children"].values())
    assert {path.name for path in (settings().data_dir / "logs").iterdir()} == {"one.log", "two.log"}


def test_a_killed_child_is_started_again(hub: Supervisor) -> None:
    hub.start()
    before = announced()["children"]
    os.kill(before["two"], signal.SIGKILL)
    until(lambda: hub.tick() or announced()["children"]["two"] != before["two"])
    after = announced()["children"]
    assert (after["one"], psutil.pid_exists(after["two"])) == (before["one"], True)


def test_a_child_that_dies_again_and_again_is_started_more_slowly(data_dir: Path) -> None:
    hub = Supervisor([Child("hasty", [sys.executable, "-c", "pass"])])
    hub.start()
    until(lambda: hub.tick() or hub.children[0].pause >= 0.4)
    assert hub.children[0].starts <= 4
    hub.stop()


def test_a_child_that_does_not_start_is_said_with_its_last_words(data_dir: Path) -> None:
    dying = Child("dying", [sys.executable, "-c", "raise SystemExit('the port is taken')"], ready=lambda: False)
    hub = Supervisor([Child("one", SLEEPER), dying])
    with pytest.raises(NotConfigured, match="the port is taken"):
        hub.start()
    first = hub.children[0].process
    hub.stop()
    assert first is not None
    assert first.poll() is not None


def test_a_child_that_never_gets_ready_is_not_waited_for_for_ever(data_dir: Path) -> None:
    hub = Supervisor([Child("slow", SLEEPER, ready=lambda: False)])
    with pytest.raises(NotConfigured, match="slow did not start"):
        hub.start(patience=0.2)
    hub.stop()


def test_a_second_hub_on_the_same_folder_is_refused(hub: Supervisor) -> None:
    hub.start()
    said = subprocess.run(
        [sys.executable, "-c", "from web.cli import main; main()", "up"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 1
    assert "A hub runs on" in said.stderr
    assert "--data another folder" in said.stderr
    assert "Traceback" not in said.stderr
    assert announced()["supervisor"] == os.getpid()


def test_stopping_lets_another_hub_start(hub: Supervisor) -> None:
    hub.start()
    hub.stop()
    assert announced() == {}
    another = Supervisor([Child("one", SLEEPER)])
    another.start()
    another.stop()


def test_a_log_that_grew_long_is_put_aside(hub: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LOG_LIMIT", 10)
    folder = settings().data_dir / "logs"
    folder.mkdir()
    (folder / "one.log").write_text("x" * 100)
    hub.start()
    assert (folder / "one.log.1").read_text() == "x" * 100


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_orphan_after_a_signal(nurse: subprocess.Popen[bytes], number: int) -> None:
    left = family(nurse.pid)
    nurse.send_signal(number)
    assert nurse.wait(20) == 0
    until(lambda: not alive(left))
    assert announced() == {}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux tells a child of its parent's death")
def test_no_child_outlives_a_killed_supervisor(nurse: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(nurse.pid).children()
    nurse.kill()
    nurse.wait(10)
    until(lambda: not alive(children))


def test_ctrl_c_while_starting_stops_what_was_started(data_dir: Path) -> None:
    script = NURSE.replace('one", sleeper', 'one", sleeper, ready=lambda: False')
    process = subprocess.Popen([sys.executable, "-c", script], env=dict(os.environ), start_new_session=True)
    until(lambda: len(family(process.pid)) == 2)
    left = family(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    until(lambda: not alive(left))
