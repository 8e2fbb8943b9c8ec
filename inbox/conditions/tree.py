"""Conditions on conversations as values: what can be asked, and whether a filter makes sense. Pure.

A filter is a group: `{"match": "all" | "any", "of": [conditions and groups]}`; a condition is
`{"field": …, "op": …, "value": one or several}`. Several values of `is` mean one of them, of `is_not` none of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from core.errors import Rejected
from core.event import MESSAGE_KINDS
from inbox.fields import naming

Kind = Literal["choice", "ranked", "many", "words", "number", "hours", "date", "flag"]
Op = Literal[
    "is", "is_not", "at_least", "at_most", "has", "has_not", "within", "not_within", "between", "yes", "no", "ahead",
    "filled", "empty",
]  # fmt: skip
OPS: Mapping[Kind, tuple[Op, ...]] = {
    "choice": ("is", "is_not"),
    "ranked": ("is", "is_not", "at_least", "at_most"),
    "many": ("is", "is_not"),
    "words": ("has", "has_not"),
    "number": ("at_least", "at_most"),
    "hours": ("at_least",),
    "date": ("within", "not_within", "between"),
    "flag": ("yes", "no"),
}
ALONE: tuple[Op, ...] = ("yes", "no", "filled", "empty")
"""Asked without a value."""
DEEPEST = 3
MOST = 50
"""Conditions of a filter."""
VALUES = 20
"""Values of a condition."""
LONGEST = 200
TEXT = 8_000
"""Characters of a filter as JSON."""
MOST_DAYS = 3650
MOST_NUMBER = 10**12
NOBODY = "none"
"""The assignee of what nobody takes care of, the team of what is in none, the type of what has none, the survey
of what was not rated, the promise of what nothing is promised for."""
ME = "me"
"""The assignee who looks at the list."""

STATES = ("open", "pending", "snoozed", "closed", "spam")
SENTIMENTS = ("positive", "neutral", "negative", "mixed")
INTENTS = ("question", "complaint", "praise", "request", "purchase", "churn", "spam", "other")
URGENCIES = ("low", "normal", "high")
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("question", "problem", "request", "praise", "other")
VERDICTS = ("good", "middle", "bad")
"""How a survey was answered, the newest one."""
SLA = ("on_time", "near", "breached", "paused")
"""How the promises about a conversation stand, see inbox.conditions.standing."""
EMOTIONS = ("anger", "joy", "optimism", "sadness", "fear", "surprise", "neutral")


@dataclass(frozen=True, slots=True)
class Field:
    """Something that can be asked about a conversation."""

    name: str
    kind: Kind
    options: tuple[str, ...] = ()
    """What it can be, the lowest first where it is ranked; empty: anything of the pattern."""
    pattern: str = ""
    personal: bool = False
    """The answer depends on who looks."""


_NUMBER = r"[1-9][0-9]{0,14}"
FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("state", "choice", STATES),
        Field("platform", "choice"),
        Field("account", "choice", pattern=_NUMBER),
        Field("kind", "many", tuple(sorted(MESSAGE_KINDS))),
        Field("private", "flag"),
        Field("words", "words"),
        Field("newest", "words"),
        Field("language", "choice"),
        Field("sentiment", "choice", SENTIMENTS),
        Field("intent", "choice", INTENTS),
        Field("urgency", "ranked", URGENCIES),
        Field("emotion", "choice", EMOTIONS),
        Field("label", "many"),
        Field("theme", "many", pattern=_NUMBER),
        Field("subject", "many", pattern=_NUMBER),
        Field("query", "many", pattern=_NUMBER),
        Field("tag", "many"),
        Field("assignee", "choice", pattern=rf"{NOBODY}|{ME}|user:{_NUMBER}"),
        Field("team", "choice", pattern=rf"{NOBODY}|{_NUMBER}"),
        Field("mentions", "many", pattern=rf"{ME}|user:{_NUMBER}|team:{_NUMBER}"),
        Field("watched", "many", pattern=rf"{ME}|user:{_NUMBER}"),
        Field("priority", "ranked", PRIORITIES),
        Field("type", "choice", (*TYPES, NOBODY)),
        Field("waiting", "flag"),
        Field("waited", "hours"),
        Field("answered", "flag"),
        Field("unattended", "flag"),
        Field("unread", "flag", personal=True),
        Field("approval", "flag"),
        Field("sla", "choice", (*SLA, NOBODY)),
        Field("segment", "many", pattern=_NUMBER),
        Field("followers", "number"),
        Field("verified", "flag"),
        Field("survey", "choice", (*VERDICTS, NOBODY)),
        Field("survey_score", "number"),
        Field("messages", "number"),
        Field("opened", "date"),
        Field("moved", "date"),
        Field("received", "date"),
    )
}


def asked(name: str) -> Field | None:
    """What can be asked by this name: one of FIELDS, or a custom field."""
    found = naming.parts(name) if name not in FIELDS else None
    if found is None:
        return FIELDS.get(name)
    kind: Kind = naming.AS[found[1]]
    return Field(name, kind, pattern=naming.OPTION if kind in ("choice", "many") else "")


def ops(field: Field) -> tuple[Op, ...]:
    """How a field is asked: of a custom one also whether anything stands in it, and a date may be to come."""
    if field.name in FIELDS or field.kind in ("choice", "many"):  # where nothing stands is one of their options
        return OPS[field.kind]
    return (*OPS[field.kind], *(("ahead",) if field.kind == "date" else ()), "filled", "empty")


@dataclass(frozen=True, slots=True)
class Condition:
    """One question about a conversation; a period has two values, either of which may be empty."""

    field: str
    op: Op
    values: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """The value of a number, of hours or of days."""
        return int(self.values[0])

    @property
    def ends(self) -> tuple[datetime | None, datetime | None]:
        """From when, and before when."""
        since, until = (datetime.fromisoformat(one) if one else None for one in self.values)
        return since, until


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all, or any, must hold; an empty one holds."""

    match: Literal["all", "any"] = "all"
    of: tuple[Condition | Group, ...] = ()


