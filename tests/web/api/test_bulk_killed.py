"""A process that is killed while it does a macro to many: sent again with its key, nothing is lost or done twice."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from core import db
from inbox.models import Note
from tests import killed
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full
from web.api.v1 import change
from web.models import ApiAnswer

__all__ = ["full"]
Programs = Callable[..., Program]

SEND = """
import json
from tests.web.api.conftest import Program
from web.app import create_app

token, key, body = sys.argv[4:]
answer = Program(create_app(), token, 0).post("conversations/bulk", json.loads(body), key=key)
assert answer.status_code == 200, answer.text
"""


def notes(text: str) -> list[int]:
    n = db.table(Note)
    with db.read() as session:
        return list(session.scalars(sa.select(n.c.conversation_id).where(n.c.text == text).order_by(n.c.id)))


def answers() -> list[int]:
    a = db.table(ApiAnswer)
    with db.read() as session:
        return list(session.scalars(sa.select(a.c.status)))


@pytest.fixture
def macro(full: None, program: Programs) -> Callable[[str], int]:
    def made(text: str) -> int:
        deeds = [{"do": "note", "value": text}, {"do": "tag", "value": text}]
        return int(program("agent").post("macros", {"name": text, "actions": deeds}).json()["id"])

    return made


@BOTH
def test_killed_anywhere_it_goes_on_behind_the_last_one_done(
    database: str, program: Programs, macro: Callable[[str], int]
) -> None:
    one, numbers = program("agent"), [lived.talk(f"y:{n}") for n in (5, 6)]
    cut = []
    for number, when in killed.points():
        word = f"{when}-{number}"
        body = {"ids": numbers, "macro": macro(word)}
        given = (one.token, word, json.dumps(body))
        if not killed.was_killed(SEND, database, *given, number=number, when=when):
            break
        cut.append(len(notes(word)))
        done = one.post("conversations/bulk", body, key=word)
        assert done.status_code == 200
        assert [(row["id"], row["changed"], row["refused"]) for row in done.json()["items"]] == [
            (talk, True, "") for talk in numbers
        ]
        assert notes(word) == numbers, "each once, in that order"
        assert one.post("conversations/bulk", body, key=word).json() == done.json()
        assert answers().count(change.GOES_ON) == 0
    assert {1, 2} <= set(cut), "it was cut between them and at the end"
    assert notes(word) == numbers
