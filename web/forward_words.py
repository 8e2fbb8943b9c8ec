"""Forwarding in words."""

from __future__ import annotations

from inbox import forwards
from web.i18n import N_

NOT_SET_UP = N_("E-mail is not set up in this hub, so nothing can be forwarded. Its operator sets a mail server.")
BAD_ADDRESS = N_("This is no e-mail address: %(address)s")
STATES = {
    "queued": ("clock", "", N_("queued")),
    "sending": ("clock", "", N_("being sent")),
    "sent": ("check", "", N_("sent")),
    "failed": ("warn", "deliv-fail", N_("failed")),
    "unknown": ("info", "deliv-fail", N_("unclear whether it arrived")),
}
FIELDS = {forwards.NO_MESSAGE: "what", forwards.LONG_NOTE: "note"}
"""What was wrong → the field beside which it is said; else beside the addresses."""
REFUSED = {
    forwards.NO_ADDRESS: N_("Give at least one address."),
    forwards.TOO_MANY: N_("At most ten addresses at once."),
    forwards.NO_MESSAGE: N_("Choose at least one message."),
    forwards.LONG_NOTE: N_("The note is too long: 5,000 characters at most."),
    forwards.ENOUGH: N_("You have forwarded 200 mails within a day. Go on tomorrow."),
}
"""Texts of the catalogue, as inbox.forwards says them."""
NOTES = {"forwarded": N_("The mail is on its way. How far it is stands below.")}
