"""Which messages open a Salesforce Case by themselves: pure, from a setting's words to yes or no."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

from core.errors import NotConfigured

FACTS = ("label", "intent", "urgency", "sentiment")
Group = tuple[tuple[str, str], ...]
"""(fact, value) pairs that must all hold."""


@cache
def groups(words: str) -> tuple[Group, ...]:
    """What a rule asks for; one group is enough. NotConfigured for words that mean nothing."""
    return tuple(tuple(_pair(one) for one in part.split("+")) for part in words.split(",") if part.strip())


def matches(words: str, facts: Mapping[str, str | Collection[str]]) -> bool:
    """Whether a message with these facts opens a case: `label` has several values, the others one."""
    return any(all(_holds(facts.get(name, ""), value) for name, value in group) for group in groups(words))


def _pair(text: str) -> tuple[str, str]:
    name, colon, value = text.strip().partition(":")
    if name not in FACTS or not colon or not value.strip():
        told = ", ".join(f"{one}:…" for one in FACTS)
        raise NotConfigured(f"WIDERHALL_CRM_CASE_WHEN says {text.strip()!r}. Use {told}, joined by + and ,.")
    return name, value.strip().casefold()


def _holds(found: str | Collection[str], value: str) -> bool:
    values = [found] if isinstance(found, str) else found
    return value in (one.casefold() for one in values)
