"""Segments on the command line: kept out of a file, counted, shown, handed on, removed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from core import db
from enrichment import connection
from enrichment.crm import Campaign
from enrichment.segments.models import ActivationMember
from tests.enrichment.fake_crm import FakeCrm
from tests.living import done, widerhall

pytestmark = pytest.mark.xdist_group("living")


def test_segments_are_kept_counted_and_handed_on(hub: None, tmp_path: Path) -> None:
    done("people", "list")
    file = tmp_path / "filter.json"
    file.write_text(json.dumps({"match": "all", "of": [{"field": "platform", "op": "is", "value": "mastodon"}]}))
    assert done("segments", "save", "Mastodon", file) == {"id": 1, "people": 0, "may": 0}
    assert done("segments", "save", "Mastodon", file)["id"] == 1
    assert [row["name"] for row in done("segments", "list")] == ["Mastodon"]
    assert done("segments", "show", "1") == []
    out = tmp_path / "people.csv"
    assert done("segments", "export", "1", out)["people"] == 0
    assert out.read_text("utf-8-sig").splitlines() == ["person,name,accounts,emails,crm_records"]
    done("segments", "remove", "1")
    assert done("segments", "list") == []


def test_what_makes_no_sense_is_a_sentence(hub: None, tmp_path: Path) -> None:
    file = tmp_path / "filter.json"
    for content, words in (("{", "is not JSON"), ('{"match": "all", "of": []}', "says nothing")):
        file.write_text(content)
        said = widerhall("segments", "save", "X", file)
        assert (said.code, words in said.err) == (1, True)


def test_a_segment_goes_into_a_campaign(hub: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "filter.json"
    file.write_text(json.dumps({"match": "all", "of": [{"field": "email", "op": "yes"}]}))
    done("segments", "save", "Loyal", file)
    assert "No CRM is connected" in widerhall("segments", "activate", "1", "701000000000001AAA").err
    fake = FakeCrm()
    fake.campaigns_ = [Campaign("701000000000001AAA", "Spring", "Planned", date(2026, 5, 31))]
    monkeypatch.setattr(connection, "crm", lambda: fake)
    with db.write() as session:
        login = {"client_id": "c", "client_secret": "s"}
        connection.connect(session, url="https://fake.example", basis="contract", actor="t", **login)
    (found,) = done("segments", "campaigns")
    assert (found["id"], found["name"], found["ends"]) == ("701000000000001AAA", "Spring", "2026-05-31")
    assert "no such active campaign" in widerhall("segments", "activate", "1", "701000000000002AAA").err
    assert done("segments", "activate", "1", found["id"])["id"] == 1
    assert "already" in widerhall("segments", "activate", "1", found["id"]).err
    (row,) = done("receivers", "list")
    assert (row["kind"], row["label"], row["people"], row["refused"]) == ("campaign", "Spring", 0, 0)
    assert done("receivers", "refused", "1") == []
    assert done("receivers", "retry", "1")["retried"]
    assert "no test delivery" in widerhall("receivers", "test", "1").err
    assert "campaign first" in widerhall("segments", "remove", "1").err
    with db.write() as session:
        session.add(ActivationMember(activation_id=1, person="contact:x"))
    assert done("receivers", "remove", "1")["state"] == "ending"
