"""What other rooms say when they refuse a note, a reply or a file: named here so that it is translated."""

from __future__ import annotations

import re
from functools import lru_cache

from connectors import attaching
from connectors import refusals as platforms
from web.i18n import N_
from web.reader import Reader

SENTENCES = (
    N_("The note is too long: 10,000 characters at most."),
    N_("The message this answers cannot be addressed on Mastodon: answer another one."),
    N_("The message this answers cannot be addressed on Bluesky: answer another one."),
    N_("The message this answers cannot be addressed on Telegram: answer another one."),
    N_("A direct message needs somebody it is addressed to."),
    N_("A direct message on Mastodon needs somebody it is addressed to."),
    N_("This account was removed. Connect it again to go on."),
    N_("Waits until the account is connected again."),
    N_("Waits until the account goes on: it is paused."),
    N_("The last attempt was cut off and this platform cannot be asked. Look there before you send again."),
    N_("The receiver did not answer in time."),
    N_(
        "The receiver cannot be reached: its name is not known, nothing listens there, or its certificate is not valid."
    ),
    N_("The receiver ended the connection without an answer."),
    N_("This file is no table in text form. Save it as CSV and choose it again."),
    N_("The file has no rows below its first line. The first line names the columns."),
    N_("The file has more than 20,000 rows. Split it."),
)
"""A test looks for each of them where it is said."""

PRIVATE = N_(
    "%(host)s lies in a private network, which is not called. If that is meant, an operator sets "
    "WIDERHALL_ALLOW_PRIVATE_HOSTS=1."
)
TEMPLATES = (
    N_("The answer has %(count)s characters, %(platform)s takes %(most)s: shorten it."),
    N_("The answer has %(count)s bytes, %(platform)s takes %(most)s: shorten it."),
    N_("%(platform)s has not finished its work on %(name)s. Send it again."),
    N_("%(why)s – %(name)s could not be used. Save it in another format, and attach it anew."),
    N_("Bluesky could not use %(name)s: %(why)s. Save it anew as MP4, and attach it again."),
    N_("Bluesky takes no video from this account now: %(why)s"),
    N_("%(why)s. Look on the platform before you send it again."),
    N_("Waits: %(why)s"),
    N_("%(host)s did not answer; what was sent may have arrived"),
    N_("%(host)s did not answer"),
    N_("%(host)s refused without a reason (%(code)s)"),
    N_("%(platform)s refused: %(why)s"),
    PRIVATE,
)
"""The same with what changes from one to the next; `web.attaching` has those about files."""


def said(text: str, reader: Reader) -> str:
    """A refusal that was kept, in the reader's words with its names and numbers; what nobody knows stays as it is."""
    for template, shape in _shapes():
        if found := shape.fullmatch(text):
            return reader.words(template, **{name: _part(part, reader) for name, part in found.groupdict().items()})
    return reader.words(text)


def _part(text: str, reader: Reader) -> str | float:
    """A number, or words that may be a refusal of their own."""
    return float(text) if text.isdigit() else said(text, reader)


def known() -> tuple[str, ...]:
    """Every sentence with something in it, the most particular first."""
    return (*attaching.SENTENCES, *platforms.SENTENCES, PRIVATE)


@lru_cache(maxsize=1)
def _shapes() -> list[tuple[str, re.Pattern[str]]]:
    made = []
    for template in known():
        parts = re.split(r"%\((\w+)\)s", template)
        names = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
        made.append((template, re.compile("".join(names), re.DOTALL)))
    return made
