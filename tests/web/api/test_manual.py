"""The claim that what the manual of the API shows can be sent as it stands there."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from tests.web import conftest as web
from tests.web.api.conftest import Program

MANUAL = Path(__file__).parents[3] / "docs" / "api.md"
HUB = "https://hub.example/api/v1/"
FORM = "application/x-www-form-urlencoded"
"""What curl says of a body unless told otherwise."""


def sent(one: Program, line: str) -> int:
    """The status of what a line with curl sends, with this program's token."""
    words, headers, method, body, path = shlex.split(line)[1:], {"content-type": FORM}, "", "", ""
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name.lower()] = value.replace("whk_…", one.token)
        elif word == "-X":
            method = words.pop(0)
        elif word == "-d":
            body = words.pop(0)
        else:
            path = word.removeprefix(HUB)
    return one.call(method or ("POST" if body else "GET"), path, content=body, headers=headers).status_code


def test_every_call_of_the_manual_works_in_its_order(database: str, program: Callable[..., Program]) -> None:
    one = program()
    web.store(web.account(), web.event("m:1", "Hello"))
    lines = [line.strip() for line in MANUAL.read_text().splitlines() if line.startswith("    curl ")]
    assert len(lines) > 4
    assert [line for line in lines if sent(one, line) not in (200, 201)] == []
