"""What goes into a person's copy, table by table, and what is left out, with the reason. No table is forgotten: a test
holds both to `inbox.erasure.TABLES`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

Reach = Mapping[str, Any]
"""What is the person's own → its keys: a list, or a query where they may be many."""
NEVER = frozenset({"digest", "sent_hash", "refused_hash", "claim", "claimed_at", "job_id", "lease"})
"""Columns of no table: marks by which the hub tells rows apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table: those of which a column is one of the person's own."""

    table: str
    whose: Mapping[str, str]
    """Column → which of `reach`."""
    without: frozenset[str] = field(default_factory=frozenset)
    """Columns that are about somebody else."""
    only: frozenset[str] = field(default_factory=frozenset)
    """The columns that are handed out, where most are not."""
    name: str = ""
    """Where it is not the table's."""
    decided: bool | None = None
    """Of links: those that say that it is the same person, or all others."""


def _part(
    table: str, without: str = "", only: str = "", name: str = "", decided: bool | None = None, /, **whose: str
) -> Part:
    return Part(table, whose, frozenset(without.split()), frozenset(only.split()), name or table, decided)


OTHERS = "others"
"""What others wrote in the person's conversations, without who they are."""

PARTS: tuple[Part, ...] = (
    _part("contact", id="contacts"),
    _part("identity", id="identities"),
    _part("attribute", contact_id="contacts"),
    _part("contact_edge", left_id="contacts", right_id="contacts"),
    _part("person_decision", "evidence detail", contact_id="contacts", other_id="contacts"),
    _part("objection", subject="subjects"),
    _part("audit", "previous", target="subjects"),
    _part("note", conversation_id="conversations", identity_id="identities"),
    _part("conversation", id="conversations"),
    _part("conversation_tag", conversation_id="conversations"),
    _part("case_part", conversation_id="conversations", identity_id="identities"),
    _part("field_value", conversation_id="conversations"),
    _part("sla_clock", conversation_id="conversations"),
    _part("activity", conversation_id="conversations"),
    _part("rule_run", conversation_id="conversations"),
    _part("draft", conversation_id="conversations"),
    _part("message", identity_id="identities"),
    _part("message", "", "id conversation_id direction posted_at subject text", OTHERS, id="heard"),
    _part("message_version", message_id="written"),
    _part("album_item", message_id="written"),
    _part("attached", conversation_id="conversations", reply_id="replies", message_id="written"),
    _part("translation", message_id="written"),
    _part("annotation", message_id="written"),
    _part("correction", message_id="written"),
    _part("label_example", message_id="written"),
    _part("message_theme", message_id="written"),
    _part("message_towards", message_id="written"),
    _part("hit", message_id="written"),
    _part("reply", id="replies"),
    _part("approval", reply_id="replies"),
    _part("forward", conversation_id="conversations"),
    _part("survey_invitation", id="asked"),
    _part("survey_answer", identity_id="identities", invitation_id="asked"),
    _part("segment_member", identity_id="identities"),
    _part("identity_key", identity_id="identities"),
    _part("match_link", "", "", "", True, identity_id="identities"),
    _part(
        "match_link", "evidence crm_record_id contact_id", "", "match_link_of_others", False, identity_id="identities"
    ),
    _part("cannot_link", "crm_record_id", identity_id="identities"),
    _part("crm_record", contact_id="contacts"),
    _part("match_key", crm_record_id="records"),
    _part("crm_made", identity_id="identities"),
    _part("crm_case", message_id="written"),
    _part("crm_comment", reply_id="replies"),
    _part("sync_state", contact_id="contacts", identity_id="identities", message_id="written"),
    _part("crm_change", hub_id="synced"),
    _part("customer_key", contact_id="contacts"),
    _part("track_event", "key_id", contact_id="contacts"),
    _part("customer_order", contact_id="contacts"),
    _part("activation_member", person="subjects"),
)

_NOBODY = "Says nothing about any customer."
_COLLEAGUES = "Is about people who work here."
_COUNTS = "Holds numbers over many people, out of which nobody is found."
_PASSING = "Holds numbers of rows alone, and only for days."

