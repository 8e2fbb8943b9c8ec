"""Claims about reading by the API: HEAD as GET, and what a program has already is not sent again."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from core import db
from inbox import notes
from tests.conftest import BOTH
from tests.web.api.conftest import Program
from tests.web.conftest import account, event, store
from web.api.v1.openapi import concerns

Programs = Callable[..., Program]


@pytest.fixture
def talk(database: str) -> str:
    store(account(), event("m:1", "Where is my parcel?"))
    return "conversations/1/notes"


def met(answer: httpx.Response) -> tuple[int, bytes]:
    return answer.status_code, answer.content


def test_head_says_what_get_says_without_the_body(program: Programs, talk: str) -> None:
    one = program()
    for path, status in (("me", 200), ("conversations/1", 200), ("conversations/9", 404), ("nothing", 404)):
        whole, head = one.get(path), one.call("HEAD", path)
        assert met(head) == (status, b"")
        for name in ("content-type", "content-length", "etag"):
            assert (name, head.headers.get(name)) == (name, whole.headers.get(name))
    assert met(one.call("HEAD", "conversations/1/state")) == (405, b""), "what takes no GET takes no HEAD"
    assert met(program("marketer", "self").call("HEAD", "conversations/1")) == (403, b"")


def test_what_a_program_has_already_is_not_sent_again_until_it_changes(program: Programs, talk: str) -> None:
    one = program("agent")
    first = one.get(talk)
    tag = first.headers["etag"]
    for named in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = one.get(talk, headers={"if-none-match": named})
        assert (met(again), again.headers["etag"]) == ((304, b""), tag)
        assert "ratelimit" in again.headers, "it counts as a request"
        assert again.headers["cache-control"] == "no-store"
        assert met(one.call("HEAD", talk, headers={"if-none-match": named})) == (304, b"")
    assert one.get(talk, headers={"if-none-match": '"other"'}).json() == first.json()
    with db.write() as session:
        notes.add(session, conversation_id=1, author="user:1", text="Called them.")
    changed = one.get(talk, headers={"if-none-match": tag})
    assert (changed.status_code, len(changed.json()["items"])) == (200, 1)
    assert changed.headers["etag"] != tag


def test_a_tag_opens_nothing_and_stands_on_no_change(program: Programs, talk: str) -> None:
    tag = {"if-none-match": "*"}
    assert program("marketer", "self").get(talk, headers=tag).status_code == 403
    assert program().get("conversations/9/notes", headers=tag).status_code == 404
    answer = program().call("POST", "conversations/1/tag", json={"tag": "parcel"}, headers=tag)
    assert (answer.status_code, answer.headers.get("etag")) == (200, None)


def test_every_get_is_described_with_its_tag(app: FastAPI, program: Programs) -> None:
    paths = program().get("openapi.json").json()["paths"]
    for route in app.routes:
        if concerns(route) and isinstance(route, APIRoute) and "GET" in route.methods:
            described = paths[route.path]["get"]
            assert {"200", "304"} <= set(described["responses"]), route.path
            assert "If-None-Match" in {one["name"] for one in described["parameters"]}


@BOTH
def test_reply_that_knows_less_than_stands_there_is_stopped(program: Programs, talk: str) -> None:
    one, other, path = program("agent"), program("admin"), "conversations/1/replies"
    (first,) = one.get("conversations/1/messages").json()["items"]
    known = {"after": first["id"]}
    assert one.post(path, {"text": "We look.", **known}).status_code == 201
    assert one.post(path, {"text": "One's own is known.", **known}).status_code == 201
    answer = other.post(path, {"text": "I look, too.", **known})
    assert (answer.status_code, answer.json()["code"]) == (409, "overtaken")
    for reply in one.get(path).json()["items"]:
        one.post(f"replies/{reply['id']}/undo")
    assert other.post(path, {"text": "I look.", **known}, key="k").status_code == 201
    store(1, event("m:2", "Found it!", parent_key="m:1"))
    assert other.post(path, {"text": "Fine.", **known}, key="l").status_code == 409
    newest = max(row["id"] for row in one.get("conversations/1/messages").json()["items"])
    assert newest > first["id"]
    assert other.post(path, {"text": "Fine.", "after": newest}, key="l").status_code == 201
