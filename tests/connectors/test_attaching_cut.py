"""A worker that is killed while it sends a picture: the post stands once, with its picture, after the next attempt."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from connectors import tasks
from core import db
from core.event import Event, Page
from core.settings import settings
from inbox import accounts, attachments, ingest, replies
from inbox.models import ReplyRow
from tests.connectors.conftest import ROOT

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SEND = """
import sys
from connectors import tasks
from core import db

db.configure(sys.argv[1])
tasks.send_reply(1)
"""
POST = {"mastodon": "/api/v1/statuses", "bluesky": "/xrpc/com.atproto.repo.createRecord"}


def mention(connector: Any) -> Event:
    """A public message of somebody that can be answered."""
    for feed in connector.feeds():
        for page in connector.pull(feed, None):
            for one in page.events:
                if one.direction == "inbound" and one.visibility == "public" and one.kind in ("mention", "reply"):
                    return one
    raise AssertionError("nobody has written")


def queue(sandbox: Any, platform: str, text: str) -> None:
    """Our account at the simulated platform has a reply with a picture that may leave."""
    account = sandbox.account(platform)
    connector = sandbox.checked(platform)
    secrets = {name: account[name] for name in ("token", "identifier", "password") if name in account}
    with db.write() as session:
        ours = accounts.add(
            session, platform=platform, profile=connector.check(), base_url=account["base_url"], secrets=secrets,
            feeds=["notifications"],
        )  # fmt: skip
    ingest.store_page(ours, Page(events=(mention(connector),)))
    with db.write() as session:
        file = attachments.add(session, 1, "user:1", "tap.png", PNG)
        attachments.describe(session, 1, "user:1", {file: "A tap that drips"})
        replies.queue(session, 1, text, author="user:1", undo_seconds=0, attached=[file])


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
