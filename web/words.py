"""Words for what the tables hold as codes; English here, other languages in the catalogues."""

from __future__ import annotations

from connectors.capabilities import BY_NAME
from web.i18n import N_
from web.work_words import SUBSCRIBERS as SUBSCRIBERS

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

URGENCIES = {"low": N_("Low"), "normal": N_("Normal"), "high": N_("Urgent")}

EMOTIONS = {
    "anger": N_("Anger"),
    "joy": N_("Joy"),
    "optimism": N_("Hope"),
    "sadness": N_("Disappointment"),
    "fear": N_("Worry"),
    "surprise": N_("Surprise"),
    "neutral": N_("No emotion"),
}

INTENTS = {
    "question": N_("question"),
    "complaint": N_("complaint"),
    "praise": N_("praise"),
    "request": N_("request"),
    "purchase": N_("wants to buy"),
    "churn": N_("wants to leave"),
    "spam": N_("spam"),
    "other": N_("something else"),
}

LANGUAGES = {"de": N_("German"), "en": N_("English"), "ja": N_("Japanese")}

REPLIES = {
    "queued": ("clock", "", N_("queued")),
    "sending": ("clock", "", N_("being sent")),
    "sent": ("check", "", N_("sent")),
    "failed": ("warn", "deliv-fail", N_("failed")),
    "unknown": ("info", "deliv-fail", N_("unclear whether it arrived")),
    "stopped": ("pause", "deliv-fail", N_("stopped: somebody else answered meanwhile")),
    "cancelled": ("x", "", N_("taken back")),
    "held": ("pause", "deliv-fail", N_("held: they wrote again")),
    "submitted": ("clock", "", N_("waits for approval")),
    "rejected": ("x", "deliv-fail", N_("not approved")),
}

ATTACHMENTS = {
    "image": ("image", N_("Picture")),
    "video": ("play", N_("Video")),
    "audio": ("play", N_("Voice message or sound")),
    "file": ("clip", N_("File")),
    "location": ("globe", N_("Place on a map")),
    "contact": ("user", N_("Contact")),
    "sticker": ("smile", N_("Sticker")),
    "link": ("link", N_("Link")),
    "unknown": ("clip", N_("Attachment")),
}
"""Kinds of attachments with their icons."""

ACCOUNT_STATES = {
    "active": ("badge-ok", "check", N_("connected")),
    "paused": ("badge-line", "pause", N_("paused")),
    "auth_expired": ("badge-danger", "warn", N_("sign-in expired")),
    "removed": ("badge-line", "x", N_("removed")),
}

FEEDS = {
    "notifications": N_("mentions and answers"),
    "conversations": N_("private conversations"),
    "chat": N_("private conversations"),
    "own": N_("our own posts"),
    "updates": N_("everything new"),
}
"""What is pulled for an account, in words; listening feeds are shown by their own name."""

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
    "replies.send": N_("Send without approval"),
    "replies.approve": N_("Approve replies of others"),
    "conversations.forward": N_("Forward conversations by e-mail"),
    "rules.manage": N_("Make rules that work by themselves"),
    "views.keep": N_("Keep views of one's own"),
    "views.share": N_("Share views with others"),
    "shared.edit": N_("Change what others share"),
    "messages.correct": N_("Correct how messages are rated"),
    "webhooks.manage": N_("Tell programs what happens"),
    "model.read": N_("See how good the ratings are"),
    "model.manage": N_("Have stored messages rated again"),
    "accounts.read": N_("See the accounts"),
    "accounts.manage": N_("Connect and remove accounts"),
    "dead.read": N_("See what got stuck"),
    "dead.manage": N_("Retry or drop what got stuck"),
    "people.read": N_("See people"),
    "people.review": N_("Decide who is the same person"),
    "people.object": N_("Record objections"),
    "people.erase": N_("Erase people"),
    "users.manage": N_("Manage users"),
    "roles.manage": N_("Make roles"),
    "teams.manage": N_("Manage teams and their promises"),
    "surveys.manage": N_("Manage surveys"),
    "fields.manage": N_("Make fields for conversations and people"),
    "listening.read": N_("See what is followed"),
    "listening.manage": N_("Choose what is followed"),
    "labels.teach": N_("Name examples of labels"),
    "reports.read": N_("Read reports"),
    "metrics.own": N_("See how well one answers oneself"),
    "metrics.read": N_("See how well everybody answers"),
    "reports.share": N_("Share reports"),
    "cases.open": N_("Open Salesforce Cases"),
    "crm.read": N_("See the exchange with the CRM"),
    "crm.manage": N_("Connect the CRM, import contacts"),
    "system.read": N_("See the state of the system"),
    "segments.read": N_("See segments"),
    "segments.manage": N_("Make and change segments"),
    "segments.export": N_("Export the people of a segment, hand it on"),
    "keys.manage": N_("Make and revoke write keys, import orders"),
}

PLACES = {
    "name": N_("Name of the customer"),
    "first_name": N_("First name of the customer"),
    "agent": N_("Your name"),
    "account": N_("Our account that was written to"),
    "number": N_("Number of the conversation"),
}
"""What is filled into a saved reply."""

