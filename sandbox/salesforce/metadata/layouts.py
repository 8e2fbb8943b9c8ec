"""The page layouts an org has from the start, and metadata written as XML."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape

from sandbox.salesforce.metadata.reading import Doc
from sandbox.salesforce.metadata.schema import schema

FIELDS = {
    "Account": ("Name", "Phone", "Website"),
    "Contact": ("Name", "AccountId", "Email", "Phone", "Mastodon_Handle__c"),
    "Lead": ("Name", "Company", "Email", "Status"),
    "Case": ("CaseNumber", "ContactId", "Status", "Subject"),
}
LISTS = {
    "Account": ("RelatedContactList", "RelatedCaseList"),
    "Contact": ("RelatedCaseList", "RelatedActivityList"),
    "Lead": ("RelatedActivityList",),
    "Case": ("RelatedCaseCommentsList", "RelatedActivityList"),
}


def found_layouts() -> Iterator[tuple[str, Doc]]:
    """One layout for each object that people look at, by name."""
    for object_, fields in FIELDS.items():
        items = [{"behavior": "Edit", "field": name} for name in fields]
        section = {"label": f"{object_} Information", "layoutColumns": [{"layoutItems": items}], "style": "OneColumn"}
        lists = [{"relatedList": name} for name in LISTS[object_]]
        yield f"{object_}-{object_} Layout", {"layoutSections": [section], "relatedLists": lists}


def written(values: Doc, type_: str) -> str:
    """The elements of a type as XML, in the order of the schema."""
    found = []
    for name, element in schema().types[type_].items():
        if name in values:
            many = values[name] if element.many else [values[name]]
            found += [f"<{name}>{_inner(one, element.type)}</{name}>" for one in many]
    return "".join(found)


def _inner(value: Any, type_: str) -> str:
    if isinstance(value, dict):
        return written(value, type_)
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value))
