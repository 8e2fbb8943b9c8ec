"""The whole job headless, in quiet and in trouble: counted at the source, nothing lost, doubled or different."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.living import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="kills and process groups as Linux has them"),
]
COMMAND = [sys.executable, "-c", "from web.cli import main; main()"]


def check(folder: Path, *words: str, seconds: float) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    report = folder / "report.json"
    said = subprocess.run(
        [*COMMAND, "demo", "--check", "--data", str(folder / "demo"), "--report", str(report), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    return said, json.loads(report.read_text())


def whole(said: subprocess.CompletedProcess[str], report: dict[str, Any]) -> None:
    assert (said.returncode, report["ok"]) == (0, True), (report["details"], report, said.stderr[-2000:])
    assert (report["lost"], report["duplicated"]) == (0, 0)
    stages = report["stages"]
    assert stages["platform"] == stages["inbox"] >= 450
    assert stages["annotated"] >= 450
    assert stages["matched"] >= 25
    assert stages["salesforce"] >= 250
    assert report["seconds"] > 0
    assert "ok" in said.stdout.splitlines()


@pytest.mark.timeout(720)
def test_the_whole_job_survives_kills_and_faults(tmp_path: Path) -> None:
    said, report = check(tmp_path, "--chaos", "3", seconds=700)
    whole(said, report)
    assert report["seed"] == 3
    for name, number in {"worker": 3, "broker": 2, "web": 2}.items():
        assert report["kills"][name] >= number
    for name in ("429", "500", "timeout_after_commit"):
        assert report["faults"][name] >= 5


@pytest.mark.timeout(240)
def test_the_whole_job_loses_and_doubles_nothing_and_can_be_asked_by_a_strangers_script(tmp_path: Path) -> None:
    said, report = check(tmp_path, "--keep", seconds=200)
    whole(said, report)
    assert report["unknown"] == []
    assert "salesforce" in said.stdout
    kept = psutil.Process(report["sandbox"]["pid"])
    try:
        world = httpx.get(report["sandbox"]["control"] + "/_world.json", timeout=30).json()
        listing = [*COMMAND, "--data", str(tmp_path / "demo"), "messages", "--jsonl"]
        listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True)
        keys = [json.loads(row)["key"] for row in listed.stdout.split("\n") if row]
        assert len(keys) == len(set(keys))
        assert {event["key"] for event in world["events"] if not event.get("optional")} <= set(keys)
    finally:
        kept.terminate()
        kept.wait(20)


def test_a_check_that_is_stopped_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "demo", "--check", "--data", str(tmp_path / "demo")], cwd=ROOT, env=dict(os.environ),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    while "starting web" not in (line := process.stdout.readline()):
        assert line, "it ended"
    family = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(40) == 1
    process.stdout.close()
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