REPLY_REFUSALS = (
    N_("That moment has passed. Choose a later one."),
    N_("That is too far away: choose a moment within a year."),
    N_("What leaves later cannot close the conversation now. Send it at once, or do not close."),
    N_("What leaves later cannot snooze the conversation now. Send it at once, or do not snooze."),
    N_("A reply closes the conversation or snoozes it, not both."),
    N_("The time to come back must lie ahead, two years at most."),
)

SAVED_REFUSALS = (
    N_("Give it a name, so that it is found again."),
    N_("The name is too long: 80 characters at most."),
    N_("A shortcut has letters, digits and hyphens only, 30 at most."),
    N_("Write it in at least one language."),
    N_("The text is too long: 5,000 characters at most."),
    N_("There is no place {%(place)s}. There are: %(places)s."),
    N_("Another saved reply has this name."),
    N_("Another saved reply has this shortcut: %(name)s."),
    N_("Another saved reply has this shortcut."),
)

REFUSALS = (
    N_("Give the key a name: what sends with it."),
    N_("Give the segment a name."),
    N_("This segment is handed on to a campaign. Remove the campaign first: it takes the people out."),
    N_("There is no such active campaign in Salesforce."),
    N_("This segment is handed on to that campaign already."),
    N_("The campaign is being emptied; then it is gone from here."),
    N_("No CRM is connected and switched on."),
    N_("Give an address that begins with https://."),
    N_("Another segment has this name."),
    N_("A group without conditions says nothing. Add one, or remove the group."),
    N_("A segment has 50 conditions at most."),
    N_("Say what the field is compared with."),
    N_("This field cannot be that."),
    N_("This field is not asked in that way."),
    N_("Give a number that is not negative."),
    N_("Give a share between 0 and 100 per cent."),
    N_("Give a number of days between 1 and 3650."),
    N_("Give the currency in three letters, for example EUR: amounts are never added over currencies."),
    N_("Choose a subject; in a file, give its number."),
    N_("There is no such key."),
    N_("No CRM is connected and switched on."),
    N_("A case needs a customer who is linked to a contact or lead. Link them first."),
    N_("No case can be opened for this person: they object to it, or profiles in the CRM are switched off."),
    N_("There is no message from a customer in it."),
    N_("There is nothing in this conversation that can be answered."),
    N_("The reply is empty. Write something first."),
    N_("This identity is linked to somebody else already. Unlink it there first."),
    N_("The message this answers is gone."),
    N_("Choose what to do with the conversations."),
    N_("A conversation is given to somebody who works here, or to nobody."),
    N_("The tag is empty. Write a word or two."),
    N_("The tag is too long: 60 characters at most."),
    N_("The CRM record is gone or was merged. Read the CRM again and look at the list anew."),
    N_("This sign-in was not started here, or is too old: start it again."),
    N_("The platform came back without a code: start the sign-in again."),
)
"""Sentences of the rooms below that reach a page as they are."""

REMARKS = (
    N_("The server tells nothing about itself, so Mastodon's usual limits are assumed."),
    N_("The server offers no event stream; the account is polled."),
    N_("Privacy mode is on: in groups the bot sees only what is addressed to it."),
    N_("A webhook is set: updates are delivered, not polled."),
)
"""What platforms remark about an account, in the words that are kept with it."""

CHECKS = {
    "database": N_("Database"),
    "sqlite": N_("Database"),
    "disk": N_("Disk"),
    "keys": N_("Encryption keys"),
    "broker": N_("Broker"),
    "worker": N_("Worker"),
    "accounts": N_("Accounts"),
    "crm": N_("Salesforce"),
    "model": N_("Model"),
    "webhooks": N_("Webhooks"),
    "outbox": N_("Work"),
    "work": N_("Work"),
    "items": N_("What platforms sent"),
    "replies": N_("Answers"),
    "audit": N_("Audit trail"),
    "mail": N_("E-mail"),
}
"""What the doctor looks at."""

CHECK_PAGES = {
    "accounts": ("accounts.read", "/settings/accounts"),
    "crm": ("crm.read", "/settings/salesforce"),
    "model": ("model.read", "/settings/model"),
    "webhooks": ("webhooks.manage", "/settings/webhooks"),
    "outbox": ("dead.read", "/settings/stuck"),
    "items": ("dead.read", "/settings/stuck"),
    "mail": ("users.manage", "/settings/users"),
}
"""Where a finding of the doctor can be mended: permission and page."""

PROCESSES = {
    "supervisor": N_("Supervisor"),
    "broker": N_("Broker"),
    "worker": N_("Worker"),
    "stream": N_("Streams"),
    "web": N_("Web server"),
    "sandbox": N_("Simulated platforms"),
}


def platform(name: str) -> str:
    """A platform's own name."""
    row = BY_NAME.get(name)
    return row.title if row is not None else name.capitalize()


MARKS = {"mastodon": "ma", "bluesky": "bs", "telegram": "tg", "salesforce": "sf"}


def mark(name: str) -> str:
    """The short name of a platform's drawn mark."""
    return MARKS.get(name, "other")


def handle(name: str, platform: str) -> str:
    """A handle as people write it: with the sign in front where the platform has one."""
    return f"@{name}" if name and platform in MARKS and not name.startswith("@") else name


def actor_number(actor: str) -> int | None:
    """The number of a user (`user:3`), which picks the ground of an avatar; None for everybody else."""
    return int(actor[5:]) if actor.startswith("user:") and actor[5:].isdecimal() else None


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