LEFT_OUT: Mapping[str, str] = {
    "message_embedding": "Numbers that were computed out of the texts, which are here.",
    "message_account": "Over which of our accounts a message came, which stands with the message.",
    "stored_file": "The contents of files; they lie in the folder files.",
    "duplicate": "Compares a record with those of other people.",
    "tombstone": "Keeps who was erased from coming back; of who is here there is none.",
    "delivery": "What a platform has sent and nobody has read yet: whose it is is known once it is read.",
    "bad_item": "What could not be read, so that nobody knows whose it is.",
    "saved_reply": "Texts for everybody.",
    **dict.fromkeys(
        (
            "account", "feed", "thread_cut", "custom_field", "sla_policy", "push_key", "saved_view", "macro", "rule",
            "survey", "translator", "purpose", "subscriber", "annotator", "annotator_heads", "label", "label_pass",
            "brand", "subject", "query", "shared_report", "crm_account", "crm_field_policy", "crm_connection",
            "write_key", "segment", "activation", "role", "sign_in_policy", "oidc_provider", "webhook_endpoint",
            "skipped_step",
        ),
        _NOBODY,
    ),
    **dict.fromkeys(
        (
            "team", "team_member", "away", "note_mention", "notification", "notification_choice", "digest",
            "push_browser", "bulk_job", "bulk_item", "watcher", "seen", "user", "session", "second_factor",
            "recovery_code", "passkey", "sign_in_round", "password_link", "address_link", "oidc_link", "api_token",
            "oauth_pending",
        ),
        _COLLEAGUES,
    ),
    **dict.fromkeys(
        (
            "annotation_pass", "annotation_speed", "label_head", "theme", "theme_state", "sync_run", "crm_run",
            "crm_reconciliation", "contact_file", "refusal_count", "order_file", "activation_run",
        ),
        _COUNTS,
    ),
    **dict.fromkeys(("outbox", "crm_job", "api_answer", "webhook_delivery"), _PASSING),
}  # fmt: skip
"""Table → why it is not in the copy."""


def reach(identity_ids: list[int], contact_ids: list[str]) -> Reach:
    """What is the person's own."""
    t = SQLModel.metadata.tables
    i, k, c, m, r = t["identity"], t["contact"], t["conversation"], t["message"], t["reply"]
    subjects = [*(f"identity:{one}" for one in identity_ids), *(f"contact:{one}" for one in contact_ids)]
    found: dict[str, Any] = {
        "identities": sa.select(i.c.id).where(i.c.id.in_(identity_ids)),
        "contacts": sa.select(k.c.id).where(k.c.id.in_(contact_ids)),
        "subjects": subjects,
        "conversations": sa.select(c.c.id).where(c.c.identity_id.in_(identity_ids)),
        "written": sa.select(m.c.id).where(m.c.identity_id.in_(identity_ids)),
        "records": sa.select(t["crm_record"].c.id).where(t["crm_record"].c.contact_id.in_(contact_ids)),
    }
    keys = sa.select(m.c.key).where(m.c.identity_id.in_(identity_ids))
    answers = sa.or_(m.c.conversation_id.in_(found["conversations"]), m.c.parent_key.in_(keys))
    alien = sa.or_(m.c.identity_id.is_(None), m.c.identity_id.not_in(identity_ids))
    own = sa.or_(m.c.conversation_id.in_(found["conversations"]), m.c.direction == "outbound")
    found["heard"] = sa.select(m.c.id).where(answers, alien, own)
    found["replies"] = sa.select(r.c.id).where(
        r.c.conversation_id.in_(found["conversations"]) | r.c.answers_id.in_(found["written"])
    )
    asked = t["survey_invitation"]
    found["asked"] = sa.select(asked.c.id).where(
        asked.c.identity_id.in_(identity_ids) | asked.c.conversation_id.in_(found["conversations"])
    )
    s = t["sync_state"]
    found["synced"] = sa.select(s.c.hub_id).where(
        s.c.contact_id.in_(contact_ids) | s.c.identity_id.in_(identity_ids) | s.c.message_id.in_(found["written"])
    )
    return found


def rows(part: Part, reached: Reach) -> sa.Select[Any]:
    """The rows of a part, in the order of their keys."""
    table = SQLModel.metadata.tables[part.table]
    hidden = part.without | NEVER
    columns = [one for one in table.c if (one.name in part.only if part.only else one.name not in hidden)]
    own = sa.or_(*(table.c[column].in_(reached[what]) for column, what in part.whose.items()))
    if part.decided is not None:
        same = table.c.decision.in_(("auto", "accepted"))
        own = sa.and_(own, same if part.decided else ~same)
    return sa.select(*columns).where(own).order_by(*table.primary_key.columns)
