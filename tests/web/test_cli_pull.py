"""Fetching without a hub: everything the platforms have is stored once, nothing else; gaps are found and mended."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from core import db
from core.outbox import OutboxRow
from inbox import search
from inbox.models import Message, MessageAccount
from tests.living import Sandbox, done, refused, widerhall
from web.demo.compare import compare

pytestmark = pytest.mark.xdist_group("living")


def lines(*more: str) -> list[dict[str, Any]]:
    said = widerhall("messages", "--jsonl", *more)
    assert said.code == 0
    return [json.loads(line) for line in said.out.splitlines()]


def forget(keys: list[str]) -> None:
    """Rows are gone, as after a restored backup."""
    m = db.table(Message)
    with db.write() as session:
        for row in session.execute(sa.select(m.c.id, m.c.text, m.c.subject).where(m.c.key.in_(keys))).all():
            search.remove(session, [(row.id, search.body(row.text, row.subject))])
            session.execute(sa.delete(MessageAccount).where(db.table(MessageAccount).c.message_id == row.id))
        session.execute(sa.delete(m).where(m.c.key.in_(keys)))


def test_one_pull_without_a_hub_brings_everything_as_far_as_the_org(quiet_home: Sandbox) -> None:
    result = compare(quiet_home.announced)
    assert (result.lost, result.doubled, result.different) == ([], [], [])
    world, stages = quiet_home.world(), result.stages
    assert stages["inbox"] >= sum(not event.get("optional") for event in world["events"]) >= 400
    assert stages["annotated"] >= sum(bool(event["text"]) for event in world["events"] if not event.get("optional"))
    assert stages["salesforce"] == len(world["records"]) >= 100


def test_a_second_pull_changes_nothing(quiet_home: Sandbox) -> None:
    before = lines()
    assert done("pull", "--wait")["waiting"] == []
    assert lines() == before


def test_every_message_is_listed_once_with_what_scripts_need(home: Sandbox) -> None:
    rows = lines()
    assert len(rows) == len({row["key"] for row in rows})
    row = next(row for row in rows if row["kind"] == "reply" and row["direction"] == "inbound")
    assert {"author", "conversation", "parent", "text", "posted_at", "edited", "deleted", "annotations"} <= row.keys()
    assert row["annotations"]["sentiment"] in ("negative", "neutral", "positive")
    assert any(row["edited"] for row in rows)


def test_one_account_is_pulled_and_listed_by_itself(platforms: Sandbox, hub: None) -> None:
    for brand in ("lindenbahn", "marlowe"):
        done("accounts", "add", *platforms.sign_in(brand))
    with db.write() as session:
        session.execute(sa.delete(OutboxRow))  # the first pull that connecting asks for
    done("pull", "--account", "marlowefinch.example", "--wait")
    assert {row["platform"] for row in lines()} == {"bluesky"}
    assert lines("--account", "2") == lines("--account", "bluesky:marlowefinch.example") == lines()
    assert lines("--account", "1") == []


def test_the_newest_messages_are_shown_to_people(home: Sandbox) -> None:
    said = widerhall("messages", "--limit", "3")
    assert said.code == 0
    assert len(done("messages", "--limit", "3")) == 3
    assert "posted at" in said.out
    assert "no account is called" in refused("messages", "--account", "nobody").lower()


def test_conversations_are_listed_by_state(home: Sandbox) -> None:
    rows = done("conversations", "--limit", "5")
    assert [row["state"] for row in rows] == ["open"] * 5
    assert done("close", rows[0]["id"])["state"] == "closed"
    assert [row["id"] for row in done("conversations", "--state", "closed")] == [rows[0]["id"]]
    assert "spam" in refused("close", rows[0]["id"], "--state", "lost")


def test_the_ledger_finds_a_gap_and_fills_it(quiet_home: Sandbox) -> None:
    account = "lindenbahn@social.example"
    whole = [row for row in done("ledger", "--account", account, "--since", "2020-01-01") if row["complete"]]
    assert all(row["missing"] == [] for row in whole)
    mentions = [row for row in lines("--account", account) if row["kind"] == "mention"]
    gone = sorted(row["key"] for row in mentions[:3])
    forget(gone)
    found = done("ledger", "--account", account, "--since", "2020-01-01")
    assert sorted({key for row in found for key in row["missing"]}) == gone
    filled = done("ledger", "--account", account, "--since", "2020-01-01", "--fill")
    assert {key for row in filled for key in row["missing"]} == set()
    after = {row["key"]: row for row in lines("--account", account)}
    assert {after[row["key"]]["text"] for row in mentions[:3]} == {row["text"] for row in mentions[:3]}


def test_the_ledger_says_where_it_cannot_know(home: Sandbox) -> None:
    rows = done("ledger", "--account", "kumo_mobile_bot")
    assert [(row["complete"], row["missing"]) for row in rows] == [(False, [])]
    assert "--since" in refused("ledger", "--since", "2026-02-01", "--until", "2026-01-01")


def test_a_post_to_two_of_our_accounts_is_one_message_listed_under_both(home: Sandbox) -> None:
    text = "@fjellvik @lindenbahn Warum passt euer Rucksack nicht in eure Gepäckablage?"
    key = home.post("lindenbahn", text)
    done("pull", "--wait")
    rows = [row for row in lines() if row["key"] == key]
    assert len(rows) == 1
    assert [row["key"] for row in lines("--account", "lindenbahn@social.example") if row["key"] == key] == [key]
    assert [row["key"] for row in lines("--account", "fjellvik@social.example") if row["key"] == key] == [key]
