"""The simulated Bot API keeps Telegram's laws."""

from __future__ import annotations

import http.server
import json
import threading
import time
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Running


def say(sandbox: Running, text: str, person: str = "henrik") -> str:
    body = {"platform": "telegram", "person": person, "account": "kumo", "text": text}
    key: str = sandbox.control.post("/_post", json=body).json()["key"]
    return key


def drain(sandbox: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    offset = 0
    while page := sandbox.call("getUpdates", offset=offset).json()["result"]:
        found += page
        offset = page[-1]["update_id"] + 1
    return found


def test_updates_stay_until_a_higher_offset_confirms_them(sandbox: Running) -> None:
    first = sandbox.call("getUpdates", limit=5).json()["result"]
    assert sandbox.call("getUpdates", limit=5).json()["result"] == first
    later = sandbox.call("getUpdates", limit=5, offset=first[-1]["update_id"] + 1).json()["result"]
    assert later[0]["update_id"] == first[-1]["update_id"] + 1


def test_a_long_poll_answers_as_soon_as_something_arrives(sandbox: Running) -> None:
    drain(sandbox)
    threading.Timer(0.3, say, (sandbox, "Klingelt es?")).start()
    begun = time.monotonic()
    answer = sandbox.call("getUpdates", timeout=10).json()["result"]
    assert answer[0]["message"]["text"] == "Klingelt es?"
    assert time.monotonic() - begun < 3


def test_an_edit_comes_as_an_update_of_its_own(sandbox: Running) -> None:
    key = say(sandbox, "Tippfehlre")
    sandbox.control.post("/_edit", json={"key": key, "text": "Tippfehler"})
    texts = [next(iter(list(update.items())[1:])) for update in drain(sandbox)][-2:]
    assert [(kind, body["text"]) for kind, body in texts] == [
        ("message", "Tippfehlre"),
        ("edited_message", "Tippfehler"),
    ]


def test_text_is_counted_in_utf_16_units(sandbox: Running) -> None:
    assert sandbox.call("sendMessage", chat_id=5611000103, text="😀" * 2048).status_code == 200
    answer = sandbox.call("sendMessage", chat_id=5611000103, text="😀" * 2048 + "x")
    assert answer.json()["description"] == "Bad Request: message is too long"


def test_a_send_whose_answer_was_lost_is_listed_as_unknown(sandbox: Running) -> None:
    order = {"service": "telegram", "kind": "timeout_after_commit", "path": ".*/sendMessage"}
    sandbox.control.post("/_faults", json=order)
    with pytest.raises(httpx.TransportError):
        sandbox.call("sendMessage", chat_id=5611000103, text="Angekommen?")
    world = sandbox.world()
    sent = [doc for doc in world["sent"] if doc["text"] == "Angekommen?"]
    assert [doc["answered"] for doc in sent] == [False]
    assert sent[0]["key"] in world["unknown"]
    assert sent[0]["key"] not in {event["key"] for event in world["events"]}


def test_a_429_says_how_long_to_wait(sandbox: Running) -> None:
    order = {"service": "telegram", "kind": "429", "retry_after": 3, "path": ".*/getMe"}
    sandbox.control.post("/_faults", json=order)
    assert sandbox.call("getMe").json()["parameters"] == {"retry_after": 3}
    assert sandbox.call("getMe").json()["ok"] is True


def test_a_webhook_gets_each_update_once_it_answers_200(sandbox: Running) -> None:
    seen: list[tuple[str | None, dict[str, Any], int]] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status = 500 if not seen else 200
            seen.append((self.headers["X-Telegram-Bot-Api-Secret-Token"], body, status))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    drain(sandbox)
    server = http.server.HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        assert sandbox.call("setWebhook", url=url, secret_token="geheim").json()["ok"]
        assert sandbox.call("getUpdates").status_code == 409
        say(sandbox, "per Webhook")
        deadline = time.monotonic() + 5
        while len(seen) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        sandbox.call("deleteWebhook")
        server.shutdown()
        server.server_close()
    assert [status for _, _, status in seen] == [500, 200]
    assert seen[0][0] == "geheim"
    assert seen[0][1] == seen[1][1]


def test_an_unknown_method_and_a_wrong_token_are_refused(sandbox: Running) -> None:
    assert sandbox.call("makeCoffee").json() == {"ok": False, "error_code": 404, "description": "Not Found"}
    answer = sandbox.telegram.get(f"{sandbox.doc['telegram']}/bot1:nonsense/getMe")
    assert (answer.status_code, answer.json()["description"]) == (401, "Unauthorized")


def album(sandbox: Running, *items: tuple[str, str], caption: str = "", size: int = 10) -> httpx.Response:
    """sendMediaGroup with items of these types and media types."""
    media = [{"type": sort, "media": f"attach://f{number}"} for number, (sort, _) in enumerate(items)]
    if media and caption:
        media[0]["caption"] = caption
    files = {f"f{number}": (f"{number}.bin", b"x" * size, mime) for number, (_, mime) in enumerate(items)}
    chat = next(chat["id"] for chat in sandbox.box.world.telegram.chats.values() if chat["type"] == "private")
    form = {"chat_id": str(chat), "media": json.dumps(media)}
    return sandbox.telegram.post(f"{sandbox.bot}/sendMediaGroup", data=form, files=files or None)


PHOTO, VIDEO, MUSIC, PDF = (
    ("photo", "image/png"), ("video", "video/mp4"), ("audio", "audio/mpeg"), ("document", "application/pdf"),
)  # fmt: skip


def test_an_album_is_several_messages_of_one_group_and_one_that_was_sent(sandbox: Running) -> None:
    posts = album(sandbox, PHOTO, VIDEO, caption="Zwei").json()["result"]
    assert len({one["message_id"] for one in posts}) == 2
    assert len({one["media_group_id"] for one in posts}) == 1
    assert [one.get("caption") for one in posts] == ["Zwei", None]
    assert [one["files"] for one in sandbox.world()["sent"] if one["text"] == "Zwei"] == [2]
    gone = sandbox.call("deleteMessages", chat_id=posts[0]["chat"]["id"], message_ids=[1, posts[0]["message_id"]])
    assert gone.json() == {"ok": True, "result": True}


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], "there are no messages to send"),
        ([PHOTO] * 11, "too many messages to send as an album"),
        ([PHOTO, PDF], "document can't be mixed with other media types"),
        ([MUSIC, VIDEO], "audio can't be mixed with other media types"),
        ([("animation", "image/gif"), PHOTO], 'type "animation" can\'t be used in sendMediaGroup'),
    ],
)
def test_an_album_that_telegram_refuses_is_refused_whole(
    sandbox: Running, items: list[tuple[str, str]], words: str
) -> None:
    before = len(sandbox.box.world.telegram.messages)
    answer = album(sandbox, *items)
    assert (answer.status_code, words in answer.json()["description"]) == (400, True)
    assert len(sandbox.box.world.telegram.messages) == before


def test_a_caption_that_is_too_long_refuses_the_album(sandbox: Running) -> None:
    assert "caption is too long" in album(sandbox, PHOTO, PHOTO, caption="x" * 1025).json()["description"]


def test_a_video_that_is_no_mpeg_4_comes_as_a_document(sandbox: Running) -> None:
    posts = album(sandbox, ("video", "video/webm"), VIDEO).json()["result"]
    assert ["document" in one for one in posts] == [True, False]
