"""The "be a customer" page works without script."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Running


def test_the_page_lists_people_and_finds_them(sandbox: Running) -> None:
    assert "中村 由紀" in sandbox.control.get("/").text
    found = sandbox.control.get("/", params={"q": "leipzig"}).text
    assert "Anna Bergmann" in found
    assert "Gareth" not in found


@pytest.mark.parametrize(("person", "brand"), [("anna", "lindenbahn"), ("yuki", "hoshizora"), ("tom", "kumo")])
def test_writing_on_the_page_stands_on_the_platform(sandbox: Running, person: str, brand: str) -> None:
    form = {"person": person, "brand": brand, "text": f"Von der Seite: {person} <b>"}
    answer = sandbox.control.post("/customer", data=form)
    assert answer.status_code == 303
    page = sandbox.control.get(answer.headers["location"]).text
    assert f"Von der Seite: {person} &lt;b&gt;" in page
    assert any((event["text"] or "").endswith(f"{person} <b>") for event in sandbox.world()["events"])


def test_the_brands_answer_appears_on_the_page(sandbox: Running) -> None:
    body = {"platform": "mastodon", "person": "clara", "account": "lindenbahn", "text": "Hallo?"}
    key = sandbox.control.post("/_post", json=body).json()["key"]
    status = sandbox.mastodon.get("/api/v1/notifications?limit=1").json()[0]["status"]
    assert status["uri"] == key.removeprefix("mastodon:")
    answer = {"status": "@clara@mstdn.example Hier sind wir.", "in_reply_to_id": status["id"]}
    sandbox.mastodon.post("/api/v1/statuses", data=answer)
    page = sandbox.control.get("/", params={"person": "clara", "brand": "lindenbahn"}).text
    assert "@clara Hier sind wir." in page


def test_bluesky_posts_cannot_be_edited(sandbox: Running) -> None:
    body = {"platform": "bluesky", "person": "yuki", "account": "hoshizora", "text": "編集できる？"}
    key = sandbox.control.post("/_post", json=body).json()["key"]
    answer = sandbox.control.post("/_edit", json={"key": key, "text": "x"})
    assert answer.json()["error"].startswith("Bluesky has no editing")


def test_somebody_without_an_account_there_is_told_so(sandbox: Running) -> None:
    body = {"platform": "bluesky", "person": "pete", "account": "hoshizora", "text": "hi"}
    assert "no account on bluesky" in sandbox.control.post("/_post", json=body).json()["error"]


def test_bulk_makes_that_many_mentions(sandbox: Running) -> None:
    before = len(sandbox.world()["events"])
    sandbox.control.post("/_bulk", json={"platform": "mastodon", "count": 50})
    assert len(sandbox.world()["events"]) == before + 50
