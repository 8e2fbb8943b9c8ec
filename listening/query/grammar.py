"""The query language: text to tree, with errors that name the place and what to change.

The language is described for people in docs/listening.md.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, get_args

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.exceptions import VisitError

from core.event import Kind
from listening.query.nodes import And, Between, Field, Mention, Near, Node, Not, Or, Raw, Tag, Text
from listening.unfit import Unfit

LONGEST = 10_000
DEEPEST = 50

_GRAMMAR = r"""
start: either
either: both (_OR both)*
both: one (_AND? one)*
?one: _NOT one            -> no
    | near
    | _OPEN either _CLOSE -> group
    | leaf
near: term NEAR term
?leaf: term | FIELD -> field | TAG -> tag | HANDLE -> handle
term: PHRASE | WORD

_OR.5: /(OR|\|{1,2})(?![^\s()"])/
_AND.5: /(AND|&{1,2})(?![^\s()"])/
_NOT.5: /NOT(?![^\s()":])|-(?=[^\s-])|!(?=[^\s!])/
NEAR.5: /NEAR(\/\d+f?)?(?![^\s()"])/
FIELD.4: /[A-Za-z]+:("[^"]*"|[^\s()"]*)/
PHRASE.4: /"[^"]*"(~\d+)?/
TAG.4: /#[^\s()":#]+/
HANDLE.4: /@[^\s()":]+/
_OPEN: "("
_CLOSE: ")"
WORD: /[^\s()":]+/
%ignore /\s+/
"""

_TYPOGRAPHIC = str.maketrans("“”„«»（）＃＠：　～", '"""""()#@: ~')
SENTIMENTS = ("negative", "neutral", "positive", "unsure")
INTENTS = ("question", "complaint", "praise", "request", "purchase", "churn", "spam", "other")
_CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(Kind),
    "sentiment": SENTIMENTS,
    "intent": INTENTS,
    "has": ("media", "link", "hashtag", "mention"),
    "is": ("verified", "reply", "edited"),
}
_FREE = ("author", "lang", "platform", "topic", "site", "url")
_DATES = ("since", "until", "date")
FIELDS = (*_CHOICES, *_FREE, *_DATES, "raw")
"""Every `field:` of the language."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*|und", re.IGNORECASE)
_LETTERS = re.compile(r"\w")


class QueryError(Unfit):
    """A query that cannot be read; `position` is the character it breaks at, counted from 1."""

    def __init__(self, reason: str, position: int, **values: object) -> None:
        super().__init__(
            "At character %(position)s: %(reason)s", position=position, reason=reason % values if values else reason
        )
        self.reason = reason
        self.given = values
        self.position = position


@lru_cache(maxsize=2000)
def parse(text: str) -> Node:
    """The tree of a query; QueryError when it cannot be read."""
    if not text.strip():
        raise QueryError("the query is empty. Write at least one word.", 1)
    if len(text) > LONGEST:
        raise QueryError("the query is longer than %(number)s characters. Split it.", LONGEST, number=LONGEST)
    plain = text.translate(_TYPOGRAPHIC)
    _check_balance(plain)
    try:
        tree = _parser().parse(plain)
        node: Node = _Builder().transform(tree)
    except VisitError as error:
        if isinstance(error.orig_exc, QueryError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _explain(error, plain) from None
    return node


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic")


def _check_balance(text: str) -> None:
    opened: list[int] = []
    quote = -1
    for place, character in enumerate(text):
        if character == '"':
            quote = place if quote < 0 else -1
        elif quote >= 0:
            continue
        elif character == "(":
            opened.append(place)
            if len(opened) > DEEPEST:
                raise QueryError(
                    "more than %(number)s parentheses inside each other. Split it.", place + 1, number=DEEPEST
                )
        elif character == ")":
            if not opened:
                raise QueryError("this closing parenthesis has no opening one. Remove it.", place + 1)
            opened.pop()
    if quote >= 0:
        raise QueryError('this quotation mark is never closed. Add a " after the phrase.', quote + 1)
    if opened:
        raise QueryError("this parenthesis is never closed. Add a ) where the group ends.", opened[-1] + 1)


def _explain(error: UnexpectedInput, text: str) -> QueryError:
    place = int(getattr(error, "pos_in_stream", None) or 0)
    if isinstance(error, UnexpectedToken):
        if error.token.type == "$END":
            return QueryError("something is missing here. Write a word after the last operator.", len(text) + 1)
        word = str(error.token)
        if error.token.type == "NEAR":
            return QueryError("NEAR stands between two words or phrases: storm NEAR/5 warning.", place + 1)
        if error.token.type == "_CLOSE":
            return QueryError("nothing stands before this parenthesis. Write a word or remove it.", place + 1)
        return QueryError(
            "%(word)s needs a word on both sides. To look for it, put it in quotes.", place + 1, word=word
        )
    character = text[place] if place < len(text) else ""
    if isinstance(error, UnexpectedCharacters) and character == ":":
        return QueryError("a colon belongs to a field such as lang:de. To look for it, use quotes.", place + 1)
    return QueryError("%(word)s cannot stand here. Put it in quotes to look for it.", place + 1, word=character)


class _Builder(Transformer[Token, Node]):
    """Lark's tree to our values; checks what each leaf may say."""

    def start(self, children: list[Any]) -> Any:
        return children[0]

    def either(self, children: list[Any]) -> Any:
        return children[0] if len(children) == 1 else Or(tuple(children))

    def both(self, children: list[Any]) -> Any:
        return children[0] if len(children) == 1 else And(tuple(children))

    def no(self, children: list[Any]) -> Node:
        return Not(children[0])

    def group(self, children: list[Any]) -> Any:
        return children[0]

    def near(self, children: list[Any]) -> Node:
        left, operator, right = children
        number = re.sub(r"\D", "", operator)
        return Near(left, right, int(number or 5), operator.endswith("f"))

    def term(self, children: list[Token]) -> Node:
        token = children[0]
        if token.type == "WORD":
            return Text(_checked_word(str(token), token))
        phrase, _, slop = str(token).rpartition('"')
        text = phrase[1:]
        if not text.strip():
            raise QueryError("this phrase is empty. Write the words between the quotes.", _at(token))
        return Text(_checked_word(text, token), phrase=True, slop=int(slop[1:] or 0))

    def tag(self, children: list[Token]) -> Node:
        return Tag(str(children[0])[1:])

    def handle(self, children: list[Token]) -> Node:
        return Mention(str(children[0])[1:])

    def field(self, children: list[Token]) -> Node:
        token = children[0]
        name, _, value = str(token).partition(":")
        name, value = name.lower(), value.strip('"')
        if name not in FIELDS:
            raise QueryError(
                "there is no field %(name)s:. Fields: %(fields)s. To look for the text itself, put it in quotes.",
                _at(token),
                name=name,
                fields=", ".join(f"{known}:" for known in FIELDS),
            )
        if not value.strip():
            raise QueryError("%(name)s: needs a value right after the colon.", _at(token), name=name)
        if name == "raw":
            return Raw(value)
        if name in _DATES:
            return _between(name, value, token)
        values = tuple(part.strip() for part in value.split(",") if part.strip())
        return Field(name, _checked(name, values, token))


def _at(token: Token) -> int:
    return (token.start_pos or 0) + 1


def _checked_word(text: str, token: Token) -> str:
    if ("*" in text or "?" in text) and len(_LETTERS.findall(text)) < 2 and text.strip("?*!.") == "":
        raise QueryError("a wildcard needs letters beside it: deliver*.", _at(token))
    if text.startswith("*") and len(_LETTERS.findall(text)) < 3:
        raise QueryError("a wildcard at the start needs three letters after it.", _at(token))
    return text


def _checked(name: str, values: tuple[str, ...], token: Token) -> tuple[str, ...]:
    if name in _CHOICES:
        lowered = tuple(value.lower() for value in values)
        unknown = [value for value in lowered if value not in _CHOICES[name]]
        if unknown:
            choices = ", ".join(_CHOICES[name])
            said = {"name": name, "choices": choices, "unknown": ", ".join(unknown)}
            raise QueryError("%(name)s: knows %(choices)s; not %(unknown)s.", _at(token), **said)
        return lowered
    if name == "lang":
        wrong = [value for value in values if not _LANGUAGE.fullmatch(value)]
        if wrong:
            raise QueryError(
                "lang: takes codes such as de, en or ja; not %(wrong)s.", _at(token), wrong=", ".join(wrong)
            )
    return values


def _between(name: str, value: str, token: Token) -> Node:
    first, dots, last = value.partition("..")
    if name == "date":
        start, end = _day(first, token) if first else None, _day(last if dots else first, token)
        return Between(start, end + timedelta(days=1) if last or not dots else None)
    day = _day(value, token)
    return Between(day, None) if name == "since" else Between(None, day + timedelta(days=1))


def _day(text: str, token: Token) -> datetime:
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise QueryError("%(day)s is not a day. Write it as 2026-11-30.", _at(token), day=text) from None
