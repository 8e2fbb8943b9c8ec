"""Streams bring what happens at once, with heartbeats between, and say when the line breaks."""

import threading

import pytest

from core.errors import NotConfigured, TryLater


def listen(connector, wanted, found, failed):
    try:
        for page in connector.stream():
            found.extend(page.events if page else [None])
            if wanted(found):
                return
    except Exception as error:
        failed.append(error)


@pytest.mark.parametrize("platform", ["mastodon", "telegram"])
def test_a_message_arrives_while_it_is_listened(sandbox, platform):
    connector = sandbox.checked(platform)
    if platform == "telegram":
        list(connector.pull("updates", None))
    found, failed = [], []
    sandbox.control("/_quirks", {"mastodon": {"heartbeat_seconds": 0.2}})
    person = next(row["person"] for row in sandbox.world()["links"] if row["identity"].startswith(platform))

    def arrived(events):
        return any(event is not None and "Live" in event.text for event in events)

    thread = threading.Thread(target=listen, args=(connector, arrived, found, failed), daemon=True)
    thread.start()
    thread.join(0.7)
    brand = sandbox.account(platform)["brand"]
    made = sandbox.control("/_post", {"platform": platform, "person": person, "account": brand, "text": "Live!"})
    thread.join(10)
    assert not failed
    assert made["key"] in [event.key for event in found if event is not None]
    assert platform == "telegram" or None in found


def test_a_server_without_a_stream_is_named(sandbox):
    sandbox.control("/_quirks", {"mastodon": {"no_streaming": True}})
    with pytest.raises((NotConfigured, TryLater), match="polled"):
        next(iter(sandbox.checked("mastodon").stream()))


def test_the_check_warns_where_there_is_no_stream(sandbox):
    sandbox.control("/_quirks", {"mastodon": {"no_streaming": True}})
    assert "polled" in sandbox.checked("mastodon").check().warnings[0]