EVERYTHING = Group()


@dataclass(frozen=True, slots=True)
class Asker:
    """Who looks (`user:3`; empty: nobody does), and when.

    `said`: for words that were looked up already the conversations that have them (`inbox.search.talks`).
    """

    me: str
    now: datetime
    said: Mapping[str, str] = field(default_factory=dict)


BAD_SHAPE = "A filter is a group: match (all or any) and of (a list of conditions and groups)."
BAD_TEXT = "The filter in the address cannot be read."
EMPTY = "A group without conditions says nothing. Add one, or remove the group."
TOO_DEEP = "Groups stand in each other three deep at most."
TOO_MANY = "A filter has 50 conditions at most."
NO_FIELD = "There is no such field to ask about."
WRONG_OP = "This field is not asked in that way."
NO_VALUE = "Say what the field is compared with."
NO_CHOICE = "This field cannot be that."
NO_NUMBER = "Give a whole number that is not negative."
NO_DAYS = "Give a number of days between 1 and 3650."
NO_PERIOD = "Give a day, and no end before the beginning."
SENTENCES = (
    BAD_SHAPE, BAD_TEXT, EMPTY, TOO_DEEP, TOO_MANY, NO_FIELD, WRONG_OP, NO_VALUE, NO_CHOICE, NO_NUMBER, NO_DAYS,
    NO_PERIOD,
)  # fmt: skip


# --- reading ------------------------------------------------------------------------------------------


def parse(text: str) -> Group:
    """A filter out of JSON text; Rejected with a sentence when it makes no sense."""
    try:
        raw = json.loads(text) if len(text) <= TEXT else None
    except (ValueError, RecursionError):
        raw = None
    if raw is None:
        raise Rejected(BAD_TEXT)
    return read(raw)


def read(raw: Any) -> Group:
    """A filter out of JSON values; Rejected with a sentence when it makes no sense."""
    group = _group(raw, 1)
    if sum(1 for _ in leaves(group)) > MOST:
        raise Rejected(TOO_MANY)
    return group


def leaves(group: Group) -> Iterator[Condition]:
    """Its conditions, those of groups in it too."""
    for one in group.of:
        if isinstance(one, Group):
            yield from leaves(one)
        else:
            yield one


