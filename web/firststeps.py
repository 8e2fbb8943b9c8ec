"""The first steps on an empty hub: what is done, what was skipped, where one goes on."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from enrichment import connection, csv
from inbox.models import Account, Conversation, ReplyRow
from web.models import SkippedStep

NAMES = ("account", "contacts", "reply")
"""In the order in which they are taken."""


@dataclass(frozen=True)
class Step:
    """One step; `now` is the first that is neither done nor skipped."""

    name: str
    number: int
    done: bool
    skipped: bool
    now: bool


def steps(session: Session) -> dict[str, Step]:
    """Every step as the tables say: what somebody did elsewhere counts too."""
    skipped = set(session.scalars(sa.select(db.table(SkippedStep).c.name)))
    done = {"account": accounts(session) > 0, "contacts": _contacts(session), "reply": _answered(session)}
    at = next((name for name in NAMES if not done[name] and name not in skipped), "")
    return {
        name: Step(name, number, done[name], name in skipped and not done[name], name == at)
        for number, name in enumerate(NAMES, 1)
    }


def over(found: dict[str, Step]) -> bool:
    """Nothing is left to do."""
    return not any(one.now for one in found.values())


def needed(session: Session) -> bool:
    """A hub without an account, on which nobody said that this may wait: the start page is the first steps."""
    return accounts(session) == 0 and session.get(SkippedStep, "account") is None


def skip(session: Session, name: str, actor: str) -> None:
    """Leave a step out; it may be done later all the same."""
    row = {"name": name, "actor": actor, "at": db.now()}
    session.execute(db.upsert(SkippedStep).on_conflict_do_nothing(), [row])


def accounts(session: Session) -> int:
    """Accounts on platforms; an imported archive is none."""
    a = db.table(Account)
    query = sa.select(sa.func.count()).where(a.c.state != "removed", a.c.platform != "archive")
    return int(session.execute(query).scalar_one())


def open_conversations(session: Session) -> int:
    """Conversations somebody could answer."""
    c = db.table(Conversation)
    return int(session.execute(sa.select(sa.func.count()).where(c.c.inbox, c.c.state == "open")).scalar_one())


def _contacts(session: Session) -> bool:
    return connection.standing(session).connected or csv.holds(session)


def _answered(session: Session) -> bool:
    """An answer of ours left, from here or from the platform's own page."""
    r, c = db.table(ReplyRow), db.table(Conversation)
    sent = sa.select(r.c.id).where(r.c.state.in_(["queued", "sending", "sent"])).limit(1)
    elsewhere = sa.select(c.c.id).where(c.c.inbox, c.c.first_reply_at.is_not(None)).limit(1)
    return session.execute(sent).first() is not None or session.execute(elsewhere).first() is not None
