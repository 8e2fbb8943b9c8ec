"""Answers before they leave: counting, addressing, facets, and keys that stay the same."""

import json

import pytest

from connectors.answering import too_long
from connectors.capabilities import capability
from connectors.client import Client
from connectors.lengths import length
from connectors.platforms.bluesky.richtext import facets
from connectors.platforms.bluesky.sending import record_key
from connectors.platforms.mastodon.naming import addressed, in_front
from connectors.platforms.mastodon.places import Places
from connectors.platforms.mastodon.sending import COUNTING, Sender, narrower
from connectors.platforms.mastodon.server import Server
from connectors.platforms.mastodon.to_event import Us
from core.errors import NotConfigured, Rejected
from core.event import Author, Reply

US = Us("1", "https://social.example/users/us", "us@social.example", "social.example")
FACTS = Server("Social", "4.5", 500, 23, "")
ANNA = Author(platform="mastodon", id="https://mstdn.example/users/anna", handle="anna@mstdn.example")


@pytest.fixture
def posted(httpx_mock):
    """Send one answer and see the request's body."""

    def send(reply):
        account = {"id": "1", "acct": "us", "uri": US.uri, "url": "https://social.example/@us"}
        status = {"id": "9", "created_at": "2026-03-01T00:00:00Z", "uri": f"{US.uri}/statuses/9", "account": account}
        httpx_mock.add_response(method="POST", json=status, is_optional=True)
        client = Client("https://social.example")
        Sender(client, US, FACTS, Places(client, US.host)).send(reply)
        request = next(request for request in httpx_mock.get_requests() if request.method == "POST")
        return {**json.loads(request.content), "key": request.headers["Idempotency-Key"]}

    return send


def parent(**more):
    return json.dumps({"id": "5", "acct": "anna@mstdn.example", "mentions": ["us"], "visibility": "public", **more})


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("abc", 3),
        ("see https://example.org/a/very/long/address/that/goes/on", 27),
        ("@anna@mstdn.example hi", 8),
        ("👨‍👩‍👧é", 2),
    ],
)
def test_mastodon_counts_addresses_as_23_and_mentions_without_server(text, count):
    assert length(text, COUNTING) == count


@pytest.mark.parametrize(
    ("private", "more", "names"),
    [
        (False, {}, ["anna@mstdn.example"]),
        (True, {"mentions": ["us", "bob@else.example"]}, ["anna@mstdn.example", "bob@else.example"]),
        (False, {"mentions": ["bob@else.example"], "visibility": "direct"}, ["anna@mstdn.example", "bob@else.example"]),
        (False, {"acct": "US"}, []),
    ],
)
def test_whom_mastodon_names_in_front_is_known_before(private, more, names):
    assert in_front(parent(**more), "@us@social.example", private=private) == names
    assert in_front("no json", "@us@social.example", private=private) == []


def test_the_length_counts_what_is_put_in_front():
    row, front, us = capability("mastodon"), ["anna@mstdn.example"], "@us@social.example"
    assert too_long(row, 500, "x" * 494, front, us) is None
    assert too_long(row, 500, "x" * 495, front, us).values["count"] == 501
    assert too_long(row, 500, "@anna@mstdn.example " + "x" * 494, front, us) is None
    assert too_long(row, 500, "x" * 470 + " https://example.org/" + "y" * 90, (), us, 30).values["count"] == 501
    assert too_long(row, 0, "x" * 9000) is None


@pytest.mark.parametrize(
    ("wanted", "above", "result"),
    [
        ("public", "unlisted", "unlisted"),
        ("public", "direct", "direct"),
        ("direct", "public", "direct"),
        ("private", "unlisted", "private"),
        ("public", "circle", "direct"),
    ],
)
def test_an_answer_is_never_wider_than_what_it_answers(wanted, above, result):
    assert narrower(wanted, above) == result


@pytest.mark.parametrize("text", ["hi", "@annabelle hi", "mail anna@mstdn.example", "@anna@mstdn.example.org hi"])
def test_whoever_is_not_named_yet_is_named(text):
    assert addressed(text, ["anna@mstdn.example"], "social.example") == f"@anna@mstdn.example {text}"


@pytest.mark.parametrize("text", ["@anna@mstdn.example hi", "hi @ANNA@mstdn.example!", "(@anna@mstdn.example)"])
def test_whoever_is_named_is_not_named_again(text):
    assert addressed(text, ["anna@mstdn.example"], "social.example") == text


def test_an_answer_carries_key_parent_language_and_address(posted):
    body = posted(Reply(key="k1", text="Danke", language="de", parent_ref=parent(), recipient=ANNA))
    assert body == {
        "status": "@anna@mstdn.example Danke",
        "visibility": "public",
        "in_reply_to_id": "5",
        "language": "de",
        "key": "k1",
    }


def test_an_answer_to_ourselves_addresses_the_recipient(posted):
    body = posted(Reply(key="k", text="noch etwas", parent_ref=parent(acct="us"), recipient=ANNA))
    assert body["status"] == "@anna@mstdn.example noch etwas"


def test_a_direct_answer_names_everybody_there_but_us(posted):
    ref = parent(visibility="direct", mentions=["us", "bea"])
    body = posted(Reply(key="k", text="hi", visibility="private", parent_ref=ref, recipient=ANNA))
    assert (body["status"], body["visibility"]) == ("@anna@mstdn.example @bea hi", "direct")


def test_a_direct_message_to_nobody_is_refused(posted):
    with pytest.raises(Rejected, match="addressed"):
        posted(Reply(key="k", text="hi", visibility="private"))


@pytest.mark.parametrize("ref", ["{", "[]", "5", '{"no": "id"}'])
def test_a_reference_that_is_none_is_explained(posted, ref):
    with pytest.raises(NotConfigured):
        posted(Reply(key="k", text="hi", parent_ref=ref))


# --- Bluesky ----------------------------------------------------------------------------------------


def marked(text):
    known = {"anna.example": "did:plc:anna"}
    raw = text.encode()
    return [
        (raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(), facet["features"][0])
        for facet in facets(text, known.get)
    ]


def test_facets_mark_bytes_not_characters():
    found = marked("Grüße 👍🏽 @anna.example, siehe https://example.org/ä?x=1. #日本 #123")
    assert [part for part, _ in found] == ["@anna.example", "https://example.org/ä?x=1", "#日本"]
    assert [feature["$type"].rpartition("#")[2] for _, feature in found] == ["mention", "link", "tag"]


@pytest.mark.parametrize("text", ["mail@anna.example", "@nobody.example hi", "a#b", "no https://"])
def test_what_only_looks_like_one_is_no_facet(text):
    assert marked(text) == []


def test_a_link_in_brackets_keeps_its_own_brackets_only():
    assert [part for part, _ in marked("(https://x.example/a) https://x.example/b_(c)")] == [
        "https://x.example/a",
        "https://x.example/b_(c)",
    ]


def test_a_record_key_is_a_timestamp_identifier_and_always_the_same():
    import re

    keys = {record_key(f"reply-{number}") for number in range(500)}
    assert len(keys) == 500
    assert all(re.fullmatch("[234567abcdefghij][234567a-z]{12}", key) for key in keys)
    assert record_key("reply-1") == record_key("reply-1")
