"""The command line: everything operators and scripts do, each command with `--json` where it prints data."""

from __future__ import annotations

import sys

import sqlalchemy as sa

from core.errors import WiderhallError
from inbox.ingest import in_store_trouble
from web.cli import accounts, annotate, archive, crm, hub, inbox, listen, outbox, people, system
from web.cli.base import app

__all__ = ["app", "main"]

for _part in (hub, accounts, inbox, archive, people, crm, listen, annotate, outbox, system):
    _part.register(app)


def main() -> None:
    """Entry point of `widerhall`: errors of ours are sentences on standard error, and exit code 1."""
    try:
        app()
    except WiderhallError as error:
        print(f"widerhall: {error}", file=sys.stderr)
        sys.exit(1)
    except sa.exc.OperationalError as error:
        print(f"widerhall: {in_store_trouble(error)}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"widerhall: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(1)
