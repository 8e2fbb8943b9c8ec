"""Erasing a person: everything that reaches them here, now; the spokes follow through `person.erased`.

What stays is an empty shell of each message, so that counts and threads hold, and a salted hash of the
person's ids, so that the platform cannot bring them back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db, outbox
from core.errors import Rejected
from inbox import albums, attachments, people, search, tombstones, translations
from inbox.approval_models import Approval
from inbox.fields.models import FieldValue
from inbox.forward_models import Forward
from inbox.knowledge import Attribute, ContactEdge, PersonDecision
from inbox.many.models import BulkItem
from inbox.models import (
    Activity,
    BadItem,
    Contact,
    Conversation,
    ConversationTag,
    Delivery,
    Draft,
    Identity,
    Message,
    MessageVersion,
    Note,
    Objection,
    ReplyRow,
)
from inbox.notice_models import Notification
from inbox.parts import store as parts
from inbox.sla_models import SlaClock
from inbox.surveys.models import SurveyInvitation

TABLES: dict[str, str] = {
    "account": "ours: no person but ourselves",
    "feed": "ours: cursors",
    "contact": "here",
    "identity": "here",
    "attribute": "here: what is known of each of the person's contacts",
    "contact_edge": "here: merges of the person's contacts",
    "person_decision": "here: ids only; the audit trail keeps the proof",
    "conversation": "here: the excerpt and the customer",
    "conversation_tag": "here: of the person's conversations",
    "case_part": "here: cases of the person are split first, and nothing is left of theirs",
    "thread_cut": "no person: numbers and moments",
    "custom_field": "no person: fields that were made here",
    "field_value": "here: of the person's conversations",
    "team": "no person outside: business hours",
    "team_member": "people who work here: go with the team or the user",
    "away": "people who work here",
    "sla_policy": "no person",
    "sla_clock": "here: moments of the person's conversations",
    "note": "here: on the person and on the person's conversations",
    "note_mention": "people who work here: goes with the note",
    "notification": "here: of the person's conversations; ids only",
    "notification_choice": "people who work here",
    "digest": "people who work here: ids only",
    "push_browser": "people who work here: follows the user",
    "push_key": "no person: a sealed key",
    "bulk_job": "no person outside: deeds of people who work here",
    "bulk_item": "here: of the person's conversations",
    "activity": "here: of the person's conversations; who closed and opened them, and when, stays for the figures",
    "draft": "here: of the person's conversations",
    "saved_reply": "texts for everybody: places are filled in where they are sent",
    "saved_view": "no person: conditions of people who work here",
    "macro": "no person: deeds of people who work here",
    "rule": "no person: conditions and deeds of people who work here",
    "rule_run": "ids, and the deeds of the rule",
    "survey": "no person: what everybody is asked",
    "survey_invitation": "here: of the person and of the person's conversations",
    "survey_answer": "here: goes with its invitation",
    "segment_member": "goes with the identity",
    "watcher": "people who work here: goes with the conversation",
    "seen": "when people who work here looked: goes with the conversation",
    "message": "here: emptied, its key replaced by a hash",
    "album_item": "here: the posts of the person's messages",
    "message_account": "follows the message: two row ids",
    "message_version": "here",
    "stored_file": "contents without a name: inbox.files.sweep throws away those that nothing names any more",
    "attached": "here: of the person's conversations, of answers to the person, and of the person's messages",
    "translator": "no person: an address and a sealed key",
    "translation": "here: of the person's messages",
    "reply": "here: text of answers to the person",
    "approval": "here: text of answers to the person, as it was submitted",
    "forward": "here: of the person's conversations; to which addresses they went stays in the audit trail",
    "delivery": "here: bodies that still wait are dropped when they name the person",
    "bad_item": "here: raw items that name the person",
    "tombstone": "the proof: a salted hash",
    "objection": "here",
    "purpose": "no person",
    "outbox": "rows hold ids; a live-event row goes once it is published",
    "subscriber": "no person",
    "audit": "ids only; must outlive the person as proof",
    "annotation": "sentiment.tasks.forget",
    "message_embedding": "sentiment.tasks.forget",
    "annotator": "no person",
    "correction": "sentiment.tasks.forget",
    "annotation_pass": "counts only",
    "annotation_speed": "counts only",
    "annotator_heads": "a version",
    "label": "no person",
    "label_example": "sentiment.examples.tasks.forget",
    "label_head": "numbers out of many examples; learnt anew without those of the person",
    "label_pass": "no person",
    "theme": "numbers and words of many people; named anew without those of the person",
    "message_theme": "sentiment.themes.tasks.forget",
    "theme_state": "numbers out of all messages",
    "brand": "no person",
    "message_towards": "sentiment.brands.tasks.forget",
    "subject": "no person",
    "query": "no person",
    "shared_report": "no person: a link's digest, a report's parameters",
    "hit": "listening.tasks.forget_person",
    "identity_key": "enrichment.tasks.forget",
    "match_link": "enrichment.tasks.forget",
    "cannot_link": "enrichment.tasks.forget",
    "duplicate": "goes with either record",
    "sync_state": "enrichment.tasks.forget, after the record in the CRM is gone",
    "sync_run": "counts only",
    "crm_job": "an id and a number of rows",
    "crm_run": "counts only",
    "crm_change": "enrichment.tasks.forget; of members of campaigns enrichment.segments.tasks.forget",
    "crm_account": "no person: companies; accounts that are a person are not read",
    "crm_record": "enrichment.tasks.forget: the mirror of an erased contact goes, and its id is buried",
    "crm_made": "enrichment.tasks.forget, after the record in the CRM is gone",
    "crm_case": "enrichment.tasks.forget, after the Salesforce Case is gone",
    "crm_comment": "enrichment.tasks.forget",
    "crm_reconciliation": "counts, and keys that belong to nobody here",
    "crm_field_policy": "no person",
    "match_key": "keys of CRM records: go with the record",
    "contact_file": "line numbers and counts only",
    "crm_connection": "no person",
    "write_key": "no person: a hash and counts",
    "refusal_count": "names of fields and counts only",
    "customer_key": "enrichment.behaviour.tasks.forget, which buries them",
    "track_event": "enrichment.behaviour.tasks.forget",
    "customer_order": "enrichment.behaviour.tasks.forget",
    "order_file": "line numbers and counts only",
    "segment": "conditions: no person",
    "activation": "no person: an address and a sealed secret",
    "activation_member": "enrichment.segments.tasks.forget: the receiver is told that they go, then the row goes",
    "activation_run": "counts only",
    "user": "people who work here: removed by an administrator",
    "role": "no person",
    "session": "follows the user",
    "second_factor": "follows the user",
    "recovery_code": "follows the user",
    "passkey": "follows the user",
    "sign_in_round": "follows the user, and expires",
    "password_link": "follows the user, and expires",
    "address_link": "follows the user, and expires",
    "sign_in_policy": "no person",
    "oidc_provider": "no person: an address and a sealed secret",
    "oidc_link": "follows the user",
    "api_token": "follows the user",
    "api_answer": "ids and states only; gone after a day",
    "webhook_endpoint": "no person: an address and sealed secrets",
    "webhook_delivery": "ids and states only; gone after a month",
    "skipped_step": "no person",
    "oauth_pending": "follows the user, and expires",
}
"""Every table and who erases a person in it; a test fails when a table is missing here."""


def erase(session: Session, person: str, actor: str) -> dict[str, int]:
    """Erase `identity:12` (or `12`) or `contact:01J…`; returns how many rows of each kind were emptied."""
    identity_ids, contact_ids = reach(session, person)
    parts.dissolve(session, identity_ids, actor)
    i, m = db.table(Identity), db.table(Message)
    accounts = session.execute(sa.select(i).where(i.c.id.in_(identity_ids))).all()
    own = sa.select(m.c.id, m.c.key).where(m.c.identity_id.in_(identity_ids))
    keys = {row.key: row.id for row in session.execute(own)}
    answers = sa.select(m.c.id, m.c.key).where(m.c.direction == "outbound", m.c.parent_key.in_(sorted(keys)))
    keys |= {row.key: row.id for row in session.execute(answers)}
    keys |= _private(session, identity_ids)
    message_ids = sorted(keys.values())
    tombstones.bury(session, "identity", [f"{row.platform}:{row.external_id}" for row in accounts])
    tombstones.bury(session, "event", keys)
    _empty_messages(session, keys)
    _empty_conversations(session, identity_ids, message_ids)
    words = {word for row in accounts for word in (row.external_id, row.handle) if len(word) > 2}
    _drop_raw(session, words)
    subjects = [f"identity:{one}" for one in identity_ids] + [f"contact:{one}" for one in contact_ids]
    session.execute(sa.delete(Objection).where(db.table(Objection).c.subject.in_(subjects)))
    asked = db.table(SurveyInvitation)  # with their answers
    session.execute(sa.delete(asked).where(asked.c.identity_id.in_(identity_ids)))
    session.execute(sa.delete(i).where(i.c.id.in_(identity_ids)))
    payload: dict[str, Any] = {
        "identity_ids": identity_ids, "contact_ids": contact_ids, "message_ids": message_ids,
    }  # fmt: skip
    outbox.emit(session, "person.erased", [(person, payload)])
    _delete_contacts(session, contact_ids)
    audit.record(session, actor, "person.erased", person, {"messages": len(message_ids)})
    return {"identities": len(identity_ids), "contacts": len(contact_ids), "messages": len(message_ids)}


def _delete_contacts(session: Session, contact_ids: list[str]) -> None:
    """With them what is known of them, their merges, and who decided about them."""
    a, e, d = db.table(Attribute), db.table(ContactEdge), db.table(PersonDecision)
    session.execute(sa.delete(a).where(a.c.contact_id.in_(contact_ids)))
    session.execute(sa.delete(e).where(e.c.left_id.in_(contact_ids) | e.c.right_id.in_(contact_ids)))
    session.execute(sa.delete(d).where(d.c.contact_id.in_(contact_ids) | d.c.other_id.in_(contact_ids)))
    session.execute(sa.delete(Contact).where(db.table(Contact).c.id.in_(contact_ids)))


def reach(session: Session, person: str) -> tuple[list[int], list[str]]:
    """The identities of a person and its contacts, all that were merged, which fall with its last identity."""
    kind, _, value = person.rpartition(":")
    if kind == "contact":
        if session.get(Contact, value) is None:
            raise Rejected(f"There is no contact {value}.")
        return _everything_of(session, value)
    identity = session.get(Identity, int(value)) if value.isdigit() else None
    if identity is None:
        raise Rejected(f"There is no person {person!r}. Name one as identity:12 or contact:01J….")
    if identity.contact_id is None:
        return [int(value)], []
    return _everything_of(session, identity.contact_id)


def _everything_of(session: Session, contact_id: str) -> tuple[list[int], list[str]]:
    i = db.table(Identity)
    contact_ids = people.members(session, contact_id)
    query = sa.select(i.c.id).where(i.c.contact_id == people.survivor(session, contact_id))
    return list(session.scalars(query.order_by(i.c.id))), contact_ids


def _private(session: Session, identity_ids: list[int]) -> dict[str, int]:
    """Both sides of private conversations with this person."""
    c, m = db.table(Conversation), db.table(Message)
    query = (
        sa.select(m.c.key, m.c.id)
        .join(c, c.c.id == m.c.conversation_id)
        .where(c.c.identity_id.in_(identity_ids), c.c.private)
    )
    return {row.key: row.id for row in session.execute(query)}


def _empty_messages(session: Session, keys: dict[str, int]) -> None:
    m, v = db.table(Message), db.table(MessageVersion)
    ids = sorted(keys.values())
    rows = session.execute(sa.select(m.c.id, m.c.text, m.c.subject).where(m.c.id.in_(ids), m.c.deleted_at.is_(None)))
    search.remove(session, [(row.id, search.body(row.text, row.subject)) for row in rows.all()])
    session.execute(sa.delete(v).where(v.c.message_id.in_(ids)))
    translations.forget(session, ids)
    attachments.forget(session, "message_id", ids)
    albums.erase(session, ids)
    moment = db.now()
    for key, row_id in keys.items():
        shell = f"erased:{tombstones.digest('event', key)}"
        session.execute(sa.update(m).where(m.c.parent_key == key).values(parent_key=shell))
        session.execute(
            sa.update(m)
            .where(m.c.id == row_id)
            .values(
                key=shell, identity_id=None, text="", subject="", url="", ref="", hashtags=[], attachments=[],
                raw={}, labels=[], hits=[], queries=[], theme=0, erased=True, deleted_at=moment,
                version=m.c.version + 1,
            )
        )  # fmt: skip


def _empty_conversations(session: Session, identity_ids: list[int], message_ids: list[int]) -> None:
    c, r, a = db.table(Conversation), db.table(ReplyRow), db.table(Approval)
    answers = sa.or_(r.c.answers_id.in_(message_ids), r.c.message_id.in_(message_ids))
    session.execute(sa.delete(a).where(a.c.reply_id.in_(sa.select(r.c.id).where(answers))))
    waits = r.c.state.in_(("queued", "submitted", "held", "rejected"))
    session.execute(sa.update(r).where(answers).values(text="", state=sa.case((waits, "cancelled"), else_=r.c.state)))
    attachments.forget(session, "reply_id", session.scalars(sa.select(r.c.id).where(answers)).all())
    touched = sa.select(c.c.id, c.c.thread_key, c.c.state).where(c.c.identity_id.in_(identity_ids))
    rows, moment = session.execute(touched).all(), db.now()
    attachments.forget(session, "conversation_id", [row.id for row in rows])
    for model in (
        ConversationTag,
        FieldValue,
        Note,
        Draft,
        SlaClock,
        Notification,
        SurveyInvitation,
        Forward,
        BulkItem,
    ):
        written = db.table(model)
        session.execute(sa.delete(written).where(written.c.conversation_id.in_([row.id for row in rows])))
    for row in rows:
        session.execute(
            sa.update(c)
            .where(c.c.id == row.id)
            .values(
                identity_id=None, excerpt="", state="closed", waiting_since=None, sla_due_at=None, snoozed_until=None,
                closed_at=sa.func.coalesce(c.c.closed_at, moment),
                thread_key=f"erased:{tombstones.digest('thread', row.thread_key)}",
            )
        )  # fmt: skip
    _empty_deeds(session, {row.id: row.state for row in rows}, moment)


def _empty_deeds(session: Session, states: Mapping[int, str], moment: datetime) -> None:
    """What was done to conversations goes but for when they were closed and opened: no figure is another afterwards."""
    a = db.table(Activity)
    here = a.c.conversation_id.in_(states)
    session.execute(sa.delete(a).where(here, a.c.what.not_in(("closed", "reopened", "spam"))))
    session.execute(sa.update(a).where(here).values(detail={}))
    closed = {"at": moment, "actor": "system", "what": "closed", "detail": {}}
    open_ones = [number for number, state in states.items() if state not in ("closed", "spam")]
    if open_ones:
        session.execute(sa.insert(a), [{"conversation_id": number, **closed} for number in open_ones])


def _drop_raw(session: Session, words: set[str]) -> None:
    """Raw items and waiting deliveries that name the person."""
    bad, delivery = db.table(BadItem), db.table(Delivery)
    for word in words:
        session.execute(sa.delete(bad).where(bad.c.raw.contains(word, autoescape=True)))
    if words:
        session.execute(sa.delete(delivery).where(delivery.c.error != ""))
