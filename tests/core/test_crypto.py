"""Secrets: sealed at rest, readable after a rotation, and never by somebody else's key."""

from __future__ import annotations

import stat

import pytest
from cryptography.fernet import Fernet

from core import crypto
from core.errors import NotConfigured
from core.settings import settings


def test_a_secret_comes_back() -> None:
    assert crypto.unseal(crypto.seal("tökén")) == "tökén"


def test_the_key_file_is_ours_alone(data_dir) -> None:
    crypto.seal("x")
    assert stat.S_IMODE((data_dir / "secret.key").stat().st_mode) == 0o600


def test_old_secrets_are_readable_after_a_new_key_and_resealed_without_the_old() -> None:
    sealed = crypto.seal("x")
    crypto.add_key()
    fresh = crypto.reseal(sealed)
    path = settings().data_dir / "secret.key"
    path.write_text(path.read_text().split()[0])
    assert crypto.unseal(fresh) == "x"
    with pytest.raises(NotConfigured, match="key is missing"):
        crypto.unseal(sealed)


def test_keys_from_the_environment(monkeypatch) -> None:
    monkeypatch.setenv("WIDERHALL_SECRET_KEYS", Fernet.generate_key().decode())
    settings.cache_clear()
    assert crypto.unseal(crypto.seal("x")) == "x"
    with pytest.raises(NotConfigured, match="WIDERHALL_SECRET_KEYS"):
        crypto.add_key()


def test_a_key_that_is_none_says_so(monkeypatch) -> None:
    monkeypatch.setenv("WIDERHALL_SECRET_KEYS", "short")
    settings.cache_clear()
    with pytest.raises(NotConfigured, match="not a Fernet key"):
        crypto.seal("x")
