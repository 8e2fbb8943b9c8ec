"""Opening a Salesforce Case for a conversation: once, whoever asks how often."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, log, rows
from core.errors import NotConfigured, Rejected
from core.event import MESSAGE_KINDS
from core.settings import settings
from enrichment import connection, sync, views
from enrichment.cases import rule
from enrichment.models import CrmCase, CrmComment, CrmConnection, SyncState
from enrichment.profile import hub_id
from inbox import activities, visibility
from inbox.models import Conversation, Message
from inbox.visibility import Sight

RULE = "rule:crm-case"
logger = log.get("crm")


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation's case, as people see it."""

    hub_id: str
    number: str
    status: str
    state: str
    """Of its sending, as in `SyncState.state`."""
    message: str
    """What the CRM said when it refused it."""
    url: str
    refused: tuple[str, ...] = ()
    """Why comments on it were not sent."""


NOT_LINKED = "A case needs a customer who is linked to a contact or lead. Link them first."
NOT_ALLOWED = "No case can be opened for this person: they object to it, or profiles in the CRM are switched off."


def may_open(session: Session, conversation_id: int) -> str:
    """Why no case can be opened for a conversation, as a sentence; empty when one can."""
    conversation = session.get(Conversation, conversation_id)
    if conversation is None:
        return f"There is no conversation {conversation_id}."
    standing = connection.standing(session)
    if not standing.usable:
        return "No CRM is connected and switched on."
    whose = conversation.identity_id
    if whose is None or not views.may_stand(session, [whose]):
        return NOT_LINKED
    return "" if _first(session, conversation_id) is not None else "There is no message from a customer in it."


def _in_full(session: Session, conversation_id: int, why: str) -> str:
    """The reason, told apart further than a page that only hides its button needs."""
    conversation = session.get(Conversation, conversation_id)
    whose = conversation.identity_id if conversation is not None else None
    against = why == NOT_LINKED and whose is not None and views.stands_against(session, whose)
    return NOT_ALLOWED if against else why


def open_case(session: Session, conversation_id: int, actor: str) -> CrmCase:
    """The conversation's case, made unless there is one. Rejected when there can be none."""
    known = cases_of(session, [conversation_id]).get(conversation_id)
    if known is not None:
        return known
    why = may_open(session, conversation_id)
    if why:
        raise Rejected(_in_full(session, conversation_id, why))
    first, conversation = _first(session, conversation_id), session.get(Conversation, conversation_id)
    assert first is not None  # noqa: S101  # asked above
    assert conversation is not None  # noqa: S101  # asked above
    key = hub_id("case", first.key)
    row = {"hub_id": key, "message_id": first.id, "number": "", "status": "", "closed": False, "deleted": False,
           "sent_at": None,
           "actor": actor, "at": db.now()}  # fmt: skip
    made = session.execute(db.upsert(CrmCase).on_conflict_do_nothing().returning(db.table(CrmCase).c.hub_id), row)
    if made.first() is not None:
        whose = {"identity_id": conversation.identity_id, "contact_id": None, "message_id": first.id}
        sync.announce(session, [{"kind": "case", "hub_id": key, **whose}])
        activities.record(session, {conversation_id: "case"}, actor, {"hub_id": key})
        audit.record(session, actor, "crm.case_opened", f"conversation:{conversation_id}", {"case": key})
    found = session.get(CrmCase, key)
    assert found is not None  # noqa: S101  # just made, or there before
    return found


def by_rule(session: Session, message_ids: Collection[int]) -> int:
    """Open cases for those of new messages that the rule asks for; returns how many conversations have one now."""
    words = settings().crm_case_when
    if not words.strip() or not connection.standing(session).usable:
        return 0
    try:
        rule.groups(words)
    except NotConfigured as error:
        logger.warning("the rule for cases cannot be read", reason=str(error))
        return 0
    m = db.table(Message)
    query = sa.select(Message).where(
        m.c.id.in_(sorted(message_ids)), m.c.direction == "inbound", m.c.origin == "inbox", m.c.deleted_at.is_(None)
    )
    found = {one.conversation_id for one in session.scalars(query) if rule.matches(words, _facts(one))}
    possible = [one for one in sorted(found) if not may_open(session, one)]
    for one in possible:
        open_case(session, one, RULE)
    return len(possible)


