"""Whether permission sets and layouts speak of objects, fields and lists that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

from sandbox.salesforce.fields import Table
from sandbox.salesforce.metadata.reading import Doc, Problem

Tables = Mapping[str, Table]
STANDARD_LISTS = frozenset({
    "RelatedActivityList", "RelatedHistoryList", "RelatedNoteList", "RelatedFileList", "RelatedCaseList",
    "RelatedContactList", "RelatedOpportunityList", "RelatedCaseCommentsList", "RelatedCampaignList",
    "RelatedEmailMessageList",
})  # fmt: skip
COMPOUND = {"name", "address", "mailingaddress", "otheraddress", "createdbyid", "lastmodifiedbyid", "ownerid"}
"""Fields of layouts that stand for several, or that every object has."""


def check_compact(name: str, doc: Doc, table: Table) -> None:
    """The object's own compact layouts. Raises Problem."""
    layouts = {one.get("fullName") for one in doc.get("compactLayouts", ())}
    assigned = doc.get("compactLayoutAssignment", "SYSTEM")
    if assigned not in {"SYSTEM", *layouts}:
        raise Problem(f"In field: compactLayoutAssignment - no CompactLayout named {name}.{assigned} found")
    for one in doc.get("compactLayouts", ()):
        for wanted in one.get("fields", ()):
            _field(table, wanted, "fields")


def check_permissions(doc: Doc, tables: Tables) -> None:
    """Raises Problem."""
    if not doc.get("label"):
        raise Problem("Required field is missing: label")
    for one in doc.get("objectPermissions", ()):
        if one["object"] not in tables:
            raise Problem(f"In field: field - no CustomObject named {one['object']} found")
    for one in doc.get("fieldPermissions", ()):
        object_, _, name = one["field"].partition(".")
        if object_ not in tables:
            raise Problem(f"In field: field - no CustomObject named {object_} found")
        _field(tables[object_], name, "field")
        field = tables[object_].by_name[name.lower()]
        if not field.nillable and field.type != "boolean":
            raise Problem(f"You cannot deploy to a required field: {one['field']}")
        if one.get("editable") and not one.get("readable"):
            raise Problem(f"Field {one['field']}: editable requires readable")


def check_layout(name: str, doc: Doc, tables: Tables) -> None:
    """Raises Problem."""
    object_, dash, title = unquote(name).partition("-")
    if object_ not in tables or not dash or not title:
        raise Problem(f"In field: layout - no CustomObject named {object_} found")
    table = tables[object_]
    items = set(_items(doc))
    for one in items:
        _field(table, one, "field")
    if table.custom and table.by_name["name"].createable and "Name" not in items:
        raise Problem("Layout must contain an item for required layout field: Name")
    for related in doc.get("relatedLists", ()):
        _related(table, related, tables)


def _items(doc: Doc) -> Iterator[str]:
    for section in doc.get("layoutSections", ()):
        for column in section.get("layoutColumns", ()):
            for item in column.get("layoutItems", ()):
                if "field" in item:
                    yield item["field"]


def _related(table: Table, related: Doc, tables: Tables) -> None:
    wanted = related["relatedList"]
    if wanted in STANDARD_LISTS:
        return
    object_, _, name = wanted.partition(".")
    child = tables.get(object_)
    lookup = child.by_name.get(name.lower()) if child else None
    if child is None or lookup is None or table.name not in lookup.targets:
        raise Problem(f"Cannot find related list:{wanted}")
    for field in related.get("fields", ()):
        if field != "NAME" and field.lower() not in child.by_name:
            raise Problem(f"Invalid field:{field} in related list:{wanted}")


def _field(table: Table, name: str, where: str) -> None:
    if name.lower() not in table.by_name and name.lower() not in COMPOUND:
        raise Problem(f"In field: {where} - no CustomField named {table.name}.{name} found")


def check_relationships(tables: Iterable[Table]) -> None:
    """No two lookups give their parent lists of one name. Raises Problem."""
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for table in tables:
        for field in table.fields:
            for target in field.targets if field.custom else ():
                list_ = field.children_name.removesuffix("__r")
                if names.setdefault((target, list_), (table.name, field.name)) != (table.name, field.name):
                    raise Problem(f"There is already a Child Relationship named {list_} on {target}.")
