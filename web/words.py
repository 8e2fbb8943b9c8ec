"""Words for what the tables hold as codes; English here, other languages in the catalogues."""

from __future__ import annotations

from connectors.capabilities import BY_NAME
from web import approval_words, forward_words
from web.i18n import N_
from web.notices import words as notices
from web.signin import words as signin
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

NOTES = {
    "macro-kept": N_("The macro is kept."),
    "macro-removed": N_("The macro is gone."),
    "macro-run": N_("The macro was run."),
    "rule-kept": N_("The rule is kept. It works from now on, when it is switched on."),
    "rule-on": N_("The rule is on. It works on what happens from now on."),
    "rule-off": N_("The rule is off."),
    "rule-removed": N_("The rule is gone. What it did stays."),
    "view-kept": N_("The view is kept."),
    "view-removed": N_("The view is gone."),
    "translated": N_("Translated. The original stays above it."),
    "translation-kept": N_("The server translates. It is in use from now on."),
    "translation-works": N_("The server answers and translates."),
    "translation-removed": N_("Nothing is sent to a translation server any more."),
    "survey-made": N_("The survey is made in our words and switched off. Change it, look at it, then switch it on."),
    "survey-kept": N_("The survey is kept."),
    "survey-on": N_("The survey is on. It asks about what is closed from now on."),
    "survey-off": N_("The survey is off."),
    "survey-removed": N_("The survey is gone. Its answers stay."),
    "record-wanted": N_("It is on its way to Salesforce. The link appears as soon as it is made."),
    "merged": N_("The two are one case now. Each can be split off again as it was."),
    "split-off": N_("This is a conversation of its own now."),
    "split-back": N_("The split is taken back. Everything is in this conversation again."),
    "field-kept": N_("The field is kept."),
    "field-archived": N_("The field is archived. Its values stay."),
    "field-restored": N_("The field is back with its values."),
    "policy-kept": N_("The promise is kept on record. Open conversations are counted anew."),
    "policy-removed": N_("The promise is gone, and its clocks with it."),
    "team-kept": N_("The team is kept."),
    "team-removed": N_("The team is dissolved. Its conversations stay."),
    "away": N_("You are away now: no conversation is given to you by itself."),
    "available": N_("You are available again."),
    "label-added": N_("The label is kept. Stored messages are looked at now."),
    "label-removed": N_("The label is gone. Messages that carry it keep it."),
    "label-taught": N_("Noted. The label is learnt anew, and stored messages are looked at again."),
    "theme-named": N_("The theme has its name, and keeps it."),
    "theme-merged": N_("The two themes are one."),
    "theme-hidden": N_("The theme is hidden."),
    "theme-shown": N_("The theme is shown again."),
    "session-ended": N_("Your session has ended. Sign in again, and you come back to where you were."),
    "case-opened": N_("The Salesforce Case is on its way."),
    "crm-connected": N_("The org is connected. Its contacts and leads are being read."),
    "crm-disconnected": N_("The org is forgotten here. What was sent stays there."),
    "crm-asked": N_("The org is being read, and what waits is being sent."),
    "crm-comparing": N_("All records are being compared. The figures stand here when it is done."),
    "crm-on": N_("The sync is on."),
    "crm-retried": N_("It is being sent again."),
    "purpose-on": N_("The purpose is switched on."),
    "purpose-off": N_("The purpose is switched off for everybody."),
    "contacts-imported": N_("The file is imported. The accounts concerned are looked at now."),
    "webhook-saved": N_("The endpoint is kept as you wrote it."),
    "webhook-paused": N_("The endpoint is told nothing until you let it go on. What happens meanwhile waits."),
    "webhook-resumed": N_("The endpoint is told of events again."),
    "webhook-removed": N_("The endpoint is gone, and its deliveries with it."),
    "webhook-tested": N_("A test event is on its way. What was answered stands among the deliveries."),
    "webhook-none-failed": N_("Nothing has failed since then."),
    "webhook-replayed": N_("It is on its way again, under the same id."),
    "token-revoked": N_("The token is revoked. Programs that use it are refused from now on."),
    "key-revoked": N_("The key is revoked. Programs that use it are refused from now on."),
    "receiver-paused": N_("The receiver is told nothing for now."),
    "receiver-resumed": N_("The receiver is told again what changes."),
    "receiver-removed": N_("The receiver is told nothing more."),
    "receiver-retried": N_("Whom Salesforce refused is tried once more."),
    "receiver-ending": N_("The campaign is being emptied of the people who were put in from here."),
    "campaign-chosen": N_("The people of the segment are being put into the campaign."),
    "segment-handed": N_(
        "This segment is handed on to a campaign. Remove the campaign first: it takes the people out."
    ),
    "segment-saved": N_("The segment is kept."),
    "segment-removed": N_("The segment is gone. Nothing of its people changed."),
    "segment-deep": N_("This segment has groups within groups. Change it where it was made, on the command line."),
    "orders-imported": N_("The file is imported."),
    "reply-kept": N_("The saved reply is kept."),
    "reply-removed": N_("The saved reply is gone. What was sent with it stays."),
    "nothing-found": N_("Nothing found"),
    "note-added": N_("The note is kept."),
    "note-changed": N_("The note was changed."),
    "note-removed": N_("The note is gone."),
    "step-skipped": N_("Skipped. You find it in the set-up whenever you like."),
    "person-merged": N_("They are one person now. The CRM follows."),
    "pair-parted": N_("Noted: they are two persons."),
    "person-split": N_("The accounts are a person of their own now."),
    "undone": N_("Taken back: everything is as it was before."),
    "signed-out": N_("You are signed out."),
    "set-up": N_("This hub has its first administrator. Please sign in."),
    "reply-queued": N_("Your reply leaves in a few seconds. Until then you can take it back."),
    "reply-closed": N_("Your reply leaves in a few seconds. The conversation is closed."),
    "reply-snoozed": N_("Your reply leaves in a few seconds. The conversation is snoozed."),
    "reply-later": N_("Your reply leaves at the moment you chose. Until then you can take it back."),
    "reply-undone": N_("Your reply was taken back. Nothing was sent."),
    "reply-left": N_("Too late: your reply had left already."),
    "reply-retried": N_("The reply is being sent again."),
    "closed": N_("The conversation is closed."),
    "reopened": N_("The conversation is open again."),
    "unread": N_("Unread again, for you alone."),
    "spam": N_("Marked as spam. Further messages do not open it."),
    "snoozed": N_("The conversation is snoozed."),
    "assigned": N_("It is settled who takes care of it."),
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
    "role-kept": N_("The role is kept."),
    "role-removed": N_("The role is removed."),
    "saved": N_("Saved."),
    "corrected": N_("The rating is corrected."),
    "uncorrected": N_("The annotator's word stands again."),
    "rating-again": N_("Stored messages are being rated again; new ones go first."),
    "subject-added": N_("The subject is followed now. Give it a query."),
    "subject-removed": N_("The subject is removed. Its messages stay in the inbox."),
    "query-added": N_("The query is saved. It looks at new messages at once and at older ones in the background."),
    "query-changed": N_("The query is changed. All stored messages are looked at again in the background."),
    "query-removed": N_("The query is removed."),
    "link-revoked": N_("The link is taken back. It opens nothing any more."),
    **signin.NOTES,
    **approval_words.NOTES,
    **forward_words.NOTES,
    **notices.NOTES,
}
"""What was just done, by the short word in `?note=…`."""


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
