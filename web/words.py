"""Words for what the tables hold as codes; English here, other languages in the catalogues."""

from __future__ import annotations

from collections.abc import Callable

from connectors.capabilities import BY_NAME
from web import approval_words, forward_words
from web.i18n import N_
from web.signin import words as signin

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

SUBSCRIBERS = {
    "sentiment.tasks.annotate": N_("Rating messages"),
    "sentiment.reannotate.step": N_("Rating stored messages again"),
    "sentiment.tasks.forget": N_("Forgetting people: ratings"),
    "inbox.assignment.give": N_("Giving out conversations"),
    "inbox.ruling.on_message": N_("Rules: messages that came"),
    "inbox.ruling.on_activity": N_("Rules: changes of conversations"),
    "enrichment.tasks.open_cases": N_("Opening Salesforce Cases"),
    "inbox.clocks.recount": N_("Counting promises"),
    "inbox.clocks.again": N_("Counting promises after a change"),
    "listening.tasks.match": N_("Finding messages for subjects"),
    "listening.tasks.rematch": N_("Searching again after a change"),
    "listening.tasks.forget": N_("Taking deleted messages out of reports"),
    "listening.tasks.forget_person": N_("Forgetting people: reports"),
    "enrichment.tasks.match": N_("Finding people in the CRM"),
    "enrichment.tasks.sync_profiles": N_("Preparing profiles for the CRM"),
    "enrichment.tasks.sync_messages": N_("Preparing messages for the CRM"),
    "enrichment.tasks.send": N_("Sending to the CRM"),
    "enrichment.tasks.compare": N_("Comparing with the CRM"),
    "enrichment.tasks.sync_cases": N_("Preparing Salesforce Cases"),
    "enrichment.tasks.pull_crm": N_("Reading the CRM"),
    "enrichment.tasks.bulk": N_("Bulk jobs for the CRM"),
    "enrichment.tasks.forget": N_("Forgetting people: CRM"),
    "enrichment.segments.tasks.hand_on": N_("Handing segments on"),
    "enrichment.segments.tasks.forget": N_("Forgetting people: segments"),
    "enrichment.behaviour.tasks.forget": N_("Forgetting people: orders and behaviour"),
    "connectors.tasks.pull": N_("Fetching messages"),
    "connectors.tasks.deliver": N_("Reading what platforms delivered"),
    "connectors.tasks.parents": N_("Fetching what a message answers"),
    "connectors.tasks.recheck": N_("Looking for edits and deletions"),
    "connectors.tasks.send": N_("Sending answers"),
    "web.live.publish": N_("Telling open pages"),
    "web.outgoing.tasks.collect": N_("Noting what programs are to be told"),
    "web.outgoing.tasks.deliver": N_("Telling programs"),
    "web.notices.push.send": N_("Telling browsers"),
    "web.notices.mail.send": N_("Sending mails with what is unread"),
    "inbox.notices.on_message": N_("Notifying of new messages"),
    "inbox.files.sweep": N_("Throwing away files that are no longer used"),
}
"""What each subscriber of the outbox does."""

BASES = {
    "consent": N_("Consent"),
    "contract": N_("Contract"),
    "legitimate_interest": N_("Legitimate interest"),
}
"""Lawful bases."""

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

PURPOSES = {
    "match": N_("Finding the person in the CRM"),
    "profile": N_("Building a profile"),
    "crm_sync": N_("Passing on to the CRM"),
    "behaviour": N_("Orders and behaviour"),
    "marketing": N_("Marketing"),
    "survey": N_("Asking how it was"),
    "translate": N_("Translating by another program"),
}

PURPOSE_TEXTS = {
    "match": N_("Comparing what an account says about itself with contacts and leads of the CRM."),
    "profile": N_("Putting together what is known about a person from several accounts and the CRM."),
    "crm_sync": N_("Sending profiles and messages of linked people to the CRM, and reading changes there."),
    "behaviour": N_(
        "Keeping what customers ordered and did, out of your shop, files and the CRM, beside their messages."
    ),
    "marketing": N_("Passing people of a segment on to campaigns, other programs and files for marketing."),
    "survey": N_(
        "Asking customers how it was after a conversation was closed. Some countries take that for advertising."
    ),
    "translate": N_("Sending texts to a translation server, so that people here read and answer in other languages."),
}

