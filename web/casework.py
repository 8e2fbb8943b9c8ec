"""Words for what a conversation has of a case: priority, type and team."""

from __future__ import annotations

from web.i18n import N_

PRIORITIES = {
    "urgent": ("upup", N_("Urgent priority")),
    "high": ("up", N_("High priority")),
    "normal": ("", N_("Normal priority")),
    "low": ("down", N_("Low priority")),
}
"""Priority → its mark, which differs in shape, and its words."""
TYPES = {
    "question": N_("Question"),
    "problem": N_("Problem"),
    "request": N_("Request"),
    "praise": N_("Praise"),
    "other": N_("Something else"),
}
BLIND = N_("This person does not see conversations of this account. Choose somebody else.")
SHUT_OUT = N_("This person is shut out. Choose somebody else.")
"""As inbox.desk refuses it."""
