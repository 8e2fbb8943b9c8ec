"""The simulated PDS keeps Bluesky's laws."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.bluesky.repo import graphemes
from tests.sandbox.conftest import Running

CHAT = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def post(sandbox: Running, headers: dict[str, str], text: str, **more: Any) -> httpx.Response:
    did = sandbox.bluesky.get("/com.atproto.server.getSession", headers=headers).json()["did"]
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-01-01T00:00:00.000Z"}
    body = {"repo": did, "collection": "app.bsky.feed.post", "record": record, **more}
    return sandbox.bluesky.post("/com.atproto.repo.createRecord", json=body, headers=headers)


def test_notifications_page_by_cursor_until_there_is_none(sandbox: Running) -> None:
    headers, found, cursor = sandbox.sign_in(), [], None
    while True:
        query = {"limit": 10, **({"cursor": cursor} if cursor else {})}
        page = sandbox.bluesky.get("/app.bsky.notification.listNotifications", params=query, headers=headers).json()
        found += [item["uri"] for item in page["notifications"]]
        cursor = page.get("cursor")
        if not cursor:
            break
    assert len(found) == len(set(found)) > 50


def test_everything_is_read_before_the_first_update_seen(sandbox: Running) -> None:
    login = {"identifier": sandbox.marlowe["identifier"], "password": sandbox.marlowe["password"]}
    token = sandbox.bluesky.post("/com.atproto.server.createSession", json=login).json()["accessJwt"]
    headers = {"Authorization": f"Bearer {token}"}
    address = "/app.bsky.notification.listNotifications"
    before = sandbox.bluesky.get(address, headers=headers).json()["notifications"]
    seen = {"seenAt": before[3]["indexedAt"]}
    sandbox.bluesky.post("/app.bsky.notification.updateSeen", json=seen, headers=headers)
    after = sandbox.bluesky.get(address, headers=headers).json()["notifications"]
    assert {item["isRead"] for item in before} == {True}
    assert [item["isRead"] for item in after[:4]] == [False, False, False, True]


def test_an_expired_token_is_400_and_a_refresh_token_works_once(sandbox: Running) -> None:
    sandbox.control.post("/_quirks", json={"bluesky": {"access_seconds": -1}})
    login = {"identifier": sandbox.hoshizora["identifier"], "password": sandbox.hoshizora["password"]}
    session = sandbox.bluesky.post("/com.atproto.server.createSession", json=login).json()
    sandbox.control.post("/_quirks", json={"bluesky": {}})
    expired = sandbox.bluesky.get(
        "/com.atproto.server.getSession", headers={"Authorization": f"Bearer {session['accessJwt']}"}
    )
    assert (expired.status_code, expired.json()["error"]) == (400, "ExpiredToken")
    renew = {"Authorization": f"Bearer {session['refreshJwt']}"}
    answers = [sandbox.bluesky.post("/com.atproto.server.refreshSession", headers=renew) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]


def test_a_used_record_key_is_500_and_makes_no_second_post(sandbox: Running) -> None:
    headers = sandbox.sign_in()
    answers = [post(sandbox, headers, "一度だけ", rkey="3kaaaaaaaaaaa") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 500]
    assert len([sent for sent in sandbox.world()["sent"] if sent["text"] == "一度だけ"]) == 1


def test_three_hundred_graphemes_fit_and_one_more_does_not(sandbox: Running) -> None:
    family = "👨‍👩‍👧‍👦"
    assert graphemes(family * 10 + "が" * 5) == 15
    headers = sandbox.sign_in()
    assert post(sandbox, headers, "あ" * 300).status_code == 200
    assert post(sandbox, headers, "あ" * 301).status_code == 400


def test_chat_needs_the_proxy_header_and_a_privileged_password(sandbox: Running) -> None:
    address = "/chat.bsky.convo.listConvos"
    assert sandbox.bluesky.get(address, headers=sandbox.sign_in()).status_code == 501
    public = sandbox.bluesky.get(address, headers=sandbox.sign_in("password_without_chat") | CHAT)
    assert public.json() == {"error": "InvalidToken", "message": "Bad token method"}
    assert len(sandbox.bluesky.get(address, headers=sandbox.sign_in() | CHAT).json()["convos"]) >= 3


def test_the_chat_log_tells_of_new_and_deleted_messages(sandbox: Running) -> None:
    headers = sandbox.sign_in() | CHAT
    cursor = sandbox.bluesky.get("/chat.bsky.convo.getLog", headers=headers).json()["cursor"]
    body = {
        "platform": "bluesky",
        "person": "yuki",
        "account": "hoshizora",
        "text": "DMです",
        "private": True,
    }
    key = sandbox.control.post("/_post", json=body).json()["key"]
    sandbox.control.post("/_delete", json={"key": key})
    logs = sandbox.bluesky.get("/chat.bsky.convo.getLog", params={"cursor": cursor}, headers=headers).json()["logs"]
    assert [log["$type"].split("#")[1] for log in logs] == ["logCreateMessage", "logDeleteMessage"]


def test_a_thread_shows_parents_to_the_root(sandbox: Running) -> None:
    events = sandbox.world()["events"]
    deepest = next(e for e in events if "安心しました。交換品は" in (e["text"] or ""))
    query = {"uri": deepest["key"].removeprefix("bluesky:")}
    node = sandbox.bluesky.get("/app.bsky.feed.getPostThread", params=query, headers=sandbox.sign_in()).json()
    height, node = 0, node["thread"]
    while "parent" in node:
        height, node = height + 1, node["parent"]
    assert height == 4


def test_more_than_twenty_five_posts_are_refused(sandbox: Running) -> None:
    answer = sandbox.bluesky.get("/app.bsky.feed.getPosts", params={"uris": ["at://x"] * 26}, headers=sandbox.sign_in())
    assert (answer.status_code, answer.json()["error"]) == (400, "InvalidRequest")


def proof(key: ec.EllipticCurvePrivateKey, method: str, url: str, **more: str) -> str:
    numbers = key.public_key().public_numbers()
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}
    claims = {"htm": method, "htu": url, "iat": int(time.time()), "jti": uuid.uuid4().hex, **more}
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
    return f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


@pytest.fixture
def granted(sandbox: Running) -> tuple[ec.EllipticCurvePrivateKey, dict[str, Any], str]:
    """A token bound to a key, by the whole OAuth dance; with the server's nonce."""
    base, key = sandbox.doc["bluesky"], ec.generate_private_key(ec.SECP256R1())
    back, verifier = "http://127.0.0.1:9/back", "v" * 64
    client = f"http://localhost?redirect_uri={back.replace(':9', '')}&scope=atproto%20transition:generic"
    form = {
        "client_id": client,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "atproto transition:generic",
        "state": "s",
        "code_challenge": b64(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    par = f"{base}/oauth/par"
    first = httpx.post(par, data=form, headers={"DPoP": proof(key, "POST", par)})
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    nonce = first.headers["dpop-nonce"]
    pushed = httpx.post(par, data=form, headers={"DPoP": proof(key, "POST", par, nonce=nonce)})
    assert pushed.status_code == 201, pushed.text
    query = {"client_id": client, "request_uri": pushed.json()["request_uri"]}
    page = httpx.get(f"{base}/oauth/authorize", params=query).text
    account = re.findall(r'<option value="([^"]+)">hoshizora', page)[0]
    answer = httpx.post(f"{base}/oauth/authorize", data={**query, "account": account, "decision": "allow"})
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    url = f"{base}/oauth/token"
    body = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": client,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    tokens = httpx.post(url, data=body, headers={"DPoP": proof(key, "POST", url, nonce=nonce)})
    assert tokens.status_code == 200, tokens.text
    return key, tokens.json(), nonce


def test_oauth_tokens_work_only_with_their_key(sandbox: Running, granted: Any) -> None:
    key, tokens, nonce = granted
    url = f"{sandbox.doc['bluesky']}/xrpc/com.atproto.server.getSession"
    ath = b64(hashlib.sha256(tokens["access_token"].encode()).digest())
    other = ec.generate_private_key(ec.SECP256R1())

    def ask(with_key: ec.EllipticCurvePrivateKey) -> httpx.Response:
        headers = {
            "Authorization": f"DPoP {tokens['access_token']}",
            "DPoP": proof(with_key, "GET", url, nonce=nonce, ath=ath),
        }
        return httpx.get(url, headers=headers)

    assert ask(key).json()["did"] == tokens["sub"]
    assert ask(other).status_code == 401


def test_an_oauth_refresh_token_works_once(sandbox: Running, granted: Any) -> None:
    key, tokens, nonce = granted
    url = f"{sandbox.doc['bluesky']}/oauth/token"
    client = "http://localhost?redirect_uri=http://127.0.0.1/back&scope=atproto%20transition:generic"
    body = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": client}
    answers = [httpx.post(url, data=body, headers={"DPoP": proof(key, "POST", url, nonce=nonce)}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 400]


# --- videos ---------------------------------------------------------------------------------------------


def service_token(sandbox: Running, method: str, **more: Any) -> httpx.Response:
    query = {"aud": "did:web:pds.example", "lxm": method, **more}
    return sandbox.bluesky.get("/com.atproto.server.getServiceAuth", params=query, headers=sandbox.sign_in())


def film(
    sandbox: Running, content: bytes, method: str = "com.atproto.repo.uploadBlob", **headers: str
) -> httpx.Response:
    bearer = f"Bearer {service_token(sandbox, method).json()['token']}"
    did = sandbox.bluesky.get("/com.atproto.server.getSession", headers=sandbox.sign_in()).json()["did"]
    sent = {"Authorization": bearer, "Content-Type": "video/mp4", **headers}
    query = {"did": did, "name": "tap.mp4"}
    return sandbox.bluesky.post("/app.bsky.video.uploadVideo", params=query, content=content, headers=sent)


def test_a_video_is_a_job_and_then_a_blob_that_a_post_may_name(sandbox: Running) -> None:
    sandbox.box.world.bluesky.quirks = {"video_seconds": 0.4}
    job = film(sandbox, b"a film").json()["jobStatus"]
    assert ("blob" in job, job["state"]) == (False, "JOB_STATE_ENCODING")
    time.sleep(0.5)
    done = sandbox.bluesky.get("/app.bsky.video.getJobStatus", params={"jobId": job["jobId"]}).json()["jobStatus"]
    assert done["state"] == "JOB_STATE_COMPLETED"
    embed = {"$type": "app.bsky.embed.video", "video": done["blob"], "alt": "A tap"}
    record = {"text": "Look", "createdAt": "2026-01-01T00:00:00.000Z", "embed": embed}
    assert post(sandbox, sandbox.sign_in(), "Look", record=record).status_code == 200
    assert [one["files"] for one in sandbox.world()["sent"] if one["text"] == "Look"] == [1]
    again = film(sandbox, b"a film")
    assert (again.status_code, again.json()["jobId"], again.json()["error"]) == (409, job["jobId"], "already_exists")


def test_the_video_service_takes_its_own_tokens_and_mp4_alone(sandbox: Running) -> None:
    assert film(sandbox, b"x", **{"Content-Type": "video/webm"}).status_code == 400
    assert film(sandbox, b"x", "app.bsky.video.getUploadLimits").status_code == 401
    assert film(sandbox, b"x", **sandbox.sign_in()).status_code == 400
    late = service_token(sandbox, "com.atproto.repo.uploadBlob", exp=int(time.time()) + 7200)
    assert (late.status_code, late.json()["error"]) == (400, "BadExpiration")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"video": {"mimeType": "image/png", "ref": {"$link": "x"}}}, "should be a blob of video/mp4"),
        ({"video": {"mimeType": "video/mp4", "ref": {"$link": "nowhere"}}}, "Could not find blob"),
        ({"alt": "x" * 1001}, "must not be longer than 1000 graphemes"),
        ({"images": []}, "should be a blob of video/mp4"),
        ({"aspectRatio": {"width": 0, "height": 5}}, "aspectRatio"),
    ],
)
def test_a_post_with_a_wrong_video_is_refused(sandbox: Running, change: dict[str, Any], words: str) -> None:
    blob = {"mimeType": "video/mp4", "ref": {"$link": "nowhere"}}
    embed = {"$type": "app.bsky.embed.video", "video": blob, **change}
    record = {"text": "Look", "createdAt": "2026-01-01T00:00:00.000Z", "embed": embed}
    answer = post(sandbox, sandbox.sign_in(), "Look", record=record)
    assert (answer.status_code, words in answer.json()["message"]) == (400, True)
