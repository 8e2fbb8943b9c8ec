"""Claims about calling somebody's program: signed as the specification's own example, plain https addresses only."""

from __future__ import annotations

import base64

import pytest

from core import webhook
from core.errors import Rejected

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
