"""The port to a CRM: who is known there, and what the hub writes about them.

Rows are flat mappings of the CRM's own field names; every row carries `Hub_Id__c`, our opaque key. What
each field means stands in the objects under `enrichment/salesforce/metadata/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol

Kind = Literal["profile", "interaction", "case", "member", "lead", "contact"]
PersonObject = Literal["Contact", "Lead", "csv"]
"""Where a person stands: an object of the CRM, or a file that somebody imported (enrichment.csv)."""
Verdict = Literal["done", "retry", "reauthenticate", "quarantine", "relink", "human"]
"""What to do next with one row.

`done` nothing; `retry` the same row later; `reauthenticate` after a new sign-in; `quarantine` a person must
change the data or the mapping; `relink` the record it points at was deleted, merged or converted: find its
successor; `human` several records compete: a person must choose.
"""

HUB_ID = "Hub_Id__c"
PROFILE_FIELDS = (
    "Name", "Contact__c", "Lead__c", "Account__c", "Network__c", "Handle__c", "Profile_Url__c",
    "Avatar_Url__c", "Followers__c", "Language__c", "Location__c", "Negative_Share__c", "Rated_Messages__c",
    "Topics__c", "Match_Tier__c", "Match_Confidence__c", "Match_Evidence__c", "Last_Seen__c", "Hub_Url__c",
)  # fmt: skip
"""All that may be written to a profile beside its key."""
INTERACTION_FIELDS = (
    "Profile__c", "Case__c", "Direction__c", "Kind__c", "Text__c", "Sentiment__c", "Topic__c", "Posted_At__c",
    "Permalink__c", "Private__c", "Deleted__c",
)  # fmt: skip
"""All that may be written to an interaction beside its key; its name is a running number of the CRM's."""

CASE_FIELDS = ("Subject", "Description", "Origin", "Status", "ContactId", "AccountId", "Hub_Url__c")
"""All that may be written to a Salesforce Case beside its key."""


MEMBER_FIELDS = ("CampaignId", "ContactId", "LeadId")
"""All that may be written to a member of a campaign beside its key, and only when it is made."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign of the CRM that people may be put into."""

    id: str
    name: str
    status: str = ""
    """As people there call it."""
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class CaseNews:
    """A case of ours as the CRM holds it now."""

    hub_id: str
    id: str
    number: str
    """As people there call it."""
    status: str
    closed: bool
    modified: datetime
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class CommentNews:
    """A public comment on a case of ours."""

    id: str
    hub_id: str
    """Of the case."""
    text: str
    author: str
    """Record id of the user who wrote it."""
    modified: datetime


@dataclass(frozen=True, slots=True)
class Current:
    """What stands in the CRM at this moment in one of our records."""

    values: Mapping[str, Any]
    modified: datetime
    """The last change of any of its fields."""
    by_us: bool
    """That was the hub's own user."""


@dataclass(frozen=True, slots=True)
class CrmPerson:
    """A contact or lead as the CRM holds it; texts are unchanged, empty values are left out."""

    object: PersonObject
    id: str
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    """The whole name as the CRM shows it."""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: Mapping[str, str] = field(default_factory=dict)
    """Platform's name → handle as somebody typed it."""
    websites: tuple[str, ...] = ()
    company: str = ""
    """As it stands on the record itself; what the account of a contact is called, `accounts` tells."""
    company_id: str = ""
    """Id of the contact's account, where there is one."""
    city: str = ""
    country: str = ""
    """As typed there, a name or a code."""
    modified: datetime | None = None
    """The CRM's own time of the last change (UTC)."""
    deleted: bool = False
    merged_into: str = ""
    """Id of the record that survived the merge in which this one was deleted."""
    converted_to: str = ""
    """Id of the contact this lead became."""
    objects_to_processing: bool = False
    """The person's privacy record says no to processing, profiling or sharing, or asks to be forgotten."""
    own: Mapping[str, str] = field(default_factory=dict)
    """Number of a custom field → its value; out of a file alone."""


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """An account as the CRM holds it: a company that people work for. Accounts that are a person are none."""

    id: str
    name: str = ""
    website: str = ""
    phone: str = ""
    """Its switchboard."""
    modified: datetime | None = None
    """The CRM's own time of the last change (UTC)."""
    deleted: bool = False
    merged_into: str = ""
    """Id of the account that survived the merge in which this one was deleted."""


OrderObject = Literal["Order", "Opportunity"]


@dataclass(frozen=True, slots=True)
class CrmOrder:
    """An order or opportunity as the CRM holds it; empty values are unknown."""

    object: OrderObject
    id: str
    number: str
    contact: str
    """Id of the contact it names; orders of accounts alone are nobody's."""
    modified: datetime
    """The CRM's own time of the last change (UTC)."""
    opportunity: str = ""
    """Id of the opportunity that became this order."""
    placed_at: datetime | None = None
    amount: float | None = None
    currency: str = ""
    """Empty in an org with one currency, which does not name it on records."""
    status: str = "open"
    """open, completed or cancelled."""
    address: Mapping[str, str] = field(default_factory=dict)
    """street, city, postal_code, state, country."""
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row, in the order the rows were given."""

    hub_id: str
    ok: bool
    record_id: str = ""
    created: bool = False
    verdict: Verdict = "done"
    code: str = ""
    """The CRM's own word for the error, for example `STRING_TOO_LONG`."""
    message: str = ""
    fields: tuple[str, ...] = ()
    """Fields the error is about."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the CRM lacks, and how an administrator mends it."""

    what: str
    fix: str


