"""With whom something is shared, in words and as fields of a form (templates/parts/sharing.html)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlmodel import Session

from inbox import teams
from inbox.sharing import ALL, TEAM
from web import role_words
from web.i18n import N_
from web.reader import Reader

EVERYBODY = N_("Everybody")


def options(session: Session, reader: Reader, *, roles: bool = False) -> dict[str, str]:
    """Everybody, every team, and with `roles` every role, by the name under which it is kept."""
    found = {ALL: reader.words(EVERYBODY), **{f"{TEAM}{number}": name for number, name in teams.names(session)}}
    return found | role_words.named(session, reader) if roles else found


def chosen(given: Collection[str], offered: Mapping[str, str], before: Collection[str] = ()) -> list[str]:
    """What of a form there is; everybody makes all others needless. What `before` names and nobody offers stays."""
    if ALL in given and ALL in offered:
        return [ALL]
    return [*(one for one in offered if one in given), *(one for one in before if one not in offered)]
