"""Settings, migrations, users and keys on the command line, and how its errors look."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from core import crypto, db
from core.settings import Settings, settings
from inbox import accounts
from inbox.models import Account, Delivery
from tests.living import Sandbox, done, refused, widerhall

pytestmark = pytest.mark.xdist_group("living")


def test_every_setting_is_printed_and_secrets_are_not(hub: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_METRICS_TOKEN", "very-secret")
    settings.cache_clear()
    rows = {row["name"]: row for row in done("settings")}
    assert rows.keys() == {f"WIDERHALL_{name.upper()}" for name in Settings.model_fields}
    assert rows["WIDERHALL_METRICS_TOKEN"]["value"] == "(set)"
    assert all(row["help"] for row in rows.values())
    assert "very-secret" not in widerhall("settings").out


def test_a_wrong_setting_is_named() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from web.cli import main; main()", "accounts", "list"],
        capture_output=True, text=True, check=False, env={**os.environ, "WIDERHALL_WORKERS": "many"},
    )  # fmt: skip
    assert said.returncode == 1
    assert said.stderr.startswith("widerhall: WIDERHALL_WORKERS: Input should be a valid integer")


def test_migrating_says_the_revision(hub: None) -> None:
    assert done("migrate")["revision"]


def test_a_fresh_folder_is_made_and_migrated_by_any_command(data_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "deep"
    said = subprocess.run(
        [sys.executable, "-c", "from web.cli import main; main()", "--data", str(folder), "accounts", "list", "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert said.stdout == "[]\n"
    assert (folder / "widerhall.sqlite3").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(hub: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert str(tmp_path / "file") in refused("--data", tmp_path / "file" / "below", "accounts", "list")


# --- users ------------------------------------------------------------------------------------------


def test_somebody_is_let_in(hub: None) -> None:
    words = ["users", "add", "kim@example.org", "--role", "marketer", "--password", "several quiet words"]
    assert done(*words) == {"email": "kim@example.org", "role": "marketer", "invited": False}
    (row,) = done("users", "list")
    assert (row["email"], row["role"], row["disabled"]) == ("kim@example.org", "marketer", False)
    assert "already" in refused(*words)


@pytest.mark.parametrize(
    ("email", "role", "password", "words"),
    [
        ("kim@example.org", "king", "several quiet words", "admin, agent"),
        ("kim@example.org", "agent", "short", "10"),
        ("kim", "agent", "several quiet words", "address"),
    ],
)
def test_who_cannot_be_let_in(hub: None, email: str, role: str, password: str, words: str) -> None:
    assert words in refused("users", "add", email, "--role", role, "--password", password)
    assert done("users", "list") == []


# --- keys -------------------------------------------------------------------------------------------


def secrets_of(number: int) -> dict[str, str]:
    with db.read() as session:
        return accounts.secrets(accounts.get(session, number))


def test_after_rotating_the_old_key_may_go(platforms: Sandbox, hub: None, data_dir: Path) -> None:
    number = done("accounts", "add", *platforms.sign_in("lindenbahn"))["id"]
    done("crm", "connect", *platforms.org(), "--basis", "consent")
    with db.write() as session:
        headers = {"sealed": crypto.seal("{}")}
        session.add(Delivery(account_id=number, headers=headers, body="", received_at=db.now()))
    before = secrets_of(number)
    path = data_dir / "secret.key"
    assert done("keys", "rotate")["resealed"] == 3
    new, old = path.read_text().split()
    path.write_text(f"{new}\n")
    assert secrets_of(number) == before
    assert widerhall("crm", "check").code == 0
    with db.read() as session:
        delivery = session.get(Delivery, 1)
        assert delivery is not None
        assert crypto.unseal(delivery.headers["sealed"]) == "{}"
    path.write_text(f"{old}\n")
    assert "key is missing" in refused("accounts", "check", number)
    assert path.stat().st_mode & stat.S_IRWXG == 0


def test_keys_of_the_environment_are_rotated_by_putting_one_in_front(
    hub: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    def keys(*given: str) -> None:
        monkeypatch.setenv("WIDERHALL_SECRET_KEYS", ",".join(given))
        settings.cache_clear()

    keys(old)
    with db.write() as session:
        session.add(Account(platform="x", external_id="1", secrets=crypto.seal('{"token": "t"}'), created_at=db.now()))
    assert "put the new key in front" in refused("keys", "rotate")
    keys(new, old)
    assert done("keys", "rotate")["resealed"] == 1
    keys(new)
    assert secrets_of(1) == {"token": "t"}


def test_a_secret_whose_key_is_lost_stops_the_rotation_and_nothing_changes(hub: None, data_dir: Path) -> None:
    sealed = Fernet(Fernet.generate_key()).encrypt(b"{}").decode()
    with db.write() as session:
        session.add(Account(platform="x", external_id="1", secrets=sealed, created_at=db.now()))
    assert "key is missing" in refused("keys", "rotate")
    with db.read() as session:
        assert accounts.get(session, 1).secrets == sealed
