"""The doctor: content with a healthy hub, and one clear finding with its remedy for each thing that is broken."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import sqlalchemy as sa

import migrations
from core import audit, broker, crypto, db, outbox
from core.outbox import OutboxRow
from core.settings import settings
from inbox import accounts
from inbox.models import Account, BadItem, Feed, Message, ReplyRow
from sentiment import active
from tests.living import Sandbox, done, widerhall
from web import doctor
from web.doctor import Finding

pytestmark = pytest.mark.xdist_group("living")


def examined(level: str = "wrong") -> list[Finding]:
    return [finding for finding in doctor.examine() if finding.level == level]


def only(area: str, level: str = "wrong") -> Finding:
    (found,) = [finding for finding in examined(level) if finding.area == area]
    return found


def connected() -> int:
    with db.write() as session:
        account = Account(platform="mastodon", external_id="1", handle="us@social.example", created_at=db.now())
        session.add(account)
        session.flush()
        return account.id or 0


def test_a_hub_that_lives_is_healthy(home: Sandbox, valkey: str) -> None:
    broker.client().set(f"{broker.prefix()}swept", repr(time.time()))
    said = widerhall("doctor", "--json")
    assert said.code == 0
    assert {row["area"] for row in said.json} >= {"database", "disk", "keys", "worker", "audit"}
    assert [row for row in said.json if row["level"] == "wrong"] == []
    assert "The audit trail is whole." in widerhall("doctor").out


def test_hub_without_a_mail_server_says_what_does_not_work(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = only("mail", "note")
    assert ("no invitations" in finding.found, "WIDERHALL_SMTP_HOST" in finding.mend) == (True, True)
    monkeypatch.setenv("WIDERHALL_SMTP_HOST", "mail.example")
    monkeypatch.setenv("WIDERHALL_MAIL_FROM", "hub@demo.example")
    settings.cache_clear()
    assert list(doctor._mail()) == []


def test_a_hub_that_does_not_run_is_a_note(hub: None) -> None:
    assert "widerhall up" in only("broker", "note").mend
    assert widerhall("doctor").code == 0


def test_a_broker_without_a_worker_is_wrong(hub: None, valkey: str) -> None:
    assert "No worker" in only("worker").found
    assert widerhall("doctor").code == 1


def test_an_old_database_is_one_finding(data_dir: Path) -> None:
    db.configure(settings().url)
    assert [finding.mend for finding in examined()] == ["Run `widerhall migrate`."]
    done("migrate")
    assert examined() == []
    db.engine().dispose()


def test_a_database_that_is_no_database_is_one_finding(data_dir: Path) -> None:
    (data_dir / "widerhall.sqlite3").write_bytes(b"this is no database at all" * 100)
    db.configure(settings().url)
    (finding,) = doctor.examine()
    assert (finding.area, finding.level) == ("database", "wrong")
    db.engine().dispose()


def test_several_workers_on_one_file_are_wrong(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_WORKERS", "2")
    settings.cache_clear()
    assert "WIDERHALL_DATABASE_URL" in only("database").mend
    assert "audit" in {finding.area for finding in doctor.examine()}


def test_an_expired_account_is_wrong_until_it_is_connected_again(hub: None) -> None:
    number = connected()
    with db.write() as session:
        accounts.set_state(session, number, "auth_expired", "The token was revoked.")
    found = only("accounts")
    assert "us@social.example: The token was revoked." in found.found
    assert f"accounts check {number}" in found.mend


def test_a_feed_that_fails_is_a_note(hub: None) -> None:
    number = connected()
    with db.write() as session:
        session.add(Feed(account_id=number, name="notifications", due_at=db.now(), error="social.example is away"))
    assert "social.example is away" in only("accounts", "note").found


def test_a_lexicon_that_stands_in_for_a_model_is_a_note(hub: None) -> None:
    with db.write() as session:
        active.write_state(session, "hub:big", "The file is gone.")
    assert "stands in for hub:big: The file is gone." in only("model", "note").found


def test_a_paused_subscriber_and_dead_rows_are_wrong(hub: None) -> None:
    with db.write() as session:
        outbox.pause(session, "connectors.tasks.pull", "half of a batch failed")
        row = {"subscriber": "connectors.tasks.send", "topic": "reply.queued", "key": "1", "payload": {}}
        session.add(OutboxRow(**row, due_at=0.0, dead=1, reason="x"))
    paused, dead = [finding for finding in examined() if finding.area == "outbox"]
    assert "half of a batch failed" in paused.found
    assert "outbox resume connectors.tasks.pull" in paused.mend
    assert (dead.found, dead.mend) == ("connectors.tasks.send: 1 given up.", "widerhall outbox dead")
    assert widerhall("doctor").code == 1


def test_a_key_others_can_read_is_wrong(hub: None, data_dir: Path) -> None:
    crypto.seal("x")
    (data_dir / "secret.key").chmod(0o644)
    assert "chmod 600" in only("keys").mend


@pytest.mark.parametrize("content", ["this is no key", ""])
def test_a_key_that_is_none_is_wrong(hub: None, data_dir: Path, content: str) -> None:
    (data_dir / "secret.key").write_text(content)
    (data_dir / "secret.key").chmod(0o600)
    assert "secret.key" in only("keys").found


def test_a_secret_without_its_key_is_wrong(hub: None, data_dir: Path) -> None:
    number = connected()
    with db.write() as session:
        a = db.table(Account)
        session.execute(sa.update(a).where(a.c.id == number).values(secrets=crypto.seal("{}")))
    (data_dir / "secret.key").unlink()
    assert f"Account {number}" in only("keys").found


def test_a_changed_audit_trail_is_wrong(hub: None) -> None:
    with db.write() as session:
        audit.record(session, "cli", "x.done", "x:1")
        audit.record(session, "cli", "x.done", "x:2")
    with db.write() as session:
        session.execute(sa.text("UPDATE audit SET actor = 'nobody' WHERE id = 1"))
    assert "entry 1" in only("audit").found


def test_what_could_not_be_read_and_replies_that_failed_are_notes(home: Sandbox) -> None:
    with db.write() as session:
        m = db.table(Message)
        row = session.execute(sa.select(m.c.id, m.c.conversation_id).limit(1)).one()
        session.add(BadItem(account_id=1, source="x", reason="y", digest="z", seen_at=db.now()))
        reply = {"conversation_id": row.conversation_id, "answers_id": row.id, "send_at": db.now()}
        session.add(ReplyRow(key="k", text="t", state="unknown", created_at=db.now(), **reply))
    assert "kept: 1." in only("items", "note").found
    assert "unknown: 1." in only("replies", "note").found


def test_too_little_disk_is_wrong(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LOW_DISK", 10**18)
    assert only("disk").mend == "Free some space."


def test_the_head_is_known() -> None:
    assert migrations.head()
