"""The command line: everything operators and scripts do, each command with `--json` where it prints data."""

from __future__ import annotations

import os
import sys

import sqlalchemy as sa

from core.errors import WiderhallError


def main() -> None:
    """Entry point of `widerhall`: errors of ours are sentences on standard error, and their exit code (mostly 1)."""
    try:
        from web.cli.commands import app  # imports read the settings: a wrong one is a sentence, too

        app()
    except WiderhallError as error:
        _end(str(error), error.exit_code)
    except sa.exc.OperationalError as error:
        from inbox.ingest import in_store_trouble

        _end(str(in_store_trouble(error)))
    except BrokenPipeError:  # the reader has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.filename is None:
            raise
        _end(f"{error.filename}: {error.strerror}")


def _end(words: str, code: int = 1) -> None:
    print(f"widerhall: {words}", file=sys.stderr)
    sys.exit(code)
