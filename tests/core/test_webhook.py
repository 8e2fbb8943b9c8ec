"""Claims about calling somebody's program: signed as the specification's own example, plain https addresses only."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from core import webhook
from core.errors import Rejected, TryLater
from core.settings import settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_signature_is_that_of_the_reference_libraries() -> None:
    body = b'{"test": 2432232314}'
    made = webhook.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secret_has_32_random_bytes() -> None:
    one, other = webhook.new_secret(), webhook.new_secret()
    assert one != other
    assert len(base64.b64decode(one.removeprefix(webhook.PREFIX))) == 32


@pytest.mark.parametrize(
    "url", ["http://receiver.example/", "ftp://x.example", "https://", "javascript:1", "", "https://u:p@x.example/",
            "https://x.example/" + "x" * 500],
)  # fmt: skip
def test_only_plain_https_addresses_are_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Rejected, match="https"):
        webhook.checked(url)


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs on this machine may be called."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()


@pytest.fixture
def trickle(private: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A program that says what is in the list, then a letter every tenth of a second and never ends; its address."""
    monkeypatch.setattr(webhook, "ANSWER_SECONDS", 0.6)
    listener, said = socket.create_server(("127.0.0.1", 0)), [""]
    over = threading.Event()

    def answer() -> None:
        line, _ = listener.accept()
        with line, contextlib.suppress(OSError):
            line.recv(65536)
            line.sendall(said[1].encode())
            while not over.wait(0.1):
                line.sendall(b"x")

    said[0] = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    running = threading.Thread(target=answer, daemon=True)
    running.start()
    yield said
    over.set()
    running.join(5)
    listener.close()


def test_an_answer_that_trickles_for_ever_is_no_answer(trickle: list[str]) -> None:
    trickle.append("HTTP/1.1 200 OK\r\nX-Slow: ")
    begun = time.monotonic()
    with pytest.raises(TryLater, match="did not answer in time"):
        webhook.call(trickle[0], b"{}", {})
    assert time.monotonic() - begun < 5


def test_where_nobody_listens_it_is_said_what_to_look_at(private: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for address in (f"http://127.0.0.1:{port}/", f"https://127.0.0.1:{port}/", "http://nowhere.invalid/"):
        with pytest.raises(TryLater, match="cannot be reached"):
            webhook.call(address, b"{}", {})


def test_a_line_that_ends_without_a_word_is_said_so(private: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ending = threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True)
        ending.start()
        with pytest.raises(TryLater, match="without an answer"):
            webhook.call(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {})
        ending.join(5)


def test_the_status_counts_also_where_the_words_after_it_never_end(trickle: list[str]) -> None:
    trickle.append("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    assert webhook.call(trickle[0], b"{}", {}).taken
