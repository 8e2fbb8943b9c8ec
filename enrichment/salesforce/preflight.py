"""What an org lacks before the sync can run, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from enrichment.crm import HUB_ID, INTERACTION_FIELDS, MEMBER_FIELDS, PROFILE_FIELDS, Problem
from enrichment.salesforce import metadata
from enrichment.salesforce.metadata import FieldSpec

Description = Mapping[str, Any]
Describe = Callable[[str], Description | None]
OBJECTS = {"SocialProfile__c": PROFILE_FIELDS, "SocialInteraction__c": INTERACTION_FIELDS, "Case": ("Hub_Url__c",)}
DEPLOY = "Run `widerhall crm install`, or have an administrator deploy what `widerhall crm install --zip` writes"
PERMIT = "Assign the permission set Widerhall to the integration user"
READS = {
    "Account": ("Name", "Website", "Phone"),
    "Order": ("BillToContactId", "EffectiveDate", "Status", "TotalAmount"),
    "Opportunity": ("ContactId", "CloseDate", "Amount", "IsWon"),
    "Campaign": ("Name", "Status", "IsActive", "EndDate"),
}
"""Fields without which reading an object is of no use."""
USES = {"Account": "nothing is known of the companies that contacts work for", "Order": "orders are not read",
        "Opportunity": "opportunities are not read",
        "Campaign": "segments cannot be handed on to campaigns"}  # fmt: skip
STANDARD_NAME = FieldSpec("Name", "Text", 80)


def problems(describe: Describe) -> Iterator[Problem]:
    """Everything that stands in the way, worst first."""
    for object_, names in OBJECTS.items():
        description = describe(object_)
        if description is None:
            what = f"The object {object_} is missing, or the integration user may not see it."
            yield Problem(what, f"{DEPLOY}. {PERMIT}.")
            continue
        yield from _abilities(description)
        yield from _fields(description, names)
    for object_ in ("Contact", "Lead"):
        if describe(object_) is None:
            what = f"The integration user may not read the object {object_}."
            yield Problem(what, f"{PERMIT}, or give it a profile that reads {object_}.")


def optional(describe: Describe) -> Iterator[Problem]:
    """What the hub does without, with the permission that is missing for it."""
    for object_, names in READS.items():
        description = describe(object_)
        if description is None:
            what = f"The integration user may not read the object {object_}, or the org has none: {USES[object_]}."
            yield Problem(what, f"{PERMIT}: it permits reading {object_}. An org without {object_} needs nothing.")
            continue
        there = {field["name"] for field in description["fields"]}
        for name in names:
            if name not in there:
                what = f"The integration user may not see {object_}.{name}: {USES[object_]}, or not whole."
                yield Problem(what, f"In Setup, make {object_}.{name} visible to the integration user.")
    yield from _consent(describe)
    for object_ in ("Contact", "Lead"):
        described = describe(object_)
        there = {field["name"] for field in described["fields"]} if described is not None else {HUB_ID}
        if described is not None and (HUB_ID not in there or not described.get("createable")):
            what = f"A {object_} cannot be made from here: {object_}.{HUB_ID} is missing, or the user may not make any."
            yield Problem(what, f"{DEPLOY}. {PERMIT}.")
    member = describe("CampaignMember") if describe("Campaign") is not None else None
    if member is not None:
        yield from _members(member)


def _consent(describe: Describe) -> Iterator[Problem]:
    """The privacy records by which people in the CRM say no: the org may keep none, or the user may not read them."""
    what = "what people object to in Salesforce (Individual) is not known here"
    fix = "In Setup → Data Protection and Privacy, make data protection details available in records"
    if describe("Individual") is None:
        yield Problem(f"The integration user may not read the object Individual, or the org has none: {what}.",
                      f"{fix}; permit the user to read Individual.")  # fmt: skip
        return
    for object_ in ("Contact", "Lead"):
        description = describe(object_)
        if description is not None and "IndividualId" not in {field["name"] for field in description["fields"]}:
            text = f"The integration user may not see {object_}.IndividualId: {what}."
            yield Problem(text, f"{fix}; make {object_}.IndividualId visible to the integration user.")


def duplicate_rules(rules: Iterable[Mapping[str, Any]]) -> Iterator[Problem]:
    """Active rules of the org on objects the hub writes."""
    for rule in rules:
        what = f"The duplicate rule {rule['MasterLabel']} is active on {rule['SobjectType']}"
        yield Problem(
            f"{what}: records of the hub that look alike may be refused (DUPLICATES_DETECTED).",
            "In Setup → Duplicate Rules, have it allow them, or leave the integration user out by a condition.",
        )


def _members(description: Description) -> Iterator[Problem]:
    """Members of campaigns: our key, and the right to put people in and take them out."""
    there = {field["name"]: field for field in description["fields"]}
    (key,) = metadata.fields("CampaignMember")
    if HUB_ID not in there:
        what = "The field CampaignMember.Hub_Id__c is missing, or the integration user may not see it."
        yield Problem(f"{what} {USES['Campaign'].capitalize()}.", f"{DEPLOY}. {PERMIT}: it makes the field visible.")
    else:
        yield from _field(f"CampaignMember.{HUB_ID}", there[HUB_ID], key)
    lacking = [word for word in ("createable", "deletable") if not description.get(word)]
    if lacking or not all(name in there and there[name]["createable"] for name in MEMBER_FIELDS):
        what = "The integration user may not put contacts and leads into campaigns, or not take them out."
        yield Problem(f"{what} {USES['Campaign'].capitalize()}.", f"{PERMIT}: it permits reading and editing Campaign.")


def _abilities(description: Description) -> Iterator[Problem]:
    lacking = [word for word in ("createable", "updateable", "deletable") if not description.get(word)]
    if lacking:
        object_ = description["name"]
        what = f"Records of {object_} are not {', '.join(lacking)} for the integration user."
        yield Problem(what, f"{PERMIT}; deleting is needed for erasure.")


def _fields(description: Description, names: tuple[str, ...]) -> Iterator[Problem]:
    object_ = description["name"]
    there = {field["name"]: field for field in description["fields"]}
    wanted = {spec.name: spec for spec in (STANDARD_NAME, *metadata.fields(object_))}
    for name in (HUB_ID, *names):
        field = there.get(name)
        if field is None:
            what = f"The field {object_}.{name} is missing, or the integration user may not see it."
            yield Problem(what, f"{DEPLOY}. {PERMIT}: it makes the field visible.")
        else:
            yield from _field(f"{object_}.{name}", field, wanted[name])


def _field(name: str, field: Description, spec: FieldSpec) -> Iterator[Problem]:
    if not (field["createable"] and field["updateable"]):
        yield Problem(f"The integration user may read {name} but not write it.", f"{PERMIT}.")
    if spec.external_id and not (field["externalId"] and field["unique"]):
        what = f"{name} is not marked as a unique external id, so records could double."
        yield Problem(what, "In Setup, edit the field: External ID and Unique, case-sensitive.")
    if spec.type in ("Text", "LongTextArea") and field["length"] < spec.length:
        what = f"{name} takes {field['length']} characters, the hub writes up to {spec.length}."
        yield Problem(what, f"In Setup, raise the field's length to {spec.length}.")
    if spec.values and field["restrictedPicklist"]:
        active = {value["value"] for value in field["picklistValues"] if value["active"]}
        lacking = [value for value in spec.values if value not in active]
        if lacking:
            what = f"The picklist {name} has no value {', '.join(lacking)}."
            yield Problem(what, "In Setup, add the values to the field.")
