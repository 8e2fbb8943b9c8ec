"""`python -m web.demo PORT MAILS`: the demo for people, until Ctrl-C; `widerhall demo` becomes this process.

It starts and watches the others and needs a third of the memory of a command that knows all rooms.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time

from core.errors import NotConfigured
from core.process import die_with_parent
from core.settings import settings
from web.demo import sandbox_child, services
from web.supervisor import Supervisor, hub_children, web_url

CONNECT_SECONDS = 300.0


def run(port: int, mails: int) -> None:
    """Start everything, connect the world, watch."""
    sandbox = sandbox_child(port, mails=mails, surveys=True)
    supervisor = Supervisor([sandbox, *hub_children()], say=lambda words: print(f"  {words}", flush=True))
    print(f"Widerhall demo, data in {settings().data_dir}", flush=True)
    supervisor.heed()
    helpers: list[subprocess.Popen[bytes]] = []
    try:
        supervisor.start()
        helpers.append(_begin("connect"))
        _wait(helpers[0], supervisor)
        helpers.append(_begin("play"))
        _welcome()
        supervisor.run()
    except KeyboardInterrupt:
        pass
    finally:
        print("stopping …", flush=True)
        for one in helpers:
            one.terminate()
        supervisor.stop()


def _begin(part: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "web.demo.world", part]
    return subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent)  # noqa: S603  # our own arguments


def _wait(helper: subprocess.Popen[bytes], supervisor: Supervisor) -> None:
    """Until the world is connected; a process that dies meanwhile is started again."""
    end = time.monotonic() + CONNECT_SECONDS
    while helper.poll() is None:
        if time.monotonic() > end:
            raise NotConfigured("The demo's world could not be connected in five minutes.")
        supervisor.tick()
        time.sleep(0.1)
    if helper.returncode:
        raise NotConfigured("The demo's world could not be connected.")


def _welcome() -> None:
    world = services()
    with contextlib.suppress(OSError):
        address, password = (settings().data_dir / "login.txt").read_text().split()
        print(f"\n  Inbox             {web_url()}\n  sign in as        {address}   password {password}")
    print(f"  Be a customer     {world['control']}")
    print(f"  Mails             {world['control']}/_mails")
    print(f"  Salesforce org    {world['salesforce']}")
    print(
        f"  Command line      .venv/bin/widerhall --data {settings().data_dir} messages\n\n  Ctrl-C stops everything."
    )


def main() -> None:
    """What the process does."""
    try:
        run(int(sys.argv[1]), int(sys.argv[2]))
    except NotConfigured as error:
        sys.exit(f"widerhall: {error}")


if __name__ == "__main__":
    main()
