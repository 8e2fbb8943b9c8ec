"""Why something typed cannot be used, in the reader's language: sentences of listening with their values put in."""

from __future__ import annotations

from core.errors import BadPayload
from listening.query import QueryError
from listening.unfit import Unfit
from web.i18n import N_
from web.reader import Reader

SENTENCES = (
    N_("A subject needs a name of at most 180 characters."),
    N_("A subject is one of %(kinds)s; not %(kind)s."),
    N_("There is a subject called %(name)s already."),
    N_("There is a query called %(name)s already: change its text instead."),
    N_(
        "This query only excludes, so nearly every message would match. Add a word, a #tag or a field "
        "such as lang:de that a message must have."
    ),
    N_("The period ends (%(end)s) before it begins (%(start)s). Swap the days."),
    N_("A report covers at most %(days)s days. Choose a shorter period."),
    N_("%(day)s is not a day. Write it as 2026-11-30."),
    N_("%(day)s is not a day messages can be of. Choose one between 1980 and 2200."),
    N_("At character %(position)s: %(reason)s"),
    N_("the query is empty. Write at least one word."),
    N_("the query is longer than %(number)s characters. Split it."),
    N_("more than %(number)s parentheses inside each other. Split it."),
    N_("this closing parenthesis has no opening one. Remove it."),
    N_('this quotation mark is never closed. Add a " after the phrase.'),
    N_("this parenthesis is never closed. Add a ) where the group ends."),
    N_("something is missing here. Write a word after the last operator."),
    N_("NEAR stands between two words or phrases: storm NEAR/5 warning."),
    N_("nothing stands before this parenthesis. Write a word or remove it."),
    N_("%(word)s needs a word on both sides. To look for it, put it in quotes."),
    N_("a colon belongs to a field such as lang:de. To look for it, use quotes."),
    N_("%(word)s cannot stand here. Put it in quotes to look for it."),
    N_("this phrase is empty. Write the words between the quotes."),
    N_("there is no field %(name)s:. Fields: %(fields)s. To look for the text itself, put it in quotes."),
    N_("%(name)s: needs a value right after the colon."),
    N_("a wildcard needs letters beside it: deliver*."),
    N_("a wildcard at the start needs three letters after it."),
    N_("%(name)s: knows %(choices)s; not %(unknown)s."),
    N_("lang: takes codes such as de, en or ja; not %(wrong)s."),
)
"""Every sentence that a person can provoke in these pages; a test holds the list complete."""


def said(reader: Reader, error: BadPayload) -> str:
    """The sentence of an error in the reader's language."""
    if isinstance(error, QueryError):
        reason = reader.words(error.reason, **error.given)
        return reader.words("At character %(position)s: %(reason)s", position=error.position, reason=reason)
    if isinstance(error, Unfit):
        return reader.words(error.text, **error.values)
    return reader.words(str(error))


def position(error: BadPayload) -> int:
    """The character of a query it happened at, counted from 1; 0 is nowhere in particular."""
    return error.position if isinstance(error, QueryError) else 0
