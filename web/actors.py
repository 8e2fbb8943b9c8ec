"""Who did something, as a page names it: people by their names, everything else in words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db, rows
from inbox import rules
from inbox.surveys import store
from inbox.worker_models import Role, User
from web import kept, roles
from web.i18n import N_
from web.reader import Reader

NOBODY = {
    "system": N_("Widerhall"),
    "cli": N_("The command line"),
    "crm": N_("Salesforce"),
    "rule:assignment": N_("Automatic assignment"),
    "rule:sla": N_("Promises"),
    "": N_("Somebody"),
}


def names(session: Session, actors: Iterable[str]) -> dict[str, str]:
    """The names of those actors that are users (`user:3`), rules (`rule:3`) or surveys; who is gone is missing."""
    actors = list(actors)
    numbers = {int(one[5:]): one for one in actors if one.startswith("user:") and one[5:].isdecimal()}
    ruled = {int(one[5:]): one for one in actors if one.startswith("rule:") and one[5:].isdecimal()}
    asked = {int(one[7:]): one for one in actors if one.startswith("survey:") and one[7:].isdecimal()}
    known = {ruled[number]: name for number, name in rules.names(session, sorted(ruled)).items()} if ruled else {}
    known |= {asked[number]: name for number, name in store.names(session, sorted(asked)).items()} if asked else {}
    if not numbers:
        return known
    sql = f'SELECT id, name FROM "user" WHERE {bulk.among("id")}'  # noqa: S608  # constants
    return known | {
        numbers[number]: name for number, name in bulk.fetch(session, sql, bulk.listed(numbers), prepared=True)
    }


def named(actor: str, known: dict[str, str], reader: Reader) -> str:
    """One actor in the reader's words."""
    if actor.startswith("rule:") and actor not in NOBODY:
        return reader.words("Rule “%(name)s”", name=known.get(actor, actor[5:]))
    if actor.startswith("survey:"):
        return reader.words("Survey “%(name)s”", name=known.get(actor, actor[7:]))
    if actor in known:
        return known[actor]
    return reader.words(NOBODY.get(actor, NOBODY[""]))


def everybody(session: Session) -> list[tuple[str, str]]:
    """Everybody who works here: (`user:3`, name), by name."""
    u = db.table(User)
    query = sa.select(u.c.id, u.c.name).where(u.c.disabled.is_(False)).order_by(u.c.name, u.c.id)
    return [(f"user:{row.id}", row.name) for row in session.execute(query)]


def answering(session: Session) -> list[tuple[str, str]]:
    """Everybody a conversation can be given to: (`user:3`, name), by name."""
    return [(f"user:{number}", name) for number, name in rows.run(session, _answering(db.dialect()))]


@lru_cache(maxsize=2)
def _answering(dialect: str) -> rows.Prepared:
    u = db.table(User)
    query = sa.select(u.c.id, u.c.name).outerjoin(db.table(Role), kept.of_user())
    may = (u.c.disabled.is_(False), roles.may("conversations.reply"))
    return rows.prepare(query.where(*may).order_by(u.c.name, u.c.id))
