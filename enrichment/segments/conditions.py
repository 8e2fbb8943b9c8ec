"""Conditions of a segment as values: what can be asked, in which words, and whether a filter makes sense. Pure.

A filter is a group: `{"match": "all" | "any", "of": [conditions and groups]}`; a condition is
`{"field": …, "op": …, "value": …}`, with `days` where the field counts within a time and `currency` for amounts.
A custom field of people is named as conditions of the inbox name it (`person:choice:12`, inbox.fields.naming).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from core.errors import Rejected
from inbox.fields import naming

Kind = Literal["choice", "text", "number", "money", "share", "days", "flag", "subject", "date"]
Op = Literal[
    "is", "is_not", "has", "has_not", "at_least", "at_most", "within", "not_within", "yes", "no", "ahead", "since",
    "until", "filled", "empty",
]  # fmt: skip
OPS: Mapping[Kind, tuple[Op, ...]] = {
    "choice": ("is", "is_not"),
    "text": ("has", "has_not"),
    "number": ("at_least", "at_most"),
    "money": ("at_least", "at_most"),
    "share": ("at_least", "at_most"),
    "days": ("within", "not_within"),
    "flag": ("yes", "no"),
    "subject": ("is", "is_not"),
    "date": ("within", "not_within", "ahead", "since", "until"),
}
ALONE: tuple[Op, ...] = ("yes", "no", "filled", "empty")
"""Asked without a value."""
OWN = "own"
"""The group of custom fields."""
DEEPEST = 3
MOST = 50
LONGEST = 200
DAYS = 90
"""Within so many days a field counts, unless the condition says otherwise."""
MOST_DAYS = 3650
MOST_NUMBER = 10**12


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be asked about people."""

    name: str
    group: str
    kind: Kind
    options: tuple[str, ...] = ()
    """What a choice can be; empty: any text, offered from what there is."""
    timed: bool = False
    """It counts within a number of days."""


SENTIMENTS = ("positive", "neutral", "negative", "mixed")
EMOTIONS = ("anger", "joy", "optimism", "sadness", "fear", "surprise", "neutral")
INTENTS = ("question", "complaint", "praise", "request", "purchase", "churn", "spam", "other")
URGENCIES = ("low", "normal", "high")
STATES = ("open", "completed", "part_refunded", "refunded", "cancelled")
FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("platform", "identity", "choice"),
        Field("language", "identity", "choice"),
        Field("place", "identity", "text"),
        Field("followers", "identity", "number"),
        Field("first_seen", "identity", "days"),
        Field("name", "contact", "text"),
        Field("email", "contact", "flag"),
        Field("linked", "contact", "flag"),
        Field("crm_object", "crm", "choice", ("Contact", "Lead", "csv")),
        Field("company", "crm", "text"),
        Field("orders", "orders", "number", timed=True),
        Field("order_value", "orders", "money", timed=True),
        Field("last_order", "orders", "days"),
        Field("order_state", "orders", "choice", STATES),
        Field("order_channel", "orders", "choice"),
        Field("country", "orders", "choice"),
        Field("event", "behaviour", "choice", timed=True),
        Field("interest", "behaviour", "choice"),
        Field("last_event", "behaviour", "days"),
        Field("messages", "messages", "number", timed=True),
        Field("last_message", "messages", "days"),
        Field("negative_share", "messages", "share", timed=True),
        Field("sentiment", "messages", "choice", SENTIMENTS, timed=True),
        Field("emotion", "messages", "choice", EMOTIONS, timed=True),
        Field("intent", "messages", "choice", INTENTS, timed=True),
        Field("urgency", "messages", "choice", URGENCIES, timed=True),
        Field("label", "messages", "choice", timed=True),
        Field("subject", "listening", "subject", timed=True),
        Field("objects", "consent", "choice", ("match", "crm_sync", "behaviour", "marketing")),
    )
}


AS: Mapping[str, Kind] = {
    "text": "text", "link": "text", "number": "number", "date": "date", "flag": "flag", "choice": "choice",
    "several": "choice",
}  # fmt: skip
"""What a custom field holds → how it is asked."""


def asked(name: str) -> Field | None:
    """What can be asked by this name: one of FIELDS, or a custom field of people."""
    found = naming.parts(name) if name not in FIELDS else None
    if found is None or found[0] != "person":
        return FIELDS.get(name)
    return Field(name, OWN, AS[found[1]])


def ops(field: Field) -> tuple[Op, ...]:
    """How a field is asked: of a custom one also whether anything stands in it, and just that."""
    if field.group != OWN:
        return OPS[field.kind]
    exactly: tuple[Op, ...] = ("is", "is_not") if field.kind in ("text", "number") else ()
    return (*OPS[field.kind], *exactly, "filled", "empty")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about people."""

    field: str
    op: Op
    value: str = ""
    days: int = 0
    currency: str = ""

    @property
    def number(self) -> float:
        """The value of a number, share (in per cent), amount or count of days."""
        return float(self.value)

    @property
    def exact(self) -> Decimal:
        """The same without rounding."""
        return Decimal(self.value)


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all, or any, must hold."""

    match: Literal["all", "any"]
    of: tuple[Condition | Group, ...]


