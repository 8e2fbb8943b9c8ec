"""Which elements each metadata type has, out of the Metadata API's own description (`metadata.wsdl`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import as_file, files
from xml.etree import ElementTree

SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
ROOTS = ("Package", "CustomObject", "PermissionSet", "Layout")
BASE = "Metadata"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type; the type is a name of this schema or `xsd:…`."""

    type: str
    many: bool


@dataclass(frozen=True, slots=True)
class Schema:
    types: dict[str, dict[str, Element]] = field(default_factory=dict)
    """Type → its elements by name."""
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    """Enumeration → its values."""


@cache
def schema() -> Schema:
    """Everything that can stand in a file of the kinds this org takes."""
    whole = Schema()
    with as_file(files("simple_salesforce").joinpath("metadata.wsdl")) as path:
        for _, node in ElementTree.iterparse(path):  # noqa: S314 - a file of a library, not input
            if node.tag == f"{SCHEMA}complexType":
                whole.types[node.get("name", "")] = dict(_elements(node))
                node.clear()
            elif node.tag == f"{SCHEMA}simpleType":
                found = (one.get("value", "") for one in node.iter(f"{SCHEMA}enumeration"))
                whole.values[node.get("name", "")] = frozenset(found)
    return _reachable(whole)


def _elements(node: ElementTree.Element) -> Iterator[tuple[str, Element]]:
    if any(one.get("base") == f"tns:{BASE}" for one in node.iter(f"{SCHEMA}extension")):
        yield "fullName", Element("xsd:string", False)
    for one in node.iter(f"{SCHEMA}element"):
        many = one.get("maxOccurs", "1") != "1"
        yield one.get("name", ""), Element(one.get("type", "").removeprefix("tns:"), many)


def _reachable(whole: Schema) -> Schema:
    """Only what the kinds of files we take lead to: a small part of it all."""
    found, waiting = Schema(), list(ROOTS)
    while waiting:
        name = waiting.pop()
        if whole.values.get(name):
            found.values[name] = whole.values[name]
        elif name in whole.types and name not in found.types:
            found.types[name] = whole.types[name]
            waiting += [element.type for element in whole.types[name].values()]
    return found