FACTS = {
    "name": N_("Name"),
    "handle": N_("Handle"),
    "company": N_("Company"),
    "place": N_("Place"),
    "language": N_("Language"),
    "preferred_channel": N_("Preferred channel"),
    "about": N_("About"),
    "site": N_("Website"),
    "email": N_("E-mail"),
    "phone": N_("Phone"),
}
"""Fields of a person's profile, and of a comparison."""

DECISIONS = {
    "auto": ("badge-ok", N_("linked by rule")),
    "accepted": ("badge-ok", N_("linked by hand")),
    "review": ("badge-warn", N_("same person?")),
    "rejected": ("badge-line", N_("not the same")),
}

EVIDENCE = {
    "same_person": N_("a person said that they are one"),
    "same_name": N_("both have the same name"),
    "same_email": N_("both have the same e-mail address"),
    "same_phone": N_("both have the same phone number"),
    "same_site": N_("both name the same site"),
    "same_handle": N_("both name the same account"),
    "same_company": N_("both have the same company"),
    "handle": N_("The handle stands in the CRM record"),
    "proven_site": N_("The CRM record's own website links back to this account"),
    "email": N_("An e-mail address in the bio stands on the CRM record"),
    "phone": N_("A phone number in the bio stands on the CRM record"),
    "said_site": N_("A website on the profile, not proven, is the CRM record's"),
    "company": N_("Name or bio mention the company"),
    "company_part": N_("Name or bio mention a part of the company's name"),
    "domain": N_("A website or e-mail address is the company's"),
    "switchboard": N_("A phone number is the company's"),
    "other_company": N_("The bio names another company"),
    "other_phone": N_("The phone number is another"),
    "other_email": N_("The e-mail address is another"),
    "colleague_email": N_("The e-mail address is another person's at the same company"),
    "family": N_("Neither name nor address tells who it is: it may be another one of the family"),
    "same_town": N_("The town is the same"),
    "same_country": N_("The country is the same"),
    "other_town": N_("The town is another"),
    "other_country": N_("The country is another"),
    "local": N_("The user name is the first part of the e-mail address, and could not be guessed from the name"),
    "local_made": N_("User name and e-mail address are made of the name in the same way"),
    "handle_agrees": N_("The user name is made of the same name"),
    "other_name": N_("The account shows another name"),
    "company_site": N_("The website is the company's, not a person's"),
    "name_full": N_("Given name and surname are the same"),
    "name_nickname": N_("The surname is the same, the given name is a short form of it"),
    "name_reading": N_("Given name and surname can be read the same"),
    "name_together": N_("The shown name has the given name, the user name the surname"),
    "name_typo": N_("Given name and surname are the same but for a slip"),
    "name_given_initial": N_("The given name and the surname's initial are the same"),
    "name_abbreviated": N_("The name begins like given name and surname, in one word"),
    "name_other_surname": N_("Only the given name is the same, the surname is another"),
    "name_stranger": N_("The account shows another person's name"),
    "name_company_itself": N_("The account is the company's, not a person's"),
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
    "by_hand": N_("A person linked them"),
    "withdrawn": N_("What the link rested on no longer holds"),
}
"""Signals of a match in words; one that is missing is shown in the words it came with."""

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

SYNC = {
    "new": N_("not yet"),
    "pending": N_("on its way"),
    "synced": N_("in the CRM"),
    "failed": N_("did not arrive"),
    "quarantined": N_("refused by the CRM"),
    "ignored": N_("not passed on"),
    "merged": N_("merged there"),
}

SYNC_BADGES = {
    "synced": ("ok", "check"),
    "failed": ("warn", "refresh"),
    "quarantined": ("danger", "warn"),
    "pending": ("accent", "clock"),
    "new": ("accent", "clock"),
    "merged": ("line", "link"),
    "ignored": ("line", "x"),
}
"""State of a record in the exchange with the CRM → kind of its badge and its icon."""

