"""The org's own page layouts with our related lists added: everything else in them stays as it is.

https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/meta_layouts.htm
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from enrichment.salesforce import API_VERSION
from enrichment.salesforce.client import Client
from enrichment.salesforce.soap import METADATA, XMLNS, text

PROFILES = ("NAME", "Network__c", "Handle__c", "Last_Seen__c")
INTERACTIONS = ("NAME", "Direction__c", "Kind__c", "Sentiment__c", "Posted_At__c")
LISTS = {
    "Contact": ("SocialProfile__c.Contact__c", PROFILES),
    "Lead": ("SocialProfile__c.Lead__c", PROFILES),
    "Case": ("SocialInteraction__c.Case__c", INTERACTIONS),
}
"""Object → the related list its layouts get, and its columns."""
AT_ONCE = 10
"""Components that one call may read."""
LATER = (
    "relatedObjects", "runAssignmentRulesDefault", "showEmailCheckbox", "showHighlightsPanel",
    "showInteractionLogPanel", "showKnowledgeComponent", "showRunAssignmentRulesCheckbox", "showSolutionSection",
    "showSubmitAndAttachButton", "summaryLayout",
)  # fmt: skip
"""Elements of a layout that stand after its related lists."""
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def extended(client: Client) -> dict[str, bytes]:
    """Path in a package → layout, for those of the org's layouts that lack our list."""
    found: dict[str, bytes] = {}
    names = list(_names(client))
    for start in range(0, len(names), AT_ONCE):
        wanted = "".join(f"<fullNames>{escape(name)}</fullNames>" for name in names[start : start + AT_ONCE])
        answer = client.metadata("readMetadata", f"<type>Layout</type>{wanted}")
        for record in answer.iter(f"{XMLNS}records"):
            name = text(record, "fullName")
            changed = with_list(record, *LISTS[_object(name)]) if name else None
            if changed is not None:
                found[f"layouts/{name}.layout"] = changed
    return found


def with_list(record: ElementTree.Element, related: str, columns: tuple[str, ...]) -> bytes | None:
    """A layout as a file, with the related list as its last one; None when it has the list already."""
    if related in {text(one, "relatedList") for one in record.iter(f"{XMLNS}relatedLists")}:
        return None
    layout = ElementTree.Element(f"{XMLNS}Layout")
    layout.extend(one for one in record if one.tag != f"{XMLNS}fullName" and one.get(NIL) != "true")
    added = ElementTree.Element(f"{XMLNS}relatedLists")
    for name, value in (*(("fields", one) for one in columns), ("relatedList", related)):
        ElementTree.SubElement(added, f"{XMLNS}{name}").text = value
    places = [n for n, one in enumerate(layout) if one.tag.removeprefix(XMLNS) in LATER]
    layout.insert(places[0] if places else len(layout), added)
    ElementTree.register_namespace("", METADATA)
    return bytes(ElementTree.tostring(layout, "UTF-8", xml_declaration=True))


def _names(client: Client) -> Iterator[str]:
    """The org's own layouts of the objects that get a list; those of installed packages cannot be changed."""
    query = f"<queries><type>Layout</type></queries><asOfVersion>{API_VERSION}</asOfVersion>"
    for one in client.metadata("listMetadata", query).iter(f"{XMLNS}result"):
        name = text(one, "fullName")
        if _object(name) in LISTS and not text(one, "namespacePrefix"):
            yield name


def _object(name: str) -> str:
    return unquote(name).partition("-")[0]
