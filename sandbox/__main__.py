"""``python -m sandbox``: start the simulated platforms and the simulated Salesforce org."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from sandbox.server import PortTaken, announce, build, serve


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8900, help="first of six consecutive ports; 0 takes free ones")
    parser.add_argument("--seed", type=int, default=7, help="seed of a world that is founded anew")
    parser.add_argument("--data", type=Path, help="folder in which the world survives a restart")
    parser.add_argument("--announce", type=Path, help="JSON file with addresses and credentials, written when ready")
    parser.add_argument("--no-limits", action="store_true", help="switch the platforms' rate limits off")
    parser.add_argument("--mail-port", type=int, default=0, help="port of the mail server; 0: none")
    parser.add_argument("--surveys", action="store_true", help="customers answer surveys whose links they get")
    parser.add_argument("--log-level", default="warning", help="debug, info, warning or error")
    return parser


async def run(arguments: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)

    def ready(doc: dict[str, Any]) -> None:
        if arguments.announce:
            announce(arguments.announce, doc)
        sys.stdout.write(f"Sandbox ready. Be a customer: {doc['control']}\n")
        sys.stdout.flush()

    box = build(arguments.data, arguments.seed, limits_on=not arguments.no_limits)
    await serve(
        box, arguments.host, arguments.port, stop, ready, arguments.log_level, arguments.mail_port,
        surveys=arguments.surveys,
    )  # fmt: skip


def main() -> None:
    arguments = options().parse_args()
    logging.basicConfig(level=arguments.log_level.upper())
    try:
        asyncio.run(run(arguments))
    except PortTaken as problem:
        raise SystemExit(str(problem)) from None


if __name__ == "__main__":
    main()
