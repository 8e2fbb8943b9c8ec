"""Mentions in notes: whom an @ can name, and whom a text names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlmodel import Session

from inbox import notes, teams
from web import actors, roles


def everybody(session: Session) -> list[tuple[str, str]]:
    """(`user:3` or `team:2`, name): people, then teams, by name."""
    return [*actors.everybody(session), *((f"team:{number}", name) for number, name in teams.names(session))]


def offered(session: Session, conversation_id: int) -> list[tuple[str, str]]:
    """Those of them that can be named in a conversation: who does not see it is not told of it."""
    blind = roles.blind(session, conversation_id)
    return [one for one in everybody(session) if one[0] not in blind]


def of(session: Session, text: str, conversation_id: int, chosen: Collection[str] = ()) -> dict[str, str]:
    """{target: name} of those a note names; where several have one name, those that were `chosen` from the list."""
    if "@" not in text:
        return {}
    named = defaultdict(list)
    for target, name in offered(session, conversation_id):
        named[name].append(target)
    found: dict[str, str] = {}
    for part, mention in notes.split(text, named):
        if mention:
            targets = named[part[1:]]
            found |= dict.fromkeys([one for one in targets if one in chosen] or targets, part[1:])
    return found
