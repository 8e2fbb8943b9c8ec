"""Conditions on conversations in words: fields, ways of asking, sentences, and what a filter is refused for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inbox.conditions.tree import Condition, Group
from web import field_words, gone, inbox_query
from web.i18n import N_
from web.reader import Reader

GROUPS = {
    N_("Conversation"): ("state", "assignee", "team", "priority", "type", "tag", "mentions", "watched", "waiting",
                         "waited", "answered", "unattended", "unread", "approval",
                         "messages", "opened", "moved", "sla", "survey", "survey_score"),
    N_("Messages"): ("words", "newest", "kind", "private", "platform", "account", "received"),
    N_("What they say"): ("language", "sentiment", "intent", "urgency", "emotion", "label", "theme", "subject",
                            "query"),
    N_("Person"): ("segment", "followers", "verified"),
}  # fmt: skip
"""Headings with the fields under them."""

NAMES = {
    "state": N_("State"),
    "platform": N_("Platform"),
    "account": N_("Account"),
    "kind": N_("Kind of message"),
    "private": N_("Private"),
    "words": N_("Words in a message"),
    "newest": N_("Words in the newest message"),
    "language": N_("Language"),
    "sentiment": N_("Sentiment"),
    "intent": N_("Intent"),
    "urgency": N_("Urgency"),
    "emotion": N_("Emotion"),
    "label": N_("Label"),
    "theme": N_("Theme"),
    "subject": N_("Followed subject"),
    "query": N_("Saved query"),
    "tag": N_("Tag"),
    "team": N_("Team"),
    "priority": N_("Priority"),
    "type": N_("Type"),
    "assignee": N_("Assigned to"),
    "mentions": N_("A note mentions"),
    "watched": N_("Watched by"),
    "waiting": N_("Waits for an answer"),
    "waited": N_("Hours of waiting"),
    "answered": N_("Answered before"),
    "unattended": N_("No first answer, or waits"),
    "unread": N_("Unread"),
    "approval": N_("A reply waits for approval"),
    "followers": N_("Followers"),
    "verified": N_("Verified by the platform"),
    "sla": N_("Promised time"),
    "segment": N_("Segment"),
    "survey": N_("Answer to a survey"),
    "survey_score": N_("Score of a survey"),
    "messages": N_("Number of messages"),
    "opened": N_("First message"),
    "moved": N_("Newest message"),
    "received": N_("A message came"),
}

ASKED = {
    "is": N_("is"),
    "is_not": N_("is not"),
    "has": N_("contains"),
    "has_not": N_("does not contain"),
    "at_least": N_("at least"),
    "at_most": N_("at most"),
    "within": N_("within the last"),
    "not_within": N_("not within the last"),
    "between": N_("in a period"),
    "ahead": N_("within the next"),
    "filled": N_("is filled in"),
    "empty": N_("is empty"),
    "yes": N_("yes"),
    "no": N_("no"),
}

SAID = {
    "is": N_("%(field)s is %(value)s"),
    "is_not": N_("%(field)s is not %(value)s"),
    "has": N_("%(field)s: “%(value)s”"),
    "has_not": N_("%(field)s: not “%(value)s”"),
    "at_least": N_("%(field)s is at least %(value)s"),
    "at_most": N_("%(field)s is at most %(value)s"),
    "within": N_("%(field)s: last %(value)s days"),
    "not_within": N_("%(field)s: not in the last %(value)s days"),
    "between": N_("%(field)s in the period %(value)s"),
    "ahead": N_("%(field)s: next %(value)s days"),
    "filled": N_("%(field)s is filled in"),
    "empty": N_("%(field)s is empty"),
    "yes": N_("%(field)s: yes"),
    "no": N_("%(field)s: no"),
}

REFUSALS = (
    N_("A filter is a group: match (all or any) and of (a list of conditions and groups)."),
    N_("The filter in the address cannot be read."),
    N_("A group without conditions says nothing. Add one, or remove the group."),
    N_("Groups stand in each other three deep at most."),
    N_("A filter has 50 conditions at most."),
    N_("There is no such field to ask about."),
    N_("This field is not asked in that way."),
    N_("Say what the field is compared with."),
    N_("This field cannot be that."),
    N_("Give a whole number that is not negative."),
    N_("Give a number of days between 1 and 3650."),
    N_("Give a day, and no end before the beginning."),
)

VIEW_REFUSALS = (
    N_("Give the view a name."),
    N_("You have a view of this name already."),
    N_("You keep 100 views already. Remove one first."),
    N_("This view is gone, or it is not shared with you."),
    N_("Only who made a view can change it, or who may change what is shared."),
    N_("New conversations about us"),
    N_("Mentions of me"),
    N_("Watched by me"),
)
"""What is said about kept views, and what those are called that are built in."""

Choices = Mapping[str, Sequence[tuple[str, str]]]
"""Values with their words, by field."""


def name(field: str, reader: Reader) -> str:
    """What a field is called."""
    return reader.words(NAMES[field]) if field in NAMES else field_words.label(field, reader)


def groups(reader: Reader) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Headings with the fields under them, (name, what it is called); custom fields last."""
    found = {reader.words(title): [(one, name(one, reader)) for one in names] for title, names in GROUPS.items()}
    return found | field_words.groups(reader)


def sentence(one: Condition | Group, reader: Reader, choices: Choices) -> str:
    """A condition, or a group in brackets, in the reader's words."""
    if isinstance(one, Group):
        joined = _joined([sentence(part, reader, choices) for part in one.of], one.match, reader)
        return f"({joined})" if len(one.of) > 1 else joined
    named = dict(choices.get(one.field, ()))
    if one.op == "between":
        value = inbox_query.between(*one.ends, reader)
    else:
        chosen = one.field in choices
        said = [named.get(each) or (gone.answer(one.field, each, reader) if chosen else each) for each in one.values]
        value = _joined(said, "any", reader)
    return reader.words(SAID[one.op], field=name(one.field, reader), value=value)


JOINED = {"all": N_("%(one)s and %(other)s"), "any": N_("%(one)s or %(other)s")}


def _joined(texts: Sequence[str], match: str, reader: Reader) -> str:
    said = texts[0] if texts else ""
    for text in texts[1:]:
        said = reader.words(JOINED[match], one=said, other=text)
    return said


def parts(group: Group) -> Sequence[Condition | Group]:
    """What stands side by side: each condition of "all", or the whole of "any"."""
    return group.of if group.match == "all" or len(group.of) < 2 else (group,)
