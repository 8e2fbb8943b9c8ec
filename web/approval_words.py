"""Approvals and waiting replies in words."""

from __future__ import annotations

from inbox import approvals
from web.i18n import N_

WHY = {
    "role": N_("The author's role needs approval"),
    "account": N_("This account wants every public reply approved"),
    "asked": N_("The author asks for approval"),
}
SHOWS = {
    "all": N_("All"),
    "approve": N_("To approve"),
    "later": N_("Put off"),
    "look": N_("Needs a look"),
}
"""What the list of waiting replies shows."""
DECIDED = N_("Somebody has decided about this reply already.")
APPROVED = N_("Approved. The reply leaves in a few seconds.")
APPROVED_LATER = N_("Approved. The reply leaves on %(moment)s.")
REJECTED = N_("Not approved. Its author is told.")
RECALLED = N_("The reply was recalled. Nothing was sent.")
SUBMITTED = N_("Your reply waits for approval.")
UNAPPROVED = N_("The approval was taken back. The reply waits for approval again.")
PUT_OFF = N_("The reply leaves on %(moment)s.")
NO_MOMENT = N_("Choose the day and the hour at which it leaves.")
AGAIN = N_("This reply has to be submitted again.")
REFUSED = {
    approvals.NOT_YOURS: N_("Somebody else has to approve your own reply."),
    approvals.NOT_ASKED: N_("Somebody else was asked to approve this reply."),
    approvals.NEWS: N_("Something new came into this conversation since you looked. Look at it, then decide."),
    approvals.WROTE: N_("They have written again since this reply was submitted. Look at it, then decide."),
    approvals.LATE: N_("The moment at which this reply was to leave has passed. Choose whether it leaves now."),
    approvals.NO_REASON: N_("Say why, so that the reply can be changed."),
    approvals.LONG_REASON: N_("The reason is too long: 1,000 characters at most."),
}
"""Texts of the catalogue, as inbox.approvals says them."""
NOTES = {
    "reply-submitted": SUBMITTED,
    "reply-approved": N_("The reply is approved and on its way."),
    "reply-rejected": REJECTED,
    "reply-decided": DECIDED,
    "reply-put-off": N_("The reply leaves at the moment you chose. Until then you can take it back."),
    "approval-kept": N_("Who approves public replies is kept."),
}
"""What was just done."""
