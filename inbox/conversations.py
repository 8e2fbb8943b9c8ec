"""Conversations: where messages are placed, how they are united, and how their standing moves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import bulk, db
from core.event import MESSAGE_KINDS, Event
from inbox import activities, attachments, automatic, desk, returning, states, teams, threading, watching, workers
from inbox.cuts import family
from inbox.cuts import rule as cuts
from inbox.cuts.family import Families
from inbox.cuts.models import ThreadCut
from inbox.fields.models import FieldValue
from inbox.file_models import Attached
from inbox.forward_models import Forward
from inbox.identities import Key
from inbox.models import Activity, Conversation, ConversationTag, Draft, Message, Note, ReplyRow, Seen
from inbox.narrowing import PRIORITIES
from inbox.notice_models import Notification
from inbox.parts import store as parts
from inbox.returning import Late
from inbox.rule_models import RuleRun

_STANDING = tuple(states.Standing.__dataclass_fields__)
_MOMENTS = _STANDING.index("first_at")
"""The fields from here on are moments."""


def place(
    session: Session,
    account_id: int,
    events: Sequence[Event],
    authors: Mapping[Key, int],
    stored: Mapping[str, int],
    ids_of: Mapping[str, int],
) -> tuple[dict[str, int], dict[int, int]]:
    """The conversation of each new event, by key; makes, unites and moves conversations as needed.

    The second value says in which conversation one is shown that is merged into another.

    `stored` are the conversations of stored messages that the events refer to, by the messages' keys; `ids_of` the
    numbers that the events' messages will have.
    """
    known = _known(session, account_id, events, stored)
    families = family.of(session, {one for found in known.values() for one in found})
    threads = threading.group(events, families.rooted(known))
    fresh = [thread for thread in threads if not thread.conversations]
    ids = db.allocate(session, Conversation, len(fresh))
    bulk.insert(session, Conversation, _columns(account_id, fresh, ids, authors, _team(session, account_id, fresh)))
    placed = {event.key: row_id for row_id, thread in zip(ids, fresh, strict=True) for event in thread.events}
    moved: dict[int, list[Event]] = {}
    touched = {one for thread in threads for one in thread.conversations}
    shown = parts.parents(session, touched | families.roots.keys())
    come: dict[int, list[Event]] = defaultdict(list)
    for thread in threads:
        if thread.conversations and not families.cuts.keys().isdisjoint(thread.conversations):
            homes = _apart(session, thread, known, stored, families, shown)
            placed.update(homes)
            for event in thread.events:
                come[homes[event.key]].append(event)
        elif thread.conversations:
            row_id = thread.conversations[0]
            if not _hang_together(session, thread.conversations, shown):
                _unite(session, row_id, thread.conversations[1:])
            placed.update((event.key, row_id) for event in thread.events)
            come[row_id] += thread.events
    late = bool(come) and _return(session, account_id, come, authors, families, placed, shown, ids_of)
    for home, found in come.items():
        if found:
            moved.setdefault(shown.get(home, home), []).extend(found)
    if fresh or late:
        teams.announce(session)
    advance(session, moved, authors=authors)
    return placed, shown


def _hang_together(session: Session, ids: Sequence[int], shown: dict[int, int]) -> bool:
    """Threads that turn out to be one, of which some are merged into a case: the others go on in that case, too."""
    if len(ids) < 2 or not (shown.keys() & set(ids) or parts.cases(session, ids)):
        return False
    roots = list(dict.fromkeys(shown.get(one, one) for one in ids))
    for other in roots[1:]:
        parts.merge(session, roots[0], other, "system", forced=True)
    shown.update({one: roots[0] for one in {*ids, *shown} if shown.get(one, one) in roots[1:]})
    return True


def _apart(
    session: Session, thread: threading.Thread, known: Mapping[str, set[int]], stored: Mapping[str, int],
    families: Families, shown: dict[int, int],
) -> dict[str, int]:  # fmt: skip
    """Where the events of a thread belong that somebody split; what else hangs together with it goes on there."""
    root = next(one for one in thread.conversations if one in families.cuts)
    placed = cuts.placed(thread.events, stored, families.cuts[root], root)
    for loose in thread.conversations:
        if loose in families.cuts:  # two that were split stay what somebody made of them
            continue
        whole = {loose, *(one for one, of in families.roots.items() if of == loose)}
        answered = (placed[event.key] for event in thread.events if whole & known.get(event.key, set()))
        first = session.scalar(sa.select(db.table(Conversation).c.first_at).where(db.table(Conversation).c.id == loose))
        at = first or thread.events[0].posted_at
        home = next((one for one in answered if one not in whole), cuts.begun(families.cuts[root], at, root))
        if not _hang_together(session, [home, loose], shown):
            _unite(session, home, [loose])
            placed = {key: home if one in whole else one for key, one in placed.items()}
    return placed


def _return(
    session: Session, account_id: int, come: dict[int, list[Event]], authors: Mapping[Key, int], families: Families,
    placed: dict[str, int], shown: Mapping[int, int], ids_of: Mapping[str, int],
) -> bool:  # fmt: skip
    """Have what comes too late for a closed conversation go on in a younger one of its thread, or in a new one."""
    anew: dict[int, int] = {}
    for one in returning.apart(session, come, families, shown):
        root = families.roots.get(one.home, one.home)
        into = one.into or anew.get(root, 0)
        if not into:
            into = anew[root] = _begun_anew(session, account_id, one, root, authors, ids_of)
        else:
            come[into] += one.events
        placed.update((event.key, into) for event in one.events)
        come[one.home] = [event for event in come[one.home] if event not in one.events]
    return bool(anew)


def _begun_anew(
    session: Session, account_id: int, late: Late, root: int, authors: Mapping[Key, int], ids_of: Mapping[str, int]
) -> int:
    """A new conversation of a thread, with what comes too late for one that was closed; its number."""
    (number,) = db.allocate(session, Conversation, 1)
    values = _columns(account_id, [threading.Thread(tuple(late.events), ())], [number], authors, late.closed.team_id)
    bulk.insert(session, Conversation, {**values, "thread_key": [late.closed.thread_key]})
    first = late.events[0]
    session.add(
        ThreadCut(
            conversation_id=number, root_id=root, from_id=late.home, message_id=ids_of[first.key],
            begins_at=first.posted_at, actor="system", at=db.now(),
        )
    )  # fmt: skip
    session.flush()
    watching.along(session, late.home, number)
    activities.record(session, {number: "split-off"}, "system", {"other": late.home, "by": "message"})
    activities.record(session, {late.home: "split-from"}, "system", {"other": number, "by": "message"})
    return number


def _known(
    session: Session, account_id: int, events: Sequence[Event], stored: Mapping[str, int]
) -> dict[str, set[int]]:
    """Which stored conversations each referenced key leads to."""
    known: dict[str, set[int]] = defaultdict(set)
    for key, row_id in stored.items():
        known[key].add(row_id)
    answers = f"SELECT parent_key, coalesce(home_id, conversation_id) FROM message WHERE {bulk.among('parent_key')}"  # noqa: S608  # constants
    for key, row_id in bulk.fetch(session, answers, bulk.listed(event.key for event in events)):
        known[key].add(row_id)
    keys = {key for event in events for key in threading.references(event)}
    threads = f"SELECT thread_key, id FROM conversation WHERE account_id = ? AND {bulk.among('thread_key')}"  # noqa: S608  # constants
    for key, row_id in bulk.fetch(session, threads, account_id, bulk.listed(keys)):
        known[key].add(row_id)
    return known


def _team(session: Session, account_id: int, fresh: Sequence[threading.Thread]) -> int | None:
    """The team that new conversations of an account belong to."""
    rows = bulk.fetch(session, "SELECT team_id FROM account WHERE id = ?", account_id) if fresh else []
    return rows[0][0] if rows else None


def _columns(
    account_id: int,
    threads: Sequence[threading.Thread],
    ids: Sequence[int],
    authors: Mapping[Key, int],
    team_id: int | None,
) -> dict[str, Iterable[Any]]:
    stamp = bulk.stamp()
    standings = [_values(states.advance(states.Standing(), thread.events), stamp) for thread in threads]
    return {
        "id": ids,
        "account_id": repeat(account_id),
        "platform": [thread.events[0].platform for thread in threads],
        "thread_key": [thread.key for thread in threads],
        "identity_id": [_customer(thread.events, authors) for thread in threads],
        **dict.fromkeys(("sentiment", "language", "intent", "urgency"), repeat("")),
        "labels": repeat("[]"),
        "team_id": repeat(team_id),
        **dict(zip(_STANDING, zip(*standings, strict=True), strict=False)),
    }


def _values(standing: states.Standing, stamp: bulk.Stamp) -> bulk.Row:
    """A standing in the driver's form, in the order of its fields."""
    values = tuple(vars(standing).values())
    return (*values[:_MOMENTS], *map(stamp, values[_MOMENTS:]))


