"""Mails by the SMTP server of the settings, in two steps, so that a cut tells whether it was taken.

Until the server was given the text, nothing has happened, and everything can be tried again. After that only its answer
tells; whoever loses it does not know (`Unknown`) and must not repeat.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP

from core.errors import NotConfigured, Rejected, TryLater, Unknown
from core.settings import settings

SECONDS = 20.0
POLICY = SMTP.clone(cte_type="7bit")
"""Lines that every server takes."""
NOT_SET_UP = "E-mail is not set up: give WIDERHALL_SMTP_HOST and WIDERHALL_MAIL_FROM."


def is_set_up() -> bool:
    """There is a server, and an address to write from."""
    return bool(settings().smtp_host and settings().mail_from)


def send(message: EmailMessage, begins: Callable[[], None]) -> None:
    """Hand one mail to the server; `begins` is called when the next word is the text itself.

    TryLater: nothing was sent. Rejected: the server does not take it, in its words. Unknown: the line was cut while it
    took the text. NotConfigured: no server is set.
    """
    if not is_set_up():
        raise NotConfigured(NOT_SET_UP)
    try:
        server = _connected()
    except (OSError, smtplib.SMTPException) as error:
        raise TryLater(f"The mail server does not answer: {type(error).__name__}.", 60.0) from error
    try:
        _envelope(server, message)
        begins()
        _text(server, message)
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):  # a farewell that is lost changes nothing
            server.quit()


def _connected() -> smtplib.SMTP:
    given, context = settings(), ssl.create_default_context()
    if given.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(given.smtp_host, given.smtp_port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(given.smtp_host, given.smtp_port, timeout=SECONDS)
    try:
        if given.smtp_security == "starttls":
            server.starttls(context=context)
        if given.smtp_user:
            server.login(given.smtp_user, given.smtp_password)
    except BaseException:
        server.close()
        raise
    return server


def _envelope(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.ehlo_or_helo_if_needed()
        _judge(*server.mail(settings().mail_from))
        _judge(*server.rcpt(str(message["To"])))
    except (OSError, smtplib.SMTPException) as error:
        raise TryLater(f"The mail server does not answer: {type(error).__name__}.", 60.0) from error


def _text(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        code, said = server.data(message.as_bytes(policy=POLICY))
    except smtplib.SMTPDataError as error:  # it did not ask for the text
        code, said = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(f"The line to the mail server was cut: {type(error).__name__}") from error
    _judge(code, said)


def _judge(code: int, said: bytes) -> None:
    words = f"{code} {said.decode('utf-8', 'replace')}"[:300]
    if code >= 500:
        raise Rejected(words)
    if code >= 400:
        raise TryLater(words, 300.0)
