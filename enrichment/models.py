"""Enrichment's tables: a mirror of the CRM's people, keys to find them by, links, and what was sent where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _parent(target: str, *, index: bool = True) -> Any:
    column = Column(BigId, ForeignKey(target, ondelete="CASCADE"), nullable=False, index=index)
    return Field(default=None, sa_column=column)


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


def _json(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_column=Column(sa.JSON, nullable=False))


class CrmRecord(SQLModel, table=True):
    """A contact or lead as the CRM last told; texts unchanged."""

    __tablename__ = "crm_record"
    __table_args__ = (Index("crm_record_company", "company_id", "id"), {"sqlite_autoincrement": True})
    id: int | None = _id()
    record_id: str = Field(unique=True, max_length=18)
    object: str
    """Contact, Lead, or csv for a contact out of a file."""
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    emails: list[str] = _json(list)
    phones: list[str] = _json(list)
    handles: dict[str, str] = _json()
    """Platform → handle as somebody typed it."""
    websites: list[str] = _json(list)
    company: str = ""
    company_id: str = ""
    company_site: str = ""
    """Website of the contact's account."""
    company_phone: str = ""
    """Its switchboard, which is nobody's own."""
    city: str = Field(default="", max_length=200)
    country: str = Field(default="", max_length=80)
    modified: datetime | None = _time()
    """The CRM's own time of the last change."""
    deleted: bool = False
    successor: str = ""
    """Record id that took its place in a merge or conversion."""
    objects: bool = False
    """Its privacy record says no."""
    contact_id: str | None = Field(default=None, index=True, max_length=26)
    """Our contact it stands for, after all merges; no foreign key, since erasure needs it after the contact is gone."""
    home_id: str | None = Field(default=None, index=True, max_length=26)
    """The contact it was given, while that one is merged into another; else empty."""
    own: dict[str, Any] = _json()
    """What a file said of custom fields: by whom it was imported, and number → value as it is kept."""


class CrmAccount(SQLModel, table=True):
    """An account as the CRM last told: a company that contacts belong to. Of one that is gone only the ids stay."""

    __tablename__ = "crm_account"
    id: int | None = _id()
    record_id: str = Field(unique=True, max_length=18)
    name: str = ""
    website: str = ""
    phone: str = ""
    modified: datetime | None = _time()
    """The CRM's own time of the last change."""
    deleted: bool = False
    successor: str = Field(default="", max_length=18)
    """Record id of the account that took its place in a merge."""


class ContactFile(SQLModel, table=True):
    """One import of contacts out of a file: what became of its rows."""

    __tablename__ = "contact_file"
    id: int | None = _id()
    name: str
    """What the file was called."""
    digest: str = Field(max_length=64)
    """SHA-256 of its content: the same file again is recognised."""
    actor: str
    at: datetime = _time(null=False)
    rows: int = 0
    stored: int = 0
    """New or changed contacts."""
    unchanged: int = 0
    known: int = 0
    """Left alone, since the CRM has a record with the same e-mail address."""
    bad: list[list[Any]] = _json(list)
    """[line, reason] of rows that name nobody; line numbers only, no data of people."""


class MatchKey(SQLModel, table=True):
    """A normalised value by which a CRM record is found."""

    __tablename__ = "match_key"
    __table_args__ = (Index("match_key_value", "value", "kind", "crm_record_id"),)
    crm_record_id: int = Field(
        sa_column=Column(BigId, ForeignKey("crm_record.id", ondelete="CASCADE"), primary_key=True)
    )
    kind: str = Field(primary_key=True, max_length=10)
    """email, phone, handle, site or name; given, surname, work and town only say how often they occur."""
    value: str = Field(primary_key=True, max_length=300)


class IdentityKey(SQLModel, table=True):
    """The same for an identity, so that a CRM record that comes later finds it."""

    __tablename__ = "identity_key"
    __table_args__ = (Index("identity_key_value", "value", "kind", "identity_id"),)
    identity_id: int = Field(sa_column=Column(BigId, ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True))
    kind: str = Field(primary_key=True, max_length=10)
    value: str = Field(primary_key=True, max_length=300)


