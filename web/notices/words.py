"""What a notification says, in one sentence each, and the names of kinds and channels."""

from __future__ import annotations

from collections.abc import Mapping

from inbox.notices import FAILED
from web.i18n import N_
from web.reader import Reader

KINDS: Mapping[str, tuple[str, str]] = {
    "assigned": ("user", N_("A conversation is given to me")),
    "team": ("people", N_("A conversation is given to my team")),
    "message": ("inbox", N_("A new message in a conversation of mine")),
    "mention": ("pen", N_("Somebody mentions me or my team")),
    "watched": ("eye", N_("Something happens in a conversation that I watch")),
    "warned": ("clock", N_("An answer is due soon")),
    "breached": ("warn", N_("An answer is late")),
    "failed": ("warn", N_("A reply of mine did not arrive")),
    "stopped": ("pause", N_("A reply of mine was stopped, since somebody else answered")),
    "rule": ("bolt", N_("A rule says so")),
    "held": ("pause", N_("A reply of mine is held, since they wrote again")),
    "approval": ("checks", N_("A reply waits for my approval")),
    "approved": ("check", N_("A reply of mine was approved")),
    "rejected": ("x", N_("A reply of mine was not approved")),
}
"""Kind → icon and name."""
SENTENCES: Mapping[str, str] = {
    "assigned": N_("%(actor)s gave you this conversation"),
    "team": N_("%(actor)s gave this conversation to your team"),
    "message": N_("A new message in your conversation"),
    "mention": N_("%(actor)s mentioned you"),
    "watched": N_("A new message in a conversation that you watch"),
    "warned": N_("An answer is due soon"),
    "breached": N_("An answer is late"),
    "failed": N_("Your reply did not arrive, or nobody knows whether it did"),
    "stopped": N_("Your reply was not sent: somebody else answered meanwhile"),
    "rule": N_("%(actor)s points you to this conversation"),
    "held": N_("Your reply was not sent: they wrote again"),
    "approval": N_("%(actor)s asks you to approve a reply"),
    "approved": N_("%(actor)s approved your reply"),
    "rejected": N_("%(actor)s did not approve your reply"),
}
WATCHED = {
    "note": N_("%(actor)s wrote a note in a conversation that you watch"),
    "activity": N_("%(actor)s closed a conversation that you watch"),
}
"""What else is said to who watches, by what gave the reason."""
CHANNELS: Mapping[str, str] = {"page": N_("In the page"), "push": N_("Browser"), "mail": N_("E-mail")}
MAILS: Mapping[str, str] = {
    "now": N_("as soon as something happens"),
    "hourly": N_("once an hour"),
    "daily": N_("once a day"),
}
ANSWER_FAILED = N_("%(actor)s: an answer did not arrive, or nobody knows whether it did")
REFUSALS = (N_("This is no subscription of a browser."),)
"""What core.push says is wrong."""
TEST = N_("This is the test you asked for. So you are told here.")
"""What a test shows."""
TAKEN = N_(
    "The push service took the test: it appears here in a moment. If it does not, look whether this computer or phone "
    "holds notifications of the browser back."
)
GONE = N_("The push service no longer knows this browser. Switch it on again.")
BUSY = N_("The push service is busy (its answer was %(status)s). Try again in a few minutes.")
REFUSED = N_(
    "The push service refused the test (its answer was %(status)s). Switch it off here and on again; if that does not "
    "help, tell an administrator."
)
SILENT = N_("The push service cannot be reached from this hub. Tell an administrator.")
TOO_OFTEN = N_("That was often. Try again in a minute.")
"""What came of a test."""
NOTES = {"notice-unseen": N_("You do not see this conversation: it was given elsewhere, or your role leaves it out.")}


def sentence(kind: str, reason: str, actor: str, reader: Reader) -> str:
    """A notification in the reader's words; `actor` is a name."""
    said = WATCHED.get(reason.partition(":")[0]) if kind == "watched" else None
    if kind == "rule" and reason.startswith(f"{FAILED}:"):
        said = ANSWER_FAILED
    return reader.words(said or SENTENCES[kind], actor=actor)
