"""A deliberately hostile source: whatever it answers, the page goes on and nothing is lost or leaked."""

import json

import httpx
import pytest

from connectors.base import now
from connectors.platforms.mastodon.stream import parse
from connectors.text import graphemes, plain, utf16
from core.errors import BadPayload, NotConfigured, TryLater
from tests.connectors.support import Tokens, connector, drain

ME = {
    "id": "1",
    "acct": "us",
    "username": "us",
    "uri": "https://social.example/users/us",
    "url": "https://social.example/@us",
}
HIM = {"id": "66", "acct": "him@evil.example", "uri": "https://evil.example/u/him", "url": "https://evil.example/@him"}


def status(number, **more):
    return {
        "id": str(number),
        "created_at": "2026-03-01T00:00:00Z",
        "uri": f"https://evil.example/s/{number}",
        "visibility": "public",
        "content": "<p>hi</p>",
        "account": HIM,
        "mentions": [{"id": "1", "acct": "us"}],
        **more,
    }


def notice(number, **more):
    base = {"id": str(number), "type": "mention", "created_at": "2026-03-01T00:00:00Z", "account": HIM}
    return {**base, "status": status(number), **more}


@pytest.fixture
def pull(httpx_mock):
    def start(items, headers=None, feed="notifications"):
        us = "https://social.example/api/v1/accounts/verify_credentials"
        httpx_mock.add_response(url=us, json=ME, is_optional=True)
        first = iter([items])

        def answer(request):
            body = next(first, [])
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return httpx.Response(200, content=content, headers=headers or {})

        httpx_mock.add_callback(answer, is_reusable=True, is_optional=True)
        ours = connector("mastodon", "https://social.example", Tokens(token="secret"))
        return drain(ours.pull(feed, None))

    return start