class MatchLink(SQLModel, table=True):
    """What was decided, or is proposed, about one identity and one CRM record, with its evidence."""

    __tablename__ = "match_link"
    __table_args__ = (UniqueConstraint("identity_id", "crm_record_id", name="match_link_pair"),)
    id: int | None = _id()
    identity_id: int = _parent("identity.id", index=False)
    crm_record_id: int = _parent("crm_record.id")
    contact_id: str | None = Field(default=None, index=True, max_length=26)
    """Set with a link, not with a proposal: the account's home, which no merge changes."""
    tier: str
    """A, A-, B or C."""
    score: float
    decision: str = Field(index=True)
    """auto, review, accepted, rejected or none (proposed earlier, no longer)."""
    evidence: list[dict[str, Any]] = _json(list)
    rules: str
    """Version of the rules that decided."""
    actor: str = "system"
    at: datetime = _time(null=False)


class CannotLink(SQLModel, table=True):
    """A person said: not the same. It holds until a person says otherwise."""

    __tablename__ = "cannot_link"
    identity_id: int = Field(sa_column=Column(BigId, ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True))
    crm_record_id: int = Field(
        sa_column=Column(BigId, ForeignKey("crm_record.id", ondelete="CASCADE"), primary_key=True)
    )
    actor: str
    at: datetime = _time(null=False)


class Duplicate(SQLModel, table=True):
    """Two records of the CRM that may be one person: a proposal, or what a person decided about it."""

    __tablename__ = "duplicate"
    __table_args__ = (UniqueConstraint("left_id", "right_id", name="duplicate_pair"),)
    id: int | None = _id()
    left_id: int = _parent("crm_record.id", index=False)
    """The row with the smaller number."""
    right_id: int = _parent("crm_record.id")
    score: float
    decision: str = Field(index=True)
    """review, accepted, rejected or none (proposed earlier, no longer)."""
    evidence: list[dict[str, Any]] = _json(list)
    rules: str
    actor: str = "system"
    at: datetime = _time(null=False)


class SyncState(SQLModel, table=True):
    """How far one record of ours stands in the CRM; it outlives identity and message until erased there."""

    __tablename__ = "sync_state"
    __table_args__ = (Index("sync_state_state", "state", "kind"),)
    id: int | None = _id()
    kind: str
    """profile, interaction or case."""
    hub_id: str = Field(unique=True, max_length=64)
    state: str = "new"
    """new, pending, synced, failed, quarantined, ignored or merged."""
    record_id: str = ""
    sent: dict[str, Any] = _json()
    """Fields the CRM last acknowledged."""
    sent_hash: str = ""
    refused_hash: str = ""
    """The payload the CRM refused for good; it is not sent again, another one is."""
    unsure: bool = False
    """A send began whose outcome is unknown: everything is sent again, not only changes."""
    claim: str = ""
    """Mark of the worker that is sending it; empty when nobody is."""
    claimed_at: datetime | None = _time()
    job_id: int | None = Field(default=None, sa_column=Column(BigId, index=True, nullable=True))
    """The bulk job that sends it; nobody else does meanwhile."""
    again: bool = False
    """It was announced while its bulk job was on the way: it is looked at once more afterwards."""
    sending: dict[str, Any] = _json()
    """What its bulk job was given."""
    code: str = ""
    """The CRM's own word for the last error."""
    message: str = ""
    tries: int = 0
    at: datetime = _time(null=False)
    contact_id: str | None = Field(default=None, max_length=26)
    identity_id: int | None = Field(default=None, sa_column=Column(BigId, index=True, nullable=True))
    """Whose profile it is, or whom the interaction belongs to."""
    message_id: int | None = Field(default=None, sa_column=Column(BigId, index=True, nullable=True))


class SyncRun(SQLModel, table=True):
    """Figures of the exchange with the CRM, one row per hour and direction."""

    __tablename__ = "sync_run"
    kind: str = Field(primary_key=True, max_length=10)
    """send or pull."""
    hour: datetime = Field(sa_column=Column(UtcDateTime, primary_key=True))
    batches: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    retried: int = 0
    quarantined: int = 0
    read: int = 0
    calls: int = 0
    """API calls that were made."""
    sent_bytes: int = 0


class CrmJob(SQLModel, table=True):
    """A bulk job of the CRM that holds sync states (`SyncState.job_id`) until it has ended."""

    __tablename__ = "crm_job"
    id: int | None = _id()
    kind: str
    state: str = "new"
    """new, uploaded, or done: its results are stored, and it can be deleted there."""
    remote_id: str = ""
    rows: int = 0
    at: datetime = _time(null=False)


