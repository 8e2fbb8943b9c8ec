"""Claims about files with answers: what each platform takes, how they go, and that a repeat posts nothing twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from connectors import attaching, pictures
from connectors import client as client_module
from connectors.capabilities import BY_NAME, IMAGES, TABLE
from connectors.client import Client
from connectors.platforms.bluesky.sending import Sender as Bluesky
from connectors.platforms.mastodon.places import Places
from connectors.platforms.mastodon.sending import Sender as Mastodon
from connectors.platforms.telegram import connect
from connectors.platforms.telegram.uploads import SORTS
from core.errors import Rejected, TryLater, Unknown
from core.event import Author, File, Reply
from tests.connectors.support import Tokens
from tests.connectors.test_sending import FACTS, US, parent

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@dataclass
class Thing:
    """What the rules look at."""

    name: str = "a.png"
    mime: str = "image/png"
    kind: str = "image"
    size: int = 100
    seconds: float = 0.0


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_pause", lambda attempt: None)
    monkeypatch.setattr(pictures, "_failed", {})


@pytest.fixture
def file(tmp_path: Path) -> File:
    (tmp_path / "content").write_bytes(PNG)
    return File(
        name="кран.png", mime="image/png", kind="image", size=len(PNG), path=str(tmp_path / "content"), alt="A tap"
    )


PDF = Thing("a.pdf", "application/pdf", "file")
VIDEO = Thing("a.mp4", "video/mp4", "video")
MUSIC = Thing("a.mp3", "audio/mpeg", "audio")


@pytest.mark.parametrize(
    ("platform", "kind", "files", "text", "sentence"),
    [
        ("mastodon", "public", [Thing()] * 4, "", None),
        ("mastodon", "private", [Thing()], "", None),
        ("mastodon", "public", [Thing()] * 5, "", attaching.MANY),
        ("mastodon", "public", [PDF], "", attaching.KIND),
        ("mastodon", "public", [Thing(size=16_000_001)], "", attaching.LARGE),
        ("bluesky", "public", [Thing(size=1_000_000)], "", None),
        ("bluesky", "public", [Thing(size=1_000_001)], "", attaching.LARGE),
        ("bluesky", "private", [Thing()], "", attaching.NONE),
        ("bluesky", "private", [], "", None),
        ("telegram", "private", [PDF], "x" * 1024, None),
        ("telegram", "private", [PDF], "x" * 1025, attaching.TEXT),
        ("telegram", "public", [Thing(), VIDEO] * 5, "", None),
        ("telegram", "public", [Thing()] * 11, "", attaching.MANY),
        ("telegram", "public", [PDF] * 2, "x" * 1024, None),
        ("telegram", "public", [Thing(), PDF], "", attaching.MIXED),
        ("telegram", "public", [MUSIC, VIDEO], "", attaching.MIXED),
        ("telegram", "public", [PDF, MUSIC], "", attaching.MIXED),
        ("telegram", "public", [Thing(size=10_000_001)], "", attaching.LARGE),
        ("telegram", "public", [Thing("a.mp4", "video/mp4", "video", 50_000_001)], "", attaching.LARGE),
        ("mastodon", "public", [VIDEO], "", None),
        ("mastodon", "private", [MUSIC], "", None),
        ("mastodon", "public", [Thing(), VIDEO], "", attaching.ALONE),
        ("mastodon", "public", [VIDEO, MUSIC], "", attaching.ALONE),
        ("mastodon", "public", [Thing("a.mp4", "video/mp4", "video", 99_000_001)], "", attaching.LARGE),
        ("bluesky", "public", [Thing("a.mp4", "video/mp4", "video", seconds=180.2)], "", None),
        ("bluesky", "public", [Thing("a.mp4", "video/mp4", "video", seconds=181)], "", attaching.LONG),
        ("bluesky", "public", [Thing("a.mp4", "video/mp4", "video", 100_000_001)], "", attaching.LARGE),
        ("bluesky", "public", [Thing("a.webm", "video/webm", "video")], "", attaching.KIND),
        ("bluesky", "public", [VIDEO, Thing()], "", attaching.ALONE),
        ("bluesky", "private", [VIDEO], "", attaching.NONE),
        ("archive", "public", [Thing()], "", attaching.NONE),
    ],
)
def test_what_a_platform_refuses_is_known_before(platform, kind, files, text, sentence) -> None:
    found = attaching.wrong(BY_NAME[platform], kind, files, text)
    assert (found.sentence if found is not None else None) == sentence
    assert found is None or "%" not in str(found).replace("%%", "")


def test_what_the_account_s_own_server_says_comes_before_the_table() -> None:
    small = attaching.told(BY_NAME["mastodon"], {"image_bytes": 50, "video_bytes": 2_000_000, "max_characters": 5})
    assert str(attaching.wrong(small, "private", [Thing()])) == "a.png is too large for Mastodon. At most: 0 MB."
    film = Thing("a.mp4", "video/mp4", "video", 3_000_000)
    assert str(attaching.wrong(small, "public", [film])) == "a.mp4 is too large for Mastodon. At most: 2 MB."
    assert attaching.told(BY_NAME["archive"], {"image_bytes": 5}) == BY_NAME["archive"]
    said = attaching.told(BY_NAME["mastodon"], {}, ("image/png", "video/quicktime"))
    assert (
        str(attaching.wrong(said, "public", [film])) == "Mastodon does not take files like a.mp4. It takes: PNG, MOV."
    )
    assert attaching.told(BY_NAME["mastodon"], {}, ("text/plain",)) == BY_NAME["mastodon"]
    assert attaching.unlisted("mastodon", [film], ()) is None
    found = attaching.unlisted("mastodon", [Thing(), film], ("image/png", "video/quicktime"))
    assert str(found) == "Mastodon does not take files like a.mp4. It takes: PNG, MOV."


def test_no_row_promises_a_file_without_a_size() -> None:
    for row in TABLE:
        for rule in filter(None, (row.attach, row.attach_dm)):
            assert all(one.most for one in rule.groups)
            assert rule.image_bytes
            assert rule.file_bytes or all(set(one.mimes) <= set(IMAGES) for one in rule.groups)
            assert all(one.mimes for one in rule.groups) or rule.groups[-1].mimes == ()


def test_telegram_s_groups_are_those_of_its_methods() -> None:
    rule = BY_NAME["telegram"].attach
    sorts = {one: {SORTS.get(mime, "document") for mime in one.mimes} for one in rule.groups}
    assert list(sorts.values()) == [{"photo", "video"}, {"audio"}, set()]
    assert {mime for one in rule.groups for mime in one.mimes} == set(SORTS)


# --- how they are sent ----------------------------------------------------------------------------------


def mastodon_status(media: list[dict], text: str = "<p>@anna</p>") -> dict:
    account = {"id": "1", "acct": "us", "uri": US.uri, "url": "https://social.example/@us"}
    return {"id": "9", "created_at": "2026-03-01T00:00:00Z", "uri": f"{US.uri}/statuses/9", "account": account,
            "content": text, "in_reply_to_id": "5", "media_attachments": media}  # fmt: skip


def test_mastodon_uploads_and_posts_the_ids(httpx_mock, file: File) -> None:
    httpx_mock.add_response(url="https://social.example/api/v2/media", status_code=202, json={"id": "77", "url": None})
    httpx_mock.add_response(url="https://social.example/api/v1/media/77", json={"id": "77"})
    httpx_mock.add_response(
        url="https://social.example/api/v1/statuses",
        json={**mastodon_status([{"id": "77", "type": "image"}]), "in_reply_to_id": None},
    )
    client = Client("https://social.example")
    reply = Reply(key="k", text="", parent_ref=parent(), files=(file,))
    event = Mastodon(client, US, FACTS, Places(client, US.host)).send(reply)
    upload, _, post = httpx_mock.get_requests()
    assert b'name="description"\r\n\r\nA tap' in upload.content
    assert PNG in upload.content
    assert json.loads(post.content)["media_ids"] == ["77"]
    assert json.loads(post.content)["status"] == "@anna@mstdn.example"
    assert [one.kind for one in event.attachments] == ["image"]


def test_mastodon_finds_the_post_of_the_first_time_and_uploads_nothing(httpx_mock, file: File) -> None:
    other, same = (
        mastodon_status([{"id": "1", "description": "Other"}]),
        mastodon_status([{"id": "2", "description": "A tap"}]),
    )
    newest = "https://social.example/api/v1/accounts/1/statuses?limit=40&exclude_reblogs=true"
    httpx_mock.add_response(url=newest, json=[{**other, "id": "8"}, same])
    above = {**mastodon_status([]), "id": "5", "in_reply_to_id": None}
    httpx_mock.add_response(url="https://social.example/api/v1/statuses/5", json=above, is_optional=True)
    client = Client("https://social.example")
    reply = Reply(key="k", text="", parent_ref=parent(acct="anna"), files=(file,), first_attempt=False)
    event = Mastodon(client, US, FACTS, Places(client, US.host)).send(reply)
    assert event.key.endswith("statuses/9")
    assert {one.method for one in httpx_mock.get_requests()} == {"GET"}


def test_bluesky_names_the_blob_in_the_record(httpx_mock, file: File) -> None:
    blob = {"$type": "blob", "ref": {"$link": "bafk"}, "mimeType": "image/png", "size": len(PNG)}
    httpx_mock.add_response(url="https://pds.example/xrpc/com.atproto.repo.uploadBlob", json={"blob": blob})
    httpx_mock.add_response(
        url="https://pds.example/xrpc/com.atproto.repo.createRecord",
        json={"uri": "at://x/app.bsky.feed.post/1", "cid": "c"},
    )
    httpx_mock.add_response(method="GET", json={"profiles": []})
    event = Bluesky(Client("https://pds.example"), None, "did:plc:us").send(Reply(key="k", text="Look", files=(file,)))
    upload, create = httpx_mock.get_requests()[:2]
    assert (upload.content, upload.headers["content-type"]) == (PNG, "image/png")
    record = json.loads(create.content)["record"]
    assert record["embed"] == {"$type": "app.bsky.embed.images", "images": [{"alt": "A tap", "image": blob}]}
    assert [one.alt for one in event.attachments] == ["A tap"]


def bot() -> object:
    from connectors.base import AccountRef

    return connect(AccountRef(1, "telegram", "https://tg.example"), Tokens(token="1:a"), None)


def reply_to_chat(file: File, **changes: object) -> Reply:
    ref = json.dumps({"chat_id": 5, "message_id": 3})
    return Reply(
        **{"key": "k", "text": "Look", "visibility": "private", "parent_ref": ref, "files": (file,), **changes}
    )


@pytest.mark.parametrize(
    ("mime", "kind", "method"),
    [
        ("image/png", "image", "sendPhoto"),
        ("application/pdf", "file", "sendDocument"),
        ("image/gif", "image", "sendDocument"),
        ("video/mp4", "video", "sendVideo"),
        ("video/webm", "video", "sendDocument"),
        ("audio/mpeg", "audio", "sendAudio"),
    ],
)
def test_telegram_sends_words_and_file_in_one_call(httpx_mock, file: File, mime: str, kind: str, method: str) -> None:
    chat = {"id": 5, "type": "private"}
    body = {"message_id": 9, "date": 1, "chat": chat, "from": {"id": 1, "is_bot": True}, "caption": "Look"}
    httpx_mock.add_response(url=f"https://tg.example/bot1:a/{method}", json={"ok": True, "result": body})
    event = bot().send(reply_to_chat(file.model_copy(update={"mime": mime, "kind": kind})))
    (request,) = httpx_mock.get_requests()
    assert b'name="caption"\r\n\r\nLook' in request.content
    assert b'{"message_id": 3' in request.content
    assert PNG in request.content
    assert event.text == "Look"


def test_several_files_go_to_telegram_as_one_album_that_is_one_event(httpx_mock, file: File) -> None:
    chat = {"id": 5, "type": "private"}
    posts = [
        {"message_id": number, "date": 1, "chat": chat, "from": {"id": 1, "is_bot": True}, **said}
        for number, said in ((9, {"caption": "Look", "photo": [{"file_id": "a"}]}), (10, {"video": {"file_id": "b"}}))
    ]
    httpx_mock.add_response(url="https://tg.example/bot1:a/sendMediaGroup", json={"ok": True, "result": posts})
    video = file.model_copy(update={"name": "tap.mp4", "mime": "video/mp4", "kind": "video"})
    event = bot().send(reply_to_chat(file, files=(file, video)))
    (request,) = httpx_mock.get_requests()
    media = [
        {"type": "photo", "media": "attach://file0", "caption": "Look"}, {"type": "video", "media": "attach://file1"},
    ]  # fmt: skip
    assert json.dumps(media).encode() in request.content
    assert request.content.count(PNG) == 2
    assert (event.key, event.text, [one.kind for one in event.attachments]) == (
        "telegram:1:5:9", "Look", ["image", "video"],
    )  # fmt: skip
    assert [one.key for one in event.parts] == ["telegram:1:5:9", "telegram:1:5:10"]
    httpx_mock.add_response(url="https://tg.example/bot1:a/deleteMessages", json={"ok": True, "result": True})
    bot().delete(event.ref)
    assert json.loads(httpx_mock.get_requests()[-1].content) == {"chat_id": 5, "message_ids": [9, 10]}


def test_telegram_s_silence_is_unknown_and_not_repeated(httpx_mock, file: File) -> None:
    httpx_mock.add_exception(httpx.ReadTimeout("no"))
    with pytest.raises(Unknown):
        bot().send(reply_to_chat(file))
    assert len(httpx_mock.get_requests()) == 1


def test_a_file_that_is_gone_is_said_and_nothing_is_posted(httpx_mock, file: File) -> None:
    with pytest.raises(Rejected, match="Attach it again"):
        bot().send(reply_to_chat(file.model_copy(update={"path": "/nowhere/at/all"})))
    assert not httpx_mock.get_requests()


def test_a_message_of_bluesky_takes_no_picture(file: File) -> None:
    somebody = Author(platform="bluesky", id="did:plc:x")
    with pytest.raises(Rejected, match="takes no files"):
        Bluesky(Client("https://pds.example"), None, "did:plc:us").send(
            Reply(key="k", text="x", visibility="private", recipient=somebody, files=(file,))
        )


# --- pictures of customers --------------------------------------------------------------------------------


def test_a_picture_is_fetched_and_nothing_else(httpx_mock) -> None:
    httpx_mock.add_response(url="https://media.example/a.png?x=1", content=PNG)
    assert pictures.fetch("https://media.example/a.png?x=1") == PNG
    httpx_mock.add_response(url="https://media.example/b.png", content=b"<svg onload=alert(1)>")
    for url in ("https://media.example/b.png", "http://media.example/a.png", "file:///etc/passwd", "//x", "https://"):
        with pytest.raises(Rejected):
            pictures.fetch(url)


def test_an_address_that_failed_is_left_alone_for_a_while(httpx_mock) -> None:
    httpx_mock.add_response(status_code=404, is_reusable=True)
    for _ in range(3):
        with pytest.raises(Rejected):
            pictures.fetch("https://media.example/gone.png")
    assert len(httpx_mock.get_requests()) == 1


def test_no_picture_lies_in_our_own_network() -> None:
    with pytest.raises(Rejected):
        pictures.fetch("https://127.0.0.1/a.png")
    with pytest.raises(Rejected):
        pictures.fetch("https://169.254.169.254/latest/meta-data")


def test_many_pictures_wait_for_each_other_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.01)
    for _ in range(pictures.AT_ONCE):
        assert pictures._gate.acquire(timeout=1)
    try:
        with pytest.raises(TryLater):
            pictures.fetch("https://media.example/a.png")
    finally:
        for _ in range(pictures.AT_ONCE):
            pictures._gate.release()
