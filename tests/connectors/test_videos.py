"""Claims about videos with answers: they wait without holding a worker, are uploaded once, and the post stands once."""

from __future__ import annotations

import time
from typing import Any

import pytest

from connectors import tasks
from connectors.platforms.bluesky import videos
from connectors.platforms.mastodon import uploads
from core import db
from core.errors import TryLater
from core.settings import settings
from inbox import attachments, replies
from inbox.models import ReplyRow
from tests.connectors.support import lived
from tests.connectors.test_attaching_cut import POST, killed_at
from tests.films import mp4
from tests.killed import points, was_killed

UPLOAD = {"mastodon": "/api/v2/media", "bluesky": "/xrpc/app.bsky.video.uploadVideo"}
WORKS = {"mastodon": "media_seconds", "bluesky": "video_seconds"}
FAILS = {"mastodon": "media_fails", "bluesky": "video_fails"}
BOTH = pytest.mark.parametrize("platform", ["mastodon", "bluesky"])

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture(autouse=True)
def _private(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()


def queue(sandbox: Any, platform: str, text: str, data: bytes = b"") -> None:
    """Our account is connected, and has a first reply with a video that may leave."""
    lived(sandbox, platform)
    queued(platform, text, data)


def queued(platform: str, text: str, data: bytes = b"") -> int:
    """A reply with a video that may leave; each text has a video of its own."""
    with db.write() as session:
        number = attachments.add(session, 1, "user:1", "tap.mp4", data or mp4(fill=f"{platform} {text}".encode()))
        attachments.describe(session, 1, "user:1", {number: "A tap that drips"})
        made = replies.queue(session, 1, text, author="user:1", undo_seconds=0, attached=[number])
        return made.id or 0


def reply(number: int = 1) -> ReplyRow:
    with db.read() as session:
        return session.get_one(ReplyRow, number)


def posts(sandbox: Any, platform: str, text: str) -> list[int]:
    return [one["files"] for one in sandbox.world()["sent"] if one["platform"] == platform and text in one["text"]]


def asked(sandbox: Any, path: str, since: float) -> int:
    found = sandbox.control("/_log.json", method="GET")["entries"]
    return sum(one["path"] == path and one["method"] == "POST" and one["at"] >= since for one in found)


def sent_in_time(number: int = 1) -> None:
    """Attempts until the reply has left, as the outbox makes them."""
    for _ in range(30):
        try:
            return tasks.send_reply(number)
        except TryLater:
            time.sleep(0.3)
    raise AssertionError(reply(number).error)


@BOTH
def test_a_video_that_is_worked_on_for_long_waits_and_is_uploaded_once(
    sandbox: Any, database: str, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(uploads, "LOOKS", 1)
    monkeypatch.setattr(videos, "LOOKS", 1)
    sandbox.control("/_quirks", {platform: {WORKS[platform]: 3}})
    queue(sandbox, platform, "It takes its time")
    since = time.time()
    with pytest.raises(TryLater, match="still works on tap"):
        tasks.send_reply(1)
    assert (reply().state, posts(sandbox, platform, "It takes its time")) == ("queued", [])
    assert "still works" in reply().error
    sent_in_time()
    assert (reply().state, posts(sandbox, platform, "It takes its time")) == ("sent", [1])
    assert asked(sandbox, UPLOAD[platform], since) == 1


@BOTH
@pytest.mark.parametrize("cut", ["drop", "timeout_after_commit"])
def test_killed_at_the_post_it_goes_on_with_the_same_upload(
    sandbox: Any, database: str, platform: str, cut: str
) -> None:
    text, since = f"A video of it, {cut}", time.time()
    queue(sandbox, platform, text)
    sandbox.fault(platform, cut, POST[platform], delay=20)
    killed_at(sandbox, POST[platform], database)
    assert reply().state == "sending"
    sent_in_time()
    assert (reply().state, posts(sandbox, platform, text)) == ("sent", [1])
    assert asked(sandbox, UPLOAD[platform], since) == 1


@BOTH
@pytest.mark.parametrize("cut", ["drop", "timeout_after_commit"])
def test_killed_while_it_uploads_the_post_stands_once(sandbox: Any, database: str, platform: str, cut: str) -> None:
    text = f"A video begun, {cut}"
    queue(sandbox, platform, text)
    sandbox.fault(platform, cut, UPLOAD[platform], delay=20)
    killed_at(sandbox, UPLOAD[platform], database)
    sent_in_time()
    assert (reply().state, posts(sandbox, platform, text)) == ("sent", [1])


@BOTH
def test_what_the_platform_cannot_read_is_said_and_uploaded_anew_when_somebody_sends_it_again(
    sandbox: Any, database: str, platform: str
) -> None:
    text, since = "A broken video", time.time()
    sandbox.control("/_quirks", {platform: {FAILS[platform]: "no stream found", WORKS[platform]: 0.2}})
    queue(sandbox, platform, text)
    tasks.send_reply(1)
    assert (reply().state, posts(sandbox, platform, text)) == ("failed", [])
    assert "tap.mp4" in reply().error
    with db.read() as session:
        assert [one.uploaded for one in attachments.outgoing(session, 1)] == [""]
    if platform == "bluesky":  # the same video is the same job there
        return
    sandbox.control("/_quirks", {platform: {}})
    with db.write() as session:
        assert replies.retry(session, 1, "user:1")
    sent_in_time()
    assert (reply().state, asked(sandbox, UPLOAD[platform], since)) == ("sent", 2)


@BOTH
def test_nobody_waits_for_ever(sandbox: Any, database: str, monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    for module in (uploads, videos):
        monkeypatch.setattr(module, "LOOKS", 1)
        monkeypatch.setattr(module, "LONGEST", 0.0)
    sandbox.control("/_quirks", {platform: {WORKS[platform]: 60}})
    queue(sandbox, platform, "An endless video")
    tasks.send_reply(1)
    assert (reply().state, "has not finished" in reply().error) == ("failed", True)


def test_bluesky_s_limit_for_today_is_said_and_nothing_is_uploaded(sandbox: Any, database: str) -> None:
    since = time.time()
    sandbox.control("/_quirks", {"bluesky": {"video_limit": "You have uploaded too many videos today"}})
    queue(sandbox, "bluesky", "One more video")
    tasks.send_reply(1)
    assert (reply().state, "too many videos today" in reply().error) == ("failed", True)
    assert asked(sandbox, UPLOAD["bluesky"], since) == 0


def test_the_same_video_again_is_the_job_it_was_on_bluesky(sandbox: Any, database: str) -> None:
    data = mp4(fill=b"the same one")
    queue(sandbox, "bluesky", "Once", data=data)
    sent_in_time()
    sent_in_time(queued("bluesky", "Twice", data))
    assert posts(sandbox, "bluesky", "Once") == posts(sandbox, "bluesky", "Twice") == [1]


def test_mastodon_s_own_limits_count(sandbox: Any, database: str) -> None:
    lived(sandbox, "mastodon")
    limits = sandbox.connector("mastodon").check().limits
    assert (limits["image_bytes"], limits["video_bytes"]) == (16_777_216, 103_809_024)


def test_taken_back_it_is_as_if_it_was_never_uploaded(sandbox: Any, database: str) -> None:
    queue(sandbox, "mastodon", "Never mind")
    with db.write() as session:
        attachments.remember(session, 1, '{"id": "5", "at": 1}')
        attachments.back(session, 1, "user:1")
        (file,) = attachments.begun(session, 1, "user:1")
        assert (file.uploaded, file.seconds, file.width, file.height) == ("", 5.0, 640, 360)


SEND = """
import time
from connectors import tasks
from core.errors import TryLater

for _ in range(30):
    try:
        tasks.send_reply(int(sys.argv[4]))
        break
    except TryLater:
        time.sleep(0.2)
"""


@BOTH
def test_killed_at_any_commit_the_post_stands_once(sandbox: Any, database: str, platform: str) -> None:
    lived(sandbox, platform)
    for number, when in points():
        text, since = f"Killed {when} {number}", time.time()
        made = queued(platform, text)
        cut = was_killed(SEND, database, made, number=number, when=when)
        sent_in_time(made)
        assert (reply(made).state, posts(sandbox, platform, text)) == ("sent", [1]), (number, when)
        assert asked(sandbox, UPLOAD[platform], since) <= 2  # again, where its number was not kept yet
        if not cut:
            assert asked(sandbox, UPLOAD[platform], since) == 1
            return
    raise AssertionError("it has more commits than that")
