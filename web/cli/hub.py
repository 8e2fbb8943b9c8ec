"""`widerhall up` and `widerhall demo`: everything in one supervised process group."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from core import db
from core.errors import NotConfigured
from core.settings import settings
from web.auth import first_run_token
from web.cli.base import ready
from web.demo import check as checking
from web.demo import world
from web.up import FIRST_RUN


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(demo)


def up() -> None:
    """Run the hub: broker, worker, streams and the web server, until Ctrl-C."""
    ready()
    with db.read() as session:
        token = first_run_token(session)
    if token:
        os.environ[FIRST_RUN] = token
    _become("web.up")


def demo(
    data: Annotated[Path | None, typer.Option(help="Its folder; var/demo, or var/check with --check.")] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over with an empty folder.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Run the whole job headless, compare, and stop.")] = False,
    chaos: Annotated[int | None, typer.Option(help="With --check: kill and disturb at random, by this seed.")] = None,
    report: Annotated[Path | None, typer.Option(help="With --check: write the result as JSON.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="With --check: leave the sandbox running afterwards.")] = False,
    port: Annotated[int, typer.Option(help="First port of the sandbox; the hub's own is WIDERHALL_PORT.")] = 8900,
) -> None:
    """Run the hub with simulated platforms and a simulated Salesforce org."""
    usual = Path("var/check" if check else "var/demo")
    folder = data or (settings().data_dir if "WIDERHALL_DATA_DIR" in os.environ else usual)
    if (chaos is not None or keep or report is not None) and not check:
        raise NotConfigured("--chaos, --keep and --report belong to --check.")
    world.prepare(folder, fresh=fresh, quick=check)
    if check:
        raise typer.Exit(checking.run(chaos=chaos, report=report, keep=keep))
    world.login()
    _become("web.demo", str(port), str(world.mail_port()))


def _become(module: str, *words: str) -> None:
    """This process goes on as another of ours, which watches the hub and needs little memory for it."""
    sys.stdout.flush()
    os.environ["WIDERHALL_DATA_DIR"] = str(settings().data_dir)
    os.execv(sys.executable, [sys.executable, "-m", module, *words])  # noqa: S606  # no shell is wanted
