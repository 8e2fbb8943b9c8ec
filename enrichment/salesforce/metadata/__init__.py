"""The package that brings the hub's objects into an org, and what it says about their fields.

`widerhall crm install` deploys it (enrichment.salesforce.deploy); with `--zip FILE` it is written for an
administrator, who deploys it with the platform's own tools. https://developer.salesforce.com/docs/atlas.en-us.api_meta.meta/api_meta/file_based_zip_file.htm
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from enrichment.salesforce import API_VERSION
from enrichment.salesforce.soap import METADATA, XMLNS

FOLDER = Path(__file__).parent
PERMISSION_SET = "Widerhall"
TYPES = {"objects": "CustomObject", "layouts": "Layout", "permissionsets": "PermissionSet"}
"""Folder of the package → the type of the components in it."""
ORDER = ("SocialProfile__c", "SocialInteraction__c")
"""What others point at comes first."""
OPTIONAL = ("Order", "Opportunity", "Campaign", "CampaignMember")
"""Objects that some orgs do not have; the hub does without what they hold."""
MOMENT = (2026, 1, 1, 0, 0, 0)
"""Time written on every file, so that the same package is the same bytes."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field as the package creates it."""

    name: str
    type: str
    """In the words of the Metadata API: Text, Lookup, LongTextArea, …"""
    length: int = 0
    target: str = ""
    unique: bool = False
    external_id: bool = False
    values: tuple[str, ...] = ()


def files() -> list[Path]:
    """Everything of ours that belongs into the package, in a fixed order."""
    found = [path for folder in TYPES for path in sorted((FOLDER / folder).iterdir())]
    return sorted(found, key=lambda path: ORDER.index(path.stem) if path.stem in ORDER else len(ORDER))


def package(more: Mapping[str, bytes] = MappingProxyType({}), lacking: Collection[str] = ()) -> bytes:
    """The package for a deployment, with `more` files by their path in it: always the same bytes.

    `lacking` are objects that the org does not have: nothing in the package speaks of them.
    """
    contents = {
        path.relative_to(FOLDER).as_posix(): _without(path, lacking) for path in files() if path.stem not in lacking
    }
    contents |= dict(sorted(more.items()))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in {"package.xml": manifest(contents), **contents}.items():
            info = zipfile.ZipInfo(name, MOMENT)
            info.external_attr = 0o644 << 16
            archive.writestr(info, raw, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _without(path: Path, lacking: Collection[str]) -> bytes:
    """A file of ours; a permission set opens only what there is."""
    raw = path.read_bytes()
    if not lacking or path.parent.name != "permissionsets":
        return raw
    root = ElementTree.fromstring(raw)  # noqa: S314 - a file of this package, not input
    for one in list(root):
        about = one.findtext(f"{XMLNS}object") or (one.findtext(f"{XMLNS}field") or "").partition(".")[0]
        if about in lacking:
            root.remove(one)
    ElementTree.register_namespace("", METADATA)
    return bytes(ElementTree.tostring(root, "UTF-8", xml_declaration=True))


def manifest(names: Iterable[str]) -> bytes:
    """The list of a package's components, from the paths of their files."""
    members: dict[str, list[str]] = {folder: [] for folder in TYPES}
    for name in names:
        folder, _, file = name.partition("/")
        members[folder].append(file.rpartition(".")[0])
    groups = [
        "".join(f"        <members>{escape(one)}</members>\n" for one in found)
        + f"        <name>{TYPES[folder]}</name>\n"
        for folder, found in members.items()
        if found
    ]
    types = "".join(f"    <types>\n{group}    </types>\n" for group in groups)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<Package xmlns="{METADATA}">\n'
    return f"{head}{types}    <version>{API_VERSION}</version>\n</Package>\n".encode()


@cache
def fields(object_: str) -> tuple[FieldSpec, ...]:
    """The custom fields the package gives an object."""
    path = FOLDER / "objects" / f"{object_}.object"
    root = ElementTree.parse(path).getroot()  # noqa: S314 - a file of this package, not input
    return tuple(_spec(element) for element in root.findall(f"{XMLNS}fields"))


def _spec(element: ElementTree.Element) -> FieldSpec:
    def text(name: str) -> str:
        return element.findtext(XMLNS + name) or ""

    values = element.iterfind(f".//{XMLNS}value/{XMLNS}fullName")
    return FieldSpec(
        name=text("fullName"),
        type=text("type"),
        length=int(text("length") or 0),
        target=text("referenceTo"),
        unique=text("unique") == "true",
        external_id=text("externalId") == "true",
        values=tuple(value.text or "" for value in values),
    )
