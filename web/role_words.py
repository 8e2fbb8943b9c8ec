"""Roles and permissions in words, as the pages of the set-up name them."""

from __future__ import annotations

from sqlmodel import Session

from web import roles, words
from web.i18n import N_
from web.permissions import ROLES
from web.reader import Reader

GROUPS: dict[str, tuple[str, ...]] = {
    N_("Inbox"): (
        "messages.read", "messages.private", "conversations.reply", "replies.send", "replies.approve",
        "conversations.manage", "messages.correct", "views.keep", "views.share", "shared.edit", "rules.manage",
        "surveys.manage", "fields.manage", "conversations.forward",
    ),
    N_("People"): (
        "people.read", "people.review", "people.object", "people.erase", "segments.read", "segments.manage",
        "segments.export",
    ),
    N_("Listening and reports"): (
        "listening.read", "listening.manage", "labels.teach", "reports.read", "reports.share", "metrics.own",
        "metrics.read",
    ),
    N_("Salesforce and customer data"): ("cases.open", "crm.read", "crm.manage", "keys.manage"),
    N_("Setup"): (
        "accounts.read", "accounts.manage", "teams.manage", "users.manage", "roles.manage", "webhooks.manage",
        "model.read", "model.manage", "dead.read", "dead.manage", "system.read",
    ),
}  # fmt: skip
"""Every permission but that for one's own settings, which everybody has."""

HINTS = {
    "messages.read": N_("The inbox with all that is public, its search and its bars."),
    "messages.private": N_("Direct messages and chats, and what reports count of them."),
    "conversations.reply": N_(
        "Write replies, with saved replies and files; conversations can be given to them. Notes, macros and closing "
        "need the right to close and reopen conversations, too."
    ),
    "replies.send": N_("Without it, every reply waits until somebody has approved it."),
    "replies.approve": N_("Of the conversations they see; never one's own."),
    "conversations.forward": N_(
        "What customers wrote leaves the hub; each mail stands in the thread and the audit trail."
    ),
    "conversations.manage": N_("Notes, tags, state, team, priority, macros, translation."),
    "views.share": N_("Needs the right to keep views."),
    "shared.edit": N_("Views, macros and saved replies of others; one's own can always be changed."),
    "rules.manage": N_("Rules work on every conversation, whoever made them."),
    "people.read": N_("Profiles with their sources, and the history as far as its conversations are seen."),
    "people.review": N_("Link, unlink, merge and split; notes on people."),
    "people.object": N_("Objections of people, and what data may be used for at all."),
    "people.erase": N_("For good, here and in the CRM; and hand out a copy of what is kept about somebody."),
    "listening.read": N_("Subjects, labels and themes; public posts that were found for them."),
    "metrics.own": N_("Times and counts of one's own conversations, with what they are made of."),
    "keys.manage": N_("Keys with which programs send what customers do."),
    "users.manage": N_("Add people, give them roles that may no more than one's own, shut them out."),
    "roles.manage": N_("Make roles that may no more than one's own."),
    "webhooks.manage": N_("Programs may be told of every conversation."),
    "dead.manage": N_("Work that was given up, from every part of the hub."),
}
"""What is not said by the name."""

REACHES = {
    "all": (N_("All conversations"), N_("Whoever has them, and those that nobody has.")),
    "teams": (N_("Those of their teams"), N_("Conversations of a team they are in, and those given to them.")),
    "own": (N_("Only their own"), N_("Conversations that are given to them.")),
}
"""Whose conversations a role sees."""


def named(session: Session, reader: Reader) -> dict[str, str]:
    """Every role by its key, as this reader calls it: the built-in ones first."""
    return {one: reader.words(words.ROLES[one]) for one in ROLES} | roles.names(session)
