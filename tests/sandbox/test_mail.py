"""Claims about the mail server: it keeps what it is given, and refuses as a real one."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from sandbox.mail import Mailbox, Server


@pytest.fixture
def box() -> Mailbox:
    return Mailbox()


@pytest.fixture
def client(box: Mailbox) -> Iterator[smtplib.SMTP]:
    server = Server(box)
    server.start()
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as made:
        yield made
    server.stop()


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "hub@a.example", to, "こんにちは"
    message.set_content("Grüße")
    return message


def test_mail_is_kept_as_it_was_written(box: Mailbox, client: smtplib.SMTP) -> None:
    client.send_message(letter("ada@a.example"))
    (one,) = box.mails
    assert (one["to"], one["subject"], one["text"]) == (["ada@a.example"], "こんにちは", "Grüße\n")


def test_unknown_address_and_busy_server_refuse(box: Mailbox, client: smtplib.SMTP) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        client.send_message(letter("nobody@a.example"))
    box.busy = 1
    with pytest.raises(smtplib.SMTPDataError):
        client.send_message(letter("ada@a.example"))
    client.send_message(letter("ada@a.example"))
    assert len(box.mails) == 1
