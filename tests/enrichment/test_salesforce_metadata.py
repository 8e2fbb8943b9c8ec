"""The package for an org: complete, well-formed, and true to what is written."""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files as package_files
from xml.etree import ElementTree

import pytest
from lxml import etree

from enrichment.crm import CASE_FIELDS, HUB_ID, INTERACTION_FIELDS, PROFILE_FIELDS
from enrichment.salesforce import API_VERSION, metadata
from enrichment.salesforce.metadata import XMLNS, fields

WRITTEN = {"SocialProfile__c": PROFILE_FIELDS, "SocialInteraction__c": INTERACTION_FIELDS}
SCHEMA = "{http://www.w3.org/2001/XMLSchema}"


def parsed(text: str | bytes) -> ElementTree.Element:
    return ElementTree.fromstring(text)  # noqa: S314 - files of this project and of a library, not input


def root(name: str) -> ElementTree.Element:
    return parsed((metadata.FOLDER / name).read_text("utf-8"))


@pytest.mark.parametrize("object_", WRITTEN)
def test_every_field_we_write_is_in_the_package(object_: str) -> None:
    there = {spec.name for spec in fields(object_)}
    assert {HUB_ID, *WRITTEN[object_]} - {"Name"} == there


def test_of_a_case_we_bring_the_key_and_our_own_fields_only() -> None:
    assert {spec.name for spec in fields("Case")} == {HUB_ID} | {name for name in CASE_FIELDS if name.endswith("__c")}


@pytest.mark.parametrize("object_", ["CampaignMember", "Contact", "Lead"])
def test_of_what_is_theirs_we_bring_the_key_only(object_: str) -> None:
    assert {spec.name for spec in fields(object_)} == {HUB_ID}


@pytest.mark.parametrize("object_", [*WRITTEN, "Case", "CampaignMember", "Contact", "Lead"])
def test_the_key_is_unique_and_minds_case(object_: str) -> None:
    key = next(spec for spec in fields(object_) if spec.name == HUB_ID)
    assert (key.unique, key.external_id, key.length) == (True, True, 64)


def test_the_permission_set_opens_every_field() -> None:
    opened = {e.text for e in root("permissionsets/Widerhall.permissionset").iter(f"{XMLNS}field")}
    objects = (*WRITTEN, "Case", "CampaignMember", "Contact", "Lead")
    assert opened == {f"{object_}.{spec.name}" for object_ in objects for spec in fields(object_)}


def test_the_permission_set_reads_what_the_hub_reads() -> None:
    read = {
        one.findtext(f"{XMLNS}object")
        for one in root("permissionsets/Widerhall.permissionset").iter(f"{XMLNS}objectPermissions")
        if one.findtext(f"{XMLNS}allowRead") == "true"
    }
    assert read >= {"Account", "Contact", "Lead", "Case", "Order", "Opportunity", "Campaign"}


def test_of_what_an_org_does_not_have_nothing_is_said() -> None:
    lacking = {"Order", "Campaign", "CampaignMember"}
    archive = zipfile.ZipFile(io.BytesIO(metadata.package(lacking=lacking)))
    assert "objects/CampaignMember.object" not in archive.namelist()
    said = archive.read("permissionsets/Widerhall.permissionset").decode()
    assert not any(f">{name}" in said for name in ("Order", "Campaign"))
    assert ">Opportunity<" in said


def test_the_package_lists_its_contents_and_our_version() -> None:
    found = zipfile.ZipFile(io.BytesIO(metadata.package({"layouts/Case-Case Layout.layout": b"<Layout/>"})))
    package = parsed(found.read("package.xml"))
    members = {e.text for e in package.iter(f"{XMLNS}members")}
    files = {name.partition("/")[2].rpartition(".")[0] for name in found.namelist() if name != "package.xml"}
    assert members == files == {path.stem for path in metadata.files()} | {"Case-Case Layout"}
    assert package.findtext(f"{XMLNS}version") == API_VERSION


def test_the_package_is_the_same_each_time() -> None:
    assert metadata.package() == metadata.package()
    assert zipfile.ZipFile(io.BytesIO(metadata.package())).namelist()[0] == "package.xml"


@pytest.mark.parametrize("object_", WRITTEN)
def test_every_field_stands_on_the_page(object_: str) -> None:
    (path,) = (metadata.FOLDER / "layouts").glob(f"{object_}-*.layout")
    shown = {e.text for e in parsed(path.read_bytes()).iter(f"{XMLNS}field")}
    assert {spec.name for spec in fields(object_)} | {"Name"} == shown


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The Metadata API's own types, with an element for each kind of file."""
    wsdl = etree.fromstring(package_files("simple_salesforce").joinpath("metadata.wsdl").read_bytes())
    found = next(one for one in wsdl.iter(f"{SCHEMA}schema") if one.get("targetNamespace") == XMLNS.strip("{}"))
    for kind in ("Package", *metadata.TYPES.values()):
        etree.SubElement(found, f"{SCHEMA}element", name=kind, type=f"tns:{kind}")
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


def test_the_files_are_valid_by_the_metadata_apis_own_schema(schema: etree.XMLSchema) -> None:
    archive = zipfile.ZipFile(io.BytesIO(metadata.package()))
    for name in archive.namelist():
        schema.assertValid(etree.fromstring(archive.read(name)))
    less = zipfile.ZipFile(io.BytesIO(metadata.package(lacking=metadata.OPTIONAL)))
    schema.assertValid(etree.fromstring(less.read("permissionsets/Widerhall.permissionset")))


def test_the_schema_refuses_what_is_not_in_it(schema: etree.XMLSchema) -> None:
    raw = (metadata.FOLDER / "objects/SocialProfile__c.object").read_bytes()
    assert not schema.validate(etree.fromstring(raw.replace(b"sharingModel", b"sharingModle")))
    assert not schema.validate(etree.fromstring(raw.replace(b">Lookup<", b">Lookdown<")))