class CrmRun(SQLModel, table=True):
    """One batch or bulk job that changed records in the CRM; kept for a month, so that it can be taken back."""

    __tablename__ = "crm_run"
    id: int | None = _id()
    how: str
    """batch or job."""
    at: datetime = Field(default=None, sa_column=Column(UtcDateTime, nullable=False, index=True))
    records: int = 0
    calls: int = 0
    taken_back_at: datetime | None = _time()


class CrmChange(SQLModel, table=True):
    """What a run changed about one record, with the values that stood there before."""

    __tablename__ = "crm_change"
    run_id: int = Field(sa_column=Column(BigId, ForeignKey("crm_run.id", ondelete="CASCADE"), primary_key=True))
    hub_id: str = Field(primary_key=True, max_length=64, index=True)
    kind: str
    action: str
    """created, updated or removed."""
    before: dict[str, Any] = _json()
    """Fields as the CRM had acknowledged them before the run: those that it changed, all of one it removed."""


class CrmCase(SQLModel, table=True):
    """A Salesforce Case that was opened for a conversation; how its sending stands says its sync state."""

    __tablename__ = "crm_case"
    hub_id: str = Field(primary_key=True, max_length=64)
    message_id: int = Field(sa_column=Column(BigId, nullable=False, index=True))
    """The conversation's first message: conversations may become one, messages stay."""
    number: str = ""
    """As people there call it; empty until the CRM told."""
    status: str = ""
    """In the CRM's words, as it last told."""
    closed: bool = False
    """There, as it last told."""
    deleted: bool = False
    """Somebody deleted it there."""
    sent_at: datetime | None = _time()
    """When the CRM last acknowledged a status of ours: what was read before says nothing about it."""
    actor: str
    """Who opened it: `user:3`, `cli` or `rule:…`."""
    at: datetime = _time(null=False)


class CrmComment(SQLModel, table=True):
    """A comment on such a case that was marked as an answer to the customer: taken once."""

    __tablename__ = "crm_comment"
    comment_id: str = Field(primary_key=True, max_length=18)
    hub_id: str = Field(max_length=64, index=True)
    """Of the case."""
    reply_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    """The answer it became; empty when it was refused."""
    reason: str = ""
    """Why it was refused."""
    at: datetime = _time(null=False)


class CrmFieldPolicy(SQLModel, table=True):
    """The rule of one field: who wins when both sides say something (enrichment.policies)."""

    __tablename__ = "crm_field_policy"
    kind: str = Field(primary_key=True, max_length=20)
    field: str = Field(primary_key=True, max_length=80)
    policy: str
    """hub, crm, empty or newest."""


class CrmReconciliation(SQLModel, table=True):
    """One comparison of all keys in the CRM with all of ours; kept for three months."""

    __tablename__ = "crm_reconciliation"
    id: int | None = _id()
    at: datetime = _time(null=False)
    ended_at: datetime = _time(null=False)
    actor: str
    counts: dict[str, dict[str, int]] = _json()
    """Kind → how many records stand there and here, and were missing, unknown, differing, removed."""
    unknown: list[list[str]] = _json(list)
    """[kind, key] of the first hundred that nobody here knows."""


class CrmConnection(SQLModel, table=True):
    """The one CRM this installation is connected to (row 1)."""

    __tablename__ = "crm_connection"
    id: int = Field(default=1, primary_key=True)
    url: str
    client_id: str
    secret: str
    """Sealed (core.crypto)."""
    state: str = "active"
    """active, auth_expired, off (letters wait for the purpose to be switched on) or spent (for calls of the day)."""
    error: str = ""
    """What is wrong, as a sentence for people."""
    watermark: datetime | None = _time()
    """Changes up to here are mirrored; None before the first full read."""
    accounts_watermark: datetime | None = _time()
    """The same for accounts."""
    orders_watermark: datetime | None = _time()
    """Orders changed up to here are mirrored; None before the first read of them."""
    case_watermark: datetime | None = _time()
    """The same for cases of ours and comments on them."""
    asked_at: datetime | None = _time()
    """When a read was last put on the list."""
    pulled_at: datetime | None = _time()
    calls_used: int = 0
    """API calls of the last 24 hours over all programs, as the CRM last said."""
    calls_limit: int = 0
    calls_at: datetime | None = _time()
    """When it said so."""
