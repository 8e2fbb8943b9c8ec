"""A desk at work, for the pictures: colleagues, teams, promises, rules and what else one keeps, all through the API."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.tour.house import COMMAND, ROOT, Demo

PEOPLE = (("jonas", "Jonas Weber"), ("misaki", "高橋 美咲"), ("priya", "Priya Shah"))
PASSWORD = "correct horse battery"  # of a demo that is gone after the pictures
THANKS = {
    "en": "Thank you, {first_name}! {agent}",
    "de": "Vielen Dank, {first_name}! {agent}",
    "ja": "{name}様、ありがとうございます。{agent}",
}
ANSWERS = {
    "en": "Thanks for telling us. We are looking into it and write again today.",
    "de": "Danke für den Hinweis. Wir kümmern uns darum und melden uns heute noch.",
    "ja": "ご連絡ありがとうございます。確認のうえ、本日中に改めてご連絡いたします。",
}
ASKED = {
    "en": "@Demo Have you seen this before? It looks like last week's case.",
    "de": "@Demo Kennst du das schon? Es sieht aus wie der Fall von letzter Woche.",
    "ja": "@Demo 先週の件と似ています。確認をお願いできますか。",
}
TAGS = ("delivery", "refund", "roaming")


@dataclass(frozen=True)
class Api:
    """The hub's JSON API with an administrator's token."""

    client: httpx.Client

    def get(self, path: str, **asked: Any) -> dict[str, Any]:
        """One answer."""
        answer = self.client.get(path, params=asked)
        answer.raise_for_status()
        return dict(answer.json())

    def post(self, path: str, **body: Any) -> int:
        """One deed; the number of what was made or changed."""
        answer = self.client.post(path, json=body)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.text}")
        return int(answer.json().get("id", 0))


def settle(demo: Demo) -> dict[str, str]:
    """Set up what a small company has; the numbers of things worth a picture."""
    with _client(demo, demo.email) as client:
        api = Api(client)
        agents = [
            api.post("/users", email=f"{short}@demo.example", name=name, password=PASSWORD, role="agent")
            for short, name in PEOPLE
        ]
        team = _teams(api, agents)
        policy = api.post("/policies", name="Social desk", first_reply=60, next_reply=120, resolution=1440)
        rule = _kept(api, team)
        hook = api.post(
            "/webhooks", url="https://hooks.example.com/widerhall", events=["message.received", "reply.sent"]
        )
        api.post(f"/webhooks/{hook}/test")
        return {
            name: str(number) for name, number in (("team", team), ("policy", policy), ("rule", rule), ("hook", hook))
        }


def _client(demo: Demo, email: str) -> httpx.Client:
    """The API as somebody's program sees it."""
    command = [*COMMAND, "--data", str(demo.folder), "tokens", "add", email, "tour", "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WIDERHALL_")}
    made = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    headers = {"Authorization": f"Bearer {json.loads(made.stdout)['token']}"}
    return httpx.Client(base_url=f"{demo.inbox}/api/v1", headers=headers, timeout=60)


def _teams(api: Api, agents: Sequence[int]) -> int:
    week = [{"weekday": day, "start": "08:00", "end": "18:00"} for day in range(5)]
    api.post(
        "/teams", name="東京サポート", timezone="Asia/Tokyo", hours=week, assign="round", members=_members(agents[1:2])
    )
    return api.post(
        "/teams", name="Kundenservice", timezone="Europe/Berlin", hours=week, assign="load",
        days_off=[{"day": "2026-12-25", "name": "Weihnachten"}], members=_members([agents[0], agents[2]]),
    )  # fmt: skip


def _members(agents: Sequence[int]) -> list[dict[str, Any]]:
    return [{"member": f"user:{one}", "capacity": 30} for one in agents]


def _kept(api: Api, team: int) -> int:
    """A saved reply, a macro and a rule; the rule's number."""
    api.post("/saved-replies", name="Thanks", shortcut="thanks", texts=THANKS, shared=["all"])
    deeds = [
        {"do": "tag", "value": "refund"},
        {"do": "priority", "value": "high"},
        {"do": "note", "value": "Refund asked for."},
    ]
    api.post("/macros", name="Refund under way", actions=deeds, shared=["all"])
    negative = {
        "match": "all",
        "of": [
            {"field": "sentiment", "op": "is", "value": ["negative"]},
            {"field": "intent", "op": "is", "value": ["complaint"]},
        ],
    }
    rule = api.post(
        "/rules", name="Complaints", trigger="message", conditions=negative,
        actions=[{"do": "team", "value": str(team)}, {"do": "priority", "value": "high"}],
    )  # fmt: skip
    api.post(f"/rules/{rule}/switch", enabled=True)
    return rule


def work(demo: Demo) -> None:
    """What colleagues do with the conversations on top: given out, tagged, answered after somebody's look."""
    with _client(demo, demo.email) as client, _client(demo, "jonas@demo.example") as other:
        api, colleague = Api(client), Api(other)
        everybody = [one["id"] for one in api.get("/users")["items"]]
        for turn, one in enumerate(api.get("/conversations", view="open", limit=24)["items"]):
            here = f"/conversations/{one['id']}"
            api.post(f"{here}/assign", assignee=f"user:{everybody[turn % len(everybody)]}")
            if turn % 3 == 0:
                api.post(f"{here}/tag", tag=TAGS[turn // 3 % 3])
            if turn % 5 == 0:
                api.post(f"{here}/priority", priority=("urgent", "high")[turn // 5 % 2])
            if turn in (1, 4):
                api.post(f"{here}/replies", text=ANSWERS.get(one["language"], ANSWERS["en"]), approval=True)
            if turn in (2, 3, 6):
                colleague.post(f"{here}/notes", text=ASKED.get(one["language"], ASKED["en"]))
            if turn in (5, 7):
                colleague.post(f"{here}/assign", assignee="user:1")
