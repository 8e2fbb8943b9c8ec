"""The inbox's tables: columns only; the verbs live in the modules beside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))


def _ref(target: str, *, index: bool = False, null: bool = False, ondelete: str | None = None) -> Any:
    column = Column(BigId, ForeignKey(target, ondelete=ondelete), nullable=null, index=index)
    return Field(default=None, sa_column=column)


def _time(*, null: bool = True, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null, index=index))


def _team() -> Any:
    """No foreign key: SQLite adds none to a table that is there; inbox.teams.remove sees to it."""
    return Field(default=None, sa_column=Column(BigId, nullable=True))


def _of_conversation() -> Any:
    """Part of the key; goes with the conversation."""
    return Field(sa_column=Column(BigId, ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True))


def _only(condition: str) -> dict[str, Any]:
    """A partial index, on both engines."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def _json(default: Any = dict) -> Any:
    return Field(default_factory=default, sa_column=Column(sa.JSON, nullable=False))


class Account(SQLModel, table=True):
    """One of our own accounts on a platform. `secrets` is sealed JSON (core.crypto)."""

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("platform", "external_id", name="account_platform_id"),)
    id: int | None = _id()
    platform: str
    external_id: str
    """Our immutable id there."""
    handle: str = ""
    name: str = ""
    base_url: str = ""
    secrets: str = ""
    config: dict[str, Any] = _json()
    state: str = "active"
    """active, paused, auth_expired or removed."""
    error: str = ""
    """What is wrong, as a sentence for people; empty when all is well."""
    language: str = ""
    """Default language of what arrives, when nothing else tells."""
    created_at: datetime = _time(null=False)
    recheck_at: datetime | None = _time()
    team_id: int | None = _team()
    """The team that new conversations of it belong to."""
    recheck_after: int = 0
    """Message id up to which the present round of look-ups of older messages has come."""
    approval: str = Field(default="", sa_column_kwargs={"server_default": ""}, max_length=40)
    """Who approves every public reply: `user:3`, `team:2`, `any` for whoever may; empty: nobody has to."""


class Feed(SQLModel, table=True):
    """Something pulled for an account, with the cursor up to which everything is stored."""

    __tablename__ = "feed"
    __table_args__ = (UniqueConstraint("account_id", "name", name="feed_name"),)
    id: int | None = _id()
    account_id: int = _ref("account.id")
    name: str
    """notifications, conversations, own …; listening feeds are `tag:…` and `search:…`."""
    cursor: str | None = None
    enabled: bool = True
    due_at: datetime = _time(null=False, index=True)
    pulled_at: datetime | None = _time()
    error: str = ""


class Contact(SQLModel, table=True):
    """The person or organisation behind identities and CRM records; the id is a ULID and stable."""

    __tablename__ = "contact"
    id: str = Field(primary_key=True, max_length=26)
    name: str = ""
    created_at: datetime = _time(null=False)
    survivor_id: str | None = Field(default=None, index=True, max_length=26)
    """The contact this one is merged into, at the end of all merges (inbox.survivors); empty when it is none."""
    made_for_merge: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """It was made for an account nobody was linked to, so that it could be merged, and goes when it no longer is."""


