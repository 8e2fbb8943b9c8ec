"""The objects of the simulated org: what a small sales and service company has, and the hub's own two."""

from __future__ import annotations

from dataclasses import replace

from sandbox.salesforce.fields import (
    Field,
    Table,
    flag,
    kind,
    merged_into,
    number,
    person,
    pick,
    read_only,
    ref,
    system,
    text,
    texts,
)

SALUTATIONS = "Mr.|Ms.|Mrs.|Dr.|Prof."
SOURCES = "Web|Phone Inquiry|Partner Referral|Purchased List|Other"
INDUSTRIES = "Agriculture|Apparel|Banking|Biotechnology|Chemicals|Communications|Construction|Consulting"
RATINGS = "Hot|Warm|Cold"
HANDLES = "Mastodon_Handle__c Bluesky_Handle__c Telegram_Handle__c"


def address(prefix: str) -> list[Field]:
    return [
        Field(f"{prefix}Street", "textarea", 255),
        *texts(40, f"{prefix}City"),
        *texts(80, f"{prefix}State {prefix}Country"),
        *texts(20, f"{prefix}PostalCode"),
    ]


ACCOUNT = Table(
    "Account",
    "001",
    "Account",
    "Accounts",
    (
        *system(),
        merged_into("Account"),
        text("Name", 255, required=True),
        pick("Type", 40, "Prospect|Customer - Direct|Customer - Channel|Technology Partner|Other"),
        ref("ParentId", "Account"),
        *address("Billing"),
        *address("Shipping"),
        *kind("phone", 40, "Phone Fax"),
        *kind("url", 255, "Website"),
        text("AccountNumber", 40),
        pick("Industry", 40, INDUSTRIES),
        number("AnnualRevenue", 18, 0, "currency"),
        number("NumberOfEmployees", 0, 0, "int"),
        *kind("textarea", 32000, "Description"),
        text("Customer_Number__c", 40, external_id=True),
    ),
    mergeable=True,
)
CONTACT = Table(
    "Contact",
    "003",
    "Contact",
    "Contacts",
    (
        *system(),
        merged_into("Contact"),
        ref("AccountId", "Account"),
        *person(),
        pick("Salutation", 40, SALUTATIONS),
        *address("Mailing"),
        *address("Other"),
        *kind("phone", 40, "Phone Fax MobilePhone HomePhone OtherPhone AssistantPhone"),
        ref("ReportsToId", "Contact"),
        *kind("email", 80, "Email"),
        *texts(128, "Title"),
        *texts(80, "Department"),
        pick("LeadSource", 255, SOURCES),
        *kind("date", 0, "Birthdate"),
        *kind("textarea", 32000, "Description"),
        ref("IndividualId", "Individual"),
        *texts(255, HANDLES),
        *kind("url", 255, "Website__c"),
        text("Customer_Number__c", 40, external_id=True),
    ),
    mergeable=True,
)
LEAD = Table(
    "Lead",
    "00Q",
    "Lead",
    "Leads",
    (
        *system(),
        merged_into("Lead"),
        *person(),
        pick("Salutation", 40, SALUTATIONS),
        *texts(128, "Title"),
        text("Company", 255, required=True),
        *address(""),
        *kind("phone", 40, "Phone MobilePhone Fax"),
        *kind("email", 80, "Email"),
        *kind("url", 255, "Website"),
        *kind("textarea", 32000, "Description"),
        pick("LeadSource", 255, SOURCES),
        pick(
            "Status",
            255,
            "Open - Not Contacted|Working - Contacted|Closed - Converted|Closed - Not Converted",
            nillable=False,
            defaulted=True,
            default="Open - Not Contacted",
        ),
        pick("Industry", 255, INDUSTRIES),
        pick("Rating", 255, RATINGS),
        number("AnnualRevenue", 18, 0, "currency"),
        number("NumberOfEmployees", 0, 0, "int"),
        flag("IsConverted", updateable=False),
        read_only(Field("ConvertedDate", "date")),
        read_only(ref("ConvertedAccountId", "Account")),
        read_only(ref("ConvertedContactId", "Contact")),
        read_only(ref("ConvertedOpportunityId", "Opportunity")),
        ref("IndividualId", "Individual"),
        *texts(255, HANDLES),
    ),
    mergeable=True,
)
OPPORTUNITY = Table(
    "Opportunity",
    "006",
    "Opportunity",
    "Opportunities",
    (
        *system(),
        ref("AccountId", "Account"),
        text("Name", 120, required=True),
        number("Amount", 18, 2, "currency"),
        Field("CloseDate", "date", nillable=False),
        pick("StageName", 255, "Prospecting|Qualification|Closed Won|Closed Lost", nillable=False),
        *kind("textarea", 32000, "Description"),
    ),
)
CASE = Table(
    "Case",
    "500",
    "Case",
    "Cases",
    (
        *system(),
        merged_into("Case"),
        read_only(
            text("CaseNumber", 30, required=True, defaulted=True, auto_number="{:08d}"),
        ),
        ref("ContactId", "Contact"),
        ref("AccountId", "Account"),
        ref("ParentId", "Case"),
        *texts(80, "SuppliedName SuppliedCompany"),
        text("SuppliedPhone", 40),
        *kind("email", 80, "SuppliedEmail"),
        pick("Type", 40, "Mechanical|Electrical|Electronic|Structural|Other"),
        pick("Status", 40, "New|Working|Escalated|Closed", defaulted=True, default="New"),
        pick("Reason", 40, "Installation|Performance|Breakdown|Feedback|Other"),
        pick("Origin", 40, "Phone|Email|Web"),
        text("Subject", 255),
        pick("Priority", 40, "High|Medium|Low", defaulted=True, default="Medium"),
        *kind("textarea", 32000, "Description"),
        read_only(flag("IsClosed")),
        read_only(Field("ClosedDate", "datetime")),
        flag("IsEscalated"),
    ),
)
TASK = Table(
    "Task",
    "00T",
    "Task",
    "Tasks",
    (
        *system(),
        ref("WhoId", "Contact", "Lead", relationship="Who"),
        ref("WhatId", "Account", "Case", "Opportunity", "SocialProfile__c", relationship="What"),
        Field("Subject", "combobox", 255),
        Field("ActivityDate", "date"),
        pick(
            "Status",
            255,
            "Not Started|In Progress|Completed",
            nillable=False,
            defaulted=True,
            default="Not Started",
        ),
        pick("Priority", 255, "High|Normal|Low", nillable=False, defaulted=True, default="Normal"),
        *kind("textarea", 32000, "Description"),
    ),
)
INDIVIDUAL = Table(
    "Individual",
    "0PK",
    "Individual",
    "Individuals",
    (
        *system(),
        *person(),
        *(
            flag(name)
            for name in (
                "HasOptedOutTracking",
                "HasOptedOutProfiling",
                "HasOptedOutProcessing",
                "HasOptedOutSolicit",
                "ShouldForget",
                "SendIndividualData",
            )
        ),
    ),
)
ORDER = Table(
    "Order",
    "801",
    "Order",
    "Orders",
    (
        *system(),
        ref("AccountId", "Account"),
        Field("EffectiveDate", "date", nillable=False),
        pick("Status", 40, "Draft|Activated", nillable=False),
        read_only(
            text("OrderNumber", 30, required=True, defaulted=True, auto_number="{:08d}"),
        ),
        number("TotalAmount", 18, 2, "currency", createable=False, updateable=False),
    ),
)
USER = Table(
    "User",
    "005",
    "User",
    "Users",
    (*system(owner=False), *person(), text("Username", 80, required=True), flag("IsActive", default=True)),
    writable=False,
)
ORGANIZATION = Table(
    "Organization",
    "00D",
    "Organization",
    "Organizations",
    (
        *system(owner=False),
        text("Name", 80),
        *texts(40, "InstanceName OrganizationType"),
        flag("IsSandbox", default=True),
    ),
    writable=False,
)

