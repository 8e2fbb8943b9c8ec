"""Subjects and their saved queries: made, changed, removed; and what platforms can be asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import BadPayload
from inbox import accounts
from inbox.models import Message
from listening.models import Query, Subject
from listening.names import names
from listening.query import parse
from listening.query.nodes import Tag, Text, wanted
from listening.query.prefilter import anchors
from listening.unfit import Unfit

KINDS = ("brand", "product", "competitor", "campaign", "industry")
LONGEST_NAME = 180
_FEED_LENGTH = 100


def create(session: Session, name: str, kind: str = "brand", actor: str = "cli") -> int:
    """Add a subject; BadPayload when the kind is unknown or the name is taken. Returns its id."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Unfit("A subject needs a name of at most 180 characters.")
    if kind not in KINDS:
        raise Unfit("A subject is one of %(kinds)s; not %(kind)s.", kinds=", ".join(KINDS), kind=kind)
    if session.scalars(sa.select(Subject).where(db.table(Subject).c.name == name)).first():
        raise Unfit("There is a subject called %(name)s already.", name=name)
    subject = Subject(name=name, kind=kind, created_at=db.now())
    session.add(subject)
    session.flush()
    _tell_names(session, subject)
    audit.record(session, actor, "subject.created", f"subject:{subject.id}")
    return int(subject.id or 0)


def all_subjects(session: Session) -> Sequence[Subject]:
    """Every subject by name."""
    t = db.table(Subject)
    return session.scalars(sa.select(Subject).where(~t.c.removed).order_by(t.c.name)).all()


def get(session: Session, words: str) -> Subject:
    """A subject by its number or name; BadPayload names those there are."""
    for subject in all_subjects(session):
        if words in {subject.name, str(subject.id)}:
            return subject
    there = ", ".join(subject.name for subject in all_subjects(session)) or "none yet"
    raise BadPayload(f"There is no subject {words!r}. Subjects: {there}.")


def update(
    session: Session, subject_id: int, name: str | None = None, kind: str | None = None, actor: str = "cli"
) -> None:
    """Rename a subject or change its kind; its hits stay."""
    subject = get(session, str(subject_id))
    if kind is not None and kind not in KINDS:
        raise Unfit("A subject is one of %(kinds)s; not %(kind)s.", kinds=", ".join(KINDS), kind=kind)
    name = None if name is None else name.strip()
    if name is not None and name != subject.name:
        if not name or len(name) > LONGEST_NAME:
            raise Unfit("A subject needs a name of at most 180 characters.")
        if session.scalars(sa.select(Subject).where(db.table(Subject).c.name == name)).first():
            raise Unfit("There is a subject called %(name)s already.", name=name)
        subject.name = name
    subject.kind = kind or subject.kind
    session.add(subject)
    _tell_names(session, subject)
    audit.record(session, actor, "subject.changed", f"subject:{subject_id}")


def remove(session: Session, subject_id: int, actor: str = "cli") -> None:
    """Remove a subject with its queries; their hits go in the background, then the rows."""
    subject = get(session, str(subject_id))
    found = queries(session, subject_id)
    audit.record(session, actor, "subject.removed", f"subject:{subject_id}")
    _tell(session, subject_id, [])
    if not found:
        session.delete(subject)
        return
    subject.name, subject.removed = f"{subject.name} (removed {subject.id})", True
    session.add(subject)
    for query in found:
        remove_query(session, int(query.id or 0), actor)


def queries(session: Session, subject_id: int) -> Sequence[Query]:
    """The saved queries of a subject by name."""
    t = db.table(Query)
    where = (t.c.subject_id == subject_id, ~t.c.removed)
    return session.scalars(sa.select(Query).where(*where).order_by(t.c.name)).all()


def add_query(session: Session, subject_id: int, name: str, text: str, actor: str = "cli") -> int:
    """Save a query; it looks at new messages at once and at stored ones in the background.

    QueryError when the text cannot be read. Returns its id.
    """
    checked(text)
    t = db.table(Query)
    taken = sa.select(t.c.id).where(t.c.subject_id == subject_id, t.c.name == name)
    if session.execute(taken).first():
        raise Unfit("There is a query called %(name)s already: change its text instead.", name=name)
    query = Query(subject_id=subject_id, name=name, text=text, matched_goal=_newest(session))
    session.add(query)
    session.flush()
    audit.record(session, actor, "query.created", f"query:{query.id}")
    _announce(session, query)
    return int(query.id or 0)


