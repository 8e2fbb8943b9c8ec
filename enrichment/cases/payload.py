"""What a Salesforce Case of ours holds, built from the conversation as it is now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.settings import settings
from enrichment.crm import HUB_ID
from enrichment.models import CrmCase
from enrichment.profile import Fields, Policy, ProfileView, excerpt
from enrichment.views import PRIVATE
from inbox.models import Conversation, Message

ORIGIN = "Social"
SUBJECT_LENGTH = 120


@dataclass(frozen=True, slots=True)
class CaseView:
    """A conversation for which a case was opened."""

    hub_id: str
    platform: str
    text: str
    """Of the first message; empty when it was deleted."""
    private: bool
    closed: bool
    """Here."""
    status: str
    """There, as it last told; empty before it did."""
    closed_there: bool
    url: str = ""
    hub_url: str = ""


def views(session: Session, hub_ids: Collection[str]) -> dict[str, CaseView]:
    """Cases by their keys; those deleted in the CRM are left out, and stay deleted."""
    k, m, c = db.table(CrmCase), db.table(Message), db.table(Conversation)
    query = (
        sa.select(CrmCase, Message, c.c.id, c.c.state)
        .join(m, m.c.id == k.c.message_id)
        .join(c, c.c.id == m.c.conversation_id)
        .where(k.c.hub_id.in_(sorted(hub_ids)), ~k.c.deleted)
    )
    public = settings().public_url.rstrip("/")
    return {
        case.hub_id: CaseView(
            case.hub_id,
            message.platform,
            "" if message.deleted_at is not None or message.erased else message.text,
            message.visibility in PRIVATE,
            state in ("closed", "spam"),
            case.status,
            case.closed,
            message.url,
            f"{public}/inbox/{conversation}" if public else "",
        )
        for case, message, conversation, state in session.execute(query)
    }


def build_case(view: CaseView, person: ProfileView, policy: Policy, *, closed: str, reopened: str) -> Fields:
    """The fields of Case. The status is written only where here and there differ in open or closed.

    A lead has no place on a case: it is found by the profile. `closed` and `reopened` are the org's words.
    """
    words = "" if view.private and not policy.private_text else view.text
    kept = 0 if not view.private and not policy.public_excerpt else SUBJECT_LENGTH
    subject = excerpt(" ".join(words.split()), kept) if words and kept else f"{view.platform.title()} message"
    length = 32_000 if view.private else policy.public_excerpt
    parts = [excerpt(words, length) if words and length else "", "" if view.private else view.url]
    fields: Fields = {
        HUB_ID: view.hub_id,
        "Subject": subject,
        "Description": "\n\n".join(part for part in parts if part) or None,
        "Origin": ORIGIN,
        "ContactId": person.contact or None,
        "AccountId": person.account or None,
        "Hub_Url__c": view.hub_url[:255] or None,
    }
    status = view.status
    if view.closed != view.closed_there:
        status = closed if view.closed else reopened
    return fields | ({"Status": status} if status else {})
