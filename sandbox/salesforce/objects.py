"""The objects of the simulated org before anything is deployed: what a small sales and service company has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.salesforce.campaigns import CAMPAIGN, MEMBER
from sandbox.salesforce.duplicates import RULE
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
        ref("AccountId", "Account", children="Contacts", cascade=True),
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
        ref("AccountId", "Account", children="Opportunities", cascade=True),
        Field("ContactId", "reference", 18, targets=("Contact",), updateable=False),
        text("Name", 120, required=True),
        number("Amount", 18, 2, "currency"),
        Field("CloseDate", "date", nillable=False),
        pick("StageName", 255, "Prospecting|Qualification|Closed Won|Closed Lost", nillable=False),
        read_only(flag("IsClosed")),
        read_only(flag("IsWon")),
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
        ref("ContactId", "Contact", children="Cases"),
        ref("AccountId", "Account", children="Cases"),
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
CASE_COMMENT = Table(
    "CaseComment",
    "00a",
    "Case Comment",
    "Case Comments",
    (
        *system(owner=False),
        ref("ParentId", "Case", nillable=False, children="CaseComments"),
        flag("IsPublished"),
        *kind("textarea", 4000, "CommentBody"),
    ),
)
TASK = Table(
    "Task",
    "00T",
    "Task",
    "Tasks",
    (
        *system(),
        ref("WhoId", "Contact", "Lead", relationship="Who", children="Tasks"),
        ref("WhatId", "Account", "Case", "Opportunity", relationship="What", children="Tasks"),
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
        ref("AccountId", "Account", children="Orders", cascade=True),
        ref("BillToContactId", "Contact", relationship="BillToContact"),
        ref("ShipToContactId", "Contact", relationship="ShipToContact"),
        ref("OpportunityId", "Opportunity", updateable=False),
        *address("Shipping"),
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

PERMISSION_SET = Table(
    "PermissionSet",
    "0PS",
    "Permission Set",
    "Permission Sets",
    (*system(owner=False), *texts(80, "Name Label"), *texts(255, "Description")),
    writable=False,
)
PERMISSION_SET_ASSIGNMENT = Table(
    "PermissionSetAssignment",
    "0Pa",
    "Permission Set Assignment",
    "Permission Set Assignments",
    (
        *system(owner=False),
        ref("AssigneeId", "User", nillable=False, children="PermissionSetAssignments"),
        ref("PermissionSetId", "PermissionSet", nillable=False, children="Assignments"),
    ),
)


def joined(tables: Iterable[Table]) -> dict[str, Table]:
    """The tables by name, each knowing who points at it."""
    whole, found = list(tables), {}
    for table in whole:
        pointing = tuple((other.name, f) for other in whole for f in other.fields if table.name in f.targets)
        found[table.name] = replace(table, children=pointing)
    return found


STANDARD = (
    ACCOUNT,
    CONTACT,
    LEAD,
    CAMPAIGN,
    MEMBER,
    OPPORTUNITY,
    CASE,
    CASE_COMMENT,
    TASK,
    INDIVIDUAL,
    ORDER,
    USER,
    ORGANIZATION,
    PERMISSION_SET,
    PERMISSION_SET_ASSIGNMENT,
    RULE,
)
"""What every org has before anything is deployed."""
