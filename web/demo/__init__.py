"""The demo: the hub beside a living world of simulated platforms and a simulated Salesforce org.

Here is what the process that stays needs; what makes the world is in `web.demo.world`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from core.settings import settings
from web.supervisor import Child

LOGIN = "admin@demo.example"
MARK = ".widerhall-demo"


def sandbox_child(
    port: int, *, limits: bool = True, stays: bool = False, mails: int = 0, surveys: bool = False
) -> Child:
    """The simulated platforms as a process of its own; with `stays` it outlives the command.

    `mails` is the port of its mail server; with `surveys` its customers answer surveys.
    """
    folder = settings().data_dir / "sandbox"
    announce = settings().run_dir / "sandbox.json"
    announce.unlink(missing_ok=True)
    command = [
        sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(folder), "--announce", str(announce),
        *([] if limits else ["--no-limits"]), *(["--mail-port", str(mails)] if mails else []),
        *(["--surveys"] if surveys else []),
    ]  # fmt: skip
    return Child("sandbox", command, ready=announce.exists, stays=stays)


def services() -> dict[str, Any]:
    """Addresses and accounts of the running sandbox."""
    found: dict[str, Any] = json.loads((settings().run_dir / "sandbox.json").read_text())
    return found
