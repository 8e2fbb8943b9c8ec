"""What macros and rules do, as the API writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from inbox import actions
from inbox.actions import Action
from web.api.v1.shapes import Given, Text

VALUES = (
    "assign: `user:3`, `me` or `none`; team: a number or `none`; priority, type and state: their words, type also "
    "`none`; field: `4=value`; snooze: hours; tag, untag, note: a text; draft: a saved reply's number; case: nothing"
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
        description=f"{VALUES}; restore: how the conversation stood, like `pending` or `snoozed_1763900000`.",
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
    """The deeds of a macro; Rejected with what is wrong."""
    return [actions.action(one.model_dump(), actions.MACRO) for one in given]


def back(given: Sequence[BackDeed]) -> list[Action]:
    """The deeds that take others back; Rejected with what is wrong."""
    return [actions.action(one.model_dump(), actions.BACK) for one in given]


def rule(given: Sequence[RuleDeed]) -> list[Action]:
    """The deeds of a rule; Rejected with what is wrong."""
    return [actions.action(one.model_dump(), actions.RULE) for one in given]


def shown(done: Sequence[Action]) -> list[DoneDeed]:
    """Deeds in an answer."""
    return [DoneDeed(do=one.do, value=one.value) for one in done]
