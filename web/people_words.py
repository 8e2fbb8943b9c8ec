"""Words for what the tables of people, their orders and their segments hold as codes."""

from __future__ import annotations

from collections.abc import Callable

from web.crm_words import CRM_OBJECTS
from web.i18n import N_
from web.words import EMOTIONS, INTENTS, LANGUAGES, SENTIMENTS, URGENCIES, platform

BASES = {
    "consent": N_("Consent"),
    "contract": N_("Contract"),
    "legitimate_interest": N_("Legitimate interest"),
}
"""Lawful bases."""

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
    "ahead": N_("within the next"),
    "since": N_("on or after"),
    "until": N_("on or before"),
    "filled": N_("is filled in"),
    "empty": N_("is empty"),
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
    "ahead": N_("%(field)s: next %(value)s days"),
    "since": N_("%(field)s is on or after %(value)s"),
    "until": N_("%(field)s is on or before %(value)s"),
    "filled": N_("%(field)s is filled in"),
    "empty": N_("%(field)s is empty"),
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
    "active": ("ok", "check", N_("at work")),
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
