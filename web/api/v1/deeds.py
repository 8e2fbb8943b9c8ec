"""What macros and rules do, as the API writes it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from pydantic import BaseModel, Field

from core.errors import Rejected
from inbox import actions
from inbox.actions import Action
from web.api.v1.problem import Unfit
from web.api.v1.shapes import Given, Text

VALUES = (
    "assign: `user:3`, `me` or `none`; team: a number or `none`; priority and type: their words, type also `none`; "
    "state: open, closed, spam; field: `4=value`; snooze: hours; tag, untag, note: a text; draft: a saved reply's "
    "number; case: nothing"
)


class MacroDeed(Given):
    """A deed of a macro."""

    do: Literal[
        "assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze", "note", "draft", "case"
    ]
    value: Text = Field("", max_length=actions.LONGEST, description=f"{VALUES}.")


class BackDeed(Given):
    """A deed that takes another back, as it was answered."""

    do: Literal[
        "assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze", "note", "draft", "case",
        "restore",
    ]  # fmt: skip
    value: Text = Field(
        "", max_length=actions.LONGEST,
        description=f"{VALUES}; restore: how the conversation stood, like `pending`, `answered` (it was, and was "
        "opened) or `snoozed_1763900000`.",
    )  # fmt: skip


class RuleDeed(Given):
    """A deed of a rule."""

    do: Literal[
        "assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze", "note", "reply",
        "reply_private", "case", "webhook", "notify",
    ]  # fmt: skip
    value: Text = Field(
        "", max_length=actions.LONGEST,
        description=f"{VALUES}; reply, reply_private: a text; webhook: its number; notify: `assignee`, `user:3` or "
        "`team:2`. Not `me`: nobody looks.",
    )  # fmt: skip


class DoneDeed(BaseModel):
    """A deed."""

    do: str
    value: str = ""


def macro(given: Sequence[MacroDeed]) -> list[Action]:
    """The deeds of a macro; Unfit names those that cannot be done."""
    return _read(given, actions.MACRO)


def back(given: Sequence[BackDeed]) -> list[Action]:
    """The deeds that take others back; Unfit names those that cannot be done."""
    return _read(given, actions.BACK, "back")


def rule(given: Sequence[RuleDeed]) -> list[Action]:
    """The deeds of a rule; Unfit names those that cannot be done."""
    return _read(given, actions.RULE)


def _read(
    given: Sequence[MacroDeed | BackDeed | RuleDeed], kinds: Collection[str], field: str = "actions"
) -> list[Action]:
    found: list[Action] = []
    wrong: dict[str, str] = {}
    for number, one in enumerate(given):
        try:
            found.append(actions.action(one.model_dump(), kinds))
        except Rejected as error:
            words = f" There are: {', '.join(actions.WORDS[one.do])}." if one.do in actions.WORDS else ""
            wrong[f"body.{field}.{number}.value"] = f"{error}{words}"
    if wrong:
        raise Unfit(wrong)
    return found


def shown(done: Sequence[Action]) -> list[DoneDeed]:
    """Deeds in an answer."""
    return [DoneDeed(do=one.do, value=one.value) for one in done]
