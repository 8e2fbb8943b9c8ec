"""Plain values of conversations, read for a tree of conditions: only what it asks about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS
from inbox import search, submitted, watching
from inbox.conditions import own, tree
from inbox.conditions.predicate import Known
from inbox.conditions.standing import Open
from inbox.conditions.tree import ME, NOBODY, Group
from inbox.membership import SegmentMember
from inbox.models import Conversation, ConversationTag, Identity, Message, Note, ReplyRow, Seen
from inbox.notice_models import NoteMention
from inbox.sla_models import SlaClock
from inbox.surveys.models import SurveyAnswer
from inbox.team_models import TeamMember


def read(session: Session, ids: Sequence[int], group: Group, me: str = "") -> list[Known]:
    """Those of the conversations that exist, by number, as far as `group` asks about them."""
    c, i, s = db.table(Conversation), db.table(Identity), db.table(Seen)
    query = (
        sa.select(
            c.c.id, c.c.platform, c.c.account_id, c.c.private, c.c.state, c.c.language, c.c.sentiment, c.c.intent,
            c.c.urgency, c.c.emotion, c.c.assignee, c.c.team_id, c.c.priority,
            c.c.type, c.c.messages, c.c.first_at, c.c.last_at, c.c.last_inbound_at,
            c.c.waiting_since, c.c.first_reply_at, c.c.labels, i.c.followers, i.c.domain_handle, i.c.links,
            s.c.at.label("seen_at"),
        )
        .outerjoin(i, i.c.id == c.c.identity_id)
        .outerjoin(s, sa.and_(s.c.conversation_id == c.c.id, s.c.author == me))
        .where(c.c.id.in_(ids))
        .order_by(c.c.id)
    )  # fmt: skip
    rows = session.execute(query).mappings().all()
    came = {row["id"]: row["last_inbound_at"] for row in rows}
    tags = _tags(session, ids) if tree.asks(group, "tag") else {}
    said = _messages(session, came, group)
    if tree.asks(group, "mentions"):
        for number, targets in _mentions(session, ids, me).items():
            said.setdefault(number, {})["mentions"] = targets
    if tree.asks(group, "watched"):
        for number, people in watching.of_all(session, ids).items():
            said.setdefault(number, {})["watched"] = {*people, ME} if me in people else set(people)
    for number, stands in own.read(session, ids, {one.field for one in tree.leaves(group)}).items():
        said.setdefault(number, {})["own"] = stands
    if tree.asks(group, "approval"):
        for number in session.scalars(submitted.conversations(db.table(ReplyRow).c.conversation_id.in_(ids))):
            said.setdefault(number, {})["approval"] = True
    rated = _rated(session, ids) if tree.asks(group, "survey", "survey_score") else {}
    clocks = _clocks(session, ids) if tree.asks(group, "sla") else {}
    segments = _segments(session, ids) if tree.asks(group, "segment") else {}
    return [
        _known(
            row, tags.get(row["id"], ()), said.get(row["id"], {}) | rated.get(row["id"], {}),
            clocks.get(row["id"], ()), segments.get(row["id"], ()),
        )
        for row in rows
    ]  # fmt: skip


def _clocks(session: Session, ids: Sequence[int]) -> dict[int, list[Open]]:
    t = db.table(SlaClock)
    query = sa.select(t.c.conversation_id, t.c.state, t.c.due_at, t.c.warn_at)
    found: dict[int, list[Open]] = defaultdict(list)
    for number, *values in session.execute(query.where(t.c.conversation_id.in_(ids), t.c.stopped_at.is_(None))):
        found[number].append(Open(*values))
    return found


def _segments(session: Session, ids: Sequence[int]) -> dict[int, set[str]]:
    c, s = db.table(Conversation), db.table(SegmentMember)
    query = sa.select(c.c.id, s.c.segment_id).join(s, s.c.identity_id == c.c.identity_id).where(c.c.id.in_(ids))
    found: dict[int, set[str]] = defaultdict(set)
    for number, segment in session.execute(query):
        found[number].add(str(segment))
    return found


def _mentions(session: Session, ids: Sequence[int], me: str) -> dict[int, set[str]]:
    n, t, m = db.table(Note), db.table(NoteMention), db.table(TeamMember)
    teams = session.scalars(sa.select(m.c.team_id).where(m.c.member == me)).all() if me else ()
    mine = {me, *(f"team:{one}" for one in teams)}
    found: dict[int, set[str]] = defaultdict(set)
    query = sa.select(n.c.conversation_id, t.c.target).join(t, t.c.note_id == n.c.id)
    for number, target in session.execute(query.where(n.c.conversation_id.in_(ids))):
        found[number] |= {target, ME} if target in mine else {target}
    return found


def _known(
    row: Any, tags: Sequence[str], said: dict[str, Any], clocks: Sequence[Open], segments: Collection[str]
) -> Known:
    values = dict(row)
    account, team, links, domain = (values.pop(name) for name in ("account_id", "team_id", "links", "domain_handle"))
    verified = bool(domain) or any(one.get("verified") is True for one in links or ())
    here: dict[str, Any] = {"account": str(account), "team": str(team or ""), "tags": tags, "verified": verified}
    return Known(clocks=clocks, segments=segments, **here, **values, **said)


def _tags(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    t = db.table(ConversationTag)
    found: dict[int, list[str]] = defaultdict(list)
    for number, tag in session.execute(sa.select(t.c.conversation_id, t.c.tag).where(t.c.conversation_id.in_(ids))):
        found[number].append(tag)
    return found


def _rated(session: Session, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """{conversation: how the newest survey about it was answered}."""
    a = db.table(SurveyAnswer)
    query = sa.select(a.c.conversation_id, a.c.verdict, a.c.score).where(a.c.conversation_id.in_(ids)).order_by(a.c.id)
    return {number: {"survey": said or NOBODY, "survey_score": score} for number, said, score in session.execute(query)}


IN_MESSAGES = ("kind", "theme", "subject", "query", "received", "words", "newest")


def _messages(session: Session, came: dict[int, Any], group: Group) -> dict[int, dict[str, Any]]:
    """{conversation: the values that come from its messages}."""
    if not tree.asks(group, *IN_MESSAGES):
        return {}
    m = db.table(Message)
    texts = tree.asks(group, "words", "newest")
    columns = [
        m.c.conversation_id,
        m.c.kind,
        m.c.direction,
        m.c.origin,
        m.c.posted_at,
        m.c.theme,
        m.c.hits,
        m.c.queries,
    ]
    query = sa.select(*columns, *([m.c.text, m.c.subject] if texts else [])).where(m.c.conversation_id.in_(list(came)))
    found: dict[int, dict[str, Any]] = {
        one: {
            "kinds": set(),
            "themes": set(),
            "subjects": set(),
            "queries": set(),
            "received": [],
            "texts": [],
            "newest": [],
        }
        for one in came
    }
    for row in session.execute(query.order_by(m.c.id)):
        _add(found[row.conversation_id], row, came[row.conversation_id], texts)
    return found


def _add(into: dict[str, Any], row: Any, newest: Any, texts: bool) -> None:
    if row.direction == "inbound":
        into["kinds"].add(row.kind)
    into["themes"].add(str(row.theme))
    into["subjects"] |= {str(one) for one in row.hits}
    into["queries"] |= {str(one) for one in row.queries}
    received = row.direction == "inbound" and row.origin != "context" and row.kind in MESSAGE_KINDS
    if received:
        into["received"].append(row.posted_at)
    if texts:
        tokens = search.body(row.text, row.subject)
        into["texts"].append(tokens)
        if received and newest is not None and row.posted_at >= newest:
            into["newest"].append(tokens)
