"""Answers have the shapes that the vendors publish."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.sandbox.conftest import Running

SPECS = Path(__file__).parents[3] / "shared" / "specs"


def spec(name: str) -> dict[str, Any]:
    path = SPECS / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="module")
def mastodon() -> dict[str, Any]:
    return spec("mastodon-openapi.json")


def status_id(sandbox: Running) -> str:
    notices = sandbox.mastodon.get("/api/v1/notifications", params={"types[]": "mention"}).json()
    return str(next(item["status"]["id"] for item in notices if item["status"]["in_reply_to_id"]))


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/notifications",
        "/api/v1/conversations",
        "/api/v1/statuses/{id}",
        "/api/v1/statuses/{id}/context",
        "/api/v1/statuses/{id}/history",
        "/api/v1/statuses/{id}/source",
        "/api/v1/timelines/tag/{hashtag}",
        "/api/v1/timelines/home",
        "/api/v1/accounts/verify_credentials",
        "/api/v1/accounts/lookup",
        "/api/v2/search",
        "/api/v2/instance",
    ],
)
def test_mastodon_answers_as_its_openapi_says(sandbox: Running, mastodon: dict[str, Any], path: str) -> None:
    query = {"/api/v2/search": {"q": "zug"}, "/api/v1/accounts/lookup": {"acct": "annab@troet.example"}}
    address = path.replace("{id}", status_id(sandbox)).replace("{hashtag}", "fahrplan")
    answer = sandbox.mastodon.get(address, params=query.get(path, {}))
    schema = mastodon["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": mastodon["components"]}
    errors = list(jsonschema.Draft202012Validator(whole).iter_errors(answer.json()))
    assert [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:150]}" for error in errors] == []


def test_posting_answers_a_status(sandbox: Running, mastodon: dict[str, Any]) -> None:
    answer = sandbox.mastodon.post("/api/v1/statuses", data={"status": "Formtreu"}).json()
    whole = {"$ref": "#/components/schemas/Status", "components": mastodon["components"]}
    jsonschema.Draft202012Validator(whole).validate(answer)


BASIC = {"Integer": int, "String": str, "Boolean": bool, "True": bool, "Float": (int, float)}


def problems(types: dict[str, Any], name: str, value: Any, where: str) -> list[str]:
    """Missing required fields and wrong basic types of one Bot API object."""
    if name.startswith("Array of "):
        inner = name.removeprefix("Array of ")
        return [line for place, item in enumerate(value) for line in problems(types, inner, item, f"{where}[{place}]")]
    if name in BASIC:
        return [] if isinstance(value, BASIC[name]) else [f"{where}: not {name}"]
    found = [
        f"{where}.{field['name']} is missing"
        for field in types[name].get("fields", [])
        if field["required"] and field["name"] not in value
    ]
    for field in types[name].get("fields", []):
        if field["name"] in value and len(field["types"]) == 1:
            found += problems(types, field["types"][0], value[field["name"]], f"{where}.{field['name']}")
    return found


def test_telegram_updates_hold_what_the_types_require(sandbox: Running) -> None:
    types = spec("telegram-bot-api.json")["types"]
    updates = sandbox.call("getUpdates").json()["result"]
    assert {kind for update in updates for kind in update} > {"message", "business_message", "my_chat_member"}
    assert [line for update in updates for line in problems(types, "Update", update, "update")] == []


@pytest.mark.parametrize(
    ("method", "parameters", "name"),
    [
        ("getMe", {}, "User"),
        ("getChat", {"chat_id": 5611000101}, "ChatFullInfo"),
        ("getChat", {"chat_id": "@kumo_community"}, "ChatFullInfo"),
        ("getWebhookInfo", {}, "WebhookInfo"),
        ("sendMessage", {"chat_id": 5611000101, "text": "Hallo @kumo_mobile_bot"}, "Message"),
        (
            "sendPhoto",
            {"chat_id": 5611000101, "photo": "https://kumo.example/a.png", "caption": "x"},
            "Message",
        ),
    ],
)
def test_telegram_methods_answer_their_type(
    sandbox: Running, method: str, parameters: dict[str, Any], name: str
) -> None:
    types = spec("telegram-bot-api.json")["types"]
    answer = sandbox.call(method, **parameters).json()
    assert problems(types, name, answer["result"], name) == []
