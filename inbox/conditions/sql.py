"""A tree of conditions as one SQL condition on conversations, for both engines.

What stands in messages is asked with a sub-query on an alias, so that the condition fits statements that read
messages themselves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from core import db
from core.event import MESSAGE_KINDS
from inbox import search, submitted
from inbox.conditions import own, standing
from inbox.conditions.tree import ME, NOBODY, Asker, Condition, Group, ranked
from inbox.membership import SegmentMember
from inbox.models import Conversation, ConversationTag, Identity, Message, Note, Seen
from inbox.notice_models import NoteMention, Watcher
from inbox.surveys.models import SurveyAnswer
from inbox.team_models import TeamMember

Holds = sa.ColumnElement[bool]


def holds(group: Group, asker: Asker) -> Holds:
    """The condition on `conversation`."""
    parts = [holds(one, asker) if isinstance(one, Group) else _one(one, asker) for one in group.of]
    if not parts:
        return sa.true()
    return sa.and_(*parts) if group.match == "all" else sa.or_(*parts)


def inbound(m: Any) -> list[Holds]:
    """The messages that count as received; `m` is the table or an alias."""
    return [m.c.direction == "inbound", m.c.origin != "context", m.c.kind.in_(sorted(MESSAGE_KINDS))]


def _one(one: Condition, asker: Asker) -> Holds:
    if one.field in _PLAIN:
        return _column(one)
    if one.field not in _BUILT:
        return own.sql(one, asker)
    return _BUILT[one.field](one, asker)


# --- columns of the conversation ------------------------------------------------------------------------

_PLAIN = frozenset(
    {"state", "platform", "account", "language", "sentiment", "intent", "urgency", "emotion", "priority"}
)


def _column(one: Condition) -> Holds:
    c = db.table(Conversation)
    if one.field == "account":
        return _among(c.c.account_id, one.op, [int(value) for value in one.values])
    return _among(c.c[one.field], one.op, ranked(one))


def _among(column: Any, op: str, values: Sequence[Any]) -> Holds:
    found: Holds = column == values[0] if len(values) == 1 else column.in_(list(values))
    return sa.not_(found) if op == "is_not" else found


def _assignee(one: Condition, asker: Asker) -> Holds:
    names = {NOBODY: "", ME: asker.me or "-"}
    return _among(db.table(Conversation).c.assignee, one.op, [names.get(value, value) for value in one.values])


def _type(one: Condition, asker: Asker) -> Holds:
    return _among(db.table(Conversation).c.type, one.op, ["" if value == NOBODY else value for value in one.values])


def _team(one: Condition, asker: Asker) -> Holds:
    team = sa.func.coalesce(db.table(Conversation).c.team_id, 0) if NOBODY in one.values or one.op == "is_not" else None
    numbers = [0 if value == NOBODY else int(value) for value in one.values]
    return _among(db.table(Conversation).c.team_id if team is None else team, one.op, numbers)


def _flag(one: Condition, found: Holds) -> Holds:
    return found if one.op == "yes" else sa.not_(found)


def _private(one: Condition, asker: Asker) -> Holds:
    return db.table(Conversation).c.private == (sa.true() if one.op == "yes" else sa.false())


def _waiting(one: Condition, asker: Asker) -> Holds:
    return _flag(one, db.table(Conversation).c.waiting_since.is_not(None))


def _waited(one: Condition, asker: Asker) -> Holds:
    since = db.table(Conversation).c.waiting_since
    return sa.and_(since.is_not(None), since <= asker.now - timedelta(hours=one.number))


def _answered(one: Condition, asker: Asker) -> Holds:
    return _flag(one, db.table(Conversation).c.first_reply_at.is_not(None))


def _unattended(one: Condition, asker: Asker) -> Holds:
    c = db.table(Conversation)
    return _flag(one, sa.or_(c.c.first_reply_at.is_(None), c.c.waiting_since.is_not(None)))


def _approval(one: Condition, asker: Asker) -> Holds:
    return _flag(one, db.table(Conversation).c.id.in_(submitted.conversations()))


def _messages(one: Condition, asker: Asker) -> Holds:
    number = db.table(Conversation).c.messages
    return number >= one.number if one.op == "at_least" else number <= one.number


def _answer(name: str) -> Any:
    """A column of the newest answer to a survey about the conversation."""
    c, a = db.table(Conversation), db.table(SurveyAnswer).alias()
    newest = sa.select(a.c[name]).where(a.c.conversation_id == c.c.id).order_by(a.c.id.desc()).limit(1)
    return newest.correlate(c).scalar_subquery()


def _survey(one: Condition, asker: Asker) -> Holds:
    return _among(sa.func.coalesce(sa.func.nullif(_answer("verdict"), ""), NOBODY), one.op, one.values)


def _survey_score(one: Condition, asker: Asker) -> Holds:
    score = _answer("score")
    return sa.func.coalesce(score >= one.number if one.op == "at_least" else score <= one.number, sa.false())


def _sla(one: Condition, asker: Asker) -> Holds:
    found = standing.among(db.table(Conversation).c.id, one.values, asker.now)
    return sa.not_(found) if one.op == "is_not" else found


def _segment(one: Condition, asker: Asker) -> Holds:
    c, s = db.table(Conversation), db.table(SegmentMember)
    people = sa.select(s.c.identity_id).where(s.c.segment_id.in_([int(value) for value in one.values]))
    found = sa.and_(c.c.identity_id.is_not(None), c.c.identity_id.in_(people.correlate(None)))
    return sa.not_(found) if one.op == "is_not" else found


def _date(name: str) -> Callable[[Condition, Asker], Holds]:
    def build(one: Condition, asker: Asker) -> Holds:
        found = sa.and_(*_in_time(db.table(Conversation).c[name], one, asker))
        return sa.not_(found) if one.op == "not_within" else found

    return build


def _in_time(column: Any, one: Condition, asker: Asker) -> list[Holds]:
    since, until = one.ends if one.op == "between" else (asker.now - timedelta(days=one.number), None)
    found: list[Holds] = [column >= since] if since is not None else []
    return found + ([column < until] if until is not None else [])


def _labels(one: Condition, asker: Asker) -> Holds:
    return _listed(db.table(Conversation).c.labels, one.values, one.op == "is_not")


def _listed(column: Any, values: Sequence[Any], negated: bool) -> Holds:
    """A list in a JSON column has one of the values."""
    if db.dialect() == "sqlite":
        each = sa.func.json_each(column).table_valued("value")
        found: Holds = sa.exists(sa.select(sa.literal(1)).select_from(each).where(each.c.value.in_(list(values))))
    else:
        whole = sa.cast(column, JSONB)
        found = sa.or_(*(whole.bool_op("@>")(sa.cast(sa.literal(json.dumps([one])), JSONB)) for one in values))
    return sa.not_(found) if negated else found


# --- rows beside it -------------------------------------------------------------------------------------


def _tags(one: Condition, asker: Asker) -> Holds:
    c, t = db.table(Conversation), db.table(ConversationTag)
    found = c.c.id.in_(sa.select(t.c.conversation_id).where(t.c.tag.in_(one.values)).correlate(None))
    return sa.not_(found) if one.op == "is_not" else found


def _mentions(one: Condition, asker: Asker) -> Holds:
    """A note mentions one of these; who looks is meant with their teams, too."""
    c, n, t, m = db.table(Conversation), db.table(Note).alias(), db.table(NoteMention), db.table(TeamMember)
    named: Holds = t.c.target.in_([value for value in one.values if value != ME])
    if ME in one.values:
        mine = sa.select(sa.literal("team:") + sa.cast(m.c.team_id, sa.String)).where(m.c.member == asker.me)
        named = sa.or_(named, t.c.target == (asker.me or "-"), t.c.target.in_(mine))
    noted = sa.select(n.c.conversation_id).join(t, t.c.note_id == n.c.id).where(named, n.c.conversation_id.is_not(None))
    found = c.c.id.in_(noted.correlate(None))
    return sa.not_(found) if one.op == "is_not" else found


def _watched(one: Condition, asker: Asker) -> Holds:
    c, w = db.table(Conversation), db.table(Watcher)
    people = [asker.me or "-" if value == ME else value for value in one.values]
    found = c.c.id.in_(sa.select(w.c.conversation_id).where(w.c.who.in_(people)).correlate(None))
    return sa.not_(found) if one.op == "is_not" else found


def _unread(one: Condition, asker: Asker) -> Holds:
    c, s = db.table(Conversation), db.table(Seen).alias()
    looked = sa.exists().where(s.c.conversation_id == c.c.id, s.c.author == asker.me, s.c.at >= c.c.last_inbound_at)
    return _flag(one, sa.and_(c.c.last_inbound_at.is_not(None), c.c.state.not_in(("closed", "spam")), ~looked))


def _person(*conditions: Callable[[Any], Holds]) -> Holds:
    c, i = db.table(Conversation), db.table(Identity).alias()
    return sa.exists().where(i.c.id == c.c.identity_id, *(one(i) for one in conditions))


def _followers(one: Condition, asker: Asker) -> Holds:
    if one.op == "at_least":
        return _person(lambda i: i.c.followers >= one.number)
    return _person(lambda i: i.c.followers <= one.number)


def _verified(one: Condition, asker: Asker) -> Holds:
    """The platform checked who somebody is: a link of theirs, or the domain that is their name."""
    return _flag(one, _person(lambda i: sa.or_(i.c.domain_handle, _link(i.c.links))))


def _link(column: Any) -> Holds:
    if db.dialect() == "sqlite":
        each = sa.func.json_each(column).table_valued("value")
        checked = sa.func.json_extract(each.c.value, "$.verified") == 1
        return sa.exists(sa.select(sa.literal(1)).select_from(each).where(checked))
    return sa.cast(column, JSONB).bool_op("@>")(sa.cast(sa.literal('[{"verified": true}]'), JSONB))


# --- messages -------------------------------------------------------------------------------------------


def _some(one: Condition, *conditions: Callable[[Any], Holds]) -> Holds:
    """There is a message for which all of these hold, or none."""
    c, m = db.table(Conversation), db.table(Message).alias()
    found = sa.exists().where(m.c.conversation_id == c.c.id, *(build(m) for build in conditions))
    return sa.not_(found) if one.op in ("is_not", "has_not", "not_within") else found


def _kinds(one: Condition, asker: Asker) -> Holds:
    return _some(one, lambda m: m.c.kind.in_(one.values), lambda m: m.c.direction == "inbound")


def _themes(one: Condition, asker: Asker) -> Holds:
    return _some(one, lambda m: m.c.theme.in_([int(value) for value in one.values]))


def _subjects(one: Condition, asker: Asker) -> Holds:
    numbers = [int(value) for value in one.values]
    there = (lambda m: sa.cast(m.c.hits, sa.String) != "[]", lambda m: _listed(m.c.hits, numbers, False))
    return _some(one, *there)


def _queries(one: Condition, asker: Asker) -> Holds:
    numbers = [int(value) for value in one.values]
    there = (lambda m: sa.cast(m.c.queries, sa.String) != "[]", lambda m: _listed(m.c.queries, numbers, False))
    return _some(one, *there)


def _received(one: Condition, asker: Asker) -> Holds:
    found = _some(one, lambda m: sa.and_(*inbound(m), *_in_time(m.c.posted_at, one, asker)))
    if one.op != "between":
        return found
    c, (since, until) = db.table(Conversation), one.ends
    near = [c.c.last_at >= since] if since is not None else []
    return sa.and_(*near, *([c.c.first_at < until] if until is not None else []), found)


def _words(one: Condition, asker: Asker) -> Holds:
    """One message of the conversation has all the words."""
    known = asker.said.get(one.values[0])
    if known is not None:
        return search.among(known) if one.op == "has" else sa.not_(search.among(known))
    found = _saying(one)
    if found is None:
        return sa.true() if one.op == "has_not" else sa.false()
    c = db.table(Conversation)
    there = c.c.id.in_(found.with_only_columns(db.table(Message).c.conversation_id))
    return sa.not_(there) if one.op == "has_not" else there


def _newest(one: Condition, asker: Asker) -> Holds:
    """The same for the newest that was received."""
    found = _saying(one)
    if found is None:
        return sa.true() if one.op == "has_not" else sa.false()
    c = db.table(Conversation)
    fresh = (lambda m: m.c.posted_at >= c.c.last_inbound_at, lambda m: m.c.id.in_(found))
    return _some(one, lambda m: sa.and_(*inbound(m)), *fresh)


def _saying(one: Condition) -> sa.Select[Any] | None:
    condition = search.matches(one.values[0])
    m = db.table(Message)
    return None if condition is None else sa.select(m.c.id).where(condition).correlate(None)


_BUILT: Mapping[str, Callable[[Condition, Asker], Holds]] = {
    "kind": _kinds,
    "private": _private,
    "words": _words,
    "newest": _newest,
    "label": _labels,
    "theme": _themes,
    "subject": _subjects,
    "query": _queries,
    "tag": _tags,
    "assignee": _assignee,
    "team": _team,
    "mentions": _mentions,
    "watched": _watched,
    "type": _type,
    "waiting": _waiting,
    "waited": _waited,
    "answered": _answered,
    "unattended": _unattended,
    "unread": _unread,
    "approval": _approval,
    "followers": _followers,
    "verified": _verified,
    "survey": _survey,
    "survey_score": _survey_score,
    "sla": _sla,
    "segment": _segment,
    "messages": _messages,
    "opened": _date("first_at"),
    "moved": _date("last_at"),
    "received": _received,
}
