"""Claims about files on pages: who may attach, see and fetch them, what is said before sending, how they are served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from connectors import pictures
from core import db
from core.event import Attachment, Event, Page
from inbox import attachments, files, notes, replies
from inbox.ingest import store_page
from inbox.models import Account
from tests import photos
from tests.films import mp4
from tests.web.conftest import Browser, account, event, store

PNG = photos.png()
PDF = b"%PDF-1.7 terms"
PART = {"headers": {"hx-request": "true"}}


@pytest.fixture
def talk(database: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(pictures, "_failed", {})
    picture = Attachment(kind="image", url="https://media.example/tap.png", alt="Tap")
    store(account(), event("m:1", "It drips", attachments=(picture,)))
    return 1


def put(browser: Any, talk: int, *files: tuple[str, bytes], **options: Any) -> httpx.Response:
    found = [("files", (name, data, "text/html")) for name, data in files]
    return browser.post(f"/inbox/{talk}/files", {"kind": "public"}, files=found, **options)


def numbers(talk: int, actor: str) -> list[int]:
    with db.read() as session:
        return [one.id or 0 for one in attachments.begun(session, talk, actor)]


def test_a_file_goes_from_the_box_to_the_thread(talk: int, as_role) -> None:
    agent = as_role("agent")
    part = put(agent, talk, ("tap.png", PNG), **PART).text
    assert 'name="file" value="1"' in part
    assert "tap.png" in agent.get(f"/inbox/{talk}/composer", **PART).text
    sent = {"text": "", "kind": "public", "key": "k", "file": "1", "alt-1": "A  tap"}
    assert agent.post(f"/inbox/{talk}/reply", sent, **PART).status_code == 200
    with db.read() as session:
        (file,) = attachments.outgoing(session, 1)
    assert (file.name, file.alt, file.mime) == ("tap.png", "A tap", "image/png")
    thread = agent.get(f"/inbox/{talk}/entries", **PART).text
    assert f'src="/inbox/{talk}/files/1" alt="A tap"' in thread
    agent.post("/replies/1/undo", **PART)
    assert "tap.png" in agent.get(f"/inbox/{talk}/composer", **PART).text


def test_what_the_platform_refuses_is_said_before(talk: int, as_role) -> None:
    agent = as_role("agent")
    part = put(agent, talk, ("terms.pdf", PDF), **PART).text
    assert "Mastodon does not take files like" in part
    refused = agent.post(f"/inbox/{talk}/reply", {"text": "Here", "kind": "public", "file": "1"}, **PART)
    assert refused.status_code == 422
    assert "terms.pdf" in refused.text
    with db.read() as session:
        assert replies.of_conversation(session, talk) == []
    note = agent.post(f"/inbox/{talk}/reply", {"text": "Look", "kind": "note", "file": "1"}, **PART)
    assert note.status_code == 200
    with db.read() as session:
        assert [one.text for one in notes.of_conversation(session, talk)] == ["Look"]
    assert "terms.pdf" in agent.get(f"/inbox/{talk}/entries", **PART).text


def test_a_file_beside_a_draft_is_its_author_s_alone(talk: int, as_role) -> None:
    agent, admin = as_role("agent"), as_role("admin")
    put(agent, talk, ("a.png", PNG))
    assert agent.get(f"/inbox/{talk}/files/1").status_code == 200
    assert admin.get(f"/inbox/{talk}/files/1").status_code == 404
    assert "a.png" not in admin.get(f"/inbox/{talk}/composer", **PART).text
    admin.post(f"/inbox/{talk}/files/1/remove", **PART)
    assert numbers(talk, "user:1") == [1]
    stolen = admin.post(f"/inbox/{talk}/reply", {"text": "Mine now", "kind": "public", "file": "1"}, **PART)
    assert stolen.status_code == 422
    assert as_role("marketer").post(f"/inbox/{talk}/files").status_code == 403
    gone = agent.post(f"/inbox/{talk}/files/1/remove", **PART)
    assert "a.png" not in gone.text
    assert agent.get(f"/inbox/{talk}/files/1").status_code == 404


@pytest.mark.parametrize(
    ("name", "data", "kind", "way"),
    [
        ("x.png", PNG, "image/png", "inline"),
        ("x.png", b"<script>alert(1)</script>", "application/octet-stream", "attachment"),
        ("x.svg", b"<svg onload=alert(1)>", "application/octet-stream", "attachment"),
        ("x.html", b"<!doctype html>", "application/octet-stream", "attachment"),
        ("x.pdf", PDF, "application/octet-stream", "attachment"),
    ],
)
def test_nothing_but_pictures_is_ever_shown(talk: int, as_role, name: str, data: bytes, kind: str, way: str) -> None:
    agent = as_role("agent")
    put(agent, talk, (name, data))
    answer = agent.get(f"/inbox/{talk}/files/1")
    assert answer.content == data
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith(way)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_customer_s_picture_comes_from_here(talk: int, as_role, httpx_mock) -> None:
    httpx_mock.add_response(url="https://media.example/tap.png", content=PNG)
    agent = as_role("agent")
    page = agent.get(f"/inbox/{talk}/entries", **PART).text
    assert f'<img class="thumb" src="/inbox/{talk}/media/1/0"' in page
    assert "media.example" not in page.partition("<img")[2].partition(">")[0]
    for _ in range(2):
        answer = agent.get(f"/inbox/{talk}/media/1/0")
        assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert len(httpx_mock.get_requests()) == 1
    assert agent.get(f"/inbox/{talk}/media/1/1").status_code == 404
    assert agent.get(f"/inbox/{talk}/media/1/-1").status_code in (404, 422)
    gone = Event(key="m:1", platform="mastodon", kind="mention", action="delete", posted_at=db.now())
    store_page(1, Page(events=(gone,)))
    assert agent.get(f"/inbox/{talk}/media/1/0").status_code == 404


def test_an_upload_that_is_empty_or_too_much_is_said(talk: int, as_role) -> None:
    agent = as_role("agent")
    answer = put(agent, talk, ("a.png", b""), **PART)
    assert (answer.status_code, "The file is empty." in answer.text) == (422, True)
    for number in range(10):
        put(agent, talk, (f"{number}.png", PNG))
    assert "Ten files at most" in put(agent, talk, ("11.png", PNG), **PART).text
    assert put(agent, talk, ("big.bin", b"x" * 102_000_001)).status_code == 413


def test_pages_load_pictures_from_nowhere_else(talk: int, as_role) -> None:
    policy = as_role("agent").get("/inbox").headers["content-security-policy"]
    assert "img-src 'self' data:; media-src 'self';" in policy


# --- videos ---------------------------------------------------------------------------------------------


FILM = mp4(185.0, 640, 360, fill=bytes(range(256)) * 40)


def test_a_video_is_played_in_the_box_and_in_the_thread(talk: int, as_role) -> None:
    agent = as_role("agent")
    part = put(agent, talk, ("tap.mp4", FILM), **PART).text
    assert f'<video src="/inbox/{talk}/files/1" controls preload="metadata"' in part
    assert "3:05" in part
    assert 'name="alt-1"' in part
    sent = {"text": "", "kind": "public", "key": "k", "file": "1", "alt-1": "A tap that drips"}
    assert agent.post(f"/inbox/{talk}/reply", sent, **PART).status_code == 200
    thread = agent.get(f"/inbox/{talk}/entries", **PART).text
    assert 'aria-label="A tap that drips"></video>' in thread
    assert f'href="/inbox/{talk}/files/1" download' in thread


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-", 206, 0, len(FILM)),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=100-299", 206, 100, 300),
        ("bytes=-50", 206, len(FILM) - 50, len(FILM)),
        (f"bytes={len(FILM) - 1}-", 206, len(FILM) - 1, len(FILM)),
        (f"bytes=10-{len(FILM) + 999}", 206, 10, len(FILM)),
        (f"bytes={len(FILM)}-", 416, 0, 0),
        ("bytes=999999999-", 416, 0, 0),
        ("bytes=20-10", 400, 0, 0),
        ("apples=1-2", 400, 0, 0),
    ],
)
def test_a_player_gets_the_part_it_asks_for(talk: int, as_role, asked: str, status: int, start: int, end: int) -> None:
    agent = as_role("agent")
    put(agent, talk, ("tap.mp4", FILM))
    answer = agent.get(f"/inbox/{talk}/files/1", headers={"range": asked})
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 206:
        assert answer.content == FILM[start:end]
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(FILM)}"
        assert answer.headers["content-type"] == "video/mp4"
        assert answer.headers["content-disposition"].startswith("inline")
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(FILM)}"


def test_no_part_of_a_video_is_anybody_else_s(talk: int, as_role) -> None:
    put(as_role("agent"), talk, ("tap.mp4", FILM))
    stranger = as_role("admin").get(f"/inbox/{talk}/files/1", headers={"range": "bytes=0-9"})
    assert (stranger.status_code, stranger.headers["content-type"]) == (404, "text/html; charset=utf-8")


def test_what_two_parts_say_at_once_is_whole(talk: int, as_role) -> None:
    agent = as_role("agent")
    put(agent, talk, ("tap.mp4", FILM))
    answer = agent.get(f"/inbox/{talk}/files/1", headers={"range": "bytes=0-9,20-29"})
    assert answer.status_code == 206
    assert answer.headers["content-type"].startswith("multipart/byteranges")
    assert (FILM[:10] in answer.content, FILM[20:30] in answer.content) == (True, True)


def test_a_content_that_is_gone_is_no_fault(talk: int, as_role) -> None:
    agent = as_role("agent")
    put(agent, talk, ("tap.mp4", FILM))
    with db.read() as session:
        files.path(attachments.begun(session, talk, "user:1")[0].digest).unlink()
    assert agent.get(f"/inbox/{talk}/files/1").status_code == 404


@pytest.mark.parametrize("address", ["/inbox/1/files", "/settings/contacts/preview", "/settings/orders/preview"])
@pytest.mark.parametrize("who", ["nobody", "no right", "another site"])
def test_nothing_of_a_file_is_read_before_its_sender_is_let_in(
    talk: int, browser: Browser, as_role, address: str, who: str
) -> None:
    sender = browser if who == "nobody" else as_role("marketer" if who == "no right" else "admin")
    read: list[int] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"--x\r\n"

    site = {"origin": "https://elsewhere.example"} if who == "another site" else {}
    headers = {"content-type": "multipart/form-data; boundary=x", **site}
    answer = sender.request("POST", address, content=body(), headers=headers)
    assert (answer.status_code, read) == (401 if who == "nobody" else 403, [])


def test_what_mixes_with_a_video_is_said_before(talk: int, as_role) -> None:
    agent = as_role("agent")
    put(agent, talk, ("tap.png", PNG))
    part = put(agent, talk, ("tap.mp4", FILM), **PART).text
    assert "Mastodon takes tap.mp4 only by itself" in part
    both = {"text": "Look", "kind": "public", "file": ["1", "2"]}
    assert agent.post(f"/inbox/{talk}/reply", both, **PART).status_code == 422
    alone = {"text": "Look", "kind": "public", "file": "2"}
    assert agent.post(f"/inbox/{talk}/reply", alone, **PART).status_code == 200


def test_the_limit_of_the_account_s_own_server_is_said_before(talk: int, as_role) -> None:
    with db.write() as session:
        session.execute(sa.update(db.table(Account)).values(config={"limits": {"video_bytes": 9000}}))
    agent = as_role("agent")
    assert "tap.mp4 is too large for Mastodon" in put(agent, talk, ("tap.mp4", FILM), **PART).text
    answer = agent.post(f"/inbox/{talk}/reply", {"text": "Look", "kind": "public", "file": "1"}, **PART)
    assert answer.status_code == 422


def test_a_media_type_that_the_server_does_not_take_is_said_when_the_file_is_chosen(talk: int, as_role) -> None:
    agent = as_role("agent")
    with db.write() as session:
        session.execute(sa.update(db.table(Account)).values(config={"mimes": ["image/jpeg"]}))
    part = put(agent, talk, ("tap.png", PNG), **PART).text
    assert "Mastodon does not take files like" in part
    assert "It takes: JPEG." in part