def update_query(
    session: Session,
    query_id: int,
    text: str | None = None,
    enabled: bool | None = None,
    actor: str = "cli",
) -> None:
    """Change the text or switch a query on or off; every stored message is decided anew."""
    query = query_of(session, query_id)
    if text is not None:
        checked(text)
        query.text = text
    if enabled is not None:
        query.enabled = enabled
    _renew(session, query)
    audit.record(session, actor, "query.changed", f"query:{query_id}")


def remove_query(session: Session, query_id: int, actor: str = "cli") -> None:
    """Remove a query; its hits go in the background, then the row."""
    query = query_of(session, query_id)
    query.name, query.enabled, query.removed = f"{query.name[:150]} (removed {query.id})", False, True
    _renew(session, query)
    audit.record(session, actor, "query.removed", f"query:{query_id}")


def query_of(session: Session, query_id: int) -> Query:
    """A saved query; BadPayload when it is not there."""
    query = session.get(Query, query_id)
    if query is None or query.removed:
        raise BadPayload(f"There is no query {query_id}.")
    return query


def checked(text: str) -> None:
    """QueryError when a query cannot be read, BadPayload when it would match nearly everything."""
    node = parse(text)
    if anchors(node) is None and not list(wanted(node)):
        raise Unfit(
            "This query only excludes, so nearly every message would match. Add a word, a #tag or a field "
            "such as lang:de that a message must have."
        )


def _renew(session: Session, query: Query) -> None:
    query.version += 1
    query.matched_to, query.matched_goal = 0, _newest(session)
    session.add(query)
    session.flush()
    _announce(session, query)


def _announce(session: Session, query: Query) -> None:
    outbox.emit(session, "query.changed", [(f"query:{query.id}", {"query_id": query.id})])
    subject = session.get(Subject, query.subject_id)
    if subject is not None and not subject.removed:
        _tell_names(session, subject)


def _tell_names(session: Session, subject: Subject) -> None:
    number = int(subject.id or 0)
    trees = [parse(query.text) for query in queries(session, number) if query.enabled]
    _tell(session, number, names(subject.name, subject.kind, trees))


def _tell(session: Session, subject_id: int, called: list[str]) -> None:
    """Say how texts call a subject from now on; nothing when it is gone."""
    payload = {"subject_id": subject_id, "names": called}
    outbox.emit(session, "subject.changed", [(f"subject:{subject_id}", payload)])


def _newest(session: Session) -> int:
    return int(session.execute(sa.select(sa.func.max(db.table(Message).c.id))).scalar() or 0)


# --- what platforms can be asked for ---------------------------------------------------------------


def platform_feeds(text: str) -> list[str]:
    """The feeds that would bring what a query wants: `tag:…` for its hashtags, `search:…` for its words.

    What is excluded and what has wildcards is left out: platforms search for literal words only. The
    query itself still decides about everything a feed brings.
    """
    feeds: dict[str, None] = {}
    for leaf in wanted(parse(text)):
        if isinstance(leaf, Tag) and not {*leaf.name} & {*"*?"}:
            feeds[f"tag:{leaf.name}"] = None
        elif isinstance(leaf, Text) and not {*leaf.text} & {*"*?"} and len(leaf.text) <= _FEED_LENGTH:
            feeds[f"search:{leaf.text}"] = None
    return list(feeds)


def follow(session: Session, account_id: int, feeds: Iterable[str], actor: str = "cli") -> int:
    """Pull these feeds through one of our accounts from now on; returns how many."""
    names = list(dict.fromkeys(feeds))
    for name in names:
        if not name.startswith(("tag:", "search:")):
            raise BadPayload(f"A listening feed is tag:… or search:…; not {name!r}.")
        accounts.follow(session, account_id, name)
    audit.record(session, actor, "feeds.followed", f"account:{account_id}", {"feeds": len(names)})
    return len(names)