FIELD_RULES = {
    "": N_("the hub, without a look"),
    "hub": N_("the hub, overwrites are recorded"),
    "crm": N_("Salesforce, once somebody changed it there"),
    "empty": N_("Salesforce, unless it is empty there"),
    "newest": N_("whoever changed it last"),
}
"""Rule of a field → who wins."""

COMPARED = {
    "there": N_("There"),
    "here": N_("Here"),
    "missing": N_("Missing there: sent again"),
    "differing": N_("Differing: sent again"),
    "unknown": N_("Unknown here"),
    "removed": N_("Removed"),
}
"""Figures of a comparison of all records."""

CRM_OBJECTS = {"Contact": N_("Contact"), "Lead": N_("Lead"), "csv": N_("Contact out of a file")}

TELLERS = {
    **CRM_OBJECTS,
    "typed": N_("typed by a colleague"),
    "api": N_("from another program"),
    "inferred": N_("inferred"),
}
"""Who says something about a person, beside the platforms."""

DEEDS = {
    "merged": N_("Merged"),
    "unmerged": N_("Merge taken back"),
    "split": N_("Accounts split off"),
    "rejoined": N_("Split taken back"),
}
"""What was decided about who is who (enrichment.decisions)."""

MERGE_REFUSALS = (
    N_("These are one person already."),
    N_("Somebody decided that these are not the same person. Take that decision back first."),
    N_(
        "Each of them stands for a record of its own in the CRM. Say on the review page that the two records are "
        "duplicates, or merge them in the CRM."
    ),
    N_("Together they have more than ten accounts. Look at every one of them, and say that you did."),
    N_("One of the two is gone. Look for them anew."),
    N_("This was taken back already."),
    N_("These accounts do not all belong to one person. Look at the person anew."),
    N_("Leave at least one account with the person."),
    N_("What was split has changed since, so it cannot be put back as it was. Merge the two instead."),
    N_("One of the two records is gone or was merged in the CRM. Look at the list anew."),
    N_("There is no such decision that could be taken back."),
)
"""Why a merge or a split is not made or taken back (enrichment.merging, enrichment.splitting)."""

CRM_KINDS = {"profile": N_("Profile"), "interaction": N_("Message"), "case": N_("Salesforce Case"),
             "member": N_("Member of a campaign")}  # fmt: skip

RUNS = {"send": N_("sent there"), "pull": N_("read there")}

CONTACT_FIELDS = {
    "key": N_("Number of your own"),
    "name": N_("Whole name"),
    "first_name": N_("Given name"),
    "last_name": N_("Surname"),
    "email": N_("E-mail address"),
    "phone": N_("Phone"),
    "company": N_("Company"),
    "city": N_("Town"),
    "country": N_("Country"),
    "website": N_("Website"),
    "mastodon": N_("Handle on Mastodon"),
    "bluesky": N_("Handle on Bluesky"),
    "telegram": N_("Handle on Telegram"),
}
"""What a column of a file of contacts can be."""

ORDER_FIELDS = {
    "number": N_("Order number"),
    "email": N_("E-mail address"),
    "user": N_("Customer number"),
    "name": N_("Whole name"),
    "placed_at": N_("Ordered on"),
    "amount": N_("Total"),
    "currency": N_("Currency"),
    "status": N_("State"),
    "channel": N_("Channel"),
    "street": N_("Street"),
    "postal_code": N_("Postal code"),
    "city": N_("Town"),
    "state": N_("State or province"),
    "country": N_("Country"),
    "sku": N_("Article number"),
    "product": N_("Article"),
    "quantity": N_("Quantity"),
    "price": N_("Unit price"),
}
"""What a column of a file of orders can be."""

BAD_ORDERS = {
    "empty": N_("nothing stands in the chosen columns"),
    "number": N_("the order has no number"),
    "nobody": N_("neither a customer number nor an e-mail address of one person's own"),
    "date": N_("the day is missing, lies ahead, or could be read in two ways"),
    "amount": N_("the total is no number"),
    "status": N_("the state is not known"),
    "other": N_("the order is another person's"),
    "objects": N_("the person objects, or is erased"),
}
"""Why a row of a file of orders was left out."""

