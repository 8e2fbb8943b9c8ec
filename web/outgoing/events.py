"""What is told: the types of events, and how changes here become them. Pure, but for the reading of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox.cuts import family
from inbox.fields import values
from inbox.models import Conversation, Identity, Message, ReplyRow
from inbox.parts import store as parts
from inbox.surveys.models import SurveyAnswer

TYPES: dict[str, str] = {
    "conversation.opened": "somebody waits for an answer: in a new conversation, or again in an old one",
    "conversation.updated": "it was assigned, tagged, closed, snoozed …, or got a note",
    "message.received": "an inbound message is new",
    "message.updated": "a message was edited on its platform",
    "message.deleted": "a message was deleted on its platform",
    "reply.queued": "an answer waits to be sent",
    "reply.sent": "an answer is on the platform",
    "reply.failed": "an answer was refused, stopped because somebody else answered, held because they wrote again, "
    "or nobody knows whether it arrived",
    "reply.cancelled": "an answer was taken back",
    "reply.submitted": "an answer waits for somebody's approval",
    "reply.rejected": "an answer was not approved",
    "survey.answered": "a question of a survey was answered, or the answer changed; `finished` tells the last one",
    "person.linked": "an account was linked to a contact, or taken away from it",
    "person.merged": "two contacts are one person: one event per account",
    "person.split": "accounts are a person of their own: one event per account",
    "person.erased": "a person was erased: forget them, too",
}
"""Type → when it is told."""
TEST = "webhook.test"
ASKED = "webhook.asked"
"""A rule asked for it; no endpoint chooses it, it goes to the one that is named there."""
REPLIES = {
    "queued": "reply.queued", "sent": "reply.sent", "failed": "reply.failed", "unknown": "reply.failed",
    "stopped": "reply.failed", "held": "reply.failed", "cancelled": "reply.cancelled",
    "submitted": "reply.submitted", "rejected": "reply.rejected",
}  # fmt: skip
_NAMES = {
    "message": ("id", "conversation_id", "identity_id", "account_id", "platform", "kind", "direction", "visibility",
                "posted_at", "version", "language", "sentiment"),
    "conversation": ("id", "account_id", "identity_id", "platform", "private", "state", "assignee", "team_id",
                     "priority", "type", "waiting_since", "last_at"),
    "reply": ("id", "conversation_id", "state", "visibility", "author", "message_id", "send_at", "sent_at"),
    "answer": ("id", "survey_id", "conversation_id", "identity_id", "kind", "score", "verdict", "finished", "language",
               "answered_at", "changed_at"),
}  # fmt: skip
"""What of a row is told: ids and plain states."""


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    type: str
    data: dict[str, Any]


def changes(payloads: Iterable[Mapping[str, Sequence[Any]]]) -> list[dict[str, Any]]:
    """Letters that gather, one change each."""
    return [dict(zip(one, values, strict=True)) for one in payloads for values in zip(*one.values(), strict=True)]


def of(session: Session, topic: str, found: Sequence[Mapping[str, Any]]) -> list[Event]:
    """What changes of one topic are to programs, as things stand now; what is gone meanwhile is not told."""
    if topic.startswith("message."):
        return _messages(session, topic, found)
    if topic == "conversation.changed":
        rows = _rows(session, Conversation, [one["conversation_id"] for one in found])
        own = values.of_many(session, rows)
        shown = parts.parents(session, rows).keys() | family.backs(session, rows).keys()
        rows = {number: row for number, row in rows.items() if number not in shown}
        return [Event("conversation.updated", {"conversation": _talk(row, own)}) for row in rows.values()]
    if topic == "reply.changed":
        rows = _rows(session, ReplyRow, [one["reply_id"] for one in found])
        told = [(REPLIES.get(one.get("state", "")), rows.get(one["reply_id"])) for one in found]
        return [
            Event(kind, {"reply": _plain("reply", row) | {"state": one["state"]}})
            for (kind, row), one in zip(told, found, strict=True)
            if kind is not None and row is not None
        ]
    if topic == "survey.answered":
        given = _rows(session, SurveyAnswer, [one["answer_id"] for one in found])
        return [Event(topic, {"answer": _plain("answer", row)}) for row in given.values()]
    if topic == "person.erased":
        return [Event(topic, {name: one[name] for name in ("identity_ids", "contact_ids")}) for one in found]
    here = _rows(session, Identity, [one["identity_id"] for one in found])
    return [
        Event(topic, {"identity_id": one["identity_id"], "contact_id": one["contact_id"]})
        for one in found
        if one["identity_id"] in here
    ]


def _messages(session: Session, topic: str, found: Sequence[Mapping[str, Any]]) -> list[Event]:
    rows = _rows(session, Message, [one["message_id"] for one in found])
    if topic == "message.deleted":
        return [Event(topic, {"message": _plain("message", row)}) for row in rows.values()]
    told: list[Event] = []
    talks = _rows(session, Conversation, [row.conversation_id for row in rows.values()])
    own = values.of_many(session, talks)
    for one in found:
        row = rows.get(one["message_id"])
        if row is None or row.deleted_at is not None or row.origin != "inbox":
            continue
        data = {"message": _plain("message", row)}
        if one["version"] > 1:
            told.append(Event("message.updated", data))
        elif row.direction == "inbound":
            talk = talks.get(row.conversation_id)
            if talk is not None and talk.state == "open" and talk.waiting_since == row.posted_at:
                told.append(Event("conversation.opened", {"conversation": _talk(talk, own)}))
            told.append(Event("message.received", data))
    return told


def _rows(session: Session, model: Any, ids: Iterable[int]) -> dict[int, Any]:
    t = db.table(model)
    query = sa.select(t).where(t.c.id.in_(sorted(set(ids)))).order_by(t.c.id)
    return {row.id: row for row in session.execute(query)}


def _talk(row: Any, own: Mapping[int, Mapping[int, str]]) -> dict[str, Any]:
    """A conversation with what stands in its custom fields, by their numbers."""
    return {**_plain("conversation", row), "fields": {str(one): said for one, said in own.get(row.id, {}).items()}}


def _plain(kind: str, row: Any) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in _NAMES[kind]}
    return {
        name: value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value
        for name, value in found.items()
    }


def asked(session: Session, conversation_id: int, actor: str) -> Event | None:
    """What is told because a rule (`rule:3`) asked; None when it is gone."""
    row = _rows(session, Conversation, [conversation_id]).get(conversation_id)
    return None if row is None else Event(ASKED, {"by": actor, "conversation": _plain("conversation", row)})


def text(session: Session, told: Mapping[str, Any], texts: str) -> str | None:
    """The text that goes with a message now; None when this endpoint is told none, or it is gone."""
    number = told.get("message", {}).get("id")
    row = session.get(Message, number) if texts in ("public", "all") and isinstance(number, int) else None
    if row is None or row.deleted_at is not None:
        return None
    talk = session.get(Conversation, row.conversation_id)
    private = row.visibility != "public" or talk is None or talk.private
    return None if private and texts != "all" else row.text