def _customer(events: Iterable[Event], authors: Mapping[Key, int]) -> int | None:
    inbound = [e for e in events if e.direction == "inbound" and e.author is not None and e.origin != "context"]
    if not inbound:
        return None
    first = min(inbound, key=lambda e: (e.kind not in MESSAGE_KINDS, e.posted_at)) if inbound[1:] else inbound[0]
    assert first.author is not None  # noqa: S101  # filtered just above
    return authors.get((first.author.platform, first.author.id))


def advance(
    session: Session,
    moved: Mapping[int, Sequence[Event]],
    *,
    authors: Mapping[Key, int] | None = None,
    counted: bool = False,
) -> None:
    """Move stored conversations on by what arrived in them; `counted` events are in the number already."""
    if not moved:
        return
    query = f"SELECT id, identity_id, {', '.join(_STANDING)} FROM conversation WHERE {bulk.among('id')}"  # noqa: S608  # constants
    updates, customers, stamp = [], [], bulk.stamp()
    back: dict[int, str] = {}
    changed = False
    for row_id, customer, *values in bulk.fetch(session, query, bulk.listed(moved)):
        before = states.Standing(*values[:_MOMENTS], *map(bulk.moment, values[_MOMENTS:]))
        number, away = before.messages, _away(before)
        state = before.state
        after = states.advance(before, moved[row_id])
        changed = changed or after.state != state
        if away and after.state != away:
            back[row_id] = _BACK[away]
        if counted:
            after.messages = number
        updates.append((*_values(after, stamp), row_id))
        if customer is None and (found := _customer(moved[row_id], authors or {})) is not None:
            customers.append((found, row_id))
    bulk.update(session, Conversation, _STANDING, updates)
    bulk.update(session, Conversation, ("identity_id",), customers)
    if back:
        _came_back(session, back)
    elif changed:
        teams.announce(session)


