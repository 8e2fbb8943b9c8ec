"""Words for what the tables hold as codes; English here, other languages in the catalogues."""

from __future__ import annotations

from connectors.capabilities import BY_NAME
from web.i18n import N_

STATES = {
    "open": N_("open"),
    "pending": N_("pending"),
    "snoozed": N_("snoozed"),
    "closed": N_("closed"),
    "spam": N_("spam"),
}
STATE_BADGES = {
    "open": "badge-accent",
    "pending": "badge-warn",
    "snoozed": "badge-line",
    "spam": "badge-line",
}

KINDS = {
    "mention": N_("mention"),
    "reply": N_("reply"),
    "comment": N_("comment"),
    "quote": N_("quote"),
    "dm": N_("direct message"),
    "review": N_("review"),
    "post": N_("post"),
    "like": N_("liked this"),
    "repost": N_("shared this"),
    "follow": N_("follows you now"),
    "reaction": N_("reacted"),
    "system": N_("notice of the platform"),
    "unsupported": N_("not shown here"),
}

GESTURES = {"like": "heart", "repost": "share", "follow": "plus", "reaction": "heart"}
"""Kinds without a message of their own, with their icons."""

SENTIMENTS = {
    "positive": ("senti-pos", N_("positive")),
    "neutral": ("senti-neu", N_("neutral")),
    "negative": ("senti-neg", N_("negative")),
    "mixed": ("senti-mix", N_("mixed")),
    "unsure": ("senti-none", N_("unclear")),
}
UNRATED = ("senti-none", N_("not rated"))

LANGUAGES = {"de": N_("German"), "en": N_("English"), "ja": N_("Japanese")}

REPLIES = {
    "queued": ("clock", "", N_("queued")),
    "sending": ("clock", "", N_("being sent")),
    "sent": ("check", "", N_("sent")),
    "failed": ("warn", "deliv-fail", N_("failed")),
    "unknown": ("info", "deliv-fail", N_("unclear whether it arrived")),
    "cancelled": ("x", "", N_("taken back")),
}

ACCOUNT_STATES = {
    "active": ("badge-ok", "check", N_("connected")),
    "paused": ("badge-line", "pause", N_("paused")),
    "auth_expired": ("badge-danger", "warn", N_("sign-in expired")),
    "removed": ("badge-line", "x", N_("removed")),
}

ROLES = {
    "admin": N_("Administrator"),
    "agent": N_("Agent"),
    "marketer": N_("Marketer"),
    "dpo": N_("Data-protection officer"),
}

PERMISSIONS = {
    "self": N_("Own settings"),
    "messages.read": N_("Read messages"),
    "messages.private": N_("Read private messages"),
    "conversations.reply": N_("Answer"),
    "conversations.manage": N_("Close and reopen conversations"),
    "accounts.read": N_("See the accounts"),
    "accounts.manage": N_("Connect and remove accounts"),
    "dead.read": N_("See what got stuck"),
    "dead.manage": N_("Retry or drop what got stuck"),
    "people.read": N_("See people"),
    "people.review": N_("Decide who is the same person"),
    "people.object": N_("Record objections"),
    "people.erase": N_("Erase people"),
    "users.manage": N_("Manage users"),
}

PURPOSES = {
    "match": N_("Finding the person in the CRM"),
    "profile": N_("Building a profile"),
    "crm_sync": N_("Passing on to the CRM"),
}

DECISIONS = {
    "auto": ("badge-ok", N_("linked by rule")),
    "accepted": ("badge-ok", N_("linked by hand")),
    "review": ("badge-warn", N_("same person?")),
    "rejected": ("badge-line", N_("not the same")),
}

