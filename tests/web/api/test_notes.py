"""Claims about notes by the API: one's own are changed and taken away, and who they mention is told."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from core import db
from inbox.notice_models import Notification
from tests.conftest import BOTH
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full

__all__ = ["full"]
Programs = Callable[..., Program]


def told(user: str) -> int:
    n = db.table(Notification)
    with db.read() as session:
        query = sa.select(sa.func.count()).where(n.c.who == user, n.c.kind == "mention")
        return int(session.scalar(query) or 0)


@BOTH
def test_note_is_changed_mentions_and_is_taken_away(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    people = {row["target"]: row["name"] for row in one.get("mentionable").json()["items"]}
    assert people["user:1"] == "Вера"
    assert people["team:1"] == "Поддержка"
    here, before = f"conversations/{number}/notes", told("user:1")
    note = one.post(here, {"text": "Спросить позже."}).json()["id"]
    assert one.post(f"{here}/{note}", {"text": "@Вера, спросишь?"}, key="n").json()["changed"] is True
    assert one.post(f"{here}/{note}", {"text": "@Вера, спросишь?"}).json()["changed"] is False
    (found,) = one.get(here).json()["items"]
    assert (found["text"], found["mentions"]) == ("@Вера, спросишь?", ["user:1"])
    assert found["edited_at"] is not None
    assert told("user:1") == before + 1
    other = program("admin")
    assert other.post(f"{here}/{note}", {"text": "Моё."}).status_code == 422
    assert other.post(f"{here}/{note}/remove").status_code == 422
    assert one.post(f"conversations/{lived.talk('y:6')}/notes/{note}/remove").status_code == 404
    assert one.post(f"{here}/{note}/remove").json()["changed"] is True
    assert one.get(here).json()["items"] == []
    assert told("user:1") == before
    assert program("marketer").get("mentionable").status_code == 403
