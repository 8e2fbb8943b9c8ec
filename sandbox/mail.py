"""A mail server that delivers nothing: it keeps what it is given and shows it.

It answers as RFC 5321 says, asks for no sign-in, and can be told to refuse: addresses that begin with `nobody@` are
unknown (550), the next texts are put off (451) as often as `busy` says.
"""

from __future__ import annotations

import email
import email.policy
import socket
from collections.abc import Callable
from typing import Any

Doc = dict[str, Any]


class Mailbox:
    """What was given to the server."""

    def __init__(self) -> None:
        self.mails: list[Doc] = []
        self.busy = 0
        self.watch(lambda step: None)

    def watch(self, seen: Callable[[str], None]) -> None:
        """Have `seen` called at each step: `rcpt`, `data`, `kept`."""
        self._seen = seen

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        """Take an address, or refuse it."""
        self._seen("rcpt")
        if address.startswith("nobody@"):
            return "550 5.1.1 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep the text."""
        self._seen("data")
        if self.busy:
            self.busy -= 1
            return "451 4.3.0 Try again later"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append(
            {
                "from": envelope.mail_from,
                "to": list(envelope.rcpt_tos),
                "subject": str(message["subject"]),
                "id": str(message["message-id"]),
                "text": _part(message, "plain"),
                "html": _part(message, "html"),
            }
        )
        self._seen("kept")
        return "250 OK"


def _part(message: Any, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


class Server:
    """The server in a thread of its own, on a free port unless one is given."""

    def __init__(self, box: Mailbox, host: str = "127.0.0.1", port: int = 0) -> None:
        from aiosmtpd.controller import Controller  # only a sandbox that serves mails has it

        self.port = port or _free(host)
        self._controller = Controller(box, hostname=host, port=self.port)

    def start(self) -> None:
        """Begin to listen."""
        self._controller.start()

    def stop(self) -> None:
        """Listen no more."""
        self._controller.stop()


def _free(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
