"""Deeds of macros and rules in words, with what each can be done with, and what they are refused for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from sqlmodel import Session

from inbox import notices, saved, teams
from inbox.actions import Action
from inbox.conditions.tree import ME
from inbox.fields import store as definitions
from inbox.fields.kinds import Definition
from web import condition_choices, field_words, gone, words
from web.i18n import N_
from web.outgoing import store
from web.reader import Reader

NAMES = {
    "assign": N_("Assign"),
    "team": N_("Give to a team"),
    "tag": N_("Add a tag"),
    "untag": N_("Remove a tag"),
    "priority": N_("Set the priority"),
    "type": N_("Set the type"),
    "field": N_("Fill in a field"),
    "state": N_("Set the state"),
    "snooze": N_("Snooze for hours"),
    "note": N_("Write a note"),
    "draft": N_("Put a saved reply into the box"),
    "reply": N_("Answer as they wrote"),
    "reply_private": N_("Answer in private"),
    "case": N_("Open a Salesforce Case"),
    "webhook": N_("Call a webhook"),
    "notify": N_("Notify"),
}
CARES = N_("Who takes care of it")
LONG = ("note", "reply", "reply_private")
"""Deeds with a text of several lines."""

TRIGGERS = {
    "message": N_("a message comes"),
    "opened": N_("a conversation begins"),
    "assigned": N_("a conversation is given to somebody"),
    "tagged": N_("a tag is added"),
    "closed": N_("a conversation is closed"),
    "updated": N_("somebody changes a conversation"),
    "sla": N_("an answer is due or late"),
    "survey": N_("a survey is answered"),
}

OUTCOMES = {"done": N_("done"), "submitted": N_("waits for approval"), "same": N_("was so already")}

REFUSALS = (
    N_("Say what is to be done: at least one deed."),
    N_("At most ten deeds are done at once."),
    N_("There is no such deed."),
    N_("Say with what: a deed is not complete."),
    N_("This deed cannot be done with that value."),
    N_("The saved reply of this deed is gone."),
    N_("The webhook of this deed is gone."),
    N_("The team of this deed is gone."),
    N_("There is nobody who could be told."),
    N_("Give the macro a name."),
    N_("There is a macro of this name already."),
    N_("This macro is gone, or it is not shared with you."),
    N_("Only who made a macro can change it, or who may change what is shared."),
    N_("Give the rule a name."),
    N_("Say when the rule is asked."),
    N_("A rule has no reader: it cannot ask what is unread, or who looks."),
    N_("This rule is gone."),
    N_("A rule gives a conversation to somebody by name, not to whoever looks."),
    N_("The team of these business hours is gone. Choose another one, or any time."),
    N_("This team works around the clock: nothing happens outside of that."),
    N_("Too many deeds of rules in an hour: a rule may be going in circles."),
)

Options = Sequence[tuple[str, str]]


def choices(session: Session, reader: Reader, *, rule: bool) -> dict[str, Options]:
    """{deed: values with their words} of the deeds that choose from a list."""
    asked = {"assign": "assignee", "team": "team", "priority": "priority", "type": "type"}
    found = condition_choices.choices(session, reader, tuple(asked.values()))
    states = [(name, reader.words(words.STATES[name])) for name in ("open", "closed", "spam")]
    takers = [pair for pair in found["assignee"] if not (rule and pair[0] == ME)]
    offered = [(str(one.id), one.name) for one in saved.of(session, reader.actor)]
    people = [(actor, name) for actor, name in takers if actor.startswith("user:")]
    groups = [(f"team:{number}", name) for number, name in teams.names(session)]
    whom = [(notices.ASSIGNEE, reader.words(CARES)), *people, *groups]
    every = definitions.every(session, "conversation", archived=True)
    fields = [one for one in every if not one.archived]
    return {
        "notify": whom,
        **{do: found[name] for do, name in asked.items()},
        "assign": takers,
        "state": states,
        "draft": offered,
        "webhook": _endpoints(session) if rule else [],
        "field": [(str(one.id), one.name(reader.language)) for one in fields],
        **{f"field={one.id}": _options(one, reader) for one in every},
        "options": [
            (word, one.name(reader.language))
            for one in fields
            for key, word in _options(one, reader)
            if key not in one.gone
        ],
    }


def _options(field: Definition, reader: Reader) -> Options:
    """What can be chosen in a custom field: keys with their words."""
    if field.kind == "flag":
        return [("yes", reader.words("yes")), ("no", reader.words("no"))]
    return [(one.key, one.name(reader.language)) for one in field.options]


def filled(number: str, value: str, options: Mapping[str, Options]) -> str:
    """What is filled in, as people type it: options by their words."""
    known = dict(options.get(f"field={number}", ()))
    if any("," in one for one in known.values()):
        return value
    return ", ".join(known.get(one, one) for one in value.split(",")) if known else value


def _endpoints(session: Session) -> Options:
    """Their hosts alone: a path may be a secret."""
    return [(str(one.id), f"{urlsplit(one.url).hostname} · {one.id}") for one in store.every(session)]


def said(deed: Action, reader: Reader, options: Mapping[str, Options]) -> str:
    """A deed in a few words."""
    name = reader.words(NAMES[deed.do])
    if not deed.value:
        return name
    if deed.do == "field":
        number, _, kept = deed.value.partition("=")
        field, called = gone.field(number, reader)
        value = field_words.marked(field, kept, reader) if field is not None else kept
        return reader.words(N_("%(field)s is %(value)s"), field=called, value=value or reader.words(N_("empty")))
    offered = options.get(deed.do)
    value = deed.value if offered is None else dict(offered).get(deed.value) or gone.value(deed.value, reader)
    return reader.words(N_("%(deed)s: “%(value)s”"), deed=name, value=value)