_BACK = {"snoozed": "woke", "closed": "reopened"}
"""What a new message does to a conversation that somebody put away."""


def _away(standing: states.Standing) -> str:
    """The state somebody put it away in; empty when nobody did."""
    put_away = standing.state == "snoozed" or (standing.state == "closed" and standing.closed_at is not None)
    return standing.state if put_away else ""


def _came_back(session: Session, what: Mapping[int, str]) -> None:
    c = db.table(Conversation)
    session.execute(sa.update(c).where(c.c.id.in_(what)).values(snoozed_until=None))
    activities.record(session, what, "system", {"by": "message"})
    left = workers.all_shut_out(session)
    for row in session.execute(sa.select(c.c.id, c.c.assignee).where(c.c.id.in_(what), c.c.assignee.in_(left))):
        desk.assign(session, row.id, "", "system")  # who took care of it does not work here any more


def _unite(session: Session, survivor: int, others: Sequence[int]) -> None:
    """A missing parent arrived: threads that hang together become one, the oldest number stays."""
    if not others:
        return
    c = db.table(Conversation)
    for table in (
        db.table(Message), db.table(ReplyRow), db.table(Note), db.table(Activity), db.table(RuleRun),
        db.table(Notification), db.table(Forward), db.table(Attached),
    ):  # fmt: skip
        session.execute(sa.update(table).where(table.c.conversation_id.in_(others)).values(conversation_id=survivor))
    cut = db.table(ThreadCut)
    for column in (cut.c.root_id, cut.c.from_id):  # the ends of splits that were taken back
        session.execute(sa.update(cut).where(column.in_(others)).values({column.name: survivor}))
    for table in (db.table(ConversationTag), db.table(FieldValue), db.table(Draft), db.table(Seen)):
        _follow(session, table, survivor, others)
    rows: Sequence[Any] = session.execute(sa.select(c).where(c.c.id.in_([survivor, *others]))).mappings().all()
    standing = _united([states.Standing(**{name: row[name] for name in _STANDING}) for row in rows])
    rows = sorted(rows, key=lambda row: row["id"])

    def first(name: str, otherwise: Any = None) -> Any:
        return next((row[name] for row in rows if row[name]), otherwise)

    session.execute(sa.delete(c).where(c.c.id.in_(others)))
    values = {
        "identity_id": first("identity_id"),
        "assignee": first("assignee", ""),
        "team_id": first("team_id"),
        "type": first("type", ""),
        "priority": min((row["priority"] for row in rows), key=PRIORITIES.index),
        "sla_due_at": min((row["sla_due_at"] for row in rows if row["sla_due_at"]), default=None),
        "snoozed_until": max((row["snoozed_until"] for row in rows if row["snoozed_until"]), default=None)
        if standing.state == "snoozed"
        else None,
    }
    session.execute(sa.update(c).where(c.c.id == survivor).values(**values, **vars(standing)))


