"""The simulated Mastodon server keeps Mastodon's laws."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.mastodon.render import render
from tests.sandbox.conftest import Running


def ids(answer: httpx.Response) -> list[int]:
    return [int(item["id"]) for item in answer.json()]


def walk(client: httpx.Client, start: str, rel: str) -> list[int]:
    found: list[int] = []
    url: str | None = start
    while url:
        answer = client.get(url)
        found += ids(answer)
        url = answer.links.get(rel, {}).get("url") if answer.json() else None
    return found


def test_following_next_gives_every_notification_once(sandbox: Running) -> None:
    found = walk(sandbox.mastodon, "/api/v1/notifications?limit=7", "next")
    assert found == sorted(set(found), reverse=True)
    assert len(found) > 60


def test_min_id_gives_the_page_right_after_it_newest_first(sandbox: Running) -> None:
    all_of_them = walk(sandbox.mastodon, "/api/v1/notifications?limit=80", "next")[::-1]
    answer = sandbox.mastodon.get("/api/v1/notifications", params={"min_id": all_of_them[3], "limit": 5})
    assert ids(answer) == all_of_them[4:9][::-1]


def test_since_id_gives_the_newest_and_so_leaves_a_gap(sandbox: Running) -> None:
    all_of_them = walk(sandbox.mastodon, "/api/v1/notifications?limit=80", "next")
    answer = sandbox.mastodon.get("/api/v1/notifications", params={"since_id": all_of_them[-1], "limit": 5})
    assert ids(answer) == all_of_them[:5]


def test_prev_leads_from_the_oldest_to_the_newest(sandbox: Running) -> None:
    all_of_them = walk(sandbox.mastodon, "/api/v1/notifications?limit=80", "next")
    found = walk(sandbox.mastodon, f"/api/v1/notifications?min_id={all_of_them[-1]}&limit=9", "prev")
    assert sorted(found) == sorted(all_of_them[:-1])


def test_types_are_filtered(sandbox: Running) -> None:
    answer = sandbox.mastodon.get("/api/v1/notifications", params={"types[]": ["follow", "favourite"]})
    assert {item["type"] for item in answer.json()} == {"follow", "favourite"}


def test_the_same_idempotency_key_posts_once(sandbox: Running) -> None:
    for _ in range(2):
        answer = sandbox.mastodon.post(
            "/api/v1/statuses", data={"status": "Nur einmal"}, headers={"Idempotency-Key": "one"}
        )
    mine = [sent for sent in sandbox.world()["sent"] if sent["text"] == "Nur einmal"]
    assert [sent["key"] for sent in mine] == [f"mastodon:{answer.json()['uri']}"]
    assert mine[0]["idempotency_key"] == "one"


def test_a_lost_answer_is_found_again_by_its_key(sandbox: Running) -> None:
    sandbox.control.post(
        "/_faults",
        json={"service": "mastodon", "kind": "timeout_after_commit", "method": "POST", "path": "/api"},
    )
    send = {"data": {"status": "Verloren?"}, "headers": {"Idempotency-Key": "lost"}}
    with pytest.raises(httpx.TransportError):
        sandbox.mastodon.post("/api/v1/statuses", **send)
    first = next(sent for sent in sandbox.world()["sent"] if sent["text"] == "Verloren?")
    assert first["answered"] is False
    assert sandbox.mastodon.post("/api/v1/statuses", **send).json()["uri"] == first["key"].partition(":")[2]
    assert sandbox.control.get("/_log.json").json()["faults"]["timeout_after_commit"] >= 1


def test_html_is_mastodons(sandbox: Running) -> None:
    account = {"username": "anna", "url": "https://troet.example/@anna"}
    shown = render(
        "@anna Hi!\nSee https://www.lindenbahn.example/fahrgastrechte/formular #Zug\n\nTom & Co",
        lambda n, d: account,
        "s.example",
    )
    assert shown.html.startswith(
        '<p><span class="h-card" translate="no"><a href="https://troet.example/@anna" class="u-url mention">'
        "@<span>anna</span></a></span> Hi!<br />See <a href="
    )
    assert '<span class="invisible">https://www.</span><span class="ellipsis">' in shown.html
    assert shown.html.endswith("<p>Tom &amp; Co</p>")
    assert re.sub("<[^>]+>", "", shown.html.split("<br />")[1].split("</p>")[0]) == shown.plain.split("\n")[1]


def test_a_deleted_status_is_gone_everywhere(sandbox: Running) -> None:
    body = {"platform": "mastodon", "person": "zugvogel", "account": "lindenbahn", "text": "gleich weg"}
    key = sandbox.control.post("/_post", json=body).json()["key"]
    newest = sandbox.mastodon.get("/api/v1/notifications?limit=1").json()[0]
    assert newest["status"]["uri"] == key.removeprefix("mastodon:")
    sandbox.control.post("/_delete", json={"key": key})
    assert sandbox.mastodon.get(f"/api/v1/statuses/{newest['status']['id']}").status_code == 404
    assert sandbox.mastodon.get("/api/v1/notifications?limit=1").json()[0]["id"] != newest["id"]
    event = next(event for event in sandbox.world()["events"] if event["key"] == key)
    assert (event["deleted"], event["text"]) == (True, None)


def test_a_stream_tells_of_a_mention_an_edit_and_a_deletion(sandbox: Running) -> None:
    body = {"platform": "mastodon", "person": "anna", "account": "lindenbahn", "text": "live!"}
    seen: list[str] = []
    with sandbox.mastodon.stream("GET", "/api/v1/streaming/user") as stream:
        lines = stream.iter_lines()
        assert next(lines) == ":)"
        key = sandbox.control.post("/_post", json=body).json()["key"]
        sandbox.control.post("/_edit", json={"key": key, "text": "live, verbessert"})
        sandbox.control.post("/_delete", json={"key": key})
        while len(seen) < 3:
            line = next(lines)
            if line.startswith("event: "):
                seen.append(line.removeprefix("event: "))
                assert next(lines).startswith("data: ")
    assert seen == ["notification", "status.update", "delete"]


def test_a_wrong_token_is_refused_in_mastodons_words(sandbox: Running) -> None:
    answer = sandbox.mastodon.get("/api/v1/notifications", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})


def test_direct_messages_make_conversations(sandbox: Running) -> None:
    talks = sandbox.mastodon.get("/api/v1/conversations").json()
    assert len(talks) >= 4
    assert {talk["last_status"]["visibility"] for talk in talks} == {"direct"}


def test_too_long_a_text_is_refused(sandbox: Running) -> None:
    assert sandbox.mastodon.post("/api/v1/statuses", data={"status": "x" * 501}).status_code == 422
    counted = "x" * 470 + " https://example.example/" + "y" * 200
    assert sandbox.mastodon.post("/api/v1/statuses", data={"status": counted}).status_code == 200


def test_oauth_with_pkce_ends_in_a_working_token(sandbox: Running) -> None:
    base, back = sandbox.doc["mastodon"], "http://127.0.0.1:9/back"
    app = httpx.post(
        f"{base}/api/v1/apps", data={"client_name": "W", "redirect_uris": back, "scopes": "read write"}
    ).json()
    verifier = "v" * 50
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": back,
        "scope": "read write",
        "state": "s1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = httpx.get(f"{base}/oauth/authorize", params=query).text
    account = re.findall(r'<option value="(\d+)">@fjellvik', page)[0]
    form = {**query, "account": account, "decision": "allow"}
    sent = parse_qs(urlsplit(httpx.post(f"{base}/oauth/authorize", data=form).headers["location"]).query)
    grant = {
        "grant_type": "authorization_code",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "redirect_uri": back,
        "code": sent["code"][0],
    }
    assert httpx.post(f"{base}/oauth/token", data={**grant, "code_verifier": "wrong"}).status_code == 400
    token = httpx.post(f"{base}/oauth/token", data={**grant, "code_verifier": verifier}).json()["access_token"]
    me = httpx.get(f"{base}/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["username"], sent["state"]) == ("fjellvik", ["s1"])


def test_quirks_can_be_switched_on(sandbox: Running) -> None:
    sandbox.control.post("/_quirks", json={"mastodon": {"no_streaming": True, "no_rate_headers": True}})
    try:
        assert sandbox.mastodon.get("/api/v1/streaming/user").status_code == 404
        assert "x-ratelimit-limit" not in sandbox.mastodon.get("/api/v1/instance").headers
    finally:
        sandbox.control.post("/_quirks", json={"mastodon": {}})


# --- files ----------------------------------------------------------------------------------------------


def uploaded(sandbox: Running, mime: str, size: int = 100) -> httpx.Response:
    return sandbox.mastodon.post("/api/v2/media", files={"file": ("tap", b"x" * size, mime)})


def posted(sandbox: Running, *media: str) -> httpx.Response:
    return sandbox.mastodon.post("/api/v1/statuses", json={"status": "Look", "media_ids": media})


def test_a_video_is_worked_on_before_a_status_may_name_it(sandbox: Running) -> None:
    sandbox.box.world.mastodon.quirks = {"media_seconds": 0.6}
    first = uploaded(sandbox, "video/mp4")
    number = first.json()["id"]
    assert (first.status_code, first.json()["url"], first.json()["type"]) == (202, None, "video")
    assert sandbox.mastodon.get(f"/api/v1/media/{number}").status_code == 206
    early = posted(sandbox, number)
    assert (early.status_code, "not finished processing" in early.json()["error"]) == (422, True)
    time.sleep(0.7)
    assert sandbox.mastodon.get(f"/api/v1/media/{number}").status_code == 200
    assert posted(sandbox, number).json()["media_attachments"][0]["type"] == "video"
    assert sandbox.mastodon.get(f"/api/v1/media/{number}").status_code == 404
    assert posted(sandbox, number).status_code == 422


def test_a_video_stands_alone_and_pictures_four_at_most(sandbox: Running) -> None:
    sandbox.box.world.mastodon.quirks = {"media_seconds": 0}
    pictures = [uploaded(sandbox, "image/png").json()["id"] for _ in range(5)]
    film, sound = (uploaded(sandbox, mime).json()["id"] for mime in ("video/mp4", "audio/mpeg"))
    for wrong in ([film, pictures[0]], [film, sound], pictures):
        assert posted(sandbox, *wrong).status_code == 422
    assert posted(sandbox, *pictures[:4]).status_code == posted(sandbox, film).status_code == 200


def test_what_is_too_large_of_another_kind_or_broken_is_refused(sandbox: Running) -> None:
    sandbox.box.world.mastodon.quirks = {"video_bytes": 1000, "media_fails": True, "media_seconds": 0.1}
    assert "must be less" in uploaded(sandbox, "video/mp4", 1001).json()["error"]
    assert "not supported" in uploaded(sandbox, "application/pdf").json()["error"]
    number = uploaded(sandbox, "video/mp4").json()["id"]
    time.sleep(0.2)
    answer = sandbox.mastodon.get(f"/api/v1/media/{number}")
    assert (answer.status_code, posted(sandbox, number).status_code) == (422, 422)
    sandbox.box.world.mastodon.quirks = {}
