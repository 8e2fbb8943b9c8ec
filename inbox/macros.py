"""Macros: deeds that are done together to a conversation, kept under a name for oneself or shared with others."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import Rejected
from inbox import actions, sharing
from inbox.actions import Action
from inbox.rule_models import Macro

NAME = 80
NO_NAME = "Give the macro a name."
LONG_NAME = "The name is too long: 80 characters at most."
TAKEN = "There is a macro of this name already."
GONE = "This macro is gone, or it is not shared with you."
NOT_YOURS = "Only who made a macro can change it, or who may change what is shared."
REFUSALS = (NO_NAME, LONG_NAME, TAKEN, GONE, NOT_YOURS)


def of(session: Session, actor: str) -> list[Macro]:
    """The macros somebody can run, by name."""
    m = db.table(Macro)
    found = list(session.scalars(sa.select(Macro).order_by(sa.func.lower(m.c.name), m.c.id)))
    mine = sharing.groups(session, actor, (one.shared for one in found))
    return [one for one in found if one.owner == actor or mine & set(one.shared)]


def find(session: Session, macro_id: int, actor: str) -> Macro:
    """One of them; Rejected when there is none for this person."""
    row = session.get(Macro, macro_id) if 0 < macro_id < 2**62 else None
    if row is None or not sharing.visible(session, row.owner, row.shared, actor):
        raise Rejected(GONE)
    return row


def deeds(macro: Macro) -> list[Action]:
    """What it does."""
    return actions.read(macro.actions, actions.MACRO)


def save(
    session: Session,
    macro_id: int | None,
    name: str,
    wanted: Sequence[Action],
    actor: str,
    *,
    shared: Collection[str],
    all_of_them: bool = False,
) -> int:
    """Keep a macro, a new one without `macro_id`; returns its number. Rejected says what is wrong."""
    title = " ".join(db.sound(name).split())
    if not title:
        raise Rejected(NO_NAME)
    if len(title) > NAME:
        raise Rejected(LONG_NAME)
    kept = [one.written() for one in wanted]
    actions.read(kept, actions.MACRO)
    kept = [one.written() for one in actions.settled(session, wanted)]
    row = (
        _own(session, macro_id, actor, all_of_them) if macro_id else Macro(name=title, owner=actor, changed_at=db.now())
    )
    if any(other.name == title and other.id != row.id for other in of(session, row.owner)):
        raise Rejected(TAKEN)
    row.name, row.shared, row.actions, row.changed_at = title, sorted(shared), kept, db.now()
    session.add(row)
    session.flush()
    audit.record(session, actor, "macro.saved", f"macro:{row.id}")
    return row.id or 0


def remove(session: Session, macro_id: int, actor: str, *, all_of_them: bool = False) -> None:
    """Forget it; what it did stays."""
    session.delete(_own(session, macro_id, actor, all_of_them))
    audit.record(session, actor, "macro.removed", f"macro:{macro_id}")


def _own(session: Session, macro_id: int, actor: str, all_of_them: bool) -> Macro:
    row = session.get(Macro, macro_id)
    if row is None:
        raise Rejected(GONE)
    if not sharing.changes(row.owner, row.shared, actor, others=all_of_them):
        raise Rejected(NOT_YOURS)
    return row


def run(session: Session, macro: Macro, conversation_id: int, actor: str) -> list[Action]:
    """Do it to one conversation, all or nothing in the caller's transaction; returns what takes it back."""
    back = actions.all_of(session, conversation_id, deeds(macro), actor)
    audit.record(session, actor, "macro.run", f"conversation:{conversation_id}", {"macro": macro.id})
    return back