def _facts(message: Message) -> Mapping[str, str | Collection[str]]:
    return {"label": message.labels, "intent": message.intent, "urgency": message.urgency,
            "sentiment": message.sentiment}  # fmt: skip


def cases_of(session: Session, conversation_ids: Collection[int]) -> dict[int, CrmCase]:
    """The newest case of each conversation that has one."""
    sql = (
        f"SELECT {rows.columns(CrmCase, 'c')}, m.conversation_id FROM crm_case c "  # noqa: S608  # our own names
        f"JOIN message m ON m.id = c.message_id WHERE {bulk.among('m.conversation_id')} AND NOT c.deleted "
        "ORDER BY c.at, c.hub_id"
    )
    found = bulk.fetch(session, sql, bulk.listed(conversation_ids), prepared=True)
    cases = rows.records(CrmCase, [row[:-1] for row in found])
    return {row[-1]: case for row, case in zip(found, cases, strict=True)}


def conversation_of(session: Session, case: CrmCase) -> Conversation | None:
    """The conversation a case belongs to now."""
    message = session.get(Message, case.message_id)
    return session.get(Conversation, message.conversation_id) if message is not None else None


def shown(session: Session, conversation_id: int) -> Shown | None:
    """The conversation's case for a page; None when it has none."""
    case = cases_of(session, [conversation_id]).get(conversation_id)
    if case is None:
        return None
    s, k = db.table(SyncState), db.table(CrmComment)
    state = session.scalars(sa.select(SyncState).where(s.c.hub_id == case.hub_id)).first()
    row = session.get(CrmConnection, 1)
    refused = sa.select(k.c.reason).where(k.c.hub_id == case.hub_id, k.c.reason != "").order_by(k.c.at)
    return Shown(
        case.hub_id, case.number, case.status, state.state if state is not None else "new",
        state.message if state is not None else "",
        connection.record_url(row.url if row is not None else "", "Case", state.record_id if state is not None else ""),
        tuple(session.scalars(refused)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """An open case of the same person, opened for another conversation."""

    number: str
    status: str
    conversation_id: int
    url: str


def elsewhere(session: Session, identity_ids: Sequence[int], but: int, *, sight: Sight) -> list[Elsewhere]:
    """Cases of a person that are open in the CRM, newest first, in conversations but one that the reader sees."""
    sql = (
        "SELECT k.number, k.status, m.conversation_id, s.record_id FROM crm_case k "  # noqa: S608  # constants
        "JOIN message m ON m.id = k.message_id JOIN conversation c ON c.id = m.conversation_id "
        "LEFT JOIN sync_state s ON s.hub_id = k.hub_id "
        f"WHERE {bulk.among('c.identity_id')} AND c.id <> ? AND NOT k.closed AND NOT k.deleted "
        "ORDER BY k.at DESC, k.hub_id LIMIT 20"
    )
    found = bulk.fetch(session, sql, bulk.listed(identity_ids), but, prepared=True)
    seen = visibility.of(session, sight, [row[2] for row in found]) if found else set()
    row = session.get(CrmConnection, 1) if found else None
    url = row.url if row is not None else ""
    return [
        Elsewhere(number, status, talk, connection.record_url(url, "Case", record or ""))
        for number, status, talk, record in found
        if talk in seen
    ]


def _first(session: Session, conversation_id: int) -> Message | None:
    """The first message of a customer: the case's key rests on it."""
    m = db.table(Message)
    query = sa.select(Message).where(
        m.c.conversation_id == conversation_id, m.c.direction == "inbound", m.c.kind.in_(sorted(MESSAGE_KINDS)),
        ~m.c.erased,
    )  # fmt: skip
    return session.scalars(query.order_by(m.c.posted_at, m.c.id).limit(1)).first()