HUB_ID = text("Hub_Id__c", 64, unique=True, external_id=True, case_sensitive=True)
SOCIAL_PROFILE = Table(
    "SocialProfile__c",
    "a01",
    "Social Profile",
    "Social Profiles",
    (
        *system(),
        text("Name", 80, defaulted=True),
        HUB_ID,
        ref("Contact__c", "Contact"),
        ref("Lead__c", "Lead"),
        ref("Account__c", "Account"),
        text("Network__c", 40),
        text("Handle__c", 255),
        *kind("url", 255, "Profile_Url__c Avatar_Url__c Hub_Url__c"),
        number("Followers__c"),
        text("Language__c", 10),
        text("Location__c", 255),
        number("Negative_Share__c", 5, 2, "percent"),
        number("Rated_Messages__c"),
        *kind("textarea", 32768, "Topics__c"),
        text("Match_Tier__c", 10),
        number("Match_Confidence__c", 5, 4),
        *kind("textarea", 4000, "Match_Evidence__c"),
        Field("Last_Seen__c", "datetime"),
    ),
)
SOCIAL_INTERACTION = Table(
    "SocialInteraction__c",
    "a02",
    "Social Interaction",
    "Social Interactions",
    (
        *system(),
        read_only(
            text("Name", 80, defaulted=True, auto_number="SI-{:06d}"),
        ),
        HUB_ID,
        ref("Profile__c", "SocialProfile__c"),
        ref("Case__c", "Case"),
        pick("Direction__c", 255, "inbound|outbound", restricted=True),
        pick("Kind__c", 255, "mention|reply|comment|quote|dm|review", restricted=True),
        *kind("textarea", 32768, "Text__c"),
        text("Sentiment__c", 10),
        text("Topic__c", 255),
        Field("Posted_At__c", "datetime"),
        *kind("url", 255, "Permalink__c"),
        flag("Private__c"),
        flag("Deleted__c"),
    ),
)
CHILD_NAMES = {
    ("SocialProfile__c", "Contact__c"): "SocialProfiles__r",
    ("SocialProfile__c", "Lead__c"): "SocialProfiles__r",
    ("SocialProfile__c", "Account__c"): "SocialProfiles__r",
    ("SocialInteraction__c", "Profile__c"): "SocialInteractions__r",
    ("SocialInteraction__c", "Case__c"): "SocialInteractions__r",
    ("Contact", "AccountId"): "Contacts",
    ("Case", "ContactId"): "Cases",
    ("Case", "AccountId"): "Cases",
    ("Opportunity", "AccountId"): "Opportunities",
    ("Order", "AccountId"): "Orders",
    ("Task", "WhoId"): "Tasks",
    ("Task", "WhatId"): "Tasks",
}
"""(object, lookup) → name of the list of children on the parent."""


def joined(tables: tuple[Table, ...]) -> dict[str, Table]:
    """The tables by name, each knowing who points at it."""
    found = {}
    for table in tables:
        pointing = tuple((other.name, f) for other in tables for f in other.fields if table.name in f.targets)
        found[table.name] = replace(table, children=pointing)
    return found


TABLES = joined(
    (
        ACCOUNT,
        CONTACT,
        LEAD,
        OPPORTUNITY,
        CASE,
        TASK,
        INDIVIDUAL,
        ORDER,
        USER,
        ORGANIZATION,
        SOCIAL_PROFILE,
        SOCIAL_INTERACTION,
    )
)