def ranked(one: Condition) -> Sequence[str]:
    """The values that are meant: those from the one that is named on, where a rank is asked for."""
    if one.op in ("is", "is_not"):
        return one.values
    options = FIELDS[one.field].options
    if one.op == "at_least":
        return options[options.index(one.values[0]) :]
    if one.op == "at_most":
        return options[: options.index(one.values[0]) + 1]
    return one.values


def asks(group: Group, *names: str) -> bool:
    """One of these fields is asked about."""
    return any(one.field in names for one in leaves(group))


def personal(group: Group) -> bool:
    """The answer depends on who looks: it says nothing where nobody does."""
    return any((one.field in FIELDS and FIELDS[one.field].personal) or ME in one.values for one in leaves(group))


def joined(*groups: Group) -> Group:
    """Conversations that all of these mean."""
    parts: list[Condition | Group] = []
    for one in groups:
        parts += one.of if one.match == "all" or len(one.of) < 2 else (one,)
    only = parts[0] if len(parts) == 1 else None
    return only if isinstance(only, Group) else Group("all", tuple(parts))


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
    wanted = asked(str(raw.get("field")))
    if wanted is None:
        raise Rejected(NO_FIELD)
    op = raw.get("op")
    if op not in ops(wanted):
        raise Rejected(WRONG_OP)
    if op in ALONE:
        return Condition(wanted.name, op)
    given = raw.get("value")
    values = tuple(_text(one) for one in (given if isinstance(given, list) else [given]))
    if op != "between":
        values = tuple(dict.fromkeys(one for one in values if one))
    _check(wanted, op, values)
    return Condition(wanted.name, op, values)


def _text(value: Any) -> str:
    """Without signs that no database takes."""
    text = "" if value is None or isinstance(value, bool | dict | list) else str(value)
    return re.sub("[\x00\ud800-\udfff]", "", text).strip()


def _check(field: Field, op: Op, values: tuple[str, ...]) -> None:
    if op == "between":
        _period(values)
        return
    several = op in ("is", "is_not")
    if not values or len(values) > (VALUES if several else 1) or any(len(one) > LONGEST for one in values):
        raise Rejected(NO_VALUE)
    if field.options and any(one not in field.options for one in values):
        raise Rejected(NO_CHOICE)
    if field.pattern and any(not re.fullmatch(field.pattern, one) for one in values):
        raise Rejected(NO_CHOICE)
    if field.kind in ("number", "hours") and not (_whole(values[0], 12) and int(values[0]) <= MOST_NUMBER):
        raise Rejected(NO_NUMBER)
    if field.kind == "hours" and int(values[0]) > MOST_DAYS * 24:
        raise Rejected(NO_NUMBER)
    if field.kind == "date" and not (_whole(values[0], 4) and 1 <= int(values[0]) <= MOST_DAYS):
        raise Rejected(NO_DAYS)


def _whole(text: str, digits: int) -> bool:
    return re.fullmatch(rf"[0-9]{{1,{digits}}}", text) is not None


def _period(values: tuple[str, ...]) -> None:
    """Two moments with their zone, or one and nothing."""
    if len(values) != 2 or not any(values):
        raise Rejected(NO_PERIOD)
    try:
        since, until = Condition("", "between", values).ends
    except ValueError:
        raise Rejected(NO_PERIOD) from None
    if any(one is not None and (one.tzinfo is None or not 1990 <= one.year <= 2200) for one in (since, until)):
        raise Rejected(NO_PERIOD)
    if since is not None and until is not None and since >= until:
        raise Rejected(NO_PERIOD)


# --- writing ------------------------------------------------------------------------------------------


def written(group: Group) -> dict[str, Any]:
    """A filter as JSON values, as `read` takes them."""
    return {
        "match": group.match,
        "of": [written(one) if isinstance(one, Group) else _written(one) for one in group.of],
    }


def text(group: Group) -> str:
    """A filter as short JSON, as `parse` takes it; empty for none."""
    return json.dumps(written(group), ensure_ascii=False, separators=(",", ":")) if group.of else ""


def _written(one: Condition) -> dict[str, Any]:
    said = {"field": one.field, "op": one.op}
    if not one.values:
        return said
    return {**said, "value": one.values[0] if len(one.values) == 1 else list(one.values)}
