"""The web process: an address that cannot be had is said in words, with what to change."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from core.errors import NotConfigured
from core.settings import settings
from web import serve


def test_a_port_that_is_taken_is_said_with_what_to_change(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("WIDERHALL_PORT", str(port))
        settings.cache_clear()
        said = subprocess.run([sys.executable, "-m", "web.serve"], capture_output=True, text=True, check=False)
    assert said.returncode == 1
    last = said.stderr.strip().splitlines()[-1]
    assert last.startswith(f"The web server cannot have port {port} on 127.0.0.1: it is taken. ")
    assert "WIDERHALL_PORT" in last
    assert "Traceback" not in said.stderr


def test_an_address_of_another_machine_is_said(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_HOST", "192.0.2.1")
    settings.cache_clear()
    with pytest.raises(NotConfigured, match=r"on 192\.0\.2\.1: .+ WIDERHALL_HOST"):
        serve.build()


def test_of_two_that_start_at_once_one_hears_of_it() -> None:
    with serve._listen("127.0.0.1", 0) as first, pytest.raises(NotConfigured, match="it is taken"):
        serve._listen("127.0.0.1", first.getsockname()[1])