ODD = [
    None, 5, "text", [], {}, {"id": "1"}, notice(2, created_at="yesterday"), notice(3, account="me"),
    notice(4, status={"id": "4"}), notice(5, status=status(5, account=None)), notice(6, status=status(6, created_at=5)),
    notice(7, status=status(7, mentions=[5])), notice(8, status=status(8, tags=[{"nom": 1}])),
    notice(9, status=status(9, media_attachments="x")), notice(10, created_at="99999-01-01T00:00:00Z", type="follow"),
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_a_malformed_item_is_kept_aside_and_the_page_goes_on(pull, odd):
    events, bad, cursor = pull([notice(900), odd, notice(800)])
    assert {event.key for event in events} >= {f"mastodon:https://evil.example/s/{n}" for n in (900, 800)}
    assert len(bad) + len(events) == 3
    assert cursor


def test_an_unknown_kind_is_shown(pull):
    events, bad, _ = pull([notice(1, type="from_the_future", status=None)])
    assert (events[0].kind, events[0].subject) == ("unsupported", "from_the_future")
    assert not bad


def test_a_megabyte_of_markup_is_read_quickly(pull):
    start = now()
    events, _, _ = pull([notice(1, status=status(1, content="<p>" + "<b>x</b>" * 130_000 + "</p>"))])
    assert len(events[0].text) == 130_000
    assert (now() - start).total_seconds() < 5


def test_deep_markup_does_not_break_the_parser(pull):
    events, bad, _ = pull([notice(1, status=status(1, content="<div>" * 5000 + "x"))])
    assert len(events) + len(bad) == 1


def test_a_date_in_the_future_is_taken_as_it_is(pull):
    events, _, _ = pull([notice(1, status=status(1, created_at="2090-01-01T00:00:00Z"))])
    assert events[0].posted_at.year == 2090


@pytest.mark.parametrize("body", [b"\xff\xfe", b"<html>Bad gateway</html>", b"", b'{"not": "a list"}'])
def test_a_page_that_is_no_list_is_bad_payload_and_moves_no_cursor(pull, body):
    with pytest.raises(BadPayload):
        pull(body)


def test_broken_bytes_and_lone_surrogates_become_replacement_signs(pull):
    body = json.dumps([notice(1, status=status(1, content="BYTES \ud83d!"))]).encode().replace(b"BYTES", b"\xff\xfe")
    events, bad, _ = pull(body)
    assert (events[0].text, bad) == ("\ufffd\ufffd ?!", [])


def test_an_unreadable_item_with_a_lone_surrogate_can_be_kept(pull):
    _, bad, _ = pull([notice(1, status=status(1, created_at="\ud83d"))])
    assert len(bad) == 1
    bad[0].raw.encode()


def test_a_token_never_goes_to_another_host(pull, httpx_mock):
    pull([notice(1)], {"Link": '<https://evil.example/api?max_id=5>; rel="next"'})
    assert {request.url.host for request in httpx_mock.get_requests()} == {"social.example"}


def test_endless_next_links_end(pull, httpx_mock):
    pull([notice(1)], {"Link": '<https://social.example/api?max_id=5>; rel="next"'})
    assert len(httpx_mock.get_requests()) < 10


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "ab"),
        ("<style>p{}</style><p onclick=x>a</p>", "a"),
        ("<p>a</p><p>b<br/>c</p>", "a\n\nb\nc"),
        ("<p>a</p>\n <p>b</p>", "a\n\nb"),
        ("1 &lt; 2 &amp;amp; 3", "1 < 2 &amp; 3"),
        ('<a href="https://x.example/long"><span class="invisible">https://</span>x.example/l'
         '<span class="invisible">ong</span></a>', "https://x.example/long"),
        ('<span class="h-card"><a href="https://x">@<span>anna</span></a></span> hi', "@anna hi"),
        ("plain 5 > 3", "plain 5 > 3"),
        ("<img src=x onerror=alert(1) alt=':cat:'>", ":cat:"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_becomes_the_text_people_see(html, text):
    assert plain(html) == text


def test_lengths_are_counted_as_platforms_count():
    assert (graphemes("👨‍👩‍👧 é🇩🇪"), utf16("👍a")) == (4, 3)


def test_a_stream_survives_comments_wrapped_json_and_rubbish():
    lines = [":)", ":thump", "event: notification", 'data: "{\\"id\\": \\"1\\"}"', "", "event: delete", "data: 42", "",
             "event: update", "data: {broken", "", "data: 1", ""]  # fmt: skip
    found = list(parse(iter(lines)))
    assert found[:4] == [None, None, ("notification", {"id": "1"}), ("delete", "42")]
    assert "unreadable" in found[4][1]


# --- servers that answer otherwise -----------------------------------------------------------------


def test_a_plain_text_400_is_a_dead_token(httpx_mock):
    httpx_mock.add_response(status_code=400, text="Bad Request", is_reusable=True)
    with pytest.raises(Exception, match="connect the account again"):
        connector("mastodon", "https://social.example").check()


def test_a_server_without_v2_is_asked_by_v1(httpx_mock):
    base = "https://social.example"
    httpx_mock.add_response(url=f"{base}/api/v1/accounts/verify_credentials", json=ME)
    httpx_mock.add_response(url=f"{base}/api/v2/instance", status_code=404, text="no")
    httpx_mock.add_response(url=f"{base}/api/v1/instance", json={"version": "2.7.2 (compatible; Pleroma 2.6)",
                                                                 "max_toot_chars": 5000})  # fmt: skip
    httpx_mock.add_response(url=f"{base}/api/v1/streaming/health", status_code=404, text="no")
    profile = connector("mastodon", base).check()
    assert profile.limits["max_characters"] == 5000
    assert "polled" in profile.warnings[0]


def test_a_server_without_a_stream_says_so_once_and_is_polled(httpx_mock):
    httpx_mock.add_response(status_code=404, json={"error": "Not Found"}, is_reusable=True)
    with pytest.raises((NotConfigured, TryLater)):
        next(iter(connector("mastodon", "https://social.example").stream()))


def test_direct_messages_come_through_mentions_where_conversations_are_empty(sandbox):
    sandbox.control("/_quirks", {"mastodon": {"empty_conversations": True, "no_rate_headers": True}})
    ours = sandbox.checked("mastodon")
    assert drain(ours.pull("conversations", None))[0] == []
    assert any(event.kind == "dm" for event in drain(ours.pull("notifications", None))[0])


def test_a_direct_thread_is_one_thread_by_whichever_way_it_comes(sandbox):
    ours = sandbox.checked("mastodon")
    ways = [drain(ours.pull(feed, None))[0] for feed in ("notifications", "conversations", "own")]
    seen = {}
    for events in ways:
        for event in events:
            before = seen.setdefault(event.key, event)
            assert (event.parent_key, event.kind, event.origin) == (before.parent_key, before.kind, before.origin)


def test_a_server_without_conversations_is_no_error(httpx_mock):
    base = "https://social.example"
    httpx_mock.add_response(url=f"{base}/api/v1/conversations?limit=40", status_code=404, text="nothing here")
    assert drain(connector("mastodon", base).pull("conversations", None))[0] == []


def test_a_websocket_door_that_answers_400_does_not_kill_the_token(httpx_mock):
    httpx_mock.add_response(url="https://social.example/api/v2/instance", json={"version": "4.5"})
    httpx_mock.add_response(status_code=400, text="Bad Request")
    with pytest.raises(NotConfigured, match="polled"):
        next(iter(connector("mastodon", "https://social.example").stream()))
