"""Claims about drafts and files by the API: one's own alone, as the page keeps them, and gone with what is sent."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from core import db
from core.settings import settings
from inbox.models import Note
from tests import photos
from tests.conftest import BOTH
from tests.films import mp4
from tests.web import lived
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full

__all__ = ["full"]
Programs = Callable[..., Program]
PIXELS = photos.png()


def picture(**changes: Any) -> dict[str, Any]:
    return {"name": "кран.png", "content": base64.b64encode(PIXELS).decode(), **changes}


@BOTH
def test_draft_is_kept_read_replaced_and_dropped(full: None, program: Programs) -> None:
    one, other, number = program("agent"), program("admin"), lived.talk("y:5")
    here = f"conversations/{number}/draft"
    nothing = {"conversation_id": number, "kind": "", "text": "", "saved_at": None}
    assert one.get(here).json() == nothing
    for changed in (True, False):
        assert one.post(here, {"kind": "note", "text": "Спросить"}).json() == {"id": number, "changed": changed}
    found = one.get(here).json()
    assert (found["kind"], found["text"]) == ("note", "Спросить")
    assert other.get(here).json() == nothing
    assert one.post(f"{here}/drop").json()["changed"] is True
    assert one.post(f"{here}/drop").json()["changed"] is False
    assert one.post(here, {"kind": "letter", "text": "x"}).status_code == 422
    assert one.post(here, {"kind": "note", "text": "x" * 50_001}).status_code == 422
    assert program("marketer").get(here).status_code == 403


@BOTH
def test_file_is_attached_once_described_handed_out_and_removed(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    here = f"conversations/{number}/files"
    file = one.post(here, picture(alt="Лужа"), key="a").json()["id"]
    assert one.post(here, picture(alt="Лужа"), key="a").json()["id"] == file
    (found,) = one.get(here).json()["items"]
    assert (found["id"], found["mime"], found["alt"], found["size"]) == (file, "image/png", "Лужа", len(PIXELS))
    answer = one.get(f"{here}/{file}")
    assert (answer.content, answer.headers["content-type"]) == (PIXELS, "application/octet-stream")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert one.post(f"{here}/{file}", {"alt": "Кран"}).json() == {"id": file, "changed": True}
    assert one.get(here).json()["items"][0]["alt"] == "Кран"
    other = program("admin")
    assert other.get(here).json()["items"] == []
    for path in (f"{here}/{file}", f"conversations/{lived.talk('y:6')}/files/{file}"):
        assert other.get(path).status_code == 404
        assert other.post(f"{path}/remove").status_code == 404
    assert one.post(f"{here}/{file}/remove").json() == {"id": file, "changed": True}
    assert one.get(f"{here}/{file}").status_code == 404


@pytest.mark.parametrize("content", ["", "не то", "YQ=", "YQ==\n"])
def test_content_that_is_no_base64_is_refused_with_its_place(full: None, program: Programs, content: str) -> None:
    here = f"conversations/{lived.talk('y:5')}/files"
    answer = program("agent").post(here, picture(content=content))
    assert answer.status_code == 422
    assert [wrong["where"] for wrong in answer.json()["errors"]] == ["body.content"]


def test_files_go_with_a_note_and_with_an_answer(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    here = f"conversations/{number}"
    first, second = (one.post(f"{here}/files", picture()).json()["id"] for _ in range(2))
    note = one.post(f"{here}/notes", {"text": "Вот.", "files": [first]}).json()["id"]
    reply = one.post(f"{here}/replies", {"text": "", "files": [second]}).json()["id"]
    found = {row["id"]: (row["note_id"], row["reply_id"]) for row in one.get(f"{here}/files").json()["items"]}
    assert found == {first: (note, None), second: (None, reply)}
    assert program("marketer").get(f"{here}/files/{first}").content == PIXELS
    assert one.post(f"{here}/files/{first}/remove").status_code == 404
    assert one.post(f"{here}/notes", {"text": "Ещё.", "files": [first]}).status_code == 422
    assert one.post(f"{here}/replies", {"text": ""}).status_code == 422
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Note).where(Note.text == "Ещё.")) == 0


def test_file_that_the_platform_does_not_take_is_refused_before_anything_is_queued(
    full: None, program: Programs
) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}"
    paper = one.post(f"{here}/files", picture(content=base64.b64encode(b"%PDF-1.7").decode())).json()["id"]
    answer = one.post(f"{here}/replies", {"text": "Смотрите", "files": [paper]})
    assert answer.status_code == 422
    assert "PDF" not in answer.json()["detail"]
    assert "кран.png" in answer.json()["detail"]
    assert one.get(f"{here}/replies").json()["items"] == []


def test_large_file_is_taken_and_a_larger_one_refused(
    full: None, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}/files"
    large = base64.b64encode(PIXELS + bytes(3_000_000)).decode()
    assert one.post(here, picture(content=large)).status_code == 201
    refused = one.post(f"conversations/{lived.talk('y:5')}/draft", {"kind": "note", "text": large})
    assert (refused.status_code, refused.headers["Content-Type"]) == (413, "application/problem+json")
    monkeypatch.setenv("WIDERHALL_ATTACHMENT_MB", "1")
    settings.cache_clear()
    answer = one.post(here, picture(content=large))
    assert (answer.status_code, "larger than" in answer.json()["detail"]) == (422, True)


def test_content_goes_as_it_is_for_large_files(full: None, program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    one, here = program("agent"), f"conversations/{lived.talk('y:5')}/files"
    film, read = mp4(seconds=3.0, fill=bytes(1_500_000)), list[int]()

    def put(content: bytes, key: str = "", query: str = "name=кран.mp4&alt=Вода") -> httpx.Response:
        headers = {"content-type": "application/octet-stream"} | ({"idempotency-key": key} if key else {})
        return one.call("POST", f"{here}/upload?{query}", content=content, headers=headers)

    made = put(film, "a").json()
    assert put(film, "a").json() == made
    assert put(film + b"x", "a").json()["code"] == "key-used"
    (row,) = one.get(here).json()["items"]
    assert row["id"] == made["id"]
    told = (row["name"], row["alt"], row["mime"], row["size"], row["seconds"])
    assert told == ("кран.mp4", "Вода", "video/mp4", len(film), 3.0)
    assert one.get(f"{here}/{made['id']}").content == film
    assert put(b"").status_code == 422
    assert put(PIXELS, query="").json()["errors"][0]["where"] == "query.name"
    monkeypatch.setenv("WIDERHALL_ATTACHMENT_MB", "1")
    settings.cache_clear()
    large = put(film)
    assert (large.status_code, "larger than" in large.json()["detail"]) == (413, True)

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield PIXELS

    nobody = program("marketer").call("POST", f"{here}/upload?name=x", content=body())
    assert (nobody.status_code, read) == (403, [])


def test_saved_replies_come_filled_in(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")
    (found,) = one.get(f"conversations/{number}/saved-replies").json()["items"]
    assert (found["language"], found["texts"]["de"]) == ("en", "Привет Ким Ли")
    assert one.get(f"conversations/{number}/saved-replies?q=нет").json()["items"] == []
    assert program("marketer").get(f"conversations/{number}/saved-replies").status_code == 403


def test_conversation_is_read_by_its_reader_alone(full: None, program: Programs) -> None:
    one, number = program("agent"), lived.talk("y:5")

    def unread(who: Program) -> bool:
        return next(row["unread"] for row in who.get("conversations?limit=100").json()["items"] if row["id"] == number)

    assert unread(one)
    assert [one.post(f"conversations/{number}/seen").json()["changed"] for _ in range(2)] == [True, False]
    assert not unread(one)
    assert unread(program("admin"))