Stage = Literal["open", "working", "done", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Needed:
    """A field of a new record, as the CRM describes it."""

    name: str
    label: str
    kind: str
    """text, email, phone, link, number, date, flag or choice."""
    options: tuple[str, ...] = ()
    """What may be chosen, of a choice."""
    required: bool = False
    """Nothing is made without it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a bulk job is: `open` has not begun, `failed` was given up as a whole, `gone` is not known there."""

    stage: Stage
    processed: int = 0
    failed: int = 0
    """Of the processed rows."""
    message: str = ""
    """Why it was given up."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was spent by one instance, and what the CRM says of the day; None before it was asked anything."""

    calls: int = 0
    sent_bytes: int = 0
    used: int | None = None
    """API calls of the last 24 hours, over all programs."""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class CrmStatus:
    """The answer of the preflight check; `problems` empty means the sync can run."""

    version: str
    instance: str
    used: int
    """API calls of the last 24 hours, over all programs."""
    limit: int
    problems: tuple[Problem, ...] = ()
    optional: tuple[Problem, ...] = ()
    """What the hub does without as long as it is missing; the sync runs."""
    handle_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Object → its fields that hold handles, as far as they are readable."""

    @property
    def ok(self) -> bool:
        return not self.problems


class CRM(Protocol):
    """What the sync needs from a CRM.

    Every method raises `core.errors`: `TryLater` (busy, over the limit, away), `AuthExpired` (sign-in
    refused), `Rejected` (the whole request refused), `BadPayload` (an answer that cannot be read) and
    `NotConfigured`. One bad row is never an exception: it is a `RowResult`.
    """

    def check(self) -> CrmStatus:
        """Version, usage, and what is missing with the way to mend it."""
        ...

    def people(self, since: datetime | None) -> Iterator[CrmPerson]:
        """Contacts and leads changed since then (all with None), deleted, merged and converted ones too.

        The stretch read overlaps with the one before, so the same person may come again unchanged.
        """
        ...

    def accounts(self, since: datetime | None) -> Iterator[CrmAccount]:
        """Accounts changed since then (all with None), deleted and merged ones too; none where the signed-in
        user may not see them. The stretch read overlaps with the one before."""
        ...

    def orders(self, since: datetime | None) -> Iterator[CrmOrder]:
        """Orders and opportunities changed since then (all with None), deleted ones too; none where the
        signed-in user may not see them."""
        ...

    def cases(self, since: datetime | None) -> Iterator[CaseNews]:
        """Cases with our key changed since then (all with None), deleted ones too; the stretch overlaps."""
        ...

    def comments(self, since: datetime | None) -> Iterator[CommentNews]:
        """Public comments on those cases, new or changed since then, oldest first; the stretch overlaps."""
        ...

    def needed(self, kind: Literal["lead", "contact"]) -> list[Needed] | None:
        """The fields that may be written to a new lead or contact; None where none can be made with our key."""
        ...

    def campaigns(self) -> list[Campaign]:
        """Active campaigns by name; none where members of ours cannot be written."""
        ...

    def everything(self, kind: Kind) -> Iterator[Mapping[str, Any]]:
        """Every record with our key, with all that may be written to it; parents under their own key."""
        ...

    def current(self, kind: Kind, hub_ids: Sequence[str], fields: Sequence[str]) -> dict[str, Current]:
        """What stands in these fields now, by key, for those records that are there; 200 at most."""
        ...

    def upsert(self, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> list[RowResult]:
        """Create or change by `Hub_Id__c`; a repeat changes nothing. A parent may be named by its own
        key: `{"Profile__r": {"Hub_Id__c": …}}`."""
        ...

    def fits(self, row: Mapping[str, Any]) -> bool:
        """Whether a row may go in a bulk job."""
        ...

    def begin(self, kind: Kind) -> str:
        """Make a bulk job for upserts by `Hub_Id__c`; returns its id. Nothing is written before `upload`."""
        ...

    def upload(self, job: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Give a bulk job its rows, once, and have it begin."""
        ...

    def progress(self, job: str) -> Progress:
        """How far a bulk job is."""
        ...

    def results(self, job: str, found: Progress) -> list[RowResult]:
        """What became of its rows, in no order; rows that were never worked on are left out."""
        ...

    def drop(self, job: str) -> None:
        """End a bulk job and delete what the CRM holds of it; one that is not there counts as deleted."""
        ...

    def usage(self) -> Cost:
        """Ask how much of the day's calls is used."""
        ...

    def cost(self) -> Cost:
        """What this instance has spent so far; asks nobody."""
        ...

    def delete(self, kind: Kind, hub_ids: Sequence[str]) -> list[RowResult]:
        """Delete by `Hub_Id__c`; what is already gone counts as deleted (`ok`, empty `record_id`)."""
        ...

    def exists(self, kind: Kind, hub_ids: Sequence[str]) -> set[str]:
        """Those of the ids that stand in the CRM: proof of erasure, reconciliation."""
        ...
