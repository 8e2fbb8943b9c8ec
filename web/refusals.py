"""What other rooms say when they refuse a note, a reply or a file: named here so that it is translated."""

from __future__ import annotations

from web.i18n import N_

SENTENCES = (
    N_("The note is too long: 10,000 characters at most."),
    N_("The message this answers cannot be addressed on Mastodon: answer another one."),
    N_("The message this answers cannot be addressed on Bluesky: answer another one."),
    N_("The message this answers cannot be addressed on Telegram: answer another one."),
    N_("A direct message needs somebody it is addressed to."),
    N_("A direct message on Mastodon needs somebody it is addressed to."),
    N_("This account was removed. Connect it again to go on."),
    N_("This file is no table in text form. Save it as CSV and choose it again."),
    N_("The file has no rows below its first line. The first line names the columns."),
    N_("The file has more than 20,000 rows. Split it."),
)
"""A test looks for each of them where it is said."""
