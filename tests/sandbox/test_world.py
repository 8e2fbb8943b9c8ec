"""The world is big, varied, labelled, the same under one seed, and survives a restart."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from sandbox import expected
from sandbox.brands import brands
from sandbox.clock import now
from sandbox.people import load, people
from sandbox.script import parse
from sandbox.server import build
from sandbox.store import Store
from sandbox.world import World, thread_steps
from tests.sandbox.conftest import Running, running

LANGUAGES = ("de", "ja", "en")


def turns() -> list[tuple[str, str]]:
    return [
        (language, line)
        for language in LANGUAGES
        for thread in load(f"threads_{language}.json")
        for line in thread["turns"]
    ]


def test_there_are_sixty_people_and_four_hundred_messages_in_even_thirds() -> None:
    counts = Counter(language for language, _ in turns())
    assert len(people()) >= 60
    assert sum(counts.values()) >= 400
    assert max(counts.values()) - min(counts.values()) <= 10


def test_no_text_is_written_twice() -> None:
    texts = Counter(parse(line, language).text for language, line in turns())
    assert [text for text, count in texts.items() if count > 1] == []


def test_every_message_of_a_customer_is_labelled() -> None:
    unlabelled = [line for language, line in turns() if not parse(line, language).labels]
    assert all(line.startswith("us") for line in unlabelled)


def test_all_labels_occur_in_each_language() -> None:
    for language in LANGUAGES:
        labels = [parse(line, lang).labels for lang, line in turns() if lang == language]
        assert len({doc["intent"] for doc in labels if doc}) == 8, language
        assert {doc["sentiment"] for doc in labels if doc} == {"negative", "neutral", "positive"}


def test_our_own_messages_are_always_answered() -> None:
    """A brand's last word would be on no list that the platforms deliver."""
    for language in LANGUAGES:
        for number, thread in enumerate(load(f"threads_{language}.json")):
            steps = [step for step in thread_steps(thread, language, f"{number}") if "say" in step]
            answered = {step.get("reply") for step in steps}
            ours = {step["ref"] for step in steps if step["say"].startswith("us")}
            assert thread.get("dm") or ours <= answered, thread


def test_everybody_writes_where_they_have_an_account() -> None:
    for language, line in turns():
        assert parse(line, language).who in {*people(), "us"}, line


@pytest.fixture(scope="module")
def fixed() -> dict[str, object]:
    moment = now()
    world = World(Store(), lambda: moment, 7)
    for record in ("Contact", "Lead"):
        for row in load("crm.json")[record]:
            world.crm[row["key"]] = {"object": record, "Id": row["key"]}
    return expected.world_json(world)


def test_the_same_seed_and_start_give_the_same_world() -> None:
    moment = now()
    first, second = (World(Store(), lambda: moment, 7) for _ in range(2))
    assert json.dumps(dict(first.mastodon.statuses)) == json.dumps(dict(second.mastodon.statuses))
    assert dict(first.bluesky.records) == dict(second.bluesky.records)
    assert dict(first.telegram.messages) == dict(second.telegram.messages)


def test_expected_keys_are_unique(fixed: dict[str, list[dict[str, object]]]) -> None:
    assert [key for key, count in Counter(event["key"] for event in fixed["events"]).items() if count > 1] == []


def test_every_brand_is_written_to(fixed: dict[str, list[dict[str, object]]]) -> None:
    assert len({event["account"] for event in fixed["events"]}) == len(brands())


def test_profiles_are_only_of_people_who_are_linked(fixed: dict[str, list[dict[str, object]]]) -> None:
    linked = {link["identity"] for link in fixed["links"] if link["expected"] == "auto"}
    profiles = [record["identity"] for record in fixed["records"] if record["object"] == "SocialProfile__c"]
    assert set(profiles) == linked


def test_private_text_never_stands_in_a_record(fixed: dict[str, list[dict[str, dict[str, object]]]]) -> None:
    private = [doc["fields"] for doc in fixed["records"] if doc["fields"].get("Private__c")]
    assert private
    assert all(fields["Text__c"] is None for fields in private)


def test_a_restart_keeps_world_ports_and_what_was_posted(tmp_path: Path) -> None:
    with running(tmp_path) as before:
        key = before.box.world.steps.say(
            "telegram", before.box.world.accounts["telegram", "pete"], "kumo", "still there?", private=True
        )
        ports, events = before.doc, before.world()["events"]
    with running(tmp_path) as after:
        assert after.doc == ports
        assert after.world()["events"] == events
        assert key in {event["key"] for event in events}


def test_the_play_ends_and_loses_nothing(sandbox: Running) -> None:
    before = {event["key"] for event in sandbox.world()["events"]}
    answer = sandbox.control.post("/_play", json={"steps": "all"}).json()
    after = sandbox.world()
    assert answer["played"] >= 60
    assert after["to_play"] == 0
    gone = before - {event["key"] for event in after["events"]}
    assert gone <= {f"{key}" for key in after["hidden"]}


def test_without_a_folder_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build().store.close()
    assert list(tmp_path.iterdir()) == []


def test_orders_are_told_and_a_deal_with_its_order_once(sandbox: Running) -> None:
    found = sandbox.world()["orders"]
    states = Counter(one["status"] for one in found)
    assert states == {"completed": 8, "open": 4, "cancelled": 2, "ordered": 2}
    assert len({one["id"] for one in found}) == len(found)
    assert all(one["contact"].startswith("003") for one in found)