class Identity(SQLModel, table=True):
    """An account of somebody on one platform."""

    __tablename__ = "identity"
    __table_args__ = (
        UniqueConstraint("platform", "external_id", name="identity_platform_id"),
        Index("identity_list", "last_seen", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    platform: str
    external_id: str
    handle: str = ""
    name: str = ""
    url: str = ""
    avatar_url: str = ""
    bio: str = ""
    links: list[dict[str, Any]] = _json(list)
    """url, label, verified."""
    location: str = ""
    language: str = ""
    followers: int | None = None
    following: int | None = None
    bot: bool = False
    domain_handle: bool = False
    ours: bool = False
    """One of our own accounts."""
    contact_id: str | None = Field(default=None, foreign_key="contact.id", index=True)
    """The person it belongs to, after all merges."""
    home_id: str | None = Field(default=None, index=True, max_length=26)
    """The contact it was linked to, while that one is merged into another; else empty."""
    first_seen: datetime = _time(null=False)
    last_seen: datetime = _time(null=False)
    digest: str = ""
    """Of the platform's newest description: tells at a glance whether it changed."""


class Conversation(SQLModel, table=True):
    """The unit of work: a thread or a private conversation on one account; people call it by its id, its number."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index("conversation_thread", "account_id", "thread_key"),
        Index("conversation_list", "inbox", "state", "last_at", "id", "waiting_since", "assignee", "private"),
        Index("conversation_newest", "inbox", "last_at"),
        Index("conversation_assigned", "assignee", "last_at", **_only("assignee <> ''")),
        Index("conversation_snoozed", "snoozed_until", **_only("state = 'snoozed'")),
        Index("conversation_team", "team_id", "inbox", "state", "last_at", **_only("team_id IS NOT NULL")),
        Index("conversation_priority", "priority", "inbox", "last_at", "id", **_only("priority <> 'normal'")),
        Index("conversation_due", "sla_due_at", "id", **_only("sla_due_at IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    account_id: int = _ref("account.id")
    platform: str
    thread_key: str
    """Key of the root message or of the platform's conversation."""
    private: bool = False
    inbox: bool = True
    """False: only listened to; nobody has to answer."""
    state: str = "open"
    """open, pending, snoozed, closed or spam."""
    snoozed_until: datetime | None = _time()
    closed_at: datetime | None = _time()
    identity_id: int | None = _ref("identity.id", index=True, null=True)
    """The customer: who wrote the first inbound message."""
    excerpt: str = ""
    """Start of the newest inbound message, for lists."""
    messages: int = 0
    first_at: datetime = _time(null=False)
    last_at: datetime = _time(null=False)
    last_inbound_at: datetime | None = _time()
    last_outbound_at: datetime | None = _time()
    waiting_since: datetime | None = _time()
    """The first inbound message nobody answered yet."""
    first_reply_at: datetime | None = _time()
    sentiment: str = ""
    language: str = ""
    intent: str = ""
    urgency: str = ""
    emotion: str = Field(default="", sa_column_kwargs={"server_default": ""})
    offensive: bool | None = None
    labels: list[str] = _json(list)
    assignee: str = Field(default="", sa_column=Column(sa.String, nullable=False, server_default=""))
    """Who takes care: `user:3`, or nobody."""
    team_id: int | None = _team()
    priority: str = Field(default="normal", sa_column_kwargs={"server_default": "normal"}, max_length=10)
    """urgent, high, normal or low."""
    type: str = Field(default="", sa_column_kwargs={"server_default": ""}, max_length=20)
    """question, problem, request, praise or other; empty when nobody said."""
    sla_due_at: datetime | None = _time()
    """When the next promise falls due; empty when none runs."""


class ConversationTag(SQLModel, table=True):
    """A word that people who work here put on a conversation."""

    __tablename__ = "conversation_tag"
    __table_args__ = (Index("conversation_tag_tag", "tag", "conversation_id"),)
    conversation_id: int = _of_conversation()
    tag: str = Field(primary_key=True, max_length=60)


class Note(SQLModel, table=True):
    """An internal note: on a conversation or on a person, seen by nobody outside."""

    __tablename__ = "note"
    id: int | None = _id()
    conversation_id: int | None = _ref("conversation.id", index=True, null=True, ondelete="CASCADE")
    identity_id: int | None = _ref("identity.id", index=True, null=True, ondelete="CASCADE")
    author: str
    """`user:3` or `cli`."""
    text: str
    at: datetime = _time(null=False)
    edited_at: datetime | None = _time()


class Activity(SQLModel, table=True):
    """What somebody, or the clock, did to a conversation; the thread shows it between the messages."""

    __tablename__ = "activity"
    __table_args__ = (Index("activity_thread", "conversation_id", "at", "id"),)
    id: int | None = _id()
    conversation_id: int = _ref("conversation.id", ondelete="CASCADE")
    at: datetime = _time(null=False)
    actor: str
    """`user:3`, `cli`, `rule:name` or `system`."""
    what: str
    """One of `inbox.activities.WHAT`."""
    detail: dict[str, Any] = _json()


class Draft(SQLModel, table=True):
    """What somebody has begun to write in a conversation: one per person and conversation."""

    __tablename__ = "draft"
    conversation_id: int = _of_conversation()
    author: str = Field(primary_key=True, max_length=40)
    kind: str
    """public, private or note."""
    text: str
    saved_at: datetime = _time(null=False)


class SavedReply(SQLModel, table=True):
    """A text that is sent often: `texts` by language (ISO 639), with places as `inbox.saved` fills them in."""

    __tablename__ = "saved_reply"
    id: int | None = _id()
    name: str = Field(max_length=80, unique=True)
    shortcut: str | None = Field(default=None, max_length=30, unique=True)
    texts: dict[str, str] = _json()
    shared: list[str] = Field(default_factory=lambda: ["all"], sa_column=Column(sa.JSON, nullable=False))
    """Who uses it besides who made it, as inbox.sharing reads it."""
    made_by: str = Field(max_length=40)
    changed_by: str = Field(max_length=40)
    changed_at: datetime = _time(null=False)


class Seen(SQLModel, table=True):
    """What somebody has seen of a conversation: all that was written until a moment, by the platform's clock."""

    __tablename__ = "seen"
    conversation_id: int = _of_conversation()
    author: str = Field(primary_key=True, max_length=40)
    at: datetime = _time(null=False)


class Message(SQLModel, table=True):
    """One event as it stands now; older wordings are in `message_version`."""

    __tablename__ = "message"
    __table_args__ = (
        Index("message_thread", "conversation_id", "posted_at", "id"),
        Index("message_found", "id", "conversation_id"),  # from what was found to its conversations: inbox.search
        Index("message_home", "home_id", **_only("home_id IS NOT NULL")),
        Index("message_ours", "conversation_id", "id", **_only("direction = 'outbound'")),  # who was faster
        Index("message_themed", "theme", "posted_at", **_only("theme <> 0")),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    key: str = Field(unique=True, max_length=500)
    account_id: int = _ref("account.id")
    platform: str
    kind: str
    direction: str
    origin: str
    conversation_id: int = _ref("conversation.id")
    home_id: int | None = Field(default=None, sa_column=Column(BigId, nullable=True))
    """The conversation it came in, while that one is merged into another; else empty."""
    identity_id: int | None = _ref("identity.id", index=True, null=True)
    """The author; None when the source does not tell."""
    parent_key: str | None = Field(default=None, index=True, max_length=500)
    text: str = ""
    subject: str = ""
    url: str = ""
    ref: str = ""
    visibility: str = "public"
    posted_at: datetime = _time(null=False, index=True)
    stored_at: datetime = _time(null=False)
    edited_at: datetime | None = _time()
    deleted_at: datetime | None = _time()
    version: int = 1
    """Grows with each edit or deletion; follow-up work names the version it was made for."""
    hashtags: list[str] = _json(list)
    attachments: list[dict[str, Any]] = _json(list)
    counts: dict[str, Any] = _json()
    raw: dict[str, Any] = _json()
    language: str = ""
    sentiment: str = ""
    intent: str = ""
    urgency: str = ""
    emotion: str = Field(default="", sa_column_kwargs={"server_default": ""})
    offensive: bool | None = None
    labels: list[str] = _json(list)
    hits: list[int] = _json(list)
    """Ids of the subjects whose queries it matches."""
    queries: list[int] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False, server_default="[]"))
    """Ids of those queries."""
    theme: int = Field(default=0, sa_column=Column(BigId, nullable=False, server_default="0"))
    """What it is about, as discovered: the number of a theme, 0 for none."""
    erased: bool = False


class MessageAccount(SQLModel, table=True):
    """A message that reached more than the account it is stored under."""

    __tablename__ = "message_account"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    account_id: int = Field(sa_column=Column(BigId, ForeignKey("account.id"), primary_key=True))


class MessageVersion(SQLModel, table=True):
    """A wording that was replaced by an edit."""

    __tablename__ = "message_version"
    message_id: int = Field(sa_column=Column(BigId, ForeignKey("message.id", ondelete="CASCADE"), primary_key=True))
    version: int = Field(primary_key=True)
    text: str = ""
    seen_at: datetime = _time(null=False)


class ReplyRow(SQLModel, table=True):
    """What an agent sends; its states stand in inbox.replies."""

    __tablename__ = "reply"
    __table_args__ = (Index("reply_waiting", "send_at", "id", **_only("state <> 'sent' AND state <> 'cancelled'")),)
    id: int | None = _id()
    key: str = Field(unique=True, max_length=100)
    """Ours, the same for every attempt."""
    conversation_id: int = _ref("conversation.id", index=True)
    answers_id: int | None = _ref("message.id", null=True)
    text: str
    visibility: str = "public"
    author: str = ""
    """Who wrote it: `user:3` or `cli`."""
    state: str = "queued"
    error: str = ""
    message_id: int | None = _ref("message.id", index=True, null=True)
    """The message it became."""
    attempts: int = 0
    send_at: datetime = _time(null=False)
    created_at: datetime = _time(null=False)
    sent_at: datetime | None = _time()
    tried_at: datetime | None = _time()
    """When the attempt began that may have got through; None: none may."""
    declared_by: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    """Who says that it arrived, as nobody knew and its platform has not said so."""
    declared_at: datetime | None = _time()
    hold: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """It does not leave when they have written since."""
    after_id: int = Field(default=0, sa_column=Column(BigId, nullable=False, server_default="0"))
    """The newest message of the customer when it was written, or decided about: more came after it."""
    closes: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    """It closes the conversation when it is queued."""
    closed_at: datetime | None = _time()
    """When it did."""
    snooze_until: datetime | None = _time()
    """It snoozes the conversation until then when it is queued."""
    stood: str = Field(default="", max_length=40, sa_column_kwargs={"server_default": ""})
    """How the conversation stood before it was closed or snoozed, as inbox.stood names it; empty while it was not."""


class Delivery(SQLModel, table=True):
    """A webhook's body, kept before anything is done with it; removed once it is handled."""

    __tablename__ = "delivery"
    id: int | None = _id()
    account_id: int = _ref("account.id")
    headers: dict[str, str] = _json()
    body: str = ""
    """Base64: what arrives need not be text."""
    received_at: datetime = _time(null=False)
    error: str = ""


class BadItem(SQLModel, table=True):
    """Something a platform sent that could not be read: kept, shown, and never in the way."""

    __tablename__ = "bad_item"
    __table_args__ = (UniqueConstraint("account_id", "source", "digest", name="bad_item_once"),)
    id: int | None = _id()
    account_id: int = _ref("account.id")
    source: str
    reason: str
    raw: str = ""
    digest: str
    seen_at: datetime = _time(null=False)


class Tombstone(SQLModel, table=True):
    """A salted hash of an erased identity, message or contact: what must not come back."""

    __tablename__ = "tombstone"
    digest: str = Field(primary_key=True, max_length=64)
    kind: str
    at: datetime = _time(null=False)


class Objection(SQLModel, table=True):
    """A person objects to a purpose; the gate in inbox.consent asks here."""

    __tablename__ = "objection"
    __table_args__ = (UniqueConstraint("subject", "purpose", name="objection_once"),)
    id: int | None = _id()
    subject: str = Field(index=True)
    """`identity:12` or `contact:01J…`."""
    purpose: str
    source: str = ""
    at: datetime = _time(null=False)


class Purpose(SQLModel, table=True):
    """What data may be used for on this installation, and on which lawful basis."""

    __tablename__ = "purpose"
    name: str = Field(primary_key=True)
    enabled: bool = False
    basis: str = ""
    """consent, contract or legitimate_interest."""
