"""Reading what the CRM is to know from the tables, in bulk: identities as profiles, messages as interactions.

Only those are found that may be there: linked automatically or by a person, with a living CRM record, who
wrote to us, and who do not object.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.event import MESSAGE_KINDS
from core.settings import settings
from enrichment.connection import PURPOSE
from enrichment.models import CrmCase, CrmRecord, MatchLink, SyncState
from enrichment.profile import MessageView, ProfileView, hub_id
from inbox import consent
from inbox.models import Conversation, Identity, Message

WINDOW = timedelta(days=90)
"""Sentiment of a person is the share of negative inbound messages in it."""
MOST_TOPICS = 10
NEWEST = 200
"""So many messages of a person tell the topics."""
PRIVATE = ("private", "followers")
KINDS = sorted(MESSAGE_KINDS)


def profile_key(platform: str, external_id: str) -> str:
    """The hub id of an identity's profile."""
    return hub_id("profile", f"{platform}:{external_id}")


def profiles(session: Session, identity_ids: Collection[int]) -> dict[int, ProfileView]:
    """Profiles by identity, for those that may stand in the CRM."""
    i = db.table(Identity)
    contacts = _may_stand(session, identity_ids)
    rows = {row.id or 0: row for row in session.scalars(sa.select(Identity).where(i.c.id.in_(sorted(contacts))))}
    links = _links(session, contacts)
    records = _records(session, set(contacts.values()))
    wanted = {one for one in rows if records.get(rows[one].contact_id or "")}
    counts, topics = _ratings(session, wanted), _topics(session, wanted)
    public = settings().public_url.rstrip("/")
    found = {}
    for one in sorted(wanted):
        row, link = rows[one], links.get(one)
        record = _best(records[row.contact_id or ""], link)
        rated = counts.get(one, Counter())
        found[one] = ProfileView(
            platform=row.platform,
            external_id=row.external_id,
            handle=row.handle,
            name=row.name,
            url=row.url,
            avatar_url=row.avatar_url,
            followers=row.followers,
            language=row.language,
            location=row.location,
            last_seen=row.last_seen,
            contact=record.record_id if record.object == "Contact" else "",
            lead=record.record_id if record.object == "Lead" else "",
            account=record.company_id if record.object == "Contact" else "",
            tier=_tier(link),
            confidence=link.score if link is not None else 1.0,
            evidence=_words(link),
            rated=rated.total(),
            negative=rated["negative"],
            topics=topics.get(one, ()),
            hub_url=f"{public}/people/{one}" if public else "",
        )
    return found


def may_stand(session: Session, identity_ids: Collection[int]) -> set[int]:
    """Those that may stand in the CRM, as `profiles` finds them, without their profiles."""
    contacts = _may_stand(session, identity_ids)
    r = db.table(CrmRecord)
    known = set(session.scalars(sa.select(r.c.contact_id).where(*_alive(set(contacts.values()))).distinct()))
    return {one for one, contact in contacts.items() if contact in known}


def stands_against(session: Session, identity_id: int) -> bool:
    """Somebody who objects to standing there, or a purpose that is switched off."""
    return any(not consent.may_many(session, [identity_id], one) for one in (PURPOSE, "profile"))


def _may_stand(session: Session, identity_ids: Collection[int]) -> dict[int, str]:
    """Identity → contact of those that are linked, wrote to us and do not object."""
    allowed = consent.may_many(session, identity_ids, PURPOSE)
    allowed &= consent.may_many(session, allowed, "profile")
    i = db.table(Identity)
    query = sa.select(i.c.id, i.c.contact_id).where(i.c.id.in_(sorted(allowed)), i.c.contact_id.is_not(None), ~i.c.ours)
    contacts: dict[int, str] = dict(session.execute(query).all())
    wrote = _wrote(session, contacts)
    return {one: contact for one, contact in contacts.items() if one in wrote}


def interactions(session: Session, message_ids: Collection[int]) -> dict[int, MessageView]:
    """Interactions by message, for customers as `customers` finds them; whether they may is asked there."""
    m, i = db.table(Message), db.table(Identity)
    whose = customers(session, message_ids)
    people = {
        row.id: profile_key(row.platform, row.external_id)
        for row in session.execute(
            sa.select(i.c.id, i.c.platform, i.c.external_id).where(i.c.id.in_(sorted(set(whose.values()))))
        )
    }
    rows = session.scalars(sa.select(Message).where(m.c.id.in_(sorted(whose))))
    in_case = cases(session, whose)
    return {
        row.id or 0: MessageView(
            key=row.key,
            profile=people[whose[row.id or 0]],
            direction="outbound" if row.direction == "outbound" else "inbound",
            kind=row.kind,
            text=row.text,
            posted_at=row.posted_at,
            url=row.url,
            private=row.visibility in PRIVATE,
            deleted=row.deleted_at is not None,
            sentiment=row.sentiment,
            topics=tuple(row.labels),
            case=in_case.get(row.id or 0, ""),
        )
        for row in rows
        if whose[row.id or 0] in people
    }


