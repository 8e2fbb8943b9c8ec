"""Campaigns and who is in them: the objects, and what the org does about members by itself.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_campaignmember.htm
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.salesforce.errors import RowError
from sandbox.salesforce.fields import Field, Table, flag, kind, number, pick, read_only, ref, system, text

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

TYPES = "Conference|Webinar|Trade Show|Public Relations|Partners|Referral Program|Advertisement|Banner Ads|Direct Mail"
STATUSES = "Planned|In Progress|Completed|Aborted"
SENT, RESPONDED = "Sent", "Responded"

CAMPAIGN = Table(
    "Campaign",
    "701",
    "Campaign",
    "Campaigns",
    (
        *system(),
        text("Name", 80, required=True),
        ref("ParentId", "Campaign", children="ChildCampaigns"),
        pick("Type", 40, TYPES),
        pick("Status", 40, STATUSES, defaulted=True, default="Planned"),
        *kind("date", 0, "StartDate EndDate"),
        number("BudgetedCost", 18, 0, "currency"),
        flag("IsActive"),
        *kind("textarea", 32000, "Description"),
    ),
)
MEMBER = Table(
    "CampaignMember",
    "00v",
    "Campaign Member",
    "Campaign Members",
    (
        *system(owner=False),
        ref("CampaignId", "Campaign", nillable=False, updateable=False, children="CampaignMembers", cascade=True),
        ref("LeadId", "Lead", updateable=False, children="CampaignMembers", cascade=True),
        ref("ContactId", "Contact", updateable=False, children="CampaignMembers", cascade=True),
        pick("Status", 40, f"{SENT}|{RESPONDED}", defaulted=True, default=SENT),
        read_only(flag("HasResponded")),
        read_only(Field("FirstRespondedDate", "date")),
    ),
    lacks=("searchable", "mruEnabled", "undeletable"),
)


def place(org: Org, row: dict[str, Any]) -> None:
    """A new member: a contact or a lead, once in a campaign. Of both only the contact is kept."""
    if row.get("ContactId"):
        row["LeadId"] = None
    if not (row.get("ContactId") or row.get("LeadId")):
        raise RowError("FIELD_INTEGRITY_EXCEPTION", "a campaign member needs a LeadId or a ContactId", "LeadId")
    if any(_member(org, row["CampaignId"], name, row.get(name)) for name in ("ContactId", "LeadId")):
        raise RowError("DUPLICATE_VALUE", "Already a campaign member.")


def fill(row: dict[str, Any], today: str) -> None:
    """What follows from a member's status."""
    row["HasResponded"] = row.get("Status") == RESPONDED
    if row["HasResponded"]:
        row.setdefault("FirstRespondedDate", today)


def follow(org: Org, member: dict[str, Any], field: str, heir: str) -> None:
    """Whoever the member was is now `heir`, by a merge or a conversion; one of two in a campaign goes."""
    if _member(org, member["CampaignId"], field, heir):
        org.set("CampaignMember", member["Id"], {"IsDeleted": True})
    else:
        org.set("CampaignMember", member["Id"], {field: heir})


def _member(org: Org, campaign: str, field: str, whose: str | None) -> bool:
    if not whose:
        return False
    table = org.tables["CampaignMember"]
    found = org.find(table, table.by_name[field.lower()], whose)
    return any(one["CampaignId"] == campaign for one in found)
