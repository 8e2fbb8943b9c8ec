"""Claims about the pages of webhooks: a secret is shown once, what is wrong stands beside its field, deeds are done."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from core import db
from tests.web import lived
from web.outgoing import store, tasks
from web.outgoing.events import Event

Roles = Callable[[str], Any]
HERE = "/settings/webhooks"


@pytest.fixture
def full(database: str) -> None:
    lived.everything()


def test_secret_is_shown_once_and_again_only_as_another(full: None, as_role: Roles) -> None:
    browser = as_role("admin")
    made = browser.post(HERE, {"url": "https://x.example/1", "texts": "none", "events": ["reply.sent"]}).text
    (secret,) = re.findall(r'value="(whsec_[^"]+)"', made)
    assert "whsec_" not in browser.get(HERE).text + browser.get(f"{HERE}/4").text
    (other,) = re.findall(r'value="(whsec_[^"]+)"', browser.post(f"{HERE}/4/rotate").text)
    assert other != secret


@pytest.mark.parametrize("path", [HERE, f"{HERE}/1"])
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_is_kept(
    full: None, as_role: Roles, path: str
) -> None:
    browser = as_role("admin")
    answer = browser.post(path, {"url": "http://x.example/1", "events": ["reply.sent"]})
    assert (answer.status_code, 'id="e-url"' in answer.text, "http://x.example/1" in answer.text) == (422, True, True)
    answer = browser.post(path, {"url": "https://x.example/1"})
    assert (answer.status_code, 'id="e-events"' in answer.text) == (422, True)


def test_deeds(full: None, as_role: Roles) -> None:
    browser = as_role("admin")
    page = browser.get(f"{HERE}/2").text
    assert ("Сломалось" in page, "It fails since" in page) == (True, True)
    for deed in ("pause", "resume", "test"):
        assert browser.post(f"{HERE}/2/{deed}").status_code == 303
    assert browser.post(f"{HERE}/2/deliveries/1/replay").status_code == 303
    assert browser.post(f"{HERE}/2/replay", {"since": "2020-01-01T00:00"}).status_code == 303
    assert browser.post(f"{HERE}/2/replay", {"since": "once"}).status_code == 400
    assert browser.post(f"{HERE}/2/dance").status_code == 404
    refused = browser.post(f"{HERE}/3/test")
    assert (refused.status_code, "Let it go on first" in refused.text) == (422, True)
    nothing = browser.post(f"{HERE}/2/replay", {"since": "2090-01-01T00:00"}).headers["location"]
    assert "webhook-none-failed" in nothing
    with db.read() as session:
        assert {one.state for one in store.deliveries(session, 2)} == {"waiting"}
    assert browser.post(f"{HERE}/2/remove").status_code == 303
    assert browser.get(f"{HERE}/2").status_code == 404
    assert browser.get(f"{HERE}/3").text.count("disabled") == 1


def test_log_is_narrowed_and_leads_to_one_delivery_of_this_endpoint(full: None, as_role: Roles) -> None:
    browser = as_role("admin")
    there, here = f"{HERE}/3/deliveries/2", f"{HERE}/3"
    shown = [there in browser.get(f"{here}?state={state}").text for state in ("delivered", "failed")]
    assert shown == [True, False]
    assert "No such delivery" in browser.get(f"{here}?type=reply.sent").text
    page = browser.get(f"{HERE}/2/deliveries/1").text
    said = ("webhook-id: msg_", "webhook.test", "Сломалось", "30,000 ms", "did not answer in time")
    assert [one for one in said if one not in page] == []
    assert browser.get(f"{HERE}/2/deliveries/2").status_code == 404
    assert browser.post(f"{HERE}/3/deliveries/1/replay").status_code == 404


def test_delivery_shows_no_text_though_it_is_sent(full: None, as_role: Roles) -> None:
    with db.write() as session:
        data = {"message": {"id": lived.message("m:1")}}
        (number,) = tasks.tell(session, [(1, Event("message.received", data))])
        row, endpoint = store.delivery(session, 1, number), store.get(session, 1)
        text = json.loads(tasks.body(session, row, endpoint))["data"]["message"]["text"]
    page = as_role("admin").get(f"{HERE}/1/deliveries/{number}").text
    assert (text in page, "it is not shown here" in page) == (False, True)


def test_disabled_endpoint_is_among_what_the_hub_says_of_itself(full: None, as_role: Roles) -> None:
    checks = as_role("admin").get("/settings/system/checks", headers={"hx-request": "true"}).text
    assert "because nothing arrived there for days: 1" in checks