BAD_SHAPE = "A segment's filter is a group: match (all or any) and of (a list of conditions and groups)."
EMPTY = "A group without conditions says nothing. Add one, or remove the group."
TOO_DEEP = "Groups stand in each other three deep at most."
TOO_MANY = "A segment has 50 conditions at most."
NO_FIELD = "There is no such field to ask about."
WRONG_OP = "This field is not asked in that way."
NO_VALUE = "Say what the field is compared with."
NO_CHOICE = "This field cannot be that."
NO_NUMBER = "Give a number that is not negative."
NO_FIGURE = "Give a number, like 12 or -12.5."
NO_DAY = "Give a day, like 2026-12-24."
NO_SHARE = "Give a share between 0 and 100 per cent."
NO_DAYS = "Give a number of days between 1 and 3650."
NO_SUBJECT = "Choose a subject; in a file, give its number."
NO_CURRENCY = "Give the currency in three letters, for example EUR: amounts are never added over currencies."


def read(raw: Any) -> Group:
    """A filter out of JSON; Rejected with a sentence when it makes no sense."""
    group = _group(raw, 1)
    if count(group) > MOST:
        raise Rejected(TOO_MANY)
    return group


def count(group: Group) -> int:
    """How many conditions there are."""
    return sum(1 for _ in leaves(group))


def leaves(group: Group) -> Iterator[Condition]:
    """Its conditions, those of groups in it too."""
    for one in group.of:
        if isinstance(one, Group):
            yield from leaves(one)
        else:
            yield one


def _group(raw: Any, depth: int) -> Group:
    if not isinstance(raw, dict) or raw.get("match") not in ("all", "any") or not isinstance(raw.get("of"), list):
        raise Rejected(BAD_SHAPE)
    if depth > DEEPEST:
        raise Rejected(TOO_DEEP)
    if not raw["of"]:
        raise Rejected(EMPTY)
    if len(raw["of"]) > MOST:
        raise Rejected(TOO_MANY)
    parts = (_group(one, depth + 1) if isinstance(one, dict) and "of" in one else condition(one) for one in raw["of"])
    return Group(raw["match"], tuple(parts))


def condition(raw: Any) -> Condition:
    """One condition; Rejected with what is wrong."""
    if not isinstance(raw, dict):
        raise Rejected(BAD_SHAPE)
    field = asked(str(raw.get("field")))
    if field is None:
        raise Rejected(NO_FIELD)
    op = raw.get("op")
    if op not in ops(field):
        raise Rejected(WRONG_OP)
    if op in ALONE:
        return Condition(field.name, op)
    value = str(raw.get("value") if raw.get("value") is not None else "").strip()
    days = _days(raw.get("days") or DAYS) if field.timed else 0
    currency = str(raw.get("currency") or "").strip().upper()
    _check(field, op, value, currency)
    return Condition(field.name, op, value, days, currency if field.kind == "money" else "")


def _check(field: Field, op: Op, value: str, currency: str) -> None:
    if field.kind == "subject" and not re.fullmatch(r"[1-9]\d{0,17}", value, re.ASCII):
        raise Rejected(NO_SUBJECT)
    if not value or len(value) > LONGEST:
        raise Rejected(NO_VALUE)
    if field.kind == "choice" and field.options and value not in field.options:
        raise Rejected(NO_CHOICE)
    if field.group == OWN:
        _check_own(field, op, value)
        return
    if field.kind == "days":
        _days(value)
    if field.kind in ("number", "money", "share"):
        _number(value, 100 if field.kind == "share" else MOST_NUMBER, NO_SHARE if field.kind == "share" else NO_NUMBER)
    if field.kind == "money" and not re.fullmatch(r"[A-Z]{3}", currency):
        raise Rejected(NO_CURRENCY)


def _check_own(field: Field, op: Op, value: str) -> None:
    if field.kind == "choice" and not re.fullmatch(naming.OPTION, value):
        raise Rejected(NO_CHOICE)
    if field.kind == "number" and not re.fullmatch(r"-?\d{1,15}(\.\d{1,6})?", value, re.ASCII):
        raise Rejected(NO_FIGURE)
    if field.kind == "date" and op in ("since", "until"):
        _day(value)
    elif field.kind == "date":
        _days(value)


def _day(value: str) -> None:
    try:
        found = date.fromisoformat(value).isoformat()
    except ValueError:
        found = ""
    if found != value:
        raise Rejected(NO_DAY)


def _number(value: str, most: int, words: str) -> None:
    if not re.fullmatch(r"\d{1,15}(\.\d{1,3})?", value, re.ASCII) or float(value) > most:
        raise Rejected(words)


def _days(value: Any) -> int:
    text = str(value).strip()
    if not re.fullmatch(r"\d{1,5}", text, re.ASCII) or not 1 <= int(text) <= MOST_DAYS:
        raise Rejected(NO_DAYS)
    return int(text)


def written(group: Group) -> dict[str, Any]:
    """A filter as JSON, as `read` takes it."""
    return {
        "match": group.match,
        "of": [written(one) if isinstance(one, Group) else _written(one) for one in group.of],
    }


def _written(one: Condition) -> dict[str, Any]:
    found = {"field": one.field, "op": one.op, "value": one.value, "days": one.days, "currency": one.currency}
    return {name: value for name, value in found.items() if value not in ("", 0)}


def beyond(group: Group, kept: int) -> bool:
    """Whether a condition looks further back than the days for which events are kept; 0: they are kept for good."""
    return kept > 0 and any(beyond(one, kept) if isinstance(one, Group) else _beyond(one, kept) for one in group.of)


def _beyond(one: Condition, kept: int) -> bool:
    if one.field == "event":
        return one.days > kept
    return one.field == "last_event" and one.number > kept