def cases(session: Session, message_ids: Collection[int]) -> dict[int, str]:
    """Message → key of its conversation's Salesforce Case, where that stands in the CRM."""
    k, s, first, m = db.table(CrmCase), db.table(SyncState), db.table(Message).alias(), db.table(Message)
    query = (
        sa.select(m.c.id, k.c.hub_id)
        .join(first, first.c.conversation_id == m.c.conversation_id)
        .join(k, k.c.message_id == first.c.id)
        .join(s, s.c.hub_id == k.c.hub_id)
        .where(m.c.id.in_(sorted(message_ids)), ~k.c.deleted, s.c.record_id != "")
        .order_by(k.c.at, k.c.hub_id)
    )
    return dict(session.execute(query).all())


def customers(session: Session, message_ids: Collection[int]) -> dict[int, int]:
    """Message → the linked identity whose interaction it is; messages without one are left out."""
    return {one.message_id: one.identity_id for one in concerned(session, message_ids) if one.interaction}


@dataclass(frozen=True, slots=True)
class Concern:
    """A message and the linked identity it concerns."""

    message_id: int
    identity_id: int
    interaction: bool
    """False for what is no message to us (likes, follows, context): only the profile's last sight moves."""


def concerned(session: Session, message_ids: Collection[int]) -> list[Concern]:
    """The linked identities that messages concern: one query, also when there are none.

    Inbound: the author. Outbound: the author of the message answered, in a private conversation the other
    side.
    """
    m, parent, c, i = db.table(Message), db.table(Message).alias(), db.table(Conversation), db.table(Identity)
    other = sa.case(
        (m.c.direction == "inbound", m.c.identity_id),
        (m.c.visibility == "private", sa.func.coalesce(c.c.identity_id, parent.c.identity_id)),
        else_=sa.case((parent.c.direction == "inbound", parent.c.identity_id), else_=None),
    )
    query = (
        sa.select(m.c.id, i.c.id, m.c.kind, m.c.direction, m.c.origin)
        .select_from(m)
        .join(c, c.c.id == m.c.conversation_id)
        .outerjoin(parent, sa.and_(parent.c.key == m.c.parent_key, m.c.direction == "outbound"))
        .join(i, i.c.id == other)
        .where(m.c.id.in_(sorted(message_ids)), ~m.c.erased, i.c.contact_id.is_not(None), ~i.c.ours)
    )
    return [
        Concern(message, identity, kind in MESSAGE_KINDS and (direction == "outbound" or origin != "context"))
        for message, identity, kind, direction, origin in session.execute(query)
    ]


def answers_to(session: Session, message_ids: Collection[int]) -> set[int]:
    """Our stored answers to these messages; in private conversations all that we wrote there."""
    m, asked = db.table(Message), db.table(Message).alias()
    ours = sa.select(m.c.id).where(m.c.direction == "outbound", asked.c.id.in_(sorted(message_ids)))
    public = ours.join(asked, asked.c.key == m.c.parent_key)
    private = ours.join(asked, asked.c.conversation_id == m.c.conversation_id).where(m.c.visibility == "private")
    return set(session.scalars(public)) | set(session.scalars(private))


def messages_of(session: Session, identity_ids: Collection[int]) -> dict[int, int]:
    """Every message that is an interaction of one of these linked identities → the identity."""
    m, parent, c = db.table(Message), db.table(Message).alias(), db.table(Conversation)
    ids = sorted(identity_ids)
    authored = sa.select(m.c.id).where(m.c.identity_id.in_(ids), m.c.direction == "inbound")
    answers = (
        sa.select(m.c.id)
        .join(parent, parent.c.key == m.c.parent_key)
        .where(parent.c.identity_id.in_(ids), m.c.direction == "outbound")
    )
    private = (
        sa.select(m.c.id)
        .join(c, c.c.id == m.c.conversation_id)
        .where(c.c.identity_id.in_(ids), m.c.visibility == "private", m.c.direction == "outbound")
    )
    found: set[int] = set()
    for query in (authored, answers, private):
        found |= set(session.scalars(query))
    chosen = set(ids)
    whose: dict[int, int] = {}
    ordered = sorted(found)
    for start in range(0, len(ordered), 5000):
        whose |= customers(session, ordered[start : start + 5000])
    return {message: identity for message, identity in whose.items() if identity in chosen}


