"""Receivers on the command line: made, listed without the secret, tested, paused, removed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core import webhook
from tests.enrichment.segments.receiver import Receiver, listening
from tests.living import done, refused, widerhall

pytestmark = pytest.mark.xdist_group("living")


@pytest.fixture
def receiver(hub: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with listening(monkeypatch) as found:
        yield found


@pytest.fixture
def made(receiver: Receiver, tmp_path: Path) -> str:
    """The first segment goes to the first receiver; its secret."""
    file = tmp_path / "filter.json"
    file.write_text(json.dumps({"match": "all", "of": [{"field": "email", "op": "yes"}]}))
    for name in ("All", "Others"):
        done("segments", "save", name, file)
    answer = done("receivers", "add", "1", receiver.url)
    assert (answer["id"], answer["segment"]) == (1, 1)
    return str(answer["secret"])


def test_receivers_are_made_listed_paused_and_removed(made: str, receiver: Receiver) -> None:
    (row,) = done("receivers", "list")
    assert (row["segment"], row["url"], row["state"], row["people"]) == (1, receiver.url, "active", 0)
    assert (done("receivers", "list", "--segment", "2"), made in str(row)) == ([], False)
    for deed, state in (("pause", "paused"), ("resume", "active")):
        assert done("receivers", deed, "1") == {"id": 1, "state": state}
        assert done("receivers", "list", "--segment", "1")[0]["state"] == state
    done("receivers", "remove", "1")
    assert done("receivers", "list") == []


def test_a_test_is_signed_and_says_what_was_answered(made: str, receiver: Receiver) -> None:
    answer = done("receivers", "test", "1")
    ((headers, body),) = receiver.got
    identifier, moment = headers["webhook-id"], int(headers["webhook-timestamp"])
    assert headers["webhook-signature"] == webhook.signature(made, identifier, moment, body)
    assert (answer["taken"], answer["delivery"]) == (True, json.loads(body)["delivery"])
    receiver.answers = [410, 503]
    assert "answered with 410" in refused("receivers", "test", "1")
    said = widerhall("receivers", "test", "1", "--json")
    assert (said.code, said.json["taken"], "503" in said.json["error"]) == (1, False, True)
    assert done("receivers", "list")[0]["state"] == "active"


def test_what_cannot_be_is_a_sentence(made: str) -> None:
    assert "no such segment" in refused("receivers", "add", "9", "https://receiver.example/")
    assert "begins with https://" in refused("receivers", "add", "1", "ftp://receiver.example/")
    for deed in ("test", "pause", "resume", "remove"):
        assert "no such receiver" in refused("receivers", deed, "9")
