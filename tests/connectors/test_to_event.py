"""Raw → event, by pairs of files: fixtures/<platform>/<case>.raw.json and <case>.event.json."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from connectors.platforms import archive
from connectors.platforms.bluesky import to_event as bluesky
from connectors.platforms.mastodon import to_event as mastodon
from connectors.platforms.telegram import to_event as telegram

FOLDER = Path(__file__).parent / "fixtures"
CASES = sorted(FOLDER.glob("*/*.raw.json"))
US = mastodon.Us("1", "https://social.example/users/lindenbahn", "lindenbahn@social.example", "social.example")
PARENTS = {"555": mastodon.Place("mastodon:https://social.example/users/lindenbahn/statuses/5", "mastodon:root")}
REN = {"did:plc:ren": {"did": "did:plc:ren", "handle": "ren.example", "displayName": "Ren", "followersCount": 9}}


def convert(platform, case, raw):
    """The events that a raw document makes."""
    sort = case.split("_")[0]
    if platform == "mastodon":
        if sort == "notification":
            return [mastodon.notification_event(raw, US, PARENTS)]
        return [mastodon.status_event(raw, US, PARENTS, "listening")]
    if platform == "bluesky":
        if sort == "message":
            return [bluesky.message_event(raw, "convo1", "did:plc:us", REN)]
        if sort == "notification":
            return [bluesky.notification_event(raw, "did:plc:us", REN)]
        return [bluesky.post_event(raw, "did:plc:us", REN, "listening")]
    if platform == "telegram":
        return list(telegram.events(raw, "700", "kumo_bot"))
    return [archive.to_event(raw["row"], archive.Format(**raw["format"]))]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.name.removesuffix('.raw.json')}")
def test_raw_becomes_the_expected_events(path):
    case = path.name.removesuffix(".raw.json")
    found = convert(path.parent.name, case, json.loads(path.read_text()))
    expected = json.loads((path.parent / f"{case}.event.json").read_text())
    kept = [event.model_dump(mode="json", exclude_defaults=True, exclude={"raw"}) for event in found]
    assert kept == expected


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.name.removesuffix('.raw.json')}")
def test_conversion_is_repeatable(path):
    case, raw = path.name.removesuffix(".raw.json"), json.loads(path.read_text())
    assert [event.key for event in convert(path.parent.name, case, raw)] == [
        event.key for event in convert(path.parent.name, case, raw)
    ]


def test_dates_are_aware_and_in_utc():
    moment = mastodon.when("2026-03-01T09:00:00+01:00")
    assert moment.isoformat() == "2026-03-01T08:00:00+00:00"
    assert isinstance(bluesky.when("2026-03-01T09:00:00"), datetime)