def _wrote(session: Session, ids: Collection[int]) -> set[int]:
    m = db.table(Message)
    query = sa.select(m.c.identity_id).where(
        m.c.identity_id.in_(sorted(ids)),
        m.c.direction == "inbound",
        m.c.kind.in_(KINDS),
        m.c.origin != "context",
        ~m.c.erased,
    )
    return {one for one in session.scalars(query.distinct()) if one is not None}


def _links(session: Session, identity_ids: Collection[int]) -> dict[int, MatchLink]:
    t, i = db.table(MatchLink), db.table(Identity)
    query = (
        sa.select(MatchLink)
        .join(i, sa.and_(i.c.id == t.c.identity_id, t.c.contact_id == sa.func.coalesce(i.c.home_id, i.c.contact_id)))
        .where(t.c.identity_id.in_(sorted(identity_ids)), t.c.decision.in_(["auto", "accepted"]))
    )
    return {link.identity_id: link for link in session.scalars(query.order_by(t.c.decision.desc(), t.c.id))}


def _records(session: Session, contacts: Collection[str]) -> dict[str, list[CrmRecord]]:
    r = db.table(CrmRecord)
    query = sa.select(CrmRecord).where(*_alive(contacts))
    found: dict[str, list[CrmRecord]] = defaultdict(list)
    for record in session.scalars(query.order_by(r.c.object, r.c.id)):  # contacts before leads
        found[record.contact_id or ""].append(record)
    return found


def _alive(contacts: Collection[str]) -> tuple[Any, ...]:
    """Records of these contacts that profiles may point at."""
    r = db.table(CrmRecord)
    there = (~r.c.deleted, r.c.successor == "", ~r.c.objects, r.c.object != "csv")
    return (r.c.contact_id.in_(sorted(contacts)), *there)


def _best(records: list[CrmRecord], link: MatchLink | None) -> CrmRecord:
    """A contact before a lead; among equals the one the link names."""
    named = link.crm_record_id if link is not None else None
    return min(records, key=lambda one: (one.object != "Contact", one.id != named, one.id or 0))


def _tier(link: MatchLink | None) -> Literal["A", "A-", "review"]:
    if link is None or link.decision == "accepted":
        return "review"
    return "A" if link.tier == "A" else "A-"


def _words(link: MatchLink | None) -> tuple[str, ...]:
    if link is None:
        return ("linked by a person",)
    by_weight = sorted(link.evidence, key=lambda one: (not one["supports"], -one["weight"]))
    said = [f"{'+' if one['supports'] else '-'} {one['words']}" for one in by_weight]
    return (*dict.fromkeys(said), f"rules {link.rules}")


def _ratings(session: Session, ids: Collection[int]) -> dict[int, Counter[str]]:
    """Inbound messages of the window by sentiment; those without one are not counted."""
    m = db.table(Message)
    query = (
        sa.select(m.c.identity_id, m.c.sentiment, sa.func.count())
        .where(*_recent(ids), m.c.sentiment != "")
        .group_by(m.c.identity_id, m.c.sentiment)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for identity, sentiment, number in session.execute(query):
        found[identity][sentiment] = number
    return found


def _topics(session: Session, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The labels of a person's newest messages, the most frequent first."""
    m = db.table(Message)
    place = sa.func.row_number().over(partition_by=m.c.identity_id, order_by=m.c.posted_at.desc())
    inner = sa.select(m.c.identity_id, m.c.labels, place.label("n")).where(*_recent(ids)).subquery()
    query: Any = sa.select(inner.c.identity_id, inner.c.labels).where(inner.c.n <= NEWEST)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for identity, labels in session.execute(query):
        found[identity].update(labels)
    return {
        one: tuple(sorted(counter, key=lambda label: (-counter[label], label))[:MOST_TOPICS])
        for one, counter in found.items()
    }


def _recent(ids: Collection[int]) -> tuple[Any, ...]:
    m = db.table(Message)
    since = db.now() - WINDOW
    return (
        m.c.identity_id.in_(sorted(ids)),
        m.c.direction == "inbound",
        m.c.posted_at >= since,
        m.c.deleted_at.is_(None),
    )