EVIDENCE = {
    "handle": N_("The handle stands in the CRM record"),
    "proven_site": N_("The CRM record's own website links back to this account"),
    "email": N_("An e-mail address in the bio stands on the CRM record"),
    "phone": N_("A phone number in the bio stands on the CRM record"),
    "said_site": N_("A website on the profile, not proven, is the CRM record's"),
    "company": N_("Name or bio mention the company"),
    "company_site": N_("The website is the company's, not a person's"),
    "name_full": N_("Given name and surname are the same"),
    "name_nickname": N_("The surname is the same, the given name is a short form of it"),
    "name_initial": N_("Initial and surname are the same"),
    "name_surname": N_("Only the surname is the same"),
    "name_given": N_("Only the given name is the same"),
    "name_other_given": N_("The surname is the same, the given name is another"),
    "name_unreadable": N_("The names are in scripts that cannot be compared"),
    "name_different": N_("The names are different"),
    "name_empty": N_("There is no name to compare"),
    "two_records": N_("The same value stands on another CRM record too"),
    "rival": N_("Another CRM record fits as well"),
    "other_handle": N_("The CRM names another account on this platform"),
    "recycled_handle": N_("Another account with this handle is linked already: the handle changed hands"),
    "other_account": N_("Another account on this platform is linked to this contact already"),
    "large_cluster": N_("Ten accounts are linked to this contact"),
    "linked": N_("This account is linked to this contact already"),
    "refused": N_("A person said that they are not the same"),
    "objection": N_("The person objects to being matched"),
    "merged": N_("The CRM merged or converted the record into this one"),
}
"""Signals of a match in words; one that is missing is shown in the words it came with."""

REFUSALS = (
    N_("The reply is empty. Write something first."),
    N_("This identity is linked to somebody else already. Unlink it there first."),
    N_("The message this answers is gone."),
    N_("The CRM record is gone or was merged. Read the CRM again and look at the list anew."),
    N_("This sign-in was not started here, or is too old: start it again."),
    N_("The platform came back without a code: start the sign-in again."),
)
"""Sentences of the rooms below that reach a page as they are."""

SYNC = {
    "new": N_("not yet"),
    "pending": N_("on its way"),
    "synced": N_("in the CRM"),
    "failed": N_("did not arrive"),
    "quarantined": N_("refused by the CRM"),
    "ignored": N_("not passed on"),
    "merged": N_("merged there"),
}

NOTES = {
    "signed-out": N_("You are signed out."),
    "set-up": N_("This hub has its first administrator. Please sign in."),
    "reply-queued": N_("Your reply leaves in a few seconds. Until then you can take it back."),
    "reply-undone": N_("Your reply was taken back. Nothing was sent."),
    "reply-left": N_("Too late: your reply had left already."),
    "reply-retried": N_("The reply is being sent again."),
    "closed": N_("The conversation is closed."),
    "reopened": N_("The conversation is open again."),
    "account-connected": N_("The account is connected. Its messages are being fetched."),
    "account-fine": N_("The account works."),
    "account-paused": N_("The account is paused: nothing is fetched or sent."),
    "account-resumed": N_("The account is active again."),
    "account-removed": N_("The account is removed; its secrets are deleted. What it brought stays."),
    "dead-retried": N_("It is being tried again."),
    "dead-dropped": N_("It was dropped for good."),
    "resumed": N_("Work goes on."),
    "person-linked": N_("The two are linked."),
    "person-not-linked": N_("Noted: not the same person."),
    "person-unlinked": N_("The link is gone; the CRM will be told."),
    "objection-set": N_("The objection is recorded and holds from now on."),
    "objection-withdrawn": N_("The objection is withdrawn."),
    "person-erased": N_("The person is erased here. The CRM and all copies follow within minutes."),
    "user-created": N_("The user can sign in now."),
    "user-changed": N_("The user was changed."),
    "saved": N_("Saved."),
}
"""What was just done, by the short word in `?note=…`."""


def platform(name: str) -> str:
    """A platform's own name."""
    row = BY_NAME.get(name)
    return row.title if row is not None else name.capitalize()


MARKS = {"mastodon": "ma", "bluesky": "bs", "telegram": "tg"}


def mark(name: str) -> str:
    """The short name of a platform's drawn mark."""
    return MARKS.get(name, "other")


def initials(name: str) -> str:
    """Up to two letters for an avatar."""
    parts = [part for part in name.replace("@", " ").split() if part[0].isalnum()]
    if not parts:
        return "?"
    if not parts[0][0].isascii() or len(parts) == 1:
        return parts[0][:1] if not parts[0][0].isascii() else parts[0][:2]
    return parts[0][0] + parts[-1][0]


def tint(number: int | None) -> str:
    """One of six calm grounds, always the same for a person."""
    return f"av{(number or 5) % 6 + 1}"


_BROWSERS = {"Firefox/": "Firefox", "Edg/": "Edge", "OPR/": "Opera", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser(agent: str) -> str:
    """A browser and its system in two words, from what it calls itself; empty when neither is known."""
    found = (next((name for mark, name in table.items() if mark in agent), "") for table in (_BROWSERS, _SYSTEMS))
    return " · ".join(name for name in found if name)