ORDER_STATES = {
    "open": ("accent", "clock", N_("open")),
    "completed": ("ok", "check", N_("completed")),
    "part_refunded": ("warn", "undo", N_("given back in part")),
    "refunded": ("line", "undo", N_("given back")),
    "cancelled": ("line", "x", N_("cancelled")),
    "ordered": ("line", "check", N_("became an order")),
}
"""State of an order → kind of its badge, its icon, its words."""

EVENTS = {
    "order updated": N_("Order changed"),
    "order refunded": N_("Order given back"),
    "order cancelled": N_("Order cancelled"),
    "product viewed": N_("Looked at an article"),
    "product added": N_("Put an article into the basket"),
    "checkout started": N_("Began to check out"),
}
"""Events of the e-commerce specification; others stand as their sender names them."""

CUSTOMER = {
    "orders": N_("Orders"),
    "spent": N_("Order value"),
    "last_order": N_("Last order"),
    "channel": N_("Preferred channel"),
    "address": N_("Delivery address"),
    "interest": N_("Interests, as declared"),
    "label": N_("Labels engaged with"),
}
"""Figures of a customer (enrichment.behaviour.figures)."""

SOURCES = {"messages": N_("messages"), "crm": N_("Salesforce"), "orders": N_("file of orders")}

SEGMENT_GROUPS = {
    "identity": N_("Accounts"),
    "contact": N_("Person"),
    "crm": N_("In the CRM"),
    "orders": N_("Orders"),
    "behaviour": N_("Behaviour"),
    "messages": N_("Messages"),
    "listening": N_("Listening"),
    "consent": N_("Consent"),
}
SEGMENT_FIELDS = {
    "platform": N_("Platform"),
    "language": N_("Language"),
    "place": N_("Place in the profile"),
    "followers": N_("Followers"),
    "first_seen": N_("First heard of"),
    "name": N_("Name or handle"),
    "email": N_("E-mail address is known"),
    "linked": N_("Stands in the CRM"),
    "crm_object": N_("Kind of CRM record"),
    "company": N_("Company"),
    "orders": N_("Number of orders"),
    "order_value": N_("Order value"),
    "last_order": N_("Last order"),
    "order_state": N_("State of an order"),
    "order_channel": N_("Channel of an order"),
    "country": N_("Country of delivery"),
    "event": N_("Event"),
    "interest": N_("Declared interest"),
    "last_event": N_("Last event"),
    "messages": N_("Number of messages"),
    "last_message": N_("Last message"),
    "negative_share": N_("Share of negative messages"),
    "sentiment": N_("Sentiment of a message"),
    "emotion": N_("Emotion of a message"),
    "intent": N_("Intent of a message"),
    "urgency": N_("Urgency of a message"),
    "label": N_("Label of a message"),
    "subject": N_("Found by the subject"),
    "objects": N_("Objects to"),
}
SEGMENT_OPS = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "has": N_("contains"),
    "has_not": N_("does not contain"),
    "at_least": N_("at least"),
    "at_most": N_("at most"),
    "within": N_("within the last"),
    "not_within": N_("not within the last"),
    "yes": N_("yes"),
    "no": N_("no"),
}

