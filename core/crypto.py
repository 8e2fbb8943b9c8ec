"""Encryption of secrets at rest: Fernet with a list of keys, newest first, so that keys can be rotated."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from core.errors import NotConfigured
from core.settings import settings


def _keys(path: Path) -> list[str]:
    configured = settings().secret_keys
    if configured:
        return [key.strip() for key in configured.split(",") if key.strip()]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, [Fernet.generate_key().decode()], exclusive=True)
    return path.read_text().split()


def _write(path: Path, keys: list[str], *, exclusive: bool = False) -> None:
    """Write the key file so that it exists whole or not at all; with `exclusive` an existing one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())
    if not exclusive:
        os.replace(draft, path)
        return
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _box() -> MultiFernet:
    path = settings().data_dir / "secret.key"
    try:
        return MultiFernet([Fernet(key) for key in _keys(path)])
    except ValueError as error:
        raise NotConfigured(
            "A key in WIDERHALL_SECRET_KEYS or secret.key is not a Fernet key (32 bytes in URL-safe base64)."
        ) from error


def seal(text: str) -> str:
    """Encrypt; the result is ASCII and carries its time."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt what `seal` made with any of the keys; NotConfigured when no key fits."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise NotConfigured(
            "A stored secret cannot be opened: its key is missing. Put the old key into WIDERHALL_SECRET_KEYS "
            "(after the new one), or connect the account again."
        ) from error


def reseal(sealed: str) -> str:
    """The same secret under the newest key; NotConfigured when no key fits."""
    return seal(unseal(sealed))


def add_key() -> None:
    """Put a fresh key in front of the key file; old secrets stay readable and are resealed by `rotate`."""
    if settings().secret_keys:
        raise NotConfigured(
            "Keys come from WIDERHALL_SECRET_KEYS: put the new key in front there, then run this again."
        )
    path = settings().data_dir / "secret.key"
    _write(path, [Fernet.generate_key().decode(), *_keys(path)])


def salt() -> bytes:
    """This installation's secret salt for keyed hashes; it never changes, whatever keys are rotated."""
    path = settings().data_dir / "salt.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, [Fernet.generate_key().decode()], exclusive=True)
    return path.read_bytes().strip()
