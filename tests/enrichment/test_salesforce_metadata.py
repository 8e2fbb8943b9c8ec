"""The package for an org: complete, well-formed, and true to what is written."""

from __future__ import annotations

import zipfile
from importlib.resources import files as package_files
from pathlib import Path
from xml.etree import ElementTree

import pytest

from enrichment.crm import HUB_ID, INTERACTION_FIELDS, PROFILE_FIELDS
from enrichment.salesforce import metadata
from enrichment.salesforce.client import API_VERSION
from enrichment.salesforce.metadata import XMLNS, build_zip, fields
from sandbox.salesforce.objects import TABLES

WRITTEN = {"SocialProfile__c": PROFILE_FIELDS, "SocialInteraction__c": INTERACTION_FIELDS}
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"
SANDBOX_TYPES = {
    "string": {"Text", "AutoNumber"}, "textarea": {"LongTextArea"}, "url": {"Url"}, "reference": {"Lookup"},
    "double": {"Number"}, "percent": {"Percent"}, "datetime": {"DateTime"}, "boolean": {"Checkbox"},
    "picklist": {"Picklist"},
}  # fmt: skip


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - files of this project and of a library, not input


def root(name: str) -> ElementTree.Element:
    return parsed((metadata.FOLDER / name).read_text("utf-8"))


@pytest.mark.parametrize("object_", WRITTEN)
def test_every_field_we_write_is_in_the_package(object_: str) -> None:
    there = {spec.name for spec in fields(object_)}
    assert {HUB_ID, *WRITTEN[object_]} - {"Name"} == there


@pytest.mark.parametrize("object_", WRITTEN)
def test_the_key_is_unique_and_minds_case(object_: str) -> None:
    key = next(spec for spec in fields(object_) if spec.name == HUB_ID)
    assert (key.unique, key.external_id, key.length) == (True, True, 64)


def test_the_permission_set_opens_every_field() -> None:
    opened = {e.text for e in root("permissionsets/Widerhall.permissionset").iter(f"{XMLNS}field")}
    assert opened == {f"{object_}.{spec.name}" for object_ in WRITTEN for spec in fields(object_)}


def test_the_package_lists_its_contents_and_our_version() -> None:
    package = root("package.xml")
    members = {e.text for e in package.iter(f"{XMLNS}members")}
    assert members == {path.stem for path in metadata.files() if path.name != "package.xml"}
    assert package.findtext(f"{XMLNS}version") == API_VERSION


def test_the_zip_holds_the_package_and_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = build_zip(tmp_path / "a.zip"), build_zip(tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()
    assert zipfile.ZipFile(first).namelist() == [
        "package.xml",
        "objects/SocialInteraction__c.object",
        "objects/SocialProfile__c.object",
        "permissionsets/Widerhall.permissionset",
    ]


@pytest.mark.parametrize("object_", WRITTEN)
def test_the_sandbox_has_the_same_fields(object_: str) -> None:
    table = TABLES[object_]
    for spec in fields(object_):
        field = table.by_name[spec.name.lower()]
        assert spec.type in SANDBOX_TYPES[field.type], spec.name
        assert spec.length in (0, field.length), spec.name
        assert spec.values == field.values, spec.name
        assert spec.target in ("", *field.targets), spec.name


def known_elements() -> dict[str, dict[str, str]]:
    """Type → its elements and their types, from the Metadata API's own description."""
    wsdl = parsed(package_files("simple_salesforce").joinpath("metadata.wsdl").read_text("utf-8"))
    found: dict[str, dict[str, str]] = {}
    for type_ in wsdl.iter(f"{SCHEMA}complexType"):
        elements = {e.get("name", ""): e.get("type", "").removeprefix("tns:") for e in type_.iter(f"{SCHEMA}element")}
        found[type_.get("name", "")] = {"fullName": "xsd:string", **elements}
    return found


@pytest.mark.parametrize("path", metadata.files(), ids=lambda p: p.name)
def test_every_element_is_one_the_metadata_api_knows(path: Path) -> None:
    known = known_elements()
    unknown = []

    def walk(element: ElementTree.Element, type_: str) -> None:
        for child in element:
            name = child.tag.removeprefix(XMLNS)
            if name not in known[type_]:
                unknown.append(f"{type_}.{name}")
            elif known[type_][name] in known:
                walk(child, known[type_][name])

    top = parsed(path.read_text("utf-8"))
    walk(top, top.tag.removeprefix(XMLNS))
    assert unknown == []