def _follow(session: Session, table: sa.Table, survivor: int, others: Sequence[int]) -> None:
    """Rows of which a conversation has one of each kind; what the survivor has already stays."""
    rows = session.execute(sa.select(table).where(table.c.conversation_id.in_(others))).mappings().all()
    if rows:
        session.execute(sa.delete(table).where(table.c.conversation_id.in_(others)))
        moved = [{**row, "conversation_id": survivor} for row in rows]
        session.execute(db.upsert(table).on_conflict_do_nothing(), moved)


def _united(standings: Sequence[states.Standing]) -> states.Standing:
    order = ("open", "pending", "snoozed", "closed", "spam")

    def earliest(name: str) -> Any:
        return min((v for s in standings if (v := getattr(s, name)) is not None), default=None)

    def latest(name: str) -> Any:
        return max((v for s in standings if (v := getattr(s, name)) is not None), default=None)

    newest = max(standings, key=lambda s: (s.last_inbound_at is not None, s.last_inbound_at or s.last_at))
    return states.Standing(
        state=min((s.state for s in standings), key=order.index),
        inbox=any(s.inbox for s in standings),
        private=any(s.private for s in standings),
        messages=sum(s.messages for s in standings),
        first_at=earliest("first_at"),
        last_at=latest("last_at"),
        last_inbound_at=latest("last_inbound_at"),
        last_outbound_at=latest("last_outbound_at"),
        waiting_since=earliest("waiting_since"),
        first_reply_at=earliest("first_reply_at"),
        closed_at=latest("closed_at"),
        excerpt=newest.excerpt,
    )


def refresh_excerpt(session: Session, conversation_id: int) -> None:
    """After an edit or deletion: the list shows the newest inbound wording that still stands."""
    m, c = db.table(Message), db.table(Conversation)
    text = session.execute(
        sa.select(m.c.text)
        .where(m.c.conversation_id == conversation_id, m.c.deleted_at.is_(None), m.c.direction == "inbound")
        .order_by(m.c.posted_at.desc(), m.c.id.desc())
        .limit(1)
    ).scalar()
    excerpt = (text or "")[: states.EXCERPT]
    session.execute(sa.update(c).where(c.c.id == conversation_id).values(excerpt=excerpt))


def forget_reply_text(session: Session, message_id: int) -> None:
    """An answer of ours that was deleted on its platform keeps no wording here either."""
    r = db.table(ReplyRow)
    gone = session.scalars(sa.update(r).where(r.c.message_id == message_id).values(text="").returning(r.c.id)).all()
    attachments.forget(session, "reply_id", gone)
    attachments.forget(session, "message_id", [message_id])


def stay_unanswered(session: Session, conversation_id: int) -> None:
    """A rule or a survey has answered, which is nobody's answer: who waits still does, what people answered counts."""
    m, c = db.table(Message), db.table(Conversation)
    ours = (m.c.conversation_id == conversation_id, m.c.kind.in_(sorted(MESSAGE_KINDS)))
    live = (*ours, m.c.origin.in_(("inbox", "archive")))
    human = (*live, m.c.direction == "outbound", m.c.id.not_in(automatic.messages()))
    came = sa.select(sa.func.min(m.c.posted_at)).where(*live, m.c.direction == "inbound")
    last = session.scalar(sa.select(sa.func.max(m.c.posted_at)).where(*human))
    first_in = session.scalar(came)
    first = session.scalar(sa.select(sa.func.min(m.c.posted_at)).where(*human, m.c.posted_at >= first_in))
    open_since = session.scalar(came.where(m.c.origin == "inbox", *([m.c.posted_at > last] if last else [])))
    state = session.scalar(sa.select(c.c.state).where(c.c.id == conversation_id))
    waits = open_since if state in ("open", "pending", "snoozed") else None
    values = {"last_outbound_at": last, "first_reply_at": first, "waiting_since": waits}
    if state == "pending" and waits is not None:
        values["state"] = "open"
    session.execute(sa.update(c).where(c.c.id == conversation_id).values(**values))
