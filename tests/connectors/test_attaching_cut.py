"""A worker that is killed while it sends a picture: the post stands once, with its picture, after the next attempt.

Telegram cannot be asked, and there upload and post are one call: it stands once or not at all, and a person decides.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import tasks
from core import db
from core.settings import settings
from inbox import attachments, replies
from inbox.album_models import AlbumItem
from inbox.models import ReplyRow
from tests import photos
from tests.connectors.conftest import ROOT
from tests.connectors.support import lived

PNG = photos.png()
SEND = """
import sys
from connectors import tasks
from core import db

db.configure(sys.argv[1])
tasks.send_reply(1)
"""
POST = {"mastodon": "/api/v1/statuses", "bluesky": "/xrpc/com.atproto.repo.createRecord"}


def queue(sandbox: Any, platform: str, text: str, pictures: int = 1) -> None:
    """Our account at the simulated platform has a reply with pictures that may leave."""
    lived(sandbox, platform)
    with db.write() as session:
        files = [attachments.add(session, 1, "user:1", f"tap{one}.png", PNG) for one in range(pictures)]
        attachments.describe(session, 1, "user:1", dict.fromkeys(files, "A tap that drips"))
        replies.queue(session, 1, text, author="user:1", undo_seconds=0, attached=files)


def killed_at(sandbox: Any, path: str, database: str) -> None:
    """A worker sends until its request lies at the platform, and is killed there."""
    start = time.time()
    child = subprocess.Popen([sys.executable, "-c", SEND, database], cwd=ROOT, stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 60
        while not any(
            one["path"] == path and one["method"] == "POST" and one["at"] >= start
            for one in sandbox.control("/_log.json", method="GET")["entries"]
        ):
            assert child.poll() is None, child.communicate()[1].decode()[-2000:]
            assert time.monotonic() < end, "the worker has not posted"
            time.sleep(0.05)
    finally:
        child.kill()
        child.communicate(timeout=20)


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize("cut", ["drop", "timeout_after_commit"])
@pytest.mark.parametrize("platform", ["mastodon", "bluesky"])
def test_killed_between_upload_and_post_or_after_it_the_post_stands_once(
    sandbox: Any, database: str, monkeypatch: pytest.MonkeyPatch, platform: str, cut: str
) -> None:
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    text = f"A picture of it, {cut}"
    queue(sandbox, platform, text)
    sandbox.fault(platform, cut, POST[platform], delay=20)
    killed_at(sandbox, POST[platform], database)
    with db.read() as session:
        assert session.get_one(ReplyRow, 1).state == "sending"
    for _ in range(2):
        tasks.send_reply(1)
    with db.read() as session:
        assert session.get_one(ReplyRow, 1).state == "sent"
    posts = [one for one in sandbox.world()["sent"] if one["platform"] == platform and text in one["text"]]
    assert [one["files"] for one in posts] == [1]


@pytest.mark.usefixtures("valkey")
@pytest.mark.parametrize(("method", "pictures"), [("sendPhoto", 1), ("sendMediaGroup", 3)])
@pytest.mark.parametrize(("cut", "posts"), [("drop", 0), ("timeout_after_commit", 1)])
def test_killed_while_telegram_takes_a_picture_nobody_knows_and_nothing_is_repeated(
    sandbox: Any, database: str, monkeypatch: pytest.MonkeyPatch, cut: str, posts: int, method: str, pictures: int
) -> None:
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    text, path = f"A picture for you, {cut} {method}", f"/bot{sandbox.account('telegram')['token']}/{method}"

    def there() -> list[int]:
        return [
            one["files"] for one in sandbox.world()["sent"] if one["platform"] == "telegram" and text in one["text"]
        ]

    queue(sandbox, "telegram", text, pictures)
    sandbox.fault("telegram", cut, method, delay=20)
    killed_at(sandbox, path, database)
    for _ in range(2):
        tasks.send_reply(1)
    with db.read() as session:
        assert session.get_one(ReplyRow, 1).state == "unknown"
    assert there() == [pictures] * posts
    with db.write() as session:  # a person has looked there
        assert replies.retry(session, 1, "user:1")
    tasks.send_reply(1)
    with db.read() as session:
        assert session.get_one(ReplyRow, 1).state == "sent"
        assert len(session.scalars(sa.select(AlbumItem)).all()) == (pictures if pictures > 1 else 0)
    assert there() == [pictures] * (posts + 1)