SEGMENT_SAID: dict[str | tuple[str, str], str] = {
    "is": N_("%(field)s is %(value)s"),
    "is_not": N_("%(field)s is not %(value)s"),
    "has": N_("%(field)s contains %(value)s"),
    "has_not": N_("%(field)s does not contain %(value)s"),
    "at_least": N_("%(field)s is at least %(value)s"),
    "at_most": N_("%(field)s is at most %(value)s"),
    "yes": N_("%(field)s: yes"),
    "no": N_("%(field)s: no"),
    ("sentiment", "is"): N_("Wrote a message with the sentiment %(value)s"),
    ("sentiment", "is_not"): N_("Wrote no message with the sentiment %(value)s"),
    ("emotion", "is"): N_("Wrote a message with the emotion %(value)s"),
    ("emotion", "is_not"): N_("Wrote no message with the emotion %(value)s"),
    ("intent", "is"): N_("Wrote a message with the intent %(value)s"),
    ("intent", "is_not"): N_("Wrote no message with the intent %(value)s"),
    ("urgency", "is"): N_("Wrote a message with the urgency %(value)s"),
    ("urgency", "is_not"): N_("Wrote no message with the urgency %(value)s"),
    ("label", "is"): N_("Wrote a message with the label %(value)s"),
    ("label", "is_not"): N_("Wrote no message with the label %(value)s"),
    ("subject", "is"): N_("Was found by the subject %(value)s"),
    ("subject", "is_not"): N_("Was not found by the subject %(value)s"),
    ("objects", "is"): N_("Objects to %(value)s"),
    ("objects", "is_not"): N_("Does not object to %(value)s"),
}
"""A condition as a sentence: by how it is asked, and where that is clearer by its field too."""

RECEIVERS = {
    "active": ("ok", "check", N_("running")),
    "paused": ("line", "pause", N_("paused")),
    "refused": ("danger", "x", N_("refused")),
    "ending": ("warn", "clock", N_("being emptied")),
}
"""State of a receiver of a segment → kind of its badge, its icon, its words."""

REFUSED = {
    "payment": N_("payment data"),
    "psychographic": N_("a guess about character"),
    "guess": N_("a guess about circumstances"),
    "sensitive": N_("especially protected"),
    "depth": N_("nested too deeply"),
}
"""Why a value was dropped (inbox.refused)."""

BAD_ROWS = {
    "empty": N_("nothing stands in the chosen columns"),
    "nobody": N_("neither an e-mail address, phone, handle or website, nor a name with a company"),
    "mail": N_("the e-mail address is none"),
    "twice": N_("the same person stands further up"),
}
"""Why a row of a file was left out."""

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
}
"""What the doctor looks at."""

CHECK_PAGES = {
    "accounts": ("accounts.read", "/settings/accounts"),
    "crm": ("crm.read", "/settings/salesforce"),
    "model": ("model.read", "/settings/model"),
    "webhooks": ("webhooks.manage", "/settings/webhooks"),
    "outbox": ("dead.read", "/settings/stuck"),
    "items": ("dead.read", "/settings/stuck"),
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
    "webhook-paused": N_("The endpoint is told nothing until you let it go on. What happens meanwhile is not noted."),
    "webhook-resumed": N_("The endpoint is told of events again."),
    "webhook-removed": N_("The endpoint is gone, and its deliveries with it."),
    "webhook-tested": N_("A test event is on its way. What was answered stands among the deliveries."),
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


def record(kind: str) -> str:
    """What kind of CRM record it is, in English words of the catalogue."""
    return CRM_OBJECTS.get(kind, kind)


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


def segment_value(field: str, value: str, say: Callable[[str], str]) -> str:
    """The value of a segment's condition in the reader's words; what people typed stands as it is."""
    if field == "platform":
        return platform(value)
    named = {
        "language": LANGUAGES,
        "crm_object": CRM_OBJECTS,
        "objects": PURPOSES,
        "sentiment": {name: words for name, (_, words) in SENTIMENTS.items()},
        "emotion": EMOTIONS,
        "intent": INTENTS,
        "urgency": URGENCIES,
        "order_state": {name: words for name, (_, _, words) in ORDER_STATES.items()},
    }.get(field, {})
    return say(named[value]) if value in named else value


def event(name: str, say: Callable[[str], str]) -> str:
    """What happened: in the reader's words for events that many shops send, else as its sender names it.

    Only words of ours go through `say`, whose results a page takes for safe.
    """
    known = EVENTS.get(" ".join(name.replace("_", " ").lower().split()))
    return say(known) if known else name


def source(name: str, say: Callable[[str], str]) -> str:
    """Where a figure comes from: in the reader's words, else the name of what sends."""
    known = SOURCES.get("orders" if name.startswith("orders:") else name)
    return say(known) if known else name
